"""The gates: which checks, in which order, and what they add up to. Pure: nothing printed, nothing written."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from gatekeeper.gates.audit import check_audit
from gatekeeper.gates.authority import check_authority
from gatekeeper.gates.case import Case, Outcome
from gatekeeper.gates.changes import check_changes
from gatekeeper.gates.checkpoint import check_checkpoint
from gatekeeper.gates.lineage import check_lineage
from gatekeeper.gates.links import check_links
from gatekeeper.gates.manifest import check_gates, check_manifest
from gatekeeper.gates.migrations import check_migrations
from gatekeeper.gates.packet import check_packet
from gatekeeper.gates.phase import check_phase
from gatekeeper.gates.refinement import check_refinement, gate_of
from gatekeeper.gates.scope import check_scope
from gatekeeper.gates.waivers import applied, check_waivers, uses
from gatekeeper.model.errors import ExitCode
from gatekeeper.model.finding import CheckResult, Finding, Severity, Status, status_of
from gatekeeper.model.manifest import Explanation, Gate
from gatekeeper.model.names import for_output
from gatekeeper.model.proof import Proof

TITLES = {
    "packet": "Packet structure",
    "phase": "Phase",
    "refinement": "Refinement and spec anchors",
    "lineage": "Lineage",
    "links": "Links",
    "checkpoint": "Checkpoint commit",
    "authority": "Authority",
    "changes": "Change set",
    "scope": "Scope",
    "manifest": "Manifest",
    "gates": "Manifest gates",
    "audit": "Audits",
    "migrations": "Migration proof",
    "waivers": "Waivers",
    "evidence": "Evidence",
    "done": "Done means",
    "citations": "Citations",
    "reports": "Earlier reports",
    "coverage": "Coverage by packets",
    "record": "Record",
    "place": "Place in history",
    "result": "Recorded against recomputed",
    "since": "Since it was recorded",
    "verify": "Packets verified",
}
_COMMON: dict[str, Callable[[Case], Outcome]] = {
    "packet": check_packet,
    "phase": check_phase,
    "refinement": check_refinement,
    "lineage": check_lineage,
    "links": check_links,
}
_PRE_WORK = {**_COMMON, "checkpoint": check_checkpoint, "scope": check_scope}
_POST_WORK = {
    **_COMMON,
    "authority": check_authority,
    "changes": check_changes,
    "scope": check_scope,
    "manifest": check_manifest,
}
# What tells the gates of an entry, and whether the change is whole.
_MANIFEST = {
    check_id: _POST_WORK[check_id] for check_id in ("refinement", "links", "changes", "scope", "manifest")
}
# What a packet without work of its own has to pass in ``gate check`` (contract, section 3).
_NO_WORK = {check_id: check for check_id, check in _COMMON.items() if check_id != "phase"}
# What keeps commands from being run on a change.
_EVIDENCE: dict[str, Callable[[Case], Outcome]] = {"changes": check_changes}
_GATES = {
    "pre-work": _PRE_WORK,
    "post-work": _POST_WORK,
    "check": _NO_WORK,
    "manifest": _MANIFEST,
    "evidence": _EVIDENCE,
}
Further = Mapping[str, Callable[[Case], Outcome]]
EXIT_CODES = {Status.FAIL: ExitCode.FAIL, Status.NOT_RUN: ExitCode.NOT_RUN}


def overall(statuses: Iterable[Status]) -> Status:
    """FAIL if anything failed, else NOT_RUN if anything could not run, else PASS."""
    found = set(statuses)
    return next((s for s in (Status.FAIL, Status.NOT_RUN) if s in found), Status.PASS)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a gate came to: its checks in order, the gates of each entry by path, waiver uses, and the proof.

    ``explanations`` are what holds in this place alone.
    """

    checks: tuple[CheckResult, ...]
    gates: Mapping[str, Mapping[str, bool | None]]
    waived: Mapping[str, int]
    proof: Proof | None
    explanations: tuple[Explanation, ...] = ()

    @property
    def status(self) -> Status:
        """The checks' statuses in one."""
        return overall(check.status for check in self.checks)

    @property
    def exit_code(self) -> ExitCode:
        """The contract's exit code for the status."""
        return EXIT_CODES.get(self.status, ExitCode.PASS)


