"""Manifest blocks and machine markers in VALIDATION, as recorded (contract, section 1, Manifest)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from gatekeeper.model.manifest import RecordedEntry, RecordedGate, RecordedValue
from gatekeeper.model.packet import MalformedLine, Marker
from gatekeeper.packet.fields import named_value
from gatekeeper.packet.markdown import Document, item_of, without_backticks, without_note
from gatekeeper.packet.remembered import remembered
from gatekeeper.packet.sections import bare_name, plain_name
from gatekeeper.packet.written_manifest import read_as_written

OPENING = re.compile(r"<!--[ \t]*gate:(manifest|result)((?:[ \t]+[\w-]+=\S+)*)[ \t]*-->")
CLOSING = re.compile(r"<!--[ \t]*/gate:(manifest|result)[ \t]*-->")
_GATE = re.compile(r"\[([ xX])\][ \t]+`?([\w-]+)`?(?:[ \t].*)?")
_NEAR_GATE = re.compile(r"\[[^\]]{0,2}\]")
# The lines of a result block between its markers.
_RESULT_LINE = re.compile(r"- (?:PASS|FAIL|NOT_RUN|NOT_APPLICABLE) |  - (?:error|warning) ")
_LINE = attrgetter("line")
_VALUES = {
    "START": "start",
    "END": "end",
    "LINE_DELTA": "line_delta",
    "PRE_SHA1": "pre_sha1",
    "POST_SHA1": "post_sha1",
    "RENAMED_FROM": "renamed_from",
    "MODE": "mode",
    "CONTENT": "content",
    "SPEC_TARGET_RESOLVED": "spec_target_resolved",
}
_GATES = "GATES_PASSED"
_TARGET = "TARGET_FILE"
# Labels that mean a manifest wherever they stand in VALIDATION; the others are words of everyday prose too.
_UNMISTAKABLE = frozenset({"LINE_DELTA", "PRE_SHA1", "POST_SHA1", "RENAMED_FROM", _GATES})


class ManifestScan(NamedTuple):
    """What VALIDATION records. ``apart`` are lines of its own outside the closed blocks."""

    entries: tuple[RecordedEntry, ...] = ()
    malformed: tuple[MalformedLine, ...] = ()
    markers: tuple[Marker, ...] = ()
    apart: frozenset[int] = frozenset()

    @property
    def owned(self) -> frozenset[int]:
        """The lines that are the manifest's or the machine's own."""
        return self.apart.union(*(range(marker.start, marker.end + 1) for marker in self.markers))


@dataclass(slots=True)
class _Block:
    line: int
    target: RecordedValue
    values: dict[str, RecordedValue] = field(default_factory=dict)
    gates: list[RecordedGate] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    end_line: int = 0
    in_gates: bool = False

    def entry(self) -> RecordedEntry:
        """The block as a frozen value."""
        return RecordedEntry(
            line=self.line,
            end_line=self.end_line,
            target_file=self.target,
            gates=tuple(self.gates),
            **self.values,
        )


@dataclass(slots=True)
class _Markers:
    closed: list[Marker] = field(default_factory=list)
    malformed: list[MalformedLine] = field(default_factory=list)
    owned: set[int] = field(default_factory=set)


@remembered
def recorded_text(value: str) -> str:
    """A recorded value without its code span's backticks; a note behind a code span is dropped."""
    bare = without_backticks(value)
    if bare != value.strip() or not value.startswith("`"):
        return bare
    without = without_note(value)[0]
    inner = without_backticks(without)
    return value.strip() if inner == without else inner


def _result_lines_after(doc: Document, line: int, last: int) -> set[int]:
    found: set[int] = set()
    for number in range(line + 1, last + 1):
        if not _RESULT_LINE.match(doc.text(number)):
            break
        found.add(number)
    return found


def _scan_markers(doc: Document, first: int, last: int) -> _Markers:
    scan = _Markers()
    opened: tuple[int, str, str] | None = None

    def give_up() -> None:
        if opened is None:
            return
        line, name, _ = opened
        problem = f"The block that gate:{name} opens here is never closed by <!-- /gate:{name} -->."
        scan.malformed.append(MalformedLine(text=doc.text(line), line=line, problem=problem))
        scan.owned.add(line)
        if name == "result":
            scan.owned |= _result_lines_after(doc, line, last)

    numbers = [number for number in (*doc.heading_lines, *doc.whole_comments) if first <= number <= last]
    for number in sorted(numbers):
        if number in doc.heading_lines:
            give_up()
            opened = None
            continue
        text = doc.text(number).strip()
        if match := OPENING.fullmatch(text):
            give_up()
            opened = (number, match[1], match[2])
        elif match := CLOSING.fullmatch(text):
            scan.owned.add(number)
            if opened and opened[1] == match[1]:
                scan.closed.append(_marker(*opened, end=number))
                opened = None
            else:
                problem = f"This closes a gate:{match[1]} block that isn't open."
                scan.malformed.append(MalformedLine(text=text, line=number, problem=problem))
    give_up()
    return scan


