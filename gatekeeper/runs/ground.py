"""Where the commands of a TEST_PLAN run: on the very files that are judged."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gatekeeper.changes.git import Git
from gatekeeper.changes.repository import Repository
from gatekeeper.gates.case import Case
from gatekeeper.gates.select import is_own, is_packet_file, own_paths
from gatekeeper.model.changes import Side
from gatekeeper.model.errors import GateError
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.names import for_output

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Ground:
    """A folder whose tracked files are those of the judged tree; ``told`` says in a phrase what it is."""

    folder: Path
    told: str
    findings: tuple[Finding, ...] = ()


class NoGround(GateError):  # noqa: N818 - says what is missing, as in a sentence
    """The judged files lie nowhere: what isn't committed is judged, and the work tree holds something else."""


@contextmanager
def ground(repository: Repository, root: Path, case: Case, head: str | None) -> Iterator[Ground]:
    """The work tree, where it holds what is judged; else a checkout of the judged commit, removed afterwards.

    Packet files may differ. Untracked files beside it are the warning evidence.changed. Raises NoGround.
    """
    aside = _aside(case)
    there = repository.tree(repository.worktree_tree()).entries
    changed = _changed(case.head.entries, there, aside)
    if not changed:
        untracked = sorted(path for path in there if path not in case.head.entries and not aside(path))
        yield Ground(root, "the work tree", tuple(_untracked(untracked)))
        return
    if head is None:
        raise NoGround(
            f"The work tree isn't what is judged, so nothing was run on it. These differ: {_listed(changed)}.",
            hint="stage them with git add, judge the work tree with --worktree, or put them back",
        )
    folder = Path(tempfile.mkdtemp(prefix="gatekeeper-evidence-"))
    try:
        _check_out(repository, head, folder)
        yield Ground(folder, f"a checkout of {head[:12]}, for the work tree holds something else")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def changed_by_commands(folder: Path, case: Case) -> tuple[str, ...]:
    """The tracked files that are no longer as judged. Rule evidence.changed is about them."""
    with Repository.open(folder) as after:
        there = after.tree(after.worktree_tree()).entries
        return tuple(_changed(case.head.entries, there, _aside(case)))


def changed_finding(paths: tuple[str, ...]) -> Finding:
    """Rule: evidence.changed, for tracked files that the commands changed."""
    return Finding(
        rule="evidence.changed",
        message=f"The commands changed {len(paths)} tracked file(s): {_listed(paths)}.",
        path=for_output(paths[0]),
        hint="let them check and not rewrite, or stage what they make and run gate evidence again",
    )


def _aside(case: Case) -> Callable[[str], bool]:
    """Whether a path is a packet file, which may differ: the record itself is written into one."""
    packets = case.settings.packets
    own = own_paths(case.wp_id, case.packet_path, case.refinement_path, packets)
    return lambda path: is_packet_file(path, packets) or is_own(path, own)


def _changed(judged: Mapping[str, Side], there: Mapping[str, Side], aside: Callable[[str], bool]) -> list[str]:
    return sorted(path for path, side in judged.items() if there.get(path) != side and not aside(path))


def _untracked(paths: list[str]) -> Iterator[Finding]:
    if paths:
        yield Finding(
            rule="evidence.changed",
            severity=Severity.WARNING,
            message=f"{len(paths)} file(s) lie in the work tree that aren't part of what is judged, and commands "
            f"may have used them: {_listed(paths)}.",
            path=for_output(paths[0]),
            hint="git add what belongs to the change, and ignore or remove the rest",
        )


def _listed(paths: tuple[str, ...] | list[str]) -> str:
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return ", ".join(for_output(path) for path in paths[:_SHOWN]) + more


def _check_out(repository: Repository, commit: str, folder: Path) -> None:
    """The commit's files, over the objects of the repository, which stays as it is."""
    git = Git(folder)
    git.run("init", "--quiet", "--template=", f"--object-format={repository.object_format}")
    objects = repository.common_dir / "objects"
    (folder / ".git" / "objects" / "info").mkdir(exist_ok=True)
    (folder / ".git" / "objects" / "info" / "alternates").write_text(f"{objects}\n", encoding="utf-8")
    shallow = repository.common_dir / "shallow"
    if shallow.exists():
        shutil.copyfile(shallow, folder / ".git" / "shallow")
    git.run("checkout", "--quiet", "--detach", commit)
