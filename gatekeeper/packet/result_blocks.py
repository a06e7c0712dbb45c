"""What a gate's run recorded in VALIDATION: result and manifest blocks as data, and rendered again from that."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gatekeeper.model.changes import ChangeKind, FileChange
from gatekeeper.model.finding import Status
from gatekeeper.model.manifest import GATES, ManifestEntry, RecordedEntry, RecordedValue
from gatekeeper.model.names import from_packet
from gatekeeper.model.packet import MalformedLine, Marker, Packet
from gatekeeper.packet.blocks import render_manifest, result_block
from gatekeeper.packet.record_blocks import block_text
from gatekeeper.packet.remembered import remembered

_CHECK = re.compile(r"- (PASS|FAIL|NOT_RUN|NOT_APPLICABLE) ([a-z][a-z-]*)(?:: (.+))?")
_FINDING = re.compile(r"  - ((error|warning) (\S+)(?: .*)?)")
_WHOLE = re.compile(r"-?\d{1,18}")
_NOT_APPLICABLE = " (not applicable)"


class RecordedCheck(NamedTuple):
    """A check's line, and below it the texts of its findings, errors and warnings."""

    id: str
    status: Status
    reason: str
    findings: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[str, ...]:
        """The errors as ``error RULE PLACE``, without their words, sorted; waived ones too."""
        return tuple(sorted(line.split(" - ")[0] for line in self.findings if line.startswith("error ")))


@dataclass(frozen=True, slots=True)
class RecordedResult:
    """A result block: its attributes, its checks in their order, its place and its text with LF between lines.

    An attribute that isn't there is empty; ``verdict`` is None where it is no status. ``malformed`` are the lines
    that are none of a result's.
    """

    wp_id: str
    gate: str
    change: str
    verdict: Status | None
    checks: tuple[RecordedCheck, ...]
    malformed: tuple[MalformedLine, ...]
    marker: Marker
    text: str

    def check(self, check_id: str) -> RecordedCheck | None:
        """The check of that id."""
        for check in self.checks:
            if check.id == check_id:
                return check
        return None


def results_of(packet: Packet) -> tuple[RecordedResult, ...]:
    """The result blocks of VALIDATION, in the order of the file."""
    return tuple(_result(packet, marker) for marker in packet.markers if marker.name == "result")


@remembered
def _check_in(text: str) -> RecordedCheck | None:
    """The check of a line, without what stands below it."""
    match = _CHECK.fullmatch(text)
    return RecordedCheck(match[2], Status(match[1]), match[3] or "") if match else None


def _result(packet: Packet, marker: Marker) -> RecordedResult:
    checks: list[RecordedCheck] = []
    malformed: list[MalformedLine] = []
    findings: list[str] = []
    for number in range(marker.start + 1, marker.end):
        text = packet.lines[number - 1]
        if check := _check_in(text):
            findings = []
            checks.append(check)
        elif (match := _FINDING.fullmatch(text)) and checks:
            findings.append(match[1])
            checks[-1] = checks[-1]._replace(findings=tuple(findings))
        else:
            problem = "This line of the result block is neither a check nor a finding."
            malformed.append(MalformedLine(text=text, line=number, problem=problem))
    given = dict(marker.attributes)
    verdict = given.get("verdict", "")
    return RecordedResult(
        wp_id=given.get("wp", ""),
        gate=given.get("gate", ""),
        change=given.get("change", ""),
        verdict=Status(verdict) if verdict in set(Status) else None,
        checks=tuple(checks),
        malformed=tuple(malformed),
        marker=marker,
        text=block_text(packet, marker),
    )


def render_result_again(result: RecordedResult) -> str:
    """The block that this data renders to; the text itself, unless somebody edited it."""
    checks = [(str(status), name, reason, _in_order(findings)) for name, status, reason, findings in result.checks]
    return result_block(result.wp_id, result.gate, result.change, str(result.verdict or ""), checks)


def _in_order(findings: Sequence[str]) -> Sequence[str]:
    """Errors before warnings, as they are rendered."""
    return sorted(findings, key=lambda line: not line.startswith("error ")) if findings else ()


def render_manifest_again(packet: Packet, marker: Marker) -> str | MalformedLine:
    """The block that the entries between the markers render to, or the line that is no value of an entry."""
    if marker.as_written:
        return block_text(packet, marker)
    blocks = [block for block in packet.recorded if marker.start < block.line < marker.end]
    entries, gates = [], {}
    for block in blocks:
        entry = _entry(block)
        if isinstance(entry, MalformedLine):
            return entry
        entries.append(entry)
        ticks = {tick.name: _tick(packet.lines[tick.line - 1], ticked=tick.ticked) for tick in block.gates}
        if ticks.keys() != set(GATES):
            problem = "This block doesn't list the ten gates, each once."
            return MalformedLine(text=block.target_file.text, line=block.line, problem=problem)
        gates[entry.path] = {gate: ticks[gate] for gate in GATES}
    spec = next((block.spec_target_resolved for block in blocks if block.spec_target_resolved), None)
    digest = dict(marker.attributes).get("change", "")
    return render_manifest(entries, gates, spec.text if spec else None, digest)


def _tick(line: str, *, ticked: bool) -> bool | None:
    return None if ticked and line.endswith(_NOT_APPLICABLE) else ticked


def _entry(block: RecordedEntry) -> ManifestEntry | MalformedLine:
    """The recorded values as an entry, which holds nothing but what a block shows."""
    path, old = _name(block.target_file), _name(block.renamed_from)
    numbers = [_number(value) for value in (block.start, block.end, block.line_delta)]
    if (
        _NO_NAME in {path, old}
        or path is None
        or None in numbers
        or block.pre_sha1 is None
        or block.post_sha1 is None
    ):
        problem = "This block lacks a value, or holds one that can't be read."
        return MalformedLine(text=block.target_file.text, line=block.line, problem=problem)
    start, end, delta = (number or 0 for number in numbers)
    return ManifestEntry(
        change=FileChange(path, ChangeKind.MODIFIED, None, None, old),
        kind="other",
        start=start,
        end=end,
        line_delta=delta,
        last_line=end,
        pre_sha1=block.pre_sha1.text,
        post_sha1=block.post_sha1.text,
        post_sha256=None,
        content=block.content.text if block.content else None,
        mode=block.mode.text if block.mode else None,
    )


_NO_NAME = "\0"  # no path is this


def _name(value: RecordedValue | None) -> str | None:
    try:
        return from_packet(value.text) if value else None
    except ValueError:
        return _NO_NAME


def _number(value: RecordedValue | None) -> int | None:
    return int(value.text) if value is not None and _WHOLE.fullmatch(value.text) else None