def _marker(start: int, name: str, attributes: str, *, end: int) -> Marker:
    pairs = (pair.split("=", 1) for pair in attributes.split())
    return Marker(name=name, attributes=tuple((key, value) for key, value in pairs), start=start, end=end)


@remembered
def _label_of(text: str) -> tuple[str, str] | None:
    """The normalised label and the value of a labelled line, which is a list item or begins in bold."""
    item = item_of(text)
    if item is None and not text.strip().startswith("**"):
        return None
    pair = named_value(text.strip() if item is None else item)
    return (plain_name(bare_name(pair[0])), pair[1]) if pair else None


@remembered
def _gate_of(text: str) -> tuple[str, bool] | None:
    """The name of a gate's checkbox and whether it is ticked."""
    match = _GATE.fullmatch(item_of(text) or "")
    return None if match is None else (match[2], match[1] != " ")


class _Blocks:
    """Collects blocks line by line."""

    def __init__(self) -> None:
        self.blocks: list[_Block] = []
        self.malformed: list[MalformedLine] = []
        self.owned: set[int] = set()
        self._open: _Block | None = None

    def close(self) -> None:
        """End the open block: a heading or a marker stands here."""
        self._open = None

    def feed(self, number: int, text: str) -> None:
        """Take one line that is no heading and no marker, outside fences and comments."""
        label = _label_of(text) if ":" in text else None
        if label is None or (label[0] not in _VALUES and label[0] not in (_TARGET, _GATES)):
            self._maybe_gate(number, text)
        elif label[0] == _TARGET:
            target = RecordedValue(text=recorded_text(label[1]), line=number)
            self._open = _Block(line=number, target=target)
            self.blocks.append(self._open)
            self._own(self._open, number)
        elif self._open is not None:
            self._value(self._open, number, text, *label)
        elif label[0] in _UNMISTAKABLE:
            problem = "This line belongs to no manifest block: no Target File stands above it."
            self.malformed.append(MalformedLine(text=text.strip(), line=number, problem=problem))

    def _own(self, block: _Block, number: int) -> None:
        self.owned.add(number)
        block.end_line = number

    def _value(self, block: _Block, number: int, text: str, label: str, value: str) -> None:
        self._own(block, number)
        block.in_gates = label == _GATES
        if label in block.labels:
            problem = f"The block of line {block.line} has this label twice; the first one counts."
            self.malformed.append(MalformedLine(text=text.strip(), line=number, problem=problem))
            return
        block.labels.add(label)
        if label in _VALUES:
            block.values[_VALUES[label]] = RecordedValue(text=recorded_text(value), line=number)

    def _maybe_gate(self, number: int, text: str) -> None:
        block = self._open
        if block is None or not block.in_gates or not text.strip():
            return
        gate = _gate_of(text)
        if gate is not None:
            block.gates.append(RecordedGate(name=gate[0], ticked=gate[1], line=number))
            self._own(block, number)
        elif _NEAR_GATE.match(item_of(text) or ""):
            problem = "This line of Gates Passed is no gate, which is written - [x] NAME."
            self.malformed.append(MalformedLine(text=text.strip(), line=number, problem=problem))
            self._own(block, number)
        else:
            block.in_gates = False


def scan_manifest(doc: Document, zone: tuple[int, int] | None) -> ManifestScan:
    """The manifest blocks and markers between the zone's first and last line, outside fences and other comments.

    A block reaches from its Target File to its last labelled line or gate, and ends before the next Target
    File, heading or marker. Labels match without regard to case, with or without bold and backticks.
    """
    if zone is None:
        return ManifestScan()
    marks = _scan_markers(doc, *zone)
    entries: list[RecordedEntry] = []
    markers: list[Marker] = []
    for marker in marks.closed:
        read = read_as_written(doc.lines, marker) if marker.name == "manifest" else None
        entries += read or ()
        markers.append(marker if read is None else marker._replace(as_written=True))
    blocks = _walked(doc, _outside(zone, [marker for marker in markers if marker.as_written]), marks)
    entries += [block.entry() for block in blocks.blocks]
    malformed = marks.malformed + blocks.malformed
    return ManifestScan(
        entries=tuple(sorted(entries, key=_LINE) if blocks.blocks else entries),
        malformed=tuple(sorted(malformed, key=_LINE)),
        markers=tuple(markers),
        apart=frozenset(marks.owned | blocks.owned),
    )


def _outside(zone: tuple[int, int], written: Sequence[Marker]) -> Iterator[int]:
    """The zone's lines but those between the markers of these blocks."""
    first = zone[0]
    for marker in written:
        yield from range(first, marker.start + 1)
        first = marker.end
    yield from range(first, zone[1] + 1)


def _walked(doc: Document, numbers: Iterator[int], marks: _Markers) -> _Blocks:
    """The blocks that stand in these lines, which are read one by one."""
    edges = {line for marker in marks.closed for line in (marker.start, marker.end)}
    edges |= {line.line for line in marks.malformed}
    blocks = _Blocks()
    for number in numbers:
        if number in doc.heading_lines or number in edges:
            blocks.close()
        elif number not in doc.special:
            blocks.feed(number, doc.text(number))
    return blocks
