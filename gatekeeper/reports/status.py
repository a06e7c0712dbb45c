"""Where packets stand, as text (the table within 100 columns) and as JSON."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from gatekeeper.model.names import for_output
from gatekeeper.model.status import STATES, Moment, PacketStatus
from gatekeeper.reports.plain import printable

_HEADINGS = ("packet", "state", "age", "owner", "last verdict", "next")
_LONGEST = (30, 11, 4, 10, 14, 21)
_UNITS = ((7 * 86400, "w"), (86400, "d"), (3600, "h"), (60, "m"))


def render_overview(packets: Sequence[PacketStatus]) -> str:
    """A table of all packets, their notes below it, and how many there are in each state."""
    if not packets:
        return "No work packets.\n"
    rows = [_HEADINGS, *(_cells(packet) for packet in packets)]
    notes = [f"{packet.wp_id}: {note}" for packet in packets for note in packet.notes if _is_told(packet, note)]
    lines = [*_table(rows), "", *(printable(note) for note in notes), *([""] if notes else []), _counts(packets)]
    return "".join(f"{line}\n" for line in lines)


def render_packet(packet: PacketStatus, facts: Mapping[str, str | None], moments: Iterable[Moment]) -> str:
    """One packet: its facts, its notes, its timeline."""
    lines = [f"{packet.wp_id}: {packet.state}"]
    lines += [f"  {name:<12} {printable(value)}" for name, value in facts.items() if value]
    lines += [f"  {'note':<12} {printable(note)}" for note in packet.notes]
    told = [(_minute(m.at), m.source, printable(m.who), m.reference, printable(m.what)) for m in moments]
    if told:
        lines += [
            "",
            *_table([("when (UTC)", "told by", "who", "which", "what"), *told], longest=(16, 7, 30, 12, 999)),
        ]
    return "".join(f"{line}\n" for line in lines)


def render_log(rows: Sequence[tuple[int, str, str, str, str]]) -> str:
    """The ledger's events: place, time, packet, actor, and what happened."""
    if not rows:
        return "The ledger holds no event.\n"
    told = [
        (str(seq), _minute(at), wp_id, printable(actor), printable(what)) for seq, at, wp_id, actor, what in rows
    ]
    heading = ("event", "when (UTC)", "packet", "who", "what")
    return "".join(f"{line}\n" for line in _table([heading, *told], longest=(8, 16, 30, 24, 999)))


def render_json(schema: str, body: Mapping[str, object]) -> str:
    """Any of these as indented ASCII JSON with a newline at its end."""
    return json.dumps({"schema": schema, **body}, indent=1, ensure_ascii=True) + "\n"


def packet_json(packet: PacketStatus) -> dict[str, object]:
    """A row as JSON tells it."""
    return {**asdict(packet), "path": for_output(packet.path)}


def _is_told(packet: PacketStatus, note: str) -> bool:
    return packet.state == "unreadable" or not note.startswith("It isn't committed")


def _cells(packet: PacketStatus) -> tuple[str, ...]:
    verdict = f"{packet.verdict.gate} {packet.verdict.status}" if packet.verdict else "-"
    following = (packet.next or "-").replace(f" {packet.wp_id}", "")
    return (packet.wp_id, packet.state, _age(packet.age), packet.owner or "-", verdict, following)


def _age(seconds: int | None) -> str:
    if seconds is None:
        return "new"
    return next((f"{seconds // size}{unit}" for size, unit in _UNITS if seconds >= size), "0m")


def _table(rows: Sequence[Sequence[str]], *, longest: Sequence[int] = _LONGEST) -> list[str]:
    """Columns as wide as their longest cell, cut where that is too long; nothing after the last one."""
    cut = [[_cut(printable(cell), size) for cell, size in zip(row, longest, strict=True)] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cut, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cut]


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else f"{text[: size - 2]}.."


def _minute(at: str) -> str:
    return at[:16].replace("T", " ")


def _counts(packets: Sequence[PacketStatus]) -> str:
    found = Counter(packet.state for packet in packets)
    told = ", ".join(f"{found[state]} {state}" for state in STATES if found[state])
    return f"{len(packets)} packet{'s' if len(packets) > 1 else ''}: {told}"
