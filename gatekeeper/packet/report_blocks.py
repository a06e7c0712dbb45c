"""Validation reports as machine blocks of VALIDATION_REPORTS: a record as text, and the text as its record."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from gatekeeper.model import names
from gatekeeper.model.evidence import ReportRecord
from gatekeeper.model.finding import Status
from gatekeeper.model.packet import MalformedLine, Marker, Packet
from gatekeeper.packet.blocks import code_span, rendered
from gatekeeper.packet.markdown import without_backticks
from gatekeeper.packet.record_blocks import block_text, first_difference, safe_line

SECTION = "VALIDATION_REPORTS"
TEMPLATE = "report.md.j2"

Word = Literal["PASS", "FAIL"]
"""The validator's verdict."""

COMMITS, SPEC, FILES, FINDINGS = "Validated commit(s)", "Spec", "Files Checked", "Findings"
FORBIDDEN, TESTS = "Forbidden Patterns", "Tests (Validator-run)"
RISKS, REASON = "Risks & Suggested Actions", "REASON FOR {verdict}"
TITLES = (COMMITS, SPEC, FILES, FINDINGS, FORBIDDEN, TESTS, RISKS, REASON)
"""What stands above a report's parts, each followed by a colon."""

GATE = "The gate's checks:"
"""The first item of Findings; below it is what the gate found, after it the validator's own."""

_NONE = "None."
_ITEM = re.compile(r"( {0,2})- (.*)")
_CHECK = re.compile(r"(PASS|FAIL|NOT_RUN|NOT_APPLICABLE) ([\w-]+)")
_FINDING = re.compile(r"(?:error|warning) [\w.-]+(?: |$)")


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """A report of the packet: its data, its markers with their lines, and its text (LF, markers included)."""

    record: ReportRecord
    marker: Marker
    text: str


@dataclass(frozen=True, slots=True)
class Reports:
    """The reports that the machine rendered, in the order of the file, and what of them can't be read so."""

    blocks: tuple[ReportBlock, ...]
    problems: tuple[MalformedLine, ...]


def render_report(record: ReportRecord, template: str) -> str:
    """The report's block, markers included, ASCII with LF and without a final one.

    ``template`` is the text of report.md.j2. Texts are made safe on the way: what is read back renders the same.
    """
    return rendered(
        template,
        {
            "wp_id": record.wp_id,
            "report": record.report,
            "change": record.change,
            "verdict": record.verdict,
            "groups": [{"title": title, "lines": list(lines)} for title, lines in _groups(record)],
        },
    )


def _groups(record: ReportRecord) -> Iterator[tuple[str, Iterable[str]]]:
    yield COMMITS, _spans(record.commits)
    target = code_span(names.for_packet(record.spec)) if record.spec is not None else _NONE
    yield SPEC, [f"- Target: {target}", f"- Anchors: {safe_line(record.anchors or '') or _NONE}"]
    yield FILES, _spans(names.for_packet(path) for path in record.files)
    gate = [f"{status.value} {name}" for name, status in record.checks]
    gate += [line for text in record.gate_findings if (line := safe_line(text))]
    yield FINDINGS, [f"- {GATE}", *(f"  - {line}" for line in gate), *_items(record.findings)]
    yield FORBIDDEN, _items(record.forbidden_patterns) or [f"- {_NONE}"]
    yield TESTS, _items(record.tests) or [f"- {_NONE}"]
    yield RISKS, _items(record.risks) or [f"- {_NONE}"]
    yield REASON.format(verdict=record.verdict), _items(record.reason) or [f"- {_NONE}"]


def _spans(texts: Iterable[str]) -> list[str]:
    return [f"- {code_span(text)}" for text in texts] or [f"- {_NONE}"]


def _items(texts: Iterable[str]) -> list[str]:
    """List items; a text that begins with two spaces stands below the one before it."""
    lines: list[str] = []
    for text in texts:
        if (safe := safe_line(text)) not in {"", _NONE}:
            lines.append(f"{'  ' if lines and text.startswith('  ') else ''}- {safe}")
    return lines


def read_reports(packet: Packet, template: str) -> Reports:
    """Every gate:report block of the packet, and each that isn't what its own data renders to as a problem.

    A problem names the block's first line that differs or can't be read. What people wrote by hand is left alone.
    """
    blocks: list[ReportBlock] = []
    problems = [line for line in packet.malformed_records if "gate:report" in line.text]
    section = packet.section(SECTION)
    for marker in packet.markers:
        if marker.name != "report":
            continue
        text = block_text(packet, marker)
        found = _record(marker, text.split("\n"), packet)
        if isinstance(found, MalformedLine):
            problems.append(found)
            continue
        blocks.append(ReportBlock(found, marker, text))
        if (line := first_difference(packet, marker, render_report(found, template))) is not None:
            problem = "This line isn't what the report's own data renders to."
            problems.append(MalformedLine(text=packet.lines[line - 1], line=line, problem=problem))
        elif section is None or marker.start < section.start:
            problem = f"This report doesn't stand below {SECTION}."
            problems.append(MalformedLine(text=packet.lines[marker.start - 1], line=marker.start, problem=problem))
    problems += _order(packet, blocks)
    return Reports(tuple(blocks), tuple(sorted(problems, key=lambda problem: problem.line)))


