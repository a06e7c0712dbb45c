"""Where packet, configuration and main stand in git, and what that does to a verdict (contract, 1 to 3)."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from application import comparable, gate, git, rules, run
from cases import PACKET, PACKET_TEXT, REFINEMENT, REFINEMENT_TEXT, SIGNATURE
from small import WP_ID, check_of, committed, edited, findings, made, put

WAIVERS = "- NONE\n"
CHECK = ("post-work", WP_ID, "--check")


def written(repo: Path) -> dict[str, Any]:
    """The manifest written and committed with the change."""
    code, verdict, err = gate(repo, "post-work", WP_ID)
    assert code in {0, 1}, err
    committed(repo, {})
    return verdict


def test_a_small_change_passes_and_a_second_run_changes_no_byte(tmp_path: Path) -> None:
    repo = made(tmp_path / "r")
    written(repo)
    once = (repo / PACKET).read_bytes()
    code, verdict, _ = gate(repo, "post-work", WP_ID)
    assert (code, verdict["status"], (repo / PACKET).read_bytes()) == (0, "PASS", once)
    assert gate(repo, *CHECK)[0] == 0
    gates = verdict["manifest"][0]["gates"]
    assert (len(gates), set(gates.values())) == (10, {True})


def test_a_second_run_changes_no_byte_with_findings_below_the_blocks(tmp_path: Path) -> None:
    text = edited(PACKET_TEXT, "(None yet.)", "See [a log](missing.log), na\u00efve.")
    repo = made(tmp_path / "r", {PACKET: text})
    assert gate(repo, "post-work", WP_ID)[0] == 1
    once = (repo / PACKET).read_bytes()
    assert b"links.unresolved" in once
    assert b"packet.non-ascii" in once
    assert gate(repo, "post-work", WP_ID)[0] == 1
    assert (repo / PACKET).read_bytes() == once


def test_without_validation_nothing_is_written_and_the_gate_is_not_proven(tmp_path: Path) -> None:
    text = edited(PACKET_TEXT, "## VALIDATION\n", "## OTHER\n")
    repo = made(tmp_path / "r", {PACKET: text})
    code, verdict, _ = gate(repo, "post-work", WP_ID)
    assert code == 1
    assert findings(verdict, "packet") == ["packet.field-missing"]
    assert verdict["manifest"][0]["gates"]["manifest_written_and_path_returned"] is False
    assert (repo / PACKET).read_text() == text


def test_gates_that_do_not_apply_are_null(tmp_path: Path) -> None:
    anchor = "- SPEC_ANCHOR: docs/SPEC_v1.md section 1 (CX-ONE-1), see docs/SPEC_v1.md:2\n"
    text = edited(PACKET_TEXT, anchor, "")
    repo = made(
        tmp_path / "r", {PACKET: text, REFINEMENT: None, "gatekeeper.toml": "packets.refinement = 'off'\n"}
    )
    git(repo, "branch", "-q", "-D", "main")
    code, verdict, _ = gate(repo, *CHECK, "--rev", "HEAD")
    gates = verdict["manifest"][0]["gates"]
    assert {name for name, value in gates.items() if value is None} == {
        "anchors_present",
        "current_file_matches_preimage",
    }
    assert code == 1
    assert rules(verdict) == {"manifest.missing"} | {"links.unresolved"}


@pytest.mark.parametrize("place", ["untracked", "staged", "deleted"])
def test_a_packet_that_is_not_on_the_judged_side_is_missing_and_the_rest_runs(tmp_path: Path, place: str) -> None:
    repo = made(tmp_path / "r", {} if place == "deleted" else {PACKET: None})
    put(repo, {PACKET: None if place == "deleted" else PACKET_TEXT})
    if place != "untracked":
        git(repo, "add", "-A")
    if place == "deleted":
        git(repo, "commit", "-q", "-m", "Packet gone")
    code, verdict, _ = gate(repo, *CHECK, "--range", "main..HEAD")
    assert (code, findings(verdict, "packet")) == (1, ["packet.missing"])
    statuses = {check["id"]: check["status"] for check in verdict["checks"]}
    assert (statuses["refinement"], statuses["changes"], statuses["scope"]) == ("PASS", "PASS", "NOT_RUN")
    assert [row["target_file"] for row in verdict["manifest"]] == ["src/a.txt"]


@pytest.mark.parametrize("wp_id", ["WP-1-Smal", "WP-9-Altogether-Different"])
def test_an_unknown_id_names_the_nearest(tmp_path: Path, wp_id: str) -> None:
    repo = made(tmp_path / "r", change={})
    for command in ("pre-work", "post-work"):
        code, out, err = run(repo, command, wp_id)
        assert (code, out) == (2, "")
        assert re.search(rf"\b{WP_ID}\b", err)


def test_two_packets_of_one_id_are_ambiguous(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", {f"packets/{WP_ID}/packet.md": PACKET_TEXT})
    assert findings(gate(repo, *CHECK)[1], "packet") == ["packet.ambiguous"]


def test_the_folder_form_is_found_and_written(tmp_path: Path) -> None:
    folder = f"packets/{WP_ID}/packet.md"
    repo = made(tmp_path / "r", {PACKET: None, folder: PACKET_TEXT})
    written(repo)
    code, verdict, _ = gate(repo, *CHECK)
    assert (code, verdict["packet"]) == (0, folder)


@pytest.mark.parametrize(("path", "check"), [(PACKET, "packet"), (REFINEMENT, "refinement")])
@pytest.mark.parametrize("data", [b"# \x00\n", "\ufeff# x\n".encode("utf-16-le")])
def test_what_is_no_text_is_a_finding_and_the_rest_runs(
    tmp_path: Path, path: str, check: str, data: bytes
) -> None:
    repo = made(tmp_path / "r", {path: data})
    for arguments in (("pre-work", WP_ID), CHECK, ("post-work", WP_ID)):
        code, verdict, _ = gate(repo, *arguments)
        assert code == 1
        assert f"{check}.unreadable" in findings(verdict, check)
    statuses = {c["id"]: c["status"] for c in verdict["checks"]}
    assert statuses["changes"] == "PASS"


def test_a_packet_that_is_a_link_is_unreadable_and_nothing_is_written_through_it(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", {PACKET: None, "docs/elsewhere.md": PACKET_TEXT}, {})
    (repo / PACKET).symlink_to("../docs/elsewhere.md")
    committed(repo, {"src/a.txt": "one\nTWO\nthree\n"})
    for arguments in (("pre-work", WP_ID), CHECK, ("post-work", WP_ID)):
        code, verdict, _ = gate(repo, *arguments)
        assert (code, findings(verdict, "packet")) == (1, ["packet.unreadable"])
    assert (repo / "docs/elsewhere.md").read_text() == PACKET_TEXT


WEAK = {
    "exempt": "[packets]\nexempt = ['**']\n",
    "refinement": "[packets]\nrefinement = 'off'\n",
    "pointer": "[spec]\n",
}


@pytest.mark.parametrize("name", WEAK)
def test_the_bases_configuration_judges(tmp_path: Path, name: str) -> None:
    broken = edited(REFINEMENT_TEXT, "STATUS: APPROVED", "STATUS: PENDING").replace("the rule itself", "no rule")
    change = {"gatekeeper.toml": WEAK[name], "src/b.txt": "out of scope\n", REFINEMENT: broken}
    repo = made(tmp_path / "r", change=change)
    verdict = gate(repo, *CHECK)[1]
    assert {"scope.out-of-scope", "refinement.unsigned", "refinement.anchor"} <= rules(verdict)
    strong = tmp_path / "strong.toml"
    strong.write_text("[packets]\nrefinement = 'off'\nexempt = ['src/**', 'gatekeeper.toml']\n")
    verdict = gate(repo, *CHECK, "--config", str(strong))[1]
    assert rules(verdict) == set()
    assert verdict["manifest"] == []
    other = tmp_path / "pyproject.toml"
    other.write_text("[project]\n")
    code, out, err = run(repo, *CHECK, "--config", str(other))
    assert (code, out) == (2, "")
    assert "tool.gatekeeper" in err


def test_without_a_configuration_at_the_base_the_heads_judges_with_a_note(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", {"gatekeeper.toml": None}, {"gatekeeper.toml": "[packets]\nexempt = ['src/**']\n"})
    code, verdict, _ = gate(repo, *CHECK)
    assert [row["target_file"] for row in verdict["manifest"]] == ["gatekeeper.toml"]
    assert "gatekeeper.toml" in next(
        f["message"] for f in verdict["checks"][0]["findings"] if f["severity"] == "note"
    )
    assert code == 1


def test_a_change_cannot_name_its_own_commit_main(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", change={"gatekeeper.toml": "[git]\nmain = 'mine'\n[packets]\nexempt = ['**']\n"})
    committed(repo, {"src/b.txt": "out of scope\n"})
    git(repo, "branch", "-q", "mine", "HEAD~1")
    assert "scope.out-of-scope" in rules(gate(repo, *CHECK)[1])


def test_main_is_what_the_base_says_it_is(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", {"gatekeeper.toml": "[git]\nmain = 'trunk'\n"}, {})
    git(repo, "branch", "-q", "-m", "main", "trunk")
    git(repo, "switch", "-q", "trunk")
    later = committed(repo, {"src/b.txt": "landed on trunk\n"})
    git(repo, "switch", "-q", "work")
    git(repo, "branch", "-q", "main", "HEAD")
    git(repo, "merge", "-q", "trunk")
    committed(repo, {"src/a.txt": "one\nTWO\nthree\n"})
    verdict = gate(repo, *CHECK)[1]
    assert verdict["change_set"]["base"] == later
    assert [row["target_file"] for row in verdict["manifest"]] == ["src/a.txt"]


def test_the_change_is_empty_unstaged_or_unmerged(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", change={})
    assert findings(gate(repo, *CHECK)[1], "changes") == ["changes.empty"]
    put(repo, {PACKET: PACKET_TEXT + "\nmore\n", REFINEMENT: REFINEMENT_TEXT + "\nmore\n"})
    assert findings(gate(repo, *CHECK)[1], "changes") == ["changes.empty"]
    put(repo, {"src/a.txt": "unstaged\n"})
    code, verdict, _ = gate(repo, *CHECK)
    assert (code, findings(verdict, "changes")) == (1, ["changes.unstaged"])
    assert "src/a.txt" in check_of(verdict, "changes")["findings"][0]["message"]
    assert findings(gate(repo, *CHECK, "--worktree")[1], "changes") == []
    put(repo, {"src/b.txt": "staged\n"})
    git(repo, "add", "src/b.txt")
    assert findings(gate(repo, *CHECK)[1], "changes") == ["changes.unstaged (warning)"]


def test_a_merge_conflict_is_unmerged(tmp_path: Path) -> None:
    repo = made(tmp_path / "r")
    git(repo, "switch", "-q", "main")
    committed(repo, {"src/a.txt": "one\n2\nthree\n"})
    git(repo, "switch", "-q", "work")
    with pytest.raises(AssertionError):
        git(repo, "merge", "main")
    verdict = gate(repo, *CHECK)[1]
    assert findings(verdict, "changes") == ["changes.unmerged"]
    assert check_of(verdict, "changes")["findings"][0]["path"] == "src/a.txt"


@pytest.mark.parametrize(
    ("landed", "proven"),
    [
        ({"src/b.txt": "landed\n"}, True),
        ({"src/a.txt": "one\ntwo\nthree\nfour\n"}, False),
        ({"src/a.txt": "one\nTWO\nthree\n", "src/b.txt": "landed\n"}, True),
    ],
)
def test_something_that_landed_on_this_file_meanwhile_is_found(
    tmp_path: Path, landed: dict[str, str], proven: bool
) -> None:
    repo = made(tmp_path / "r")
    written(repo)
    git(repo, "switch", "-q", "main")
    committed(repo, landed)
    git(repo, "switch", "-q", "work")
    code, verdict, _ = gate(repo, *CHECK)
    assert verdict["manifest"][0]["gates"]["current_file_matches_preimage"] is proven
    assert findings(verdict, "gates") == ([] if proven else ["manifest.gate"])
    assert code == (0 if proven else 1)


def test_main_that_contains_the_head_proves_every_preimage(tmp_path: Path) -> None:
    repo = made(tmp_path / "r")
    written(repo)
    head = git(repo, "rev-parse", "HEAD").strip()
    git(repo, "switch", "-q", "main")
    git(repo, "merge", "-q", "work")
    committed(repo, {"src/a.txt": "changed once more\n"})
    code, verdict, _ = gate(repo, *CHECK, "--range", f"{head}~2..{head}")
    assert verdict["manifest"][0]["gates"]["current_file_matches_preimage"] is True
    assert code == 0


def waiver(expiry: str, paths: str = "src/b.txt", rule: str = "scope.out-of-scope") -> str:
    return edited(
        PACKET_TEXT, WAIVERS, f"- W-1 | {rule} | {paths} | reason | maintainers | 2026-01-01 | {expiry}\n"
    )


def test_a_waived_finding_passes_and_stays_listed(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", {PACKET: waiver("2999-01-01", "src/b.txt, docs/")}, {"src/b.txt": "waived\n"})
    written(repo)
    code, verdict, _ = gate(repo, *CHECK)
    assert (code, verdict["status"], findings(verdict, "scope")) == (0, "PASS", ["scope.out-of-scope (W-1)"])
    assert verdict["waivers"] == [
        {
            "id": "W-1",
            "rule": "scope.out-of-scope",
            "paths": ["docs/", "src/b.txt"],
            "reason": "reason",
            "approver": "maintainers",
            "expires": "2999-01-01",
            "used": 1,
        }
    ]
    out = run(repo, *CHECK)[1]
    assert "(waived by W-1)" in out
    assert "PASSED\n" in out


def test_expiry_is_judged_at_the_heads_date_and_today_for_what_is_not_committed(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", {PACKET: waiver("2020-06-30")}, {"src/b.txt": "waived\n"})
    assert "waiver.expired" in rules(gate(repo, *CHECK)[1])
    for date, expired in (("2020-06-30T12:00:00Z", False), ("2020-07-01T12:00:00Z", True)):
        recommitted(repo, date)
        verdict = gate(repo, *CHECK)[1]
        assert ("waiver.expired" in rules(verdict)) is expired
        assert ("scope.out-of-scope (W-1)" in findings(verdict, "scope")) is not expired
    recommitted(repo, "2020-06-30T12:00:00Z")
    put(repo, {"src/b.txt": "staged\n"})
    git(repo, "add", "-A")
    assert "waiver.expired" in rules(gate(repo, *CHECK)[1])


def recommitted(repo: Path, date: str) -> None:
    """HEAD once more, with another committer's date."""
    lines = git(repo, "cat-file", "commit", "HEAD").split("\n")
    stamp = {"2020-06-30T12:00:00Z": 1593518400, "2020-07-01T12:00:00Z": 1593604800}[date]
    at = next(i for i, line in enumerate(lines) if line.startswith("committer "))
    lines[at] = re.sub(r"> .*", f"> {stamp} +0000", lines[at])
    new = git(repo, "hash-object", "-t", "commit", "-w", "--stdin", data="\n".join(lines).encode()).strip()
    git(repo, "update-ref", "HEAD", new)


