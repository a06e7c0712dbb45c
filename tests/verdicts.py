"""Verdicts for the tests of the outward formats."""

from typing import Any

from gatekeeper.model.finding import CheckResult, Finding, Status
from gatekeeper.model.summary import WaiverUse
from gatekeeper.model.verdict import Verdict

WAIVER = WaiverUse(
    id="W-1", rule="scope", paths=("src/",), reason="a reason", approver="maintainers", expires="", used=1
)


def verdict(*checks: CheckResult, wp_id: str | None = None, packets: tuple[Verdict, ...] | None = None) -> Verdict:
    statuses = {check.status for check in checks}
    status = next((s for s in (Status.FAIL, Status.NOT_RUN) if s in statuses), Status.PASS)
    return Verdict(
        gate="post-work" if wp_id else "check",
        wp_id=wp_id,
        packet=None,
        status=status,
        exit_code={Status.FAIL: 1, Status.NOT_RUN: 3}.get(status, 0),
        tool_version="0",
        started_at="2026-01-01T00:00:00.000Z",
        duration_ms=1,
        checks=checks,
        waivers=(WAIVER,),
        packets=packets,
    )


def scope(*findings: Finding, status: Status = Status.FAIL, reason: str | None = None) -> CheckResult:
    return CheckResult(id="scope", title="Scope", status=status, reason=reason, findings=findings)


def finding(message: str = "It is so.", **fields: Any) -> Finding:
    return Finding(**{"rule": "scope.window", "message": message, **fields})
