"""``evidence``: run the TEST_PLAN's commands on what is judged, and record in the packet what they came to."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Selector
from gatekeeper.gates.case import Case, Outcome
from gatekeeper.gates.evidence import outcome_findings, plan_findings, record_digest, uncovered
from gatekeeper.gates.pipeline import Further, Judgement, judge
from gatekeeper.ledger import open_ledger
from gatekeeper.manifest.compute import digest
from gatekeeper.model.errors import GateError, RefusedError
from gatekeeper.model.evidence import EvidencePlan, EvidenceRecord, EvidenceSummary
from gatekeeper.model.finding import Finding, Status, status_of
from gatekeeper.model.ledger import NewEvent
from gatekeeper.model.verdict import Verdict
from gatekeeper.packet.evidence_blocks import TEMPLATE, render_evidence
from gatekeeper.packet.test_plan import plan_of
from gatekeeper.resources import template
from gatekeeper.runs.actor import actor_of
from gatekeeper.runs.evidence_place import EvidencePlace, evidence_place, write_evidence
from gatekeeper.runs.evidence_run import SOUND, Done, Runner
from gatekeeper.runs.gates import work_case
from gatekeeper.runs.ground import NoGround, changed_by_commands, changed_finding, ground
from gatekeeper.runs.load import Judged, Progress, judged_by_base, require_wp_id
from gatekeeper.runs.once import Once
from gatekeeper.runs.plan import work_tree
from gatekeeper.runs.steps import Steps, steps_of, with_shows
from gatekeeper.runs.verdicts import Clock, gate_verdict, manifest_rows, summary

Agree = Callable[[Steps], bool]
"""Shown what is to be run, whether to run it."""

_IN_LEDGER = ("command", "outcome", "exit_code", "log_sha256", "duration_ms")


@dataclass(frozen=True, slots=True)
class Evidenced:
    """The verdict, with its ``evidence``; ``missed`` is why the ledger doesn't hold the record."""

    verdict: Verdict
    missed: str | None = None


@dataclass(frozen=True, slots=True)
class _Run:
    """What a run begins with."""

    repository: Repository
    root: Path
    judged: Judged
    case: Case
    plan: EvidencePlan
    place: EvidencePlace
    agree: Agree
    timeout: float
    progress: Progress


def planned(
    repo: Path,
    wp_id: str,
    *,
    selector: Selector | None = None,
    shows: Sequence[str] = (),
    config: Path | None = None,
) -> Steps:
    """What ``evidence`` would run. Raises as it does, RefusedError without a packet; runs and writes nothing."""
    require_wp_id(wp_id)
    with Repository.open(repo) as repository:
        case = _case(repository, wp_id, judged_by_base(repository, selector or Selector(), wp_id, config))
        if case.packet is None:
            problem = case.packet_problems[0]
            raise RefusedError(problem.message, hint=problem.hint)
        return steps_of(case, with_shows(plan_of(case.packet), shows))


def evidence(
    repo: Path,
    wp_id: str,
    *,
    agree: Agree,
    selector: Selector | None = None,
    shows: Sequence[str] = (),
    timeout: float | None = None,
    config: Path | None = None,
    progress: Progress | None = None,
) -> Evidenced:
    """Run the commands of the judged packet's TEST_PLAN and append what they came to, on FAIL too.

    ``agree`` is asked once, before anything is run; ``shows`` are further ``N[,M]=COMMAND``; ``timeout`` seconds a
    command, the configuration's if None. A run that isn't committed yet is replaced, any other stays as it is. The
    ledger hears of the run.

    Raises UsageError for an unknown id, revision, command or item, and in a bare repository; RefusedError for a
    packet without EVIDENCE, where ``agree`` says no, and (after the run) where the packet was changed meanwhile;
    NotRunError, ConfigError, RepositoryError. Then nothing was written.
    """
    clock = Clock()
    require_wp_id(wp_id)
    with Repository.open(repo) as repository:
        root = work_tree(repository)
        judged = judged_by_base(repository, selector or Selector(), wp_id, config)
        case = _case(repository, wp_id, judged)
        plan = with_shows(plan_of(case.packet), shows) if case.packet else EvidencePlan(commands=(), done=())
        before = judge(case, _checks(case, plan))
        if case.packet is None or before.status is Status.FAIL:
            return Evidenced(_verdict(case, clock, before, EvidenceSummary(written=False)))
        place = evidence_place(repository, root, case)
        limit = timeout or case.settings.evidence.timeout
        run = _Run(repository, root, judged, case, plan, place, agree, limit, progress or (lambda _: None))
        return _evidenced(run, clock)


