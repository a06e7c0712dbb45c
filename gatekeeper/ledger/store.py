"""What the ledger asks of a database, whichever it is: the one interface to both backends."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from gatekeeper.ledger.encoding import COLUMNS
from gatekeeper.model.errors import LedgerError
from gatekeeper.model.ledger import Event

WAIT_SECONDS = 20.0
"""For how long a writer waits for the others, for a lock, for a server that starts again."""
OPEN_SECONDS = 5.0
"""For how long a server is tried again that can't be reached and never was: it may just be starting."""
PAGE = 1_000
"""How many events are read at once."""

Backend = Literal["sqlite", "postgres"]
Place = tuple[int, str]
"""Where a reader stands: ``seq`` and ``digest`` of the last event read, which tells even a forked chain apart."""
START: Place = (0, "")


class DamagedLedger(LedgerError):  # noqa: N818 - it names a state, not a mistake
    """The file is no database any more, or not a whole one."""


class Lost(Exception):  # noqa: N818 - it names what happened
    """There is no connection, or it broke, in an append perhaps after its commit.

    ``reason`` is a sentence without passwords and without its full stop; ``returns`` says that the server was
    there before, or says itself that it is about to be.
    """

    def __init__(self, reason: str, *, returns: bool = True) -> None:
        self.reason = reason.rstrip(".?! ")
        super().__init__(self.reason)
        self.returns = returns


@dataclass(frozen=True, slots=True)
class Totals:
    """How many events there are, and the times of the first and the last one."""

    events: int
    first_at: str | None
    last_at: str | None


def newest_of(versions: Iterable[object], shown: str) -> str | None:
    """The newest of the versions in a tracking table, None where it holds none. Raises DamagedLedger."""
    found = [str(version) for version in versions]
    for version in found:
        if not (version.isascii() and version.isdigit()):
            raise DamagedLedger(
                f"The ledger {shown} records {version!r} as a version of its schema, which is none.",
                hint="put back a copy of the ledger, or move it away and import an export",
            )
    return max(found, key=int, default=None)


def page_query(*, wp_id: bool, kind: bool, mark: str) -> str:
    """The question for a page of events; its values: seq, seq and digest of the place, id, kind, the limit."""
    narrowed = f"{f' AND wp_id = {mark}' if wp_id else ''}{f' AND kind = {mark}' if kind else ''}"
    return (
        f"SELECT {COLUMNS} FROM events WHERE seq >= {mark} AND (seq > {mark} OR digest > {mark}){narrowed} "  # noqa: S608 - constants
        f"ORDER BY seq, digest LIMIT {mark}"
    )


_SAME = ("kind", "actor", "at", "tool_version", "payload")
_SAME_OR_NULL = ("wp_id", "packet_digest")


def same_query(mark: str, equal: str) -> str:
    """The question for an event of the same content; ``equal`` compares what may be NULL."""
    terms = [*(f"{name} = {mark}" for name in _SAME), *(f"{name} {equal} {mark}" for name in _SAME_OR_NULL)]
    return f"SELECT {COLUMNS} FROM events WHERE {' AND '.join(terms)} ORDER BY seq DESC LIMIT 1"  # noqa: S608 - constants


def same_values(event: Event) -> list[object]:
    """The values of that question."""
    return [getattr(event, name) for name in (*_SAME, *_SAME_OR_NULL)]


class Store(ABC):
    """One database with a ledger in it, or none yet; connected to when first asked.

    Every method raises LedgerError for a fault, and Lost where the connection broke.
    """

    backend: Backend
    shown: str
    """Where it is, without its password."""

    @abstractmethod
    def exists(self) -> bool:
        """Whether there is a table of events; looks, and makes nothing."""

    @abstractmethod
    def schema_version(self) -> str | None:
        """The newest version that the tracking table holds as applied; None where there is none."""

    @abstractmethod
    def migrate(self) -> None:
        """Bring the schema to the newest version with our own runner, making the database where that is ours."""

    @abstractmethod
    def page(self, after: Place, wp_id: str | None, kind: str | None) -> Sequence[Event]:
        """The next events in the order of ``seq``, at most PAGE, of that packet and kind where given."""

    @abstractmethod
    def tip(self) -> Event | None:
        """The event with the highest ``seq``."""

    @abstractmethod
    def find(self, digest: str) -> Event | None:
        """The event of that digest."""

    @abstractmethod
    def totals(self) -> Totals:
        """What ``status`` counts."""

    @abstractmethod
    def damage(self) -> Sequence[str]:
        """What is wrong with the file that holds the ledger, one sentence each; nothing if all is well.

        May be asked in another thread than the rest.
        """

    @abstractmethod
    def add(self, event: Event, wait: float) -> Event:
        """Append one event after the tip, whatever that is, and return it with its place and digests.

        Where the answer is Lost, nobody knows whether the event was appended: ``same`` tells.
        """

    @abstractmethod
    def same(self, event: Event) -> Event | None:
        """The event that differs from this one in nothing but its place and digests."""

    @abstractmethod
    def begin(self, wait: float) -> Event | None:
        """Begin to append, once no other writer does, and return the tip; at most ``wait`` seconds."""

    @abstractmethod
    def insert(self, events: Sequence[Event]) -> None:
        """Add events, after ``begin``."""

    @abstractmethod
    def commit(self, events: Sequence[Event] = ()) -> None:
        """Add events and make all that was added durable."""

    @abstractmethod
    def rollback(self) -> None:
        """Undo what was begun; never raises."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the connection; the next question makes a new one."""
