"""Manifest blocks that stand exactly as ``render_manifest`` writes them, read by one expression an entry.

Nearly every block does. One that doesn't, in whatever way, is read line by line (``manifest_blocks``), and a test
holds both readings against each other.
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from gatekeeper.model.manifest import GATES, RecordedEntry, RecordedGate, RecordedValue
from gatekeeper.model.packet import Marker

_CLOSING = "<!-- /gate:manifest -->"
# A name that is written as it is (``names.needs_quoting``); one that must be quoted is left to the other reading.
_NAME = r"[!#-;=-\[\]^_a-~](?:[ !#-\[\]^_a-~]*[!#-\[\]^_a-~])?"
_FIRST = r"[1-9][0-9]{0,17}"
_SHA1 = r"`([0-9a-f]{40})`"
_WORDS = r"[!-_a-~]+(?: [!-_a-~]+)*"
_TICKS = "".join(rf"  - \[(?: \] {gate}|x\] {gate}(?: \(not applicable\))?)\n" for gate in GATES)
_HEAD = re.compile(
    rf"- \*\*Target File\*\*: `({_NAME})`\n"
    rf"(?:- \*\*Renamed From\*\*: `({_NAME})`\n)?"
    rf"- \*\*Start\*\*: ({_FIRST})\n"
    rf"- \*\*End\*\*: ({_FIRST})\n"
    rf"- \*\*Line Delta\*\*: (0|-?{_FIRST})\n"
    rf"- \*\*Pre-SHA1\*\*: {_SHA1}\n"
    rf"- \*\*Post-SHA1\*\*: {_SHA1}\n"
    r"(?:- \*\*Mode\*\*: ([0-7]{6} -> [0-7]{6})\n)?"
    r"(?:- \*\*Content\*\*: (binary|submodule)\n)?"
    r"- \*\*Gates Passed\*\*:\n"
)
_TAIL = re.compile(rf"({_TICKS})(?:- \*\*Spec Target Resolved\*\*: ({_WORDS})\n)?")
_LONGEST_TAIL = 1000  # a longer one isn't remembered, and left to the other reading
_value = partial(tuple.__new__, RecordedValue)
_COMMENT = re.compile("<!--|-->")


def read_as_written(lines: Sequence[str], marker: Marker) -> tuple[RecordedEntry, ...] | None:
    """The entries between the markers; None where the block isn't what its own data renders to, or may not be."""
    if not _are_as_written(lines, marker):
        return None
    text = "\n".join((*lines[marker.start : marker.end - 1], ""))
    entries: list[RecordedEntry] = []
    at, line = 0, marker.start + 1
    while at < len(text):
        # An empty line stands between entries.
        if entries and not text.startswith("\n", at):
            return None
        head = _HEAD.match(text, at + bool(entries))
        if head is None:
            return None
        end = text.find("\n\n", head.end())
        at = end + 1 if end >= 0 else len(text)
        tail = _tail_of(text[head.end() : at]) if at - head.end() <= _LONGEST_TAIL else None
        if tail is None:
            return None
        entries.append(_entry(head, tail, line + bool(entries)))
        line = entries[-1].end_line + 1
    return tuple(entries) if _are_of_one_run(entries) else None


def _are_as_written(lines: Sequence[str], marker: Marker) -> bool:
    """Whether the markers stand as they are written."""
    opening = f"<!-- gate:manifest change={dict(marker.attributes).get('change', '')} -->"
    return lines[marker.start - 1] == opening and lines[marker.end - 1] == _CLOSING


def _are_of_one_run(entries: Sequence[RecordedEntry]) -> bool:
    """Whether one rendering can have made all of them: each file once, the same spec in each."""
    specs = {entry.spec_target_resolved.text if entry.spec_target_resolved else "" for entry in entries}
    files = {entry.target_file.text for entry in entries}
    return len(files) == len(entries) and len(specs) <= 1 and not any(map(_COMMENT.search, specs))


@dataclass(frozen=True, slots=True)
class _Tail:
    """What ends an entry, and nearly always ends all entries alike: the ten ticks and the spec."""

    ticked: tuple[bool, ...]
    spec: str | None


@lru_cache(maxsize=256)
def _tail_of(text: str) -> _Tail | None:
    match = _TAIL.fullmatch(text)
    if match is None:
        return None
    return _Tail(tuple(each.startswith("  - [x]") for each in match[1].splitlines()), match[2])


def _entry(head: re.Match[str], tail: _Tail, line: int) -> RecordedEntry:
    """The entry that begins at that line; what need not stand in an entry moves the lines below it."""
    target, renamed_from, start, end, delta, pre, post, mode, content = head.groups()
    at = line + (renamed_from is not None)
    content_at = at + 6 + (mode is not None)
    ticks = content_at + (content is not None) + 1
    last = ticks + len(GATES) - (tail.spec is None)
    return RecordedEntry(
        line,
        last,
        _value((target, line)),
        _value((start, at + 1)),
        _value((end, at + 2)),
        _value((delta, at + 3)),
        _value((pre, at + 4)),
        _value((post, at + 5)),
        None if renamed_from is None else _value((renamed_from, at)),
        None if mode is None else _value((mode, at + 6)),
        None if content is None else _value((content, content_at)),
        None if tail.spec is None else _value((tail.spec, last)),
        _gates(tail.ticked, ticks),
    )


@lru_cache(maxsize=1024)
def _gates(ticked: tuple[bool, ...], line: int) -> tuple[RecordedGate, ...]:
    """The ten gates, from that line on; nearly always they are all ticked."""
    return tuple(map(RecordedGate, (gate.value for gate in GATES), ticked, itertools.count(line)))
