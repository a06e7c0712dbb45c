"""The ledger on both databases: many writers, kills, locks, a full disk, a restart; and every fault named."""

import os
import random
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import psycopg
import pytest
from disks import Before, read_only
from ledgers import DurableServer, durable_server, settings, started

from gatekeeper.ledger import Ledger, open_ledger
from gatekeeper.ledger.ledger import store_of
from gatekeeper.ledger.sqlite import FILE, SqliteStore
from gatekeeper.ledger.transfer import export_events, import_events
from gatekeeper.ledger.verify import against
from gatekeeper.model.errors import LedgerError
from gatekeeper.model.finding import Finding
from gatekeeper.model.ledger import NO_EVENT, Event, NewEvent
from gatekeeper.model.settings import LedgerSettings

TESTS = Path(__file__).resolve().parents[1]
Fresh = Callable[[], tuple[str, Path]]


@pytest.fixture(scope="module")
def server() -> Iterator[DurableServer]:
    with durable_server() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """URL and common directory of a ledger that isn't there yet."""
    if request.param == "sqlite":
        return "", tmp_path / "common"
    server: DurableServer = request.getfixturevalue("server")
    return server.new_database(f"l{random.getrandbits(40)}"), tmp_path


@pytest.fixture
def ledger(place: tuple[str, Path]) -> Iterator[Ledger]:
    with open_ledger(settings(place[0]), place[1]) as opened:
        yield opened


def new(number: int = 0, **other: object) -> NewEvent:
    """An event to append."""
    return NewEvent(**{"kind": "gate-run", "wp_id": "WP-1", "actor": "Ada", "payload": {"n": number}} | other)  # type: ignore[arg-type] # its fields


def filled(ledger: Ledger, count: int = 8) -> list[Event]:
    """A ledger with so many events."""
    return list(ledger.append_all([new(number) for number in range(count)]))


def rules(findings: tuple[Finding, ...]) -> list[str]:
    return sorted({finding.rule for finding in findings})


def run_sql(place: tuple[str, Path], script: str) -> None:
    """Change a ledger behind its back."""
    url, folder = place
    if url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(script.encode())
    else:
        with closing(sqlite3.connect(folder / FILE, isolation_level=None)) as connection_:
            connection_.execute("PRAGMA ignore_check_constraints = on")
            connection_.executescript(script)


# Appended, and read


def test_a_read_makes_nothing(ledger: Ledger, place: tuple[str, Path]) -> None:
    assert (ledger.tip(), list(ledger.events()), ledger.verify(), ledger.status().exists) == (None, [], (), False)
    if place[0]:
        with psycopg.connect(place[0]) as connection:
            assert connection.execute("SELECT to_regclass('events')").fetchone() == (None,)
    else:
        assert not place[1].exists()


def test_events_are_read_as_they_were_appended(ledger: Ledger, place: tuple[str, Path]) -> None:
    one = ledger.append(
        NewEvent("signed", "WP-2", "Zoë <z@example.invalid>", "a" * 64, {"ü": [1, None], "a": "\udc80"})
    )
    two = ledger.append(NewEvent("gate-run", None, "A\0da \udc80"))
    assert (one.seq, one.previous_digest, two.seq, two.previous_digest) == (1, NO_EVENT, 2, one.digest)
    assert one.payload == '{"a":"\\udc80","\\u00fc":[1,null]}'
    assert one.data == {"ü": [1, None], "a": "\udc80"}
    assert two.actor == "A\ufffdda \ufffd"
    with open_ledger(settings(place[0]), place[1]) as again:
        assert list(again.events()) == [one, two]
        assert list(again.events("WP-2")) == [one] == list(again.events(kind="signed"))
        assert list(again.events(after=1)) == [two]
        assert list(again.events("WP-2", "gate-run")) == []
        assert again.tip() == two
        assert again.find(one.digest) == one
        assert again.verify() == ()


def test_a_long_chain_is_streamed_in_order(ledger: Ledger) -> None:
    filled(ledger, 2_500)
    assert [event.seq for event in ledger.events()] == list(range(1, 2_501))
    assert [event.seq for event in ledger.events(after=1_200)] == list(range(1_201, 2_501))
    assert ledger.verify() == ()


