"""What gates ask of a packet's structure: required fields, status, links and anchors (contract, section 1)."""

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import NamedTuple
from urllib.parse import unquote

from gatekeeper.model.packet import Field, Line, Packet, Section
from gatekeeper.packet.fields import fence_free
from gatekeeper.packet.markdown import bare_text, item_of, silenced
from gatekeeper.packet.sections import is_report
from gatekeeper.packet.values import is_placeholder

_STATUSES = ("READY FOR DEV", "IN PROGRESS", "DONE", "VALIDATED")
_CODE_SPAN = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
_LINK = re.compile(
    r"\]\([ \t]{0,9}(?:<([^<>]*)>|([^\s()<>]*(?:\([^\s()]*\)[^\s()]*)*))(?:[ \t]{1,9}[\"'(][^)]*)?[ \t]{0,9}\)"
)
_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|//|(?:mailto|tel|data|javascript):", re.IGNORECASE)
_SUFFIX = r"\.(?:md|markdown|txt|rst|adoc)"
_LINES = r"(?::(\d{1,9})(?:-(\d{1,9}))?)?"
_SPEC_FILE = re.compile(
    rf"`([^`]{{1,400}}?{_SUFFIX})`?{_LINES}`?|([\w./+-]{{1,400}}?{_SUFFIX})(?![\w/-]|\.\w){_LINES}"
)
_RULE_ID = re.compile(r"\bCX-[A-Za-z0-9]+(?:[-.][A-Za-z0-9]+)*")


class State(Enum):
    """How a required value stands."""

    FILLED = "filled"
    MISSING = "missing"
    PLACEHOLDER = "placeholder"
    MISMATCH = "mismatch"  # an id that isn't the file's


class Required(NamedTuple):
    """A required field or section: its name, how it stands, its line (None where missing) and its own text."""

    name: str
    state: State
    line: int | None
    value: str


class SpecAnchor(NamedTuple):
    """What a SPEC_ANCHOR names: spec files, ``CX-…`` ids, and (file, line number) pairs; no repetitions."""

    files: tuple[str, ...]
    ids: tuple[str, ...]
    lines: tuple[tuple[str, int], ...]


def placeholder(value: str) -> bool:
    """Whether the whole value is ``<…>``, ``{…}``, TBD or TODO (contract, section 1, Required)."""
    return is_placeholder(value)


def _state(values: Iterable[str]) -> State:
    """A value is the placeholder only if nothing else stands beside it."""
    state = State.MISSING
    for text in values:
        if text.strip():
            if not is_placeholder(text):
                return State.FILLED
            state = State.PLACEHOLDER
    return state


def _missing(name: str) -> Required:
    return Required(name=name, state=State.MISSING, line=None, value="")


def _identity(packet: Packet) -> Required:
    field = packet.field("WP_ID") or packet.field("TASK_ID")
    if field is None:
        return _missing("WP_ID")
    value = bare_text(field.value)
    state = _state([value])
    if state is State.FILLED and value != packet.wp_id:
        state = State.MISMATCH
    return Required(name=field.name, state=state, line=field.line, value=value)


def _value(packet: Packet, name: str, field: Field | None, *, fenced_counts: bool = True) -> Required:
    if field is None:
        return _missing(name)
    items = field.items if fenced_counts else ()
    if any(item.line in packet.fenced and item.text.strip() for item in items):
        state = State.FILLED
    else:
        state = _state(line.text for line in fence_free(field, packet.fenced))
    return Required(name=name, state=state, line=field.line, value=field.value)


def _section(packet: Packet, name: str) -> Required:
    section = packet.section(name)
    if section is None:
        return _missing(name)
    return Required(name=name, state=_section_state(packet, section), line=section.start, value="")


def _section_state(packet: Packet, section: Section) -> State:
    """A section is the placeholder only if it holds one and nothing else."""
    state = State.FILLED
    for number in range(section.start + 1, section.end + 1):
        text = packet.lines[number - 1]
        if not text.strip() or number in packet.comments:
            continue
        if number in packet.fenced or not is_placeholder(item_of(text) or text):
            return State.FILLED
        state = State.PLACEHOLDER
    return state


