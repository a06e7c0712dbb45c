"""Ledgers that can't be reached, written or read: a clear error or another try, and gates give their verdict."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from application import git, run
from disks import Before, full_disk, read_only
from ledgers import DurableServer, durable_server, settings

from gatekeeper.ledger import open_ledger
from gatekeeper.ledger.ledger import Ledger
from gatekeeper.ledger.sqlite import FILE
from gatekeeper.ledger.transfer import export_events, import_events
from gatekeeper.model.errors import LedgerError
from gatekeeper.model.ledger import NewEvent
from packets import CODER, PACKET, REFINEMENT, WP_ID, Call, as_person, drafted, signed

NEW = NewEvent("gate-run", None, "Ada")
APPROVED = "SKELETON APPROVED\n"
"""A line of its own."""


def gate(repo: Path, *arguments: str, before: Before = None) -> Call:
    """The program as the coder calls it, as a process of its own where something comes before."""
    if before is None:
        return as_person(CODER, repo, *arguments)
    done = subprocess.run(
        [sys.executable, "-m", "gatekeeper", "--repo", str(repo), *arguments],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=before,
        env={**os.environ, "GATEKEEPER_ACTOR": CODER},
    )
    return Call(done.returncode, done.stdout, done.stderr)


def plan(repo: Path) -> Mapping[str, bytes]:
    return {path: (repo / path).read_bytes() for path in (PACKET, REFINEMENT)}


# A disk that is full


def test_on_a_full_disk_gates_judge_and_nothing_is_signed(tmp_path: Path) -> None:
    with full_disk(tmp_path / "disk") as disk:
        repo = drafted(disk.folder / "app")
        assert "missed" not in gate(repo, "pre-work", WP_ID).err
        full = disk.fill(16_384)
        judged = gate(repo, "pre-work", WP_ID, before=full)
        assert (judged.code, "refinement.unsigned" in judged.out) == (1, True)
        assert re.search(r"the ledger missed this run: .* the disk is full or fails", judged.err), judged.err
        before = plan(repo)
        refused = gate(repo, "sign", WP_ID, before=full)
        assert (refused.code, "the disk is full or fails" in refused.err) == (3, True), refused.err
        assert plan(repo) == before
        read = gate(repo, "ledger", "export", before=full)
        assert (read.code, len(read.out.splitlines())) == (0, 1), read.err
        disk.empty()
        assert gate(repo, "sign", WP_ID).code == 0
        assert [json.loads(line)["kind"] for line in gate(repo, "ledger", "export").out.splitlines()] == [
            "gate-run",
            "signed",
        ]
        assert gate(repo, "ledger", "verify").code == 0


def test_an_export_that_finds_no_room_is_no_export(tmp_path: Path) -> None:
    repo = drafted(tmp_path / "app")
    run(repo, "pre-work", WP_ID)
    with full_disk(tmp_path / "disk") as disk:
        file = disk.folder / "export.jsonl"
        file.touch()
        full = disk.fill(0)
        for arguments in (f'> "{file}"', f'--output "{file}"'):
            call = f'"{sys.executable}" -m gatekeeper --repo "{repo}" ledger export {arguments}'
            done = subprocess.run(["sh", "-c", call], capture_output=True, text=True, check=False, preexec_fn=full)
            assert (done.returncode, "can't be written: " in done.stderr) == (2, True), done.stderr


# A file system that can only be read


def test_where_nothing_can_be_written_gates_judge_and_nothing_is_signed(tmp_path: Path) -> None:
    repo = drafted(tmp_path / "app")
    assert "missed" not in gate(repo, "pre-work", WP_ID).err
    with read_only(repo) as before:
        judged = gate(repo, "pre-work", WP_ID, before=before)
        refused = gate(repo, "sign", WP_ID, before=before)
        verified = gate(repo, "ledger", "verify", before=before)
    assert (judged.code, "refinement.unsigned" in judged.out) == (1, True)
    assert re.search(r"the ledger missed this run: .* can't be opened or written", judged.err), judged.err
    assert (refused.code, "can't be opened or written" in refused.err) == (3, True), refused.err
    assert (verified.code, "1 event in one unbroken chain" in verified.out) == (0, True)
    assert git(repo, "status", "--porcelain") == ""


def test_an_approval_that_the_ledger_can_not_take_is_not_made(tmp_path: Path) -> None:
    """Only the ledger's folder can't be written."""
    repo = signed(tmp_path / "app")
    head = git(repo, "rev-parse", "HEAD")
    with read_only(repo / ".git" / "gatekeeper") as before:
        refused = gate(repo, "approve", WP_ID, "--commit", before=before)
    assert (refused.code, "can't be opened or written" in refused.err) == (3, True), refused.err
    assert (git(repo, "rev-parse", "HEAD"), git(repo, "status", "--porcelain")) == (head, "")
    assert gate(repo, "approve", WP_ID, "--commit").code == 0


# A server that is away


@pytest.fixture(scope="module")
def server() -> Iterator[DurableServer]:
    with durable_server() as running:
        yield running


ASKED: dict[str, Callable[[Ledger, Path], object]] = {
    "append": lambda ledger, _: ledger.append(NEW).seq == 2,
    "status": lambda ledger, _: ledger.status().events == 1,
    "verify": lambda ledger, _: ledger.verify() == (),
    "import": lambda ledger, file: import_events(ledger, file).already == 1,
}


def test_a_ledger_is_opened_once_its_server_is_back(server: DurableServer, tmp_path: Path) -> None:
    """The first question of each comes while the server is stopped; it starts a moment later."""
    urls = {name: server.new_database(f"away_{name}") for name in ASKED}
    for name, url in urls.items():
        with open_ledger(settings(url), tmp_path) as ledger, (tmp_path / f"{name}.jsonl").open("w") as out:
            ledger.append(NEW)
            export_events(ledger, out.write)

    def answered(name: str) -> object:
        with open_ledger(settings(urls[name]), tmp_path) as ledger:
            return ASKED[name](ledger, tmp_path / f"{name}.jsonl")

    server.stop()
    with ThreadPoolExecutor() as pool:
        asked = {name: pool.submit(answered, name) for name in ASKED}
        time.sleep(0.7)
        assert not any(one.done() for one in asked.values())
        server.start()
    assert {name: one.result() for name, one in asked.items()} == dict.fromkeys(ASKED, True)


def test_what_no_waiting_mends_is_told_at_once(server: DurableServer, tmp_path: Path) -> None:
    """The server is asked a single time for a database that it doesn't have."""
    with (
        pytest.raises(LedgerError, match='database "nowhere" does not exist'),
        open_ledger(settings(server.url("nowhere")), tmp_path) as ledger,
    ):
        ledger.append(NEW)
    assert server.log().count('database "nowhere" does not exist') == 1


