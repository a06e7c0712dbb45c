"""What is wrong with a ledger: its file, its schema, its chain, and what it lacks of what was noted elsewhere."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from gatekeeper.ledger import schema
from gatekeeper.ledger.chain import LEAVE, Chain, Find
from gatekeeper.ledger.encoding import MalformedEvent, from_line
from gatekeeper.ledger.ledger import Ledger
from gatekeeper.ledger.store import DamagedLedger
from gatekeeper.model.errors import UsageError
from gatekeeper.model.finding import Finding
from gatekeeper.model.ledger import Event

_SAVE = (
    "gate ledger export --output FILE saves what is readable; then put back a copy of the ledger, or move it away "
    "and import the export"
)


def verified(ledger: Ledger, tip: str | None = None) -> tuple[Finding, ...]:
    """Everything that is wrong (``Ledger.verify``)."""
    try:
        # SQLite looks through its file beside Python's work on the events, which takes longer.
        with ThreadPoolExecutor(max_workers=1) as beside:
            damage = beside.submit(ledger.damage)
            chain = [*_of_chain(ledger)]
        found = [*map(damaged, damage.result()), *_of_schema(ledger), *chain]
    except DamagedLedger as error:
        return (damaged(error.message),)
    if tip is not None and ledger.find(tip) is None:
        found.append(
            _tail(f"Event {tip[:12]}... was in this ledger when its digest was noted, and isn't any more")
        )
    return tuple(found)


def _of_schema(ledger: Ledger) -> Iterator[Finding]:
    version = ledger.schema_version()
    if version is not None and schema.is_newer(version):
        error = schema.too_new(version, ledger.store.shown)
        yield Finding(rule="ledger.schema", message=error.message, hint=error.hint)
    if (version is None) == ledger.exists():
        lost = "the record of its schema's version" if version is None else "its table of events"
        yield damaged(f"The ledger {ledger.store.shown} has lost {lost}.")


def _of_chain(ledger: Ledger) -> Iterator[Finding]:
    chain = Chain(_careful(ledger))
    try:
        for event in ledger.rows():
            chain.follow(event)
    except DamagedLedger as error:
        yield damaged(error.message)
    yield from chain.findings
    yield from chain.notes()


def _careful(ledger: Ledger) -> Find:
    """Finds an event of the ledger, None where its damaged file can't tell."""

    def find(digest: str) -> Event | None:
        try:
            return ledger.find(digest)
        except DamagedLedger:
            return None

    return find


def against(ledger: Ledger, file: Path) -> tuple[Finding, ...]:
    """What the ledger lacks of an export, or holds otherwise, and what is wrong with the export itself.

    Raises UsageError for a file that can't be read.
    """
    chain = Chain(finder(file), anywhere=True, path=file.as_posix())
    try:
        found = _lacked(ledger, file, chain)
    except DamagedLedger as error:
        found = [damaged(error.message)]
    return (*chain.findings, *found)


def _lacked(ledger: Ledger, file: Path, chain: Chain) -> list[Finding]:
    """What the ledger lacks of an export, up to the first such event; follows the chain of the export."""
    path = file.as_posix()
    last = ledger.tip()
    found: list[Finding] = []
    held = ledger.events()
    for event in events_of(file, found):
        chain.follow(event)
        if last is None or event.seq > last.seq:
            ends = f"ends at event {last.seq}" if last else "holds no event"
            found.append(_tail(f"{path} goes on with event {event.seq}, and this ledger {ends}"))
            break
        here = next((one for one in held if one.seq >= event.seq), None)
        if here is None or here.digest != event.digest:
            found.append(differs(event, path, chain.line))
            break
    return found


def events_of(file: Path, found: list[Finding]) -> Iterator[Event]:
    """The events of an export up to the first line that is none, for which there is a finding.

    Raises UsageError for a file that can't be read.
    """
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    event = from_line(line)
                except MalformedEvent as error:
                    found.append(_malformed(file.as_posix(), number, error))
                    return
                yield event
    except OSError as error:
        raise UsageError(
            f"{file} can't be read: {error.strerror}.", hint="name a file that gate ledger export wrote"
        ) from error


def _malformed(path: str, line: int, error: MalformedEvent) -> Finding:
    """The finding for a line that is no event."""
    return Finding(
        rule="ledger.malformed",
        message=f"Line {line} of {path} {error}.",
        path=path,
        line=line,
        hint="take the file as gate ledger export wrote it",
    )


def differs(event: Event, path: str, line: int) -> Finding:
    """The finding for an event that the ledger holds otherwise."""
    return Finding(
        rule="ledger.diverges",
        message=f"Event {event.seq} of {path} isn't event {event.seq} of this ledger: one of the two was written "
        "anew, or they are ledgers of different places.",
        path=path,
        line=line,
        hint=LEAVE,
    )


def damaged(message: str) -> Finding:
    """The finding for a file that can't be read whole."""
    return Finding(rule="ledger.damaged", message=message, hint=_SAVE)


def _tail(what: str) -> Finding:
    return Finding(
        rule="ledger.tail", message=f"{what}: its end was cut off, or it is another ledger.", hint=LEAVE
    )


def finder(file: Path) -> Find:
    """Finds an event of an export by its digest, by reading it once more."""

    def find(digest: str) -> Event | None:
        with file.open("rb") as lines:
            for line in lines:
                if digest.encode() in line:
                    with suppress(MalformedEvent):
                        event = from_line(line)
                        if event.digest == digest:
                            return event
        return None

    return find
