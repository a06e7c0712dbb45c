"""``verify``: one packet's record, or every packet's, recomputed at the commit that recorded it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from gatekeeper import __version__
from gatekeeper.changes.ancestry import Ancestry, ancestry
from gatekeeper.changes.commit_log import CommitLog, read_log
from gatekeeper.changes.diff import read_ahead
from gatekeeper.changes.recorded import FileHistory, file_history
from gatekeeper.changes.repository import Repository
from gatekeeper.gates.pipeline import EXIT_CODES, TITLES, overall, reason_of
from gatekeeper.model.errors import ExitCode, GateError, RepositoryError, UsageError
from gatekeeper.model.finding import CheckResult, Finding, Severity, Status, status_of
from gatekeeper.model.names import for_output
from gatekeeper.model.settings import Settings
from gatekeeper.model.verdict import State, Verdict
from gatekeeper.runs.configured import refinement_at
from gatekeeper.runs.load import Progress, known_ids, require_wp_id, settings_at, unknown_id
from gatekeeper.runs.once import Once
from gatekeeper.runs.plan import ids_at
from gatekeeper.runs.verdicts import Clock, gate_verdict, manifest_rows, summary
from gatekeeper.runs.verifying.asked import Ask
from gatekeeper.runs.verifying.later import verified_later
from gatekeeper.runs.verifying.place import Ground, Place, place_of, recorded_at
from gatekeeper.runs.verifying.recompute import Recomputed, recomputed
from gatekeeper.runs.verifying.record import Record, nothing_recorded, record_of
from gatekeeper.runs.verifying.since import Since, staleness

_AT_ONCE = 100

_STALE = frozenset({"evidence.stale", "report.stale"})
# Older versions of a packet are read where they are asked for.
_VERSIONS = 4


class Verifier:
    """Verifies packets of HEAD's commit. ``many`` reads history once for all, unless it was ``told`` of it."""

    def __init__(
        self,
        repository: Repository,
        config: Path | None,
        ask: Ask,
        progress: Progress | None,
        *,
        many: bool,
        told: Callable[[], bytes] | None = None,
    ) -> None:
        if repository.head is None:
            raise UsageError("There is no commit yet, so nothing is recorded.", hint="git commit")
        self.repository = repository
        self.head: str = repository.head
        self.settings: Settings = settings_at(repository, repository.head, config)
        self.tree = repository.tree(repository.head)
        self.ids: Mapping[str, Sequence[str]] = ids_at(self.tree, self.settings)
        self.config = config
        self.ask = ask
        self._many = many
        self._told = told
        self._once = Once(repository, progress)
        self._records: dict[str, Record] = {}
        self._targets: dict[str, frozenset[str]] = {}

    @cached_property
    def told(self) -> bytes:
        """What git tells of the commits up to HEAD and of all their files; one process."""
        return self._told() if self._told is not None else read_log(self.repository.git, self.head)

    @cached_property
    def log(self) -> CommitLog:
        """The commits up to HEAD and all their files, which many packets need."""
        log = CommitLog(self.told)
        self.repository.know(log)
        return log

    @cached_property
    def ancestry(self) -> Ancestry:
        """The commits up to HEAD."""
        if not self._many:
            return ancestry(self.repository, self.head)
        return Ancestry(self.head, {oid: commit.parents for oid, commit in self.log.commits.items()})

    @cached_property
    def _since(self) -> Since:
        return Since(self.repository, self.ancestry, self.log if self._many else None)

    @cached_property
    def _every(self) -> Ground:
        return self._ground(FileHistory(self.log, self.repository.boundary))

    def _both(self, wp_id: str) -> tuple[str, ...]:
        """Where a packet may have stood: it may have been moved from one form to the other."""
        folder = self.settings.packets.dir
        prefix = "" if folder == "." else f"{folder}/"
        return f"{prefix}{wp_id}.md", f"{prefix}{wp_id}/packet.md"

    def _ground(self, files: FileHistory) -> Ground:
        return Ground(self.repository, self.ancestry, files, self._once, self.config, self._named_by_others)

    def _named_by_others(self, wp_id: str) -> frozenset[str]:
        """The files that the manifests of all packets but this one name."""
        return frozenset(name for other in self.ids if other != wp_id for name in self._targets_of(other))

    def _targets_of(self, wp_id: str) -> frozenset[str]:
        if wp_id not in self._targets:
            self._targets[wp_id] = self.record(wp_id).targets
        return self._targets[wp_id]

    def _ground_of(self, wp_id: str) -> Ground:
        if self._many:
            return self._every
        return self._ground(file_history(self.repository, self.head, self._both(wp_id)))

    def record(self, wp_id: str) -> Record:
        """What the packet records."""
        if wp_id not in self._records:
            self._records[wp_id] = record_of(self.repository, self.tree, wp_id, self.settings)
        return self._records[wp_id]

    def packets(self, ids: Sequence[str]) -> Iterator[Verdict]:
        """The verdicts on many packets' records, of which git tells a hundred at a time."""
        near = self.by_history(ids)
        for start in range(0, len(near), _AT_ONCE):
            chunk = near[start : start + _AT_ONCE]
            self._keep(chunk)
            recorded = [self.recorded_at(wp_id) for wp_id in chunk]
            read_ahead(self.repository, [pair for commit in recorded if commit for pair in self._likely(commit)])
            yield from map(self.packet, chunk)
            for wp_id in chunk:
                self._targets_of(wp_id)
                self._records.pop(wp_id)
            self.repository.let_go()

    def _keep(self, ids: Sequence[str]) -> None:
        """Read what each packet and its refinement are and were, in one go."""
        asked = [blob for wp_id in ids for blob in self._versions(wp_id)]
        # A partial clone doesn't fetch for the sake of a guess.
        with suppress(RepositoryError):
            self.repository.keep(asked)

    def _versions(self, wp_id: str) -> Iterator[str]:
        for path in (*self.ids[wp_id], refinement_at("", wp_id, self.settings)):
            side = self.tree.entries.get(path)
            if side is not None and not side.is_submodule:
                yield side.oid
                yield from (blob for _, blob in self._every.files.came(path)[:_VERSIONS])

    def by_history(self, ids: Sequence[str]) -> list[str]:
        """The ids by when their packets were last touched, the oldest first.

        Neighbours in history share most of what is read, and what a change began from is what an earlier one made.
        """
        order, last = self.log.order, len(self.log.order)

        def age(wp_id: str) -> tuple[int, str]:
            came = self._every.files.came(self.ids[wp_id][0])
            return -order.get(came[0][0], last) if came else -last, wp_id

        return sorted(ids, key=age)

    def _likely(self, commit: str) -> Iterator[tuple[str | None, str]]:
        """The commits between which a change that is recorded in a commit most likely lies."""
        if commit not in self.ancestry:
            return
        fork = self.ancestry.fork(commit)
        if fork is not None and fork != commit:
            yield fork, commit
        parents = self.ancestry.parents[commit]
        yield (parents[0] if parents else None), commit

    def recorded_at(self, wp_id: str) -> str | None:
        """The commit that recorded it, None where nothing is recorded or history doesn't tell."""
        record = self.record(wp_id)
        if not record.is_there:
            return None
        try:
            return recorded_at(record, self._ground_of(wp_id))
        except GateError:
            return None

    def packet(self, wp_id: str) -> Verdict:
        """The verdict on one packet's record."""
        clock = Clock()
        record = self.record(wp_id)
        if record.packet is None or not record.is_there:
            return _unrecorded(record, clock)
        try:
            return self._verified(record, clock)
        except GateError as error:
            findings = (*record.problems,)
            checks = (_check("record", findings), _not_run("place", error))
            return _verdict(_bare(record, clock), checks, None)

    def _verified(self, record: Record, clock: Clock) -> Verdict:
        ground = self._ground_of(record.wp_id)
        place = place_of(record, ground)
        checks = [_check("record", record.problems)]
        if place is None:
            checks.append(_check("place", (_gone(record, None),)))
            return _verdict(_bare(record, clock), checks, None)
        again = recomputed(self.repository, record, place, self._once, prove=self.ask.prove)
        checks.append(_placed(record, place))
        checks += again.checks
        checks.append(_check("result", again.result))
        later = verified_later(record, place, again, ground, self.tree)
        if later is not None:
            checks += [_check("evidence", later.evidence), _check("reports", later.reports)]
        findings, passed = staleness(
            record.path, place.commit, again.case.entries, head=self.tree, main=again.main, since=self._since
        )
        if not place.fits:
            findings = ()
        checks.append(_check("since", findings, passed))
        stale = bool(findings) or (later is not None and later.stale)
        verdict = _verdict(_whole(again, place, clock), checks, stale)
        return _freshened(verdict) if self.ask.fresh else verdict


