"""PostgreSQL: a server of our own for the run, or one that a URL names; in it a database for the run."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from gatekeeper.engines import postgres_catalog, postgres_queries
from gatekeeper.engines.base import (
    Database,
    Engine,
    EngineName,
    EngineUnavailable,
    Interrupted,
    Interrupter,
    SqlError,
    TableRows,
)
from gatekeeper.engines.postgres_place import Place, url_parameters
from gatekeeper.engines.server import running_server
from gatekeeper.model.schema import SchemaShape, SchemaSnapshot
from gatekeeper.model.settings import PostgresSettings

_PREFIX = "gatekeeper_"
_COPY = "_copy"
_PLAN = "gatekeeper_snapshot"
_BUSY = {TransactionStatus.ACTIVE, TransactionStatus.UNKNOWN}
_IDLE = TransactionStatus.IDLE


@contextmanager
def postgres_server(
    settings: PostgresSettings,
    *,
    timeout: float,
    extensions: tuple[str, ...] = (),
    interrupter: Interrupter | None = None,
) -> Iterator["PostgresEngine"]:
    """The server that the settings name, or an embedded one that ends with the context.

    ``timeout`` is in seconds, for each statement; ``extensions`` are created in every database. Raises
    EngineUnavailable, whose reason never holds a password.
    """
    interrupter = interrupter or Interrupter()
    if settings.url:
        with _engine(url_parameters(settings.url), "url", timeout, extensions, interrupter) as engine:
            yield engine
        return
    with running_server(settings.bin) as server:
        interrupter.check()
        with _engine(server.connect, server.source, timeout, extensions, interrupter) as engine:
            yield engine


@contextmanager
def _engine(
    parameters: Mapping[str, str],
    source: str,
    timeout: float,
    extensions: tuple[str, ...],
    interrupter: Interrupter,
) -> Iterator["PostgresEngine"]:
    place = Place(parameters)
    try:
        admin = place.connect(None, "")
    except psycopg.Error as error:
        raise EngineUnavailable(f"PostgreSQL at {place.shown} can't be reached: {place.reason(error)}") from None
    with admin:
        engine = PostgresEngine(
            place, admin, source, timeout=timeout, extensions=extensions, interrupter=interrupter
        )
        engine.drop_stale()
        yield engine


class PostgresEngine(Engine):
    """A server on which databases can be made."""

    name: EngineName = "postgres"

    def __init__(
        self,
        place: Place,
        admin: psycopg.Connection[Any],
        source: str,
        *,
        timeout: float,
        extensions: tuple[str, ...],
        interrupter: Interrupter,
    ) -> None:
        self.version = admin.info.parameter_status("server_version").split()[0]  # type: ignore[union-attr] # every server tells it
        self.source = source
        self._place = place
        self._admin = admin
        self._options = f"-c statement_timeout={int(timeout * 1000)}"
        self._extensions = extensions
        self._interrupter = interrupter

    def drop_stale(self) -> None:
        """Drop databases of runs that were killed: nobody holds their lock any more."""
        with suppress(psycopg.Error):
            found = self._admin.execute("SELECT datname FROM pg_database WHERE datname LIKE 'gatekeeper\\_%'")
            for (name,) in found.fetchall():
                base = name.removesuffix(_COPY)
                held = self._admin.execute("SELECT pg_try_advisory_lock(hashtext(%s))", (base,)).fetchone()
                if held and held[0]:
                    self.drop(name)
                    self._admin.execute("SELECT pg_advisory_unlock(hashtext(%s))", (base,))

    @contextmanager
    def database(self) -> Iterator["PostgresDatabase"]:
        """A new database with the extensions; its copies and it are dropped at the end."""
        name = _PREFIX + secrets.token_hex(6)
        try:
            self._admin.execute("SELECT pg_advisory_lock(hashtext(%s))", (name,))
            self._admin.execute(
                sql.SQL(
                    "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
                ).format(sql.Identifier(name))
            )
        except psycopg.errors.InsufficientPrivilege:
            user = self._admin.info.user
            raise EngineUnavailable(
                f"The role {user} at {self._place.shown} may not create databases: grant it CREATEDB."
            ) from None
        except psycopg.Error as error:
            raise EngineUnavailable(f"No database can be made: {self._place.reason(error)}") from None
        database = None
        try:
            database = PostgresDatabase(self, name, self._interrupter)
            with self._interrupter.calling(database.interrupt):
                self._create_extensions(database)
                yield database
        finally:
            if database is not None:
                database.close()
            with suppress(psycopg.Error):
                self.drop(name)
                self.drop(name + _COPY)
                self._admin.execute("SELECT pg_advisory_unlock(hashtext(%s))", (name,))

    def _create_extensions(self, database: "PostgresDatabase") -> None:
        for extension in self._extensions:
            quoted = extension.replace('"', '""')
            try:
                database.execute(f'CREATE EXTENSION IF NOT EXISTS "{quoted}" CASCADE')
            except SqlError as error:
                raise EngineUnavailable(
                    f"[migrations] postgres-extensions names {extension}, which can't be created: {error.message}"
                ) from error

    def connect(self, name: str) -> psycopg.Connection[Any]:
        """A session in one of the engine's databases. Raises EngineUnavailable."""
        try:
            return self._place.connect(name, self._options)
        except psycopg.Error as error:
            reason = self._place.reason(error).replace(name, "the database of the run")
            raise EngineUnavailable(f"PostgreSQL went away: {reason}") from None

    def drop(self, name: str) -> None:
        """Drop a database, whoever is connected to it."""
        self._admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def copy(self, name: str) -> None:
        """Make a copy of a database to which nobody is connected. Raises EngineUnavailable."""
        query = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name + _COPY), sql.Identifier(name)
        )
        try:
            self._admin.execute(query)
        except psycopg.Error as error:
            reason = self._place.reason(error).replace(name, "the run")
            raise EngineUnavailable(f"The database of the run can't be copied: {reason}") from None

    def put_back(self, name: str) -> None:
        """Put the copy in the place of the database."""
        self.drop(name)
        self._admin.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name + _COPY), sql.Identifier(name))
        )


