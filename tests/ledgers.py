"""Ledgers for tests and benchmarks: writers as processes of their own, and a PostgreSQL server that is durable.

Started as a program: ``together COUNT EVENTS FOLDER URL`` starts so many writers at one moment, each appending so
many events, and prints the seconds from the first append to the end of the last; ``one EVENTS FOLDER URL`` is one
such writer, which prints each event's number once it has been told that it was appended.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from migrators import forked
from psycopg import sql

from gatekeeper.engines.binaries import usable_binaries
from gatekeeper.engines.folders import cache_folder, helper_account
from gatekeeper.engines.server import running_server
from gatekeeper.ledger import open_ledger
from gatekeeper.model.ledger import NewEvent
from gatekeeper.model.settings import LedgerSettings

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "max_connections": "100"}


class DurableServer:
    """A server that waits for its disk, with room for forty writers; can be stopped and started."""

    def __init__(self, connect: dict[str, str], source: str) -> None:
        self._connect = connect
        self._account = helper_account()
        cache = cache_folder(self._account)
        assert cache is not None
        self._pg_ctl = usable_binaries("", self._account, cache).program("pg_ctl")
        assert source == "embedded"
        self._data = str(self.ask("SHOW data_directory"))
        for name, value in DURABLE.items():
            self.run(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value)))
        self.restart()

    def url(self, database: str = "postgres") -> str:
        """The URL of one of its databases."""
        host = self._connect["host"].replace("/", "%2F")
        return f"postgresql://{self._connect['user']}@{host}:{self._connect['port']}/{database}"

    def new_database(self, name: str) -> str:
        """An empty database; its URL."""
        self.run(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    def run(self, statement: sql.Composed) -> None:
        """One statement, by itself."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)

    def ask(self, query: str) -> object:
        """One value."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]

    def restart(self, mode: str = "immediate") -> None:
        """Stop it as a crash would, and start it again."""
        self._control("-m", mode, "restart")

    def stop(self) -> None:
        """Stop it as a crash would."""
        self._control("-m", "immediate", "stop")

    def start(self) -> None:
        """Start it again."""
        self._control("start")

    def log(self) -> str:
        """What it logged since it was first started by us."""
        return Path(self._data, "server.log").read_text(errors="replace")

    def _control(self, *arguments: str) -> None:
        user = self._account.process if self._account else {}
        log = f"{self._data}/server.log"
        done = subprocess.run(
            [self._pg_ctl, "-D", self._data, "-l", log, "-w", "-t", "60", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            check=False,
            **user,
        )
        assert done.returncode == 0, arguments


@contextmanager
def durable_server() -> Iterator[DurableServer]:
    """A server of our own for the context, removed at its end."""
    with running_server("") as server:
        yield DurableServer(server.connect, server.source)


def settings(url: str) -> LedgerSettings:
    """The ledger's settings; an empty URL is SQLite."""
    return LedgerSettings(url=url)


def write(events: int, folder: Path, url: str, *, tell: bool = False) -> None:
    """Append so many events, as one process with one connection."""
    with open_ledger(settings(url), folder) as ledger:
        for number in range(events):
            actor = f"writer {os.getpid()} <writer@example.invalid>"
            payload = {"gate": "post-work", "status": "PASS", "number": number, "writer": os.getpid()}
            event = ledger.append(NewEvent("gate-run", "WP-1-Example", actor, "0" * 64, payload))
            if tell:
                sys.stdout.write(f"{event.seq} {event.digest}\n")
                sys.stdout.flush()


def together(count: int, events: int, folder: Path, url: str) -> float:
    """Start so many writers at one moment; the seconds until all are done."""
    begin = time.time() + 0.5

    def work() -> None:
        with open_ledger(settings(url), folder) as ledger:
            ledger.tip()
        time.sleep(max(0.0, begin - time.time()))
        write(events, folder, url)

    children = [forked(work) for _ in range(count)]
    ended = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    seconds = time.time() - begin
    assert not any(ended), ended
    return seconds


def started(*arguments: object) -> subprocess.Popen[str]:
    """This file as a program."""
    command = [sys.executable, __file__, *map(str, arguments)]
    path = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[1])])
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path})


def main(arguments: list[str]) -> None:
    """The mode's work."""
    if arguments[0] == "together":
        count, events, folder, url = arguments[1:]
        sys.stdout.write(f"{together(int(count), int(events), Path(folder), url)}\n")
    else:
        amount, folder, url = arguments[1:]
        write(int(amount), Path(folder), url, tell=True)


if __name__ == "__main__":
    main(sys.argv[1:])
