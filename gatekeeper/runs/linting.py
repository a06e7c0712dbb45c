"""``lint_migrations``: the lint of migrations by itself, on any tree."""

from pathlib import Path

from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Selector
from gatekeeper.clock import Clock
from gatekeeper.gates.pipeline import reason_of
from gatekeeper.migrate.discover import discover
from gatekeeper.migrate.lint import lint
from gatekeeper.migrate.linting.run import lint_statements
from gatekeeper.migrate.prove import nothing_there
from gatekeeper.migrate.source import migration_files
from gatekeeper.model.finding import CheckResult, Finding, Status, status_of
from gatekeeper.model.proof import LintResult
from gatekeeper.model.verdict import Verdict
from gatekeeper.runs.load import endpoints_without_packet, settings_from_disk
from gatekeeper.runs.migrations import verdict_of


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
    return verdict_of("lint", check, clock)
