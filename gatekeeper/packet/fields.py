"""Named values: ``- **Name:** value``, ``- NAME: value``, ``**Name:** value``, ``### NAME: value``."""

import re
from collections.abc import Iterable, Mapping
from operator import attrgetter

from gatekeeper.model.packet import Below, Field, Line, Marker, Section
from gatekeeper.packet.markdown import Document, form_of, item_of, items_in, silenced
from gatekeeper.packet.remembered import remembered, remembered_of_each
from gatekeeper.packet.sections import bare_name, name_of, plain_name

_LINE = attrgetter("line")
_LONGEST_NAME = 100
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9 _/&+.()\[\]-]*")
# Values that a packet may give as a heading with text below it instead of as a list field.
_AS_HEADING = frozenset(
    {
        "WHAT",
        "WHY",
        "RISK_TIER",
        "IN_SCOPE_PATHS",
        "OUT_OF_SCOPE",
        "TEST_PLAN",
        "DONE_MEANS",
        "ROLLBACK_HINT",
        "FILES_TO_OPEN",
        "SEARCH_TERMS",
        "RUN_COMMANDS",
        "RISK_MAP",
        "SPEC_ANCHOR",
    }
)


def named_value(body: str) -> tuple[str, str] | None:
    """The name and the value of ``Name: value``, where the name may be bold or a code span; None for other text.

    >>> named_value("**Line Delta**: 32")
    ('Line Delta', '32')
    """
    head, colon, tail = body.partition(":")
    if not colon or len(head) > _LONGEST_NAME:
        return None
    wrap = next((mark for mark in ("**", "__", "`") if head.startswith(mark)), "")
    name = head.removeprefix(wrap)
    if not wrap:
        if tail and not tail[0].isspace():
            return None
    elif name.rstrip().endswith(wrap):
        name = name.rstrip().removesuffix(wrap)
    elif tail.startswith(wrap):
        tail = tail.removeprefix(wrap)
    elif wrap != "`" and tail.rstrip().endswith(wrap):
        tail = tail.rstrip().removesuffix(wrap)
    else:
        return None
    name = name.strip()
    return (name, tail.strip()) if _NAME.fullmatch(name) else None


class _Below(Below):
    """What stands below the fields of one file."""

    __slots__ = ("_doc", "_known", "_sections")

    def __init__(self, doc: Document, sections: Mapping[int, Section]) -> None:
        self._doc = doc
        self._sections = sections
        self._known: dict[int, tuple[Line, ...]] = {}

    def items(self, field: Field) -> tuple[Line, ...]:
        """The items of a field of that file."""
        known = self._known.get(field.line)
        if known is None:
            section = self._sections.get(field.line)
            known = self._known[field.line] = items_in(self._doc, self._lines(field, section))
        return known

    def _lines(self, field: Field, section: Section | None) -> range:
        if section is None:
            return range(field.line + 1, _last_line_of(self._doc, field.line, empty=not field.value) + 1)
        return range(section.start + 1, section.start if field.value else section.end + 1)


def _last_line_of(doc: Document, number: int, *, empty: bool) -> int:
    """The last line that belongs to the field on that line: what is indented below it, blank lines between.

    A field without a value also owns a fence that follows it at any indent, and, where it is no list item
    itself, a list at its own indent.
    """
    own = form_of(doc.lines[number - 1])
    takes_list = empty and own.item is None
    last = number
    for below in range(number + 1, len(doc.lines) + 1):
        indent, item, _, is_blank = form_of(doc.lines[below - 1])
        if below in doc.special:
            if below in doc.heading_lines:
                break
            if below in doc.comments:
                continue
        if is_blank:
            continue
        if indent <= own.indent:
            within = below in doc.fenced and below not in doc.fence_openings
            fence = empty and last == number and below in doc.fence_openings
            listed = takes_list and indent == own.indent and item is not None
            if not (within or fence or listed):
                break
        last = below
    return last


@remembered_of_each
def _named_in_each(text: str) -> tuple[str, str] | None:
    """The bare name and the value that each line gives, None where one gives none."""
    item = item_of(text)
    pair = named_value(text.strip() if item is None else item)
    return (bare_name(pair[0]), pair[1]) if pair else None


@remembered
def _named_at(heading: str) -> tuple[str, str] | None:
    """The name and the value that a section's heading gives, None where it gives none."""
    pair = named_value(heading)
    if pair and pair[1]:
        return bare_name(pair[0]), pair[1]
    name = name_of(heading)
    return (name, "") if plain_name(name) in _AS_HEADING else None


def fields_of(doc: Document, sections: Iterable[Section], machine: Iterable[Marker] = ()) -> tuple[Field, ...]:
    """Every named value outside fences, comments and machine blocks, in the order of the file.

    ``machine`` are the machine blocks: what the machine wrote is nobody's statement.
    """
    named: dict[int, Section] = {}
    below = _Below(doc, named)
    found: list[Field] = []
    for section in sections:
        if pair := _named_at(section.heading):
            named[section.start] = section
            found.append(Field(*pair, section.start, below))
    lines = silenced(doc.lines, doc.special, machine)
    numbers = [number for number, text in enumerate(lines, 1) if ":" in text]
    pairs = _named_in_each([lines[number - 1] for number in numbers])
    found += [
        tuple.__new__(Field, (*pair, number, below)) for number, pair in zip(numbers, pairs, strict=True) if pair
    ]
    return tuple(sorted(found, key=_LINE) if named else found)


def fence_free(field: Field, fenced: frozenset[int]) -> tuple[Line, ...]:
    """The field's own value, where it has one, and its items outside fences."""
    own = (Line(field.value, field.line),) if field.value else ()
    items = field.items
    if not items:
        return own
    if fenced.isdisjoint([item.line for item in items]):
        return own + items
    return own + tuple(item for item in items if item.line not in fenced)
