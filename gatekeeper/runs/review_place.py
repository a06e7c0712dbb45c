"""Where a report goes: the packet in the work tree, which may hold nothing uncommitted but a report."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gatekeeper.changes.repository import Repository
from gatekeeper.gates.case import Case
from gatekeeper.model.errors import RefusedError, UsageError
from gatekeeper.model.finding import Finding
from gatekeeper.model.packet import Packet, Section
from gatekeeper.packet.parse import PacketUnreadable, parse_packet
from gatekeeper.packet.record_blocks import with_record
from gatekeeper.packet.report_blocks import SECTION, TEMPLATE, ReportBlock, Reports, read_reports
from gatekeeper.resources import template
from gatekeeper.runs.load import read_packet
from gatekeeper.runs.plan import file_inside


@dataclass(frozen=True, slots=True)
class Place:
    """The packet as it lies in the work tree, where the report goes, and as HEAD holds it, None where it doesn't.

    ``pending`` is a report that stands there and isn't committed; ``findings`` say what else isn't.
    """

    file: Path
    data: bytes
    packet: Packet
    section: Section
    committed: Packet | None
    reports: Reports
    pending: ReportBlock | None
    findings: tuple[Finding, ...]

    @property
    def number(self) -> int:
        """The number of the report that goes there."""
        if self.pending is not None:
            return self.pending.record.report
        return max((block.record.report for block in self.reports.blocks), default=0) + 1


def report_place(repository: Repository, root: Path, case: Case) -> Place:
    """The packet in the work tree. Raises RefusedError without VALIDATION_REPORTS, UsageError without a packet."""
    path = case.packet_path
    file = file_inside(root, path)
    data = file.read_bytes()
    try:
        packet = parse_packet(path, case.wp_id, data)
    except PacketUnreadable as error:
        raise UsageError(
            f"{path} can't be read: {error}", hint="save the packet as a file of UTF-8 text"
        ) from error
    section = packet.section(SECTION)
    if section is None:
        raise RefusedError(
            f"{path} has no section {SECTION}, so there is no place for a report.",
            hint=f"add a line '## {SECTION}' at the packet's end and commit it",
        )
    reports = read_reports(packet, template(TEMPLATE))
    before = case.committed.read(path) if case.committed is not None and path in case.committed.entries else None
    committed = read_packet(path, case.wp_id, before).packet if before is not None else None
    pending = _pending(reports, committed)
    expected = before
    if before is not None and committed is not None and pending is not None:
        place = committed.section(SECTION)
        expected = with_record(before, committed, place, pending.text, None) if place is not None else before
    return Place(
        file=file,
        data=data,
        packet=packet,
        section=section,
        committed=committed,
        reports=reports,
        pending=pending,
        findings=tuple(_uncommitted(repository, case, expected)),
    )


def _pending(reports: Reports, committed: Packet | None) -> ReportBlock | None:
    """The last report, if its number is beyond those of HEAD's packet."""
    known = read_reports(committed, template(TEMPLATE)).blocks if committed is not None else ()
    last = reports.blocks[-1] if reports.blocks else None
    return last if last and last.record.report > max((b.record.report for b in known), default=0) else None


def _uncommitted(repository: Repository, case: Case, packet: bytes | None) -> Iterator[Finding]:
    """Which of packet and refinement isn't committed; the packet is to hold these bytes, as git stores it.

    Rule: checkpoint.uncommitted.
    """
    work = repository.tree(repository.worktree_tree())
    path, refinement = case.packet_path, case.refinement_path
    differing = [] if path in work.entries and work.read(path) == packet else [path]
    then = case.committed.entries.get(refinement) if case.committed is not None else None
    if case.refinement is not None and work.entries.get(refinement) != then:
        differing.append(refinement)
    for name in differing:
        yield Finding(
            rule="checkpoint.uncommitted",
            message=f"{name} differs from what is committed, and a review judges what is committed.",
            path=name,
            hint=f"git add -- {name} && git commit",
        )
