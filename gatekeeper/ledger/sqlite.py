"""The ledger in a SQLite file in git's common directory, which all linked work trees share."""

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gatekeeper import clock
from gatekeeper.ledger import schema
from gatekeeper.ledger.encoding import COLUMNS, LARGEST_SEQ, is_whole, placed
from gatekeeper.ledger.store import (
    PAGE,
    WAIT_SECONDS,
    DamagedLedger,
    Place,
    Store,
    Totals,
    newest_of,
    page_query,
    same_query,
    same_values,
)
from gatekeeper.model.errors import LedgerError
from gatekeeper.model.ledger import Event

FILE = "gatekeeper/ledger.sqlite3"
"""Where the ledger lies below git's common directory."""

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_UNWRITABLE = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
# Between two tries to get the write lock: short, for an append takes a few milliseconds, and uneven, so that
# waiting writers don't wake together.
_SHORTEST_NAP, _LONGEST_NAP = 0.0005, 0.01
_INSERT = f"INSERT INTO events ({COLUMNS}) VALUES ({', '.join('?' * 10)})"  # noqa: S608 - constants
_TIP = f"SELECT {COLUMNS} FROM events ORDER BY seq DESC LIMIT 1"  # noqa: S608 - constants
_FIND = f"SELECT {COLUMNS} FROM events WHERE digest = ?"  # noqa: S608 - constants
_ROW = f"SELECT {COLUMNS} FROM events NOT INDEXED WHERE rowid = ?"  # noqa: S608 - constants
_TOTALS = """
SELECT count(*), (SELECT at FROM events ORDER BY seq LIMIT 1), (SELECT at FROM events ORDER BY seq DESC LIMIT 1)
FROM events"""
_VERSIONS = "SELECT version FROM gate_migrations WHERE state = 'applied'"


