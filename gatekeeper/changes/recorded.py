"""Since when a file has held a text, and how it came to be as it is: told by the commits that touched it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gatekeeper.changes.commit_log import CommitLog, read_log
from gatekeeper.changes.repository import Repository


@dataclass(frozen=True, slots=True)
class Since:
    """The oldest commit since which a text stood, and whether history was cut there."""

    commit: str
    cut: bool = False


class FileHistory:
    """How files came to be as they are; ``boundary`` are the commits whose parents a shallow clone lacks."""

    def __init__(self, log: CommitLog, boundary: frozenset[str]) -> None:
        self._log = log
        self._boundary = boundary

    def since(self, path: str, blob: str, holds: Callable[[str], bool], *, tip: str | None = None) -> Since | None:
        """The oldest commit since which the file at ``path``, which is ``blob`` now, held what ``holds`` asks for.

        ``holds`` is asked of blob ids. Of a merge's parents the first that holds it is followed. ``tip`` is the
        commit to look back from, if not the last. None where no commit is known to have made the file.
        """
        at = tip or next(iter(self._log.commits), None)
        if at is None:
            return None
        while True:
            # Up to there the file is what it was.
            at = self._log.touched(at, path) or self._log.root(at)
            came = next(iter(self._held(at, path, blob, holds)), None)
            if came is None:
                return Since(at, cut=at in self._boundary)
            at, blob = came

    def _held(self, at: str, path: str, blob: str, holds: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
        """The parents that hold it too, with their blobs."""
        for parent in self._log.commits[at].parents:
            found = self.blob_at(parent, path)
            if found is not None and (found == blob or holds(found)):
                yield parent, found

    def blob_at(self, commit: str, path: str) -> str | None:
        """The file's blob in one of the commits, None where it has none."""
        side = self._log.side(self._log.place(commit), path)
        return None if side is None else side.oid

    def came(self, path: str) -> tuple[tuple[str, str], ...]:
        """The commits that put a version there which no parent has, each with its blob, newest first."""
        touching = self._log.touching(path)
        new = ((commit, side) for commit, side in touching if self._log.differs_from_all(commit, path))
        return tuple((commit, side.oid) for commit, side in new if side is not None)


def file_history(repo: Repository, tip: str, paths: Sequence[str]) -> FileHistory:
    """The history of these files and folders up to a commit; one process."""
    output = read_log(repo.git, tip, paths)
    return FileHistory(CommitLog(output), repo.boundary)
