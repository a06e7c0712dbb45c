"""``gate ledger``, and the runs of gates as the ledger tells them, by way of the program itself."""

import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from application import PACKET, WP_ID, commit, comparable, gate, git, planned, run, write
from ledgers import DurableServer, durable_server

from gatekeeper.ledger.sqlite import FILE

Made = tuple[Path, str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with an approved packet and no ledger."""
    repo = planned(tmp_path_factory.mktemp("made") / "repo")
    git(repo, "config", "user.name", "Ada Lovelace")
    git(repo, "config", "user.email", "ada@example.invalid")
    write(repo, {"src/storage/notes.rs": "// nothing yet\n"})
    git(repo, "add", "-A")
    return repo


@pytest.fixture
def repo(made: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(made, tmp_path / "repo", symlinks=True))


def events(repo: Path) -> list[dict[str, Any]]:
    """The ledger's export, payloads read."""
    code, out, _ = run(repo, "ledger", "export")
    assert code == 0
    found = [json.loads(line) for line in out.splitlines()]
    return [one | {"payload": json.loads(one["payload"])} for one in found]


def spoil(repo: Path) -> None:
    """Make the ledger impossible: a file stands where its folder would be."""
    (repo / ".git" / "gatekeeper").write_text("")


def test_a_run_is_recorded_with_what_it_judged(repo: Path) -> None:
    assert run(repo, "pre-work", WP_ID)[0] == 0
    code, verdict, _ = gate(repo, "post-work", WP_ID, "--check")
    assert code == 1
    pre, post = events(repo)
    assert (pre["kind"], pre["wp_id"], pre["payload"]["gate"]) == ("gate-run", WP_ID, "pre-work")
    assert (pre["payload"]["status"], pre["payload"]["change_digest"]) == ("PASS", None)
    assert post["actor"] == "Ada Lovelace <ada@example.invalid>"
    assert (post["payload"]["status"], post["payload"]["exit_code"]) == ("FAIL", 1)
    change = verdict["change_set"]
    told = {name: post["payload"][name] for name in ("base", "head", "base_tree", "head_tree", "files")}
    assert told == {name: change[name] for name in told}
    assert post["payload"]["change_digest"] == change["digest"]
    assert (
        post["packet_digest"] == git(repo, "hash-object", "--no-filters", PACKET)
        or len(post["packet_digest"]) == 64
    )
    assert "manifest.missing" in post["payload"]["errors"]


def test_check_records_each_packet_and_the_whole(repo: Path) -> None:
    commit(repo, f"{WP_ID}: a note", {PACKET: (repo / PACKET).read_bytes() + b"\n"})
    run(repo, "check")
    told = [(one["wp_id"], one["payload"]["gate"], one["payload"]["within"]) for one in events(repo)]
    assert told[-1] == (None, "check", None)
    assert (WP_ID, "post-work", "check") in told or (WP_ID, "check", "check") in told


def test_with_a_ledger_without_one_and_with_one_that_fails_the_verdict_is_the_same(
    repo: Path, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_one = gate(repo, "post-work", WP_ID, "--check")
    spoiled = Path(shutil.copytree(made, tmp_path / "spoiled", symlinks=True))
    spoil(spoiled)
    failing = gate(spoiled, "post-work", WP_ID, "--check")
    monkeypatch.setenv("GATEKEEPER_LEDGER", "off")
    without = gate(made, "post-work", WP_ID, "--check")
    assert not (made / ".git" / "gatekeeper").exists()
    assert with_one[0] == without[0] == failing[0] == 1
    assert comparable(with_one[1]) == comparable(without[1]) == comparable(failing[1])
    assert list(with_one[1]) == list(without[1])
    assert with_one[2] == without[2] == ""
    (line,) = failing[2].splitlines()
    assert line.startswith("gate: the ledger missed this run: The ledger's folder")


def test_a_gate_that_passes_still_passes_where_the_ledger_fails(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(repo)
    code, out, error = run(repo, "pre-work", WP_ID)
    assert (code, "PASSED" in out, error.count("\n")) == (0, True, 1)
    monkeypatch.setenv("GATEKEEPER_LEDGER_URL", "postgresql://u:s3cr3t@127.0.0.1:1/d")
    code, out, error = run(repo, "pre-work", WP_ID)
    assert (code, "PASSED" in out, error.count("\n")) == (0, True, 1)
    assert "s3cr3t" not in error
    monkeypatch.setenv("GATEKEEPER_LEDGER_URL", "mysql://u:s3cr3t@h/d")
    code, out, error = run(repo, "pre-work", WP_ID)
    assert (code, "PASSED" in out, error.count("\n")) == (0, True, 1)
    assert "s3cr3t" not in error


def test_on_a_full_disk_the_verdict_stands(repo: Path) -> None:
    run(repo, "pre-work", WP_ID)
    limit = 30_000  # below what the ledger's index of its log takes

    def little() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        [sys.executable, "-m", "gatekeeper", "--repo", str(repo), "pre-work", WP_ID],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=little,
    )
    assert (done.returncode, "PASSED" in done.stdout) == (0, True), done.stderr
    assert "the ledger missed this run" in done.stderr
    assert len(events(repo)) == 1
    assert run(repo, "ledger", "verify")[0] == 0


def test_linked_work_trees_and_bare_clones_have_their_ledger_in_the_common_directory(
    repo: Path, tmp_path: Path
) -> None:
    linked = tmp_path / "linked"
    git(repo, "worktree", "add", "-q", str(linked))
    run(repo, "pre-work", WP_ID)
    run(linked, "pre-work", WP_ID)
    assert [one["seq"] for one in events(linked)] == [1, 2]
    assert events(linked) == events(repo)
    assert not (repo / ".git" / "worktrees" / "linked" / "gatekeeper").exists()
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", str(repo), str(bare))
    run(bare, "pre-work", WP_ID)
    assert (bare / FILE).is_file()
    assert len(events(bare)) == 1


def test_the_base_says_where_a_run_is_recorded(repo: Path) -> None:
    write(repo, {"gatekeeper.toml": '[ledger]\nurl = "postgresql://127.0.0.1:1/elsewhere"\n'})
    git(repo, "add", "-A")
    # The base has a file of its own, so what the change brings doesn't count.
    git(repo, "stash", "-q")
    git(repo, "switch", "-q", "main")
    commit(repo, "Configuration", {"gatekeeper.toml": "[authority]\nstrict = true\n"})
    git(repo, "switch", "-q", "work")
    git(repo, "merge", "-q", "main", "-m", "Merge")
    write(repo, {"gatekeeper.toml": '[ledger]\nurl = "postgresql://127.0.0.1:1/elsewhere?sslmode=none"\n'})
    git(repo, "add", "-A")
    assert "missed" not in run(repo, "post-work", WP_ID, "--check")[2]
    assert "127.0.0.1 port 1" in run(repo, "pre-work", WP_ID)[2]
    assert (repo / ".git" / FILE).is_file()


@pytest.mark.parametrize(
    ("environment", "actor"),
    [
        ({"GATEKEEPER_ACTOR": " Grace "}, "Grace"),
        ({"GIT_AUTHOR_NAME": "Zoë", "GIT_AUTHOR_EMAIL": "z@example.invalid"}, "Zoë <z@example.invalid>"),
        ({}, "Ada Lovelace <ada@example.invalid>"),
    ],
)
def test_the_actor_is_who_git_would_name(
    environment: Mapping[str, str], actor: str, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    run(repo, "pre-work", WP_ID)
    assert events(repo)[0]["actor"] == actor


def test_where_git_knows_no_one_the_account_acts(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(repo, "config", "--unset", "user.name")
    git(repo, "config", "--unset", "user.email")
    git(repo, "config", "user.useConfigOnly", "true")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("LOGNAME", "operator")
    assert run(repo, "pre-work", WP_ID)[::2] == (0, "")
    assert events(repo)[0]["actor"] == "operator"


# gate ledger


def test_before_the_first_event_there_is_an_empty_ledger(repo: Path) -> None:
    code, out, _ = run(repo, "ledger", "status")
    assert (code, "no ledger yet" in out) == (0, True)
    assert run(repo, "ledger", "verify")[0] == 0
    assert run(repo, "ledger", "export")[:2] == (0, "")
    assert run(repo, "ledger", "verify", "--tip", "0" * 64)[0] == 1
    assert not (repo / ".git" / "gatekeeper").exists()


def test_status_verify_export_and_import_as_a_user_types_them(repo: Path, made: Path, tmp_path: Path) -> None:
    run(repo, "pre-work", WP_ID)
    run(repo, "pre-work", WP_ID)
    code, status, _ = gate(repo, "ledger", "status")
    assert code == 0
    assert (status["schema"], status["backend"], status["events"]) == ("gatekeeper/ledger/v1", "sqlite", 2)
    assert (status["schema_version"], status["location"]) == ("0002", str(repo / ".git" / FILE))
    shown = run(repo, "ledger", "status")[1]
    assert status["tip"] in shown
    assert "version 0002" in shown
    file = tmp_path / "out.jsonl"
    code, out, error = run(repo, "ledger", "export", "--output", str(file))
    assert (code, out, error) == (0, "", "gate: 2 events exported.\n")
    code, out, _ = run(repo, "ledger", "verify", "--tip", status["tip"], "--against", str(file))
    assert (code, out.splitlines()[-1]) == (
        0,
        f"Ledger verify PASSED: 2 events in one unbroken chain, tip {status['tip']}",
    )
    into = Path(shutil.copytree(made, tmp_path / "into", symlinks=True))
    code, out, _ = run(into, "ledger", "import", str(file))
    assert (code, out.splitlines()[-1]) == (0, "Ledger import done: 2 events added, 0 there already")
    code, report, _ = gate(into, "ledger", "import", str(file))
    assert (code, report["added"], report["already"], report["tip"]) == (0, 0, 2, status["tip"])
    assert events(into) == events(repo)


def test_verify_names_what_was_done_with_rule_and_mend(repo: Path, tmp_path: Path) -> None:
    for _ in range(3):
        run(repo, "pre-work", WP_ID)
    file = tmp_path / "out.jsonl"
    run(repo, "ledger", "export", "--output", str(file))
    with closing(sqlite3.connect(repo / ".git" / FILE, isolation_level=None)) as connection:
        connection.execute("UPDATE events SET actor = 'Eve' WHERE seq = 2")
    code, out, _ = run(repo, "ledger", "verify")
    assert (code, out.splitlines()[-1]) == (1, "Ledger verify FAILED")
    assert "error ledger.digest" in out
    assert "Event 2 (gate-run, WP-1-Migration-Framework) was changed" in out
    code, report, _ = gate(repo, "ledger", "verify", "--against", str(file))
    assert (code, report["status"]) == (1, "FAIL")
    assert [finding["rule"] for finding in report["findings"]] == ["ledger.digest"]
    assert "::error" in run(repo, "ledger", "verify", "--format", "github")[1]
    assert run(repo, "explain", "ledger.digest")[0] == 0


def test_what_was_deleted_after_it_was_exported_is_named(repo: Path, tmp_path: Path) -> None:
    for _ in range(3):
        run(repo, "pre-work", WP_ID)
    file = tmp_path / "out.jsonl"
    run(repo, "ledger", "export", "--output", str(file))
    with closing(sqlite3.connect(repo / ".git" / FILE, isolation_level=None)) as connection:
        connection.execute("DELETE FROM events WHERE seq = 3")
    assert run(repo, "ledger", "verify")[0] == 0
    code, out, _ = run(repo, "ledger", "verify", "--against", str(file))
    assert (code, "ledger.tail" in out, "ends at event 2" in out) == (1, True, True)


def test_a_refused_import_names_the_line_and_adds_nothing(repo: Path, tmp_path: Path) -> None:
    for _ in range(3):
        run(repo, "pre-work", WP_ID)
    file = tmp_path / "out.jsonl"
    run(repo, "ledger", "export", "--output", str(file))
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join([lines[0], lines[2]]))
    other = planned(tmp_path / "other")
    code, out, _ = run(other, "ledger", "import", str(file))
    assert (code, out.splitlines()[-1]) == (1, "Ledger import FAILED: nothing was added")
    assert f"ledger.gap {file.as_posix()}:2" in out
    assert run(other, "ledger", "export")[1] == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["verify", "--tip", "abc"],
        ["verify", "--against", "nowhere.jsonl"],
        ["import", "nowhere.jsonl"],
        ["import", "."],
    ],
)
def test_a_wrong_call_is_refused_with_its_mend(arguments: list[str], repo: Path) -> None:
    code, out, error = run(repo, "ledger", *arguments)
    assert (code, out, "mend:" in error) == (2, "", True)


def test_a_damaged_ledger_is_named_by_every_command(repo: Path) -> None:
    run(repo, "pre-work", WP_ID)
    (repo / ".git" / FILE).write_bytes(b"\xa5" * 8192)
    code, out, error = run(repo, "pre-work", WP_ID)
    assert (code, "PASSED" in out, "is damaged" in error) == (0, True, True)
    code, out, _ = run(repo, "ledger", "verify")
    assert (code, "ledger.damaged" in out) == (1, True)
    code, out, error = run(repo, "ledger", "status")
    assert (code, out, "mend:" in error) == (3, "", True)
    code, out, error = run(repo, "ledger", "export")
    assert (code, out, "is damaged" in error, "0 events exported" in error) == (1, "", True, True)
    doctor = gate(repo, "doctor")[1]["checks"]
    (line,) = [check for check in doctor if check["id"] == "ledger"]
    assert (line["status"], "is damaged" in line["reason"]) == ("NOT_RUN", True)


def test_a_reader_that_wants_no_more_ends_the_export(repo: Path) -> None:
    for _ in range(2):
        run(repo, "pre-work", WP_ID)
    export = [sys.executable, "-m", "gatekeeper", "--repo", str(repo), "ledger", "export"]
    with subprocess.Popen(export, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as started:
        assert started.stdout
        assert started.stderr
        started.stdout.close()
        assert b"Traceback" not in started.stderr.read()


# In a team's database


@pytest.fixture(scope="module")
def server() -> Iterator[DurableServer]:
    with durable_server() as running:
        yield running


def test_a_team_shares_one_ledger_in_postgresql(
    repo: Path, made: Path, tmp_path: Path, server: DurableServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.new_database("team")
    monkeypatch.setenv("GATEKEEPER_LEDGER_URL", url)
    clone = Path(shutil.copytree(made, tmp_path / "clone", symlinks=True))
    assert gate(repo, "ledger", "status")[1]["exists"] is False
    for place in (repo, clone):
        assert run(place, "pre-work", WP_ID)[::2] == (0, "")
    code, status, _ = gate(repo, "ledger", "status")
    assert (code, status["backend"], status["events"], status["schema_version"]) == (0, "postgres", 2, "0002")
    assert "database team" in status["location"]
    assert run(repo, "ledger", "verify")[0] == 0
    assert events(repo) == events(clone)
    assert not (repo / ".git" / "gatekeeper").exists()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE events SET payload = '{}' WHERE seq = 1")
    code, out, _ = run(repo, "ledger", "verify")
    assert (code, "ledger.digest" in out) == (1, True)
