"""``gate verify`` on evidence and on validators' reports: what stands, what is stale, what was forged."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from application import gate, git, run
from cases import PACKET_TEXT
from gitrepo import GitRepo
from small import committed, edited, put
from verified import PACKET, WP_ID, copied, edit, errors, recorded, rules_of, word

PLAN = "- gate post-work WP-1-Small\n"
RUNS = "```bash\ngrep -n TWO src/a.txt  # shows: 1\ncat src/a.txt\n```\n"
FAILS = "```bash\ngrep -n NOWHERE src/a.txt\ncat src/a.txt\n```\n"
REPORTS = "\n## VALIDATION_REPORTS\n(None yet.)\n"
REASON = "It does what it says."


@pytest.fixture(autouse=True)
def ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evidence and reports go into the ledger whatever this is set to; gate runs needn't."""
    monkeypatch.setenv("GATEKEEPER_LEDGER", "off")


def evidenced(repo: Path, plan: str, config: str = "") -> Path:
    """A recorded change whose plan was run and committed."""
    text = edited(PACKET_TEXT, PLAN, plan) + REPORTS
    recorded(repo, {PACKET: text} | ({"gatekeeper.toml": config} if config else {}))
    code, _, err = gate(repo, "evidence", WP_ID, "--yes")
    assert code == (1 if "NOWHERE" in plan else 0), err
    committed(repo, {})
    return repo


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A change with evidence, reviewed as PASS, each in a commit of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEKEEPER_LEDGER", "off")
        repo = evidenced(tmp_path_factory.mktemp("passed") / "r", RUNS)
        code, _, err = gate(repo, "review", WP_ID, "--pass", "--reason", REASON)
        assert code == 0, err
        committed(repo, {})
    return repo


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A change whose plan failed, reviewed as FAIL."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEKEEPER_LEDGER", "off")
        repo = evidenced(tmp_path_factory.mktemp("failed") / "r", FAILS)
        code, _, err = gate(repo, "review", WP_ID, "--fail", "--reason", "The plan fails.")
        assert code == 1, err
        committed(repo, {})
    return repo


def test_what_was_run_and_reviewed_is_verified_here_and_in_a_clone(passed: Path, tmp_path: Path) -> None:
    assert word(passed) == "VERIFIED"
    clone = GitRepo.clone(passed, tmp_path / "clone").path
    code, verdict, _ = gate(clone, "verify", WP_ID)
    notes = {f["rule"] for check in verdict["checks"] for f in check["findings"] if f["severity"] == "note"}
    assert (code, verdict["state"]) == (0, "VERIFIED")
    assert {"evidence.unwitnessed", "report.unwitnessed"} <= notes


def test_a_failure_that_is_told_as_one_is_verified(failed: Path) -> None:
    assert word(failed) == "VERIFIED"


def test_evidence_and_reports_of_another_change_are_stale(passed: Path, tmp_path: Path) -> None:
    repo = copied(passed, tmp_path / "r")
    committed(repo, {"src/a.txt": "one\nTWO\nTHREE\n"})
    assert gate(repo, "post-work", WP_ID)[0] == 0
    committed(repo, {})
    code, verdict, _ = gate(repo, "verify", WP_ID)
    assert (code, verdict["state"], errors(verdict)) == (0, "STALE", [])
    warnings = {f["rule"] for check in verdict["checks"] for f in check["findings"] if f["severity"] == "warning"}
    assert {"evidence.stale", "report.stale"} <= warnings
    assert gate(repo, "verify", WP_ID, "--fresh")[0] == 1


def test_reports_typed_by_hand_are_nobodys_business(passed: Path, tmp_path: Path) -> None:
    repo = copied(passed, tmp_path / "r")
    edit(repo, r"\(None yet.\)\n\n<!-- gate:report", "### VALIDATION REPORT\nVerdict: FAIL\n\n<!-- gate:report")
    assert word(repo) == "VERIFIED"


# Each of these is committed once as a later commit, in the repository itself, and once into the record's own
# commit, in a clone that has no ledger to tell.


def passes_a_failed_run(repo: Path) -> None:
    """The run passed, it says, and the report too."""
    text = (repo / PACKET).read_text()
    text = text.replace("- failed `grep", "- passed `grep").replace("exit code 1", "exit code 0")
    text = text.replace("verdict=FAIL -->\n- passed", "verdict=PASS -->\n- passed")
    put(repo, {PACKET: text})


def forgets_the_exit_code(repo: Path) -> None:
    edit(repo, "- failed `grep", "- passed `grep", commit=False)


def takes_the_evidence_out(repo: Path) -> None:
    edit(repo, r"(?s)<!-- gate:evidence.*?/gate:evidence -->\n", "", commit=False)


def leaves_a_command_out(repo: Path) -> None:
    edit(repo, r"(?s)- passed `cat.*?    ```\n", "", commit=False)


def another_log(repo: Path) -> None:
    edit(repo, r"  - log [0-9a-f]{64}", "  - log " + "ab" * 32, commit=False)


def passes_the_report(repo: Path) -> None:
    """A PASS over a failure, each check of the report in line with it."""
    text = (repo / PACKET).read_text()
    head, report = text.split("<!-- gate:report", 1)
    report = report.replace("verdict=FAIL", "verdict=PASS").replace("Verdict: FAIL", "Verdict: PASS")
    report = report.replace("REASON FOR FAIL", "REASON FOR PASS").replace("- FAIL ", "- PASS ")
    report = re.sub(r"(?m)^  - error .*\n", "", report).replace(": FAIL", ": PASS")
    put(repo, {PACKET: f"{head}<!-- gate:report{report}"})


