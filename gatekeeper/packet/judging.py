"""The judging parts of a packet, as lines that can be compared (contract, section 2, Authority)."""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from gatekeeper.model.history import APPROVAL, MERGE_BASE, QUALITY, REFINEMENT, SCOPE, WAIVERS, Plan
from gatekeeper.model.packet import Packet, Section
from gatekeeper.packet.markdown import PacketUnreadable, text_lines
from gatekeeper.packet.refinement import fields_in
from gatekeeper.packet.sections import is_report, plain_name

# What QUALITY_GATE holds; older packets have these as sections of their own.
_QUALITY = ("TEST_PLAN", "DONE_MEANS", "ROLLBACK_HINT")
_TOP = frozenset(
    {
        *("METADATA", "TECHNICAL_REFINEMENT", "SCOPE", "WAIVERS GRANTED", "QUALITY_GATE", "AUTHORITY"),
        *("LINEAGE_AUDIT", "BOOTSTRAP", "SKELETON", "IMPLEMENTATION", "HYGIENE", "VALIDATION"),
        *("STATUS_HANDOFF", "EVIDENCE", "VALIDATION_REPORTS"),
    }
)
# Fields whose items count, wherever they stand.
_READ_WITH_ITEMS = frozenset({"DONE_MEANS", "REFINEMENT_FILE"})
_BOX = re.compile(r"((?:[-*+]|\d{1,9}[.)])[ \t]+)\[[ xX]\][ \t]+")


def judging_parts(packet: Packet, refinement: bytes | None) -> Plan:
    """The lines of each judging part, without edge space, each with the name of the field that it stands below.

    ``refinement`` is the refinement's bytes, None where there is none or none is asked for. A part is read when it
    is first asked for: of a plan that doesn't change nothing is.
    """
    return _Parts(packet, refinement)


class _Parts(Mapping[str, tuple[str, ...]]):
    def __init__(self, packet: Packet, refinement: bytes | None) -> None:
        self._packet = packet
        self._refinement = refinement
        self._known: dict[str, tuple[str, ...]] = {}

    def __getitem__(self, part: str) -> tuple[str, ...]:
        if part not in self._known:
            self._known[part] = _PARTS[part](self._packet, self._refinement)
        return self._known[part]

    def __iter__(self) -> Iterator[str]:
        return iter(_PARTS)

    def __len__(self) -> int:
        return len(_PARTS)


def lacks_only_blocks(packet: Packet, lines: Sequence[str]) -> bool:
    """Whether lines are the packet's, its manifest and its result in VALIDATION aside.

    Then the judging parts and the name of the refinement are those of the packet, without parsing the lines. False
    where that isn't certain: where the blocks are followed by anything but a heading, say, for a field above them
    might then go on below them.
    """
    then, lines = packet.lines, tuple(lines)
    if lines == then:
        return True
    blocks = [marker for marker in packet.markers if marker.name in {"manifest", "result"}]
    section = packet.section("VALIDATION")
    if not blocks or section is None or packet.malformed_manifest or packet.malformed_records:
        return False
    first, last = blocks[0].start, blocks[-1].end
    before, after = first - 1, last
    while not then[before - 1].strip():  # the heading of the section ends it at the latest
        before -= 1
    while after < len(then) and not then[after].strip():
        after += 1
    end = len(lines) - (len(then) - after)
    if not (before <= end and lines[:before] == then[:before] and lines[end:] == then[after:]):
        return False
    gaps = (then[above.end : below.start - 1] for above, below in itertools.pairwise(blocks))
    is_blank = not any(text.strip() for text in itertools.chain(*gaps, lines[before:end]))
    return is_blank and _stand_apart(packet, section, first, last)


def _stand_apart(packet: Packet, section: Section, first: int, last: int) -> bool:
    """Whether nothing that judges reaches into these lines of VALIDATION, or over them to what follows."""
    follows = next((n for n in range(last + 1, len(packet.lines) + 1) if packet.lines[n - 1].strip()), None)
    above = (field.name for field in packet.fields if section.start <= field.line < first)
    return (
        (follows is None or any(other.start == follows for other in packet.sections))
        and not any(plain_name(name) in _READ_WITH_ITEMS for name in above)
        and not any(first <= line <= last for line in packet.phase.approvals)
        and all((first <= m.start <= last) == (first <= m.end <= last) for m in packet.markers)
    )