def test_verdicts_with_many_findings_are_byte_equal_staged_committed_by_range_and_in_a_clone(
    tmp_path: Path,
) -> None:
    text = edited(PACKET_TEXT, "(None yet.)", "See [a log](missing.log), na\u00efve.")
    text = edited(text, "- NONE\n", "- W-1 | lint | src/ | reason | maintainers | 2026-01-01 | 2999-01-01\n")
    text = edited(text, SIGNATURE, f"{SIGNATURE}9")
    repo = made(tmp_path / "r", {PACKET: text, "src/c.txt": "c\n"}, {})
    put(
        repo,
        {"src/b.txt": "two\n", "src/c.txt": None, "src/\u00e9.txt": "new\n", "src/a.txt": "one\nTWO\nthree\n"},
    )
    git(repo, "add", "-A")
    verdicts = {"staged": gate(repo, *CHECK, "--staged"), "worktree": gate(repo, *CHECK, "--worktree")}
    committed(repo, {})
    verdicts |= {"auto": gate(repo, *CHECK), "rev": gate(repo, *CHECK, "--rev", "HEAD")}
    verdicts["range"] = gate(repo, *CHECK, "--range", "main..work")
    git(tmp_path, "clone", "-q", str(repo), "clone")
    verdicts["clone"] = gate(tmp_path / "clone", *CHECK)
    texts = {name: comparable(verdict) for name, (_, verdict, _) in verdicts.items()}
    assert texts == dict.fromkeys(texts, texts["staged"])
    verdict = json.loads(texts["staged"])
    for check in verdict["checks"]:
        keys = [(f["path"] or "", f["line"] or 0, f["rule"]) for f in check["findings"]]
        assert keys == sorted(keys)
    assert str(tmp_path) not in texts["staged"]
    assert git(repo, "rev-parse", "--short=7", "HEAD").strip() not in texts["staged"]


