"""A tree of the repository, read when it is looked into."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from gatekeeper.changes.git import Git
from gatekeeper.changes.objects import Objects, read_each
from gatekeeper.changes.ondisk import blob_on_disk
from gatekeeper.model.changes import PathTest, Side
from gatekeeper.model.names import decode


class _Entries(Mapping[str, Side]):
    """What a tree lists; an entry is taken apart when it is asked for, because most never are."""

    def __init__(self, listing: str) -> None:
        # Each record is "mode type id", a tab, the path (git-ls-tree(1)).
        records = (line.partition("\t") for line in listing.split("\0")[:-1])
        self._facts: dict[str, str | Side] = {path: facts for facts, _, path in records}

    def __getitem__(self, path: str) -> Side:
        found = self._facts[path]
        if isinstance(found, str):
            mode, _, oid = found.split(" ")
            found = self._facts[path] = Side(mode, oid)
        return found

    def get(self, path: str, default: Any = None) -> Any:
        """The entry, ``default`` where the tree has none of that path."""
        return self[path] if path in self._facts else default

    def __contains__(self, path: object) -> bool:
        return path in self._facts

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts)

    def __len__(self) -> int:
        return len(self._facts)


class Tree:
    """A ``TreeView`` of the tree with that id; valid as long as its repository is open.

    ``root`` is the work tree, None where there is none: a file that lies there unchanged is read from there.
    """

    def __init__(self, oid: str, git: Git, objects: Objects, scratch: Path, root: Path | None) -> None:
        self.oid = oid
        self._git = git
        self._objects = objects
        self._scratch = scratch
        self._root = root
        self._named: dict[PathTest, Sequence[str]] = {}

    @cached_property
    def entries(self) -> Mapping[str, Side]:
        """Every file of the tree by path, submodules and links included; one process."""
        return _Entries(decode(self._git.run("ls-tree", "-r", "-z", "--full-tree", self.oid).out))

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self.entries)

    def named(self, test: PathTest) -> Sequence[str]:
        """Every file whose path passes the test, sorted."""
        if test not in self._named:
            self._named[test] = sorted(filter(test, self.entries))
        return self._named[test]

    def read(self, path: str) -> bytes:
        """The bytes of a file as git stores them, the text of a link; KeyError for anything else."""
        side = self.entries[path]
        found = None if side.is_submodule else self._objects.get(side.oid)
        if found is None:
            raise KeyError(path)
        return found.content

    def read_each(self, paths: Iterable[str], limit: int) -> Iterator[tuple[str, bytes | None]]:
        """Each file with its bytes, in order, one in memory at a time; None for more than ``limit`` bytes."""
        wanted = list(paths)
        if self._root is None:
            oids = [self.entries[path].oid for path in wanted]
            yield from zip(wanted, read_each(self._git, oids, self._scratch, limit), strict=True)
            return
        above = f"{self._root}/"
        for path in wanted:
            oid = self.entries[path].oid
            data = blob_on_disk(above + path, oid, limit)
            yield path, data if data is not None else self._objects.up_to(oid, limit)

    def is_folder(self, path: str) -> bool:
        """Whether the tree holds anything below ``path`` (no trailing slash)."""
        below = path + "/"
        place = bisect_left(self._sorted, below)
        return place < len(self._sorted) and self._sorted[place].startswith(below)
