"""``review``: the validator's run on what is committed, and the official report into the packet."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from gatekeeper.changes.log import Person, authors_by_commit
from gatekeeper.changes.recorded import file_history
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Selector
from gatekeeper.gates.case import Case, Outcome
from gatekeeper.gates.citations import check_citations
from gatekeeper.gates.evidence import check_done, check_evidence
from gatekeeper.gates.pipeline import Judgement, judge
from gatekeeper.gates.reports import check_reports
from gatekeeper.ledger import open_ledger
from gatekeeper.manifest.compute import digest
from gatekeeper.model.errors import GateError, RefusedError, UsageError
from gatekeeper.model.evidence import EvidenceRecord, ReportRecord
from gatekeeper.model.finding import Finding, Status
from gatekeeper.model.ledger import NewEvent
from gatekeeper.model.packet import Packet
from gatekeeper.model.review import ReviewSummary
from gatekeeper.model.verdict import Verdict
from gatekeeper.packet.edit import write_atomically
from gatekeeper.packet.evidence_blocks import TEMPLATE as EVIDENCE
from gatekeeper.packet.evidence_blocks import read_evidence
from gatekeeper.packet.parse import parse_packet
from gatekeeper.packet.record_blocks import safe_line, with_record
from gatekeeper.packet.report_blocks import (
    SECTION,
    TEMPLATE,
    ReportBlock,
    Reports,
    Word,
    read_reports,
    render_report,
)
from gatekeeper.resources import template
from gatekeeper.runs.actor import actor_of
from gatekeeper.runs.draft import draft_text, words_of
from gatekeeper.runs.gates import work_case
from gatekeeper.runs.load import Judged, Progress, judged_by_base, require_wp_id
from gatekeeper.runs.once import Once
from gatekeeper.runs.plan import work_tree
from gatekeeper.runs.reporting import Validated, Words, report_record, validated
from gatekeeper.runs.review_place import Place, report_place
from gatekeeper.runs.rewritten import packet_names, rewritten
from gatekeeper.runs.verdicts import Clock, gate_verdict, manifest_rows, summary
from gatekeeper.runs.witnesses import witnesses

_SHOWN = ("commits", "spec", "anchors", "forbidden_patterns", "tests", "findings", "risks", "reason")

Edit = Callable[[str], str]
"""Given the draft of a report, what a person made of it."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The gate's verdict, with its ``review``; ``missed`` is why the ledger doesn't hold the report."""

    verdict: Verdict
    missed: str | None = None

    @property
    def written(self) -> bool:
        """Whether the report stands in the packet."""
        return self.verdict.review is not None and self.verdict.review.written


@dataclass(frozen=True, slots=True)
class _Run:
    """A review so far: what was judged, what the gate came to, and the validator's verdict."""

    repository: Repository
    judged: Judged
    case: Case
    place: Place
    actor: str
    evidence: EvidenceRecord | None
    judgement: Judgement
    commits: Validated
    verdict: Word

    def record(self, words: Words) -> ReportRecord:
        """The report with these words."""
        return report_record(
            self.case,
            self.judgement,
            verdict=self.verdict,
            number=self.place.number,
            commits=self.commits.commits,
            evidence=self.evidence,
            words=words,
        )


