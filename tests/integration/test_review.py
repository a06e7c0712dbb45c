"""``gate review``: judged is what is committed, and the report is appended, never rewritten."""

import hashlib
import json
import sys
from pathlib import Path

import pytest
from application import commit, git, rules, run
from cases import PACKET, PACKET_TEXT, WP_ID
from reviews import PASS, REVIEWABLE, VALIDATOR, events, review, reviewable
from small import check_of, committed, edited, findings, made

from gatekeeper.packet.parse import parse_packet
from gatekeeper.packet.report_blocks import ReportBlock, read_reports
from gatekeeper.resources import template

FAIL = ("--fail", "--reason", "The name is wrong.")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reviewable(tmp_path_factory.mktemp("review") / "app")


@pytest.fixture
def repo(ready: Path, tmp_path: Path) -> Path:
    """A copy of the repository that is ready for review, with its ledger."""
    target = tmp_path / "app"
    git(ready.parent, "clone", "-q", "--no-hardlinks", str(ready), str(target))
    git(target, "fetch", "-q", "origin", "main:main")
    return target


def blocks(repo: Path) -> tuple[ReportBlock, ...]:
    found = read_reports(parse_packet(PACKET, WP_ID, (repo / PACKET).read_bytes()), template("report.md.j2"))
    assert found.problems == ()
    return found.blocks


def test_a_pass_appends_the_report_and_changes_no_other_byte(repo: Path) -> None:
    before = (repo / PACKET).read_bytes()
    head = git(repo, "rev-parse", "HEAD~1").strip()
    code, verdict, err = review(repo, *PASS, "--finding", "It stands at `src/a.txt:2`.", "--risk", "none")
    assert (code, verdict["gate"], verdict["status"], err) == (0, "review", "PASS", "")
    after = (repo / PACKET).read_bytes()
    (block,) = blocks(repo)
    assert after == before + b"\n" + block.text.encode() + b"\n"
    record, told = block.record, verdict["review"]
    assert (record.verdict, record.report, record.change) == ("PASS", 1, verdict["change_set"]["digest"])
    assert record.files == ("src/a.txt",)
    assert head in record.commits
    assert (record.spec, record.reason) == ("docs/SPEC_v1.md", ("It does what the packet says.",))
    assert (record.findings, record.risks) == (("It stands at `src/a.txt:2`.",), ("none",))
    assert "`test -s src/a.txt`: PASS" in record.tests
    assert [name for name, _ in record.checks] == [check["id"] for check in verdict["checks"]]
    assert (told["written"], told["report"], told["refused"]) == (True, 1, None)
    assert after.decode().split("\n")[told["line"] - 1].startswith("<!-- gate:report ")
    digest = hashlib.sha256(block.text.encode()).hexdigest()
    (event,) = events(repo, "reviewed")
    assert (event["record_sha256"], told["record_sha256"]) == (digest, digest)
    assert (event["verdict"], event["report"], event["change_digest"]) == ("PASS", 1, record.change)


def test_the_change_stays_proven_with_the_report_committed(repo: Path) -> None:
    _, before, _ = review(repo, *PASS)
    commit(repo, "reviewed")
    code, after, _ = review(repo, *FAIL)
    assert (code, after["status"], after["change_set"]["digest"]) == (0, "PASS", before["change_set"]["digest"])
    assert check_of(after, "reports")["status"] == "PASS"
    assert run(repo, "post-work", WP_ID, "--check")[0] == 0


def test_an_uncommitted_report_is_replaced_and_a_committed_one_stays(repo: Path) -> None:
    assert review(repo, *FAIL)[0] == 0
    once = (repo / PACKET).read_bytes()
    code, verdict, _ = review(repo, *FAIL)
    assert (code, verdict["review"]["replaces"], (repo / PACKET).read_bytes()) == (0, True, once)
    assert review(repo, *PASS)[0] == 0
    assert [block.record.verdict for block in blocks(repo)] == ["PASS"]
    commit(repo, "reviewed")
    committed_bytes = (repo / PACKET).read_bytes()
    assert review(repo, *FAIL)[0] == 0
    assert (repo / PACKET).read_bytes().startswith(committed_bytes)
    assert [(b.record.report, b.record.verdict) for b in blocks(repo)] == [(1, "PASS"), (2, "FAIL")]


