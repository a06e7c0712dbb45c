"""Recorded evidence held against the plan, the change, itself, its logs and the ledger (contract, section 3).

Three checks over values, for ``review`` and ``verify``: does the evidence stand (``check_evidence``), does it show
what DONE_MEANS asks for (``check_done``), is there what the packet cites (``check_citations``).
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from gatekeeper.evidence.commands import always_passes, shows_nothing
from gatekeeper.evidence.output import tail_of
from gatekeeper.evidence.runners import GO_PACKAGES, GO_TESTS, counts_in, counts_of
from gatekeeper.gates.case import Case, Outcome, not_applicable, not_run
from gatekeeper.model.evidence import CommandEvidence, EvidencePlan, EvidenceRecord, TestCounts
from gatekeeper.model.finding import Finding, Severity, Status
from gatekeeper.model.ledger import Event
from gatekeeper.model.packet import Packet
from gatekeeper.packet.evidence_blocks import (
    EvidenceBlock,
    EvidenceScan,
    read_evidence,
    render_evidence,
    tail_line,
)
from gatekeeper.packet.record_blocks import first_difference
from gatekeeper.packet.sections import plain_name
from gatekeeper.packet.test_plan import plan_of

ReadLog = Callable[[CommandEvidence], bytes | None]
"""The log of a command as it is kept, None where it isn't there."""

_SOUND = frozenset({"passed", "own"})


@dataclass(frozen=True, slots=True)
class Witnesses:
    """What may speak for or against a record beside the packet: kept logs, and the ledger's events of evidence.

    ``events`` are those of this packet, of any change. None of either where there is nothing to ask.
    """

    read_log: ReadLog | None = None
    events: Sequence[Event] | None = None


def check_evidence(
    case: Case, *, change: str, template: str, packet: Packet | None = None, witnesses: Witnesses | None = None
) -> Outcome:
    """Does recorded evidence stand for this change?

    ``change`` is the digest of the judged change, ``template`` the text of evidence.md.j2. The plan is the case's
    packet's, the records are those of ``packet`` (the case's, if it isn't given). Rules: evidence.missing, .stale,
    .failed, .timeout, .no-tests, .not-started, .plan, .log, .forged, .unwitnessed (a note); report.mismatch.
    """
    holder = packet or case.packet
    if case.packet is None or holder is None:
        return not_run("there is no packet to read evidence from")
    judged = _Judged(holder, plan_of(case.packet), change, template, witnesses or Witnesses())
    return Outcome(tuple(judged.findings()))


def check_done(case: Case, *, change: str, packet: Packet | None = None) -> Outcome:
    """Is every item of DONE_MEANS shown by evidence for this change? Rule: evidence.uncovered, a warning."""
    holder = packet or case.packet
    if case.packet is None or holder is None:
        return not_run("there is no packet to read DONE_MEANS from")
    plan = plan_of(case.packet)
    if not plan.done:
        return not_applicable("DONE_MEANS lists nothing")
    shown = shown_by(read_evidence(holder), change)
    return Outcome(tuple(uncovered(case.packet, plan, shown)))


def shown_by(scan: EvidenceScan, change: str) -> frozenset[int]:
    """The DONE_MEANS items that the latest run shows, where it is about this change."""
    last = scan.last
    commands = last.commands if last is not None and last.change == change else ()
    return frozenset(number for each in commands if each.outcome in _SOUND for number in each.shows)


def uncovered(packet: Packet, plan: EvidencePlan, shown: frozenset[int]) -> Iterator[Finding]:
    """Rule: evidence.uncovered, one for each item of DONE_MEANS that isn't among those shown."""
    for item in plan.done:
        if item.number not in shown:
            text = item.text if len(item.text) <= 100 else f"{item.text[:97]}..."
            yield Finding(
                rule="evidence.uncovered",
                severity=Severity.WARNING,
                message=f"Nothing that was run shows item {item.number} of DONE_MEANS: {text}",
                path=packet.path,
                line=item.line,
                hint=f"end its command with the comment # shows: {item.number}, or quote the command in the item",
            )