# A file that somebody wrote into

DEEP = '{"a":' * 50_000 + "1" + "}" * 50_000
WRITTEN = {
    "a payload that nests without end": f"UPDATE events SET payload = '{DEEP}'",
    "values of other kinds": """UPDATE events SET payload = '{"token":[1],"parts":{"SCOPE":3},"gate":{}}'""",
    "bytes for a time": "UPDATE events SET at = x'00ff'",
    "bytes for a packet": "UPDATE events SET wp_id = x'00ff' WHERE seq = 1",
    "the largest number": "UPDATE events SET seq = 9223372036854775807 WHERE seq = 2",
    "text for a number": "UPDATE events SET seq = 'two' WHERE seq = 2",
    "a version that is none": "UPDATE gate_migrations SET version = 'two' WHERE version = '0002'",
    "no versions": "DROP TABLE gate_migrations",
    "a column less": "ALTER TABLE events DROP COLUMN tool_version",
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signed packet, and a run of a gate after it."""
    repo = signed(tmp_path_factory.mktemp("recorded") / "app")
    run(repo, "pre-work", WP_ID)
    return repo


@pytest.mark.parametrize("name", WRITTEN)
def test_whatever_was_written_into_the_file_every_command_ends_in_its_own_words(
    name: str, recorded: Path, tmp_path: Path
) -> None:
    repo = Path(shutil.copytree(recorded, tmp_path / "app", symlinks=True))
    with closing(sqlite3.connect(repo / ".git" / FILE, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = on")
        connection.execute(WRITTEN[name])
    assert run(repo, "ledger", "verify")[0] == 1
    code, _, error = run(repo, "pre-work", WP_ID)
    assert (code, "unexpected" in error) == (0, False), error
    for arguments in (("ledger", "status"), ("ledger", "export"), ("status", WP_ID), ("status", "--log")):
        code, _, error = run(repo, *arguments)
        assert code in {0, 1, 3}, (arguments, error)
    code, _, error = run(repo, "approve", WP_ID)
    assert (code, (repo / PACKET).read_text().count(APPROVED)) in {(0, 1), (3, 0)}, error
    assert run(repo, "ledger", "verify")[0] == 1


def test_a_ledger_that_takes_an_event_and_keeps_none_is_an_error(tmp_path: Path) -> None:
    with open_ledger(settings(""), tmp_path) as ledger:
        ledger.append(NEW)
        with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as connection:
            connection.execute("CREATE TRIGGER t BEFORE INSERT ON events BEGIN SELECT RAISE(IGNORE); END")
        with pytest.raises(LedgerError, match="it took no event"):
            ledger.append(NEW)


# A file that was emptied


def test_an_emptied_ledger_is_named_and_read_as_nothing(tmp_path: Path) -> None:
    repo = drafted(tmp_path / "app")
    run(repo, "pre-work", WP_ID)
    file = repo / ".git" / FILE
    file.write_bytes(b"")
    code, out, _ = run(repo, "ledger", "verify")
    assert (code, "ledger.damaged" in out, "has no bytes" in out) == (1, True, True)
    code, out, error = run(repo, "ledger", "export")
    assert (code, out, "is empty" in error) == (1, "", True)
    assert file.read_bytes() == b""


@pytest.mark.parametrize("emptied", [True, False])
def test_a_log_without_its_file_is_kept_as_it_is(emptied: bool, tmp_path: Path) -> None:
    """SQLite would throw the log away, and with it what was appended last."""
    repo = drafted(tmp_path / "app")
    file = repo / ".git" / FILE
    with open_ledger(settings(""), repo / ".git") as ledger:
        ledger.append(NEW)
        log = file.with_name(f"{file.name}-wal").read_bytes()
    file.write_bytes(b"")
    if not emptied:
        file.unlink()
    file.with_name(f"{file.name}-wal").write_bytes(log)
    code, out, error = run(repo, "pre-work", WP_ID)
    assert (code, "refinement.unsigned" in out, "the log beside it isn't" in error) == (1, True, True)
    for arguments, expected in {("verify",): 1, ("export",): 1, ("status",): 3}.items():
        code, out, error = run(repo, "ledger", *arguments)
        assert (code, "the log beside it isn't" in out + error) == (expected, True), arguments
    assert file.with_name(f"{file.name}-wal").read_bytes() == log
