"""Since when a file has held a text: one ``git log`` over the packets' folders answers for all of them."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from gatekeeper.changes.repository import Repository
from gatekeeper.model.names import decode

# Parents are rewritten to the nearest commits listed; of a merge the difference from its first one is told. What a
# user's configuration could change is given outright.
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
    *("--no-show-signature", "--no-textconv", "--ignore-submodules=none", "--format=tformat:%H %P"),
)
_NOTHING = "0" * 40


@dataclass(slots=True)
class _Node:
    """A commit that touched the paths, or a merge; ``files`` are the blobs before and after, None for none."""

    parents: tuple[str, ...]
    files: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Since:
    """The oldest commit since which a text stood, and whether history was cut there."""

    commit: str
    cut: bool = False


class FileHistory:
    """How files came to be as they are, told by the commits that touched them."""

    def __init__(self, nodes: Mapping[str, _Node], tip: str | None, boundary: frozenset[str]) -> None:
        self._nodes = nodes
        self._tip = tip
        self._boundary = boundary
        self._touching: dict[str, list[str]] = {}
        for commit, node in nodes.items():
            for path in node.files:
                self._touching.setdefault(path, []).append(commit)

    @cached_property
    def _main_line(self) -> dict[str, int]:
        """The places of the commits on the line of first parents, the tip's first."""
        places: dict[str, int] = {}
        at = self._tip
        while at is not None:
            places[at] = len(places)
            at = next(iter(self._nodes[at].parents), None)
        return places

    @cached_property
    def _last(self) -> str:
        """The last commit of that line."""
        return next(reversed(self._main_line))

    def _next_touch(self, at: str, path: str) -> str:
        """The next commit of the line of first parents, from one on, that touched the file; else the last of all.

        Up to it the file is what it was; where that line is left, commits are gone through one by one.
        """
        place = self._main_line.get(at)
        if place is None:
            return at
        places = self._places(path)
        found = bisect_left(places, (place, ""))
        return places[found][1] if found < len(places) else self._last

    def _places(self, path: str) -> list[tuple[int, str]]:
        line = self._main_line
        return sorted((line[commit], commit) for commit in self._touching.get(path, ()) if commit in line)

    def since(self, path: str, blob: str, holds: Callable[[str], bool], *, tip: str | None = None) -> Since | None:
        """The oldest commit since which the file at ``path``, which is ``blob`` now, held what ``holds`` asks for.

        ``holds`` is asked of blob ids. Of a merge's parents the first that holds it is followed. ``tip`` is the
        commit to look back from, if not the last. None where no commit is known to have made the file.
        """
        at = tip or self._tip
        if at is None:
            return None
        while True:
            at = self._next_touch(at, path)
            came = next(iter(self._held(at, path, blob, holds)), None)
            if came is None:
                return Since(at, cut=at in self._boundary)
            at, blob = came

    def _held(self, at: str, path: str, blob: str, holds: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
        """The parents that hold it too, with their blobs."""
        node = self._nodes[at]
        before = node.files[path][0] if path in node.files else blob
        for number, parent in enumerate(node.parents):
            found = before if number == 0 else self.blob_at(parent, path)
            if found is not None and (found == blob or holds(found)):
                yield parent, found

    def blob_at(self, commit: str, path: str) -> str | None:
        """The file's blob in one of the commits, None where it has none."""
        at: str | None = commit
        while at is not None:
            at = self._next_touch(at, path)
            node = self._nodes[at]
            if path in node.files:
                return node.files[path][1]
            at = next(iter(node.parents), None)
        return None

    def came(self, path: str) -> tuple[tuple[str, str], ...]:
        """The commits that put another version of the file there, each with its blob, newest first."""
        found = ((commit, self._nodes[commit].files[path][1]) for commit in self._touching.get(path, ()))
        return tuple((commit, blob) for commit, blob in found if blob is not None)


def file_history(repo: Repository, tip: str, paths: Sequence[str]) -> FileHistory:
    """The history of these files and folders up to a commit; one process."""
    nodes: dict[str, _Node] = {}
    newest = None
    node = _Node(())
    tokens = iter(repo.git.run(*_ARGUMENTS, tip, "--", *paths).out.split(b"\0"))
    for token in tokens:
        text = token.lstrip(b"\n")
        if text.startswith(b":"):
            before, after = text.decode("ascii").split(" ")[2:4]
            node.files[decode(next(tokens))] = (_blob(before), _blob(after))
        elif text:
            commit, *parents = text.decode("ascii").split()
            node = nodes[commit] = _Node(tuple(parents))
            newest = newest or commit
    return FileHistory(nodes, newest, repo.boundary)


def _blob(oid: str) -> str | None:
    return None if oid.startswith(_NOTHING) else oid