def judge(case: Case, further: Further = MappingProxyType({})) -> Judgement:
    """Run the case's gate, and ``further`` checks by id. Every check that can run runs, whatever failed before."""
    run = _Run(case)
    for check_id, check in _GATES[case.gate].items():
        run.add(check_id, check)
    gates: dict[str, dict[str, bool | None]] = {}
    if case.gate in {"post-work", "manifest"}:

        def ten_gates(judged: Case) -> Outcome:
            outcome, table = check_gates(judged, run.outcomes)
            gates.update(table)
            failed = any(value is False for row in table.values() for value in row.values())
            return replace(outcome, status=Status.FAIL) if failed else outcome

        run.add("gates", ten_gates)
    if case.gate == "post-work":
        run.add("audit", check_audit)
        run.add("migrations", check_migrations)
    for check_id, check in further.items():
        run.add(check_id, check)
    if case.gate in {"pre-work", "post-work"}:
        found = run.findings()
        run.add("waivers", lambda judged: check_waivers(judged, found))
    proof = run.outcomes["migrations"].proof if "migrations" in run.outcomes else None
    told = tuple(explanation for outcome in run.outcomes.values() for explanation in outcome.explanations)
    return Judgement(tuple(run.results), gates, uses(run.findings()), proof.proof if proof else None, told)


class _Run:
    """The checks done so far, each with its waivers applied."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.outcomes: dict[str, Outcome] = {}
        self.results: list[CheckResult] = []

    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for result in self.results for finding in result.findings)

    def add(self, check_id: str, check: Callable[[Case], Outcome]) -> None:
        started = time.monotonic()
        outcome = check(self.case)
        waivers = self.case.packet.waivers if self.case.packet else ()
        findings = applied(outcome.findings, waivers, self.case.today)
        gates = self._gates(check_id, outcome, findings)
        if findings is not outcome.findings or gates is not outcome.gates:
            outcome = outcome.model_copy(update={"findings": findings, "gates": gates})
        failed = status_of(findings) is Status.FAIL
        status = Status.FAIL if failed else outcome.status or Status.PASS
        self.outcomes[check_id] = outcome
        self.results.append(
            CheckResult(
                id=check_id,
                title=TITLES[check_id],
                status=status,
                reason=outcome.reason or reason_of(status, findings),
                duration_ms=round((time.monotonic() - started) * 1000),
                findings=tuple(sorted(findings, key=Finding.sort_key)),
            )
        )

    def _gates(
        self, check_id: str, outcome: Outcome, findings: tuple[Finding, ...]
    ) -> Mapping[str, Mapping[Gate, bool]]:
        """What the check says of entries' gates; the empty path stands for every entry."""
        if check_id == "refinement":
            return {"": gate_of(findings)}
        if check_id == "links":
            return {"": {Gate.LINKS: status_of(findings) is Status.PASS and self.case.packet is not None}}
        if check_id == "scope":
            return {path: {Gate.WINDOW: not _barred(for_output(path), findings)} for path in outcome.gates}
        return outcome.gates


def _barred(path: str, findings: tuple[Finding, ...]) -> bool:
    return any(f.rule == "scope.window" and f.path == path and f.waiver is None for f in findings)


def reason_of(status: Status, findings: tuple[Finding, ...]) -> str | None:
    """Why a check failed: how many errors, by rule."""
    if status is not Status.FAIL:
        return None
    rules = sorted({f.rule for f in findings if f.severity is Severity.ERROR and f.waiver is None})
    return ", ".join(rules)
