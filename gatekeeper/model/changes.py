"""Change sets: a pair of trees and what differs between them, with the facts of every blob on either side."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import NamedTuple, Protocol

from gatekeeper.model.value import Value

REGULAR = "100644"
EXECUTABLE = "100755"
LINK = "120000"
SUBMODULE = "160000"


class ChangeKind(StrEnum):
    """What happened to a file, as JSON names it."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"
    RENAMED = "renamed"
    MODE = "mode"
    TYPE = "type"


class Hunk(NamedTuple):
    """One hunk of a diff without context; starts are 1-based, a count of 0 means no line on that side."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int


class Side(NamedTuple):
    """A file as one tree holds it: git mode (six octal digits) and object id (a commit id for submodules)."""

    mode: str
    oid: str

    @property
    def is_submodule(self) -> bool:
        """Whether this is a gitlink."""
        return self.mode == SUBMODULE


class BlobFacts(NamedTuple):
    """What a manifest needs of a blob's bytes; ``lines`` counts a last line without a newline too."""

    sha1: str
    sha256: str
    size: int
    lines: int
    binary: bool


class FileChange(NamedTuple):
    """One changed file. ``path`` is the head's name (the base's for a deletion), ``old_path`` only of a rename."""

    path: str
    change: ChangeKind
    base: Side | None
    head: Side | None
    old_path: str | None = None
    hunks: tuple[Hunk, ...] = ()


class ChangeSet(Value):
    """Two trees and what differs between them.

    ``source`` is staged, worktree, rev or range; ``reason`` says in a sentence how base and head were chosen.
    ``base`` and ``head`` are commit ids, None where that side is no commit (an index, a work tree, no history).
    ``changes`` is sorted by path; ``blobs`` maps every blob id on either side of them to its facts.
    ``unmerged`` and ``unstaged`` are paths: conflicted index entries; tracked edits neither staged nor committed,
    of which git overlooks those in ``hidden``.
    """

    source: str
    reason: str
    base: str | None
    head: str | None
    base_tree: str
    head_tree: str
    changes: tuple[FileChange, ...]
    blobs: Mapping[str, BlobFacts] = field(default_factory=dict)
    unmerged: tuple[str, ...] = ()
    unstaged: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


PathTest = Callable[[str], object]
"""Whether a path is wanted. It hashes, and equal ones say the same of a path at any time, so answers are kept."""


class TreeView(Protocol):
    """A tree of the repository, to look into: what gates read files from."""

    @property
    def entries(self) -> Mapping[str, Side]:
        """Every file of the tree by path, submodules and links included."""

    def named(self, test: PathTest) -> Sequence[str]:
        """Every file whose path passes the test, sorted."""

    def read(self, path: str) -> bytes:
        """The bytes of a file as git stores them; KeyError if the tree holds no such blob."""

    def read_each(self, paths: Iterable[str], limit: int) -> Iterator[tuple[str, bytes | None]]:
        """Each file with its bytes, in order, one at a time; None for one of more than ``limit`` bytes."""

    def is_folder(self, path: str) -> bool:
        """Whether the tree holds anything below ``path`` (no trailing slash)."""
