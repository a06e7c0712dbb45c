"""Evidence and reports, which a packet holds beside its proof, against the change, each other and history."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from gatekeeper.changes.repository import Repository
from gatekeeper.changes.tree import Tree
from gatekeeper.gates.evidence import check_evidence
from gatekeeper.ledger import open_ledger
from gatekeeper.model.errors import LedgerError
from gatekeeper.model.evidence import EvidenceRecord
from gatekeeper.model.finding import Finding, Severity, Status
from gatekeeper.model.ledger import Event
from gatekeeper.model.packet import Packet
from gatekeeper.packet.evidence_blocks import TEMPLATE as EVIDENCE
from gatekeeper.packet.evidence_blocks import read_evidence
from gatekeeper.packet.record_blocks import safe_line
from gatekeeper.packet.report_blocks import TEMPLATE as REPORT
from gatekeeper.packet.report_blocks import ReportBlock, read_reports
from gatekeeper.resources import template
from gatekeeper.runs.reporting import test_line
from gatekeeper.runs.rewritten import packet_names, rewritten
from gatekeeper.runs.verifying.place import Ground, Place
from gatekeeper.runs.verifying.recompute import Recomputed
from gatekeeper.runs.verifying.record import Record, mismatch
from gatekeeper.runs.witnesses import witnesses

# What tells that a record isn't as gate wrote it. All else is what a run came to: a record that says so is true,
# and whether it passes is for a review to judge.
_LIES = frozenset({"evidence.forged", "evidence.log", "evidence.plan", "report.mismatch"})
_BETTER = frozenset({Status.PASS, Status.NOT_APPLICABLE})


@dataclass(frozen=True, slots=True)
class Later:
    """The findings about evidence and about reports; ``stale`` is whether either is about another change."""

    evidence: tuple[Finding, ...]
    reports: tuple[Finding, ...]
    stale: bool


def verified_later(record: Record, place: Place, again: Recomputed, ground: Ground, head: Tree) -> Later | None:
    """What evidence and reports come to; None where the packet holds, and ever held, neither.

    Rules: evidence.*, report.*. Raises RepositoryError.
    """
    packet = record.packet
    assert packet is not None  # noqa: S101 - only what was read is recomputed
    versions = (version for name in packet_names(record.path) for version in ground.files.came(name))
    gone = tuple(rewritten(ground.repository, packet, versions))
    if not gone and not any(marker.name in {"evidence", "report"} for marker in packet.markers):
        return None
    held = _Held(ground.repository, packet, place, again, head)
    evidence = (*held.evidence(), *(f for f in gone if f.rule == "evidence.rewritten"))
    reports = (*held.reports(), *(f for f in gone if f.rule == "report.rewritten"))
    stale = any(f.rule in {"evidence.stale", "report.stale"} for f in (*evidence, *reports))
    return Later(evidence, reports, stale)


class _Held:
    """The evidence and the reports of one packet, and what they are held against."""

    def __init__(
        self, repository: Repository, packet: Packet, place: Place, again: Recomputed, head: Tree
    ) -> None:
        self._repository = repository
        self._packet = packet
        self._change = place.digest
        self._again = again
        self._settings = place.judged.settings
        self._head = head
        self._runs = [block.record for block in read_evidence(packet).own]

    # Evidence

    def evidence(self) -> tuple[Finding, ...]:
        """What is wrong with the evidence; what a run honestly came to only warns."""
        found = self._evidence_of(self._again.case.packet)
        if any(finding.rule == "evidence.plan" for finding in found):
            # A plan that was amended after the change was recorded is the one that ran.
            now = self._evidence_of(self._packet)
            found = now if not any(finding.rule == "evidence.plan" for finding in now) else found
        found = tuple(_softer(finding) for finding in found if finding.rule != "evidence.missing")
        stale = any(finding.rule == "evidence.stale" for finding in found)
        return tuple(f for f in found if not (stale and f.rule == "evidence.plan"))

    def _evidence_of(self, plan: Packet | None) -> tuple[Finding, ...]:
        case = replace(self._again.case, packet=plan)
        ledger, wp_id = self._settings.ledger, self._packet.wp_id
        beside = witnesses(self._repository, wp_id, self._head, ledger)
        return check_evidence(
            case, change=self._change, template=template(EVIDENCE), packet=self._packet, witnesses=beside
        ).findings

    # Reports

    def reports(self) -> Iterator[Finding]:
        """What is wrong with the reports: with each in itself, and with the last against the change."""
        read = read_reports(self._packet, template(REPORT))
        for problem in read.problems:
            yield mismatch(self._packet, problem.line, f"A report was edited by hand: {problem.problem}")
        own = [block for block in read.blocks if block.record.wp_id == self._packet.wp_id]
        for number, block in enumerate(own, 1):
            if block.record.report != number:
                yield self._wrong(block, f"is number {block.record.report}, and stands where number {number} does")
                break
        for block in own:
            yield from self._against_itself(block)
            yield from self._in_ledger(block)
        if own:
            yield from self._last(own[-1])

    def _wrong(self, block: ReportBlock, problem: str) -> Finding:
        return mismatch(self._packet, block.marker.start, f"Report {block.record.report} {problem}.")

    def _against_itself(self, block: ReportBlock) -> Iterator[Finding]:
        record, statuses = block.record, dict(block.record.checks)
        failed = [name for name, status in statuses.items() if status not in _BETTER]
        if record.verdict == "PASS" and failed:
            yield self._wrong(block, f"says PASS, and itself lists {', '.join(failed)} as not passed")
        audit = statuses.get("audit")
        if audit is not None and not (record.forbidden_patterns or ("",))[0].startswith(f"{audit}: "):
            yield self._wrong(block, f"lists the audit as {audit}, and tells otherwise of what it forbids")
        if record.verdict == "PASS" and not record.reason:
            yield self._wrong(block, "says PASS and gives no reason")

    def _last(self, block: ReportBlock) -> Iterator[Finding]:
        record = block.record
        if record.change != self._change:
            yield Finding(
                rule="report.stale",
                severity=Severity.WARNING,
                message=f"The latest report is about the change {record.change[:12]}, and the packet records the"
                f" change {self._change[:12]}.",
                path=self._packet.path,
                line=block.marker.start,
                hint=f"gate review {self._packet.wp_id}",
            )
            return
        files = tuple(sorted(entry.path for entry in self._again.case.entries))
        if record.files != files:
            odd = sorted(set(files) ^ set(record.files))
            yield self._wrong(block, f"lists other files than the change has: {', '.join(odd[:5])}")
        yield from self._checks(block)
        yield from self._run(block)

    def _checks(self, block: ReportBlock) -> Iterator[Finding]:
        """The gate's checks as reported against what they come to now."""
        reported = dict(block.record.checks)
        passed = block.record.verdict == "PASS"
        for check_id, reason in self._again.failing:
            if passed or reported.get(check_id, Status.FAIL) in _BETTER:
                yield self._verdict(block, f"the check {check_id} fails ({reason})")
        errors = {f.rule for f in self._again.result if f.severity is Severity.ERROR}
        if errors and passed:
            yield self._verdict(block, "the result that the packet records isn't what recomputing gives")

    def _verdict(self, block: ReportBlock, problem: str) -> Finding:
        return Finding(
            rule="report.verdict",
            message=f"Report {block.record.report} says {block.record.verdict}, and {problem}.",
            path=self._packet.path,
            line=block.marker.start,
            hint=f"gate review {self._packet.wp_id} --fail, or mend the change",
        )

    def _run(self, block: ReportBlock) -> Iterator[Finding]:
        """The run of the plan that a report rests on stands in the packet, and passed where the report does."""
        record = block.record
        rests_on = [run for run in self._about(record.change) if _lines(run) == record.tests]
        if not rests_on and (record.tests or record.verdict == "PASS"):
            yield self._wrong(block, "rests on a run of the TEST_PLAN that the packet doesn't hold")
        elif record.verdict == "PASS" and all(run.verdict is not Status.PASS for run in rests_on):
            yield self._verdict(block, "the evidence that it rests on failed")

    def _about(self, change: str) -> list[EvidenceRecord]:
        return [run for run in self._runs if run.change == change]

    # The ledger

    @cached_property
    def _reviewed(self) -> Sequence[Event] | None:
        try:
            with open_ledger(self._settings.ledger, self._repository.common_dir) as ledger:
                return tuple(ledger.events(self._packet.wp_id, "reviewed"))
        except LedgerError:
            return None

    def _in_ledger(self, block: ReportBlock) -> Iterator[Finding]:
        """The ledger, where it knows of this report, must know of this very text."""
        if self._reviewed is None:
            return
        record = block.record
        key = (record.change, record.report)
        about = [e.data for e in self._reviewed if (e.data.get("change_digest"), e.data.get("report")) == key]
        digest = hashlib.sha256(block.text.encode("utf-8")).hexdigest()
        if about and all(data.get("record_sha256") != digest for data in about):
            message = f"The ledger knows of report {record.report} about this change, and its text is another one."
            yield self._told("report.forged", block, message, Severity.ERROR)
        elif not about and record.change == self._change:
            message = f"The ledger here knows nothing of report {record.report}: only the packet vouches for it."
            yield self._told("report.unwitnessed", block, message, Severity.NOTE)

    def _told(self, rule: str, block: ReportBlock, message: str, severity: Severity) -> Finding:
        return Finding(
            rule=rule,
            severity=severity,
            message=message,
            path=self._packet.path,
            line=block.marker.start,
            hint="put the report back as gate review wrote it, or review again",
        )


def _lines(run: EvidenceRecord) -> tuple[str, ...]:
    return tuple(safe_line(test_line(command)) for command in run.commands)


def _softer(finding: Finding) -> Finding:
    if finding.rule in _LIES or finding.severity is not Severity.ERROR:
        return finding
    return finding.model_copy(update={"severity": Severity.WARNING})
