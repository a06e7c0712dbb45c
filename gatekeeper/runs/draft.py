"""The draft of a report for a person's editor, and the validator's own words read back from it."""

import re
from collections.abc import Iterable, Iterator

from gatekeeper.packet.report_blocks import FINDINGS, GATE, REASON, RISKS, TITLES, Word
from gatekeeper.runs.reporting import Words

_HELP = """\
<!--
  Your own words go below three headings, one list item a line: Findings (below what the gate's checks say),
  Risks & Suggested Actions, and {reason}. An item indented by two spaces stands below the one above it.
  Everything else is the machine's, and is rendered anew whatever is written here. Leave the file empty to stop.
-->
"""
_NOTHING = frozenset({"", "NONE"})
_ITEM = re.compile(r"([ \t]*)(?:[-*+]|\d{1,9}[.)])[ \t]+(.*)")


def draft_text(block: str, verdict: Word) -> str:
    """The report's block without its markers, with a note above it of what may be edited."""
    lines = block.split("\n")[1:-1]
    return _HELP.format(reason=REASON.format(verdict=verdict)) + "\n".join(lines) + "\n"


def words_of(text: str, verdict: Word) -> Words:
    """The validator's words in an edited draft, whatever became of the machine's part."""
    groups = _groups(text.splitlines(), verdict)
    return Words(
        findings=tuple(_items(_without_gate(groups.get(FINDINGS, [])))),
        risks=tuple(_items(groups.get(RISKS, []))),
        reason=tuple(_items(groups.get(REASON.format(verdict=verdict), []))),
    )


def _groups(lines: Iterable[str], verdict: Word) -> dict[str, list[str]]:
    titles = {title.format(verdict=verdict) for title in TITLES}
    groups: dict[str, list[str]] = {}
    current: list[str] = []
    for line in lines:
        title = line.strip().removesuffix(":")
        if line.strip().endswith(":") and title in titles:
            current = groups.setdefault(title, [])
        elif line.strip():
            current.append(line)
    return groups


def _without_gate(lines: list[str]) -> Iterator[str]:
    """The lines without what the gate's checks say: that item and all that is indented below it."""
    skipping = False
    for line in lines:
        indented = line[:1].isspace()
        skipping = line.strip() == f"- {GATE}" or (skipping and indented)
        if not skipping:
            yield line


def _items(lines: Iterable[str]) -> list[str]:
    """The items' texts; a line that is none goes on the item above it if indented, else is one by itself."""
    items: list[str] = []
    for line in lines:
        match = _ITEM.fullmatch(line)
        text = (match[2] if match else line).strip()
        if text.upper().rstrip(".") in _NOTHING:
            continue
        if match is None and items and line[:1].isspace():
            items[-1] += f" {text}"
        else:
            items.append(f"  {text}" if match and match[1] else text)
    return items
