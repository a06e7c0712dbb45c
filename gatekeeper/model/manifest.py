"""Manifest entries: those computed from git, and those a packet records."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from gatekeeper.model.changes import FileChange
from gatekeeper.model.value import Value

NO_SHA1 = "0" * 40


class Gate(StrEnum):
    """The ten gates of an entry, in the order in which a packet lists them (contract, section 1)."""

    ANCHORS = "anchors_present"
    WINDOW = "window_matches_plan"
    RAILS = "rails_untouched_outside_window"
    FILENAME = "filename_canonical_and_openable"
    PRE = "pre_sha1_captured"
    POST = "post_sha1_captured"
    DELTA = "line_delta_equals_expected"
    LINKS = "all_links_resolvable"
    WRITTEN = "manifest_written_and_path_returned"
    PREIMAGE = "current_file_matches_preimage"


GATES = tuple(Gate)
"""All of them, in order; walking through an enumeration costs ten times as much."""

GATE_CODES = {
    Gate.ANCHORS: "C701-G01",
    Gate.WINDOW: "C701-G02",
    Gate.RAILS: "C701-G04",
    Gate.FILENAME: "C701-G06",
    Gate.PRE: "C701-G05",
    Gate.POST: "C701-G05",
    Gate.DELTA: "C701-G05",
    Gate.LINKS: "C701-G05",
    Gate.WRITTEN: "C701-G05",
    Gate.PREIMAGE: "C701-G08",
}


class ManifestEntry(NamedTuple):
    """What git says of one changed file.

    ``start`` and ``end`` are the smallest window over all hunks, both numberings; ``last_line`` is the longer
    version's number of lines; ``content`` is binary, submodule or None; for a submodule the two SHA1 fields
    hold commit ids. ``kind`` is migration, storage or other.
    """

    change: FileChange
    kind: str
    start: int
    end: int
    line_delta: int
    last_line: int
    pre_sha1: str
    post_sha1: str
    post_sha256: str | None
    content: str | None = None
    mode: str | None = None

    @property
    def path(self) -> str:
        """The Target File."""
        return self.change.path


@dataclass(frozen=True, slots=True)
class Version:
    """A known version of a file: ``where`` completes the sentence "it is that of …".

    ``oid`` is its blob id, None where git has no such blob. ``lasting`` is true where the version follows from
    the change and its base alone, so that it is known wherever the change is judged.
    """

    path: str
    where: str
    sha1: str
    sha256: str
    oid: str | None
    lasting: bool


class Explanation(Value):
    """A sentence about what a packet records in a line of its; ``path`` is the packet's, ``line`` is 1-based."""

    path: str
    line: int
    message: str


class RecordedValue(NamedTuple):
    """A field's value as the packet has it, backticks removed, with its 1-based line."""

    text: str
    line: int


class RecordedGate(NamedTuple):
    """One checkbox of a recorded entry."""

    name: str
    ticked: bool
    line: int


class RecordedEntry(NamedTuple):
    """One manifest block of a packet, as recorded: raw texts; whether they are well-formed is judged elsewhere.

    ``line`` is the 1-based line of its Target File, ``end_line`` the last line of the block.
    ``target_file`` holds the text as written (C-quoted or raw).
    """

    line: int
    end_line: int
    target_file: RecordedValue
    start: RecordedValue | None = None
    end: RecordedValue | None = None
    line_delta: RecordedValue | None = None
    pre_sha1: RecordedValue | None = None
    post_sha1: RecordedValue | None = None
    renamed_from: RecordedValue | None = None
    mode: RecordedValue | None = None
    content: RecordedValue | None = None
    spec_target_resolved: RecordedValue | None = None
    gates: tuple[RecordedGate, ...] = ()

    @property
    def texts(self) -> tuple[str | None, ...]:
        """What is recorded, wherever it stands; the gates aside."""
        values = (self.start, self.end, self.line_delta, self.pre_sha1, self.post_sha1)
        further = (self.renamed_from, self.mode, self.content, self.spec_target_resolved)
        return tuple(value.text if value else None for value in (self.target_file, *values, *further))