def _order(packet: Packet, blocks: Sequence[ReportBlock]) -> Iterator[MalformedLine]:
    """Reports count 1, 2, 3 and so on, each about this packet."""
    for expected, block in enumerate(blocks, 1):
        record, line = block.record, block.marker.start
        text = packet.lines[line - 1]
        if record.report != expected:
            problem = f"This is report {record.report} where report {expected} should stand."
            yield MalformedLine(text=text, line=line, problem=problem)
        if record.wp_id != packet.wp_id:
            problem = f"This report is about {record.wp_id}, and the packet is {packet.wp_id}."
            yield MalformedLine(text=text, line=line, problem=problem)


class _Unreadable(Exception):  # noqa: N818 - caught in this module
    def __init__(self, offset: int, expected: str) -> None:
        super().__init__(expected)
        self.offset = offset
        self.expected = expected


def _record(marker: Marker, lines: Sequence[str], packet: Packet) -> ReportRecord | MalformedLine:
    try:
        return _Reader(marker, lines).record()
    except _Unreadable as error:
        line = min(marker.start + error.offset, marker.end)
        problem = f"A report has {error.expected} here."
        return MalformedLine(text=packet.lines[line - 1], line=line, problem=problem)


class _Reader:
    """Goes through a block's lines in the template's order."""

    def __init__(self, marker: Marker, lines: Sequence[str]) -> None:
        self._marker = dict(marker.attributes)
        self._lines = lines
        self._at = 1

    def record(self) -> ReportRecord:
        """The block's data. Raises _Unreadable at the first line of another shape."""
        verdict = self._marker.get("verdict", "")
        number = self._marker.get("report", "")
        if verdict not in ("PASS", "FAIL") or not re.fullmatch(r"[1-9][0-9]{0,5}", number):
            raise _Unreadable(0, "a verdict and a number")
        wp_id = self._marker.get("wp", "")
        self._take(f"### VALIDATION REPORT - {wp_id}")
        self._take(f"Verdict: {verdict}")
        commits = self._spans(COMMITS)
        spec, anchors = self._spec()
        files = tuple(_path(text) for text in self._spans(FILES))
        checks, gate_findings, findings = self._findings()
        return ReportRecord(
            wp_id=wp_id,
            report=int(number),
            change=self._marker.get("change", ""),
            verdict="PASS" if verdict == "PASS" else "FAIL",
            commits=commits,
            spec=spec,
            anchors=anchors,
            files=files,
            checks=checks,
            gate_findings=gate_findings,
            findings=findings,
            forbidden_patterns=self._texts(FORBIDDEN),
            tests=self._texts(TESTS),
            risks=self._texts(RISKS),
            reason=self._texts(REASON.format(verdict=verdict)),
        )

    def _take(self, expected: str) -> None:
        if self._at >= len(self._lines) - 1 or self._lines[self._at] != expected:
            raise _Unreadable(self._at, repr(expected) if expected else "an empty line")
        self._at += 1

    def _group(self, title: str) -> list[str]:
        """The items below the title, without marker; those nested keep two spaces."""
        self._take("")
        self._take(f"{title}:")
        items: list[str] = []
        while self._at < len(self._lines) - 1 and self._lines[self._at]:
            match = _ITEM.fullmatch(self._lines[self._at])
            if match is None:
                raise _Unreadable(self._at, "a list item")
            items.append(match[1] + match[2])
            self._at += 1
        return items

    def _texts(self, title: str) -> tuple[str, ...]:
        return tuple(text for text in self._group(title) if text.strip() != _NONE)

    def _spans(self, title: str) -> tuple[str, ...]:
        return tuple(without_backticks(text) for text in self._texts(title))

    def _spec(self) -> tuple[str | None, str | None]:
        start = self._at
        items = self._group(SPEC)
        if len(items) != 2 or not items[0].startswith("Target: ") or not items[1].startswith("Anchors: "):
            raise _Unreadable(start + 2, "Target and Anchors")
        target, anchors = items[0].removeprefix("Target: "), items[1].removeprefix("Anchors: ")
        spec = None if target == _NONE else _path(without_backticks(target))
        return spec, None if anchors == _NONE else anchors

    def _findings(self) -> tuple[tuple[tuple[str, Status], ...], tuple[str, ...], tuple[str, ...]]:
        start = self._at
        items = self._group(FINDINGS)
        if not items or items[0] != GATE:
            raise _Unreadable(start + 2, repr(f"- {GATE}"))
        nested = next((n for n, text in enumerate(items[1:]) if not text.startswith("  ")), len(items) - 1)
        gate = [text.removeprefix("  ") for text in items[1 : 1 + nested]]
        matches = [_CHECK.fullmatch(text) for text in gate]
        count = next((n for n, match in enumerate(matches) if match is None), len(gate))
        for offset, text in enumerate(gate[count:], start + 3 + count):
            if not _FINDING.match(text):
                raise _Unreadable(offset, "an error or a warning of the gate")
        checks = tuple((match[2], Status(match[1])) for match in matches[:count] if match is not None)
        return checks, tuple(gate[count:]), tuple(items[1 + nested :])


def _path(text: str) -> str:
    """The file's name; one that isn't written as names are is taken as it stands, and then renders differently."""
    try:
        return names.from_packet(text)
    except ValueError:
        return text
