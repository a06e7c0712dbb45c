"""The ``changes`` check: is there a change to judge, and is all of it in the change set?"""

from collections.abc import Iterator, Sequence

from gatekeeper.gates.case import Case, Outcome, not_run
from gatekeeper.gates.scope import owned
from gatekeeper.gates.select import is_own
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.names import for_output

_SHOWN = 10


def check_changes(case: Case) -> Outcome:
    """Rules: changes.unmerged, .unstaged, .empty."""
    if case.change_set is None:
        return not_run("there is no change set")
    return Outcome((*_unmerged(case), *_left_behind(case)))


def _unmerged(case: Case) -> Iterator[Finding]:
    assert case.change_set is not None  # noqa: S101 - check_changes has seen to it; this tells the type checker
    for path in case.change_set.unmerged:
        yield Finding(
            rule="changes.unmerged",
            message=f"{for_output(path)} has merge conflicts in the index.",
            path=for_output(path),
            hint="resolve the conflict and stage the file with git add",
        )


def _left_behind(case: Case) -> Iterator[Finding]:
    assert case.change_set is not None  # noqa: S101 - as above
    own, hidden = owned(case), set(case.change_set.hidden)
    unstaged = [path for path in case.change_set.unstaged if not is_own(path, own)]
    selection = case.selection
    empty = not (selection.governed or selection.packet_files or selection.exempt)
    severity = Severity.ERROR if empty else Severity.WARNING
    if seen := [path for path in unstaged if path not in hidden]:
        yield Finding(
            rule="changes.unstaged",
            severity=severity,
            message=f"{len(seen)} tracked file(s) with edits that are not part of the judged change:"
            f" {_list(seen)}.",
            hint="stage them with git add, or judge the work tree with --worktree",
        )
    if overlooked := [path for path in unstaged if path in hidden]:
        yield Finding(
            rule="changes.unstaged",
            severity=severity,
            message=f"{len(overlooked)} tracked file(s) with edits that are not part of the judged change, because"
            f" git was told to overlook them (assume-unchanged or skip-worktree): {_list(overlooked)}.",
            hint="git update-index --no-skip-worktree FILE and git update-index --no-assume-unchanged FILE show"
            " them to git again; --worktree judges them as they are",
        )
    if empty and not unstaged and not case.change_set.unmerged:
        yield Finding(
            rule="changes.empty",
            message="The change set holds no change to judge.",
            hint="stage the work, or name it with --rev, --range or --base",
        )


def _list(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _SHOWN} more" if paths[_SHOWN:] else ""
    return ", ".join(for_output(path) for path in paths[:_SHOWN]) + more