def plan_findings(packet: Packet, plan: EvidencePlan) -> Iterator[Finding]:
    """What is wrong with the plan itself. Rules: evidence.plan, .shell-builtin (a warning)."""
    if not plan.commands:
        yield Finding(
            rule="evidence.plan",
            message="TEST_PLAN holds no command: no line of a shell fence, no list item that is a code span.",
            path=packet.path,
            line=next((f.line for f in packet.fields if plain_name(f.name) == "TEST_PLAN"), None),
            hint="write them into TEST_PLAN, in a fence of bash",
        )
    for line in plan.malformed:
        yield Finding(
            rule="evidence.plan",
            severity=Severity.WARNING,
            message=line.problem,
            path=packet.path,
            line=line.line,
            hint="count the items of DONE_MEANS from 1",
        )
    for command in plan.commands:
        if always_passes(command.command) and not shows_nothing(command.command):
            yield Finding(
                rule="evidence.shell-builtin",
                severity=Severity.WARNING,
                message=f"{command.command} ends with exit code 0 whatever happens, so it shows nothing.",
                path=packet.path,
                line=command.line,
                hint="leave its last part out",
            )


def outcome_findings(
    packet: Packet, plan: EvidencePlan, record: EvidenceRecord, reasons: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Finding]:
    """What went wrong in the run, by command; ``reasons`` say of some why they were stopped.

    Rules: evidence.failed, .timeout, .no-tests, .not-started, .shell-builtin, .changed.
    """
    lines = {command.command: command.line for command in plan.commands}
    for command in record.commands:
        if command.outcome not in _SOUND:
            rule, message, hint = _ended(command, reasons.get(command.command))
            line = lines.get(command.command)
            yield Finding(rule=rule, message=message, path=packet.path, line=line, hint=hint)
    if record.verdict is not Status.PASS and _is_sound(record):
        message = f"Run {record.run} is {record.verdict} though each command passed: it changed tracked files."
        hint = "let the commands of TEST_PLAN leave tracked files as they are"
        yield Finding(rule="evidence.changed", message=message, path=packet.path, hint=hint)


_NOT_FOUND = re.compile(r"(?:.*line \d+: |sh: (?:\d+: )?)(.{1,100}?): (?:command )?not found")
_NO_TERMINAL = re.compile(
    r"not a (?:tty|terminal)|no tty|inappropriate ioctl|/dev/tty|requires? (?:a |an interactive )?terminal",
    re.IGNORECASE,
)
_NO_SYNTAX = re.compile(r"syntax error|unexpected (?:EOF|end of file|token)")


def _ended(command: CommandEvidence, reason: str | None) -> tuple[str, str, str]:
    """Rule, sentence and mend for a command that shows nothing."""
    name = command.command
    match command.outcome:
        case "timed-out":
            why = reason or "it took or wrote more than it may"
            return (
                "evidence.timeout",
                f"{name} was stopped: {why}.",
                "make it end by itself, or raise [evidence] timeout",
            )
        case "no-tests":
            skipped = f" ({command.tests.skipped} were skipped)" if command.tests and command.tests.skipped else ""
            hint = "mend the filter or path in the command, so that tests run"
            return "evidence.no-tests", f"{name} ran no test{skipped}.", hint
        case "not-started":
            return _not_started(command)
        case _:
            failed = command.tests.failed if command.tests else 0
            tests = f", and {failed} test{'s' if failed != 1 else ''} failed" if failed else ""
            message = f"{name} ended with exit code {command.exit_code}{tests}."
            return "evidence.failed", message, _mend(command)


def _not_started(command: CommandEvidence) -> tuple[str, str, str]:
    if command.exit_code is None and (why := shows_nothing(command.command)):
        return "evidence.shell-builtin", f"{command.command} {why[0]}.", why[1]
    found = next((match for line in command.tail if (match := _NOT_FOUND.match(line))), None)
    what = f"there is no program {found[1]}" if found else f"exit code {command.exit_code}"
    hint = f"install {found[1]}, or mend the command" if found else "mend the command in TEST_PLAN"
    return "evidence.not-started", f"{command.command} could not be run: {what}.", hint


def _mend(command: CommandEvidence) -> str:
    if any(_NO_TERMINAL.search(line) for line in command.tail):
        return "use a form of the command that needs no terminal: commands run without one"
    if command.exit_code == 2 and any(_NO_SYNTAX.search(line) for line in command.tail):
        return "write the whole command on one line, or into a script: each line runs in a shell of its own"
    return "mend what fails, then gate evidence again; its tail and its log say what it was"