def test_events_appended_together_are_there_all_or_not_at_all(ledger: Ledger) -> None:
    class Stop(Exception):  # noqa: N818 - it names what happens
        pass

    def stop() -> None:
        assert ledger.tip() is None
        raise Stop

    with pytest.raises(Stop):
        ledger.append_all([new(1), new(2)], guard=stop)
    assert list(ledger.events()) == []
    with pytest.raises(TypeError):
        ledger.append_all([new(1), new(2, payload={"x": object()})])
    assert list(ledger.events()) == []
    assert [event.seq for event in ledger.append_all([new(1), new(2)])] == [1, 2]


def test_a_guard_decides_while_no_one_else_appends(place: tuple[str, Path]) -> None:
    """Eight threads want the same token: one gets it."""
    won: list[int] = []

    def sign(number: int) -> None:
        with open_ledger(settings(place[0]), place[1]) as own:

            def unsigned() -> None:
                if any(own.events(kind="signed")):
                    raise LookupError

            try:
                own.append(new(number, kind="signed"), guard=unsigned)
                won.append(number)
            except LookupError:
                pass

    threads = [threading.Thread(target=sign, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_status_tells_the_tracked_schema_and_no_password(ledger: Ledger, place: tuple[str, Path]) -> None:
    events = filled(ledger)
    found = ledger.status()
    assert (found.exists, found.events, found.tip) == (True, 8, events[-1].digest)
    assert (found.schema_version, found.schema_known) == ("0002", "0002")
    assert (found.first_at, found.last_at) == (events[0].at, events[-1].at)
    run_sql(place, "DELETE FROM gate_migrations WHERE version = '0002'")
    assert ledger.status().schema_version == "0001"


def test_a_url_that_names_no_database_is_refused(tmp_path: Path) -> None:
    for url in ("mysql://u:secret@h/d", "postgresql://u:sec ret@[h/d"):
        with pytest.raises(LedgerError) as refused, open_ledger(LedgerSettings(url=url), tmp_path):
            pass
        assert "sec" not in str(refused.value)


def test_a_server_that_is_not_there_is_told_of_at_once_and_without_its_password(tmp_path: Path) -> None:
    begun = time.monotonic()
    with (
        pytest.raises(LedgerError, match="can't be reached") as refused,
        open_ledger(settings("postgresql://u:s3cr3t@127.0.0.1:1/d"), tmp_path) as ledger,
    ):
        ledger.append(new())
    assert "s3cr3t" not in f"{refused.value} {refused.value.hint}"
    assert time.monotonic() - begun < 15


def test_a_database_with_other_tables_is_left_alone(place: tuple[str, Path], ledger: Ledger) -> None:
    if not place[0]:
        (place[1] / FILE).parent.mkdir(parents=True)
    run_sql(place, "CREATE TABLE jobs (id BIGINT)")
    with pytest.raises(LedgerError, match="not empty"):
        ledger.append(new())


# Many writers


def test_thirty_two_writers_make_one_chain(place: tuple[str, Path]) -> None:
    """All start at once on a ledger that isn't there, so they also make it together."""
    done = started("together", 32, 10, place[1], place[0])
    done.communicate()
    assert done.returncode == 0
    with open_ledger(settings(place[0]), place[1]) as ledger:
        events = list(ledger.events())
        assert ledger.verify() == ()
    assert [event.seq for event in events] == list(range(1, 321))
    assert len({(event.data["writer"], event.data["number"]) for event in events}) == 320


def test_a_kill_loses_at_most_the_event_in_flight(place: tuple[str, Path]) -> None:
    told: list[str] = []
    for _ in range(4):
        with started("one", 200, place[1], place[0]) as writer:
            assert writer.stdout
            first = writer.stdout.readline()
            time.sleep(random.uniform(0, 0.25))  # noqa: S311 - a moment
            writer.kill()
            told += [first.strip(), *writer.stdout.read().split("\n")]
    with open_ledger(settings(place[0]), place[1]) as ledger:
        held = {f"{event.seq} {event.digest}" for event in ledger.events()}
        assert ledger.verify() == ()
    whole = {line for line in told if re.fullmatch(r"\d+ [0-9a-f]{64}", line)}
    assert whole <= held
    assert len(held) <= len(whole) + 4


def test_a_restart_in_the_middle_loses_and_doubles_nothing(server: DurableServer, tmp_path: Path) -> None:
    url = server.new_database(f"r{random.getrandbits(40)}")
    writers = [started("one", 120, tmp_path, url) for _ in range(3)]
    told = [writer.stdout.readline().rstrip("\n") for writer in writers if writer.stdout]
    for _ in range(2):
        server.restart()
        time.sleep(0.2)
    told += [line for writer in writers for line in writer.communicate()[0].split("\n") if line]
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    with open_ledger(settings(url), tmp_path) as ledger:
        events = list(ledger.events())
        assert ledger.verify() == ()
    assert sorted(told) == sorted(f"{event.seq} {event.digest}" for event in events)
    assert len({(event.data["writer"], event.data["number"]) for event in events}) == len(events) == 360


def test_a_commit_whose_answer_was_lost_is_not_repeated(server: DurableServer, tmp_path: Path) -> None:
    """The connection breaks right after the server committed, and right before."""
    url = server.new_database(f"c{random.getrandbits(40)}")
    with open_ledger(settings(url), tmp_path) as ledger:
        filled(ledger, 1)
        for before in (True, False):
            _break_once(ledger, server, before=before)
            ledger.append(new(7 + before))
        assert [event.data["n"] for event in ledger.events()] == [0, 8, 7]
        assert ledger.verify() == ()


def _break_once(ledger: Ledger, server: DurableServer, *, before: bool) -> None:
    store = ledger.store
    commit = store.commit

    def broken(events: object = ()) -> None:
        store.commit = commit  # type: ignore[method-assign] # only the first time
        if not before:
            commit(events)  # type: ignore[arg-type] # as it was given
        server.ask(
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"
        )
        if before:
            commit(events)  # type: ignore[arg-type] # as it was given
        else:
            ledger.tip()

    store.commit = broken  # type: ignore[method-assign] # as said


def test_a_server_that_stays_away_is_told_of_and_nothing_is_claimed(tmp_path: Path) -> None:
    with durable_server() as own:
        url = own.new_database("gone")
        with open_ledger(settings(url), tmp_path) as opened:
            ledger = Ledger(opened.store, wait=1)
            filled(ledger, 1)
            own.stop()
            # Which of the two depends on how far the append had come; that it was recorded is never claimed.
            with pytest.raises(LedgerError, match=r"Nothing was recorded|recorded isn't known"):
                ledger.append(new(1))
            own.start()
            assert ledger.append(new(2)).seq == 2


# Faults of the place


def test_a_lock_is_waited_for(place: tuple[str, Path], ledger: Ledger) -> None:
    filled(ledger, 1)
    with _locked(place) as release:
        threading.Timer(1.2, release).start()
        assert ledger.append(new(1)).seq == 2


def test_a_lock_that_stays_is_an_error_and_nothing_is_written(place: tuple[str, Path], ledger: Ledger) -> None:
    filled(ledger, 1)
    hasty = Ledger(ledger.store, wait=0.5)
    with _locked(place), pytest.raises(LedgerError, match="locked by another"):
        hasty.append(new(1))
    assert [event.seq for event in ledger.events()] == [1]
    assert ledger.append(new(2)).seq == 2


class _locked:  # noqa: N801 - a context manager that reads as a word
    """Holds what every writer needs, until the end of the context or until it is called."""

    def __init__(self, place: tuple[str, Path]) -> None:
        self._url, self._folder = place
        self._end = threading.Event()
        self._held = threading.Event()
        self._thread = threading.Thread(target=self._hold)

    def _hold(self) -> None:
        if self._url:
            with psycopg.connect(self._url) as connection:
                connection.execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
                self._held.set()
                self._end.wait()
        else:
            with closing(sqlite3.connect(self._folder / FILE, isolation_level=None)) as connection_:
                connection_.execute("BEGIN IMMEDIATE")
                self._held.set()
                self._end.wait()
                connection_.execute("ROLLBACK")

    def __enter__(self) -> Callable[[], None]:
        self._thread.start()
        self._held.wait()
        return self._end.set

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()


def child(folder: Path, first: str, before: Before = None) -> subprocess.CompletedProcess[str]:
    """Append one event in a process that does ``first`` first; its output says how that ended."""
    script = (
        "import os; from pathlib import Path\n"
        "from ledgers import open_ledger, settings, NewEvent\n"
        "from gatekeeper.model.errors import LedgerError\n"
        f"{first}\n"
        "try:\n"
        f"    with open_ledger(settings(''), Path({str(folder)!r})) as ledger:\n"
        "        print('seq', ledger.append(NewEvent('gate-run', None, 'x' * 500)).seq)\n"
        "except LedgerError as error:\n"
        "    print('refused', error, error.hint)\n"
    )
    path = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
        preexec_fn=before,
    )


def test_a_full_disk_is_an_error_and_the_chain_stays_whole(tmp_path: Path) -> None:
    with open_ledger(settings(""), tmp_path) as ledger:
        filled(ledger, 5)
    size = (tmp_path / FILE).stat().st_size
    done = child(
        tmp_path,
        f"""
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
try:
    for _ in range(200):
        with open_ledger(settings(""), Path({str(tmp_path)!r})) as ledger:
            ledger.append_all([NewEvent("gate-run", None, "x" * 5000)] * 20)
except LedgerError as error:
    print("full", error)
""",
    )
    assert "full" in done.stdout, done.stdout + done.stderr
    assert "disk is full or fails" in done.stdout
    with open_ledger(settings(""), tmp_path) as ledger:
        assert ledger.verify() == ()
        tip = ledger.tip()
        assert tip
        assert ledger.append(new()).seq == tip.seq + 1


def test_a_place_that_can_not_be_written_is_an_error(tmp_path: Path) -> None:
    """Nobody may write the folder: neither make a ledger there nor add to one. It can still be read."""
    common = tmp_path / "common"
    with open_ledger(settings(""), common) as ledger:
        filled(ledger, 3)
    read = (
        f"\nwith open_ledger(settings(''), Path({str(common)!r})) as l: "
        "print('verified', l.verify(), l.status().events)"
    )
    with read_only(common) as before:
        done = child(common, read, before)
        assert "refused" in done.stdout, done.stdout + done.stderr
        assert "can't be opened or written" in done.stdout
        assert "verified () 3" in done.stdout
        done = child(common / "elsewhere", "", before)
        assert "can't be made" in done.stdout, done.stdout + done.stderr


def test_a_file_in_the_place_of_the_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "gatekeeper").write_text("")
    with open_ledger(settings(""), tmp_path) as ledger:
        assert ledger.tip() is None
        with pytest.raises(LedgerError, match="can't be made"):
            ledger.append(new())


