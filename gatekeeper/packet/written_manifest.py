"""Manifest blocks that stand exactly as ``render_manifest`` writes them, read by one expression an entry.

Nearly every block does. One that doesn't, in whatever way, is read line by line (``manifest_blocks``), and a test
holds both readings against each other.
"""

import itertools
import re
from collections.abc import Sequence
from functools import lru_cache

from gatekeeper.model.manifest import GATES, RecordedEntry, RecordedGate, RecordedValue
from gatekeeper.model.packet import Marker

_CLOSING = "<!-- /gate:manifest -->"
# A name that is written as it is (``names.needs_quoting``); one that must be quoted is left to the other reading.
_NAME = r"[!#-;=-\[\]^_a-~](?:[ !#-\[\]^_a-~]*[!#-\[\]^_a-~])?"
_FIRST = r"[1-9][0-9]{0,17}"
_SHA1 = r"`([0-9a-f]{40})`"
_WORDS = r"[!-_a-~]+(?: [!-_a-~]+)*"
_TICKS = "".join(rf"  - \[(?: \] {gate}|x\] {gate}(?: \(not applicable\))?)\n" for gate in GATES)
_ENTRY = re.compile(
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
    rf"({_TICKS})"
    rf"(?:- \*\*Spec Target Resolved\*\*: ({_WORDS})\n)?"
)
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
        match = _ENTRY.match(text, at + bool(entries))
        if match is None:
            return None
        entries.append(_entry(match, line + bool(entries)))
        at, line = match.end(), entries[-1].end_line + 1
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


def _entry(match: re.Match[str], line: int) -> RecordedEntry:
    """The entry that begins at that line; the expression's groups stand in the order of the lines."""
    *texts, gates, spec = match.groups()
    numbers = itertools.count(line)
    target, renamed_from, start, end, delta, pre, post, mode, content = (
        None if text is None else RecordedValue(text, next(numbers)) for text in texts
    )
    assert target is not None  # noqa: S101 - the expression has no match without; this tells the type checker
    ticks = next(numbers) + 1
    last = ticks + len(GATES) - (spec is None)
    return RecordedEntry(
        line=line,
        end_line=last,
        target_file=target,
        start=start,
        end=end,
        line_delta=delta,
        pre_sha1=pre,
        post_sha1=post,
        renamed_from=renamed_from,
        mode=mode,
        content=content,
        spec_target_resolved=None if spec is None else RecordedValue(spec, last),
        gates=_gates(gates, ticks),
    )


@lru_cache(maxsize=1024)
def _gates(text: str, line: int) -> tuple[RecordedGate, ...]:
    """The ten gates, from that line on; nearly always they are all ticked."""
    ticked = (each.startswith("  - [x]") for each in text.splitlines())
    names = (gate.value for gate in GATES)
    return tuple(map(RecordedGate, names, ticked, itertools.count(line)))
