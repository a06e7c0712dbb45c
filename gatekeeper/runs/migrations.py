"""``prove_migrations`` and ``lint_migrations``: the migration proof and the lint by themselves, on any tree."""

from pathlib import Path

from gatekeeper import __version__
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Selector
from gatekeeper.gates.pipeline import reason_of
from gatekeeper.migrate.discover import discover
from gatekeeper.migrate.lint import lint
from gatekeeper.migrate.linting.run import lint_statements
from gatekeeper.migrate.prove import nothing_there, prove
from gatekeeper.migrate.source import migration_files
from gatekeeper.model.errors import ExitCode
from gatekeeper.model.finding import CheckResult, Finding, Status, status_of
from gatekeeper.model.proof import LintResult, Proof
from gatekeeper.model.verdict import Verdict
from gatekeeper.runs.load import Progress, endpoints_without_packet, settings_from_disk
from gatekeeper.runs.verdicts import Clock

_EXIT_CODES = {Status.FAIL: ExitCode.FAIL, Status.NOT_RUN: ExitCode.NOT_RUN}


def prove_migrations(
    repo: Path,
    *,
    selector: Selector | None = None,
    config: Path | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Prove the migrations of the judged tree; without a selector that is the work tree.

    The verdict's gate is ``migrations prove``; its wp_id and packet are None. Raises UsageError, ConfigError,
    RepositoryError.
    """
    clock = Clock()
    with Repository.open(repo) as repository:
        settings = settings_from_disk(repository, config).settings
        endpoints = endpoints_without_packet(repository, selector or Selector(kind="worktree"), settings)
        files = migration_files(repository.tree(endpoints.head_tree), settings.migrations)
        result = prove(files, settings.migrations, settings.postgres, progress=progress)
    findings = tuple(sorted(result.findings, key=Finding.sort_key))
    check = CheckResult(
        id="migrations",
        title="Migration proof",
        status=result.status,
        reason=result.reason,
        duration_ms=clock.duration_ms,
        findings=findings,
    )
    return _verdict("prove", check, clock, result.proof)


def lint_migrations(repo: Path, *, selector: Selector | None = None, config: Path | None = None) -> Verdict:
    """Lint all migrations of the judged tree; without a selector that is the work tree.

    Numbers, pairs and text are judged, and no database is opened. FAIL if any finding is an error, NOT_RUN where a
    linter that is installed could not run. The verdict's gate is ``migrations lint``; its wp_id and packet are
    None. Raises UsageError for migrations whose layouts are mixed, ConfigError, RepositoryError.
    """
    clock = Clock()
    with Repository.open(repo) as repository:
        settings = settings_from_disk(repository, config).settings
        endpoints = endpoints_without_packet(repository, selector or Selector(kind="worktree"), settings)
        files = migration_files(repository.tree(endpoints.head_tree), settings.migrations)
    discovery = discover(files, settings.migrations)
    structural = lint(discovery, settings.migrations)
    linted, status = LintResult(), Status.NOT_APPLICABLE
    reason: str | None = nothing_there(settings.migrations)
    if any(found.migrations for found in discovery.sets.values()):
        linted = lint_statements(discovery, settings.migrations)
        status, reason = Status.NOT_RUN if linted.problem else Status.PASS, linted.problem
    findings = tuple(sorted((*structural, *linted.findings), key=Finding.sort_key))
    if status_of(findings) is Status.FAIL:
        status, reason = Status.FAIL, "; ".join(filter(None, (reason_of(Status.FAIL, findings), linted.problem)))
    check = CheckResult(
        id="migrations",
        title="Migration lint",
        status=status,
        reason=reason,
        duration_ms=clock.duration_ms,
        findings=findings,
    )
    return _verdict("lint", check, clock)


def _verdict(command: str, check: CheckResult, clock: Clock, proof: Proof | None = None) -> Verdict:
    """A verdict of that one check; one that doesn't apply is a pass."""
    overall = Status.PASS if check.status is Status.NOT_APPLICABLE else check.status
    return Verdict(
        gate=f"migrations {command}",
        wp_id=None,
        packet=None,
        status=overall,
        exit_code=_EXIT_CODES.get(overall, ExitCode.PASS),
        tool_version=__version__,
        started_at=clock.started_at,
        duration_ms=clock.duration_ms,
        checks=(check,),
        migrations=proof,
    )