def flips_the_report_alone(repo: Path) -> None:
    edit(repo, "Verdict: FAIL", "Verdict: PASS", commit=False)


def takes_the_report_out(repo: Path) -> None:
    edit(repo, r"(?s)<!-- gate:report.*?/gate:report -->\n", "", commit=False)


def checks_another_file(repo: Path) -> None:
    edit(repo, r"(Files Checked:\n- `)src/a.txt", r"\g<1>src/b.txt", commit=False)


def gives_another_reason(repo: Path) -> None:
    edit(repo, re.escape(REASON), "It is perfect.", commit=False)


Forgery = Callable[[Path], None]


def in_a_later_commit(original: Path, to: Path, forges: Forgery) -> Path:
    repo = copied(original, to)
    forges(repo)
    git(repo, "commit", "-q", "-a", "-m", "tidied")
    return repo


def in_its_own_commit(original: Path, to: Path, forges: Forgery) -> Path:
    """All that was recorded is squashed into one commit, with the forgery; no ledger knows of any of it."""
    repo = GitRepo.clone(original, to).path
    forges(repo)
    git(repo, "reset", "-q", "--soft", git(repo, "merge-base", "origin/main", "HEAD").strip())
    git(repo, "commit", "-q", "-a", "-m", "all of it")
    return repo


@pytest.mark.parametrize(
    ("forges", "rule"),
    [
        (passes_a_failed_run, "evidence.rewritten"),
        (forgets_the_exit_code, "evidence.forged"),
        (takes_the_evidence_out, "evidence.rewritten"),
        (leaves_a_command_out, "evidence.plan"),
        (passes_the_report, "report.forged"),
        (flips_the_report_alone, "report.mismatch"),
        (takes_the_report_out, "report.rewritten"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_failure_that_is_edited_later_is_broken(
    failed: Path, tmp_path: Path, forges: Forgery, rule: str
) -> None:
    repo = in_a_later_commit(failed, tmp_path / "r", forges)
    assert word(repo) == "BROKEN"
    assert rule in rules_of(repo)


@pytest.mark.parametrize(
    ("forges", "rule"),
    [
        (forgets_the_exit_code, "evidence.forged"),
        (leaves_a_command_out, "evidence.plan"),
        (passes_the_report, "report.mismatch"),
        (flips_the_report_alone, "report.mismatch"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_failure_that_is_edited_before_it_lands_is_broken(
    failed: Path, tmp_path: Path, forges: Forgery, rule: str
) -> None:
    repo = in_its_own_commit(failed, tmp_path / "r", forges)
    assert word(repo) == "BROKEN"
    assert rule in rules_of(repo)


@pytest.mark.parametrize(
    ("forges", "rule"),
    [
        (another_log, "evidence.rewritten"),
        (takes_the_evidence_out, "report.mismatch"),
        (checks_another_file, "report.mismatch"),
        (gives_another_reason, "report.rewritten"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_pass_that_is_edited_is_broken(passed: Path, tmp_path: Path, forges: Forgery, rule: str) -> None:
    repo = in_a_later_commit(passed, tmp_path / "r", forges)
    assert word(repo) == "BROKEN"
    assert rule in rules_of(repo)


def test_a_reason_edited_before_it_lands_is_known_to_the_ledger(passed: Path, tmp_path: Path) -> None:
    repo = copied(passed, tmp_path / "r")
    gives_another_reason(repo)
    git(repo, "commit", "-q", "-a", "--amend", "--no-edit")
    assert rules_of(repo) == {"report.forged"}


def test_a_pass_over_a_change_that_fails_is_broken(tmp_path: Path) -> None:
    change = {"src/a.txt": "one\nTWO\nthree\n", "src/b.txt": "out of scope\n"}
    original = recorded(tmp_path / "original", {PACKET: edited(PACKET_TEXT, PLAN, RUNS) + REPORTS}, change)
    assert gate(original, "evidence", WP_ID, "--yes")[0] == 0
    committed(original, {})
    assert gate(original, "review", WP_ID, "--fail", "--reason", "It leaves its scope.")[0] == 1
    committed(original, {})
    assert word(original) == "VERIFIED"
    repo = in_its_own_commit(original, tmp_path / "r", passes_the_report)
    assert word(repo) == "BROKEN"
    assert "report.verdict" in rules_of(repo)


def test_a_log_in_the_packets_folder_is_held_against_its_hash(tmp_path: Path) -> None:
    config = '[spec]\npointer = "docs/SPEC_CURRENT.md"\n[evidence]\nlogs = "packet"\n'
    repo = evidenced(tmp_path / "r", RUNS, config)
    assert word(repo) == "VERIFIED"
    logs = sorted((repo / "packets").rglob("run-*.txt"))
    assert logs
    logs[0].write_bytes(logs[0].read_bytes() + b"more\n")
    git(repo, "commit", "-q", "-a", "-m", "edited")
    assert rules_of(repo) == {"evidence.log"}


def test_the_text_names_what_was_forged(failed: Path, tmp_path: Path) -> None:
    repo = in_a_later_commit(failed, tmp_path / "r", takes_the_report_out)
    _, out, _ = run(repo, "verify", WP_ID)
    assert out.startswith(f"BROKEN   {WP_ID}")
    assert "error report.rewritten" in out
    assert f"git show {git(repo, 'rev-parse', 'HEAD~1')[:12]}:{PACKET}" in out