def _case(repository: Repository, wp_id: str, judged: Judged) -> Case:
    """What is judged, read as ``manifest`` does: history and proof have no say in what commands come to."""
    case = work_case(repository, wp_id, judged, Once(repository, None), check=True, gate="manifest")
    return replace(case, gate="evidence")


def _evidenced(run: _Run, clock: Clock) -> Evidenced:
    steps = steps_of(run.case, run.plan)
    try:
        with ground(run.repository, run.root, run.case, run.judged.endpoints.head) as where:
            if not run.agree(steps):
                hint = f"gate evidence {run.case.wp_id} --list shows what would be"
                raise RefusedError("Nothing was run.", hint=hint)
            more = run.case.settings.evidence.environment
            done = Runner(run.place, where, more, run.timeout, run.progress).run(steps)
            done.findings += where.findings
            if changed := changed_by_commands(where.folder, run.case):
                done.findings.append(changed_finding(changed))
    except NoGround as error:
        finding = Finding(rule="evidence.changed", message=error.message, hint=error.hint)
        judgement = judge(run.case, _checks(run.case, run.plan, Done(findings=[finding])))
        return Evidenced(_verdict(run.case, clock, judgement, EvidenceSummary(written=False)))
    return _recorded(run, done, where.told, clock)


def _recorded(run: _Run, done: Done, told: str, clock: Clock) -> Evidenced:
    """Write the record, judge it, let the ledger know of it."""
    sound = all(command.outcome in SOUND for command in done.commands)
    record = EvidenceRecord(
        wp_id=run.case.wp_id,
        run=run.place.number,
        change=digest(run.case.entries),
        verdict=Status.PASS if sound and status_of(done.findings) is Status.PASS else Status.FAIL,
        commands=tuple(command.evidence for command in done.commands),
    )
    text = render_evidence(record, template(TEMPLATE))
    shown = _shown(record)
    evidence_told = EvidenceSummary(
        written=True,
        run=record.run,
        line=write_evidence(run.place, text),
        replaces=run.place.replaced is not None,
        record_sha256=record_digest(text),
        place=told,
        commands=tuple(done.commands),
        unshown=tuple(item.number for item in run.plan.done if item.number not in shown),
    )
    judgement = judge(run.case, _checks(run.case, run.plan, done, record))
    return Evidenced(_verdict(run.case, clock, judgement, evidence_told), _missed(run, record, evidence_told))


def _shown(record: EvidenceRecord) -> frozenset[int]:
    return frozenset(number for each in record.commands if each.outcome in SOUND for number in each.shows)


def _checks(
    case: Case, plan: EvidencePlan, done: Done | None = None, record: EvidenceRecord | None = None
) -> Further:
    """What is judged beside the change set: before the run only what keeps it from beginning."""
    checks: dict[str, Callable[[Case], Outcome]] = {"packet": lambda _: Outcome(case.packet_problems)}
    packet = case.packet
    if packet is None:
        return checks
    found = [*plan_findings(packet, plan), *(done.findings if done else ())]
    if done is not None and record is not None:
        found += [f for f in outcome_findings(packet, plan, record, done.reasons) if f.rule != "evidence.changed"]
        missing = tuple(uncovered(packet, plan, _shown(record)))
        checks["done"] = lambda _: Outcome(missing)
    return {"evidence": lambda _: Outcome(tuple(found)), **checks}


def _verdict(case: Case, clock: Clock, judgement: Judgement, told: EvidenceSummary) -> Verdict:
    assert case.change_set is not None  # noqa: S101 - work_case fills it; this tells the type checker
    change = summary(case.change_set, digest(case.entries), len(case.entries))
    verdict = gate_verdict(case, judgement, clock, change, manifest_rows(case.entries, judgement.gates))
    return verdict.model_copy(update={"evidence": told})


def _missed(run: _Run, record: EvidenceRecord, told: EvidenceSummary) -> str | None:
    """Append the event; why the ledger doesn't hold it, None where it does: no outcome depends on it."""
    event = NewEvent(
        kind="evidence",
        wp_id=record.wp_id,
        actor=actor_of(run.repository),
        packet_digest=hashlib.sha256(run.place.file.read_bytes()).hexdigest(),
        payload={
            "change_digest": record.change,
            "run": record.run,
            "record_sha256": told.record_sha256,
            "verdict": str(record.verdict),
            "place": told.place,
            "commands": [{name: getattr(each, name) for name in _IN_LEDGER} for each in told.commands],
        },
    )
    try:
        with open_ledger(run.judged.settings.ledger, run.repository.common_dir) as ledger:
            ledger.append(event)
    except GateError as error:
        return f"{error.message}{f' (mend: {error.hint})' if error.hint else ''}"
    return None
