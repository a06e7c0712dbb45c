"""The ``checkpoint`` check of pre-work: packet and refinement are committed and unmodified."""

from collections.abc import Iterator

from gatekeeper.gates.case import Case, Outcome
from gatekeeper.model.changes import TreeView
from gatekeeper.model.finding import Finding


def check_checkpoint(case: Case) -> Outcome:
    """Rule: checkpoint.uncommitted. What doesn't exist at all is reported by the packet or refinement check."""
    paths = [case.packet_path]
    if case.settings.packets.refinement != "off" or case.refinement is not None:
        paths.append(case.refinement_path)
    return Outcome(tuple(_uncommitted(paths, case.head, case.committed)))


def _uncommitted(paths: list[str], work_tree: TreeView, committed: TreeView | None) -> Iterator[Finding]:
    for path in paths:
        now = work_tree.entries.get(path)
        then = committed.entries.get(path) if committed is not None else None
        if now == then:
            continue
        problem = "isn't committed" if then is None else "differs from what is committed"
        yield Finding(
            rule="checkpoint.uncommitted",
            message=f"{path} {problem}; work starts from a committed plan.",
            path=path,
            hint=f"git add -- {path} && git commit",
        )
