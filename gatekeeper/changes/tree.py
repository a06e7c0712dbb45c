"""A tree of the repository, read when it is looked into."""

from bisect import bisect_left
from collections.abc import Mapping
from functools import cached_property

from gatekeeper.changes.git import Git
from gatekeeper.changes.objects import Objects
from gatekeeper.model.changes import Side
from gatekeeper.model.names import decode


class Tree:
    """A ``TreeView`` of the tree with that id; valid as long as its repository is open."""

    def __init__(self, oid: str, git: Git, objects: Objects) -> None:
        self.oid = oid
        self._git = git
        self._objects = objects

    @cached_property
    def entries(self) -> Mapping[str, Side]:
        """Every file of the tree by path, submodules and links included; one process."""
        listing = self._git.run("ls-tree", "-r", "-z", "--full-tree", self.oid).out
        entries: dict[str, Side] = {}
        for line in listing.split(b"\0")[:-1]:
            facts, _, name = line.partition(b"\t")
            mode, _, oid = facts.decode("ascii").split(" ")
            entries[decode(name)] = Side(mode, oid)
        return entries

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self.entries)

    def read(self, path: str) -> bytes:
        """The bytes of a file as git stores them, the text of a link; KeyError for anything else."""
        side = self.entries[path]
        found = None if side.is_submodule else self._objects.get(side.oid)
        if found is None:
            raise KeyError(path)
        return found.content

    def is_folder(self, path: str) -> bool:
        """Whether the tree holds anything below ``path`` (no trailing slash)."""
        below = path + "/"
        place = bisect_left(self._sorted, below)
        return place < len(self._sorted) and self._sorted[place].startswith(below)
