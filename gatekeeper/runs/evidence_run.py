"""Run a plan's commands on what is judged, one after the other, each with its log."""

import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gatekeeper.evidence.output import tail_of
from gatekeeper.evidence.runners import counts_in
from gatekeeper.evidence.running import LOG_LIMIT, Ran, clean_environment, run_command, shell
from gatekeeper.model.evidence import CommandRun, Outcome, TestCounts
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.packet.evidence_blocks import tail_line
from gatekeeper.runs.evidence_place import EvidencePlace
from gatekeeper.runs.ground import Ground
from gatekeeper.runs.load import Progress
from gatekeeper.runs.steps import Step, Steps

SOUND = frozenset({"passed", "own"})
"""The outcomes that show something."""


@dataclass(slots=True)
class Done:
    """What a run has come to so far; ``reasons`` say of commands why they were stopped."""

    commands: list[CommandRun] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)


class Runner:
    """Runs commands in one folder; ``timeout`` is in seconds a command."""

    def __init__(
        self, place: EvidencePlace, where: Ground, more: tuple[str, ...], timeout: float, progress: Progress
    ) -> None:
        self._place = place
        self._folder = where.folder
        self._environment: Mapping[str, str] = clean_environment(os.environ, more)
        self._timeout = timeout
        self._progress = progress
        self.done = Done()

    def run(self, steps: Steps) -> Done:
        """Run each step in order, whatever the others come to. Raises NotRunError where there is no shell."""
        shell()
        for number, step in enumerate(steps.commands, 1):
            self._progress(f"{number}/{len(steps.commands)} {step.command}")
            self.done.commands.append(_not_run(step) or self._ran(step, number))
        return self.done

    def _ran(self, step: Step, number: int) -> CommandRun:
        """One command run, its log where logs lie."""
        place = self._place
        place.logs.mkdir(parents=True, exist_ok=True)
        file = place.logs / f".{secrets.token_hex(8)}.part"
        try:
            ran = run_command(
                step.command, self._folder, file, environment=self._environment, timeout=self._timeout
            )
            output = file.read_bytes()
            log = place.log_name(number, ran.log_sha256)
            file.replace(place.logs / log)
        finally:
            file.unlink(missing_ok=True)
        tests = counts_in(output)
        self._tell(step, ran)
        return CommandRun(
            command=step.command,
            outcome=_outcome(ran, tests),
            exit_code=ran.code,
            log_sha256=ran.log_sha256,
            log=f"{place.in_packet}/{log}" if place.in_packet else None,
            tests=tests,
            shows=step.shows,
            tail=tuple(map(tail_line, tail_of(output))),
            duration_ms=ran.duration_ms,
        )

    def _tell(self, step: Step, ran: Ran) -> None:
        self.done.findings += _left_running(self._place.packet.path, step, ran)
        if ran.stopped == "output":
            self.done.reasons[step.command] = f"it wrote more than {LOG_LIMIT // 1_000_000} MB"
        elif ran.stopped:
            self.done.reasons[step.command] = f"it took longer than {self._timeout:g} s"


def _not_run(step: Step) -> CommandRun | None:
    """What becomes of a step that isn't run; None for one that is to be."""
    if not (step.own or step.refused):
        return None
    outcome: Outcome = "own" if step.own else "not-started"
    return CommandRun(command=step.command, outcome=outcome, shows=step.shows)


def _outcome(ran: Ran, tests: TestCounts | None) -> Outcome:
    if ran.stopped:
        return "timed-out"
    if ran.code in {126, 127}:
        return "not-started"
    if tests is not None and not tests.run:
        return "no-tests"
    return "failed" if ran.code or (tests and tests.failed) else "passed"


def _left_running(path: str, step: Step, ran: Ran) -> Iterator[Finding]:
    if ran.left:
        yield Finding(
            rule="evidence.left-running",
            severity=Severity.WARNING,
            message=f"{step.command} left {ran.left} process(es) running, which were ended.",
            path=path,
            line=step.line,
            hint="let the command end what it starts",
        )
