"""``audit``: the source rules by themselves, on any tree."""

from pathlib import Path

from gatekeeper import __version__
from gatekeeper.changes.diff import change_set as read_change_set
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Selector
from gatekeeper.gates.audit import audit_tree, reason_of
from gatekeeper.model.errors import ExitCode
from gatekeeper.model.finding import CheckResult, Status, status_of
from gatekeeper.model.verdict import Verdict
from gatekeeper.runs.load import endpoints_without_packet, settings_from_disk
from gatekeeper.runs.verdicts import Clock


def audit(repo: Path, *, selector: Selector | None = None, config: Path | None = None) -> Verdict:
    """Audit the work tree, or with a selector the files of that change; waivers need a packet, so none applies.

    The verdict's gate is ``audit``; its wp_id and packet are None. Raises UsageError, ConfigError,
    RepositoryError, NotRunError where the base can't be found.
    """
    clock = Clock()
    with Repository.open(repo) as repository:
        settings = settings_from_disk(repository, config).settings
        endpoints = endpoints_without_packet(repository, selector or Selector(kind="worktree"), settings)
        changed = None
        if selector is not None:
            changes = read_change_set(repository, endpoints).changes
            changed = {change.path for change in changes if change.head is not None}
        outcome = audit_tree(repository.tree(endpoints.head_tree), settings, changed)
    status = outcome.status or status_of(outcome.findings)
    failed = status is Status.FAIL
    check = CheckResult(
        id="audit",
        title="Audits",
        status=status,
        reason=reason_of(outcome.findings, outcome.reason),
        duration_ms=clock.duration_ms,
        findings=outcome.findings,
    )
    return Verdict(
        gate="audit",
        wp_id=None,
        packet=None,
        status=Status.FAIL if failed else Status.PASS,
        exit_code=ExitCode.FAIL if failed else ExitCode.PASS,
        tool_version=__version__,
        started_at=clock.started_at,
        duration_ms=clock.duration_ms,
        checks=(check,),
    )
