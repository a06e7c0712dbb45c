"""SQLite: the one that Python brings, in memory, from first to last inside this process."""

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from gatekeeper.engines import sqlite_catalog, sqlite_presence, sqlite_rows
from gatekeeper.engines.base import (
    Database,
    Engine,
    EngineName,
    Interrupted,
    Interrupter,
    ObjectName,
    SqlError,
    TableRows,
)
from gatekeeper.engines.tables import Relation, Row
from gatekeeper.model.schema import SchemaShape, SchemaSnapshot

_WRITES = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}
_READS = {sqlite3.SQLITE_READ, sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_LARGEST_PAGES = 262_144  # a gigabyte, against rows without end
STEPS_BETWEEN_LOOKS = 10_000
_DIGEST = 2**64
FRESH = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA legacy_alter_table = OFF",
    "PRAGMA ignore_check_constraints = OFF",
    "PRAGMA writable_schema = OFF",
)


_TEMPORARY = """
SELECT 'DROP TABLE temp.', name FROM sqlite_temp_master
WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
UNION ALL SELECT 'DROP VIEW temp.', name FROM sqlite_temp_master WHERE type = 'view'
UNION ALL SELECT 'DROP TRIGGER IF EXISTS temp.', name FROM sqlite_temp_master WHERE type = 'trigger'"""
_ATTACHED = "SELECT 'DETACH ', name FROM pragma_database_list WHERE name NOT IN ('main', 'temp')"


class SqliteEngine(Engine):
    """SQLite with foreign keys on.

    ``functions`` are the application's, name to number of arguments: stand-ins return their first argument.
    ``timeout`` is in seconds, for each statement.
    """

    name: EngineName = "sqlite"
    version = sqlite3.sqlite_version
    source = "builtin"

    def __init__(self, *, timeout: float, functions: Mapping[str, int], interrupter: Interrupter) -> None:
        self._timeout = timeout
        self._functions = dict(functions)
        self._interrupter = interrupter

    @contextmanager
    def database(self) -> Iterator["SqliteDatabase"]:
        """A new database in memory; ``stop`` on the interrupter ends its statements."""
        with closing(SqliteDatabase(self._timeout, self._functions, self._interrupter)) as database:
            yield database


@dataclass(slots=True)
class _Seen:
    """What was read since the last write: the catalog, and of each table the rows (and for which definition).

    SQLite asks its authorizer about every table that a statement writes, those of triggers and of foreign keys
    included, so only ``dirty`` tables are read anew (None: all of them).
    """

    catalog: sqlite_catalog.Catalog | None = None
    rows: dict[str, tuple[sqlite_catalog.Table, TableRows | None]] = field(default_factory=dict)
    dirty: set[str] | None = field(default_factory=set)

    def note(self, action: int, name: str) -> None:
        """Forget what the statement about to run may change."""
        if action in _READS:
            return
        self.catalog = None
        undoes = action in {sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_SAVEPOINT} and name == "ROLLBACK"
        if undoes or action == sqlite3.SQLITE_ALTER_TABLE:
            self.dirty = None
        elif action in _WRITES and self.dirty is not None:
            self.dirty.add(name)

    def forget(self) -> None:
        """A statement failed, and may have rolled back more than itself."""
        self.catalog, self.dirty = None, None

    def copied(self) -> "_Seen":
        """The same knowledge, for a copy of the database."""
        return _Seen(self.catalog, dict(self.rows), None if self.dirty is None else set(self.dirty))


