"""What the proof and the runner need of a database engine, whatever engine it is."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import Any, Literal

from gatekeeper.engines.tables import Relation, Row
from gatekeeper.model.schema import SchemaShape, SchemaSnapshot

EngineName = Literal["sqlite", "postgres"]


class SqlError(Exception):
    """The database refused a statement.

    ``message`` is the engine's own, without positions, names of throw-away databases or other accidents;
    ``sqlstate`` five characters where the engine has them; ``line`` the 1-based line within the statement
    where the engine told it; ``lost`` whether the connection broke and was made anew.
    """

    def __init__(
        self, message: str, *, sqlstate: str | None = None, line: int | None = None, lost: bool = False
    ) -> None:
        super().__init__(message)
        self.message = message
        self.sqlstate = sqlstate
        self.line = line
        self.lost = lost


class EngineUnavailable(Exception):  # noqa: N818 - it names a state, not a mistake
    """The engine can't run here; ``reason`` is a sentence, without passwords. It makes a NOT_RUN, never a pass.

    ``hint`` is the command or edit that mends it, where one is known.
    """

    def __init__(self, reason: str, *, hint: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


class Interrupted(Exception):  # noqa: N818 - it names what happened, not a mistake
    """The run was called off from another thread."""


class Interrupter:
    """Calls off work from another thread: databases register how they are interrupted while they live."""

    def __init__(self) -> None:
        self._stopped = Event()
        self._lock = Lock()
        self._hooks: list[Callable[[], None]] = []

    @property
    def stopped(self) -> bool:
        """Whether the work was called off."""
        return self._stopped.is_set()

    def check(self) -> None:
        """Raise Interrupted if the work was called off."""
        if self.stopped:
            raise Interrupted

    def stop(self) -> None:
        """Call off the work: no statement starts any more, and those under way are interrupted."""
        self._stopped.set()
        with self._lock:
            for hook in self._hooks:
                hook()

    @contextmanager
    def calling(self, hook: Callable[[], None]) -> Iterator[None]:
        """While the context lasts, ``stop`` calls ``hook`` (from the thread that stops)."""
        with self._lock:
            self._hooks.append(hook)
        try:
            yield
        finally:
            with self._lock:
                self._hooks.remove(hook)


@dataclass(frozen=True, slots=True)
class TableRows:
    """What a table holds, to tell whether it changed: the count, and digests that no order of rows changes.

    Columns with a volatile default (a time, a sequence, a random value) take no part (contract, section 5).
    """

    count: int
    digest: int
    columns: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ObjectName:
    """A table, column or index as SQL would name it, quotes removed and case folded as the engine does it.

    Without a ``schema`` it is looked for where a statement would find it. ``column`` is None for the other kinds.
    """

    kind: Literal["table", "column", "index"]
    name: str
    schema: str | None = None
    column: str | None = None


class Session(ABC):
    """A connection in which scripts are run.

    Outside ``begin`` and ``commit`` each statement commits itself. Every method that runs SQL raises SqlError,
    EngineUnavailable if the server is gone, and Interrupted once the run was called off.
    """

    engine: EngineName

    @abstractmethod
    def execute(self, sql: str) -> None:
        """Run one statement and drop its rows."""

    @abstractmethod
    def begin(self) -> None:
        """Begin a transaction (inside a trial, one that can be undone by itself)."""

    @abstractmethod
    def commit(self) -> None:
        """Commit it; raises what constraints that were deferred have to say."""

    @abstractmethod
    def rollback(self) -> None:
        """Undo it; also whatever a script left open. Never raises SqlError."""

    @property
    @abstractmethod
    def in_transaction(self) -> bool:
        """Whether a transaction that a script began is still open."""

    @abstractmethod
    def fresh_session(self) -> None:
        """Undo what a script did to the session (settings, pragmas), as if it had just connected."""

    @abstractmethod
    def has(self, name: ObjectName) -> bool:
        """Whether it is there now: a view is no table but has columns; a missing table has none."""


class Database(Session):
    """One throw-away database and the session in it, with all that the proof looks at."""

    own_server: bool = True
    """Whether the server ends with the run, so that what belongs to the whole server does no harm."""

    @abstractmethod
    def trial(self, *, transactional: bool) -> AbstractContextManager[None]:
        """While the context lasts, whatever happens to schema and rows is undone at its end, failed or not.

        ``transactional`` promises that no script inside it begins or ends transactions itself.
        """

    @abstractmethod
    def snapshot(self) -> SchemaSnapshot:
        """The whole schema, from the engine's catalog."""

    @abstractmethod
    def shape(self) -> SchemaShape:
        """The schema as values that two engines can be compared by."""

    @abstractmethod
    def rows(self) -> Mapping[str, TableRows]:
        """What each table that holds rows holds, by the table's name as snapshots have it."""

    @abstractmethod
    def relations(self, names: Iterable[str]) -> Mapping[str, Relation]:
        """Those of the names that are tables with rows of their own, described for who reads and makes rows."""

    @abstractmethod
    def read(self, tables: Iterable[Relation]) -> Mapping[str, tuple[Row, ...]]:
        """Every row of the tables, in no particular order."""

    @abstractmethod
    def changed(self) -> set[str] | None:
        """The tables whose rows may have been written since it was last asked; None where any may.

        In a trial since the trial began, and what it says there is forgotten at the trial's end.
        """

    @abstractmethod
    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """The rows that a question of our own gives; whatever it raises, no open transaction suffers."""

    @abstractmethod
    def attempt(self, sql: str) -> None:
        """Run one statement in an open transaction; where it fails, only it is undone."""

    @abstractmethod
    def undone(self, statements: tuple[str, ...]) -> AbstractContextManager[None]:
        """Run the statements; whatever they and the context do is undone, inside a transaction or outside."""


class Engine(ABC):
    """An engine that can make databases; ``source`` is builtin, embedded, bin or url.

    ``elsewhere`` says that it works outside this process, so that work in two databases side by side takes less
    time than in one after the other.
    """

    name: EngineName
    version: str
    source: str
    elsewhere: bool = False

    @abstractmethod
    def database(self) -> AbstractContextManager[Database]:
        """A new empty database, dropped at the context's end, also when the work in it failed."""
