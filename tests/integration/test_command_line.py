"""Exit codes, outputs and errors of the command line (contract, section 3)."""

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from unittest.mock import create_autospec

import pytest
from application import PACKET, WP_ID, change, commit, gate, git, planned, rules, run, worked, write
from small import WP_ID as SMALL
from small import made

from gatekeeper.cli import migrations, sha
from gatekeeper.cli.main import main


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A worked application that no test of this module changes."""
    return worked(tmp_path_factory.mktemp("cli") / "app")


def one_sentence(err: str) -> None:
    """The error is a line for the reader and at most one for the mend, and no traceback."""
    lines = err.rstrip("\n").split("\n")
    assert lines[0].startswith("gate: ")
    assert len(lines) == 1 or (len(lines) == 2 and lines[1].strip().startswith("mend: "))
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["post-work"], "WP-ID"),
        (["post-wrok", WP_ID], "post-wrok"),
        (["post-work", WP_ID, "--nonsense"], "--nonsense"),
        (["post-work", WP_ID, "--staged", "--rev", "HEAD"], "--staged"),
        (["post-work", WP_ID, "--check", "--write"], "--check"),
        (["post-work", WP_ID, "--rev", "nowhere"], "nowhere"),
        (["post-work", WP_ID, "--range", "main"], "A..B"),
        (["post-work", "not an id"], "not an id"),
        (["post-work", "../../etc/passwd"], "../../etc/passwd"),
        (["post-work", "WP-1-Migration-Framewrok"], "WP-1-Migration-Framewrok"),
        (["pre-work", "WP-1-Migration"], "WP-1-Migration"),
        (["post-work", WP_ID, "--config", "nowhere.toml"], "nowhere.toml"),
        (["post-work", WP_ID, "--format", "yaml"], "yaml"),
        (["sha", "nowhere.txt"], "nowhere.txt"),
    ],
)
def test_wrong_usage_is_exit_2_with_one_clear_sentence(repo: Path, arguments: list[str], named: str) -> None:
    code, out, err = run(repo, *arguments)
    assert code == 2
    assert out == ""
    assert named in err
    one_sentence(err)


def test_an_unknown_id_names_the_nearest(repo: Path) -> None:
    assert WP_ID in run(repo, "post-work", "WP-1-Migration-Framewrok")[2]


def test_an_id_is_never_matched_by_a_part_of_it(repo: Path) -> None:
    for part in ("WP-1-Migration", f"{WP_ID}-v2", "WP-1-migration-framework"):
        assert run(repo, "post-work", part)[0] == 2


def test_no_repository_and_no_folder_are_exit_2(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        code, out, err = run(folder, "pre-work", WP_ID)
        assert (code, out) == (2, "")
        one_sentence(err)


def test_an_unknown_key_is_exit_2_and_names_file_line_and_the_nearest_key(tmp_path: Path) -> None:
    repo = planned(tmp_path / "app")
    (repo / "gatekeeper.toml").write_text("[packets]\nexmept = []\n")
    code, _, err = run(repo, "pre-work", WP_ID)
    assert code == 2
    assert "gatekeeper.toml:2" in err
    assert "packets.exempt" in err
    one_sentence(err)


def test_postgresql_that_cannot_start_is_not_run_and_exit_3(tmp_path: Path) -> None:
    repo = planned(tmp_path / "app")
    git(repo, "switch", "-q", "main")
    empty = tmp_path / "no-server-here"
    empty.mkdir()
    text = (repo / "gatekeeper.toml").read_text()
    commit(repo, "No server", {"gatekeeper.toml": f'{text}\n[postgres]\nbin = "{empty}"\n'})
    git(repo, "switch", "-q", "-C", "work")
    write(repo, change())
    git(repo, "add", "-A")
    code, verdict, _ = gate(repo, "post-work", WP_ID)
    assert (code, verdict["exit_code"], verdict["status"]) == (3, 3, "NOT_RUN")
    statuses = {check["id"]: check["status"] for check in verdict["checks"]}
    assert statuses["migrations"] == "NOT_RUN"
    assert {engine["engine"]: engine["status"] for engine in verdict["migrations"]["engines"]} == {
        "sqlite": "PASS",
        "postgres": "NOT_RUN",
    }
    commit(repo, "The work")
    assert gate(repo, "post-work", WP_ID, "--check")[0] == 3
    assert gate(repo, "migrations", "prove")[0] == 3


def test_without_main_the_automatic_choice_is_exit_3_and_names_the_fetch(tmp_path: Path) -> None:
    repo = worked(tmp_path / "app")
    git(repo, "branch", "-q", "-D", "main")
    code, out, err = run(repo, "post-work", WP_ID, "--check")
    assert (code, out) == (3, "")
    assert "git fetch origin main" in err
    assert gate(repo, "post-work", WP_ID, "--check", "--rev", "HEAD")[0] == 0


def test_common_options_are_taken_before_and_after_the_command(repo: Path, tmp_path: Path) -> None:
    before = subprocess.run(
        [sys.executable, "-m", "gatekeeper", "--format", "json", "--repo", str(repo), "pre-work", WP_ID],
        capture_output=True,
        check=True,
        cwd=tmp_path,
    )
    after = subprocess.run(
        [sys.executable, "-m", "gatekeeper", "pre-work", WP_ID, "--repo", str(repo), "--format", "json"],
        capture_output=True,
        check=True,
        cwd=tmp_path,
    )
    verdicts = [json.loads(done.stdout) for done in (before, after)]
    for verdict in verdicts:
        del verdict["started_at"], verdict["duration_ms"]
        for check in verdict["checks"]:
            del check["duration_ms"]
    assert verdicts[0] == verdicts[1]


def test_output_goes_to_the_file_asked_for(repo: Path, tmp_path: Path) -> None:
    file = tmp_path / "verdict.json"
    code, out, err = run(repo, "pre-work", WP_ID, "--format", "json", "--output", str(file))
    assert (code, out, err) == (0, "", "")
    assert json.loads(file.read_text())["gate"] == "pre-work"


@pytest.mark.parametrize(
    ("value", "writes"), [("", True), ("0", True), ("false", True), ("true", False), ("1", False)]
)
def test_ci_implies_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, writes: bool) -> None:
    repo = made(tmp_path / "app")
    packet = repo / "packets" / f"{SMALL}.md"
    monkeypatch.setenv("CI", value)
    before = packet.read_bytes()
    code, verdict, _ = gate(repo, "post-work", SMALL)
    assert (packet.read_bytes() != before) is writes
    assert (code == 0) is writes
    assert ("manifest.missing" in rules(verdict)) is not writes
    assert gate(repo, "post-work", SMALL, "--write")[0] == 0


def test_text_has_numbered_checks_and_a_closing_line(repo: Path) -> None:
    code, out, err = run(repo, "post-work", WP_ID, "--check")
    assert (code, err) == (0, "")
    assert "Check 1: Packet structure\nPASS\n" in out
    assert out.endswith(f"Post-work validation PASSED\nPacket: {PACKET}\n")
    assert "\x1b[" not in out
    assert "\x1b[32m" in run(repo, "post-work", WP_ID, "--check", "--color", "always")[1]


def test_sha_tells_which_values_to_record(tmp_path: Path) -> None:
    repo = planned(tmp_path / "app")
    write(repo, {"src/main.rs": b"fn main() {}\n", "new.txt": b"new\n"})
    git(repo, "add", "-A")
    write(repo, {"new.txt": b"newer\n"})
    code, out, _ = run(repo, "sha", "src/main.rs", "new.txt", "--format", "json")
    # run() calls the command from this process's folder, and paths are relative to --repo.
    assert code == 0
    rows = {row["path"]: row for row in json.loads(out)["files"]}
    assert rows["src/main.rs"]["post_sha1"] == rows["src/main.rs"]["index"] == rows["src/main.rs"]["worktree"]
    assert rows["src/main.rs"]["pre_sha1"] == rows["src/main.rs"]["base"] != rows["src/main.rs"]["index"]
    assert rows["new.txt"]["pre_sha1"] == "0" * 40
    assert rows["new.txt"]["unstaged"] is True
    assert "unstaged edits" in run(repo, "sha", "new.txt")[1]


def state(repo: Path) -> list[str]:
    """What a command that only reads must leave as it is."""
    index = git(repo, "hash-object", "--no-filters", ".git/index")
    objects = git(repo, "count-objects", "-v")
    return [git(repo, "status", "--porcelain"), git(repo, "stash", "list"), index, objects]


@pytest.mark.parametrize(
    "arguments",
    [
        ["pre-work", WP_ID],
        ["post-work", WP_ID, "--check"],
        ["post-work", WP_ID, "--check", "--worktree"],
        ["post-work", WP_ID, "--check", "--staged"],
        ["migrations", "prove"],
        ["migrations", "prove", "--rev", "HEAD"],
        ["sha", "src/main.rs"],
    ],
    ids=" ".join,
)
def test_what_only_reads_changes_nothing(tmp_path: Path, arguments: list[str]) -> None:
    repo = worked(tmp_path / "app")
    write(repo, {"README.md": "unstaged\n", "untracked.txt": "untracked\n", "staged.txt": "staged\n"})
    git(repo, "add", "staged.txt")
    git(repo, "stash", "push", "-q", "--", "README.md")
    write(repo, {"README.md": "unstaged again\n"})
    git(repo, "status")
    before = state(repo)
    run(repo, *arguments)
    assert state(repo) == before


def test_an_unexpected_error_is_one_line_and_a_log(
    repo: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from gatekeeper import runs

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("something nobody thought of")

    monkeypatch.setattr(runs, "pre_work", broken)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code, out, err = run(repo, "pre-work", WP_ID)
    assert (code, out) == (70, "")
    one_sentence(err)
    (log,) = tmp_path.glob("gate-*.log")
    assert str(log) in err
    assert "something nobody thought of" in log.read_text()


@pytest.mark.parametrize(("module", "words"), [(sha, ["sha", "a"]), (migrations, ["migrations", "prove"])])
def test_an_interrupted_run_says_so_and_is_exit_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], module: ModuleType, words: list[str]
) -> None:
    name = words[1] if module is migrations else "command"
    interrupted = create_autospec(getattr(module, name), side_effect=KeyboardInterrupt)
    monkeypatch.setattr(module, name, interrupted)
    assert main(words) == 130
    assert capsys.readouterr().err.strip() == "gate: Interrupted."


@pytest.mark.parametrize("name", ["audit", "ledger"])
def test_a_command_is_the_same_before_and_behind_the_common_options(name: str) -> None:
    gate_ = [sys.executable, "-m", "gatekeeper"]
    first, second = (
        subprocess.run([*gate_, *words, name, "--help"], capture_output=True, check=True).stdout
        for words in ((), ("--color", "never"))
    )
    assert first == second


def test_a_misspelt_command_is_held_against_them_all() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gatekeeper", "stauts"], capture_output=True, check=False, text=True
    )
    assert (done.returncode, "status" in done.stderr) == (2, True)
