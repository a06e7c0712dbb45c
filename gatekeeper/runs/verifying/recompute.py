"""Judge a recorded change once more, and hold what the packet records against that."""

import difflib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from gatekeeper.changes.repository import Repository
from gatekeeper.gates.case import Case, MainTip
from gatekeeper.gates.pipeline import Judgement, judge
from gatekeeper.gates.select import is_own, own_paths
from gatekeeper.migrate.source import migration_files
from gatekeeper.model.changes import ChangeSet, FileChange
from gatekeeper.model.finding import CheckResult, Finding, Severity, Status, status_of
from gatekeeper.model.manifest import Gate
from gatekeeper.model.packet import Packet
from gatekeeper.model.proof import ProofResult
from gatekeeper.packet.blocks import finding_line
from gatekeeper.packet.record_blocks import block_text
from gatekeeper.packet.result_blocks import RecordedCheck, RecordedResult
from gatekeeper.runs.gates import manifest_block, without_moving_lines, work_case
from gatekeeper.runs.load import refinement_path
from gatekeeper.runs.once import Once
from gatekeeper.runs.verifying.place import Place
from gatekeeper.runs.verifying.record import Record, mismatch

# Checks that earlier versions of this tool didn't have, so that their records don't name them.
_LATER = frozenset({"authority", "audit"})
# What a run in another place or at another time may have found otherwise, and honestly so.
_OF_THE_PLACE = frozenset({"authority", "changes"})
# What versions wrote that hadn't all packs of the audit yet.
_UNBUILT = "isn't built in this version and did not run"
# Their errors are told otherwise: by the block itself, or because they depend on the place.
_ELSEWHERE_TOLD = frozenset({"manifest", "gates", "authority", "changes"})
_BETTER = frozenset({Status.PASS, Status.NOT_APPLICABLE})
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Recomputed:
    """The change judged anew.

    ``checks`` are the gate's, as they count here; ``failing`` are those that fail, with their reasons, whether or
    not that is recorded. ``result`` are the findings about what the packet records otherwise. ``main`` is the main
    branch as it is now.
    """

    case: Case
    judgement: Judgement
    main: MainTip | None
    checks: tuple[CheckResult, ...]
    failing: tuple[tuple[str, str], ...]
    result: tuple[Finding, ...]


def recomputed(repository: Repository, record: Record, place: Place, once: Once, *, prove: bool) -> Recomputed:
    """Judge the recorded change at its own place. Where main is now doesn't count: it has moved on since.

    Without ``prove`` what the record says of the migrations stands. Raises RepositoryError.
    """
    only = None if place.only is None else _own_part(record, place, place.only)
    case = work_case(repository, record.wp_id, place.judged, once, check=True, only=only)
    main = case.main
    case = case.model_copy(
        update={
            "notes": False,
            "packet": _as_recorded_now(case.packet, record.packet),
            "change_set": _committed(case.change_set),
            "main": main and (main if main.contains_head else replace(main, contains_head=True)),
            "prove": case.prove if prove else partial(_as_recorded, case, record.result),
        }
    )
    judgement = judge(case)
    comparison = _Comparison(record, place, case, judgement, prove=prove)
    checks = tuple(comparison.check(check) for check in judgement.checks)
    failing = tuple(comparison.failing())
    return Recomputed(case, judgement, main, checks, failing, tuple(comparison.findings(checks)))


def _own_part(record: Record, place: Place, kept: frozenset[str]) -> Callable[[FileChange], bool]:
    """What is this packet's of a change that others share: its files, and of packets' files its own."""
    settings = place.judged.settings
    own = own_paths(
        record.wp_id, record.path, refinement_path(record.packet, record.wp_id, settings), settings.packets
    )

    def keeps(change: FileChange) -> bool:
        names = [name for name in (change.path, change.old_path) if name is not None]
        return change.path in kept or all(is_own(name, own) for name in names)

    return keeps


def _as_recorded_now(packet: Packet | None, now: Packet | None) -> Packet | None:
    """The packet with the manifest that it records at HEAD, which is what is held against the change."""
    if packet is None or now is None or packet is now:
        return packet
    return replace(packet, recorded=now.recorded, malformed_manifest=now.malformed_manifest)


def _committed(change_set: ChangeSet | None) -> ChangeSet | None:
    """The change set without what is uncommitted here, which is no part of a commit's own change."""
    if change_set is None or not (change_set.unmerged or change_set.unstaged or change_set.hidden):
        return change_set
    return replace(change_set, unmerged=(), unstaged=(), hidden=())