@dataclass(frozen=True, slots=True)
class _Judged:
    """One packet's records and what they are held against."""

    packet: Packet
    plan: EvidencePlan
    change: str
    template: str
    witnesses: Witnesses

    def findings(self) -> Iterator[Finding]:
        scan = read_evidence(self.packet)
        for each in scan.malformed:
            yield self._finding("report.mismatch", each.problem, each.line, _KEEP)
        own = scan.own
        for block in scan.blocks:
            yield from self._of_block(block)
        yield from plan_findings(self.packet, self.plan)
        yield from self._order(own)
        if own:
            yield from self._of_last(own[-1])
        elif not scan.malformed:
            message = f"{self.packet.path} holds no evidence: no command of its TEST_PLAN is recorded as run."
            yield self._finding("evidence.missing", message, None, f"gate evidence {self.packet.wp_id}")

    def _finding(
        self, rule: str, message: str, line: int | None, hint: str, severity: Severity = Severity.ERROR
    ) -> Finding:
        return Finding(rule=rule, severity=severity, message=message, path=self.packet.path, line=line, hint=hint)

    # Every record

    def _of_block(self, block: EvidenceBlock) -> Iterator[Finding]:
        record, start = block.record, block.marker.start
        if record.wp_id != self.packet.wp_id:
            message = f"The evidence of line {start} is {record.wp_id}'s and shows nothing of {self.packet.wp_id}."
            hint = "take it out, if no commit holds it yet"
            yield self._finding("evidence.stale", message, start, hint, Severity.WARNING)
            return
        line = first_difference(self.packet, block.marker, render_evidence(record, self.template))
        if line is not None:
            message = f"Line {line} isn't what gate writes for the evidence that it is part of."
            yield self._finding("report.mismatch", message, line, _KEEP)
        for problem in contradictions(record):
            yield self._forged(start, f"The evidence of run {record.run} contradicts itself: {problem}")
        yield from self._in_ledger(block)

    def _forged(self, line: int | None, message: str) -> Finding:
        return self._finding("evidence.forged", message, line, _KEEP)

    def _order(self, own: Sequence[EvidenceBlock]) -> Iterator[Finding]:
        for number, block in enumerate(own, 1):
            if block.record.run != number:
                message = f"Run {number} of the evidence is expected here, and this is run {block.record.run}."
                yield self._forged(block.marker.start, message)
                return

    def _in_ledger(self, block: EvidenceBlock) -> Iterator[Finding]:
        """The ledger, where it knows of this run for this change, must know of this very record."""
        if self.witnesses.events is None:
            return
        record = block.record
        told = [e.data for e in self.witnesses.events if e.kind == "evidence" and e.wp_id == record.wp_id]
        about = [e for e in told if (e.get("change_digest"), e.get("run")) == (record.change, record.run)]
        digest = record_digest(block.text)
        if about and all(e.get("record_sha256") != digest for e in about):
            message = f"The ledger knows of run {record.run} for this change, and its record is another one."
            yield self._forged(block.marker.start, message)
        elif not about and record.change == self.change:
            message = f"The ledger here knows nothing of run {record.run}: only the packet vouches for it."
            hint = "nothing, unless gate evidence ran in this very repository"
            yield self._finding("evidence.unwitnessed", message, block.marker.start, hint, Severity.NOTE)

    # The latest record

    def _of_last(self, block: EvidenceBlock) -> Iterator[Finding]:
        record, start = block.record, block.marker.start
        if record.change != self.change:
            message = (
                f"The latest evidence, run {record.run}, is about the change {record.change[:12]}, and judged is "
                f"the change {self.change[:12]}."
            )
            yield self._finding("evidence.stale", message, start, f"gate evidence {self.packet.wp_id}")
        yield from self._plan_followed(record, start)
        yield from outcome_findings(self.packet, self.plan, record)
        if self.witnesses.read_log is not None:
            for command in record.commands:
                yield from self._log(self.witnesses.read_log, command, start)

    def _plan_followed(self, record: EvidenceRecord, line: int) -> Iterator[Finding]:
        planned, ran = [c.command for c in self.plan.commands], [c.command for c in record.commands]
        if planned == ran or not planned:
            return
        missing = [text for text in planned if text not in ran]
        extra = [text for text in ran if text not in planned]
        parts = [f"{missing[0]} is planned and wasn't run"] if missing else []
        parts += [f"{extra[0]} was run and isn't planned"] if extra else []
        told = "; ".join(parts) or "they are the same in another order or number"
        message = f"Run {record.run} is not of the commands that TEST_PLAN holds: {told}."
        yield self._finding("evidence.plan", message, line, f"gate evidence {self.packet.wp_id}")

    def _log(self, read_log: ReadLog, command: CommandEvidence, line: int) -> Iterator[Finding]:
        if command.log_sha256 is None:
            return
        log = read_log(command)
        if log is None:
            # A log beside the ledger stays where it was made; one in the packet's folder is part of the packet.
            severity = Severity.NOTE if command.log is None else Severity.ERROR
            message = f"The log of {command.command} isn't there: {command.log or command.log_sha256}."
            hint = f"run it again: gate evidence {self.packet.wp_id}"
            yield self._finding("evidence.log", message, line, hint, severity)
        elif (found := hashlib.sha256(log).hexdigest()) != command.log_sha256:
            message = (
                f"The log of {command.command} has the SHA-256 {found}, and recorded is {command.log_sha256}."
            )
            yield self._finding("evidence.log", message, line, f"run it again: gate evidence {self.packet.wp_id}")
        else:
            for problem in against_log(command, log):
                yield self._forged(line, problem)


