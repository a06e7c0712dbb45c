"""The commits up to a tip, and what each made of its first parent's files: one ``git log`` tells every tree."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from gatekeeper.changes.git import Git
from gatekeeper.model.changes import PathTest, Side
from gatekeeper.model.names import decode

# Of a merge the difference from its first parent is told; with paths, parents are the nearest commits listed.
# What a user's configuration could change is given outright.
_ARGUMENTS = (
    *("log", "--topo-order", "--full-history", "--parents", "-z", "--raw", "--diff-merges=first-parent", "--root"),
    *(
        "--no-abbrev",
        "--no-renames",
        "--no-color",
        "--no-decorate",
        "--no-ext-diff",
        "--no-notes",
        "--no-relative",
    ),
    *("--no-show-signature", "--no-textconv", "--ignore-submodules=none", "--encoding=UTF-8"),
    "--format=tformat:%H %T %ct %P%n%s",
)
_ABSENT = "000000"
_NAMED_KEPT = 8


class Logged(NamedTuple):
    """A commit: its tree, its committer's date in seconds since 1970, its parents, its subject.

    ``paths`` are the files in which it differs from its first parent, from nothing at all without one.
    """

    oid: str
    tree: str
    at: int
    parents: tuple[str, ...]
    subject: str
    paths: tuple[str, ...]


class _Touches(NamedTuple):
    """Where a line of first parents touched a file: at which height, by which commit, and what it left there."""

    places: list[int]
    commits: list[str]
    sides: list[Side | None]


class Place(NamedTuple):
    """Where a commit stands: the number of its line of first parents, and how many commits it has below it."""

    line: int
    height: int


class CommitLog:
    """Commits by id, newest first, and the files in each of them.

    Each commit stands on one line of first parents. A file is what the nearest commit of the line, or of the line
    that it left, made of it. ``output`` is what ``read_log`` read; a log of some paths knows nothing of others.
    """

    def __init__(self, output: bytes) -> None:
        read = list(_parsed(output))
        self.commits: dict[str, Logged] = {commit.oid: commit for commit, _ in read}
        self._places: dict[str, Place] = {}
        self._left: list[Place | None] = []
        self._roots: list[str] = []
        self._set_lines()
        self._touches = self._touched(read)
        self._passing: dict[PathTest, _Passing] = {}

    def _set_lines(self) -> None:
        for oid in self.commits:
            line: list[str] = []
            at: str | None = oid
            while at is not None and at in self.commits and at not in self._places:
                line.append(at)
                at = next(iter(self.commits[at].parents), None)
            if line:
                left = None if at is None else self._places.get(at)
                below = -1 if left is None else left.height
                for height, each in enumerate(reversed(line), below + 1):
                    self._places[each] = Place(len(self._left), height)
                self._left.append(left)
                self._roots.append(line[-1] if left is None else self._roots[left.line])

    def _touched(self, read: Sequence[tuple[Logged, Mapping[str, Side | None]]]) -> dict[str, dict[int, _Touches]]:
        found: dict[str, dict[int, _Touches]] = {}
        # A line's commits come newest first, for a child comes before its parents.
        for commit, sides in reversed(read):
            line, height = self._places[commit.oid]
            for path, side in sides.items():
                lines = found.setdefault(path, {})
                if line not in lines:
                    lines[line] = _Touches([], [], [])
                places, commits, left = lines[line]
                places.append(height)
                commits.append(commit.oid)
                left.append(side)
        return found

    @cached_property
    def order(self) -> Mapping[str, int]:
        """How many commits come before each, newest first."""
        return {oid: number for number, oid in enumerate(self.commits)}

    @cached_property
    def trees(self) -> Mapping[str, str]:
        """A commit for each tree id."""
        return {commit.tree: oid for oid, commit in self.commits.items()}

    def place(self, commit: str) -> Place:
        """Where a commit stands."""
        return self._places[commit]

    def root(self, commit: str) -> str:
        """The commit at the end of its line of first parents."""
        return self._roots[self._places[commit].line]

    def touched(self, commit: str, path: str) -> str | None:
        """The nearest commit, that one first, of its line of first parents that touched the file."""
        found = self._nearest(self._places[commit], path)
        return None if found is None else found[0].commits[found[1]]

    def side(self, place: Place, path: str) -> Side | None:
        """The file at a path in the commit at that place, None where it has none."""
        found = self._nearest(place, path)
        return None if found is None else found[0].sides[found[1]]

    def _nearest(self, place: Place, path: str) -> tuple[_Touches, int] | None:
        lines = self._touches.get(path)
        at: Place | None = place
        while lines is not None and at is not None:
            touches = lines.get(at.line)
            number = 0 if touches is None else bisect_right(touches.places, at.height)
            if touches is not None and number:
                return touches, number - 1
            at = self._left[at.line]
        return None

    def touching(self, path: str) -> list[tuple[str, Side | None]]:
        """Every commit that touched the file, each with what it left there, newest first."""
        lines = self._touches.get(path, {})
        found = [pair for each in lines.values() for pair in zip(each.commits, each.sides, strict=True)]
        return sorted(found, key=lambda pair: self.order[pair[0]]) if len(lines) > 1 else found[::-1]

    def differs_from_all(self, oid: str, path: str) -> bool:
        """Whether a commit that touched the file left there what none of its parents has."""
        others = self.commits[oid].parents[1:]
        if not others:
            return True
        side = self.side(self._places[oid], path)
        return all(self.side(self._places[each], path) != side for each in others if each in self._places)

    # All files

    def named(self, place: Place, test: PathTest | None) -> Sequence[str]:
        """The files of the commit at that place whose paths pass the test, sorted."""
        wanted: PathTest = _any if test is None else test
        passing = self._passing.get(wanted)
        if passing is None:
            passing = self._passing[wanted] = _Passing(self._touches, wanted)
        return passing.at(place, self)

    def holds_folder(self, place: Place, folder: str) -> bool:
        """Whether the commit at that place has any file below the folder (no trailing slash)."""
        return any(self.side(place, path) is not None for path in self._below.get(folder, ()))

    @cached_property
    def _below(self) -> Mapping[str, Sequence[str]]:
        """Every path that ever was below each folder."""
        found: dict[str, list[str]] = {}
        for path in self._touches:
            end = path.find("/")
            while end >= 0:
                found.setdefault(path[:end], []).append(path)
                end = path.find("/", end + 1)
        return found


def _any(_: str) -> bool:
    return True


class _Passing:
    """The paths that pass a test, and which of them there were where somebody asked last."""

    def __init__(self, touches: Mapping[str, Mapping[int, _Touches]], test: PathTest) -> None:
        self._paths = sorted(filter(test, touches))
        heights: dict[int, set[int]] = {}
        for path in self._paths:
            for line, each in touches[path].items():
                heights.setdefault(line, set()).update(each.places)
        # What there is changes only where one of them is touched.
        self._heights = {line: sorted(each) for line, each in heights.items()}
        self._known: dict[tuple[int, int], Sequence[str]] = {}

    def at(self, place: Place, log: CommitLog) -> Sequence[str]:
        key = place.line, bisect_right(self._heights.get(place.line, ()), place.height)
        if key not in self._known:
            if len(self._known) > _NAMED_KEPT:
                self._known.clear()
            self._known[key] = [path for path in self._paths if log.side(place, path) is not None]
        return self._known[key]


def read_log(git: Git, tip: str, paths: Sequence[str] = ()) -> bytes:
    """What ``git log`` tells of the commits up to a tip; with paths only of those, and of merges. One process."""
    return git.run(*_ARGUMENTS, tip, "--", *paths).out


def _parsed(output: bytes) -> Iterator[tuple[Logged, dict[str, Side | None]]]:
    """Each commit, and what it left at each path that it touched."""
    known: dict[str, Side] = {}
    header: bytes | None = None
    files: dict[str, Side | None] = {}
    tokens = iter(output.split(b"\0"))
    for token in tokens:
        text = token.lstrip(b"\n")
        if text.startswith(b":"):
            words = text.decode("ascii").split(" ", 4)
            files[decode(next(tokens))] = _side(words, known)
        elif text:
            yield from _commit(header, files)
            header, files = text, {}
    yield from _commit(header, files)


def _side(words: Sequence[str], known: dict[str, Side]) -> Side | None:
    """What a raw record, ``:MODE MODE OID OID STATUS``, leaves; each thing that there is is made once."""
    _, mode, _, oid, _ = words
    if mode == _ABSENT:
        return None
    side = known.get(oid)
    if side is None or side.mode != mode:
        side = known[oid] = Side(mode, oid)
    return side


def _commit(
    header: bytes | None, files: dict[str, Side | None]
) -> Iterator[tuple[Logged, dict[str, Side | None]]]:
    if header is not None:
        facts, _, subject = header.decode("utf-8", "replace").partition("\n")
        oid, tree, at, *parents = facts.split()
        yield Logged(oid, tree, int(at), tuple(parents), subject, tuple(files)), files