class SqliteStore(Store):
    """WAL with full synchronisation: readers and writers don't wait for each other, a commit is on the disk."""

    backend = "sqlite"

    def __init__(self, common_dir: Path, *, vfs: str = "") -> None:
        self._common_dir = common_dir
        self.file = common_dir / FILE
        self.shown = str(self.file)
        self._vfs = f"&vfs={vfs}" if vfs else ""
        self._connection: sqlite3.Connection | None = None
        self._denied: sqlite3.Error | None = None  # why the connection can't write

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = self._denied = None

    def _connect(self, mode: str) -> sqlite3.Connection:
        uri = f"{self.file.absolute().as_uri()}?mode={mode}{self._vfs}"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=WAIT_SECONDS)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except BaseException:
            connection.close()
            raise
        return connection

    def _reading(self) -> sqlite3.Connection:
        """A connection for reading; the file is there."""
        if self._connection is None:
            self._connection = self._opened()
        return self._connection

    def _opened(self) -> sqlite3.Connection:
        try:
            return self._connect("rw")
        except sqlite3.Error as error:
            if _code(error) not in _UNWRITABLE | _FULL:
                raise self._fault(error) from error
            self._denied = error
        # Where nothing can be written SQLite can't share its file with a writer. Where none left a log behind
        # there is nothing to share, and the file alone is the ledger.
        try:
            return self._connect("ro&immutable=1" if self._is_still() else "ro")
        except sqlite3.Error as error:
            raise self._fault(error) from error

    def _is_still(self) -> bool:
        """Whether no log lies beside the file whose content is yet to be put into it."""
        return not self._size(self._log)

    def _ask(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        connection = self._reading()
        try:
            return connection.execute(query, tuple(values)).fetchall()
        except sqlite3.Error as error:
            if "decode to UTF-8" not in str(error):
                raise self._fault(error) from error
        # Somebody wrote other bytes than text; they must not hide the rest.
        connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
        return self._ask(query, values)

    def _has_table(self, name: str) -> bool:
        return bool(self._ask("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,)))

    def exists(self) -> bool:
        """Whether the file is there with a table of events in it."""
        return self._is_there() and self._has_table("events")

    def _is_there(self) -> bool:
        # The log is looked at first: it is made after the file has its first page, and goes before it.
        logged = self._size(self._log)
        if self._size(self.file):
            return True
        if logged:
            raise DamagedLedger(
                f"The ledger {self.shown} is damaged: the file is gone or empty, and the log beside it isn't.",
                hint=f"put a copy of the file back, or move {self._log.name} away to begin a new ledger",
            )
        return False

    def _size(self, file: Path) -> int | None:
        """The bytes of a file, None where there is none."""
        try:
            return file.stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise LedgerError(
                f"The ledger {self.shown} can't be looked at: {error.strerror}.",
                hint="give yourself the right to read its folder",
            ) from error

    @property
    def _log(self) -> Path:
        return self.file.with_name(f"{self.file.name}-wal")

    def schema_version(self) -> str | None:
        """The newest applied version."""
        if not self._is_there() or not self._has_table("gate_migrations"):
            return None
        return newest_of((version for (version,) in self._ask(_VERSIONS)), self.shown)

    def migrate(self) -> None:
        """Make the file, in WAL mode, and apply the schema."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LedgerError(
                f"The ledger's folder {self.file.parent} can't be made: {error.strerror}.",
                hint="give yourself the right to write it, or name a PostgreSQL ledger: GATEKEEPER_LEDGER_URL",
            ) from error
        self.close()
        try:
            self._connection = self._connect("rwc")
        except sqlite3.Error as error:
            raise self._fault(error) from error
        self._use_wal(time.monotonic() + WAIT_SECONDS)
        # The runner has a connection of its own.
        schema.apply_to(f"sqlite:{quote(str(self.file.absolute()))}", self.shown, WAIT_SECONDS)

    def _use_wal(self, end: float) -> None:
        """Switch to the write-ahead log, which lasts; two that switch at once are told that it is busy."""
        while True:
            try:
                ((mode,),) = self._reading().execute("PRAGMA journal_mode = WAL").fetchall()
                break
            except sqlite3.Error as error:
                if _code(error) not in _BUSY or time.monotonic() > end:
                    raise self._fault(error) from error
                time.sleep(clock.between(_SHORTEST_NAP, _LONGEST_NAP))
        if mode != "wal":
            raise LedgerError(
                f"SQLite can't keep a write-ahead log at {self.file.parent} (it stays in mode {mode}): that file "
                "system has no shared memory, as network file systems have none.",
                hint="name a PostgreSQL ledger: [ledger] url, or GATEKEEPER_LEDGER_URL",
            )

    def page(self, after: Place, wp_id: str | None, kind: str | None) -> Sequence[Event]:
        """The next events."""
        query = page_query(wp_id=wp_id is not None, kind=kind is not None, mark="?")
        narrowed = [value for value in (wp_id, kind) if value is not None]
        return list(map(Event._make, self._ask(query, (after[0], *after, *narrowed, PAGE))))

    def tip(self) -> Event | None:
        """The last event."""
        return next((Event._make(row) for row in self._ask(_TIP)), None)

    def find(self, digest: str) -> Event | None:
        """The event of that digest."""
        return next((Event._make(row) for row in self._ask(_FIND, (digest,))), None)

    def same(self, event: Event) -> Event | None:
        """The event of the same content."""
        return next((Event._make(row) for row in self._ask(same_query("?", "IS"), same_values(event))), None)

    def totals(self) -> Totals:
        """Count and times."""
        events, *times = self._ask(_TOTALS)[0]
        if any(type(at) not in {str, type(None)} for at in times):
            raise self._changed("a time in it is none")
        return Totals(events, *times)

    def damage(self) -> Sequence[str]:
        """What SQLite's check of pages and indexes says; of a file that was emptied, that it was."""
        if not self._is_there():
            emptied = f"The ledger {self.shown} has no bytes: it was cut off, or a kill came while it was made."
            return [] if self._size(self.file) is None else [emptied]
        own = SqliteStore(self._common_dir)
        try:
            said = [str(row[0]) for row in own._ask("PRAGMA quick_check(20)")]
        except DamagedLedger as error:
            said = [str(error.__cause__)]
        finally:
            own.close()
        return [] if said == ["ok"] else [f"SQLite's own check of {self.shown} says: {line}." for line in said]

    def scan(self) -> tuple[list[Event], int]:
        """Every event that can still be read from a damaged file, row by row, and the highest number of a row.

        Raises LedgerError where the file isn't a database at all.
        """
        if not self._is_there():
            raise DamagedLedger(f"The ledger {self.shown} is empty.")
        uri = f"{self.file.absolute().as_uri()}?mode={'ro&immutable=1' if self._is_still() else 'rw'}"
        try:
            with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
                # Else a file that is shorter than it says would not be read at all.
                connection.execute("PRAGMA writable_schema = on")
                connection.execute("PRAGMA query_only = on")
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
                connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
                return _rows(connection)
        except sqlite3.Error as error:
            raise self._fault(error) from error

    def begin(self, wait: float) -> Event | None:
        """Take the write lock, trying again and again."""
        connection = self._reading()
        if self._denied is not None:
            raise self._fault(self._denied)
        end = time.monotonic() + wait
        connection.execute("PRAGMA busy_timeout = 0")
        try:
            nap = _SHORTEST_NAP
            while True:
                try:
                    connection.execute("BEGIN IMMEDIATE")
                    break
                except sqlite3.Error as error:
                    if _code(error) not in _BUSY or time.monotonic() > end:
                        raise self._fault(error, wait) from error
                time.sleep(clock.between(nap / 2, nap))
                nap = min(nap * 1.5, _LONGEST_NAP)
        finally:
            connection.execute(f"PRAGMA busy_timeout = {int(WAIT_SECONDS * 1000)}")
        tip = self.tip()
        if tip is not None and not (is_whole(tip) and 0 < tip.seq < LARGEST_SEQ):
            raise DamagedLedger(
                f"The last event of the ledger {self.shown} was changed: no event can follow it.",
                hint="gate ledger verify names what is wrong",
            )
        return tip

    def add(self, event: Event, wait: float) -> Event:
        """Append one event in a transaction of its own."""
        added = placed(event, self.begin(wait))
        self.commit([added])
        return added

    def insert(self, events: Sequence[Event]) -> None:
        """Add events to the open transaction."""
        try:
            added = self._reading().executemany(_INSERT, events).rowcount
        except sqlite3.Error as error:
            raise self._fault(error) from error
        if events and added != len(events):
            raise self._changed("it took no event, without an error")

    def commit(self, events: Sequence[Event] = ()) -> None:
        """Add events and commit."""
        self.insert(events)
        try:
            self._reading().execute("COMMIT")
        except sqlite3.Error as error:
            raise self._fault(error) from error

    def rollback(self) -> None:
        """Undo the open transaction."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.rollback()

    def _changed(self, what: str) -> DamagedLedger:
        return DamagedLedger(
            f"The ledger {self.shown} isn't as it was made: {what}.", hint="gate ledger verify names what is wrong"
        )

    def _fault(self, error: sqlite3.Error, waited: float = WAIT_SECONDS) -> LedgerError:
        """SQLite's error as ours."""
        code = _code(error)
        if code in _BUSY:
            return LedgerError(
                f"The ledger {self.shown} is locked by another program and stayed so for {waited:g} seconds.",
                hint="end what holds it (an open transaction), then run the command again",
            )
        if code in _UNWRITABLE:
            return LedgerError(
                f"The ledger {self.shown} can't be opened or written: {error}.",
                hint="give yourself the right to write the file and its folder, or name a PostgreSQL ledger",
            )
        if code in _DAMAGED:
            return DamagedLedger(
                f"The ledger {self.shown} is damaged: {error}.",
                hint="gate ledger verify names what is wrong; gate ledger export saves what is readable",
            )
        if code == sqlite3.SQLITE_ERROR:  # a table or a column that isn't there
            return self._changed(str(error))
        if code in _FULL:
            return LedgerError(
                f"The ledger {self.shown} can't grow or be read ({error}): the disk is full or fails.",
                hint="make room or look after the disk, then run the command again",
            )
        return LedgerError(f"The ledger {self.shown} refused: {error}.", hint="gate ledger verify")


def _rows(connection: sqlite3.Connection) -> tuple[list[Event], int]:
    """The rows that can be read, and the highest number that any way into the file tells."""
    found, highest = [], 0
    for query in (
        "SELECT max(rowid) FROM events NOT INDEXED",
        "SELECT max(seq) FROM events",
        "SELECT count(digest) FROM events",
    ):
        with suppress(sqlite3.Error):
            highest = max(highest, connection.execute(query).fetchone()[0] or 0)
    for rowid in range(1, highest + 1):
        with suppress(sqlite3.Error):
            row = connection.execute(_ROW, (rowid,)).fetchone()
            found += [Event._make(row)] if row else []
    return found, highest


def _code(error: sqlite3.Error) -> int:
    """The primary result code; 0 for an error of the driver's own."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