def test_a_pass_is_refused_while_the_gate_fails_and_a_fail_is_recorded(repo: Path) -> None:
    committed(repo, {"src/b.txt": "out of scope\n"})
    before = (repo / PACKET).read_bytes()
    code, verdict, _ = review(repo, *PASS)
    assert (code, verdict["status"]) == (1, "FAIL")
    assert {"scope.out-of-scope", "manifest.missing", "evidence.stale"} <= rules(verdict)
    assert verdict["review"]["written"] is False
    assert "scope" in verdict["review"]["refused"]
    assert ((repo / PACKET).read_bytes(), events(repo, "reviewed")) == (before, [])
    assert "PASS is refused" in run(repo, "review", WP_ID, *PASS)[1]
    code, verdict, _ = review(repo, "--fail")
    assert (code, verdict["review"]["written"]) == (1, True)
    (block,) = blocks(repo)
    assert block.record.reason[0].startswith("The gate fails: ")
    assert any(line.startswith("error scope.out-of-scope src/b.txt") for line in block.record.gate_findings)


def test_nothing_but_commits_is_judged(repo: Path) -> None:
    before = (repo / PACKET).read_bytes()
    (repo / "src/a.txt").write_text("staged\n")
    git(repo, "add", "-A")
    code, verdict, _ = review(repo, *PASS)
    assert (code, verdict["change_set"]["source"]) == (0, "range")
    (repo / PACKET).write_bytes(before)
    code, _, err = run(repo, "review", WP_ID, *PASS, "--staged")
    assert (code, "--staged" in err) == (2, True)


def test_an_edit_of_the_packet_that_is_not_committed_is_an_error(repo: Path) -> None:
    text = (repo / PACKET).read_text()
    (repo / PACKET).write_text(edited(text, "- Done.\n", "- Done, and well.\n"))
    code, verdict, _ = review(repo, *PASS)
    assert (code, findings(verdict, "checkpoint")) == (1, ["checkpoint.uncommitted"])
    assert blocks(repo) == ()
    for _ in range(2):
        code, verdict, _ = review(repo, *FAIL)
        assert (code, findings(verdict, "checkpoint")) == (1, ["checkpoint.uncommitted"])
        assert [block.record.report for block in blocks(repo)] == [1]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "A review passes or fails."),
        (("--pass", "--fail"), "A review passes or fails."),
        (("--pass",), "A PASS needs the validator's reason."),
        (("--pass", "--reason", "  "), "A PASS needs the validator's reason."),
        (("--fail",), "A FAIL needs the validator's reason."),
    ],
)
def test_a_review_needs_one_verdict_and_a_reason(ready: Path, arguments: tuple[str, ...], told: str) -> None:
    code, out, err = run(ready, "review", WP_ID, *arguments)
    assert (code, out) == (2, "")
    assert told in err
    assert git(ready, "status", "--porcelain") == ""


def test_a_packet_without_the_section_is_refused(tmp_path: Path) -> None:
    repo = made(tmp_path / "app", {PACKET: PACKET_TEXT})
    code, _, err = run(repo, "review", WP_ID, *PASS)
    assert (code, f"{PACKET} has no section VALIDATION_REPORTS" in err) == (1, True)


def test_an_unknown_packet_and_a_bare_repository_are_wrong_usage(ready: Path, tmp_path: Path) -> None:
    assert run(ready, "review", "WP-2-Other", *PASS)[0] == 2
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", str(ready), str(bare))
    assert run(bare, "review", WP_ID, *PASS)[0] == 2


