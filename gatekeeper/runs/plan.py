"""A packet's plan as it lies in the work tree: what ``pre-work`` judges, and what is signed and approved."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from gatekeeper.changes.repository import Repository
from gatekeeper.gates.case import Case
from gatekeeper.gates.pipeline import judge
from gatekeeper.gates.select import is_packet_file
from gatekeeper.model.changes import TreeView
from gatekeeper.model.errors import RefusedError, UsageError
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.settings import Settings
from gatekeeper.packet.lookup import packet_paths
from gatekeeper.packet.parse import parse_packet, parse_refinement
from gatekeeper.runs.load import find_packet, find_refinement, known_ids, today, unknown_id

_SHOWN = 20


def pre_work_case(repository: Repository, wp_id: str, settings: Settings) -> Case:
    """The packet and its refinement in the work tree as git would store it, ready for ``pre-work``.

    Raises UsageError for an unknown id, RepositoryError.
    """
    committed = repository.tree(repository.head) if repository.head else None
    head = repository.tree(repository.worktree_tree()) if repository.root else committed
    if head is None:
        raise UsageError("A bare repository without a commit holds no packet.", hint="push one first")
    ids = known_ids(repository, settings, [tree for tree in (head, committed) if tree])
    if wp_id not in ids:
        raise unknown_id(wp_id, ids, settings.packets.dir)
    found = find_packet(wp_id, head, settings)
    refined = find_refinement(found.packet, wp_id, head, settings)
    return Case(
        gate="pre-work",
        wp_id=wp_id,
        packet_path=found.path,
        packet=found.packet,
        packet_problems=found.problems,
        refinement_path=refined.path,
        refinement=refined.refinement,
        refinement_problems=refined.problems,
        settings=settings,
        head=head,
        base=None,
        committed=committed,
        today=today(repository, None),
        packet_ids=ids_at(head, settings),
    )


class _Ids(Mapping[str, Sequence[str]]):
    """The packet ids of a tree, looked for when one is asked for, which few packets do."""

    def __init__(self, tree: TreeView, settings: Settings) -> None:
        self._tree = tree
        self._settings = settings.packets

    @cached_property
    def _paths(self) -> Mapping[str, Sequence[str]]:
        paths = sorted(path for path in self._tree.entries if is_packet_file(path, self._settings))
        return packet_paths(paths, self._settings.dir)

    def __getitem__(self, wp_id: str) -> Sequence[str]:
        return self._paths[wp_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def ids_at(tree: TreeView, settings: Settings) -> Mapping[str, Sequence[str]]:
    """The packet ids of a tree, each with its paths."""
    return _Ids(tree, settings)


def work_tree(repository: Repository) -> Path:
    """The root of the work tree. Raises UsageError for a bare repository."""
    if repository.root is None:
        raise UsageError(
            "A bare repository has no work tree to write the packet in.", hint="run it in a clone with a work tree"
        )
    return repository.root


def file_inside(root: Path, path: str) -> Path:
    """A file of the work tree that is there to be written. Raises UsageError for links and what isn't a file."""
    file = root / path
    if file.is_symlink() or not file.is_file() or not file.resolve().is_relative_to(root.resolve()):
        raise UsageError(
            f"{path} is no regular file of this work tree, so nothing is written to it.",
            hint=f"put the file itself at {path}",
        )
    return file


def with_texts(case: Case, packet: bytes, refinement: bytes | None) -> Case:
    """The case with these bytes in place of its packet's and its refinement's. Raises PacketUnreadable."""
    return replace(
        case,
        packet=parse_packet(case.packet_path, case.wp_id, packet),
        refinement=None if refinement is None else parse_refinement(case.refinement_path, refinement),
    )


def require_sound(case: Case, doing: str, *, committed: bool) -> tuple[Finding, ...]:
    """Every warning of ``pre-work`` on the case; without ``committed`` all but the checkpoint is asked.

    Raises RefusedError that names the errors, which keep the plan from ``doing`` ("be signed").
    """
    checks = [check for check in judge(case).checks if committed or check.id != "checkpoint"]
    found = [finding for check in checks for finding in check.findings if finding.waiver is None]
    errors = [finding for finding in found if finding.severity is Severity.ERROR]
    if errors:
        raise RefusedError(
            f"{case.wp_id} can't {doing} yet, for pre-work finds {_counted(errors)}:\n{_listed(errors)}",
            hint=_mend(errors, case.wp_id),
        )
    return tuple(finding for finding in found if finding.severity is Severity.WARNING)


def _counted(errors: Sequence[Finding]) -> str:
    return "an error" if len(errors) == 1 else f"{len(errors)} errors"


def _listed(errors: Sequence[Finding]) -> str:
    lines = [f"  {finding.rule} {told(finding)}" for finding in errors[:_SHOWN]]
    more = [f"  and {len(errors) - _SHOWN} more"] if len(errors) > _SHOWN else []
    return "\n".join([*lines, *more])


def told(finding: Finding) -> str:
    """Where a finding stands, and its sentence."""
    line = f":{finding.line}" if finding.line else ""
    return f"{finding.path}{line} - {finding.message}" if finding.path else finding.message


def _mend(errors: Sequence[Finding], wp_id: str) -> str:
    only = errors[0].hint if len(errors) == 1 else None
    return only or f"mend these (gate pre-work {wp_id} says how), then run the command again"
