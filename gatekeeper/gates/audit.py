"""The ``audit`` check: source rules on the judged tree, and the waivers that lines of source claim."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from gatekeeper.audit.run import audit
from gatekeeper.gates.case import Case, Outcome, not_applicable, not_run
from gatekeeper.gates.waivers import applied, valid, waived
from gatekeeper.migrate.discover import discover
from gatekeeper.migrate.lint import lint
from gatekeeper.migrate.source import migration_files
from gatekeeper.model.changes import TreeView
from gatekeeper.model.errors import UsageError
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.settings import Settings

_CLAIM = re.compile(r"\bWAIVER \[([^\]]+)\]: *\S")


def check_audit(case: Case) -> Outcome:
    """Rules: CX-DBP-VAL-*. Changed files one by one; migrations and tests as a whole."""
    if case.change_set is None:
        return not_run("there is no change set")
    changed = {change.path for change in case.change_set.changes if change.head is not None}
    outcome = audit_tree(case.head, case.settings, changed)
    findings = tuple(_relaxed(case, outcome.findings))
    return Outcome(findings, status=outcome.status, reason=reason_of(findings, outcome.reason))


def reason_of(findings: Iterable[Finding], remarks: str | None) -> str | None:
    """The check's reason: the rules that fail it, then what did not run or doesn't apply."""
    rules = sorted({f.rule for f in findings if f.severity is Severity.ERROR and f.waiver is None})
    return "; ".join(filter(None, (", ".join(rules), remarks))) or None


def audit_tree(tree: TreeView, settings: Settings, changed: Collection[str] | None = None) -> Outcome:
    """Audit a tree, of its sources only those that ``changed`` names where given; no waiver is applied."""
    result = audit(tree, settings, structure=lambda: _structure(tree, settings), changed=changed)
    reason = "; ".join(result.remarks) or None
    return Outcome(result.findings, reason=reason) if result.applies else not_applicable(reason or "")


def _structure(tree: TreeView, settings: Settings) -> Sequence[Finding]:
    """The structural lint of the whole set; migrations that can't be put in order are a finding of their own."""
    files = migration_files(tree, settings.migrations)
    try:
        return lint(discover(files, settings.migrations), settings.migrations)
    except UsageError as error:
        return (Finding(rule="migration.gap", message=error.message, path=files[0].path, hint=error.hint),)


def _relaxed(case: Case, findings: Sequence[Finding]) -> Iterator[Finding]:
    """The findings, waived by the packet's records for their paths, or by the record that their line names."""
    waivers = case.packet.waivers if case.packet else ()
    known = valid(waivers, case.today)
    for finding in applied(findings, waivers, case.today):
        if finding.waiver is None and known:
            claimed = _claims(case.head, finding)
            finding = waived(finding, [waiver for waiver in known if waiver.id in claimed], claimed=True)  # noqa: PLW2901 - the same finding, marked
        yield finding


def _claims(tree: TreeView, finding: Finding) -> set[str]:
    """The waivers that the finding's line, or the one above it, names."""
    if finding.path is None or finding.line is None or finding.path not in tree.entries:
        return set()
    lines = tree.read(finding.path).split(b"\n")
    near = lines[max(finding.line - 2, 0) : finding.line]
    return {name for line in near for name in _CLAIM.findall(line.decode("utf-8", "replace"))}
