"""The ledger's state, and what ``verify`` and ``import`` came to, as text and as GitHub's commands."""

from collections.abc import Iterator

from gatekeeper.model.finding import Finding, Status
from gatekeeper.model.ledger import LedgerReport, LedgerStatus
from gatekeeper.reports.plain import printable

_BACKENDS = {"sqlite": "SQLite", "postgres": "PostgreSQL"}


def render_status(status: LedgerStatus) -> str:
    """The state as text."""
    lines = [f"{_BACKENDS[status.backend]}: {status.location}"]
    if not status.exists:
        lines.append("There is no ledger yet; the first event makes it.")
    else:
        lines.append(f"Schema  {_schema(status)}")
        lines.append(f"Events  {status.events}")
    if status.tip:
        lines.append(f"First   {status.first_at}")
        lines.append(f"Last    {status.last_at}")
        lines.append(f"Tip     {status.tip}")
    return "".join(f"{printable(line)}\n" for line in lines)


def _schema(status: LedgerStatus) -> str:
    version = status.schema_version or "none"
    if version == status.schema_known:
        return f"version {version}"
    return f"version {version}, and this gate knows {status.schema_known}"


def render_report(report: LedgerReport, *, detail: int = 1) -> str:
    """The report as text; ``detail`` 0 shows errors and the closing line."""
    lines = []
    if detail:
        lines += [f"gate ledger {report.command}", report.location, ""]
    for finding in report.findings:
        if detail or finding.severity == "error":
            lines += _finding(finding)
    return "".join(f"{printable(line)}\n" for line in [*lines, _closing(report)])


def render_report_github(report: LedgerReport) -> str:
    """One command a finding, then the closing line."""
    from gatekeeper.reports.github import command  # noqa: PLC0415 - a fifteenth of a second for one format

    lines = [*(command(finding) for finding in report.findings), printable(_closing(report))]
    return "".join(f"{line}\n" for line in lines)


def _finding(finding: Finding) -> Iterator[str]:
    where = f" {finding.path}:{finding.line}" if finding.path and finding.line else ""
    yield f"  {finding.severity} {finding.rule}{where}"
    yield f"    {finding.message}"
    if finding.hint:
        yield f"    mend: {finding.hint}"


def _closing(report: LedgerReport) -> str:
    failed = report.status is Status.FAIL
    if report.command == "import":
        return "Ledger import FAILED: nothing was added" if failed else _imported(report)
    if failed:
        return "Ledger verify FAILED"
    if report.tip is None:
        return "Ledger verify PASSED: no event yet"
    return f"Ledger verify PASSED: {_count(report.events)} in one unbroken chain, tip {report.tip}"


def _imported(report: LedgerReport) -> str:
    return f"Ledger import done: {_count(report.added or 0)} added, {report.already} there already"


def _count(events: int) -> str:
    return f"{events} event{'' if events == 1 else 's'}"