def test_a_report_edited_by_hand_is_named_and_nothing_passes_on_it(repo: Path) -> None:
    assert review(repo, *FAIL)[0] == 0
    commit(repo, "reviewed")
    text = (repo / PACKET).read_text()
    (repo / PACKET).write_text(edited(text, "- The name is wrong.", "-  The name is fine."))
    commit(repo, "edited")
    code, verdict, _ = review(repo, *PASS)
    assert (code, findings(verdict, "reports")) == (1, ["report.mismatch", "report.rewritten"])
    (finding,) = [f for f in check_of(verdict, "reports")["findings"] if f["rule"] == "report.mismatch"]
    assert (repo / PACKET).read_text().split("\n")[finding["line"] - 1] == "-  The name is fine."


def test_a_report_that_was_taken_away_is_named_and_nothing_passes_without_it(repo: Path) -> None:
    before = (repo / PACKET).read_bytes()
    assert review(repo, *FAIL)[0] == 0
    commit(repo, "reviewed")
    commit(repo, "unreviewed", {PACKET: before})
    code, verdict, _ = review(repo, *PASS)
    assert (code, findings(verdict, "reports"), blocks(repo)) == (1, ["report.rewritten"], ())


def test_an_edit_of_a_committed_report_is_never_taken_for_a_new_one(repo: Path) -> None:
    assert review(repo, *FAIL)[0] == 0
    commit(repo, "reviewed")
    text = edited((repo / PACKET).read_text(), "- The name is wrong.", "- The name is fine.")
    (repo / PACKET).write_text(text)
    code, verdict, _ = review(repo, *FAIL)
    assert (code, findings(verdict, "checkpoint")) == (1, ["checkpoint.uncommitted"])
    assert (repo / PACKET).read_text().startswith(text)
    assert [block.record.report for block in blocks(repo)] == [1, 2]


@pytest.mark.parametrize("cited", ["src/a.txt:9", "`src/none.txt:1`"])
def test_a_report_cites_only_what_is_there(repo: Path, cited: str) -> None:
    code, verdict, _ = review(repo, *PASS, "--finding", f"See {cited} for it.")
    assert (code, findings(verdict, "citations")) == (1, ["evidence.citation"])
    assert blocks(repo) == ()


def test_whoever_wrote_the_work_cannot_pass_it_where_duties_are_separate(tmp_path: Path) -> None:
    config = '[spec]\npointer = "docs/SPEC_CURRENT.md"\n[ledger]\nseparate-duties = true\n'
    repo = reviewable(tmp_path / "app", {"gatekeeper.toml": config})
    code, out, err = run(repo, "review", WP_ID, *PASS, "--actor", "maintainers <other@example.invalid>")
    assert (code, out, blocks(repo)) == (1, "", ())
    assert "maintainers <other@example.invalid> wrote " in err
    assert run(repo, "review", WP_ID, *FAIL, "--actor", "maintainers <other@example.invalid>")[0] == 0
    assert review(repo, *PASS)[0] == 0
    # Who commits a review didn't thereby write the work.
    commit(repo, "reviewed")
    author = ("-c", "user.name=V", "-c", "user.email=validator@example.invalid")
    git(repo, *author, "commit", "-q", "--allow-empty", "--amend", "-m", "reviewed", "--author", VALIDATOR)
    assert review(repo, *PASS)[0] == 0


def editor(folder: Path, script: str) -> str:
    """A command that edits its file by Python: ``text`` is the file's, ``file`` the file."""
    program = folder / "an editor.py"
    head = "import pathlib, sys\nfile = pathlib.Path(sys.argv[1])\ntext = file.read_text()\n"
    program.write_text(f"{head}{script}\n")
    return f"'{sys.executable}' '{program}'"


