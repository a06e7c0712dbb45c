"""The uncommitted state: what the index and the work tree hold, asked in copies of the index."""

import os
import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from gatekeeper.changes import status
from gatekeeper.changes.ahead import Ahead
from gatekeeper.changes.git import Git
from gatekeeper.changes.scratch import Scratch
from gatekeeper.changes.status import WorkState
from gatekeeper.model.errors import RepositoryError
from gatekeeper.model.names import decode, encode

_NO_COMMIT = re.compile(r"^error: '(.*)/' does not have a commit checked out$", re.MULTILINE | re.DOTALL)

# Of `git ls-files -v`; the second of the skipped is also assumed to be unchanged.
_ASSUMED = b"h"
_SKIPPED = (b"S", b"s")


class Uncommitted:
    """Index and work tree of a repository that has them; ``root`` is the work tree.

    Facts are asked once and kept, and nothing is written into the repository.
    """

    def __init__(self, git: Git, scratch: Scratch, root: Path, index: Path) -> None:
        self._git = git
        self._scratch = scratch
        self._root = root
        self._index = index
        self._ahead: Ahead[str] | None = None

    def look_ahead(self) -> None:
        """Begin with ``worktree_tree``, in a thread of its own; whoever then asks for anything waits for it."""
        if self._ahead is None and "worktree_tree" not in vars(self):
            self._ahead = Ahead(self._snapshot)

    def close(self) -> None:
        """Wait for what was begun."""
        if self._ahead is not None:
            self._ahead.wait()

    @cached_property
    def state(self) -> WorkState:
        """What is staged, what isn't, what is in conflict."""
        self.close()
        return status.work_state(self._git, _environment(self._seeing), self._overlooked)

    @cached_property
    def index_tree(self) -> str:
        """The id of the index's tree; a conflicted path is there with our version, intended additions aren't."""
        self.close()
        environment = _environment(self._scratch.index_copy(self._index, "index"))
        if conflicts := self.state.conflicts:
            nothing = "0" * self._scratch.id_length
            records = [f"0 {nothing}\t{c.path}\0" for c in conflicts]
            records += [f"{c.mode} {c.oid}\t{c.path}\0" for c in conflicts if c.mode]
            self._feed(records, environment, "--index-info")
        return self._write_tree(environment)

    @cached_property
    def worktree_tree(self) -> str:
        """The id of the work tree's tree: tracked and untracked files, not ignored ones; conflicts as they lie.

        Raises RepositoryError for what no tree can hold, and where a required filter fails.
        """
        return self._snapshot() if self._ahead is None else self._ahead.result()

    def _snapshot(self) -> str:
        environment = _environment(self._scratch.index_copy(self._seeing, "worktree-index"))
        # Sparse files that lie in the work tree all the same are part of it.
        arguments = ("add", "--all", "--sparse", "--no-ignore-errors")
        answer = self._git.run(*arguments, environment=environment, ok=range(256))
        if answer.code:
            raise self._refusal(arguments, answer.err)
        return self._write_tree(environment)

    def _refusal(self, arguments: Iterable[str], complaints: str) -> RepositoryError:
        if found := _NO_COMMIT.search(complaints):
            return RepositoryError(
                f"{found[1]} is a repository of its own without a commit, which no tree can hold.",
                hint=f"commit in {found[1]}, add it to .gitignore, or name another head (--staged, --rev)",
            )
        return self._git.refusal(tuple(arguments), complaints)

    @cached_property
    def _overlooked(self) -> frozenset[str]:
        """The paths whose edits git was told to overlook (assume-unchanged, skip-worktree), if they are there.

        What isn't there is sparse if it was to be skipped, and then no deletion.
        """
        listing = self._git.run("ls-files", "-v", "-z", environment=_environment(self._index)).out
        records = [record for record in listing.split(b"\0") if record.startswith((_ASSUMED, *_SKIPPED))]
        marked = [(record[:1], decode(record[2:])) for record in records]
        return frozenset(path for tag, path in marked if tag == _ASSUMED or self._is_there(path))

    def _is_there(self, path: str) -> bool:
        """Whether a file lies at the path, and not merely behind a link that took the place of a folder."""
        file = self._root / path
        return os.path.lexists(file) and file.parent.resolve() == self._root.resolve() / Path(path).parent

    @cached_property
    def _seeing(self) -> Path:
        """An index in which git overlooks nothing that is there: the real one, where that is so."""
        if not self._overlooked:
            return self._index
        copy = self._scratch.index_copy(self._index, "seeing-index")
        paths = [f"{path}\0" for path in sorted(self._overlooked)]
        self._feed(paths, _environment(copy), "--no-skip-worktree", "--stdin")
        self._feed(paths, _environment(copy), "--no-assume-unchanged", "--stdin")
        return copy

    def _feed(self, records: Iterable[str], environment: dict[str, str], *arguments: str) -> None:
        feed = self._scratch.folder / "records"
        feed.write_bytes(encode("".join(records)))
        with feed.open("rb") as stdin:
            self._git.run("update-index", "-z", *arguments, environment=environment, stdin=stdin)

    def _write_tree(self, environment: dict[str, str]) -> str:
        # To look for each blob takes longer than the rest; one that is missing is missed where it is read.
        return self._git.run("write-tree", "--missing-ok", environment=environment).out.decode("ascii").strip()


def _environment(index: Path) -> dict[str, str]:
    return {"GIT_INDEX_FILE": str(index)}
