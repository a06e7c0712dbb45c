"""Many trees of one repository: what several of them share is read and listed once."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gatekeeper.changes.git import Git
from gatekeeper.changes.objects import Objects, missing, read_many
from gatekeeper.changes.tree import Tree
from gatekeeper.model.changes import PathTest, Side
from gatekeeper.model.names import decode, encode

_FOLDER = b"40000"
_BYTES_KEPT = 64 << 20
_LARGE = 1 << 14
_NAMES_KEPT = 2_000_000


@dataclass(frozen=True, slots=True)
class _Listing:
    """One tree object taken apart: where its entries begin, and the path of each with the tree's id of a folder.

    ``before`` is the version of the same folder that it was read against, None for the first; ``gone`` and ``new``
    are the paths of files in which the two differ.
    """

    content: bytes
    places: list[int]
    entries: list[tuple[str, str | None]]
    folders: list[tuple[str, str]]
    before: str | None
    gone: frozenset[str]
    new: tuple[str, ...]


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
        self._named: dict[tuple[str, str, PathTest | None], tuple[str, ...]] = {}
        self._below: dict[tuple[str, str, PathTest | None], tuple[str, ...]] = {}
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

    def paths(self, tree: str, test: PathTest | None = None, above: str = "") -> tuple[str, ...]:
        """Every file below a tree whose path, led by the one ``above`` it, passes the test, in no set order."""
        known = self._below.get((tree, above, test))
        if known is not None:
            return known
        listing = self._listing(tree, above)
        found = [*self._here(tree, above, test)]
        for path, folder in listing.folders:
            below = self._below.get((folder, path, test))
            found += self.paths(folder, test, path) if below is None else below
        self._names += len(found)
        self._below[tree, above, test] = known = tuple(found)
        return known

    def _here(self, tree: str, above: str, test: PathTest | None) -> tuple[str, ...]:
        """Those of the files directly in a folder that pass; asked only of what differs from a known version."""
        todo: list[tuple[str, _Listing]] = []
        version: str | None = tree
        known = None
        # Not every version in between was asked about, but each differs little from the one before it.
        while version is not None and (known := self._named.get((version, above, test))) is None:
            listing = self._listings.get((version, above)) if todo else self._listing(version, above)
            if listing is None:
                break
            todo.append((version, listing))
            version = listing.before
        for oid, listing in reversed(todo):
            known = _passing(listing, known, test)
            self._named[oid, above, test] = known
        return known or ()

    def _listing(self, tree: str, above: str) -> _Listing:
        known = self._listings.get((tree, above))
        if known is None:
            if self._names > _NAMES_KEPT:
                for each in (self._listings, self._last, self._named, self._below):
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
        return _Listing(content, places, entries, _folders(entries), None, frozenset(), ())

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
        was = {path for path, folder in before.entries[first:after] if folder is None}
        now = {path for path, folder in entries if folder is None}
        whole = [*before.entries[:first], *entries, *before.entries[after:]]
        return _Listing(
            content,
            [*before.places[:first], *places, *(place + shift for place in before.places[after:])],
            whole,
            _folders(whole),
            last,
            frozenset(was - now),
            tuple(now - was),
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


def _passing(listing: _Listing, before: tuple[str, ...] | None, test: PathTest | None) -> tuple[str, ...]:
    """Those of a folder's files that pass; ``before`` are those of the version that it was read against."""
    if before is None:
        files = [path for path, folder in listing.entries if folder is None]
        return tuple(files if test is None else filter(test, files))
    stay = before if listing.gone.isdisjoint(before) else [path for path in before if path not in listing.gone]
    new = listing.new if test is None else filter(test, listing.new)
    return (*stay, *new)


def _folders(entries: Iterable[tuple[str, str | None]]) -> list[tuple[str, str]]:
    return [(path, oid) for path, oid in entries if oid is not None]


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
        return iter(self._subtrees.paths(self._tree))

    def __len__(self) -> int:
        return len(self._subtrees.paths(self._tree))


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
        return found is not None and found[0] == _FOLDER and bool(self._subtrees.paths(found[1], None, f"{path}/"))

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
