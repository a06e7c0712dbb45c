"""What the commands of a TEST_PLAN came to, as a table: a line a command."""

import posixpath
from typing import TYPE_CHECKING

from gatekeeper.model.verdict import Verdict

if TYPE_CHECKING:  # most verdicts hold no evidence
    from gatekeeper.model.evidence import CommandRun, EvidenceSummary

_STYLES = {"passed": "PASS", "own": "dim"}


def evidence_table(told: "EvidenceSummary") -> list[tuple[str, str]]:
    """Each command's line and the style to show it in: outcome, duration, tests, the command."""
    rows = [_row(command) for command in told.commands]
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(3)]
    return [
        (
            f"{number:>2}  {row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:<{widths[2]}}  {row[3]}",
            _STYLES.get(command.outcome, "FAIL"),
        )
        for number, (row, command) in enumerate(zip(rows, told.commands, strict=True), 1)
    ]


def evidence_files(verdict: Verdict) -> list[str]:
    """What is to be committed: the packet, and the folder of logs that belong to it."""
    logs = [command.log for command in (verdict.evidence.commands if verdict.evidence else ()) if command.log]
    return [verdict.packet or "", *sorted({posixpath.dirname(log) for log in logs})]


def _row(command: "CommandRun") -> tuple[str, str, str, str]:
    tests = command.tests
    counted = f"{tests.passed} passed, {tests.failed} failed, {tests.skipped} skipped" if tests else ""
    took = f"{command.duration_ms / 1000:.1f} s" if command.duration_ms is not None else ""
    return command.outcome, took, counted, command.command
