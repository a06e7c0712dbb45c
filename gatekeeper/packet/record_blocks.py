"""The machine blocks below EVIDENCE and VALIDATION_REPORTS: where they stand, and adding one."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from gatekeeper.model.packet import MalformedLine, Marker, Packet, Section
from gatekeeper.packet.markdown import BOM, Document, RawLine, document, split_lines
from gatekeeper.packet.sections import is_report
from gatekeeper.packet.write import with_lines_after

_OPENING = re.compile(r"<!--[ \t]*gate:(evidence|report)((?:[ \t]+[\w-]+=\S+)*)[ \t]*-->")
_CLOSING = re.compile(r"<!--[ \t]*/gate:(evidence|report)[ \t]*-->")
# In a list item, three of either would open a fence.
_FENCE = re.compile(r"([`~])\1(?=\1)")


class RecordMarkers(NamedTuple):
    """The closed blocks in the order of the file, and the markers that have no other half."""

    closed: tuple[Marker, ...]
    malformed: tuple[MalformedLine, ...]


def scan_records(doc: Document) -> RecordMarkers:
    """The markers of evidence and reports, anywhere outside fences and longer comments."""
    closed: list[Marker] = []
    malformed: list[MalformedLine] = []
    opened: Marker | None = None
    for number in sorted(doc.whole_comments):
        text = doc.text(number).strip()
        if "gate:evidence" not in text and "gate:report" not in text:
            continue
        if match := _OPENING.fullmatch(text):
            if opened is not None:
                malformed.append(_unclosed(doc, opened))
            pairs = tuple(pair.split("=", 1) for pair in match[2].split())
            attributes = tuple((key, value) for key, value in pairs)
            opened = Marker(name=match[1], attributes=attributes, start=number, end=number)
        elif match := _CLOSING.fullmatch(text):
            if opened is not None and opened.name == match[1]:
                closed.append(opened._replace(end=number))
                opened = None
            else:
                problem = f"This closes a gate:{match[1]} block that isn't open."
                malformed.append(MalformedLine(text=text, line=number, problem=problem))
    if opened is not None:
        malformed.append(_unclosed(doc, opened))
    return RecordMarkers(tuple(closed), tuple(sorted(malformed, key=lambda each: each.line)))


def _unclosed(doc: Document, marker: Marker) -> MalformedLine:
    problem = f"The block that gate:{marker.name} opens here is never closed by <!-- /gate:{marker.name} -->."
    return MalformedLine(text=doc.text(marker.start), line=marker.start, problem=problem)


def block_text(packet: Packet, marker: Marker) -> str:
    """The block as the packet holds it, markers included, with LF between its lines and none at its end."""
    return "\n".join(packet.lines[marker.start - 1 : marker.end])


def safe_line(text: str) -> str:
    """Any text as one line of ASCII that keeps its code spans and can end no block and open no fence or comment.

    Making it safe again changes nothing.
    """
    flat = " ".join(text.split()).encode("ascii", "backslashreplace").decode("ascii")
    flat = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in flat)
    flat = flat.replace("<!--", "<! --").replace("-->", "-- >")
    return _FENCE.sub(r"\1\1 ", flat)


def first_difference(packet: Packet, marker: Marker, rendered: str) -> int | None:
    """The packet's line at which the block isn't what its data renders to, None where it is."""
    found, made = packet.lines[marker.start - 1 : marker.end], rendered.split("\n")
    if list(found) == made:
        return None
    same = next((n for n, (a, b) in enumerate(zip(found, made, strict=False)) if a != b), None)
    return marker.start + (min(len(found), len(made)) - 1 if same is None else same)


def with_record(data: bytes, packet: Packet, section: Section, text: str, replaced: Marker | None) -> bytes:
    """The packet's bytes with this block (ASCII, LF) at the section's end, or in place of ``replaced``.

    ``packet`` is parsed from ``data``. Every other byte stays, the file's line ends and byte order mark too; a
    last line without an end stays one.
    """
    lines = text.split("\n")
    if replaced is not None:
        return _in_place(data, replaced, lines)
    after = _end_of(packet, section)
    while after > section.start and not packet.lines[after - 1].strip():
        after -= 1
    followed = after < len(packet.lines) and packet.lines[after].strip() != ""
    return with_lines_after(data, after, ("", *lines, "") if followed else ("", *lines))


def _in_place(data: bytes, replaced: Marker, texts: Sequence[str]) -> bytes:
    mark = BOM if data.startswith(BOM) else b""
    lines = split_lines(data.removeprefix(BOM))
    first, last = lines[replaced.start - 1], lines[replaced.end - 1]
    new = [RawLine(text.encode("ascii"), first.end) for text in texts]
    new[-1] = new[-1]._replace(end=last.end)
    lines[replaced.start - 1 : replaced.end] = new
    return mark + b"".join(line.body + line.end for line in lines)


def _end_of(packet: Packet, section: Section) -> int:
    """The last line of the section that a new block may follow.

    Reports whose headings are of the level of VALIDATION_REPORTS or above stand behind it, and belong to it. A
    fence or comment that is never closed ends the section where it opens.
    """
    end = section.end
    for other in packet.sections if is_report(section) else ():
        if other.start == end + 1 and is_report(other):
            end = other.end
    unclosed = document(packet.lines).unclosed
    return unclosed - 1 if unclosed is not None and section.start < unclosed <= end else end
