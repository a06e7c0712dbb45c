"""Findings and check results: what a check yields."""

from collections.abc import Iterable
from enum import StrEnum

from gatekeeper.model.severity import Severity
from gatekeeper.model.value import Value

__all__ = ["CheckResult", "Finding", "Severity", "Status", "status_of"]


class Status(StrEnum):
    """The outcome of a check, of a proof's step, and of a verdict."""

    PASS = "PASS"  # noqa: S105 - a verdict's word, not a password
    FAIL = "FAIL"
    NOT_RUN = "NOT_RUN"
    NOT_APPLICABLE = "NOT_APPLICABLE"


class Finding(Value, kw_only=True):
    """One thing a check found; ``path`` is relative to the repository and POSIX, ``line`` is 1-based."""

    rule: str
    severity: Severity = Severity.ERROR
    message: str
    path: str | None = None
    line: int | None = None
    hint: str | None = None
    waiver: str | None = None
    engine: str | None = None

    def sort_key(self) -> tuple[str, int, str, str, str, str]:
        """Path, line, rule, engine, severity, message: the order in which findings are listed."""
        return (self.path or "", self.line or 0, self.rule, self.engine or "", self.severity, self.message)


class CheckResult(Value, kw_only=True):
    """The outcome of one check; ``id`` is one of the contract's check ids, ``duration_ms`` in milliseconds."""

    id: str
    title: str
    status: Status
    reason: str | None = None
    duration_ms: int = 0
    findings: tuple[Finding, ...] = ()


def status_of(findings: Iterable[Finding]) -> Status:
    """FAIL if any finding is an unwaived error, else PASS."""
    failed = any(f.severity is Severity.ERROR and f.waiver is None for f in findings)
    return Status.FAIL if failed else Status.PASS