def test_a_file_system_without_shared_memory_is_named(tmp_path: Path) -> None:
    """SQLite's own dot-file locking has none either."""
    with pytest.raises(LedgerError, match="no shared memory"):
        Ledger(SqliteStore(tmp_path, vfs="unix-dotfile")).append(new())


def test_a_clock_that_goes_back_changes_no_order(ledger: Ledger) -> None:
    for number, day in enumerate((2, 1, 3)):
        # An append that is tried again asks for the time again, and gets the same.
        Ledger(ledger.store, now=partial(str, f"2026-01-0{day}T00:00:00.000Z")).append(new(number))
    assert [event.data["n"] for event in ledger.events()] == [0, 1, 2]
    (note,) = ledger.verify()
    assert (note.rule, note.severity) == ("ledger.time", "note")


def test_a_ledger_of_a_newer_schema_is_read_and_never_written(ledger: Ledger, place: tuple[str, Path]) -> None:
    filled(ledger, 2)
    run_sql(
        place,
        "INSERT INTO gate_migrations SELECT '0003', name, sha256, applied_at, tool_version, state "
        "FROM gate_migrations WHERE version = '0002'",
    )
    with open_ledger(settings(place[0]), place[1]) as older:
        with pytest.raises(LedgerError, match="schema version 0003, and this gate knows 0002"):
            older.append(new())
        assert len(list(older.events())) == 2
        assert rules(older.verify()) == ["ledger.schema"]
        assert older.status().schema_version == "0003"


