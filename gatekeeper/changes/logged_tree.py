"""A commit's tree as the log of its history tells it: many of them are looked into without reading any."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from gatekeeper.changes.commit_log import CommitLog, Place
from gatekeeper.changes.git import Git
from gatekeeper.changes.objects import Objects
from gatekeeper.changes.tree import Tree
from gatekeeper.model.changes import PathTest, Side


class _Entries(Mapping[str, Side]):
    """The files of the commit at a place, each looked up when it is asked for."""

    def __init__(self, log: CommitLog, place: Place) -> None:
        self._log = log
        self._place = place
        self._known: dict[object, Side | None] = {}

    def get(self, path: object, default: Side | None = None) -> Side | None:  # type: ignore[override]  # no other default is asked for
        known = self._known
        if path not in known:
            known[path] = self._log.side(self._place, path) if isinstance(path, str) else None
        found = known[path]
        return default if found is None else found

    def __getitem__(self, path: str) -> Side:
        found = self.get(path)
        if found is None:
            raise KeyError(path)
        return found

    def __contains__(self, path: object) -> bool:
        return self.get(path) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._log.named(self._place, None))

    def __len__(self) -> int:
        return len(self._log.named(self._place, None))


class LoggedTree(Tree):
    """A ``TreeView`` of which no tree object is read."""

    def __init__(  # noqa: PLR0917 - a tree's own, and what tells of it
        self, oid: str, git: Git, objects: Objects, scratch: Path, root: Path | None, log: CommitLog
    ) -> None:
        super().__init__(oid, git, objects, scratch, root)
        self._log = log
        self._place = log.place(log.trees[oid])

    @cached_property
    def entries(self) -> Mapping[str, Side]:
        """Every file of the tree by path, submodules and links included."""
        return _Entries(self._log, self._place)

    def is_folder(self, path: str) -> bool:
        """Whether the tree holds anything below ``path`` (no trailing slash)."""
        return self._log.holds_folder(self._place, path)

    def named(self, test: PathTest) -> Sequence[str]:
        """Every file whose path passes the test, sorted."""
        return self._log.named(self._place, test)

    def read(self, path: str) -> bytes:
        """The bytes of a file as git stores them, the text of a link; KeyError for anything else."""
        data = super().read(path)
        self._objects.kept.add(self.entries[path].oid, data)
        return data

    def read_each(self, paths: Iterable[str], limit: int) -> Iterator[tuple[str, bytes | None]]:
        """Each file with its bytes, in order, one in memory at a time; None for more than ``limit`` bytes."""
        for path in paths:
            yield path, self._objects.up_to(self.entries[path].oid, limit)
