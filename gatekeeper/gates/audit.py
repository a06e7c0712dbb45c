"""The ``audit`` check: source rules on the judged tree, and the waivers that lines of source claim."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from posixpath import basename, dirname

from gatekeeper.audit.rule import AuditRule
from gatekeeper.audit.run import AuditResult, audit
from gatekeeper.audit.sources import Selection, Sources
from gatekeeper.audit.which import Which
from gatekeeper.gates.case import Case, Outcome, not_applicable, not_run
from gatekeeper.model.changes import ChangeSet, FileChange, TreeView
from gatekeeper.model.errors import UsageError
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.names import for_output, is_sql
from gatekeeper.model.settings import MigrationSettings, Settings

_DAL = "CX-DBP-VAL-"
_CLAIM = re.compile(r"\bWAIVER \[([^\]]+)\]: *\S")


def check_audit(case: Case) -> Outcome:
    """Rules: CX-DBP-VAL-*, hygiene.*, the project's own. Changed files one by one; migrations and tests whole.

    What was wrong before the change only warns (``softened``), CX-DBP-VAL-* aside.
    The project's rules are the base's (contract, section 2, Authority), and the head's where the base has none.
    """
    from gatekeeper.audit.load import project_rules  # noqa: PLC0415 - most projects have no rules of their own

    if case.change_set is None or case.sources is None:
        return not_run("there is no change set")
    own = project_rules(case.settings.audit.rules, *filter(None, (case.base, case.head)))
    outcome = outcome_of(run_audit(case.sources, own=own, notes=case.notes))
    findings = tuple(_relaxed(case, softened(case.change_set, outcome.findings)))
    return Outcome(findings, status=outcome.status, reason=reason_of(findings, outcome.reason))


def reason_of(findings: Iterable[Finding], remarks: str | None) -> str | None:
    """The check's reason: the rules that fail it, then what did not run or doesn't apply."""
    rules = sorted({f.rule for f in findings if f.severity is Severity.ERROR and f.waiver is None})
    return "; ".join(filter(None, (", ".join(rules), remarks))) or None


def softened(change_set: ChangeSet, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, errors on lines that the change leaves as they were made warnings; CX-DBP-VAL-* aside.

    All lines of an added or a binary file are the change's. A finding on no line is the change's where it adds the
    file or writes other content into it.
    """
    found = tuple(findings)
    if not any(map(_may_soften, found)):
        return found
    lines = Selection.of(change_set, lines=True)
    names = {for_output(c.path): c.path for c in change_set.changes if _is_written(c)}

    def is_new(finding: Finding) -> bool:
        name = finding.path or ""
        return name in names and lines.holds(names[name], finding.line)

    return tuple(f if is_new(f) or not _may_soften(f) else _warning(f) for f in found)


def _is_written(change: FileChange) -> bool:
    """Whether the head's content is another than the base's, which after a rename or a new mode it needn't be."""
    return change.head is not None and (change.base is None or change.base.oid != change.head.oid)


def _may_soften(finding: Finding) -> bool:
    return finding.severity is Severity.ERROR and not finding.rule.startswith(_DAL)


def _warning(finding: Finding) -> Finding:
    place = "line" if finding.line is not None else "content"
    message = f"{finding.message} The change leaves this {place} as it was, so it doesn't fail the gate."
    return finding.model_copy(update={"severity": Severity.WARNING, "message": message})


def run_audit(
    sources: Sources,
    *,
    which: Which = Which.ALL,
    own: Sequence[AuditRule] = (),
    tests: bool = False,
    notes: bool = True,
) -> AuditResult:
    """Audit what is selected of a tree; no waiver is applied. SQL of versions before ``since`` is only noted."""
    settings = sources.settings
    result = audit(
        sources,
        structure=lambda: _structure(sources.tree, settings),
        which=which,
        own=own,
        tests=tests,
        notes=notes,
    )
    if not settings.migrations.since:
        return result
    noted = {_of_its_age(finding, settings.migrations) for finding in result.findings}
    return replace(result, findings=tuple(sorted(noted, key=Finding.sort_key)))


def _of_its_age(finding: Finding, settings: MigrationSettings) -> Finding:
    """The finding, a note where it is of the SQL of a script that is older than ``[migrations] since``."""
    path = finding.path or ""
    if finding.rule != f"{_DAL}011":
        return finding
    from gatekeeper.migrate.discover import takes_part, version_of  # noqa: PLC0415 - as in _structure
    from gatekeeper.migrate.lint import Since  # noqa: PLC0415 - as in _structure

    if not takes_part(path, settings):
        return finding
    version = version_of(basename(path)) or version_of(basename(dirname(path)))
    return Since(settings.since).judged(version, finding) if version else finding


def outcome_of(result: AuditResult) -> Outcome:
    """The check's answer for what an audit came to."""
    reason = "; ".join(result.remarks) or None
    return Outcome(result.findings, reason=reason) if result.applies else not_applicable(reason or "")


def _structure(tree: TreeView, settings: Settings) -> Sequence[Finding]:
    """The structural lint of the whole set; migrations that can't be put in order are a finding of their own."""
    if not tree.named(is_sql):
        return ()
    # Loaded here, for an audit of a tree without migrations needs none of it.
    from gatekeeper.migrate.discover import discover  # noqa: PLC0415
    from gatekeeper.migrate.lint import lint  # noqa: PLC0415
    from gatekeeper.migrate.source import migration_files  # noqa: PLC0415

    files = migration_files(tree, settings.migrations)
    try:
        return lint(discover(files, settings.migrations), settings.migrations)
    except UsageError as error:
        return (Finding(rule="migration.gap", message=error.message, path=files[0].path, hint=error.hint),)


def _relaxed(case: Case, findings: tuple[Finding, ...]) -> Iterator[Finding]:
    """The findings, waived by the packet's records for their paths, or by the record that their line names."""
    from gatekeeper.gates.waivers import applied, valid, waived  # noqa: PLC0415 - only a packet has waivers

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