_KEEP = "put the block back as gate wrote it (git log -p shows it), or run gate evidence again"


def record_digest(text: str) -> str:
    """SHA-256 (hex) of a rendered block, by which the ledger knows it."""
    return hashlib.sha256(text.encode("ascii", "backslashreplace")).hexdigest()


def contradictions(record: EvidenceRecord) -> Iterator[str]:
    """What in a record can't be true together, as sentences."""
    if record.verdict is Status.PASS and not _is_sound(record):
        yield "its verdict is PASS, and its commands say otherwise."
    for command in record.commands:
        for problem in (*_of_outcome(command), *_of_tests(command)):
            yield f"{command.command} {problem}."


def _is_sound(record: EvidenceRecord) -> bool:
    return all(command.outcome in _SOUND for command in record.commands)


def _of_outcome(command: CommandEvidence) -> Iterator[str]:
    code, tests = command.exit_code, command.tests
    ran = command.outcome in {"passed", "failed", "no-tests", "timed-out"}
    if ran and command.log_sha256 is None:
        yield "ran and has no log"
    if command.outcome == "own" and (code is not None or tests or command.log_sha256 or command.tail):
        yield "is said not to be run, and has results"
    if command.outcome == "passed" and code != 0:
        yield f"is said to have passed with exit code {code}"
    if command.outcome == "failed" and code == 0 and not (tests and tests.failed):
        yield "is said to have failed with exit code 0"
    if command.outcome == "timed-out" and code is not None:
        yield f"is said to have been stopped and has exit code {code}"
    if command.outcome == "no-tests" and (tests is None or tests.run):
        yield "is said to have run no test, and its counts say otherwise"
    if command.outcome == "passed" and tests and (tests.failed or not tests.run):
        yield f"is said to have passed, and {tests.failed} of {tests.run} tests failed"


def _of_tests(command: CommandEvidence) -> Iterator[str]:
    """The closing lines that the tail holds must be among what was counted."""
    told = counts_of(command.tail)
    if told is None or (told.runner == GO_PACKAGES and command.tests and GO_TESTS in _names(command.tests)):
        return
    kept = command.tests
    if kept is None:
        yield f"has no counts of tests, and its last lines tell {_told(told)}"
    elif told.passed > kept.passed or told.failed > kept.failed or told.skipped > kept.skipped:
        yield f"counts {_told(kept)}, and its last lines tell {_told(told)}"


def against_log(command: CommandEvidence, log: bytes) -> Iterator[str]:
    """What the whole log says otherwise than the record, as sentences."""
    counts = counts_in(log)
    if counts != command.tests:
        kept = _told(command.tests) if command.tests else "no tests"
        told = _told(counts) if counts else "no tests"
        yield f"The log of {command.command} tells {told}, and recorded is {kept}."
    if tuple(map(tail_line, tail_of(log))) != command.tail:
        yield f"The last lines of the log of {command.command} are others than those recorded."


def _told(counts: TestCounts) -> str:
    return f"{counts.passed} passed, {counts.failed} failed, {counts.skipped} skipped ({counts.runner})"


def _names(counts: TestCounts) -> list[str]:
    return counts.runner.split(" + ")