def test_in_the_editor_only_the_validators_words_count(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = """
for old, new in [
    ("\\nVerdict: PASS", "\\nVerdict: FAIL"),
    ("PASS packet", "FAIL packet"),
    ("src/a.txt", "src/z.txt"),
    ("\\nForbidden Patterns:", "- Found by reading.\\n  - And below it.\\n\\nForbidden Patterns:"),
    ("\\nREASON FOR PASS:", "\\nREASON FOR PASS:\\n- It is right,\\n  in every way."),
]:
    assert old in text
    text = text.replace(old, new)
file.write_text(text)"""
    monkeypatch.setenv("GIT_EDITOR", editor(tmp_path, script))
    code, verdict, err = review(repo, "--pass", "--edit", "--risk", "A risk.")
    assert (code, verdict["review"]["verdict"], err) == (0, "PASS", "")
    (block,) = blocks(repo)
    assert block.record.findings == ("Found by reading.", "  And below it.")
    assert (block.record.risks, block.record.reason) == (("A risk.",), ("It is right, in every way.",))
    assert (block.record.files, block.record.checks[0]) == (("src/a.txt",), ("packet", "PASS"))


@pytest.mark.parametrize(
    ("script", "answer"),
    [
        ("sys.exit(3)", (1, "ended with exit code 3")),
        ('file.write_text("")', (2, "The draft came back empty")),
        ("", (2, "A PASS needs the validator's reason")),
    ],
)
def test_an_editor_that_gives_no_words_writes_nothing(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, answer: tuple[int, str]
) -> None:
    monkeypatch.setenv("GIT_EDITOR", editor(tmp_path, script))
    code, _, err = run(repo, "review", WP_ID, "--pass", "--edit")
    assert (code, answer[1] in err, blocks(repo)) == (answer[0], True, ())


def test_without_an_editor_the_call_says_so(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_EDITOR", "VISUAL", "EDITOR"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("TERM", "dumb")
    code, _, err = run(repo, "review", WP_ID, "--pass", "--edit")
    assert (code, "git knows no editor" in err, blocks(repo)) == (2, True, ())


def test_words_that_were_refused_are_kept(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_EDITOR", editor(tmp_path, 'file.write_text(text + "- See src/a.txt:99\\n")'))
    code, _, err = run(repo, "review", WP_ID, "--pass", "--edit", "-q")
    assert (code, blocks(repo)) == (1, ())
    (line,) = [line for line in err.splitlines() if line.startswith("gate: what you wrote is kept in ")]
    kept = Path(line.rpartition(" in ")[2])
    assert kept.read_text().endswith("- See src/a.txt:99\n")
    kept.unlink()
    kept.parent.rmdir()


def test_a_ledger_that_cannot_be_written_is_told_and_changes_nothing(repo: Path) -> None:
    ledger = repo / ".git" / "gatekeeper"
    for file in [*ledger.glob("*")]:
        file.unlink()
    if ledger.is_dir():
        ledger.rmdir()
    ledger.write_text("no folder\n")
    code, verdict, err = review(repo, *PASS)
    assert (code, verdict["review"]["written"], len(blocks(repo))) == (0, True, 1)
    assert "gate: the ledger missed this report: " in err


def test_a_packet_with_crlf_keeps_it(tmp_path: Path) -> None:
    repo = reviewable(tmp_path / "app", {PACKET: REVIEWABLE.replace("\n", "\r\n"), ".gitattributes": "* -text\n"})
    assert review(repo, *PASS)[0] == 0
    data = (repo / PACKET).read_bytes()
    assert data.count(b"\n") == data.count(b"\r\n")
    assert len(blocks(repo)) == 1


def test_the_text_says_where_the_report_stands_and_what_comes_next(repo: Path) -> None:
    code, out, err = run(repo, "review", WP_ID, *PASS)
    assert (code, err) == (0, "")
    line = next(n for n, t in enumerate((repo / PACKET).read_text().split("\n"), 1) if "gate:report" in t)
    assert out.endswith(
        f"Packet: {PACKET}\nReport 1: PASS, at {PACKET}:{line}\n"
        f"Next: commit it with git add -- {PACKET} && git commit\n"
    )
    assert json.loads(run(repo, "status", WP_ID, "--format", "json")[1])["timeline"][-2]["what"] == (
        "reviewed: PASS, report 1"
    )
