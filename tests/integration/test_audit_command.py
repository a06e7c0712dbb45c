"""``gate audit`` and the audit of post-work on real repositories: which tree, which files, which exit code."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
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
    return [(f["path"], f["line"]) for f in check["findings"] if f["severity"] == "error"]


def severities(verdict: dict[str, Any]) -> list[tuple[str, int | None, str]]:
    (check,) = [check for check in verdict["checks"] if check["id"] == "audit"]
    return [(f["path"], f["line"], f["severity"]) for f in check["findings"]]


def test_the_work_tree_is_audited_whole_and_the_verdict_has_no_packet(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    write(repo, {"src/new.rs": REACH})
    code, verdict, _ = gate(repo, "audit", "dal")
    assert (code, verdict["status"], verdict["exit_code"], verdict["gate"]) == (1, "FAIL", 1, "audit")
    assert (verdict["wp_id"], verdict["packet"], verdict["schema"]) == (None, None, "gatekeeper/verdict/v1")
    assert [check["id"] for check in verdict["checks"]] == ["audit"]
    assert verdict["checks"][0]["reason"].startswith("CX-DBP-VAL-010; CX-DBP-VAL-014 doesn't apply")
    assert places(verdict) == [("src/new.rs", 2), ("src/old.rs", 2)]
    for which in ((), ("all",)):
        assert places(gate(repo, "audit", *which)[1]) == places(verdict)


def test_a_selector_says_which_tree_and_changed_which_of_its_files(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    write(repo, {"src/a.rs": REACH})
    git(repo, "add", "-A")
    write(repo, {"src/a.rs": CLEAN})
    assert places(gate(repo, "audit", "dal", "--staged")[1]) == [("src/a.rs", 2), ("src/old.rs", 2)]
    staged = gate(repo, "audit", "dal", "--staged", "--changed")
    assert (staged[0], places(staged[1])) == (1, [("src/a.rs", 2)])
    worktree = gate(repo, "audit", "dal", "--worktree", "--changed")
    assert (worktree[0], places(worktree[1])) == (0, [])
    git(repo, "commit", "-q", "-m", "Reach")
    write(repo, {"src/a.rs": CLEAN})
    for selector in (["--rev", "HEAD"], ["--range", "HEAD~1..HEAD"]):
        code, verdict, _ = gate(repo, "audit", "dal", "--changed", *selector)
        assert (code, places(verdict)) == (1, [("src/a.rs", 2)])


def test_one_tree_gives_the_same_findings_as_index_commit_and_work_tree(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    write(repo, {"src/new.rs": REACH, "src/b.py": "import sqlite3\n\nsqlite3.connect(':memory:')\n"})
    write(repo, {"gatekeeper.toml": '[audit]\npacks = ["rust-sqlx", "python-dbapi"]\n'})
    expected = [("src/b.py", 3), ("src/new.rs", 2), ("src/old.rs", 2)]
    seen = [places(gate(repo, "audit")[1])]
    git(repo, "add", "-A")
    seen.append(places(gate(repo, "audit", "--staged")[1]))
    git(repo, "commit", "-q", "-m", "New")
    seen += [places(gate(repo, "audit", *selector)[1]) for selector in (["--rev", "HEAD"], ["--worktree"], [])]
    assert seen == [expected] * 5


def test_changed_lines_leave_old_faults_alone(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    write(repo, {"src/old.rs": REACH.replace("}", '    sqlx::query("SELECT 2");\n}')})
    assert places(gate(repo, "audit", "--changed-lines")[1]) == [("src/old.rs", 3)]
    assert places(gate(repo, "audit", "--changed")[1]) == [("src/old.rs", 2), ("src/old.rs", 3)]
    commit(repo, "More", {})
    assert places(gate(repo, "audit", "--changed-lines", "--rev", "HEAD")[1]) == [("src/old.rs", 3)]
    git(repo, "switch", "-q", "-c", "work")
    commit(repo, "On a branch", {"src/branch.rs": REACH})
    write(repo, {"src/later.rs": REACH})
    assert places(gate(repo, "audit", "--changed")[1]) == [("src/branch.rs", 2), ("src/later.rs", 2)]


def test_a_baseline_knows_findings_by_content_and_tells_what_is_gone(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    file = tmp_path / "known.json"
    code, out, err = run(repo, "audit", "--baseline", str(file))
    assert (code, out) == (2, "")
    assert f"There is no baseline {file}." in err
    assert "--update-baseline" in err
    assert gate(repo, "audit", "--baseline", str(file), "--update-baseline")[0] == 0
    assert "sqlx" not in file.read_text()
    write(repo, {"src/old.rs": "// moved down\n\n" + REACH.replace("    sqlx", "        sqlx")})
    code, verdict, _ = gate(repo, "audit", "--baseline", str(file))
    assert (code, severities(verdict)) == (0, [("src/old.rs", 4, "note")])
    write(repo, {"src/old.rs": REACH.replace("}", '    sqlx::query("SELECT 1");\n}')})
    code, verdict, _ = gate(repo, "audit", "--baseline", str(file))
    assert (code, severities(verdict)) == (1, [("src/old.rs", 2, "note"), ("src/old.rs", 3, "error")])
    write(repo, {"src/old.rs": CLEAN})
    code, verdict, _ = gate(repo, "audit", "--baseline", str(file))
    assert (code, severities(verdict)) == (0, [("src/old.rs", None, "warning")])
    assert "1 gone" in verdict["checks"][0]["reason"]
    assert severities(gate(repo, "audit", "hygiene", "--baseline", str(file))[1]) == []
    gate(repo, "audit", "--baseline", str(file), "--update-baseline")
    assert severities(gate(repo, "audit", "--baseline", str(file))[1]) == []


def test_a_broken_baseline_and_options_that_contradict_are_wrong_usage(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    file = tmp_path / "known.json"
    for text in ("", "{}", "[]", '{"schema": "gatekeeper/baseline/v2", "findings": []}'):
        file.write_text(text)
        code, out, err = run(repo, "audit", "--baseline", str(file))
        assert (code, out) == (2, "")
        assert f"{file} is no baseline" in err
    assert run(repo, "audit", "--update-baseline")[0] == 2
    assert run(repo, "audit", "--changed", "--baseline", str(file), "--update-baseline")[0] == 2
    assert run(repo, "audit", "everything")[0] == 2


OWN_RULE = """
id = "house.clock"
title = "A clock"
severity = "error"
what = "Code asks for the time."
why = "Tests can't say what time it is."
source = "the house"
mend = "Take the time as a parameter."
[[matcher]]
pack = "house"
kind = "code"
languages = ["rust"]
prefilter = ["now"]
says = "asks for the time: {found}"
[matcher.rule]
pattern = "Clock::now()"
[[matcher.examples]]
found = ["src/a.rs:1"]
[matcher.examples.files]
"src/a.rs" = "fn f() { Clock::now(); }"
[[matcher.examples]]
[matcher.examples.files]
"src/a.rs" = "fn f() {}"
"""
CONFIG = '[audit]\nrules = ["house"]\n'


def test_a_projects_own_rules_run_in_a_pack_of_their_own(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    write(repo, {"gatekeeper.toml": CONFIG, "house/clock.toml": OWN_RULE})
    write(repo, {"src/c.rs": "fn f() { Clock::now(); }\n"})
    code, verdict, _ = gate(repo, "audit")
    assert (code, places(verdict)) == (1, [("src/c.rs", 1), ("src/old.rs", 2)])
    assert verdict["checks"][0]["findings"][0]["hint"] == "Take the time as a parameter."
    assert places(gate(repo, "audit", "dal")[1]) == [("src/old.rs", 2)]


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("mend =", "mned =", 8, "unknown key mned"),
        ("prefilter =", "prefliter =", 13, "unknown key matcher.prefliter"),
        ('severity = "error"', 'severity = "fatal"', 4, "severity"),
        ('pattern = "Clock::now()"', 'kind = "no_such_kind"', 15, "doesn't compile for rust"),
        ('prefilter = ["now"]', 'likely = "(a+)+(?=b)"', 13, "doesn't compile"),
        ('says = "asks for the time: {found}"', 'says = "x"\nat = "CALL"', 15, "no pattern of the rule binds"),
        ('title = "A clock"', 'title = "A clock', 3, "not valid TOML"),
        ('kind = "code"', 'kind = "cod"', 11, "kind"),
    ],
)
def test_a_rule_that_does_not_compile_is_an_error_with_file_and_line(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    repo = repository(tmp_path / "r")
    write(repo, {"gatekeeper.toml": CONFIG, "house/clock.toml": edited(OWN_RULE, old, new)})
    code, out, err = run(repo, "audit")
    assert (code, out) == (2, "")
    assert err.startswith(f"gate: house/clock.toml:{line} "), err
    assert said in err


def test_a_folder_without_rules_is_an_error(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    write(repo, {"gatekeeper.toml": CONFIG})
    code, _, err = run(repo, "audit")
    assert code == 2
    assert "[audit] rules names house" in err


def test_post_work_judges_by_the_rules_of_the_base(tmp_path: Path) -> None:
    base = {PACKET: IN_SCOPE, "gatekeeper.toml": CONFIG, "house/clock.toml": OWN_RULE}
    weaker = OWN_RULE.replace("Clock::now()", "Nothing::now()")
    repo = made(tmp_path / "r", base, {"src/new.rs": "fn f() { Clock::now(); }\n", "house/clock.toml": weaker})
    assert places(gate(repo, "post-work", WP_ID)[1]) == [("src/new.rs", 1)]


def test_what_cannot_be_audited_is_a_note_and_links_are_not_followed(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    outside = tmp_path / "outside.rs"
    outside.write_text(REACH)
    write(repo, {"src/latin.rs": b"// \xe9\n", "src/huge.rs": b"// a comment\n" * 700_000})
    write(repo, {"src/deep.rs": "fn f() { " + "(" * 20_000 + ")" * 20_000 + " }\nfn g() { sqlx::query(x); }\n"})
    write(repo, {"src/min.rs": "fn f() { " + 'sqlx::query("SELECT 1"); ' * 6_000 + "}\n"})
    (repo / "src" / "link.rs").symlink_to(outside)
    (repo / "src" / "folder").symlink_to(tmp_path)
    code, verdict, _ = gate(repo, "audit", "dal")
    seen = severities(verdict)
    assert code == 1
    assert ("src/latin.rs", None, "note") in seen
    assert ("src/huge.rs", None, "note") in seen
    assert ("src/min.rs", None, "note") in seen
    assert ("src/deep.rs", 2, "error") in seen
    assert {path for path, _, _ in seen} == {
        *("src/latin.rs", "src/huge.rs", "src/min.rs", "src/deep.rs", "src/old.rs")
    }


def test_many_files_are_examined_by_several_processes_with_the_same_findings(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    write(repo, {f"src/m{n}.rs": REACH for n in range(150)})
    code, verdict, _ = gate(repo, "audit", "dal")
    assert code == 1
    assert places(verdict) == sorted([*((f"src/m{n}.rs", 2) for n in range(150)), ("src/old.rs", 2)])


def test_test_code_is_judged_where_it_is_asked_for(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    write(repo, {"src/t.rs": '#[cfg(test)]\nmod tests {\n    fn f() { sqlx::query("SELECT 1"); }\n}\n'})
    assert places(gate(repo, "audit", "dal")[1]) == [("src/old.rs", 2)]
    assert places(gate(repo, "audit", "dal", "--tests")[1]) == [("src/old.rs", 2), ("src/t.rs", 3)]
    write(repo, {"gatekeeper.toml": "[audit]\ntests = true\n"})
    assert places(gate(repo, "audit", "dal")[1]) == [("src/old.rs", 2), ("src/t.rs", 3)]


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


def started(repo: Path, code: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A process in the repository that runs the command line, then the code; nothing there may be imported."""
    program = f"import sys; from gatekeeper.cli.main import main; code = main(); {code}; sys.exit(code)"
    command = [sys.executable, "-P", "-c", program, *arguments]
    return subprocess.run(command, cwd=repo, capture_output=True, text=True, check=False)


def test_an_audit_of_a_change_loads_no_library_that_it_needs_not(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    write(repo, {"gatekeeper.toml": '[audit]\npacks = ["rust-sqlx"]\n', "src/new.rs": REACH})
    loaded = "print(sorted({'typer', 'pydantic', 'git', 'jinja2'} & sys.modules.keys()), file=sys.stderr)"
    done = started(repo, loaded, "audit", "--changed")
    assert (done.returncode, done.stderr) == (1, "[]\n")


def test_no_module_of_the_audited_tree_is_run(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    write(repo, {f"src/f{n}.rs": REACH for n in range(120)})
    write(repo, {f"{name}.py": "raise SystemExit(99)\n" for name in ("pickle", "re2", "json", "queue")})
    done = started(repo, "None", "audit", "dal")
    assert (done.returncode, done.stderr) == (1, "")
    assert "with 121 errors" in done.stdout
