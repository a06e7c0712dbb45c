"""A database of the user's own, named by a URL: what the runner needs of it beside running scripts."""

import re
import time
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote

from gatekeeper.engines.base import EngineName, EngineUnavailable, Interrupter, Session
from gatekeeper.model.errors import UsageError

Use = Literal["apply", "undo", "status"]
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_POSTGRES = {"postgres", "postgresql"}
_MODES = {"ro", "rw", "rwc"}
_HINT = "sqlite:PATH or postgresql://USER@HOST:PORT/DATABASE"


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """Where a database is: for SQLite ``path`` and the mode of opening, for PostgreSQL the ``url`` as given.

    ``shown`` names it without its password.
    """

    engine: EngineName
    url: str = field(repr=False)
    shown: str
    path: str = ""
    mode: str = ""


def parse_url(url: str) -> DatabaseUrl:
    """What a URL names: ``sqlite:PATH`` (``sqlite:///`` for an absolute one), ``postgresql://…``, or a plain path.

    ``?mode=ro``, ``rw`` or ``rwc`` says how a SQLite file is opened. Raises UsageError, which doesn't quote the
    URL: it may hold a password.
    """
    scheme = _SCHEME.match(url)
    # One letter before the colon is a drive of Windows.
    if scheme is None:
        return _sqlite(url, url) if url.strip() else _refused("The database's URL is empty.")
    name = scheme[1].lower()
    if name in _POSTGRES and url[scheme.end() :].startswith("//"):
        return _postgres(url)
    if name != "sqlite":
        return _refused(f"{name}: is no database that gate knows.")
    rest = url[scheme.end() :]
    return _sqlite(url, rest.removeprefix("//"))


def _sqlite(url: str, rest: str) -> DatabaseUrl:
    path, _, query = rest.partition("?") if url != rest else (rest, "", "")
    if not path or path == ":memory:":
        return _refused("The URL names no SQLite file.")
    mode = ""
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key != "mode" or value not in _MODES:
            return _refused(f"A SQLite URL takes mode=ro, rw or rwc, and not {key}={value}.")
        mode = value
    path = unquote(path) if url != rest else path
    return DatabaseUrl("sqlite", url, path, path, mode)


def _postgres(url: str) -> DatabaseUrl:
    # psycopg takes a tenth of a second to import, which SQLite alone doesn't need.
    from gatekeeper.engines.postgres_place import Place, url_parameters  # noqa: PLC0415

    try:
        return DatabaseUrl("postgres", url, shown=Place(url_parameters(url)).shown)
    except EngineUnavailable as error:
        return _refused(error.reason)


def _refused(message: str) -> DatabaseUrl:
    raise UsageError(message, hint=f"name the database as {_HINT}")


@dataclass(frozen=True, slots=True)
class Limits:
    """Time-outs in seconds: of one statement, of waiting for a lock, of the whole run; 0 is none."""

    statement: float = 60
    lock: float = 30
    overall: float = 0


class Clock:
    """How much of a run's time is left."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._end = time.monotonic() + limits.overall if limits.overall else float("inf")

    @property
    def lock_seconds(self) -> float:
        """How long to wait for a lock from now on."""
        lock = self.limits.lock or float("inf")
        return max(0.0, min(lock, self._end - time.monotonic()))


class LiveSession(Session):
    """A session in a database that outlives the run. ``shown`` names it without its password.

    Our own queries are written with ``?`` for each value.
    """

    shown: str

    def create_extension(self, name: str) -> None:
        """Create PostgreSQL's extension if it isn't there; nothing on an engine without. Raises SqlError."""

    @abstractmethod
    def query(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of one query of ours."""

    @abstractmethod
    def alone(self) -> AbstractContextManager[None]:
        """While the context lasts no other migrator works on this database, or each transaction sees to that."""

    @abstractmethod
    def qualified(self, table: str) -> str:
        """The table's quoted name, with the schema in which it is or would be made."""

    @abstractmethod
    def columns(self, table: str) -> frozenset[str]:
        """The names of a table's columns in lower case; none where there is no such table."""

    @abstractmethod
    def tables(self) -> tuple[str, ...]:
        """Tables and views where new ones would be made, sorted; what extensions made is left out."""

    @abstractmethod
    def close(self) -> None:
        """End the session; an open transaction is undone."""


@contextmanager
def open_session(url: DatabaseUrl, use: Use, limits: Limits, interrupter: Interrupter) -> Iterator[LiveSession]:
    """A session in the database; only ``apply`` makes a SQLite file that isn't there.

    Raises EngineUnavailable if it can't be reached, without its password.
    """
    session: LiveSession
    if url.engine == "sqlite":
        from gatekeeper.engines.sqlite_live import SqliteSession  # noqa: PLC0415 - one engine is enough

        session = SqliteSession(url, use, limits, interrupter)
    else:
        from gatekeeper.engines.postgres_live import PostgresSession  # noqa: PLC0415 - as above

        session = PostgresSession(url.url, limits, interrupter)
    try:
        yield session
    finally:
        session.close()
