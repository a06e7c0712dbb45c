"""Carry events out of a ledger and into one: JSON lines, an event each, as they stand."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gatekeeper.ledger.chain import Chain
from gatekeeper.ledger.encoding import to_line
from gatekeeper.ledger.ledger import Ledger
from gatekeeper.ledger.sqlite import SqliteStore
from gatekeeper.ledger.store import DamagedLedger, Lost
from gatekeeper.ledger.verify import damaged, differs, events_of, finder
from gatekeeper.model.errors import LedgerError
from gatekeeper.model.finding import Finding
from gatekeeper.model.ledger import NO_EVENT, Event

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Exported:
    """How many events were written out, and what couldn't be read."""

    events: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """How many events were added and how many were there already; with findings nothing was added."""

    added: int
    already: int
    findings: tuple[Finding, ...]


def export_events(ledger: Ledger, put: Callable[[str], object]) -> Exported:
    """Hand out every event as a line, in the chain's order; of a damaged ledger every one that can be read.

    Damage is a finding, also where nothing can be read. Raises LedgerError where the ledger can't be asked.
    """
    store = ledger.store
    if isinstance(store, SqliteStore) and _is_damaged(store):
        return _salvaged(store, put)
    if not ledger.exists():
        return Exported(0, ())
    count, unreadable = 0, []
    try:
        for event in ledger.rows():
            if _put(event, put):
                count += 1
            else:
                unreadable.append(event.seq)
    except DamagedLedger as error:
        return Exported(count, (damaged(error.message),))
    return Exported(count, tuple(_lost(unreadable, ledger.store.shown)))


def _is_damaged(store: SqliteStore) -> bool:
    try:
        return bool(store.damage())
    except DamagedLedger:
        return True


def _salvaged(store: SqliteStore, put: Callable[[str], object]) -> Exported:
    try:
        events, highest = store.scan()
    except DamagedLedger as error:
        return Exported(0, (damaged(f"{error.message.removesuffix('.')}, and nothing in it can be read."),))
    whole = sorted((e for e in events if type(e.seq) is int), key=lambda e: (e.seq, str(e.digest)))
    there = {event.seq for event in whole if _put(event, put)}
    missing = [seq for seq in range(1, max(highest, *there, 0) + 1) if seq not in there]
    told = damaged(f"The ledger {store.shown} is damaged, so every event that can be read was saved by itself.")
    return Exported(len(there), (told, *_lost(missing, store.shown)))


def _put(event: Event, put: Callable[[str], object]) -> bool:
    """Hand out one event; whether it can be written down at all."""
    try:
        line = to_line(event)
    except (TypeError, ValueError):
        return False
    put(f"{line}\n")
    return True


def _lost(numbers: list[int], shown: str) -> Iterator[Finding]:
    if numbers:
        yield damaged(
            f"The ledger {shown} has events that can't be read, and they were left out: {_ranges(numbers)}."
        )


def _ranges(numbers: list[int]) -> str:
    """``3, 7-9``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def import_events(ledger: Ledger, file: Path) -> Imported:
    """Append the events of an export, as they are, all or none: they must continue this ledger's chain.

    What the ledger already holds is passed over, so that the same file can be imported again. Raises LedgerError,
    and UsageError for a file that can't be read.
    """
    try:
        with ledger.writing() as tip:
            run = _Import(ledger, file, tip)
            added = run.insert_all()
            if run.findings:
                return Imported(0, 0, run.findings)
            ledger.store.commit()
            return Imported(added, run.already, ())
    except Lost as lost:
        raise LedgerError(
            f"{lost.reason}. Whether the events were imported isn't known.",
            hint="run the import again: what is there already is passed over",
        ) from None


class _Import:
    """One run over the file, within one transaction."""

    def __init__(self, ledger: Ledger, file: Path, tip: Event | None) -> None:
        self._ledger = ledger
        self._file = file
        self._tip = (tip.seq, tip.digest) if tip else (0, NO_EVENT)
        self._chain = Chain(finder(file), anywhere=True, path=file.as_posix())
        self._held: Iterator[Event] | None = None
        self._found: list[Finding] = []
        self.already = 0

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Why nothing is imported."""
        return (*self._chain.findings, *self._found)

    def insert_all(self) -> int:
        """Add what is new, until something is wrong; how many events that were."""
        batch: list[Event] = []
        added = 0
        for event in events_of(self._file, self._found):
            self._chain.follow(event)
            if self.findings or not self._fits(event):
                break
            if event.seq <= self._tip[0]:
                self.already += 1
                continue
            batch.append(event)
            if len(batch) == _BATCH:
                self._ledger.store.insert(batch)
                added += len(batch)
                batch = []
        if not self.findings:
            self._ledger.store.insert(batch)
        return added + len(batch)

    def _fits(self, event: Event) -> bool:
        """Whether the ledger holds just this event, or it comes after the ledger's last."""
        seq, digest = self._tip
        if event.seq > seq + 1:
            fits = self._chain.line > 1  # the file's chain leads here from an event that fitted
            if not fits:
                self._found.append(_too_far(event, self._file.as_posix(), seq))
            return fits
        if event.seq == seq + 1:
            fits = event.previous_digest == digest
        else:
            self._held = self._held or self._ledger.events(after=event.seq - 1)
            here = next(self._held, None)
            fits = here is not None and here.digest == event.digest
        if not fits:
            self._found.append(differs(event, self._file.as_posix(), self._chain.line))
        return fits


def _too_far(event: Event, path: str, last: int) -> Finding:
    return Finding(
        rule="ledger.gap",
        message=f"{path} begins with event {event.seq}, and this ledger ends at event {last}.",
        path=path,
        line=1,
        hint="export the other ledger whole: gate ledger export --output FILE",
    )
