"""What the commands of a packet's TEST_PLAN came to, and what a reviewer reported: the words of both records.

A record is what a machine block in the packet holds (contract, section 1): it names the change by its digest and
holds no commit, time or duration. Times stand in the ledger's event of the run.
"""

from dataclasses import fields
from typing import Literal

from gatekeeper.model.finding import Status
from gatekeeper.model.packet import MalformedLine
from gatekeeper.model.value import Value

Outcome = Literal["passed", "failed", "timed-out", "not-started", "no-tests", "own"]
"""How a command ended: ``own`` is one of this tool's own, which is not run; ``not-started`` can't be run."""


class PlannedCommand(Value):
    """One command of TEST_PLAN: its text on one line, the line of the packet where it begins, what it shows.

    ``shows`` are the items of DONE_MEANS, counted from 1.
    """

    command: str
    line: int
    shows: tuple[int, ...] = ()


class DoneItem(Value):
    """One item of DONE_MEANS: its number from 1, its text without marker and tick, its line in the packet."""

    number: int
    text: str
    line: int


class EvidencePlan(Value):
    """What a packet's TEST_PLAN asks to be run and what its DONE_MEANS ask to be shown.

    ``malformed`` are lines that name a DONE_MEANS item that isn't there.
    """

    commands: tuple[PlannedCommand, ...]
    done: tuple[DoneItem, ...]
    malformed: tuple[MalformedLine, ...] = ()


class TestCounts(Value):
    """How many tests ran, as the closing lines of the runner of that name say."""

    __test__ = False  # the name is the field's word, and no test

    runner: str
    passed: int
    failed: int
    skipped: int

    @property
    def run(self) -> int:
        """Tests that ran: those that passed or failed."""
        return self.passed + self.failed


class CommandEvidence(Value):
    """One command of the plan and what it came to.

    ``command`` is its text in the plan, on one line. ``exit_code`` is negative for a signal (POSIX), None
    where it never ran or was stopped. ``log_sha256`` is the SHA-256 (hex) of the whole log, ``log`` its path in
    the packet's evidence folder where logs lie there, ``tail`` its last lines as one would read them, ASCII.
    ``shows`` are the DONE_MEANS items, counted from 1, that the command shows.
    """

    command: str
    outcome: Outcome
    exit_code: int | None = None
    log_sha256: str | None = None
    log: str | None = None
    tests: TestCounts | None = None
    shows: tuple[int, ...] = ()
    tail: tuple[str, ...] = ()


class EvidenceRecord(Value):
    """One run of a plan. ``run`` counts from 1 in the packet; ``change`` is the change digest that it is about."""

    wp_id: str
    run: int
    change: str
    verdict: Status
    commands: tuple[CommandEvidence, ...]


class ReportRecord(Value):
    """One report of a validator, as VALIDATION_REPORTS holds it; ``report`` counts from 1 in the packet.

    ``commits`` are the validated commits, newest last, ``checks`` the gate's checks with their statuses, ``files``
    the manifest's names, ``tests`` one line a command of the evidence; ``findings``, ``risks`` and ``reason`` are
    the validator's own words, a line each, beside ``gate_findings``, what the gate itself found.
    """

    wp_id: str
    report: int
    change: str
    verdict: Literal["PASS", "FAIL"]
    commits: tuple[str, ...]
    spec: str | None
    anchors: str | None
    files: tuple[str, ...]
    checks: tuple[tuple[str, Status], ...]
    gate_findings: tuple[str, ...]
    forbidden_patterns: tuple[str, ...]
    tests: tuple[str, ...]
    findings: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    reason: tuple[str, ...] = ()


class CommandRun(CommandEvidence):
    """A command of ``gate evidence`` as JSON tells it; ``duration_ms`` is None where it wasn't run."""

    duration_ms: int | None = None

    @property
    def evidence(self) -> CommandEvidence:
        """What of it the packet records."""
        return CommandEvidence(**{each.name: getattr(self, each.name) for each in fields(CommandEvidence)})


class EvidenceSummary(Value):
    """What ``gate evidence`` did.

    ``run`` is the run's number in the packet, ``line`` the block's first line there, ``replaces`` whether it took
    the place of an uncommitted run, ``record_sha256`` the SHA-256 (hex) of the block's text, which the ledger's
    event holds too; ``place`` says on what the commands ran. These are None where nothing was run. ``unshown`` are
    the items of DONE_MEANS that no command shows.
    """

    written: bool
    run: int | None = None
    line: int | None = None
    replaces: bool | None = None
    record_sha256: str | None = None
    place: str | None = None
    commands: tuple[CommandRun, ...] = ()
    unshown: tuple[int, ...] = ()