class PostgresDatabase(Database):
    """One database of a server, and one session in it."""

    engine: EngineName = "postgres"

    def __init__(self, engine: PostgresEngine, name: str, interrupter: Interrupter) -> None:
        self._engine = engine
        self._name = name
        self._interrupter = interrupter
        self.own_server = engine.source != "url"
        self._connection = engine.connect(name)
        self._nested = False
        # What the database holds outside any transaction, as long as nothing was written since.
        self._schema: SchemaSnapshot | None = None
        self._rows: Mapping[str, TableRows] | None = None

    def close(self) -> None:
        """End the session."""
        self._connection.close()

    def interrupt(self) -> None:
        """End the statement under way; called from another thread."""
        with suppress(psycopg.Error):
            self._connection.cancel()

    def execute(self, sql: str) -> None:
        """Run one statement."""
        if not self._nested:
            self._schema, self._rows = None, None
        self._query(sql)

    def _query(self, query: str) -> list[tuple[Any, ...]]:
        """Run one text; the rows of all its statements that give any."""
        self._interrupter.check()
        try:
            with self._connection.execute(query.encode()) as cursor:
                rows: list[tuple[Any, ...]] = []
                while True:
                    if cursor.description is not None:
                        rows += cursor.fetchall()
                    if not cursor.nextset():
                        return rows
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
            self._connection = self._engine.connect(self._name)
        diagnosis = error.diag
        message = diagnosis.message_primary or " ".join(str(error).split())
        if diagnosis.message_detail:
            message += f" ({diagnosis.message_detail})"
        position = diagnosis.statement_position
        line = query.count("\n", 0, int(position) - 1) + 1 if position else None
        return SqlError(
            message.replace(self._name, "the database of the run"),
            sqlstate=error.sqlstate,
            line=line,
            lost=bool(lost),
        )

    def begin(self) -> None:
        """Begin a transaction, in a trial a savepoint."""
        self._query("SAVEPOINT gatekeeper_script" if self._nested else "BEGIN")

    def commit(self) -> None:
        """Commit it; in a trial, check what was deferred and keep the savepoint's work."""
        if self._nested:
            self._query("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
            self._query("RELEASE SAVEPOINT gatekeeper_script")
        else:
            self._query("COMMIT")

    def rollback(self) -> None:
        """Undo it, or whatever is open."""
        with suppress(SqlError):
            if self._nested:
                self._query("ROLLBACK TO SAVEPOINT gatekeeper_script; RELEASE SAVEPOINT gatekeeper_script")
            elif self.in_transaction:
                self._query("ROLLBACK")

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._connection.info.transaction_status is not _IDLE

    def fresh_session(self) -> None:
        """Put settings and role back to what they are after connecting."""
        self._query("RESET SESSION AUTHORIZATION; RESET ALL")

    @contextmanager
    def trial(self, *, transactional: bool) -> Iterator[None]:
        """A transaction that is rolled back; for scripts with transactions of their own, a copy."""
        if not transactional:
            with self._copied():
                yield
            return
        self._query("BEGIN")
        self._nested = True
        try:
            yield
        finally:
            self._nested = False
            if not self._connection.closed and self.in_transaction:
                with suppress(psycopg.Error):
                    self._connection.execute("ROLLBACK")

    @contextmanager
    def _copied(self) -> Iterator[None]:
        self._connection.close()
        self._engine.copy(self._name)
        self._connection = self._engine.connect(self._name)
        try:
            yield
        finally:
            self._connection.close()
            try:
                self._engine.put_back(self._name)
            except psycopg.Error as error:
                raise EngineUnavailable(
                    f"The database of the run can't be restored: {error.diag.message_primary}"
                ) from None
            self._connection = self._engine.connect(self._name)

    @contextmanager
    def undone(self, statements: tuple[str, ...]) -> Iterator[None]:
        """A savepoint, in a transaction of its own if there is none."""
        outside = not self.in_transaction
        if outside:
            self._query("BEGIN")
        self._query("SAVEPOINT gatekeeper_undone")
        try:
            for statement in statements:
                self._query(statement)
            yield
        finally:
            with suppress(SqlError):
                self._query(
                    "ROLLBACK"
                    if outside
                    else "ROLLBACK TO SAVEPOINT gatekeeper_undone; RELEASE SAVEPOINT gatekeeper_undone"
                )

    def _is_unwritten(self) -> bool:
        """Whether nothing was written since the trial began (outside one: since schema and rows were read)."""
        return not self._nested or self._query("SELECT pg_current_xact_id_if_assigned()") == [(None,)]

    def _look(self, query: str) -> list[tuple[Any, ...]]:
        """An answer from the catalog, whatever ``search_path`` a script set."""
        with self.undone(("SET LOCAL search_path TO public",)):
            return self._query(query)

    def snapshot(self) -> SchemaSnapshot:
        """The schema, from the catalog."""
        if self._schema is not None and self._is_unwritten():
            return self._schema
        # To plan the query takes as long as to run it on a small schema; a script may have dropped the plan.
        if not self._query(f"SELECT 1 FROM pg_prepared_statements WHERE name = '{_PLAN}'"):  # noqa: S608 - a constant
            self._query(f"PREPARE {_PLAN} AS {postgres_queries.SNAPSHOT}")
        found = postgres_catalog.snapshot(self._look(f"EXECUTE {_PLAN}"))
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
        tables = [_Table(*row) for row in self._look(postgres_queries.ROWS)]
        answers = self._look("; ".join(table.query for table in tables)) if tables else []
        found = {}
        for table, (count, digest, *each) in zip(tables, answers, strict=True):
            if count:
                per_column = {c: int(total or 0) for c, total in zip(table.columns, each, strict=True)}
                found[table.name] = TableRows(count, int(digest), per_column)
        if not self.in_transaction:
            self._rows = found
        return found


@dataclass(frozen=True, slots=True)
class _Table:
    """A row of ROWS: the quoted relation, its name as snapshots have it, the columns that count."""

    relation: str
    name: str
    columns: list[str]

    @property
    def query(self) -> str:
        """The question for its count and its digests."""
        quoted = [sql.Identifier(column).as_string(None) for column in self.columns]
        sums = [f'sum(hashtextextended({column}::text COLLATE "C", 0))' for column in quoted]
        whole = f'sum(hashtextextended(ROW({", ".join(quoted)})::text COLLATE "C", 0))'
        return f"SELECT {', '.join(['count(*)', whole, *sums])} FROM ONLY {self.relation}"  # noqa: S608 - quoted names
