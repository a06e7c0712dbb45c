"""``gate pre-work``: may work start? (contract, section 3)."""

from pathlib import Path

import pytest
from application import gate, git
from cases import PACKET, PACKET_TEXT, REFINEMENT, REFINEMENT_TEXT
from small import WP_ID, committed, edited, findings, made, put

ORDER = ["packet", "phase", "refinement", "lineage", "links", "checkpoint", "scope", "waivers"]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return made(tmp_path / "r", change={})


def test_a_plan_that_is_committed_signed_and_whole_may_start(repo: Path) -> None:
    code, verdict, _ = gate(repo, "pre-work", WP_ID)
    assert (code, verdict["status"], verdict["change_set"], verdict["manifest"]) == (0, "PASS", None, [])
    assert [check["id"] for check in verdict["checks"]] == ORDER
    assert verdict["packet"] == PACKET


def test_a_plan_needs_no_approval_yet(repo: Path) -> None:
    committed(repo, {PACKET: edited(PACKET_TEXT, "SKELETON APPROVED\n", "")})
    assert gate(repo, "pre-work", WP_ID)[0] == 0
    assert "phase.not-approved" in findings(gate(repo, "post-work", WP_ID, "--check")[1], "phase")


@pytest.mark.parametrize("path", [PACKET, REFINEMENT])
@pytest.mark.parametrize("state", ["untracked", "staged", "edited", "deleted"])
def test_packet_and_refinement_are_committed_and_unmodified(repo: Path, path: str, state: str) -> None:
    text = (repo / path).read_text()
    if state in {"untracked", "staged"}:
        git(repo, "rm", "-q", path)
        git(repo, "commit", "-q", "-m", "Gone")
        put(repo, {path: text})
        if state == "staged":
            git(repo, "add", path)
    else:
        put(repo, {path: text + "\nmore\n" if state == "edited" else None})
    code, verdict, _ = gate(repo, "pre-work", WP_ID)
    assert (code, findings(verdict, "checkpoint")) == (1, ["checkpoint.uncommitted"])
    (check,) = [c for c in verdict["checks"] if c["id"] == "checkpoint"]
    assert [f["path"] for f in check["findings"]] == [path]
    gone = "packet.missing" if path == PACKET else "refinement.missing"
    missing = findings(verdict, "packet") + findings(verdict, "refinement")
    assert (gone in missing) is (state == "deleted")


def test_other_edits_do_not_matter(repo: Path) -> None:
    put(repo, {"src/a.txt": "edited\n", "src/new.txt": "untracked\n"})
    assert gate(repo, "pre-work", WP_ID)[0] == 0


def test_a_refinement_that_is_named_elsewhere_is_taken_from_there(repo: Path) -> None:
    named = f"REFINEMENT_FILE: {REFINEMENT}"
    packet = edited(PACKET_TEXT, named, "REFINEMENT_FILE: `docs/./plan.md` (signed)")
    committed(repo, {PACKET: packet, REFINEMENT: None, "docs/plan.md": REFINEMENT_TEXT})
    assert gate(repo, "pre-work", WP_ID)[0] == 0
    committed(repo, {"docs/plan.md": edited(REFINEMENT_TEXT, "STATUS: APPROVED", "STATUS: DRAFT")})
    verdict = gate(repo, "pre-work", WP_ID)[1]
    assert findings(verdict, "refinement") == ["refinement.unsigned"]


@pytest.mark.parametrize("line", ["", "- REFINEMENT_FILE: <path>\n", "- REFINEMENT_FILE: NONE\n"])
def test_without_a_name_the_refinement_lies_in_the_configured_folder(repo: Path, line: str) -> None:
    committed(repo, {PACKET: edited(PACKET_TEXT, f"- REFINEMENT_FILE: {REFINEMENT}\n", line)})
    assert gate(repo, "pre-work", WP_ID)[0] == 0
    committed(repo, {REFINEMENT: None})
    code, verdict, _ = gate(repo, "pre-work", WP_ID)
    assert (code, findings(verdict, "refinement")) == (1, ["refinement.missing"])


def test_code_that_is_named_as_the_refinement_stays_code(repo: Path) -> None:
    named = f"REFINEMENT_FILE: {REFINEMENT}"
    committed(repo, {PACKET: edited(PACKET_TEXT, named, "REFINEMENT_FILE: src/b.txt"), "src/b.txt": "code\n"})
    verdict = gate(repo, "post-work", WP_ID, "--check")[1]
    assert findings(verdict, "scope") == ["scope.out-of-scope"]


def test_refinements_may_be_off(repo: Path) -> None:
    text = edited(PACKET_TEXT, f"- REFINEMENT_FILE: {REFINEMENT}\n", "")
    committed(repo, {"gatekeeper.toml": "[packets]\nrefinement = 'off'\n", REFINEMENT: None, PACKET: text})
    assert gate(repo, "pre-work", WP_ID)[0] == 0
    put(repo, {REFINEMENT: "a draft\n"})
    assert gate(repo, "pre-work", WP_ID)[0] == 0


def test_every_check_runs_whatever_failed_before(repo: Path) -> None:
    text = edited(PACKET_TEXT, "RISK_TIER: LOW", "RISK_TIER: TBD").replace("src/a.txt", "src/")
    text = text.replace("## BOOTSTRAP", "## NOTES").replace("maintainers0101", "somebody0101")
    text = edited(text, "(None yet.)", "[log](missing.log)")
    text = edited(text, "  - src/\n- OUT", "- OUT")
    put(repo, {PACKET: edited(text, "- NONE\n", "- a waiver\n")})
    code, verdict, _ = gate(repo, "pre-work", WP_ID)
    assert code == 1
    assert {check["id"]: check["status"] for check in verdict["checks"]} == {
        **dict.fromkeys(ORDER, "FAIL"),
        "lineage": "NOT_APPLICABLE",
    }


def test_pre_work_writes_nothing(repo: Path) -> None:
    before = (repo / PACKET).read_bytes()
    gate(repo, "pre-work", WP_ID)
    assert (repo / PACKET).read_bytes() == before
    assert git(repo, "status", "--porcelain") == ""