def review(
    repo: Path,
    wp_id: str,
    verdict: Word,
    *,
    words: Words | None = None,
    edit: Edit | None = None,
    selector: Selector | None = None,
    config: Path | None = None,
    actor: str | None = None,
    progress: Progress | None = None,
) -> Reviewed:
    """Judge what is committed as ``post_work`` with ``check`` does, with evidence, and append the report.

    The verdict is the gate's; its ``review`` tells what was written, or why PASS was refused and nothing was. A
    report that isn't committed yet is replaced, any other stays as it is. ``edit`` gets the draft and gives back
    the validator's own words. The ledger hears of the report.

    Raises UsageError for an unknown id or revision, an uncommitted head, or words that are missing; RefusedError
    for a packet without VALIDATION_REPORTS, and where duties are separate and the actor wrote some of the work;
    NotRunError, ConfigError, RepositoryError. Then nothing was written.
    """
    clock = Clock()
    require_wp_id(wp_id)
    selector = selector or Selector()
    if selector.kind == "auto":
        selector = replace(selector, kind="committed")
    if selector.kind in {"staged", "worktree"}:
        raise UsageError("A review judges what is committed.", hint="commit it, or give --range A..B")
    with Repository.open(repo) as repository:
        root = work_tree(repository)
        judged = judged_by_base(repository, selector, wp_id, config)
        once = Once(repository, progress)
        case = work_case(repository, wp_id, judged, once, check=True)
        place = report_place(repository, root, case)
        change = digest(case.entries)
        given = words or Words()
        run = _Run(
            repository=repository,
            judged=judged,
            case=case,
            place=place,
            actor=actor_of(repository, actor),
            evidence=_evidence(place, change),
            judgement=judge(case, _further(repository, judged, place, change, given)),
            commits=validated(repository, case, judged.endpoints),
            verdict=verdict,
        )
        refused = _refusal(run)
        if refused is None and edit is not None:
            given = _edited(run, given, edit)
            # The words that were written meanwhile may cite what isn't there.
            run = replace(run, judgement=judge(case, _further(repository, judged, place, change, given)))
            refused = _refusal(run)
        if refused is not None:
            return Reviewed(_verdict(run, clock, run.record(given), None, refused))
        record = run.record(_with_reason(run, given))
        block = _write(run, record)
        return Reviewed(_verdict(run, clock, record, block, None), _told_ledger(run, record, block))


def _further(
    repository: Repository, judged: Judged, place: Place, change: str, words: Words
) -> dict[str, Callable[[Case], Outcome]]:
    """What a review checks beyond post-work: HEAD's packet holds the evidence and the reports."""
    packet = place.committed
    written = read_reports(packet, template(TEMPLATE)) if packet is not None else Reports((), ())
    tree = repository.tree(repository.head or judged.endpoints.head_tree)
    beside = witnesses(repository, place.packet.wp_id, tree, judged.settings.ledger)
    more = (*words.findings, *words.risks, *words.reason)
    gone = tuple(_gone(repository, packet)) if packet is not None else ()
    return {
        "checkpoint": lambda _: Outcome(place.findings),
        "evidence": partial(
            check_evidence, change=change, template=template(EVIDENCE), packet=packet, witnesses=beside
        ),
        "done": partial(check_done, change=change, packet=packet),
        "citations": partial(check_citations, packet=packet, more=more),
        "reports": partial(check_reports, packet=packet, reports=written, gone=gone),
    }


def _gone(repository: Repository, packet: Packet) -> Iterator[Finding]:
    """What HEAD's history holds of evidence and reports, and the packet no longer does as it was."""
    if repository.head is None:
        return
    names = packet_names(packet.path)
    versions = file_history(repository, repository.head, names)
    yield from rewritten(repository, packet, (each for name in names for each in versions.came(name)))


def _evidence(place: Place, change: str) -> EvidenceRecord | None:
    """The latest run of the plan, where it is about this change."""
    last = read_evidence(place.committed).last if place.committed is not None else None
    return last if last is not None and last.change == change else None


def _refusal(run: _Run) -> str | None:
    """Why PASS is refused, None where it isn't. Raises RefusedError where the actor may not give it."""
    if run.verdict == "FAIL":
        return None
    judgement = run.judgement
    if judgement.status is not Status.PASS:
        failing = [check.id for check in judgement.checks if check.status is judgement.status]
        did = "failed" if judgement.status is Status.FAIL else "could not run"
        return f"PASS is refused and no report was written; what {did}: {', '.join(failing)}."
    if run.judged.settings.ledger.separate_duties:
        _require_another(run)
    return None


def _require_another(run: _Run) -> None:
    """Raise RefusedError where the actor wrote a commit that holds work (``[ledger] separate-duties``)."""
    endpoints = run.judged.endpoints
    assert endpoints.head is not None  # noqa: S101 - a review judges commits; this tells the type checker
    authors = authors_by_commit(run.repository, endpoints.base, endpoints.head)
    me = Person.of(run.actor)
    for commit in run.commits.work:
        if any(me.is_same(author) for author in authors.get(commit, ())):
            raise RefusedError(
                f"{me} wrote {commit[:12]} and can't pass a review of it: [ledger] separate-duties is true.",
                hint="have somebody else review it",
            )


