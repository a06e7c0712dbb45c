"""A PostgreSQL database that a URL names."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import sql as pgsql
from psycopg.pq import TransactionStatus

from gatekeeper import clock
from gatekeeper.engines import postgres_presence
from gatekeeper.engines.base import EngineName, EngineUnavailable, Interrupted, Interrupter, ObjectName, SqlError
from gatekeeper.engines.live import Clock, Limits, LiveSession
from gatekeeper.engines.postgres_place import Place, statement_error, url_parameters

_LOOK_SECONDS = 0.1
_COLUMNS = """
SELECT lower(attname) FROM pg_catalog.pg_attribute
WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped"""
_TABLES = """
SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_catalog.pg_class'::regclass
    AND d.deptype = 'e')
ORDER BY 1"""
_LOCKED = {"55P03"}
_READ_ONLY = {"25006"}


class PostgresSession(LiveSession):
    """One connection, held for the whole run: its advisory lock and its settings belong to it alone."""

    engine: EngineName = "postgres"

    def __init__(self, url: str, limits: Limits, interrupter: Interrupter) -> None:
        self._place = Place(url_parameters(url))
        self.shown = self._place.shown
        self._limits = limits
        self._clock = Clock(limits)
        self._interrupter = interrupter
        self._backend: int | None = None
        try:
            self._connection = self._place.connect(None, "")
        except psycopg.Error as error:
            raise EngineUnavailable(
                f"PostgreSQL at {self.shown} can't be reached: {self._place.reason(error)}.",
                hint="start the server, or mend the URL",
            ) from None
        self._watch = self._watching()
        self.fresh_session()
        found = self.query("SELECT current_schema()")[0][0]
        if found is None:
            self.close()
            raise EngineUnavailable(
                f"The search path of {self._place.shown} names no schema that is there.",
                hint="create the schema, or mend the role's search_path",
            )
        self._schema = str(found)

    def _watching(self) -> str:
        """The setting by which the server notices a client's death while a statement runs, where it has it.

        Else a migrator that was killed would hold its locks until its statement's end.
        """
        setting = "SET client_connection_check_interval = 1000"
        try:
            self.query(setting)
        except SqlError:
            return ""
        return setting

    def close(self) -> None:
        """End the session."""
        self._connection.close()

    def interrupt(self) -> None:
        """End the statement under way; called from another thread."""
        with suppress(psycopg.Error):
            self._connection.cancel_safe(timeout=5)

    def execute(self, sql: str) -> None:
        """Run one statement and drop its rows."""
        self._run(sql.encode())

    def create_extension(self, name: str) -> None:
        """Create it, and those that it needs, if it isn't there."""
        quoted = name.replace('"', '""')
        self.execute(f'CREATE EXTENSION IF NOT EXISTS "{quoted}" CASCADE')

    def query(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of one query."""
        return self._run(sql.replace("?", "%s").encode() if values else sql.encode(), values or None)

    def _run(self, query: bytes, values: Sequence[object] | None = None) -> list[tuple[Any, ...]]:
        self._interrupter.check()
        try:
            with self._interrupter.calling(self.interrupt), self._connection.execute(query, values) as cursor:
                return cursor.fetchall() if cursor.description is not None else []
        except (psycopg.Error, ValueError) as error:
            raise self._translated(error, query.decode()) from None

    def _translated(self, error: Exception, query: str) -> Exception:
        if self._interrupter.stopped:
            return Interrupted()
        if not isinstance(error, psycopg.Error):
            return SqlError(str(error))
        if self._connection.closed:
            reason = f"PostgreSQL at {self.shown} went away: {self._place.reason(error)}."
            return EngineUnavailable(reason, hint="look after the server, then run the command again")
        if error.sqlstate in _LOCKED:
            waited = f"{self._limits.lock:g} seconds"
            return EngineUnavailable(
                f"A lock in {self.shown} is held by another session and stayed so for {waited}.",
                hint="end what holds it, or wait longer with --lock-timeout SECONDS; then run the command again",
            )
        if error.sqlstate in _READ_ONLY:
            return EngineUnavailable(
                f"The database {self.shown} is read-only: {self._place.reason(error)}.",
                hint="name the primary server, or a role that may write",
            )
        return statement_error(error, query)

    def begin(self) -> None:
        """Begin a transaction, on the very connection that holds the lock."""
        self.query("BEGIN")
        if self._backend is not None and self._pid() != self._backend:
            self.rollback()
            raise EngineUnavailable(
                f"{self.shown} is reached through a pooler that changes the session between transactions.",
                hint="connect to the server itself, or through a pool whose mode is session",
            )

    def _pid(self) -> int:
        return int(self.query("SELECT pg_backend_pid()")[0][0])

    def commit(self) -> None:
        """Commit it."""
        self.query("COMMIT")

    def rollback(self) -> None:
        """Undo whatever is open."""
        if not self._connection.closed and self.in_transaction:
            with suppress(psycopg.Error):
                self._connection.execute("ROLLBACK")

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._connection.info.transaction_status is not TransactionStatus.IDLE

    def fresh_session(self) -> None:
        """Put settings and role back to what they are after connecting, then set the time-outs."""
        statement, lock = int(self._limits.statement * 1000), int(self._limits.lock * 1000)
        self.query(
            "RESET SESSION AUTHORIZATION; RESET ALL; "
            f"SET statement_timeout = {statement}; SET lock_timeout = {lock}; {self._watch}"
        )

    def has(self, name: ObjectName) -> bool:
        """Whether it is there now."""
        return bool(self.query(postgres_presence.query(name)))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the advisory lock of this schema's migrators.

        It is asked for again and again rather than waited for: a session that waits holds a snapshot, which an
        index that the other builds CONCURRENTLY would wait for in turn.
        """
        key = self._key()
        end = time.monotonic() + self._clock.lock_seconds
        while not self.query("SELECT pg_try_advisory_lock(?)", (key,))[0][0]:
            if time.monotonic() > end:
                raise EngineUnavailable(
                    f"Another migrator works on {self.shown} and did so for {self._limits.lock:g} seconds.",
                    hint="wait for it, or wait longer with --lock-timeout SECONDS; then run the command again",
                )
            time.sleep(clock.between(0.5 * _LOOK_SECONDS, 1.5 * _LOOK_SECONDS))
        self._backend = self._pid()
        try:
            yield
        finally:
            self._backend = None
            self.rollback()
            if not self._connection.closed:
                with suppress(psycopg.Error):
                    self._connection.execute("SELECT pg_advisory_unlock(%s)", (key,))

    def _key(self) -> int:
        """A key that no other program is likely to use, the same for all migrators of one schema."""
        digest = hashlib.sha256(f"gatekeeper migrations {self._schema}".encode()).digest()
        return int.from_bytes(digest[:8], "big", signed=True)

    def qualified(self, table: str) -> str:
        """The table in the schema in which the session began, whatever search path a script sets."""
        return pgsql.Identifier(self._schema, table).as_string(None)

    def columns(self, table: str) -> frozenset[str]:
        """The names of its columns."""
        return frozenset(name for (name,) in self.query(_COLUMNS, (self.qualified(table),)))

    def tables(self) -> tuple[str, ...]:
        """Tables and views of the schema."""
        return tuple(name for (name,) in self.query(_TABLES))
