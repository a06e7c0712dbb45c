"""Many trees of one repository: what several of them share is read and listed once."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from gatekeeper.changes.git import Git
from gatekeeper.changes.objects import Objects, missing, read_many
from gatekeeper.changes.tree import Tree
from gatekeeper.model.changes import PathTest, Side
from gatekeeper.model.names import decode, encode

_FOLDER = b"40000"
_BYTES_KEPT = 64 << 20
_LARGE = 1 << 14
_NAMES_KEPT = 2_000_000


class _Listing(NamedTuple):
    """One tree object taken apart: where its entries begin, and the path of each with the tree's id of a folder.

    ``before`` is the version of the same folder that it was read against, None for the first; ``gone`` and ``new``
    are the entries in which the two differ, those of the first all new.
    """

    content: bytes
    places: list[int]
    entries: list[tuple[str, str | None]]
    before: str | None
    gone: frozenset[tuple[str, str | None]]
    new: Sequence[tuple[str, str | None]]


class _Passing(NamedTuple):
    """What of a folder passes a test: files that lie in it, and by path the folders below that hold any."""

    files: tuple[str, ...]
    below: Mapping[str, "_Passing"]

    def paths(self) -> Iterator[str]:
        """Every file that passes, in no set order."""
        yield from self.files
        for folder in self.below.values():
            yield from folder.paths()


_NOTHING = _Passing((), {})


class Subtrees:
    """Tree objects by id, as git stores them, with the paths below each; the oldest are forgotten all at once."""

    def __init__(self, objects: Objects, id_length: int) -> None:
        self._objects = objects
        self._raw_length = id_length // 2
        self._entry = re.compile(rb"(\d+) ([^\0]+)\0(.{%d})" % self._raw_length, re.DOTALL)
        self._contents: dict[str, bytes] = {}
        self._walked: set[str] = set()
        self._bytes = 0
        self._listings: dict[tuple[str, str], _Listing] = {}
        self._last: dict[str, str] = {}
        self._known: dict[tuple[str, str, PathTest | None], _Passing] = {}
        self._names = 0

    # Single paths

    def find(self, tree: str, path: str) -> tuple[bytes, str] | None:
        """The mode, as trees write it, and the id of what lies at a path; None where nothing does."""
        try:
            names = encode(path).split(b"/")
        except UnicodeEncodeError:
            return None
        mode, oid, above = _FOLDER, tree, ""
        for name in names:
            found = self._child(oid, name, above) if mode == _FOLDER else None
            if found is None:
                return None
            mode, oid = found
            above += f"{decode(name)}/"
        return mode, oid

    def _child(self, tree: str, name: bytes, above: str) -> tuple[bytes, str] | None:
        """The entry of that name in the tree object of the folder at ``above``."""
        if not name or b"\0" in name:
            return None
        content, wanted = self._content(tree), b" " + name + b"\0"
        at = content.find(wanted)
        while at >= 0:
            # Raw ids and other names may hold the same: it counts where the first space of an entry stands.
            places = self._listing(tree, above).places
            mode = content[places[bisect_right(places, at) - 1] : at]
            if b" " not in mode:
                start = at + len(wanted)
                return mode, content[start : start + self._raw_length].hex()
            at = content.find(wanted, at + 1)
        return None

    def _content(self, tree: str) -> bytes:
        content = self._contents.get(tree)
        if content is None:
            found = self._objects.get(tree)
            if found is None or found.type != "tree":
                raise missing(tree)
            content = found.content
            self._keep(tree, content)
        return content

    def _keep(self, tree: str, content: bytes) -> None:
        if self._bytes > _BYTES_KEPT:
            self._contents.clear()
            self._walked.clear()
            self._bytes = 0
        self._contents[tree] = content
        self._bytes += len(content)

    def read_ahead(self, git: Git, scratch: Path, wanted: Mapping[str, Iterable[str]]) -> None:
        """Read the folders above the paths that will be asked for in each tree; one process for each depth."""
        todo = {(tree, ""): {tuple(encode(path).split(b"/")) for path in paths} for tree, paths in wanted.items()}
        while todo:
            new = dict.fromkeys(tree for tree, _ in todo if tree not in self._contents)
            for tree, content in read_many(git, new, scratch):
                self._keep(tree, content)
            deeper: dict[tuple[str, str], set[tuple[bytes, ...]]] = {}
            for (tree, above), paths in todo.items():
                for name in {path[0] for path in paths if len(path) > 1}:
                    found = self._child(tree, name, above)
                    if found is not None and found[0] == _FOLDER:
                        below = {path[1:] for path in paths if path[0] == name and len(path) > 1}
                        deeper.setdefault((found[1], f"{above}{decode(name)}/"), set()).update(below)
            todo = deeper

    def read_whole(self, git: Git, scratch: Path, trees: Iterable[str]) -> None:
        """Read every folder of the trees, which will be listed; one process for each depth.

        What is large, or more than is kept, is left to be read when it is listed.
        """
        seen: set[str] = set()
        todo = set(trees)
        while todo and self._bytes < _BYTES_KEPT // 2:
            for tree, content in read_many(git, [tree for tree in todo if tree not in self._contents], scratch):
                self._keep(tree, content)
            seen |= todo
            contents = (self._contents.get(tree, b"") for tree in todo - self._walked)
            self._walked |= todo
            found = (match for each in contents if len(each) < _LARGE for match in self._entry.findall(each))
            todo = {raw.hex() for mode, _, raw in found if mode == _FOLDER} - seen

    # All paths

    def paths(self, tree: str, test: PathTest | None = None, above: str = "") -> Iterator[str]:
        """Every file below a tree whose path, led by the one ``above`` it, passes the test, in no set order."""
        return self._passing(tree, above, test).paths()

    def _passing(self, tree: str, above: str, test: PathTest | None) -> _Passing:
        """What passes; asked only of what differs from a known version of the folder."""
        todo: list[tuple[str, _Listing]] = []
        version: str | None = tree
        known = None
        # Not every version in between was asked about, but each differs little from the one before it.
        while version is not None and (known := self._known.get((version, above, test))) is None:
            listing = self._listings.get((version, above)) if todo else self._listing(version, above)
            if listing is None:
                break
            todo.append((version, listing))
            version = listing.before
        if known is None and todo:
            oid, oldest = todo[-1]
            todo[-1] = oid, oldest._replace(gone=frozenset(), new=oldest.entries)
        for oid, listing in reversed(todo):
            known = self._followed(known or _NOTHING, listing, test)
            self._known[oid, above, test] = known
        return known or _NOTHING

    def _followed(self, before: _Passing, listing: _Listing, test: PathTest | None) -> _Passing:
        """What passes of a version of a folder of which that of the version before is known."""
        gone = {path for path, _ in listing.gone}
        files = before.files if gone.isdisjoint(before.files) else [p for p in before.files if p not in gone]
        below = {path: found for path, found in before.below.items() if path not in gone}
        new = [path for path, folder in listing.new if folder is None and (test is None or test(path))]
        for path, folder in listing.new:
            found = _NOTHING if folder is None else self._passing(folder, path, test)
            if found is not _NOTHING:
                below[path] = found
        self._names += len(new) + len(below)
        return _Passing((*files, *new), below) if files or new or below else _NOTHING

    def _listing(self, tree: str, above: str) -> _Listing:
        known = self._listings.get((tree, above))
        if known is None:
            if self._names > _NAMES_KEPT:
                for each in (self._listings, self._last, self._known):
                    each.clear()
                self._names = 0
            last = self._last.get(above)
            before = None if last is None else self._listings.get((last, above))
            known = self._first(tree, above) if before is None else self._next(tree, above, before, last)
            self._listings[tree, above] = known
            self._last[above] = tree
            self._names += len(known.entries)
        return known

    def _first(self, tree: str, above: str) -> _Listing:
        content = self._content(tree)
        places, entries, _ = self._parsed(content, 0, len(content), above)
        return _Listing(content, places, entries, None, frozenset(), entries)

    def _next(self, tree: str, above: str, before: _Listing, last: str | None) -> _Listing:
        """A folder taken apart only where it differs from an earlier version of it."""
        content, old = self._content(tree), before.content
        first = bisect_right(before.places, _alike(old, content)) - 1
        start = before.places[first] if first >= 0 else 0
        first = max(first, 0)
        tail = _alike_at_end(old[start:], content[start:])
        after = bisect_left(before.places, len(old) - tail)
        end = before.places[after] if after < len(before.places) else len(old)
        shift = len(content) - len(old)
        places, entries, ended = self._parsed(content, start, end + shift, above)
        # What looks like the beginning of an old entry may be the end of a new one with a longer name.
        if ended != end + shift:
            return self._first(tree, above)
        was = frozenset(before.entries[first:after])
        return _Listing(
            content,
            [*before.places[:first], *places, *(place + shift for place in before.places[after:])],
            [*before.entries[:first], *entries, *before.entries[after:]],
            last,
            was.difference(entries),
            [entry for entry in entries if entry not in was],
        )

    def _parsed(
        self, content: bytes, start: int, end: int, above: str
    ) -> tuple[list[int], list[tuple[str, str | None]], int]:
        places: list[int] = []
        entries: list[tuple[str, str | None]] = []
        ended = start
        for match in self._entry.finditer(content, start, end):
            mode, name, raw = match.groups()
            path = above + decode(name)
            places.append(match.start())
            ended = match.end()
            entries.append((f"{path}/", raw.hex()) if mode == _FOLDER else (path, None))
        return places, entries, ended


def _alike(one: bytes, other: bytes) -> int:
    """How many bytes two texts begin with alike."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _alike_at_end(one: bytes, other: bytes) -> int:
    """How many bytes two texts end with alike."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - middle : len(one) - low] == other[len(other) - middle : len(other) - low]:
            low = middle
        else:
            high = middle - 1
    return low


class _Entries(Mapping[str, Side]):
    """A tree's files by path, each looked up when it is asked for."""

    def __init__(self, subtrees: Subtrees, tree: str) -> None:
        self._subtrees = subtrees
        self._tree = tree
        self._known: dict[str, Side | None] = {}

    def _find(self, path: object) -> Side | None:
        if not isinstance(path, str):
            return None
        if path not in self._known:
            found = self._subtrees.find(self._tree, path)
            is_file = found is not None and found[0] != _FOLDER
            self._known[path] = Side(found[0].decode("ascii"), found[1]) if is_file and found else None
        return self._known[path]

    def __getitem__(self, path: str) -> Side:
        found = self._find(path)
        if found is None:
            raise KeyError(path)
        return found

    def __contains__(self, path: object) -> bool:
        return self._find(path) is not None

    def __iter__(self) -> Iterator[str]:
        return self._subtrees.paths(self._tree)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class SharedTree(Tree):
    """A ``TreeView`` that is one of many: what is asked for is read, unless another tree has had it."""

    def __init__(  # noqa: PLR0917 - a tree's own, and what it shares
        self, oid: str, git: Git, objects: Objects, scratch: Path, root: Path | None, subtrees: Subtrees
    ) -> None:
        super().__init__(oid, git, objects, scratch, root)
        self._subtrees = subtrees

    @cached_property
    def entries(self) -> Mapping[str, Side]:
        """Every file of the tree by path, submodules and links included."""
        return _Entries(self._subtrees, self.oid)

    def is_folder(self, path: str) -> bool:
        """Whether the tree holds anything below ``path`` (no trailing slash)."""
        found = self._subtrees.find(self.oid, path)
        return found is not None and found[0] == _FOLDER and any(self._subtrees.paths(found[1], None, f"{path}/"))

    def named(self, test: PathTest) -> Sequence[str]:
        """Every file whose path passes the test, sorted."""
        return sorted(self._subtrees.paths(self.oid, test))

    def read(self, path: str) -> bytes:
        """The bytes of a file as git stores them, the text of a link; KeyError for anything else."""
        data = super().read(path)
        self._objects.kept.add(self.entries[path].oid, data)
        return data

    def read_each(self, paths: Iterable[str], limit: int) -> Iterator[tuple[str, bytes | None]]:
        """Each file with its bytes, in order, one in memory at a time; None for more than ``limit`` bytes."""
        for path in paths:
            yield path, self._objects.up_to(self.entries[path].oid, limit)