# What is wrong is named

DETACHED = "CREATE TABLE copy AS SELECT * FROM events; DROP TABLE events; ALTER TABLE copy RENAME TO events;"
FAULTS = {
    "an actor changed": ("UPDATE events SET actor = 'Eve' WHERE seq = 3", ["ledger.digest"]),
    "a number changed": ("UPDATE events SET seq = 30 WHERE seq = 3", ["ledger.order"]),
    "one taken out": ("DELETE FROM events WHERE seq = 3", ["ledger.gap"]),
    "two swapped": (
        (
            "UPDATE events SET seq = 99 WHERE seq = 3; UPDATE events SET seq = 3 WHERE seq = 4; "
            "UPDATE events SET seq = 4 WHERE seq = 99"
        ),
        ["ledger.order"],
    ),
    "two heads": (
        (
            f"{DETACHED} INSERT INTO events SELECT seq, kind, wp_id, actor, at, tool_version, packet_digest,"
            " '{}', "
            "previous_digest, payload FROM events WHERE seq = 8"
        ),
        ["ledger.digest", "ledger.fork"],
    ),
    "an unknown kind": (
        f"{DETACHED} UPDATE events SET kind = 'revoked' WHERE seq = 8",
        ["ledger.digest", "ledger.unknown-kind"],
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_verify_names_what_was_done_to_the_table(name: str, ledger: Ledger, place: tuple[str, Path]) -> None:
    filled(ledger)
    script, expected = FAULTS[name]
    run_sql(place, script)
    before = list(ledger.events())
    assert rules(ledger.verify()) == expected
    assert list(ledger.events()) == before


def test_a_deleted_tail_shows_against_a_noted_tip_and_an_export(
    ledger: Ledger, place: tuple[str, Path], tmp_path: Path
) -> None:
    events = filled(ledger)
    file = tmp_path / "ledger.jsonl"
    with file.open("w") as out:
        export_events(ledger, out.write)
    assert ledger.verify(events[-1].digest) == against(ledger, file) == ()
    ledger.append(new(9))
    assert ledger.verify(events[-1].digest) == against(ledger, file) == ()
    run_sql(place, "DELETE FROM events WHERE seq >= 7")
    assert ledger.verify() == ()
    assert rules(ledger.verify(events[-1].digest)) == ["ledger.tail"]
    assert rules(against(ledger, file)) == ["ledger.tail"]
    run_sql(place, "DELETE FROM events")
    assert rules(against(ledger, file)) == rules(ledger.verify(events[0].digest)) == ["ledger.tail"]


def test_a_rewritten_chain_shows_against_an_export(
    ledger: Ledger, place: tuple[str, Path], tmp_path: Path
) -> None:
    filled(ledger)
    file = tmp_path / "ledger.jsonl"
    with file.open("w") as out:
        export_events(ledger, out.write)
    run_sql(place, "DELETE FROM events WHERE seq >= 5")
    ledger.append_all([new(n, actor="Eve") for n in range(4)])
    assert ledger.verify() == ()
    assert rules(against(ledger, file)) == ["ledger.diverges"]


# Out and in


def exported(ledger: Ledger, file: Path) -> list[str]:
    """The ledger's export, in the file and as lines."""
    lines: list[str] = []
    export_events(ledger, lines.append)
    file.write_text("".join(lines))
    return lines


def other(place: tuple[str, Path], server: DurableServer, tmp_path: Path) -> Ledger:
    """An empty ledger of the other kind."""
    url = "" if place[0] else server.new_database(f"o{random.getrandbits(40)}")
    return Ledger(store_of(settings(url), tmp_path / "other"))


def test_an_export_is_imported_into_the_other_database_once(
    ledger: Ledger, place: tuple[str, Path], server: DurableServer, tmp_path: Path
) -> None:
    filled(ledger, 1_203)
    file = tmp_path / "export.jsonl"
    lines = exported(ledger, file)
    into = other(place, server, tmp_path)
    assert (done := import_events(into, file)).findings == ()
    assert (done.added, done.already) == (1_203, 0)
    assert list(into.events()) == list(ledger.events())
    ledger.append(new(5))
    assert exported(ledger, file)[:-1] == lines
    assert (import_events(into, file).added, import_events(into, file).already) == (1, 1_204)
    file.write_text("".join(exported(ledger, file)[-2:]))
    assert import_events(into, file).already == 2
    into.close()


REFUSED: dict[str, tuple[Callable[[list[str]], list[str]], str]] = {
    "changed": (lambda lines: [*lines[:3], lines[3].replace("Ada", "Eve"), *lines[4:]], "ledger.digest"),
    "one taken out": (lambda lines: [*lines[:3], *lines[4:]], "ledger.gap"),
    "two swapped": (lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], "ledger.order"),
    "begins late": (lambda lines: lines[3:], "ledger.gap"),
    "cut off": (lambda lines: [*lines[:3], lines[3][:50]], "ledger.malformed"),
    "an empty line": (lambda lines: [*lines[:3], "\n", *lines[3:]], "ledger.malformed"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_import_of_a_broken_chain_changes_nothing(name: str, ledger: Ledger, tmp_path: Path) -> None:
    with open_ledger(settings(""), tmp_path / "source") as source:
        filled(source)
        file = tmp_path / "export.jsonl"
        lines = exported(source, file)
    edit, rule = REFUSED[name]
    file.write_text("".join(edit(lines)))
    assert rule in rules(import_events(ledger, file).findings)
    assert list(ledger.events()) == []


def test_an_import_never_merges_two_histories(ledger: Ledger, tmp_path: Path) -> None:
    events = filled(ledger, 3)
    with open_ledger(settings(""), tmp_path / "source") as source:
        filled(source, 8)
        exported(source, tmp_path / "export.jsonl")
    assert rules(import_events(ledger, tmp_path / "export.jsonl").findings) == ["ledger.diverges"]
    assert list(ledger.events()) == events


def test_an_unknown_kind_is_not_imported(ledger: Ledger, tmp_path: Path) -> None:
    from gatekeeper.ledger.encoding import digest_of, to_line

    one = Event(1, "revoked", None, "Ada", "2026-01-01T00:00:00.000Z", "9", None, "{}", NO_EVENT, "")
    file = tmp_path / "export.jsonl"
    file.write_text(to_line(one._replace(digest=digest_of(one))) + "\n")
    assert rules(import_events(ledger, file).findings) == ["ledger.unknown-kind"]
    assert list(ledger.events()) == []


# A damaged file


def damaged(folder: Path, count: int, damage: Callable[[bytearray], bytearray]) -> Path:
    """A SQLite ledger of so many events, its file changed."""
    with open_ledger(settings(""), folder) as ledger:
        filled(ledger, count)
    file = folder / FILE
    file.write_bytes(damage(bytearray(file.read_bytes())))
    return file


def _overwritten(data: bytearray) -> bytearray:
    """The page that holds event 200 replaced."""
    page = data.index(b'{"n":199}') // 4096 * 4096
    data[page : page + 4096] = b"\xa5" * 4096
    return data


@pytest.mark.parametrize("damage", [_overwritten, lambda data: data[: len(data) // 2]], ids=["overwritten", "cut"])
def test_a_damaged_file_is_named_and_what_is_readable_saved(
    damage: Callable[[bytearray], bytearray], tmp_path: Path
) -> None:
    file = damaged(tmp_path / "common", 400, damage)
    before = file.read_bytes()
    lines: list[str] = []
    with open_ledger(settings(""), tmp_path / "common") as ledger:
        assert "ledger.damaged" in rules(ledger.verify())
        done = export_events(ledger, lines.append)
    assert rules(done.findings) == ["ledger.damaged"]
    (lost,) = re.findall(r"left out: ([\d, -]+)\.", done.findings[1].message)
    kept = {int(number) for line in lines for number in re.findall(r'"seq":(\d+)', line)}
    first, last = (int(number) for number in lost.split("-"))
    assert kept == set(range(1, 401)) - set(range(first, last + 1))
    assert 100 < len(kept) == done.events
    assert file.read_bytes() == before


@pytest.mark.parametrize("data", [b"\xa5" * 8192, b"SQLite format 3\0" + b"\xa5" * 8176])
def test_a_file_that_is_no_database_is_named(data: bytes, tmp_path: Path) -> None:
    damaged(tmp_path, 3, lambda _: bytearray(data))
    with open_ledger(settings(""), tmp_path) as ledger:
        assert rules(ledger.verify()) == ["ledger.damaged"]
        with pytest.raises(LedgerError, match="is damaged"):
            ledger.append(new())
        lines: list[str] = []
        (found,) = export_events(ledger, lines.append).findings
        assert (found.rule, "nothing in it can be read" in found.message, lines) == ("ledger.damaged", True, [])


def test_a_ledger_that_lost_its_table_is_named(ledger: Ledger, place: tuple[str, Path]) -> None:
    filled(ledger, 2)
    run_sql(place, "DROP TABLE events")
    assert rules(ledger.verify()) == ["ledger.damaged"]


def test_bytes_that_are_no_text_hide_nothing(tmp_path: Path) -> None:
    with open_ledger(settings(""), tmp_path) as ledger:
        filled(ledger, 4)
    run_sql(
        ("", tmp_path),
        "UPDATE events SET actor = CAST(x'ff41' AS TEXT) WHERE seq = 2; "
        "UPDATE events SET payload = x'00' WHERE seq = 3",
    )
    with open_ledger(settings(""), tmp_path) as ledger:
        assert rules(ledger.verify()) == ["ledger.digest"]
        lines: list[str] = []
        done = export_events(ledger, lines.append)
        assert (len(lines), [f.message[-2:] for f in done.findings]) == (3, ["3."])
