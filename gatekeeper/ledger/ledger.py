"""The ledger as its users see it, whichever database holds it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from gatekeeper import __version__, clock
from gatekeeper.ledger import schema
from gatekeeper.ledger.encoding import canonical, digest_of, storable
from gatekeeper.ledger.sqlite import SqliteStore
from gatekeeper.ledger.store import PAGE, START, WAIT_SECONDS, Lost, Store
from gatekeeper.model.errors import LedgerError
from gatekeeper.model.finding import Finding
from gatekeeper.model.ledger import NO_EVENT, Event, Guard, LedgerStatus, NewEvent
from gatekeeper.model.settings import LedgerSettings

_T = TypeVar("_T")
_NAP = 0.25
"""Seconds between two tries to reach a server that went away."""


def utc_now() -> str:
    """The present in UTC, ISO 8601 with milliseconds."""
    return clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Ledger:
    """One ledger; every method raises LedgerError, with a hint, for every fault.

    ``now`` tells the time of an event, ``wait`` for how many seconds an append waits for others and for a server
    that starts again.
    """

    def __init__(self, store: Store, *, now: Callable[[], str] = utc_now, wait: float = WAIT_SECONDS) -> None:
        self.store = store
        self._now = now
        self._wait = wait
        self._version: str | None = None
        self._writing = False

    @classmethod
    def at(cls, settings: LedgerSettings, common_dir: Path) -> "Ledger":
        """The ledger of these settings, not yet opened."""
        return cls(store_of(settings, common_dir))

    def close(self) -> None:
        """Let go of the connection."""
        self.store.close()

    # Reading

    def events(self, wp_id: str | None = None, kind: str | None = None, after: int = 0) -> Iterator[Event]:
        """The events in the chain's order, streamed: of one packet or kind, with a ``seq`` above ``after``."""
        if not self._asked(self.store.exists):
            return
        place = (after + 1, "") if after else START
        while True:
            page = self._asked(lambda at=place: self.store.page(at, wp_id, kind))  # type: ignore[misc] # the place of now
            yield from page
            if len(page) < PAGE:
                return
            place = (page[-1].seq, page[-1].digest)

    def tip(self) -> Event | None:
        """The last event; None where there is none."""
        return self._asked(self.store.tip) if self._asked(self.store.exists) else None

    def find(self, digest: str) -> Event | None:
        """The event of that digest; None where there is none."""
        return self._asked(lambda: self.store.find(digest)) if self._asked(self.store.exists) else None

    def status(self) -> LedgerStatus:
        """Where it is, what it holds."""
        about = {"backend": self.store.backend, "location": self.store.shown, "schema_known": schema.newest()}
        if not self._asked(self.store.exists):
            return LedgerStatus.model_validate({**about, "exists": False})
        totals, tip = self._asked(self.store.totals), self.tip()
        return LedgerStatus.model_validate(
            {
                **about,
                "exists": True,
                "schema_version": self._asked(self.store.schema_version),
                "events": totals.events,
                "tip": tip.digest if tip else None,
                "first_at": totals.first_at,
                "last_at": totals.last_at,
            }
        )

    def verify(self, tip: str | None = None) -> tuple[Finding, ...]:
        """What is wrong with the chain (rules ``ledger.*``), nothing if all is well.

        ``tip`` is the digest of an event that was the last one when it was noted: it must still be in the chain.
        Raises LedgerError where the ledger can't be asked at all; a damaged file is a finding.
        """
        from gatekeeper.ledger.verify import verified  # noqa: PLC0415 - it imports this module

        return verified(self, tip)

    def _asked(self, question: Callable[[], _T]) -> _T:
        """The answer, asked once more where the connection broke, unless it broke within an append."""
        try:
            return question()
        except Lost:
            if self._writing:
                raise
        try:
            return question()
        except Lost as lost:
            raise LedgerError(
                f"{lost.reason}.", hint="look after the server, then run the command again"
            ) from None

    # Writing

    def append(self, new: NewEvent, *, guard: Guard | None = None) -> Event:
        """Append one event, durably, and return it as it stands in the chain.

        ``guard`` is called while no other writer can append (more than once if the append is tried again): what it
        raises is passed on and nothing is written; it may read this ledger. So "not signed yet" and "this token is
        new" can be decided and acted on in one step.
        """
        return self.append_all((new,), guard=guard)[0]

    def append_all(self, news: Sequence[NewEvent], *, guard: Guard | None = None) -> tuple[Event, ...]:
        """Append several events, one after the other, all or none; else as ``append``."""
        end = time.monotonic() + self._wait
        tried: list[tuple[Event, ...]] = []
        while True:
            try:
                return self._try(news, guard, tried, max(0.0, end - time.monotonic()))
            except Lost as lost:
                if time.monotonic() > end:
                    raise _unknown(lost, tried) from None
            time.sleep(_NAP)

    def _try(
        self, news: Sequence[NewEvent], guard: Guard | None, tried: list[tuple[Event, ...]], wait: float
    ) -> tuple[Event, ...]:
        """One try. After a lost connection nobody knows whether the last one was committed: then look first."""
        if not tried and guard is None and len(news) == 1:
            self._prepare()
            if (added := self._added(news[0], tried, wait)) is not None:
                return (added,)
        with self.writing(wait) as tip:
            for events in tried:
                if (last := self.store.same(events[-1])) is not None:
                    return (*events[:-1], last)
            if guard is not None:
                guard()
            events = self._chained(news, tip)
            tried.append(events)
            self.store.commit(events)
            return events

    def _added(self, new: NewEvent, tried: list[tuple[Event, ...]], wait: float) -> Event | None:
        """The event, appended by a database that can do it at once."""
        event = self._event(new, 0, "")
        tried.append((event,))
        try:
            added = self.store.add(event, wait)
        finally:
            self.store.rollback()
        if added is None:
            tried.pop()
        return added

    @contextmanager
    def writing(self, wait: float = WAIT_SECONDS) -> Iterator[Event | None]:
        """While the context lasts no one else appends; gives the tip. What isn't committed in it is undone.

        Raises LedgerError, and Lost where the connection broke.
        """
        self._prepare()
        try:
            self._writing = True
            yield self.store.begin(wait)
        finally:
            self._writing = False
            self.store.rollback()

    def _prepare(self) -> None:
        """See to it that the ledger is there, in the schema that this gate writes. Raises LedgerError, Lost."""
        if self._version is None:
            version = self.store.schema_version() if self.store.exists() else None
            if schema.is_older(version):
                self.store.migrate()
                version = schema.newest()
            elif version is not None and schema.is_newer(version):
                raise schema.too_new(version, self.store.shown)
            self._version = version

    def _chained(self, news: Sequence[NewEvent], tip: Event | None) -> tuple[Event, ...]:
        seq, digest = (tip.seq, tip.digest) if tip else (0, NO_EVENT)
        events = []
        for new in news:
            seq += 1
            event = self._event(new, seq, digest)
            digest = event.digest
            events.append(event)
        return tuple(events)

    def _event(self, new: NewEvent, seq: int, previous_digest: str) -> Event:
        event = Event(
            seq=seq,
            kind=new.kind,
            wp_id=new.wp_id,
            actor=storable(new.actor),
            at=self._now(),
            tool_version=__version__,
            packet_digest=new.packet_digest,
            payload=canonical(new.payload),
            previous_digest=previous_digest,
            digest="",
        )
        return event._replace(digest=digest_of(event))


def store_of(settings: LedgerSettings, common_dir: Path) -> Store:
    """The database of these settings, not yet opened. Raises LedgerError for a URL that names none."""
    if not settings.url:
        return SqliteStore(common_dir)
    if not settings.url.lower().startswith(("postgres://", "postgresql://")):
        raise LedgerError(
            "[ledger] url (or GATEKEEPER_LEDGER_URL) names no PostgreSQL database.",
            hint="postgresql://USER@HOST:PORT/DATABASE, or empty for SQLite in git's common directory",
        )
    from gatekeeper.ledger.postgres import PostgresStore  # noqa: PLC0415 - a tenth of a second to import

    return PostgresStore(settings.url)


def _unknown(lost: Lost, tried: Sequence[tuple[Event, ...]]) -> LedgerError:
    if not tried:
        return LedgerError(f"{lost.reason}. Nothing was recorded.", hint="look after the server, and try again")
    return LedgerError(
        f"{lost.reason}. Whether the event was recorded isn't known.",
        hint=f"once the server is back, gate ledger export shows whether there is an event of {tried[-1][-1].at}",
    )
