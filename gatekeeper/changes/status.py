"""What ``git status`` knows: staged or not, edits that are not staged, conflicts."""

from collections.abc import Collection
from dataclasses import replace
from typing import NamedTuple

from gatekeeper.changes.git import Git
from gatekeeper.model.names import decode
from gatekeeper.model.value import Value

_ABSENT = "000000"


class Conflict(NamedTuple):
    """A conflicted path with our version's mode and blob id, both None where we deleted it."""

    path: str
    mode: str | None
    oid: str | None


class WorkState(Value):
    """How index and work tree stand to HEAD.

    ``staged``: whether the index differs from HEAD or holds conflicts. ``unstaged``: tracked paths whose work
    tree file differs from the index, and those whose addition is only intended; ``hidden``: those of them that
    git was told to overlook (assume-unchanged, skip-worktree). All sorted by path.
    """

    staged: bool = False
    unstaged: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()

    @property
    def unmerged(self) -> tuple[str, ...]:
        """The conflicted paths."""
        return tuple(conflict.path for conflict in self.conflicts)


def work_state(git: Git, environment: dict[str, str], overlooked: Collection[str]) -> WorkState:
    """Ask git once; ``overlooked`` are the paths that it was told to overlook, though not in this environment.

    ``--no-optional-locks`` in the funnel keeps it from rewriting the index.
    """
    answer = git.run(
        *("status", "--porcelain=v2", "-z", "--untracked-files=no", "--no-renames", "--ignore-submodules=dirty"),
        environment=environment,
    )
    state = parse(answer.out)
    return replace(state, hidden=tuple(path for path in state.unstaged if path in overlooked))


def parse(output: bytes) -> WorkState:
    """The work state that a NUL-separated ``status --porcelain=v2`` without renames tells."""
    staged, unstaged, conflicts = False, [], []
    for record in output.split(b"\0"):
        if record.startswith(b"1 "):
            _, states, *_, path = record.split(b" ", 8)
            staged = staged or states[:1] != b"."
            if states[1:] != b".":
                unstaged.append(decode(path))
        elif record.startswith(b"u "):
            words = record.split(b" ", 10)
            mode, oid = words[4].decode("ascii"), words[8].decode("ascii")
            there = mode != _ABSENT
            conflicts.append(Conflict(decode(words[10]), mode if there else None, oid if there else None))
    conflicts.sort(key=lambda conflict: conflict.path)
    return WorkState(staged or bool(conflicts), tuple(sorted(unstaged)), conflicts=tuple(conflicts))
