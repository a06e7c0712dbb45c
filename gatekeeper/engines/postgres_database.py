"""One database of a PostgreSQL server, and one session in it."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Protocol

import psycopg
from psycopg.adapt import Transformer
from psycopg.pq import ExecStatus, TransactionStatus

from gatekeeper.engines import postgres_catalog, postgres_presence, postgres_queries, postgres_rows
from gatekeeper.engines.base import (
    Database,
    EngineName,
    EngineUnavailable,
    Interrupted,
    Interrupter,
    ObjectName,
    SqlError,
    TableRows,
)
from gatekeeper.engines.postgres_memory import Memory
from gatekeeper.engines.postgres_rows import Writes
from gatekeeper.engines.tables import Relation, Row
from gatekeeper.engines.watchdog import Watchdog
from gatekeeper.model.schema import SchemaShape, SchemaSnapshot
from gatekeeper.sql import tokens

_NOT_PREPARED = "26000"
_BUSY = {TransactionStatus.ACTIVE, TransactionStatus.UNKNOWN}
_IDLE = TransactionStatus.IDLE
# What a script may have set and what changes how the catalog and values are shown.
_LOOKING = (
    "SET LOCAL SESSION AUTHORIZATION DEFAULT; SET LOCAL search_path TO public; SET LOCAL TimeZone TO 'UTC'; "
    "SET LOCAL DateStyle TO 'ISO'; SET LOCAL IntervalStyle TO 'iso_8601'; SET LOCAL bytea_output TO 'hex'; "
    "SET LOCAL extra_float_digits TO 1; SET LOCAL plan_cache_mode TO force_generic_plan"
)
_ASKING = {"SELECT", "WITH", "TABLE", "VALUES"}
_ROWS_AT_ONCE = 1000
# The open transaction's number, which it gets when it first writes anything.
_NUMBER_OF_WRITER = "SELECT pg_current_xact_id_if_assigned()"


class Home(Protocol):
    """What a database needs of the server that it is on; ``timeout`` is in seconds, for each statement."""

    source: str
    timeout: float

    def connect(self, name: str) -> psycopg.Connection[Any]:
        """A session in a database. Raises EngineUnavailable."""

    def terminate(self, pid: int) -> None:
        """End a session."""

    def copy(self, name: str) -> None:
        """Make a copy of a database to which nobody is connected. Raises EngineUnavailable."""

    def put_back(self, name: str) -> None:
        """Put the copy in the place of the database. Raises psycopg.Error."""


class PostgresDatabase(Database):
    """One database of a server, and one session in it."""

    engine: EngineName = "postgres"

    def __init__(self, engine: Home, name: str, interrupter: Interrupter) -> None:
        self._engine = engine
        self.name = name
        self._interrupter = interrupter
        self.own_server = engine.source != "url"
        self._connection = engine.connect(name)
        self._watchdog = Watchdog(engine.timeout, (self.interrupt, self._terminate))
        self._nested = False
        self._unwritten: bool | None = None
        self._writes = Writes()
        self._memory = Memory(self._look, roles=self.own_server)
        # What the database holds outside any transaction, as long as nothing was written since.
        self._schema: SchemaSnapshot | None = None
        self._rows: Mapping[str, TableRows] | None = None

    def close(self) -> None:
        """End the session."""
        self._watchdog.close()
        self._connection.close()

    def interrupt(self) -> None:
        """End the statement under way; called from another thread."""
        with suppress(psycopg.Error):
            self._connection.cancel()

    def _terminate(self) -> None:
        self._engine.terminate(self._connection.info.backend_pid)

    def execute(self, sql: str) -> None:
        """Run one statement."""
        if not self._nested:
            self._schema, self._rows = None, None
            if not self.in_transaction:
                self._writes.anything()
                self._memory.anything()
        first = next((token.word for token in tokens(sql, "postgres") if not token.is_blank), "")
        self._moved()
        with self._asking(sql), self._connection.cursor() as cursor:
            if first not in _ASKING:
                cursor.execute(sql.encode())
                return
            # The rows may be more than memory holds.
            for _ in cursor.stream(sql.encode(), size=_ROWS_AT_ONCE):
                pass

    def _order(self, query: str) -> None:
        """Carry out commands of our own; for those a cursor takes longer than the server does."""
        self._moved()
        with self._asking(query):
            result = self._connection.pgconn.exec_(query.encode())
            if result.status != ExecStatus.COMMAND_OK:
                raise psycopg.errors.error_from_result(result)

    def _query(self, query: str) -> list[tuple[Any, ...]]:
        self._moved()
        return self._raw(query)

    def _moved(self) -> None:
        """A statement is about to run, so that anything may be another."""
        self._memory.moved()
        self._unwritten = None

    def _raw(self, query: str) -> list[tuple[Any, ...]]:
        """Run one text of our own, without a cursor as above; the rows of all its statements that give any."""
        server = self._connection.pgconn
        rows: list[tuple[Any, ...]] = []
        error: psycopg.Error | None = None
        with self._asking(query):
            reader = Transformer()  # for UTF-8: Python doesn't know every encoding that a script may ask for
            server.send_query(query.encode())
            while (result := server.get_result()) is not None:
                if result.status == ExecStatus.TUPLES_OK:
                    reader.set_pgresult(result)
                    rows += reader.load_rows(0, result.ntuples, tuple)
                elif result.status != ExecStatus.COMMAND_OK:
                    error = psycopg.errors.error_from_result(result)
            if error is not None:
                raise error
        return rows

    @contextmanager
    def _asking(self, query: str) -> Iterator[None]:
        self._interrupter.check()
        try:
            with self._watchdog.watching():
                yield
        except (psycopg.Error, ValueError) as error:
            raise self._translated(error, query) from None

    def _translated(self, error: Exception, query: str) -> Exception:
        if self._interrupter.stopped:
            return Interrupted()
        if not isinstance(error, psycopg.Error):
            return SqlError(str(error))
        lost = self._connection.closed or self._connection.info.transaction_status in _BUSY
        if lost:
            self._connection.close()
            self._nested = False
            self._connection = self._engine.connect(self.name)
        diagnosis = error.diag
        message = diagnosis.message_primary or " ".join(str(error).split())
        if self._watchdog.barked:
            message = f"it ran longer than the statement time-out of {self._engine.timeout:g} seconds"
        elif diagnosis.message_detail:
            message += f" ({diagnosis.message_detail})"
        position = diagnosis.statement_position
        line = query.count("\n", 0, int(position) - 1) + 1 if position else None
        return SqlError(
            message.replace(self.name, "the database of the run"),
            sqlstate=error.sqlstate,
            line=line,
            lost=bool(lost),
        )

    def begin(self) -> None:
        """Begin a transaction, in a trial a savepoint."""
        self._order("SAVEPOINT gatekeeper_script" if self._nested else "BEGIN")

    def commit(self) -> None:
        """Commit it; in a trial, check what was deferred and keep the savepoint's work."""
        if self._nested:
            checked = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; RELEASE gatekeeper_script"
            self._unwritten = self._query(f"{checked}; {_NUMBER_OF_WRITER}") == [(None,)]
        else:
            written = {number for (number,) in self._query(f"{postgres_rows.CHANGED}; COMMIT")}
            self._writes.committed(written)
            self._memory.committed(written)

    def rollback(self) -> None:
        """Undo it, or whatever is open."""
        with suppress(SqlError):
            if self._nested:
                self._order("ROLLBACK TO gatekeeper_script; RELEASE gatekeeper_script")
            elif self.in_transaction:
                self._order("ROLLBACK")

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._connection.info.transaction_status is not _IDLE

    def fresh_session(self) -> None:
        """Put settings and role back to what they are after connecting, and drop temporary tables."""
        self._order("RESET SESSION AUTHORIZATION; RESET ALL; DISCARD TEMP")

    def has(self, name: ObjectName) -> bool:
        """Whether it is there now."""
        return bool(self._query(postgres_presence.query(name)))

    @contextmanager
    def trial(self, *, transactional: bool) -> Iterator[None]:
        """A transaction that is rolled back; for scripts with transactions of their own, a copy."""
        if not transactional:
            with self._writes.kept(), self._memory.kept(), self._copied():
                yield
            return
        self._order("BEGIN")
        self._nested = True
        try:
            yield
        finally:
            self._nested = False
            if not self._connection.closed and self.in_transaction:
                with suppress(psycopg.Error):
                    self._connection.execute("ROLLBACK")
            self._moved()

    @contextmanager
    def _copied(self) -> Iterator[None]:
        self._connection.close()
        self._engine.copy(self.name)
        self._connection = self._engine.connect(self.name)
        try:
            yield
        finally:
            self._connection.close()
            try:
                self._engine.put_back(self.name)
            except psycopg.Error as error:
                raise EngineUnavailable(
                    f"The database of the run can't be restored: {error.diag.message_primary}"
                ) from None
            self._connection = self._engine.connect(self.name)
            self._moved()

    @contextmanager
    def undone(self, statements: tuple[str, ...]) -> Iterator[None]:
        """A savepoint, in a transaction of its own if there is none."""
        outside = not self.in_transaction
        if outside:
            self._order("BEGIN")
        self._order("SAVEPOINT gatekeeper_undone")
        try:
            for statement in statements:
                self._order(statement)
            yield
        finally:
            with suppress(SqlError):
                self._order("ROLLBACK" if outside else "ROLLBACK TO gatekeeper_undone; RELEASE gatekeeper_undone")

    def _is_unwritten(self) -> bool:
        """Whether nothing was written since the trial began (outside one: since schema and rows were read)."""
        if not self._nested:
            return True
        if self._unwritten is None:
            self._unwritten = self._raw(_NUMBER_OF_WRITER) == [(None,)]
        return self._unwritten

    def _look(self, query: str) -> list[tuple[Any, ...]]:
        """An answer from the catalog, whatever a script set; in one message, because there are many."""
        try:
            return self._look_once(query)
        except SqlError as error:
            if error.sqlstate != _NOT_PREPARED:
                raise
        texts = postgres_queries.prepared(self._connection.info.server_version) | postgres_rows.PREPARED
        every = "; ".join(f"PREPARE {name} AS {text}" for name, text in texts.items())
        self._raw(f"DEALLOCATE ALL; {every}")
        return self._look_once(query)

    def _look_once(self, query: str) -> list[tuple[Any, ...]]:
        if self.in_transaction:
            before, after = "SAVEPOINT gatekeeper_look", "ROLLBACK TO gatekeeper_look; RELEASE gatekeeper_look"
        else:
            before, after = "BEGIN", "ROLLBACK"
        if self._connection.pgconn.parameter_status(b"client_encoding") != b"UTF8":
            # In a message of its own, because a message is read in the encoding in which it arrives.
            self._raw(f"{before}; SET LOCAL client_encoding TO 'UTF8'")
            before = _LOOKING
        try:
            return self._raw(f"{before}; {_LOOKING}; {query}; {after}")
        except SqlError as error:
            if not error.lost and self.in_transaction:
                self._raw(after)
            raise

    def snapshot(self) -> SchemaSnapshot:
        """The schema, from the catalog."""
        if self._schema is not None and self._is_unwritten():
            return self._schema
        found = self._memory.snapshot()
        if not self.in_transaction:
            self._schema = found
        return found

    def shape(self) -> SchemaShape:
        """The schema as two engines can be compared by."""
        return postgres_catalog.shape(*(self._look(query) for query in postgres_queries.SHAPE))

    def rows(self) -> Mapping[str, TableRows]:
        """What each table holds that holds anything, counted and hashed by the server."""
        if self._rows is not None and self._is_unwritten():
            return self._rows
        found = self._memory.rows(trying=self.in_transaction)
        if not self.in_transaction:
            self._rows = found
        return found

    def relations(self, names: Iterable[str]) -> Mapping[str, Relation]:
        """The tables among the names that hold rows, partitioned ones included."""
        return postgres_rows.relations(self._look, names)

    def read(self, tables: Iterable[Relation]) -> Mapping[str, tuple[Row, ...]]:
        """Every row of the tables, its values as texts."""
        return postgres_rows.read(self._look, tables)

    def changed(self) -> set[str] | None:
        """What the server counted in the transaction, and what has another file."""
        if self._nested and self._is_unwritten():
            return self._writes.before()
        return self._writes.since(self._memory.tables(), ended=not self._nested)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of one question, or of several."""
        return self._look(query)

    def attempt(self, sql: str) -> None:
        """One statement in a savepoint of its own."""
        try:
            self._order(f"SAVEPOINT gatekeeper_attempt; {sql}; RELEASE gatekeeper_attempt")
        except SqlError as error:
            if not error.lost:
                self._order("ROLLBACK TO gatekeeper_attempt; RELEASE gatekeeper_attempt")
            raise
