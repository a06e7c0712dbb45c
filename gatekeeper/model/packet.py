"""The work packet and the refinement as values. Lines are 1-based; every text is decoded, without line ends."""

import itertools
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import NamedTuple

from gatekeeper.model.manifest import RecordedEntry

_LINE = attrgetter("line")


class Line(NamedTuple):
    """A line of text with its number."""

    text: str
    line: int


class Below:
    """What stands below the fields of a file; below those of none nothing does.

    It is the same for all fields and adds nothing to what they say: two are equal that say the same.
    """

    __slots__ = ()

    def items(self, field: "Field") -> tuple[Line, ...]:  # noqa: ARG002 - what is below depends on the field
        """The list items and lines below that field, in order."""
        return ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Below)

    def __hash__(self) -> int:
        return 0


class Field(NamedTuple):
    """A named value: ``- **Name:** value``, ``- NAME: value``, ``**Name:** value``; backticks stay in ``value``.

    ``items`` are the list items or lines indented below it (fence markers and comments excluded), in order. They
    are read when first asked for: of fields nested a thousand deep each holds all those below it.
    """

    name: str
    value: str
    line: int
    below: Below = Below()

    @property
    def items(self) -> tuple[Line, ...]:
        """The lines below the name."""
        return self.below.items(self)


class Section(NamedTuple):
    """A heading and the lines under it, up to the next heading of the same or a higher level.

    ``name`` is the canonical name for a section that the contract knows (``SCOPE``), else the heading's text.
    ``start`` is the heading's line, ``end`` the section's last line.
    """

    name: str
    heading: str
    level: int
    start: int
    end: int


class ScopePath(NamedTuple):
    """One path of IN_SCOPE_PATHS or OUT_OF_SCOPE: a file, a folder (``dir/``) or a glob.

    ``first`` and ``last`` are the planned window in old line numbers, both or neither.
    """

    text: str
    pattern: str
    line: int
    first: int | None = None
    last: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class MalformedLine:
    """A line that stands where a record is expected but isn't one, with a sentence that says what's wrong."""

    text: str
    line: int
    problem: str


class Scope(NamedTuple):
    """The SCOPE section. ``line`` is that of IN_SCOPE_PATHS, None where the field is missing.

    ``out_of_scope`` holds every line of OUT_OF_SCOPE that has the form of a path; prose is left out.
    ``malformed`` holds lines of IN_SCOPE_PATHS that can't be read as a path (absolute, escaping, a bad window).
    """

    line: int | None = None
    in_scope: tuple[ScopePath, ...] = ()
    out_of_scope: tuple[ScopePath, ...] = ()
    malformed: tuple[MalformedLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiver:
    """A well-formed waiver record; ``date`` and ``expires`` are ISO dates (``expires`` may be empty)."""

    id: str
    rule: str
    paths: tuple[str, ...]
    reason: str
    approver: str
    date: str
    expires: str
    line: int


class Marker(NamedTuple):
    """A machine block between ``<!-- gate:NAME key=value … -->`` and its closing marker, markers included.

    ``as_written`` is true where the block was seen to be what its own data renders to, false where it may be
    anything.
    """

    name: str
    attributes: tuple[tuple[str, str], ...]
    start: int
    end: int
    as_written: bool = False


class Phase(NamedTuple):
    """Where the phases stand: heading lines, and approval lines (outside fences) inside the SKELETON section."""

    bootstrap: int | None = None
    skeleton: int | None = None
    implementation: int | None = None
    approvals: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Packet:
    """A work packet as parsed. ``path`` is relative to the repository, ``wp_id`` comes from the file's name.

    ``fields`` are all named values outside fences and comments in the order of the file; ``fenced`` are the lines
    in fences, ``comments`` those in HTML comments; ``markers`` are the closed machine blocks,
    manifest and result in VALIDATION and evidence and reports anywhere, ``malformed_records`` the markers of the
    latter that have no other half; ``sha256`` is that of the file's bytes.
    """

    path: str
    wp_id: str
    lines: tuple[str, ...]
    fenced: frozenset[int]
    comments: frozenset[int] = frozenset()
    sections: tuple[Section, ...]
    fields: tuple[Field, ...]
    scope: Scope
    waivers: tuple[Waiver, ...] = ()
    malformed_waivers: tuple[MalformedLine, ...] = ()
    phase: Phase
    recorded: tuple[RecordedEntry, ...] = ()
    malformed_manifest: tuple[MalformedLine, ...] = ()
    markers: tuple[Marker, ...] = ()
    malformed_records: tuple[MalformedLine, ...] = ()
    non_ascii: tuple[int, ...] = ()
    sha256: str = ""

    @cached_property
    def _sections_by_name(self) -> Mapping[str, Section]:
        return {section.name: section for section in reversed(self.sections)}

    @cached_property
    def _fields_by_name(self) -> Mapping[str, Sequence[Field]]:
        return _by_name(self.fields)

    def section(self, name: str) -> Section | None:
        """The first section of that canonical name."""
        return self._sections_by_name.get(name)

    def field(self, name: str, *, section: str | None = None) -> Field | None:
        """The first field of that name (case, spaces, ``-`` and ``_`` alike), in the section if given."""
        found = self._fields_by_name.get(_plain(name), ())
        if section is None:
            return found[0] if found else None
        within = self.section(section)
        inside = (field for field in found if within and within.start <= field.line <= within.end)
        return next(inside, None)

    def field_at(self, line: int | None) -> Field | None:
        """The field whose name stands on that line."""
        at = bisect_left(self.fields, line, key=_LINE) if line is not None else len(self.fields)
        return self.fields[at] if at < len(self.fields) and self.fields[at].line == line else None

    def body(self, section: Section) -> tuple[Line, ...]:
        """The section's lines below its heading."""
        return tuple(map(Line, self.lines[section.start : section.end], itertools.count(section.start + 1)))


class Anchor(NamedTuple):
    """A spec anchor of a refinement: the token must stand within the window of the resolved spec file."""

    line: int
    anchor: str
    start: int | None
    end: int | None
    token: str | None


@dataclass(frozen=True)
class Refinement:
    """A technical refinement: its fields, its anchors, and its problems left to the gate."""

    path: str
    fields: tuple[Field, ...]
    anchors: tuple[Anchor, ...] = ()

    @cached_property
    def _fields_by_name(self) -> Mapping[str, Sequence[Field]]:
        return _by_name(self.fields)

    def field(self, name: str) -> Field | None:
        """The first field of that name (case, spaces, ``-`` and ``_`` alike)."""
        found = self._fields_by_name.get(_plain(name), ())
        return found[0] if found else None


def _by_name(fields: Iterable[Field]) -> Mapping[str, Sequence[Field]]:
    """The fields by their names as they are compared, in order."""
    found: dict[str, list[Field]] = {}
    for field in fields:
        found.setdefault(_plain(field.name), []).append(field)
    return found


@lru_cache(maxsize=1024)
def _plain(name: str) -> str:
    return name.upper().replace("-", "_").replace(" ", "_")
