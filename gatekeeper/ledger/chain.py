"""Is a sequence of events one unbroken chain? Events are looked at once, in their order; few are remembered."""

import datetime as dt
from collections.abc import Callable

from gatekeeper.ledger.encoding import digest_of, is_whole
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.ledger import KINDS, NO_EVENT, Event

MOST = 200
"""How many findings are told; a file that is wrong throughout needs no more."""
LEAVE = "nothing is repaired: keep this ledger as evidence, and compare it with an export (--against FILE)"

_WAITED = 60.0
"""Seconds by which times may go back although no clock did: writers read theirs, then wait for each other."""

Find = Callable[[str], Event | None]
"""The event of a digest, wherever it stands."""


class Chain:
    """Follows a chain event by event; ``findings`` say what is wrong with it, ``notes`` what is odd.

    ``find`` is asked only about what is wrong, to tell a swap, a fork and a replaced event from each other. The
    chain goes on from the event ``start``, the first one if None; ``anywhere`` takes whatever comes first as its
    start. ``path`` is the file whose lines hold the events, where one does.
    """

    def __init__(
        self, find: Find, *, start: Event | None = None, anywhere: bool = False, path: str | None = None
    ) -> None:
        self._find = find
        self._path = path
        self._anywhere = anywhere
        self._last_seq = start.seq if start else 0
        self._heads = {start.digest: start.seq} if start else {NO_EVENT: 0}
        self._latest = start.at if start else ""
        self._backwards: list[int] = []
        self.line = 0
        self.findings: list[Finding] = []

    def follow(self, event: Event) -> None:
        """Look at the next event."""
        self.line += 1
        if self._anywhere:
            self._anywhere = False
            self._heads = {event.previous_digest: event.seq - 1}
            self._last_seq = event.seq - 1
        if self._is_next(event):
            del self._heads[event.previous_digest]
            self._heads[event.digest] = self._last_seq = event.seq
            self._latest = event.at
        else:
            self._judge(event)

    def _is_next(self, event: Event) -> bool:
        """Whether the event is what nearly all of a long chain are: sound, known, and next to the one before."""
        try:
            return (
                self._heads.get(event.previous_digest) == event.seq - 1 == self._last_seq
                and event.kind in KINDS
                and event.at >= self._latest
                and digest_of(event) == event.digest
            )
        except TypeError:  # other values than the columns' types
            return False

    def _judge(self, event: Event) -> None:
        """Tell what is wrong with an event, if anything is, and go on after it."""
        sound = digest_of(event) == event.digest
        if not sound and not is_whole(event):
            self._tell(
                "ledger.digest", f"Event {event.seq!r} was changed: it holds values of other types than text."
            )
            return
        place = None if sound else self._place_of(event)
        if place is not None and self._is_followed(event.previous_digest):
            self._tell(
                "ledger.fork", f"{_named(event)} is a second event {place}, put in later: the chain has two heads."
            )
        elif place is not None:
            self._tell("ledger.order", f"{_named(event)} stands where it doesn't belong: it is event {place}.")
        else:
            if not sound:
                self._tell(
                    "ledger.digest", f"{_named(event)} was changed: its digest isn't that of what it holds."
                )
            self._link(event)
        if event.kind not in KINDS:
            self._tell(
                "ledger.unknown-kind",
                f"Event {event.seq} is of the kind {event.kind!r}, which this gate doesn't know.",
                "a newer gate wrote it: python -m pip install --upgrade gatekeeper",
            )
        if event.at < self._latest and _seconds_back(self._latest, event.at) > _WAITED:
            self._backwards.append(event.seq)
        self._latest, self._last_seq = event.at, event.seq

    def _place_of(self, event: Event) -> int | None:
        """The place at which the event would be sound, near itself or after the event that it follows."""
        before = (
            0 if event.previous_digest == NO_EVENT else getattr(self._find(event.previous_digest), "seq", None)
        )
        near = [event.seq - 1, event.seq + 1]
        if isinstance(before, int):
            near += [before, before + 1]
        return next((seq for seq in near if digest_of(event._replace(seq=seq)) == event.digest), None)

    def _is_followed(self, digest: str) -> bool:
        """Whether another event that stands where it belongs has followed the event of that digest."""
        if digest in self._heads or digest == NO_EVENT:
            return digest not in self._heads
        before = self._find(digest)
        return before is not None and digest_of(before) == before.digest and before.seq <= self._last_seq

    def _link(self, event: Event) -> None:
        """Tell what is wrong with the event's link to the one before it."""
        before = self._heads.pop(event.previous_digest, None)
        self._heads[event.digest] = event.seq
        if before is None:
            self._tell_broken(event)
        elif event.seq != before + 1:
            self._tell("ledger.gap", f"{_named(event)} follows event {before}: the numbers between are missing.")

    def _tell_broken(self, event: Event) -> None:
        if event.previous_digest == NO_EVENT:
            self._tell("ledger.fork", f"{_named(event)} begins a second chain: it follows no event.")
            return
        before = self._find(event.previous_digest)
        if before is None:
            self._tell_missing(event)
        elif digest_of(before) != before.digest:
            pass  # that one stands elsewhere or was changed, and is told of by itself
        elif before.seq > self._last_seq:
            self._tell("ledger.order", f"{_named(event)} stands before event {before.seq}, which it follows.")
        else:
            self._tell(
                "ledger.fork",
                f"{_named(event)} is a second event that follows event {before.seq}: the chain has two heads.",
            )

    def _tell_missing(self, event: Event) -> None:
        first, last = self._last_seq + 1, event.seq - 1
        if first <= last:
            lost = f"event {first} is" if first == last else f"events {first} to {last} are"
            self._tell("ledger.gap", f"Before {_named(event, first=False)}, {lost} missing.")
        else:
            self._tell(
                "ledger.chain",
                f"{_named(event)} follows an event that isn't in this ledger ({event.previous_digest[:12]}...): "
                "the one before it was replaced or taken out.",
            )

    def _tell(self, rule: str, message: str, hint: str = LEAVE) -> None:
        if len(self.findings) < MOST:
            line = self.line if self._path else None
            self.findings.append(Finding(rule=rule, message=message, path=self._path, line=line, hint=hint))

    def notes(self) -> tuple[Finding, ...]:
        """What is no fault of a chain without faults: a clock that went back."""
        if not self._backwards or self.findings:
            return ()
        count, first = len(self._backwards), f"event {self._backwards[0]}"
        what = f"{first} has" if count == 1 else f"{count} events, the first of them {first}, have"
        message = (
            f"The clock went back: {what} an earlier time than the event before. The order is that of the chain."
        )
        return (Finding(rule="ledger.time", severity=Severity.NOTE, message=message),)


def _seconds_back(earlier: str, later: str) -> float:
    """By how many seconds the time of the later event lies before that of the earlier one."""
    try:
        return (dt.datetime.fromisoformat(earlier) - dt.datetime.fromisoformat(later)).total_seconds()
    except (TypeError, ValueError):
        return 0.0


def _named(event: Event, *, first: bool = True) -> str:
    kind = f" ({event.kind}, {event.wp_id})" if event.wp_id else f" ({event.kind})"
    return f"{'Event' if first else 'event'} {event.seq}{kind}"
