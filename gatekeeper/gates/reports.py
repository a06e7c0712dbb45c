"""The ``reports`` check: what the machine wrote below VALIDATION_REPORTS, and as evidence, stands as it was."""

from gatekeeper.gates.case import Case, Outcome, not_applicable
from gatekeeper.model.finding import Finding
from gatekeeper.model.packet import Packet
from gatekeeper.packet.report_blocks import Reports


def check_reports(case: Case, packet: Packet | None, reports: Reports, gone: tuple[Finding, ...]) -> Outcome:
    """Rule: report.mismatch; ``gone`` is what history holds otherwise (evidence.rewritten, report.rewritten).

    ``reports`` are those of ``packet``, which may be later than the judged one.
    """
    if packet is None or not (reports.blocks or reports.problems or gone):
        return not_applicable(f"{case.wp_id} has no report that gate review wrote")
    found = tuple(
        Finding(
            rule="report.mismatch",
            message=f"A report was edited by hand: {problem.problem}",
            path=packet.path,
            line=problem.line,
            hint=f"take the edit back (git log -p -- {packet.path}); what is to be added is a new report",
        )
        for problem in reports.problems
    )
    return Outcome((*found, *gone))