def verify(
    repo: Path,
    wp_id: str,
    *,
    ask: Ask | None = None,
    config: Path | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Is what the packet records still true? Judges HEAD's commit, offline, and writes nothing.

    The verdict's ``state`` is VERIFIED, STALE or BROKEN, None where nothing could be verified (NOT_RUN). Raises
    UsageError for an unknown id, ConfigError, RepositoryError.
    """
    require_wp_id(wp_id)
    with Repository.open(repo) as repository:
        verifier = Verifier(repository, config, ask or Ask(), progress, many=False)
        if wp_id not in verifier.ids:
            known = known_ids(repository, verifier.settings, [verifier.tree])
            if wp_id not in known:
                raise unknown_id(wp_id, known, verifier.settings.packets.dir)
        return _asked_for(verifier.packet(wp_id))


def _asked_for(verdict: Verdict) -> Verdict:
    """Of a packet that was named, nothing to verify is something that could not run."""
    if verdict.status is not Status.NOT_APPLICABLE:
        return verdict
    checks = tuple(check.model_copy(update={"status": Status.NOT_RUN}) for check in verdict.checks)
    return verdict.model_copy(update={"status": Status.NOT_RUN, "exit_code": ExitCode.NOT_RUN, "checks": checks})


def of_all(verdicts: Iterable[Verdict], clock: Clock, reason: str | None = None) -> Verdict:
    """The verdict of several packets' verdicts."""
    packets = tuple(sorted(verdicts, key=lambda verdict: verdict.wp_id or ""))
    told = [packet.status for packet in packets if packet.status is not Status.NOT_APPLICABLE]
    status = overall(told)
    check = CheckResult(id="verify", title=TITLES["verify"], status=status, reason=reason or _counts(packets))
    states: set[State | None] = {packet.state for packet in packets}
    order: tuple[State, ...] = ("BROKEN", "STALE", "VERIFIED")
    return Verdict(
        gate="verify",
        wp_id=None,
        packet=None,
        status=status,
        exit_code=EXIT_CODES.get(status, ExitCode.PASS),
        tool_version=__version__,
        started_at=clock.started_at,
        duration_ms=clock.duration_ms,
        checks=(check,),
        packets=packets,
        state=next((state for state in order if state in states), None),
    )


def _counts(packets: Sequence[Verdict]) -> str:
    words = [word_of(packet) for packet in packets]
    told = [f"{words.count(word)} {word}" for word in dict.fromkeys(("VERIFIED", "STALE", "BROKEN", *words))]
    return ", ".join(part for part in told if not part.startswith("0 ")) or "there is no packet"


def word_of(packet: Verdict) -> str:
    """The one word for a packet."""
    return packet.state or str(packet.status)


def _unrecorded(record: Record, clock: Clock) -> Verdict:
    if record.packet is None:
        return _verdict(_bare(record, clock), [_check("record", record.problems)], None)
    if record.claims_to_be_done:
        problems = (*record.problems, nothing_recorded(record))
        return _verdict(_bare(record, clock), [_check("record", problems)], None)
    check = CheckResult(
        id="record",
        title=TITLES["record"],
        status=Status.NOT_APPLICABLE,
        reason="the packet records no proof yet, so there is nothing to verify",
    )
    return _bare(record, clock).model_copy(update={"status": Status.NOT_APPLICABLE, "checks": (check,)})


def _bare(record: Record, clock: Clock) -> Verdict:
    return Verdict(
        gate="verify",
        wp_id=record.wp_id,
        packet=for_output(record.path),
        status=Status.NOT_RUN,
        exit_code=ExitCode.PASS,
        tool_version=__version__,
        started_at=clock.started_at,
        duration_ms=clock.duration_ms,
        packet_digest=(record.packet.sha256 or None) if record.packet else None,
    )


def _whole(again: Recomputed, place: Place, clock: Clock) -> Verdict:
    case, judgement = again.case, again.judgement
    assert case.change_set is not None  # noqa: S101 - work_case fills it; this tells the type checker
    told = summary(case.change_set, place.digest, len(case.entries), judgement.explanations)
    rows = manifest_rows(case.entries, judgement.gates)
    return gate_verdict(case, judgement, clock, told, rows, gate="verify")


def _verdict(verdict: Verdict, checks: Sequence[CheckResult], stale: bool | None) -> Verdict:
    """The verdict with these checks, and the word that they come to; ``stale`` None where that isn't known."""
    status = overall(check.status for check in checks)
    errors = any(status_of(check.findings) is Status.FAIL for check in checks)
    state: State | None = "BROKEN" if errors else None
    if state is None and stale is not None and all(check.status is not Status.NOT_RUN for check in checks):
        state = "STALE" if stale else "VERIFIED"
    return verdict.model_copy(
        update={
            "status": status,
            "exit_code": EXIT_CODES.get(status, ExitCode.PASS),
            "checks": tuple(checks),
            "state": state,
        }
    )


def _check(check_id: str, findings: Iterable[Finding], reason: str | None = None) -> CheckResult:
    found = tuple(sorted(findings, key=Finding.sort_key))
    status = status_of(found)
    return CheckResult(
        id=check_id,
        title=TITLES[check_id],
        status=status,
        reason=reason_of(status, found) or reason,
        findings=found,
    )


def _not_run(check_id: str, error: GateError) -> CheckResult:
    mend = f" ({error.hint})" if error.hint else ""
    return CheckResult(
        id=check_id, title=TITLES[check_id], status=Status.NOT_RUN, reason=f"{error.message.rstrip('.')}{mend}"
    )


def _placed(record: Record, place: Place) -> CheckResult:
    if place.fits:
        return _check("place", (), place.judged.endpoints.reason)
    return _check("place", (_gone(record, place),))


def _gone(record: Record, nearest: Place | None) -> Finding:
    wanted = f"change {record.change}" if record.change else "change that its entries tell"
    message = f"{record.path} records the {wanted}, but no two commits of its history differ by that"
    if nearest is not None:
        start = nearest.judged.endpoints.base
        ends = f"from {start[:12] if start else 'nothing'} to {nearest.commit[:12]}"
        message += f"; the nearest, {ends}, gives {nearest.digest}"
    return Finding(
        rule="changes.gone",
        message=f"{message}.",
        path=record.path,
        line=record.manifest.start if record.manifest else None,
        hint="fetch the branch that holds the change, or have gate post-work record the change as it is now",
    )


def _freshened(verdict: Verdict) -> Verdict:
    """The verdict where staleness fails; the word stays."""
    checks = []
    for check in verdict.checks:
        findings = tuple(_harder(finding) for finding in check.findings)
        checks.append(check if findings == check.findings else _check(check.id, findings, check.reason))
    return _verdict(verdict, checks, stale=None).model_copy(update={"state": verdict.state})


def _harder(finding: Finding) -> Finding:
    if finding.rule not in _STALE or finding.severity is not Severity.WARNING:
        return finding
    return finding.model_copy(update={"severity": Severity.ERROR})
