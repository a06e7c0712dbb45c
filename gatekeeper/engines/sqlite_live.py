"""A SQLite database in a file."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from gatekeeper.engines import sqlite_presence
from gatekeeper.engines.base import EngineName, EngineUnavailable, Interrupted, Interrupter, ObjectName, SqlError
from gatekeeper.engines.live import Clock, DatabaseUrl, Limits, LiveSession, Use
from gatekeeper.engines.sqlite import FRESH, STEPS_BETWEEN_LOOKS

_MODES = {"apply": "rwc", "undo": "rw", "status": "rw"}
_TABLES = """
SELECT name FROM main.sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
ORDER BY name"""
_FAILURES = {
    sqlite3.SQLITE_READONLY: ("can't be written", "give yourself the right to write it and its folder"),
    sqlite3.SQLITE_CANTOPEN: ("can't be opened", "name a file that is there; its folder is never made"),
    sqlite3.SQLITE_NOTADB: ("is no SQLite database", "name another file"),
    sqlite3.SQLITE_CORRUPT: ("is damaged", "put back a copy of it"),
    sqlite3.SQLITE_IOERR: ("can't be read or written", "look after its disk"),
    sqlite3.SQLITE_FULL: ("can't grow: the disk is full", "make room"),
}
_LONGEST_WAIT = 2_000_000  # seconds; SQLite counts milliseconds in 32 bits
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class SqliteSession(LiveSession):
    """A connection with foreign keys on, as in the proof; the journal's mode and other lasting settings stay.

    Every transaction is immediate: it has the database to itself from its first statement on.
    """

    engine: EngineName = "sqlite"

    def __init__(self, url: DatabaseUrl, use: Use, limits: Limits, interrupter: Interrupter) -> None:
        self.shown = url.path
        self._limits = limits
        self._clock = Clock(limits)
        self._interrupter = interrupter
        self._deadline = float("inf")
        uri = f"{Path(url.path).absolute().as_uri()}?mode={url.mode or _MODES[use]}"
        try:
            wait = min(self._clock.lock_seconds, _LONGEST_WAIT)
            self._connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=wait)
        except sqlite3.Error as error:
            raise self._translated(error) from None
        self._connection.set_progress_handler(self._must_stop, STEPS_BETWEEN_LOOKS)

    def close(self) -> None:
        """End the session."""
        self._connection.close()

    def _must_stop(self) -> bool:
        return self._interrupter.stopped or time.monotonic() > self._deadline

    def execute(self, sql: str) -> None:
        """Run one statement to its end."""
        if self._limits.statement:
            self._deadline = time.monotonic() + self._limits.statement
        try:
            for _ in self._rows(sql):
                pass
        finally:
            self._deadline = float("inf")

    def query(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of one query."""
        return list(self._rows(sql, values))

    def _rows(self, sql: str, values: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        self._interrupter.check()
        try:
            with closing(self._connection.execute(sql, tuple(values))) as cursor:
                yield from cursor
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            raise self._translated(error) from error

    def _translated(self, error: Exception) -> Exception:
        if self._interrupter.stopped:
            return Interrupted()
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _LOCKED:
            waited = f"{self._limits.lock:g} seconds" if self._limits.lock else "the run's time"
            return EngineUnavailable(
                f"The database {self.shown} is locked by another program and stayed so for {waited}.",
                hint="end what holds it, or wait longer with --lock-timeout SECONDS; then run the command again",
            )
        if code in _FAILURES:
            what, hint = _FAILURES[code]
            return EngineUnavailable(f"The database {self.shown} {what}: {error}.", hint=hint)
        if time.monotonic() > self._deadline:
            return SqlError(f"it ran longer than the statement time-out of {self._limits.statement:g} seconds")
        return SqlError(str(error))

    def begin(self) -> None:
        """Begin a transaction that writes, once no other one does."""
        wait = min(self._clock.lock_seconds, _LONGEST_WAIT)
        self.query(f"PRAGMA busy_timeout = {int(wait * 1000)}")
        self.query("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Commit it, deferred foreign keys checked."""
        self.query("COMMIT")

    def rollback(self) -> None:
        """Roll back whatever is open."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._connection.in_transaction

    def fresh_session(self) -> None:
        """Put the pragmas back that change what statements mean."""
        for pragma in FRESH:
            self.query(pragma)

    def has(self, name: ObjectName) -> bool:
        """Whether it is there now."""
        self._interrupter.check()
        try:
            return sqlite_presence.has(self._connection, name)
        except sqlite3.Error as error:
            raise self._translated(error) from error

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nothing to do: each transaction locks the database."""
        yield

    def qualified(self, table: str) -> str:
        """The table in the main database."""
        return f'main."{table}"'

    def columns(self, table: str) -> frozenset[str]:
        """The names of its columns."""
        rows = self.query("SELECT name FROM pragma_table_info(?, 'main')", (table,))
        return frozenset(name.lower() for (name,) in rows)

    def tables(self) -> tuple[str, ...]:
        """Tables and views of the main database."""
        return tuple(name for (name,) in self.query(_TABLES))