def at_heading_or_field(packet: Packet, name: str) -> Field | None:
    """The heading of that name if there is one, else the first list field."""
    section = packet.section(name)
    return (section and packet.field_at(section.start)) or packet.field(name)


def _in_scope_paths(packet: Packet) -> Required:
    name = "IN_SCOPE_PATHS"
    field = packet.field_at(packet.scope.line)
    required = _value(packet, name, field, fenced_counts=False)
    if field is None or required.state is not State.MISSING:
        return required
    # An empty list is scope.empty, which is another finding than a field that isn't there.
    return Required(name=name, state=State.FILLED, line=field.line, value="")


def required_fields(packet: Packet) -> tuple[Required, ...]:
    """Every required field and section in the contract's order, filled or not.

    Fenced lines are content, and a placeholder in a fence is none. A section counts by its heading: whether
    there is enough below is the phases' and the manifest's business.
    """
    return (
        _identity(packet),
        _value(packet, "Status", packet.field("Status")),
        _value(packet, "RISK_TIER", packet.field("RISK_TIER")),
        _value(packet, "What", packet.field("What", section="SCOPE")),
        _in_scope_paths(packet),
        _value(packet, "TEST_PLAN", at_heading_or_field(packet, "TEST_PLAN")),
        _value(packet, "DONE_MEANS", at_heading_or_field(packet, "DONE_MEANS")),
        _section(packet, "BOOTSTRAP"),
        _section(packet, "SKELETON"),
        _section(packet, "VALIDATION"),
    )


def status_word(text: str) -> str:
    """A Status value normalised: READY FOR DEV, IN PROGRESS, DONE, VALIDATED, or its own leading words.

    >>> status_word("Ready-for-Dev (since Monday)")
    'READY FOR DEV'
    """
    words = re.sub(r"[\s_-]+", " ", text.strip().strip("*`").strip()).upper()
    known = (status for status in _STATUSES if re.match(rf"{status}\b", words))
    leading = re.match(r"[A-Z ]*", words)
    return next(known, leading[0].strip() if leading else "")


def list_values(field: Field, fenced: frozenset[int]) -> tuple[Line, ...]:
    """The field's value and items outside fences, each without backticks and the note in parentheses behind it."""
    lines = fence_free(field, fenced)
    return tuple([tuple.__new__(Line, (bare, line)) for text, line in lines if (bare := bare_text(text))])


def _targets(text: str) -> Iterator[str]:
    for match in _LINK.finditer(_CODE_SPAN.sub("", text)):
        target = match[2] if match[1] is None else match[1]
        if _ELSEWHERE.match(target):
            continue
        path = unquote(re.split(r"[#?]", target, maxsplit=1)[0])
        if path:
            yield path


def markdown_links(packet: Packet) -> tuple[Line, ...]:
    """The files that inline links name, outside fences, comments, reports and machine blocks.

    Links with a scheme and those to an anchor of the page itself are left out; fragments, queries and titles
    are removed and ``%20`` is decoded.
    """
    lines = silenced(packet.lines, (), packet.markers)
    if "](" not in "\n".join(lines):
        return ()
    reports = [section for section in packet.sections if is_report(section)]
    lines = silenced(lines, packet.fenced | packet.comments, reports)
    return tuple(
        Line(target, number) for number, text in enumerate(lines, 1) if "](" in text for target in _targets(text)
    )


def spec_anchor_parts(text: str) -> SpecAnchor:
    """The spec files, the ``CX-…`` ids and the ``FILE:LINE`` pointers in a SPEC_ANCHOR's value."""
    files: dict[str, None] = {}
    lines: dict[tuple[str, int], None] = {}
    for match in _SPEC_FILE.finditer(text):
        name = match[1] or match[4]
        files[name] = None
        for number in (match[2] or match[5], match[3] or match[6]):
            if number:
                lines[name, int(number)] = None
    ids = dict.fromkeys(_RULE_ID.findall(text))
    return SpecAnchor(files=tuple(files), ids=tuple(ids), lines=tuple(lines))
