"""Named values: ``- **Name:** value``, ``- NAME: value``, ``**Name:** value``, ``### NAME: value``."""

import re
from collections.abc import Iterable

from gatekeeper.model.packet import Field, Line, Section
from gatekeeper.packet.markdown import Document, item_of, items_between, remembered
from gatekeeper.packet.sections import bare_name, plain_name

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


@remembered
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


def _last_line_of(doc: Document, number: int, *, empty: bool) -> int:
    """The last line that belongs to the field on that line: what is indented below it, blank lines between.

    A field without a value also owns a fence that follows it at any indent, and, where it is no list item
    itself, a list at its own indent.
    """
    own = doc.indent(number)
    takes_list = empty and doc.item(number) is None
    last = number
    for below in range(number + 1, len(doc.lines) + 1):
        if below in doc.heading_lines:
            break
        if doc.is_blank(below) or below in doc.comments:
            continue
        indent = doc.indent(below)
        if indent <= own:
            within = below in doc.fenced and below not in doc.fence_openings
            fence = empty and last == number and below in doc.fence_openings
            listed = takes_list and indent == own and doc.item(below) is not None
            if not (within or fence or listed):
                break
        last = below
    return last


@remembered
def _named_in(text: str) -> tuple[str, str] | None:
    """The bare name and the value that a line gives, None where it gives none."""
    item = item_of(text)
    pair = named_value(text.strip() if item is None else item)
    return (bare_name(pair[0]), pair[1]) if pair else None


def _line_field(doc: Document, number: int, name: str, value: str) -> Field:
    def items() -> tuple[Line, ...]:
        return items_between(doc, number + 1, _last_line_of(doc, number, empty=not value))

    return Field(name, value, number, items)


def _heading_field(doc: Document, section: Section) -> Field | None:
    pair = named_value(section.heading)
    if pair and pair[1]:
        return Field(name=bare_name(pair[0]), value=pair[1], line=section.start)
    if plain_name(section.name) not in _AS_HEADING:
        return None

    def items() -> tuple[Line, ...]:
        return items_between(doc, section.start + 1, section.end)

    return Field(name=section.name, value="", line=section.start, read_items=items)


def fields_of(doc: Document, sections: Iterable[Section], machine: frozenset[int]) -> tuple[Field, ...]:
    """Every named value outside fences, comments and machine blocks, in the order of the file.

    ``machine`` are the lines of machine blocks: what the machine wrote is nobody's statement.
    """
    found = [field for section in sections if (field := _heading_field(doc, section))]
    mute = doc.fenced | doc.comments | doc.heading_lines | machine
    for number, text in enumerate(doc.lines, 1):
        if ":" in text and number not in mute and (pair := _named_in(text)):
            found.append(_line_field(doc, number, *pair))
    return tuple(sorted(found, key=lambda field: field.line))


def fence_free(field: Field, fenced: frozenset[int]) -> tuple[Line, ...]:
    """The field's own value, where it has one, and its items outside fences."""
    own = (Line(field.value, field.line),) if field.value else ()
    if fenced.isdisjoint([item.line for item in field.items]):
        return own + field.items
    return own + tuple(item for item in field.items if item.line not in fenced)