def _as_recorded(case: Case, result: RecordedResult | None) -> ProofResult:
    """In place of a proof the status that the record gives it, unless there are migrations that it passes over."""
    recorded = result.check("migrations") if result else None
    status = recorded.status if recorded else Status.NOT_APPLICABLE
    if status is Status.NOT_APPLICABLE and recorded and _has_migrations(case):
        status = Status.PASS
    return ProofResult(status, "as recorded; --prove runs the proof anew", (), None)


def _has_migrations(case: Case) -> bool:
    settings = case.settings.migrations
    return bool(settings.engines) and bool(migration_files(case.head, settings))


class _Comparison:
    """What is recorded against what was judged."""

    def __init__(self, record: Record, place: Place, case: Case, judgement: Judgement, *, prove: bool) -> None:
        self._record = record
        self._result = record.result
        self._place = place
        self._case = case
        self._judgement = judgement
        self._prove = prove
        self._differing = tuple(self._lines()) if record.manifest and place.fits else ()

    @property
    def _packet(self) -> Packet:
        assert self._record.packet is not None  # noqa: S101 - only what was read is recomputed
        return self._record.packet

    # The gate's checks

    def check(self, check: CheckResult) -> CheckResult:
        """The check as it counts here: authority warns, and a failure that is recorded as one is no news."""
        findings = check.findings
        if check.id == "manifest":
            findings = tuple(finding for finding in findings if not self._is_recorded_tick(finding))
        recorded = self._recorded(check.id)
        # A run writes the manifest that it computes, so no run records one that is wrong.
        as_recorded = recorded is not None and recorded.status is Status.FAIL and check.id != "manifest"
        if check.id == "authority" or as_recorded or _by_fewer_rules(recorded):
            findings = tuple(_softer(finding) for finding in findings)
        status = check.status
        if status is Status.FAIL:
            status = status_of(findings)
        reason = check.reason if status is check.status else None
        if as_recorded and check.status is Status.FAIL:
            reason = f"fails, as is recorded: {check.reason}"
        if status is check.status and reason == check.reason and findings == check.findings:
            return check
        return check.model_copy(
            update={"status": status, "reason": reason, "findings": tuple(sorted(findings, key=Finding.sort_key))}
        )

    def failing(self) -> Iterator[tuple[str, str]]:
        """The checks that fail by rules that their own run had, too; authority only warns here."""
        for check in self._judgement.checks:
            known = check.id != "authority" and not _by_fewer_rules(self._recorded(check.id))
            if check.status is Status.FAIL and known:
                yield check.id, check.reason or ""

    def _recorded(self, check_id: str) -> RecordedCheck | None:
        return self._result.check(check_id) if self._result else None

    def _is_recorded_tick(self, finding: Finding) -> bool:
        """Whether an unticked gate is what the record's own run found, too, or what main was at that time."""
        if finding.rule != "manifest.gate" or finding.line is None or self._record.manifest is None:
            return False
        gates = self._recorded("gates")
        if gates is None or gates.status is not Status.FAIL:
            return False
        unlike = {number for number, _, _ in self._differing}
        return finding.line not in unlike or Gate.PREIMAGE.value in self._packet.lines[finding.line - 1]

    # The blocks

    def _lines(self) -> Iterator[tuple[int, str, str]]:
        """The lines of the manifest block that aren't those of the block computed now: number, recorded, computed.

        Whether main stood as the change needs it was true of its time, and so is left out.
        """
        marker = self._record.manifest
        assert marker is not None  # noqa: S101 - asked for a block
        text, again = (
            block_text(self._packet, marker),
            manifest_block(self._case, self._judgement, self._place.digest),
        )
        if text == again:
            return
        recorded, computed = text.split("\n"), again.split("\n")
        if len(recorded) == len(computed):
            pairs = [*zip(range(len(recorded)), recorded, computed, strict=True)]
        else:
            pairs = [*_uneven(recorded, computed)]
        for number, one, other in pairs:
            if one != other and Gate.PREIMAGE.value not in one:
                yield marker.start + number, one, other

    # Recorded against recomputed

    def findings(self, checks: Sequence[CheckResult]) -> Iterator[Finding]:
        """What the record says otherwise. Rule: report.mismatch."""
        told = {f.line for check in checks if check.id == "manifest" for f in check.findings}
        fresh = [line for line in self._differing if line[0] not in told]
        for number, recorded, computed in fresh[:_SHOWN]:
            message = f"The manifest records {recorded.strip()!r}; computed is {computed.strip()!r}."
            yield mismatch(self._packet, number, message)
        if len(fresh) > _SHOWN:
            message = f"{len(fresh) - _SHOWN} more lines of the manifest aren't what is computed."
            yield mismatch(self._packet, fresh[_SHOWN][0], message)
        if self._result is not None:
            # Of the manifest as it counts here: a gate that was unticked when it was recorded is no other outcome.
            counted = {check.id: check for check in checks if check.id == "manifest"}
            for check in self._judgement.checks:
                yield from self._held(counted.get(check.id, check), self._result)

    def _held(self, check: CheckResult, result: RecordedResult) -> Iterator[Finding]:
        line = result.marker.start
        recorded = result.check(check.id)
        if recorded is None:
            if check.id not in _LATER:
                message = f"The result holds nothing of the check {check.id}, which the gate always runs."
                yield mismatch(self._packet, line, message)
            return
        status = check.status
        if self._agree(check, recorded):
            yield from self._errors_held(check, recorded, result)
            return
        message = f"The check {check.id} is recorded as {recorded.status}, recomputed it is {status}"
        message += f" ({check.reason})" if check.reason else ""
        found = mismatch(self._packet, self._line_of(result, check.id), f"{message}.")
        if _by_fewer_rules(recorded):
            message += ". An earlier version of gate recorded it, which says of itself that it ran fewer rules."
            found = found.model_copy(update={"severity": Severity.WARNING, "message": message})
        yield found

    def _agree(self, check: CheckResult, recorded: RecordedCheck) -> bool:
        """Whether the recorded outcome of a check is what it comes to now."""
        status = check.status
        if check.id in _OF_THE_PLACE and not (recorded.status in _BETTER and check.id == "changes"):
            return True
        if check.id == "migrations":
            if not self._prove and recorded.status not in _BETTER:
                return True
            return recorded.status is status or status is Status.NOT_RUN
        if recorded.status is Status.FAIL and status is Status.FAIL:
            return True
        if recorded.status in _BETTER:
            return status is not Status.FAIL
        if recorded.status is Status.FAIL and status in _BETTER:
            # A run of post-work judges the whole of a change that packets share.
            return self._place.only is not None or (check.id == "gates" and self._main_had_moved())
        return status is not Status.FAIL

    def _errors_held(
        self, check: CheckResult, recorded: RecordedCheck, result: RecordedResult
    ) -> Iterator[Finding]:
        """The recorded errors are those that recomputing finds, by rule and place; their words may be others."""
        if check.id in _ELSEWHERE_TOLD or recorded.status is not check.status or _by_fewer_rules(recorded):
            return
        if check.id == "migrations" and not self._prove:
            return
        if not recorded.errors and not any(f.severity is Severity.ERROR for f in check.findings):
            return
        told = without_moving_lines(check, self._case.packet or self._packet).findings
        found = [finding_line(f).split(" - ")[0] for f in told if f.severity is Severity.ERROR]
        if sorted(found) == [*recorded.errors]:
            return
        odd = sorted((Counter(found) - Counter(recorded.errors)) + (Counter(recorded.errors) - Counter(found)))
        message = (
            f"The check {check.id} is recorded with {len(recorded.errors)} error(s), recomputed it has"
            f" {len(found)}; one side lacks: {'; '.join(odd[:_SHOWN])}."
        )
        yield mismatch(self._packet, self._line_of(result, check.id), message)

    def _main_had_moved(self) -> bool:
        """Whether the record leaves open that main held what the change needs."""
        ticks = (tick for entry in self._record.entries for tick in entry.gates)
        return any(tick.name == Gate.PREIMAGE.value and not tick.ticked for tick in ticks)

    def _line_of(self, result: RecordedResult, check_id: str) -> int:
        numbers = range(result.marker.start, result.marker.end + 1)
        found = (n for n in numbers if self._packet.lines[n - 1].split(":")[0].endswith(f" {check_id}"))
        return next(found, result.marker.start)


def _by_fewer_rules(recorded: RecordedCheck | None) -> bool:
    """Whether the audit was recorded by a version that says of itself that it lacks some of the rules."""
    return recorded is not None and recorded.id == "audit" and _UNBUILT in recorded.reason


def _softer(finding: Finding) -> Finding:
    if finding.severity is not Severity.ERROR:
        return finding
    return finding.model_copy(update={"severity": Severity.WARNING})


def _uneven(recorded: Sequence[str], computed: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """The lines that differ between blocks of different length."""
    matcher = difflib.SequenceMatcher(a=recorded, b=computed, autojunk=False)
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind != "equal":
            yield min(first, len(recorded) - 1), "\n".join(recorded[first:last]), "\n".join(computed[start:end])
