"""SQLite: the one that Python brings, in memory, from first to last inside this process."""

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from gatekeeper.engines import sqlite_catalog
from gatekeeper.engines.base import Database, Engine, EngineName, Interrupted, Interrupter, SqlError, TableRows
from gatekeeper.model.schema import SchemaShape, SchemaSnapshot

_STEPS_BETWEEN_LOOKS = 10_000
_DIGEST = 2**64
_FRESH = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA legacy_alter_table = OFF",
    "PRAGMA ignore_check_constraints = OFF",
    "PRAGMA writable_schema = OFF",
)


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


class SqliteDatabase(Database):
    """One database in memory."""

    engine: EngineName = "sqlite"

    def __init__(self, timeout: float, functions: Mapping[str, int], interrupter: Interrupter) -> None:
        self._timeout = timeout
        self._functions = functions
        self._interrupter = interrupter
        self._deadline = float("inf")
        self._refused = ""
        self._connection = self._connect()
        self._reader = sqlite_catalog.Reader()
        self._rows: tuple[int, int, Mapping[str, TableRows]] | None = None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.set_progress_handler(self._must_stop, _STEPS_BETWEEN_LOOKS)
        connection.set_authorizer(self._authorize)
        for name, arguments in self._functions.items():
            connection.create_function(name, arguments, _first, deterministic=True)
        for pragma in _FRESH:
            connection.execute(pragma)
        return connection

    def close(self) -> None:
        """Drop the database."""
        self._connection.close()

    def _must_stop(self) -> bool:
        return self._interrupter.stopped or time.monotonic() > self._deadline

    def _authorize(self, action: int, first: str | None, *_: str | None) -> int:
        if action == sqlite3.SQLITE_ATTACH and first not in {"", ":memory:"}:
            self._refused = "a migration may not reach outside its database (ATTACH, VACUUM INTO)"
            return sqlite3.SQLITE_DENY
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
        """Put the pragmas back that change what statements mean."""
        for pragma in _FRESH:
            self._connection.execute(pragma)

    @contextmanager
    def trial(self, *, transactional: bool) -> Iterator[None]:  # noqa: ARG002 - a copy serves both kinds
        """Work goes on in the database; its copy from before takes its place at the end."""
        spare = self._connect()
        rows = self._rows[2] if self._rows is not None and self._rows[:2] == self._written() else None
        try:
            self._connection.backup(spare)
            yield
        finally:
            self._connection.close()
            self._connection = spare
            # The copy is what was there before, and a connection counts its changes from nought.
            self._rows = (*self._written(), rows) if rows is not None else None

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
        try:
            return self._reader.read(self._connection)
        except sqlite3.Error as error:
            raise self._translated(error) from error

    def rows(self) -> Mapping[str, TableRows]:
        """What each table holds that holds anything."""
        written = self._written()
        if self._rows is not None and self._rows[:2] == written:
            return self._rows[2]
        catalog = self._catalog()
        out = {}
        for table in catalog.tables.values():
            if table.text.options.startswith("virtual "):
                continue
            if found := self._table_rows(table.name, sqlite_catalog.steady_columns(table)):
                out[table.name] = found
        self._rows = (*written, out)
        return out

    def _written(self) -> tuple[int, int]:
        """Two numbers that change whenever this connection writes: to the schema, to rows."""
        version: int = self._connection.execute("PRAGMA schema_version").fetchone()[0]
        return version, self._connection.total_changes

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


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _first(*arguments: Any) -> Any:  # the values that SQLite passes
    return arguments[0] if arguments else None
