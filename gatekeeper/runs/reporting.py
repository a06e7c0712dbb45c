"""What a validator's report says: the gate's part, from what was judged, and the validator's own words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gatekeeper.changes.history import history
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Endpoints
from gatekeeper.gates.case import Case
from gatekeeper.gates.links import values_of
from gatekeeper.gates.pipeline import Judgement
from gatekeeper.gates.refinement import spec_anchor
from gatekeeper.gates.select import own_paths
from gatekeeper.gates.spec import current_spec
from gatekeeper.manifest.compute import digest
from gatekeeper.model.evidence import CommandEvidence, EvidenceRecord, ReportRecord
from gatekeeper.model.finding import CheckResult, Finding, Severity
from gatekeeper.packet.blocks import finding_line
from gatekeeper.packet.report_blocks import Word

_AUDIT = "audit"
_WORDS = {
    "passed": "PASS",
    "failed": "FAIL",
    "timed-out": "FAIL (stopped at its time limit)",
    "not-started": "FAIL (never started)",
    "no-tests": "FAIL (no test ran)",
    "own": "not run again, for it is gate's own",
}


@dataclass(frozen=True, slots=True)
class Words:
    """The validator's own words, a line each; one that begins with two spaces stands below the last."""

    findings: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    reason: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Validated:
    """The commits that a report is about, parents before children: all of them, and those that hold work."""

    commits: tuple[str, ...]
    work: tuple[str, ...]


def validated(repository: Repository, case: Case, endpoints: Endpoints) -> Validated:
    """The commits between base and head that touch the manifest's files or the packet's own, the head in any case.

    Where a shallow clone lacks part of them, the head alone.
    """
    assert endpoints.head is not None  # noqa: S101 - a review judges commits; this tells the type checker
    names = {name for change in case.selection.governed for name in (change.path, change.old_path) if name}
    own = own_paths(case.wp_id, case.packet_path, case.refinement_path, case.settings.packets)
    commits = history(repository, endpoints) or ()
    work = tuple(commit.oid for commit in commits if commit.oid and names & set(commit.paths))
    touching = [commit.oid for commit in commits if commit.oid and (names | {*own[:2]}) & set(commit.paths)]
    return Validated(tuple(dict.fromkeys([*touching, endpoints.head])), work)


def report_record(
    case: Case,
    judgement: Judgement,
    *,
    verdict: Word,
    number: int,
    commits: Sequence[str],
    evidence: EvidenceRecord | None,
    words: Words,
) -> ReportRecord:
    """The report of that number; ``evidence`` is the run that it rests on."""
    spec = current_spec(case.head, case.settings.spec.pointer)
    told = [check for check in judgement.checks if check.id != _AUDIT]
    return ReportRecord(
        wp_id=case.wp_id,
        report=number,
        change=digest(case.entries),
        verdict=verdict,
        commits=tuple(commits),
        spec=(spec.path or spec.name) if spec else None,
        anchors=_anchors(case),
        files=tuple(sorted(entry.path for entry in case.entries)),
        checks=tuple((check.id, check.status) for check in judgement.checks),
        gate_findings=tuple(finding_line(finding) for check in told for finding in _told(check)),
        forbidden_patterns=tuple(_forbidden(judgement)),
        tests=tuple(test_line(command) for command in evidence.commands) if evidence else (),
        findings=words.findings,
        risks=words.risks,
        reason=words.reason,
    )


def _told(check: CheckResult) -> list[Finding]:
    """Errors first, then warnings; notes are left to who runs the gate."""
    found = [finding for finding in check.findings if finding.severity is not Severity.NOTE]
    return sorted(found, key=lambda finding: (finding.severity is not Severity.ERROR, finding.sort_key()))


def _anchors(case: Case) -> str | None:
    """The packet's SPEC_ANCHOR, else the anchors of its refinement."""
    field = spec_anchor(case.packet)
    if field is not None and case.packet is not None:
        return "; ".join(line.text for line in values_of(case.packet, field)) or None
    anchors = case.refinement.anchors if case.refinement else ()
    return "; ".join(anchor.anchor for anchor in anchors) or None


def _forbidden(judgement: Judgement) -> Iterator[str]:
    """What the audits came to, and each of their errors and warnings."""
    for check in judgement.checks:
        if check.id != _AUDIT:
            continue
        found = _told(check)
        count = sum(finding.severity is Severity.ERROR and finding.waiver is None for finding in found)
        errors = f"{count} {'error' if count == 1 else 'errors'}" if count else "no error"
        yield f"{check.status.value}: the audits find {errors}" + (f" ({check.reason})" if check.reason else "")
        yield from (f"  {finding_line(finding)}" for finding in found)


def test_line(command: CommandEvidence) -> str:
    """What a report tells of a command of the evidence."""
    tests = command.tests
    ran = f" ({tests.passed} passed, {tests.failed} failed, {tests.skipped} skipped)" if tests else ""
    text = command.command.replace("`", "'")
    return f"`{text}`: {_WORDS[command.outcome]}{ran}"
