"""The ``authority`` check: what judges doesn't arrive together with the work (contract, section 2, Authority)."""

from collections.abc import Iterator, Sequence

from gatekeeper.gates.case import Case, Outcome, not_run
from gatekeeper.gates.judging import PartChange, approved, part_changes, renews
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.history import APPROVAL, MERGE_BASE, REFINEMENT, Step
from gatekeeper.model.names import for_output
from gatekeeper.model.packet import Packet

# How much of a difference a message shows.
_SHOWN = 10
_LONGEST = 300


def check_authority(case: Case) -> Outcome:
    """Rules: authority.mixed, .changed, .late; errors where ``[authority] strict`` is true, else warnings.

    A message names parts, lines and files but no commit: what is uncommitted has none yet, and the same content
    has to give the same finding before and after it is committed.
    """
    if case.packet is None:
        return not_run("there is no packet whose history could be judged")
    if case.steps is None:
        return not_run("this clone is shallow: part of the history is missing; git fetch --unshallow brings it")
    severity = Severity.ERROR if case.settings.authority.strict else Severity.WARNING
    return Outcome(tuple(dict.fromkeys(_judged(case, case.packet, case.steps, severity))))


def _judged(case: Case, packet: Packet, steps: Sequence[Step], severity: Severity) -> Iterator[Finding]:
    ancestors = _ancestors(steps)
    for place, step in enumerate(steps):
        changes = part_changes(step)
        if not changes:
            continue
        # Work that doesn't build on this step had begun, or went on beside it.
        begun = [w for i, w in enumerate(steps) if w.work and not ancestors[i] >> place & 1]
        unapproved = [work for work in begun if not approved(work.after)]
        late = bool(unapproved) and approved(step.after) and not any(approved(plan) for plan in step.before)
        if late:
            yield _late(packet, unapproved, severity)
        if step.work:
            yield _mixed(packet, changes, step.work, severity)
        elif begun and any(step.before) and not renews(changes):
            for change in changes:
                if not (late and change.part == APPROVAL):
                    yield _changed(case, packet, change, severity)


def _ancestors(steps: Sequence[Step]) -> list[int]:
    """For each step the places of all steps that it builds on, as bits."""
    found: list[int] = []
    for step in steps:
        bits = 0
        for parent in step.parents:
            bits |= found[parent] | 1 << parent
        found.append(bits)
    return found


def _mixed(packet: Packet, changes: Sequence[PartChange], work: Sequence[str], severity: Severity) -> Finding:
    parts = ", ".join(change.part for change in changes)
    return Finding(
        rule="authority.mixed",
        severity=severity,
        message=(
            f"{packet.path}: what judges arrives together with the work that it judges: {parts}"
            f" in one commit with {_listed([for_output(path) for path in work])}."
        ),
        path=packet.path,
        hint="commit plan and approval without work, before it; before a squash, land the packet on main",
    )


def _late(packet: Packet, steps: Sequence[Step], severity: Severity) -> Finding:
    paths = sorted({for_output(path) for step in steps for path in step.work})
    return Finding(
        rule="authority.late",
        severity=severity,
        message=f"{packet.path}: the skeleton was approved only after work on {_listed(paths)}.",
        path=packet.path,
        line=packet.phase.skeleton,
        hint="put the approval's commit before the work, or land the approved packet on main and rebase onto it",
    )


def _changed(case: Case, packet: Packet, change: PartChange, severity: Severity) -> Finding:
    if change.came or change.went:
        difference = f"came: {_quoted(change.came)}; went: {_quoted(change.went)}"
    else:
        difference = "its lines stand in another order"
    return Finding(
        rule="authority.changed",
        severity=severity,
        message=(
            f"{packet.path}: {change.part} changed after work had begun, without renewed approval; {difference}."
        ),
        path=case.refinement_path if change.part == REFINEMENT else packet.path,
        line=_line_of(packet, change.part),
        hint=(
            "take the change back, or have it approved in its own commit,"
            " which adds a line 'SKELETON APPROVED (amended: why)'"
        ),
    )


def _line_of(packet: Packet, part: str) -> int | None:
    """Where the part stands in the judged packet."""
    if part == MERGE_BASE:
        field = packet.field("MERGE_BASE_SHA", section="METADATA")
        return field.line if field else None
    if part == APPROVAL:
        return packet.phase.skeleton
    section = packet.section(part)
    return section.start if section else None


def _quoted(lines: Sequence[str]) -> str:
    return _listed([f'"{_short(line)}"' for line in lines]) if lines else "nothing"


def _short(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
