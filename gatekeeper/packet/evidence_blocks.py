"""Evidence as a machine block of the packet: rendered and read here, so that neither can drift from the other.

A block is what ``templates/evidence.md.j2`` makes of a record; ``render_evidence(read.record) == read.text`` holds
for every block that was rendered here, and for no other text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from gatekeeper.model import names
from gatekeeper.model.evidence import CommandEvidence, EvidenceRecord, Outcome, TestCounts
from gatekeeper.model.finding import Status
from gatekeeper.model.packet import MalformedLine, Marker, Packet
from gatekeeper.packet.blocks import code_span, one_line, rendered
from gatekeeper.packet.record_blocks import block_text

NAME = "evidence"
SECTION = "EVIDENCE"
TEMPLATE = "evidence.md.j2"

_COMMAND = re.compile(rf"- ({'|'.join(get_args(Outcome))}) (`+.+`+)")
_TESTS = re.compile(r"(.+): (\d{1,18}) passed, (\d{1,18}) failed, (\d{1,18}) skipped")
_EXIT = re.compile(r"exit code (-?\d{1,10})")
_SHOWS = re.compile(r"shows DONE_MEANS (\d{1,6}(?:, \d{1,6})*)")
_LOG = re.compile(r"log ([0-9a-f]{64})(?: in (`+.+`+))?")
_TAIL_INDENT = " " * 4
_TAIL_OPENS, _TAIL_CLOSES = "  - output ends", f"{_TAIL_INDENT}```"


@dataclass(frozen=True, slots=True)
class EvidenceBlock:
    """A block as it stands in the packet: the record that it holds, its place, its text with LF between lines."""

    record: EvidenceRecord
    marker: Marker
    text: str


@dataclass(frozen=True, slots=True)
class EvidenceScan:
    """What a packet holds of evidence, in the order of the file; ``malformed`` is what can't be read as such."""

    blocks: tuple[EvidenceBlock, ...] = ()
    malformed: tuple[MalformedLine, ...] = ()
    wp_id: str = ""

    @property
    def own(self) -> tuple[EvidenceBlock, ...]:
        """The blocks of this packet, and not of one that it was copied from."""
        return tuple(block for block in self.blocks if block.record.wp_id == self.wp_id)

    @property
    def last(self) -> EvidenceRecord | None:
        """The latest run of this packet: its last block in the file."""
        own = self.own
        return own[-1].record if own else None


def render_evidence(record: EvidenceRecord, template: str) -> str:
    """The block, markers included, ASCII with LF and without a final one; ``template`` is evidence.md.j2."""
    values = {
        "wp_id": one_line(record.wp_id),
        "run": record.run,
        "change": one_line(record.change),
        "verdict": record.verdict.value,
        "commands": [_command(each) for each in record.commands],
    }
    return rendered(template, values)


def read_evidence(packet: Packet) -> EvidenceScan:
    """Every evidence block of the packet outside fences."""
    blocks: list[EvidenceBlock] = []
    problems = [each for each in packet.malformed_records if f"gate:{NAME}" in each.text]
    for marker in packet.markers:
        if marker.name != NAME:
            continue
        text = block_text(packet, marker)
        try:
            blocks.append(EvidenceBlock(_record(marker, text.split("\n")), marker, text))
        except _Unreadable as error:
            problems.append(error.line(marker.start))
    return EvidenceScan(tuple(blocks), tuple(sorted(problems, key=lambda line: line.line)), packet.wp_id)


def tail_line(text: str) -> str:
    """A line of output as a block holds it: ASCII, printable, unable to end the fence that it stands in."""
    line = text.expandtabs().rstrip().encode("ascii", "backslashreplace").decode("ascii")
    line = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in line)
    return line.replace("`", "'").replace("<!--", "<! --").replace("-->", "-- >")


# Rendering


def _command(command: CommandEvidence) -> dict[str, object]:
    text = _spelled(command.command)
    tail = [line for line in map(tail_line, command.tail) if line]
    return {"outcome": command.outcome, "text": text, "facts": list(_facts(command)), "tail": tail}


