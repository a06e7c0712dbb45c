"""What the ledger costs, as ratios in one run against the engines' own single-row commits by one process.

Usage: python benchmarks/ledger.py [WRITERS] [EVENTS]   (default: 32 200)

Both engines wait for their disk: SQLite with a write-ahead log and synchronous = FULL, PostgreSQL with fsync and
synchronous_commit on. (a) one process commits single rows of the same size, by the engine's own driver, before
and after the rest; (b) WRITERS processes append EVENTS events each, and the chain is verified; (c) on PostgreSQL
the same by writers without a lock, which try again when another was faster. Then 100,000 events are verified, a
ledger that another program locks for ten seconds is appended to, and `gate pre-work` is run with and without one.
"""

import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from application import WP_ID, planned
from ledgers import durable_server, settings, started
from migrators import forked

from gatekeeper.ledger import open_ledger
from gatekeeper.ledger.encoding import digest_of
from gatekeeper.ledger.sqlite import FILE
from gatekeeper.model.ledger import NO_EVENT, Event, NewEvent

ROWS = 400
ROW = "x" * 480
LONG = 100_000
INSERT = f"INSERT INTO events VALUES ({', '.join(['%s'] * 10)})"  # noqa: S608 - a constant
Commit = Callable[[], object]


@contextmanager
def sqlite_rows(folder: Path) -> Iterator[Commit]:
    """Single-row commits by SQLite's own driver."""
    with closing(sqlite3.connect(folder / "rows.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, text TEXT)")
        yield lambda: connection.execute("INSERT INTO rows (text) VALUES (?)", (ROW,))


@contextmanager
def postgres_rows(url: str) -> Iterator[Commit]:
    """Single-row commits by PostgreSQL's own driver."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS rows (id BIGSERIAL PRIMARY KEY, text TEXT)")
        yield lambda: connection.execute("INSERT INTO rows (text) VALUES (%s)", (ROW,))


def rate(commit: Commit) -> float:
    """Commits a second."""
    begun = time.perf_counter()
    for _ in range(ROWS):
        commit()
    return ROWS / (time.perf_counter() - begun)


def load(name: str, rows: Callable[[], float], size: tuple[int, int], folder: Path, url: str) -> None:
    """(a) and (b) for one engine; ``size`` is the number of writers and of events of each."""
    writers, events = size
    before = rows()
    with started("together", writers, events, folder, url) as run:
        seconds = float(run.communicate()[0])
    own = statistics.mean([before, rows()])
    with open_ledger(settings(url), folder) as ledger:
        held, faults = ledger.status().events, ledger.verify()
    assert held == writers * events, held
    assert not [fault for fault in faults if fault.rule != "ledger.time"], faults
    ours = held / seconds
    print(
        f"{name:<10} {writers} writers x {events}: {ours:>5.0f} events/s, single rows {own:>5.0f}/s, "
        f"ratio {ours / own:.2f}; one unbroken chain of {held}"
    )


def optimistic(url: str, writers: int, events: int) -> None:
    """(c): without a lock, by the unique column alone."""
    begin = time.time() + 0.5

    def work() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            time.sleep(max(0.0, begin - time.time()))
            done = 0
            while done < events:
                done += _appended(connection)

    children = [forked(work) for _ in range(writers)]
    for child in children:
        os.waitpid(child, 0)
    print(
        f"{'':<10} the same without a lock, tried again: {writers * events / (time.time() - begin):>5.0f} events/s"
    )


def _appended(connection: psycopg.Connection) -> bool:
    row = connection.execute("SELECT seq, digest FROM events ORDER BY seq DESC LIMIT 1").fetchone()
    seq, digest = row or (0, NO_EVENT)
    at = "2026-01-01T00:00:00.000Z"
    event = Event(seq + 1, "gate-run", "WP-1", "A", at, "1", "0" * 64, ROW[:100], digest, "")
    try:
        connection.execute(INSERT, event._replace(digest=digest_of(event)))
    except psycopg.errors.UniqueViolation:
        return False
    return True


def long_chain(folder: Path) -> None:
    """Verify many events."""
    payload = {
        "gate": "post-work",
        "status": "PASS",
        "base": "a" * 40,
        "head": "b" * 40,
        "change_digest": "c" * 64,
    }
    news = [NewEvent("gate-run", f"WP-{n % 500}", "A <a@example.invalid>", "d" * 64, payload) for n in range(1000)]
    with open_ledger(settings(""), folder) as ledger:
        for _ in range(LONG // len(news)):
            ledger.append_all(news)
        rates, spent = [], []
        for _ in range(3):
            begun, cpu = time.perf_counter(), time.process_time()
            assert ledger.verify() == ()
            rates.append(LONG / (time.perf_counter() - begun))
            spent.append(LONG / (time.process_time() - cpu))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told, by_cpu = (", ".join(f"{rate:,.0f}" for rate in found) for found in (rates, spent))
    print(
        f"verify     {LONG:,} events: {told} a second (three runs; {by_cpu} a second of processor time); at most "
        f"{memory:.0f} MB in this process"
    )


def locked(folder: Path) -> None:
    """Append while another program holds the ledger for ten seconds."""
    with open_ledger(settings(""), folder) as ledger:
        ledger.append(NewEvent("gate-run", None, "A"))
        other = sqlite3.connect(folder / FILE, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(10, lambda: other.execute("ROLLBACK")).start()
        begun = time.perf_counter()
        ledger.append(NewEvent("gate-run", None, "A"))
        waited = time.perf_counter() - begun
        other.close()
        assert ledger.verify() == ()
    print(f"locked     for ten seconds by another program: appended after {waited:.1f} s")


def start_up(folder: Path) -> None:
    """`gate pre-work` with and without a ledger, in turn."""
    repo = planned(folder / "repo")
    command = [sys.executable, "-m", "gatekeeper", "--repo", str(repo), "pre-work", WP_ID]
    times: dict[str, list[float]] = {"": [], "off": []}
    for turn in range(9):
        for value, taken in times.items():
            begun = time.perf_counter()
            environment = {**os.environ, "GATEKEEPER_LEDGER": value}
            subprocess.run(command, env=environment, check=True, capture_output=True)
            if turn:
                taken.append(time.perf_counter() - begun)
    with_, without = (statistics.median(taken) * 1000 for taken in times.values())
    print(f"pre-work   {with_:.0f} ms with a ledger, {without:.0f} ms without: {with_ / without:.2f} x")


def main() -> None:
    """Print a row for each."""
    writers, events = (int(value) for value in (*sys.argv[1:], *("32", "200")[len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory(prefix="gate-bench-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        # On a disk, not in memory, or waiting for it would mean nothing.
        os.environ["TMPDIR"] = made
        with sqlite_rows(folder) as commit:
            load("sqlite", lambda: rate(commit), (writers, events), folder / "sqlite", "")
        with durable_server() as server:
            url = server.new_database("load")
            with postgres_rows(server.url()) as commit:
                load("postgres", lambda: rate(commit), (writers, events), folder, url)
            optimistic(url, writers, max(1, events // 10))
        long_chain(folder / "long")
        locked(folder / "locked")
        start_up(folder)


if __name__ == "__main__":
    main()