def _edited(run: _Run, words: Words, edit: Edit) -> Words:
    """The words that a person leaves in the draft. Raises UsageError where it came back empty."""
    block = render_report(run.record(words), template(TEMPLATE))
    text = edit(draft_text(block, run.verdict))
    if not text.strip():
        raise UsageError("The draft came back empty, so no report was written.", hint="keep its headings")
    return words_of(text, run.verdict)


def _with_reason(run: _Run, words: Words) -> Words:
    """The words with a reason. Raises UsageError where none was given and the gate has none either."""
    if any(safe_line(line) for line in words.reason):
        return words
    failing = [check.id for check in run.judgement.checks if check.status is Status.FAIL]
    if run.verdict == "FAIL" and failing:
        return replace(words, reason=(f"The gate fails: {', '.join(failing)}.",))
    raise UsageError(
        f"A {run.verdict} needs the validator's reason.",
        hint=f"gate review {run.case.wp_id} --{run.verdict.lower()} --reason 'WHY', or --edit",
    )


def _write(run: _Run, record: ReportRecord) -> ReportBlock:
    """Append the report, or put it in place of the one that isn't committed; the block as it stands then.

    Raises RefusedError if HEAD or the packet changed meanwhile, or the packet has no place for a report.
    """
    place, repository = run.place, run.repository
    if place.file.read_bytes() != place.data or repository.resolve_commit("HEAD") != repository.head:
        raise RefusedError(
            f"{place.packet.path} or HEAD changed while the review ran, so no report was written.",
            hint="run the review again",
        )
    text = render_report(record, template(TEMPLATE))
    replaced = place.pending.marker if place.pending is not None else None
    data = with_record(place.data, place.packet, place.section, text, replaced)
    after = read_reports(parse_packet(place.packet.path, place.packet.wp_id, data), template(TEMPLATE))
    block = next((block for block in reversed(after.blocks) if block.text == text), None)
    if block is None:
        raise RefusedError(
            f"{place.packet.path} has no place for a report: something near {SECTION} is never closed.",
            hint="close the fence or the comment",
        )
    write_atomically(place.file, data)
    return block


def _told_ledger(run: _Run, record: ReportRecord, block: ReportBlock) -> str | None:
    """Let the ledger know of the report; why it doesn't, where it can't: the report stands all the same."""
    event = NewEvent(
        kind="reviewed",
        wp_id=record.wp_id,
        actor=run.actor,
        packet_digest=hashlib.sha256(run.place.file.read_bytes()).hexdigest(),
        payload={
            "change_digest": record.change,
            "report": record.report,
            "record_sha256": _sha256(block),
            "verdict": record.verdict,
            "gate": run.judgement.status.value,
            "head": run.judged.endpoints.head,
            "reason": list(block.record.reason),
        },
    )
    try:
        with open_ledger(run.judged.settings.ledger, run.repository.common_dir) as ledger:
            ledger.append(event)
    except GateError as error:
        return f"{error.message}{f' (mend: {error.hint})' if error.hint else ''}"
    return None


def _sha256(block: ReportBlock) -> str:
    return hashlib.sha256(block.text.encode("ascii")).hexdigest()


def _verdict(
    run: _Run, clock: Clock, record: ReportRecord, block: ReportBlock | None, refused: str | None
) -> Verdict:
    case, judgement = run.case, run.judgement
    assert case.change_set is not None  # noqa: S101 - work_case fills it; this tells the type checker
    verdict = gate_verdict(
        replace(case, gate="review"),
        judgement,
        clock,
        summary(case.change_set, digest(case.entries), len(case.entries), judgement.explanations),
        manifest_rows(case.entries, judgement.gates),
    )
    told = block.record if block is not None else record
    review = ReviewSummary(
        verdict=record.verdict,
        gate=judgement.status,
        written=block is not None,
        refused=refused,
        report=record.report if block is not None else None,
        line=block.marker.start if block is not None else None,
        replaces=block is not None and run.place.pending is not None,
        record_sha256=_sha256(block) if block is not None else None,
        **{name: getattr(told, name) for name in _SHOWN},
    )
    return verdict.model_copy(update={"review": review})
