"""The ledger as its users see it, whichever database holds it."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from gatekeeper import __version__, clock
from gatekeeper.ledger import schema
from gatekeeper.ledger.encoding import canonical, is_whole, placed, storable
from gatekeeper.ledger.sqlite import SqliteStore
from gatekeeper.ledger.store import OPEN_SECONDS, PAGE, START, WAIT_SECONDS, DamagedLedger, Lost, Store
from gatekeeper.model.errors import LedgerError
from gatekeeper.model.finding import Finding
from gatekeeper.model.ledger import Event, Guard, LedgerStatus, NewEvent
from gatekeeper.model.settings import LedgerSettings

_T = TypeVar("_T")
_NAP = 0.25
"""Seconds between two tries to reach a server that went away."""


def utc_now() -> str:
    """The present in UTC, ISO 8601 with milliseconds."""
    return clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Ledger:
    """One ledger; every method raises LedgerError, with a hint, for every fault.

    ``now`` tells the time of an event, ``wait`` for how many seconds others are waited for, and a server that
    starts again; for one that can't be reached at first it is ``OPEN_SECONDS`` at most.
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

    def exists(self) -> bool:
        """Whether anything was ever recorded; makes nothing."""
        return self._asked(self.store.exists)

    def schema_version(self) -> str | None:
        """The newest version that the tracking table holds; None where there is none."""
        return self._asked(self.store.schema_version)

    def damage(self) -> Sequence[str]:
        """What is wrong with the file that holds the ledger, one sentence each."""
        return self._asked(self.store.damage)

    def events(self, wp_id: str | None = None, kind: str | None = None, after: int = 0) -> Iterator[Event]:
        """The events in the chain's order, streamed: of one packet or kind, with a ``seq`` above ``after``.

        Raises LedgerError for one whose columns hold other values than an event's.
        """
        return map(self._whole, self.rows(wp_id, kind, after))

    def _whole(self, event: Event) -> Event:
        if not is_whole(event):
            raise DamagedLedger(
                f"Event {event.seq!r} of the ledger {self.store.shown} was changed: it holds values that are no "
                "text.",
                hint="gate ledger verify names what is wrong",
            )
        return event

    def rows(self, wp_id: str | None = None, kind: str | None = None, after: int = 0) -> Iterator[Event]:
        """The events as they are stored, whatever somebody wrote there; else as ``events``."""
        if not self.exists():
            return
        place = (after + 1, "") if after else START
        while True:
            page = self._asked(lambda at=place: self.store.page(at, wp_id, kind))  # type: ignore[misc] # the place of now
            yield from page
            if len(page) < PAGE:
                return
            place = (page[-1].seq, page[-1].digest)

    def tip(self) -> Event | None:
        """The last event; None where there is none. Raises as ``events``."""
        tip = self._asked(self.store.tip) if self.exists() else None
        return tip and self._whole(tip)

    def find(self, digest: str) -> Event | None:
        """The event of that digest; None where there is none."""
        return self._asked(lambda: self.store.find(digest)) if self.exists() else None

    def status(self) -> LedgerStatus:
        """Where it is, what it holds."""
        about = partial(
            LedgerStatus,
            backend=self.store.backend,
            location=self.store.shown,
            schema_known=schema.newest(),
        )
        if not self.exists():
            return about(exists=False)
        tip, totals = self.tip(), self._asked(self.store.totals)
        return about(
            exists=True,
            schema_version=self.schema_version(),
            events=totals.events,
            tip=tip.digest if tip else None,
            first_at=totals.first_at,
            last_at=totals.last_at,
        )

    def verify(self, tip: str | None = None) -> tuple[Finding, ...]:
        """What is wrong with the chain (rules ``ledger.*``), nothing if all is well.

        ``tip`` is the digest of an event that was the last one when it was noted: it must still be in the chain.
        Raises LedgerError where the ledger can't be asked at all; a damaged file is a finding.
        """
        from gatekeeper.ledger.verify import verified  # noqa: PLC0415 - it imports this module

        return verified(self, tip)

    def _asked(self, question: Callable[[], _T]) -> _T:
        """The answer, asked again and again where there is no connection, unless it broke within an append."""
        begun = time.monotonic()
        while True:
            try:
                return question()
            except Lost as lost:
                if self._writing:
                    raise
                if time.monotonic() - begun > (self._wait if lost.returns else min(self._wait, OPEN_SECONDS)):
                    raise LedgerError(
                        f"The ledger's {lost.reason}.",
                        hint="start the server, or mend [ledger] url (GATEKEEPER_LEDGER_URL)",
                    ) from None
            time.sleep(_NAP)

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
            return (self._added(news[0], tried, wait),)
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

    def _added(self, new: NewEvent, tried: list[tuple[Event, ...]], wait: float) -> Event:
        """The event, appended by the database in one step."""
        self._asked(self._prepare)
        event = self._event(new)
        tried.append((event,))
        try:
            return self.store.add(event, wait)
        finally:
            self.store.rollback()

    @contextmanager
    def writing(self, wait: float = WAIT_SECONDS) -> Iterator[Event | None]:
        """While the context lasts no one else appends; gives the tip. What isn't committed in it is undone.

        Raises LedgerError, and Lost where the connection broke.
        """
        self._asked(self._prepare)
        try:
            self._writing = True
            yield self.store.begin(wait)
        finally:
            self._writing = False
            self.store.rollback()

    def alone(self, act: Callable[[], _T]) -> _T:
        """Do something while no one else appends, which keeps two that do the same apart; appends nothing.

        ``act`` may be called more than once, and may read this ledger. Raises LedgerError.
        """

        def held() -> _T:
            with self.writing(self._wait):
                return act()

        return self._asked(held)

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
        events = []
        for new in news:
            tip = placed(self._event(new), tip)
            events.append(tip)
        return tuple(events)

    def _event(self, new: NewEvent) -> Event:
        """The event, without a place yet."""
        return Event(
            seq=0,
            kind=new.kind,
            wp_id=new.wp_id,
            actor=storable(new.actor),
            at=self._now(),
            tool_version=__version__,
            packet_digest=new.packet_digest,
            payload=canonical(new.payload),
            previous_digest="",
            digest="",
        )


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