def recorded_base(packet: Packet) -> str | None:
    """METADATA's MERGE_BASE_SHA without backticks and note; one that stands elsewhere nobody guards or reads."""
    field = packet.field("MERGE_BASE_SHA", section="METADATA")
    value = field.value.split("(")[0].strip("` ") if field else ""
    return value or None


def approvals(packet: Packet) -> tuple[str, ...]:
    """The lines that approve the skeleton: in SKELETON, before IMPLEMENTATION (contract, section 1, Phase)."""
    end = packet.phase.implementation
    lines = (line for line in packet.phase.approvals if end is None or line < end)
    return tuple(packet.lines[line - 1].replace("**", "").strip() for line in lines)


def _first(packet: Packet, name: str) -> list[Section]:
    found = packet.section(name)
    return [found] if found else []


def _quality(packet: Packet) -> list[Section]:
    """QUALITY_GATE, and its parts where they stand outside reports and every section that the contract names."""
    apart = []
    for name in _QUALITY:
        section = packet.section(name)
        if section is not None and not _within_known(packet, section):
            apart.append(section)
    return [*_first(packet, "QUALITY_GATE"), *apart]


def _within_known(packet: Packet, inner: Section) -> bool:
    around = (outer for outer in packet.sections if outer.start < inner.start <= outer.end)
    return any(outer.name in _TOP or is_report(outer) for outer in around)


def _lines_of(packet: Packet, sections: Sequence[Section], names: Mapping[int, str]) -> Iterator[tuple[int, str]]:
    """The sections' lines below their headings; machine blocks and the ticks in DONE_MEANS aside.

    A line that is a heading reads as its section's name in ``names``.
    """
    done = packet.field("DONE_MEANS")
    ticked = {item.line for item in done.items} if done else set()
    for section in sections:
        within = (m for m in packet.markers if section.start < m.end and m.start <= section.end)
        machine = {number for marker in within for number in range(marker.start, marker.end + 1)}
        for line in packet.body(section):
            if line.line not in machine:
                text = names.get(line.line, line.text.strip())
                yield line.line, _BOX.sub(r"\1", text, count=1) if line.line in ticked else text


@lru_cache(maxsize=16)
def _refinement_lines(data: bytes | None) -> tuple[str, ...]:
    if data is None:
        return ()
    try:
        lines = text_lines(data, "")
    except PacketUnreadable:
        return ()
    labels = {field.line: field.name for field in fields_in(lines)}
    return tuple(_labelled(((n, text.strip()) for n, text in enumerate(lines, 1)), labels))


def _labelled(lines: Iterable[tuple[int, str]], labels: Mapping[int, str]) -> Iterator[str]:
    """Each line that isn't blank, led by the last name above it: a line that changes its place changes then."""
    label = ""
    for number, text in lines:
        if number in labels:
            label = labels[number]
            yield text
        elif text:
            yield f"{label}: {text}" if label else text


def _below(packet: Packet, sections: Sequence[Section]) -> tuple[str, ...]:
    """The sections' lines, labelled."""
    names = {section.start: section.name for section in packet.sections}
    labels = {field.line: field.name for field in packet.fields} | names
    return tuple(_labelled(_lines_of(packet, sections, names), labels))


def _base_lines(packet: Packet) -> tuple[str, ...]:
    base = recorded_base(packet)
    return (base,) if base else ()


_PARTS: Mapping[str, Callable[[Packet, bytes | None], tuple[str, ...]]] = {
    MERGE_BASE: lambda packet, _: _base_lines(packet),
    SCOPE: lambda packet, _: _below(packet, _first(packet, "SCOPE")),
    WAIVERS: lambda packet, _: _below(packet, _first(packet, "WAIVERS GRANTED")),
    QUALITY: lambda packet, _: _below(packet, _quality(packet)),
    REFINEMENT: lambda _, refinement: _refinement_lines(refinement),
    APPROVAL: lambda packet, _: approvals(packet),
}