def test_a_missing_packet_and_an_empty_change_are_told_alike_everywhere(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", {PACKET: None}, {})
    put(repo, {PACKET: PACKET_TEXT})
    verdicts = [gate(repo, *CHECK, *where)[1] for where in (["--staged"], ["--range", "main..work"])]
    assert comparable(verdicts[0]) == comparable(verdicts[1])
    assert {"packet.missing", "changes.empty"} <= rules(verdicts[0])


def test_an_exempt_file_renamed_across_the_border_has_one_entry_that_stays_proven(tmp_path: Path) -> None:
    lines = "".join(f"line {n}\n" for n in range(20))
    repo = made(
        tmp_path / "r", {"gatekeeper.toml": "[packets]\nexempt = ['docs/notes/**']\n", "src/a.txt": lines}, {}
    )
    git(repo, "mv", "src/a.txt", "src/x.txt")
    put(repo, {"docs/notes/keep": ""})
    git(repo, "mv", "src/x.txt", "docs/notes/a.txt")
    verdict = written(repo)
    assert [(r["target_file"], r["renamed_from"]) for r in verdict["manifest"]] == [
        ("docs/notes/a.txt", "src/a.txt")
    ]
    verdict = gate(repo, *CHECK)[1]
    assert findings(verdict, "manifest") == []
    assert findings(verdict, "scope") == []
