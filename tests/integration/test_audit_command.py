"""``gate audit`` and the audit of post-work on real repositories: which tree, which files, which exit code."""

from pathlib import Path
from typing import Any

from application import commit, gate, git, rules, run, write
from cases import PACKET_TEXT as PLAIN_PACKET
from cases import WP_ID, edited
from small import made, put

REACH = 'fn f() {\n    sqlx::query("SELECT 1");\n}\n'
CLEAN = "fn f() {\n    storage::names();\n}\n"
PACKET = f"packets/{WP_ID}.md"
IN_SCOPE = edited(PLAIN_PACKET, "  - src/a.txt\n- OUT", "  - src/\n- OUT")


def repository(path: Path) -> Path:
    """A repository with one old fault on main."""
    path.mkdir()
    git(path, "init", "-q", "-b", "main")
    commit(path, "Old", {"src/old.rs": REACH, "src/a.rs": CLEAN})
    return path


def places(verdict: dict[str, Any]) -> list[tuple[str, int | None]]:
    (check,) = [check for check in verdict["checks"] if check["id"] == "audit"]
    return [(f["path"], f["line"]) for f in check["findings"]]


def test_the_work_tree_is_audited_whole_and_the_verdict_has_no_packet(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    write(repo, {"src/new.rs": REACH})
    code, verdict, _ = gate(repo, "audit", "dal")
    assert (code, verdict["status"], verdict["exit_code"], verdict["gate"]) == (1, "FAIL", 1, "audit")
    assert (verdict["wp_id"], verdict["packet"], verdict["schema"]) == (None, None, "gatekeeper/verdict/v1")
    assert [check["id"] for check in verdict["checks"]] == ["audit"]
    assert verdict["checks"][0]["reason"].startswith("CX-DBP-VAL-010; pack hygiene isn't built")
    assert places(verdict) == [("src/new.rs", 2), ("src/old.rs", 2)]
    for which in ((), ("all",)):
        assert places(gate(repo, "audit", *which)[1]) == places(verdict)


def test_a_selector_audits_the_changed_files_of_that_tree(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    assert gate(repo, "audit", "dal", "--rev", "HEAD")[0] == 1
    write(repo, {"src/a.rs": REACH})
    git(repo, "add", "-A")
    write(repo, {"src/a.rs": CLEAN})
    staged = gate(repo, "audit", "dal", "--staged")
    assert (staged[0], places(staged[1])) == (1, [("src/a.rs", 2)])
    worktree = gate(repo, "audit", "dal", "--worktree")
    assert (worktree[0], places(worktree[1])) == (0, [])
    git(repo, "commit", "-q", "-m", "Reach")
    write(repo, {"src/a.rs": CLEAN})
    for selector in (["--rev", "HEAD"], ["--range", "HEAD~1..HEAD"]):
        code, verdict, _ = gate(repo, "audit", "dal", *selector)
        assert (code, places(verdict)) == (1, [("src/a.rs", 2)])


def test_the_hygiene_audit_says_that_it_is_not_built(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    code, out, err = run(repo, "audit", "hygiene")
    assert (code, out) == (2, "")
    assert "isn't built" in err
    assert run(repo, "audit", "everything")[0] == 2


def test_a_tree_without_sources_passes_and_says_why(tmp_path: Path) -> None:
    repo = tmp_path / "r"
    repo.mkdir()
    git(repo, "init", "-q", "-b", "main")
    commit(repo, "Text", {"README.md": "text"})
    code, verdict, _ = gate(repo, "audit")
    assert (code, verdict["status"]) == (0, "PASS")
    assert verdict["checks"][0]["status"] == "NOT_APPLICABLE"
    assert "no source" in verdict["checks"][0]["reason"]


def test_post_work_audits_what_the_change_touches(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", {PACKET: IN_SCOPE, "src/old.rs": REACH}, {"src/a.txt": "changed\n"})
    code, verdict, _ = gate(repo, "post-work", WP_ID)
    assert (code, places(verdict)) == (0, [])
    put(repo, {"src/new.rs": REACH})
    commit(repo, "Reach")
    code, verdict, _ = gate(repo, "post-work", WP_ID)
    assert (code, places(verdict)) == (1, [("src/new.rs", 2)])
    assert rules(verdict) == {"CX-DBP-VAL-010"}
    put(repo, {"src/new.rs": CLEAN})
    commit(repo, "Storage")
    assert gate(repo, "post-work", WP_ID)[0] == 0
    commit(repo, "Manifest")
    put(repo, {"src/new.rs": REACH})
    code, verdict, _ = gate(repo, "post-work", WP_ID, "--check")
    assert "CX-DBP-VAL-010" not in rules(verdict)


def test_a_waiver_of_the_packet_passes_and_a_marker_alone_does_not(tmp_path: Path) -> None:
    record = "- W-1 | CX-DBP-VAL-010 | src/new.rs | a reason | maintainers | 2026-01-01 | -\n"
    marked = REACH.replace("    sqlx", "    // WAIVER [W-1]: until the port is done\n    sqlx")
    waived = edited(IN_SCOPE, "- NONE\n", record)
    for packet, source, expected in ((waived, marked, 0), (IN_SCOPE, marked, 1), (waived, REACH, 0)):
        repo = made(tmp_path / f"{len(list(tmp_path.iterdir()))}", {PACKET: packet}, {"src/new.rs": source})
        code, verdict, _ = gate(repo, "post-work", WP_ID)
        assert code == expected, verdict
        assert places(verdict) == [("src/new.rs", 3 if source == marked else 2)]
        assert [w["used"] for w in verdict["waivers"]] == ([1 - code] if packet == waived else [])