class SqliteDatabase(Database):
    """One database in memory."""

    engine: EngineName = "sqlite"

    def __init__(self, timeout: float, functions: Mapping[str, int], interrupter: Interrupter) -> None:
        self._timeout = timeout
        self._functions = functions
        self._interrupter = interrupter
        self._deadline = float("inf")
        self._refused = ""
        self._changed: set[str] = set()
        self._seen = _Seen()
        self._connection = self._connect()
        self._reader = sqlite_catalog.Reader()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(":memory:", isolation_level=None, cached_statements=0)
        connection.set_progress_handler(self._must_stop, STEPS_BETWEEN_LOOKS)
        connection.set_authorizer(self._authorize)
        for name, arguments in self._functions.items():
            connection.create_function(name, arguments, _first, deterministic=True)
        for pragma in (*FRESH, f"PRAGMA max_page_count = {_LARGEST_PAGES}"):
            connection.execute(pragma)
        return connection

    def close(self) -> None:
        """Drop the database."""
        self._connection.close()

    def _must_stop(self) -> bool:
        return self._interrupter.stopped or time.monotonic() > self._deadline

    def _authorize(self, action: int, first: str | None, *_: str | None) -> int:
        # Asked of each statement before it runs (none is kept prepared), of cascades and triggers too.
        if action in _WRITES and first is not None:
            self._changed.add(first)
        if action == sqlite3.SQLITE_ATTACH and first not in {"", ":memory:"}:
            self._refused = "a migration may not reach outside its database (ATTACH, VACUUM INTO)"
            return sqlite3.SQLITE_DENY
        self._seen.note(action, first or "")
        return sqlite3.SQLITE_OK

    def execute(self, sql: str) -> None:
        """Run one statement to its end."""
        self._interrupter.check()
        self._deadline = time.monotonic() + self._timeout
        self._refused = ""
        try:
            with closing(self._connection.execute(sql)) as cursor:
                for _ in cursor:
                    pass
        # A Warning is what Python 3.11 raises for two statements in one, a ValueError for a NUL.
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            self._seen.forget()
            raise self._translated(error) from error
        finally:
            self._deadline = float("inf")

    def _translated(self, error: Exception) -> Exception:
        if self._interrupter.stopped:
            return Interrupted()
        if time.monotonic() > self._deadline:
            return SqlError(f"it ran longer than the statement time-out of {self._timeout:g} seconds")
        return SqlError(self._refused or str(error))

    def begin(self) -> None:
        """Begin a transaction."""
        self.execute("BEGIN")

    def commit(self) -> None:
        """Commit it, deferred foreign keys checked."""
        self.execute("COMMIT")

    def rollback(self) -> None:
        """Roll back whatever is open."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    @property
    def in_transaction(self) -> bool:
        """Whether SQLite has a transaction open."""
        return self._connection.in_transaction

    def fresh_session(self) -> None:
        """Put the pragmas back that change what statements mean, and drop what is temporary or attached."""
        for pragma in FRESH:
            self._connection.execute(pragma)
        if self._connection.execute("SELECT 1 FROM sqlite_temp_master").fetchone():
            for command, name in self._connection.execute(_TEMPORARY).fetchall():
                self._connection.execute(command + _quoted(name))
        for command, name in self._connection.execute(_ATTACHED).fetchall():
            self._connection.execute(command + _quoted(name))

    def has(self, name: ObjectName) -> bool:
        """Whether it is there now."""
        self._interrupter.check()
        try:
            return sqlite_presence.has(self._connection, name)
        except sqlite3.Error as error:
            raise self._translated(error) from error

    @contextmanager
    def trial(self, *, transactional: bool) -> Iterator[None]:  # noqa: ARG002 - a copy serves both kinds
        """Work goes on in the database; its copy from before takes its place at the end."""
        spare = self._connect()
        changed, seen = set(self._changed), self._seen.copied()
        try:
            self._connection.backup(spare)
            yield
        finally:
            self._connection.close()
            self._connection, self._changed, self._seen = spare, changed, seen

    @contextmanager
    def undone(self, statements: tuple[str, ...]) -> Iterator[None]:
        """A savepoint, foreign keys deferred so that a table can be dropped out of their midst."""
        self.execute("SAVEPOINT gatekeeper")
        deferred = bool(self._connection.execute("PRAGMA defer_foreign_keys").fetchone()[0])
        try:
            self.execute("PRAGMA defer_foreign_keys = ON")
            for statement in statements:
                self.execute(statement)
            yield
        finally:
            # A statement that failed may have rolled everything back, the savepoint included.
            self._seen.forget()
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK TO gatekeeper")
                self._connection.execute("RELEASE gatekeeper")
            self._connection.execute(f"PRAGMA defer_foreign_keys = {int(deferred)}")

    def snapshot(self) -> SchemaSnapshot:
        """The schema, from pragmas."""
        return sqlite_catalog.snapshot(self._catalog())

    def shape(self) -> SchemaShape:
        """The schema as two engines can be compared by."""
        return sqlite_catalog.shape(self._catalog())

    def _catalog(self) -> sqlite_catalog.Catalog:
        self._interrupter.check()
        if self._seen.catalog is None:
            try:
                found = self._reader.read(self._connection)
            except sqlite3.Error as error:
                raise self._translated(error) from error
            self._seen.catalog = found
        return self._seen.catalog

    def rows(self) -> Mapping[str, TableRows]:
        """What each table holds that holds anything."""
        known, dirty = self._seen.rows, self._seen.dirty
        now = {}
        for name, table in self._catalog().tables.items():
            cached = known.get(name)
            if dirty is None or name in dirty or cached is None or cached[0] is not table:
                cached = (table, self._table_rows(name, sqlite_catalog.steady_columns(table)))
            now[name] = cached
        self._seen.rows, self._seen.dirty = now, set()
        return {name: found for name, (_, found) in now.items() if found}

    def relations(self, names: Iterable[str]) -> Mapping[str, Relation]:
        """The ordinary tables among the names."""
        return sqlite_rows.relations(self._connection, self._catalog(), names)

    def read(self, tables: Iterable[Relation]) -> Mapping[str, tuple[Row, ...]]:
        """Every row of the tables."""
        try:
            return {table.name: sqlite_rows.read(self._connection, table) for table in tables}
        except sqlite3.Error as error:
            raise self._translated(error) from error

    def changed(self) -> set[str] | None:
        """The tables that a statement was allowed to write to."""
        changed, self._changed = self._changed, set()
        return changed

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of one question."""
        try:
            with closing(self._connection.execute(query)) as cursor:
                return cursor.fetchall()
        except sqlite3.Error as error:
            raise self._translated(error) from error

    def attempt(self, sql: str) -> None:
        """A statement that fails undoes itself, unless a trigger says that it takes the transaction along."""
        try:
            self.execute(sql)
        finally:
            if not self._connection.in_transaction:
                self.begin()

    def _table_rows(self, table: str, columns: list[str]) -> TableRows | None:
        names = ", ".join(map(_quoted, columns)) or "1"
        count, digest = 0, 0
        sums = [0] * len(columns)
        try:
            with closing(self._connection.execute(f"SELECT {names} FROM main.{_quoted(table)}")) as cursor:  # noqa: S608 - quoted names
                for row in cursor:
                    # Of the texts, not the values: Python hashes -1 and -2, or 1 and 1.0, alike.
                    hashes = [hash((type(value), repr(value))) for value in row]
                    count += 1
                    digest += hash(tuple(hashes))
                    sums = [a + b for a, b in zip(sums, hashes, strict=False)]
        except sqlite3.Error as error:
            raise self._translated(error) from error
        per_column = {name: total % _DIGEST for name, total in zip(columns, sums, strict=True)}
        return TableRows(count, digest % _DIGEST, per_column) if count else None


def refusal() -> str | None:
    """Why SQLite can't make a table here; None where it can."""
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("CREATE TABLE trial (id INTEGER PRIMARY KEY)")
    except sqlite3.Error as error:
        return str(error)
    return None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _first(*arguments: Any) -> Any:  # the values that SQLite passes
    return arguments[0] if arguments else None