def _facts(command: CommandEvidence) -> Iterator[str]:
    if command.exit_code is not None:
        yield f"exit code {command.exit_code}"
    if tests := command.tests:
        yield f"{one_line(tests.runner)}: {tests.passed} passed, {tests.failed} failed, {tests.skipped} skipped"
    if command.shows:
        yield f"shows DONE_MEANS {', '.join(map(str, command.shows))}"
    if command.log_sha256 is not None:
        where = f" in {code_span(names.for_packet(command.log))}" if command.log is not None else ""
        yield f"log {command.log_sha256}{where}"


def _spelled(command: str) -> str:
    """The command as a code span, C-quoted where it couldn't be told apart from its span or isn't ASCII."""
    plain = command.isascii() and command.isprintable() and command == command.strip() and command
    if plain and command[0] not in '`"' and command[-1] != "`":
        return code_span(command)
    return code_span(names.c_quoted(command))


# Reading


class _Unreadable(Exception):  # noqa: N818 - it names what is wrong
    """A line of a block, counted from 0, that the template doesn't make."""

    def __init__(self, index: int, text: str, problem: str) -> None:
        super().__init__(problem)
        self._index = index
        self._text = text

    def line(self, start: int) -> MalformedLine:
        """The line as one of the packet, in which the block begins at line ``start``."""
        return MalformedLine(text=self._text, line=start + self._index, problem=str(self))


def _record(marker: Marker, lines: Sequence[str]) -> EvidenceRecord:
    attributes = dict(marker.attributes)
    try:
        return EvidenceRecord(
            wp_id=attributes["wp"],
            run=int(attributes["run"]),
            change=attributes["change"],
            verdict=Status(attributes["verdict"]),
            commands=tuple(_commands(lines)),
        )
    except (KeyError, ValueError):
        problem = "An evidence block opens with wp=, run= (a number), change= and verdict=, in this order."
        raise _Unreadable(0, lines[0], problem) from None


def _commands(lines: Sequence[str]) -> Iterator[CommandEvidence]:
    index, last = 1, len(lines) - 1
    while index < last:
        match = _COMMAND.fullmatch(lines[index])
        if match is None:
            raise _Unreadable(
                index, lines[index], "This line of an evidence block is no command with its outcome."
            )
        values: dict[str, Any] = {"outcome": match[1], "command": _unspelled(index, lines[index], match[2])}
        index += 1
        while index < last and lines[index].startswith("  - "):
            if lines[index] == _TAIL_OPENS:
                values["tail"], index = _tail(lines, index)
            else:
                values.update(_fact(index, lines[index]))
                index += 1
        yield CommandEvidence(**values)


def _fact(index: int, line: str) -> dict[str, object]:
    text = line.removeprefix("  - ")
    if match := _EXIT.fullmatch(text):
        return {"exit_code": int(match[1])}
    if match := _SHOWS.fullmatch(text):
        return {"shows": tuple(int(number) for number in match[1].split(", "))}
    if match := _LOG.fullmatch(text):
        return {"log_sha256": match[1], "log": _unspelled(index, line, match[2]) if match[2] else None}
    if match := _TESTS.fullmatch(text):
        passed, failed, skipped = (int(match[n]) for n in (2, 3, 4))
        return {"tests": TestCounts(runner=match[1], passed=passed, failed=failed, skipped=skipped)}
    raise _Unreadable(index, line, "This line of an evidence block tells nothing that such a block holds.")


def _tail(lines: Sequence[str], index: int) -> tuple[tuple[str, ...], int]:
    """The lines of the fence, and the index of the line after it."""
    inside = lines[index + 2 : -1]
    for offset, line in enumerate(inside):
        if line == _TAIL_CLOSES:
            found = tuple(each.removeprefix(_TAIL_INDENT) for each in inside[:offset])
            return found, index + 2 + offset + 1
    raise _Unreadable(index, lines[index], "The output that begins here never ends.")


def _unspelled(index: int, line: str, span: str) -> str:
    run = len(span) - len(span.lstrip("`"))
    try:
        return names.from_packet(span[run:-run])
    except ValueError:
        raise _Unreadable(index, line, "The name in this line is no C-quoted one.") from None
