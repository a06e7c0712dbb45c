"""PostgreSQL: a server of our own for the run, or one that a URL names; in it databases for the run."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from itertools import count
from threading import Lock
from typing import Any

import psycopg
from psycopg import sql

from gatekeeper.engines.base import Engine, EngineName, EngineUnavailable, Interrupter, SqlError
from gatekeeper.engines.postgres_database import PostgresDatabase
from gatekeeper.engines.postgres_place import Place, url_parameters
from gatekeeper.engines.server import Server, running_server
from gatekeeper.model.settings import PostgresSettings

_PREFIX = "gatekeeper_proof_"
_COPY = "_copy"
_RUN_BYTES = 6
_NAME_OF_RUN = len(_PREFIX) + 2 * _RUN_BYTES
_NEW_DATABASE = "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
_BY_FILES = " STRATEGY FILE_COPY"
_HAS_STRATEGIES = 150000  # before, there was this one alone
# Only names that nobody else would choose: a database called gatekeeper_something may be somebody's ledger.
_STALE = rf"""
SELECT d.datname FROM pg_database d WHERE d.datname ~ '^{_PREFIX}[0-9a-f]{{{2 * _RUN_BYTES}}}_\d+({_COPY})?$'
  AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = left(d.datname, {_NAME_OF_RUN}))
"""  # noqa: S608 - constants only


@contextmanager
def postgres_server(
    settings: PostgresSettings,
    *,
    timeout: float,
    extensions: tuple[str, ...] = (),
    interrupter: Interrupter | None = None,
    started: Callable[[], Server] | None = None,
) -> Iterator["PostgresEngine"]:
    """The server that the settings name, or an embedded one that ends with the context.

    ``timeout`` is in seconds, for each statement; ``extensions`` are created in every database; ``started`` gives
    an embedded server that its caller ends. Raises EngineUnavailable, whose reason never holds a password.
    """
    interrupter = interrupter or Interrupter()
    if settings.url:
        with _engine(url_parameters(settings.url), "url", timeout, extensions, interrupter) as engine:
            yield engine
        return
    with nullcontext(started()) if started else running_server(settings.bin) as server:
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
        engine = PostgresEngine(place, source, timeout=timeout, extensions=extensions, interrupter=interrupter)
    except psycopg.Error as error:
        raise EngineUnavailable(f"PostgreSQL at {place.shown} can't be reached: {place.reason(error)}") from None
    try:
        engine.drop_stale()
        yield engine
    finally:
        engine.close()


class PostgresEngine(Engine):
    """A server on which databases can be made. Raises psycopg.Error if it can't be reached."""

    name: EngineName = "postgres"
    elsewhere = True

    def __init__(
        self,
        place: Place,
        source: str,
        *,
        timeout: float,
        extensions: tuple[str, ...],
        interrupter: Interrupter,
    ) -> None:
        self.source = source
        self.timeout = timeout
        self._place = place
        self._extensions = extensions
        self._interrupter = interrupter
        self._run = _PREFIX + secrets.token_hex(_RUN_BYTES)
        self._numbers = count(1)
        self._used: list[str] = []
        self._lock = Lock()
        self._admin = self._administer()
        self.version = self._admin.info.parameter_status("server_version").split()[0]  # type: ignore[union-attr] # every server tells it
        # To copy the template's files takes a third of the time of logging what is in them, but all that a server
        # holds is written out before, which is not to be asked of somebody else's.
        by_files = source != "url" and self._admin.info.server_version >= _HAS_STRATEGIES
        self._new_database = _NEW_DATABASE + (_BY_FILES if by_files else "")

    def _administer(self) -> psycopg.Connection[Any]:
        """A session that makes and drops databases; its name tells other runs that this one lives."""
        admin = self._place.connect(None, "")
        admin.execute(f"SET application_name = '{self._run}'".encode())
        return admin

    def close(self) -> None:
        """End the session."""
        self._admin.close()

    def _order(self, query: sql.SQL | sql.Composed) -> psycopg.Cursor[Any]:
        """Carry out one command; anew if a migration had ended the session, as it may end every other."""
        with self._lock:
            try:
                return self._admin.execute(query)
            except psycopg.OperationalError:
                if not self._admin.closed:
                    raise
                self._admin = self._administer()
                return self._admin.execute(query)

    def drop_stale(self) -> None:
        """Drop databases of runs that were killed: no session bears their name any more."""
        with suppress(psycopg.Error):
            for (name,) in self._admin.execute(_STALE.encode()).fetchall():
                self.drop(name)

    @contextmanager
    def database(self) -> Iterator[PostgresDatabase]:
        """A new database with the extensions; its copies and it are dropped at the end.

        On a server of the run's own, which takes them along, that is put off until another is wanted, unless roles
        were made, which can't be dropped before what depends on them.
        """
        self._drop_used()
        database = self._new()
        roles = self._roles()
        try:
            with self._interrupter.calling(database.interrupt):
                self._create_extensions(database)
                yield database
        finally:
            database.close()
            with suppress(psycopg.Error):
                self._used.append(database.name)
                made = self._roles() - roles
                if made or self.source == "url":
                    self._drop_used()
                for role in sorted(made):
                    self._order(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))

    def _new(self) -> PostgresDatabase:
        """A new empty database. Raises EngineUnavailable."""
        name = f"{self._run}_{next(self._numbers)}"
        try:
            self._order(sql.SQL(self._new_database).format(sql.Identifier(name)))
        except psycopg.errors.InsufficientPrivilege:
            user = self._admin.info.user
            raise EngineUnavailable(
                f"The role {user} at {self._place.shown} may not create databases: grant it CREATEDB."
            ) from None
        except psycopg.Error as error:
            raise EngineUnavailable(f"No database can be made: {self._place.reason(error)}") from None
        try:
            return PostgresDatabase(self, name, self._interrupter)
        except BaseException:
            with suppress(psycopg.Error):
                self.drop(name)
            raise

    def _drop_used(self) -> None:
        """Drop the databases that were used, and their copies."""
        used, self._used = self._used, []
        with suppress(psycopg.Error):
            for name in used:
                self.drop(name)
                self.drop(name + _COPY)

    def _roles(self) -> set[str]:
        """The roles of a server that is the run's own; of another's nothing is touched."""
        if self.source == "url":
            return set()
        return {name for (name,) in self._order(sql.SQL("SELECT rolname FROM pg_roles")).fetchall()}

    def _create_extensions(self, database: PostgresDatabase) -> None:
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
            return self._place.connect(name, f"-c statement_timeout={int(self.timeout * 1000)}")
        except psycopg.Error as error:
            reason = self._place.reason(error).replace(name, "the database of the run")
            raise EngineUnavailable(f"PostgreSQL went away: {reason}") from None

    def terminate(self, pid: int) -> None:
        """End a session that doesn't heed being cancelled; called from another thread."""
        with suppress(psycopg.Error):
            self._admin.execute("SELECT pg_terminate_backend(%s)", (pid,))

    def drop(self, name: str) -> None:
        """Drop a database, whoever is connected to it."""
        self._order(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def copy(self, name: str) -> None:
        """Make a copy of a database to which nobody is connected. Raises EngineUnavailable."""
        query = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name + _COPY), sql.Identifier(name)
        )
        try:
            self._order(query)
        except psycopg.Error as error:
            reason = self._place.reason(error).replace(name, "the run")
            raise EngineUnavailable(f"The database of the run can't be copied: {reason}") from None

    def put_back(self, name: str) -> None:
        """Put the copy in the place of the database."""
        self.drop(name)
        self._order(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name + _COPY), sql.Identifier(name))
        )
