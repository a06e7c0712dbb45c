"""``prove_migrations``: the migration proof by itself, on any tree."""

from pathlib import Path

from gatekeeper import __version__
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Selector
from gatekeeper.migrate.prove import prove
from gatekeeper.migrate.source import migration_files
from gatekeeper.model.errors import ExitCode
from gatekeeper.model.finding import CheckResult, Finding, Status
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
    check = CheckResult(
        id="migrations",
        title="Migration proof",
        status=result.status,
        reason=result.reason,
        duration_ms=clock.duration_ms,
        findings=tuple(sorted(result.findings, key=Finding.sort_key)),
    )
    status = Status.PASS if result.status is Status.NOT_APPLICABLE else result.status
    return Verdict(
        gate="migrations prove",
        wp_id=None,
        packet=None,
        status=status,
        exit_code=_EXIT_CODES.get(status, ExitCode.PASS),
        tool_version=__version__,
        started_at=clock.started_at,
        duration_ms=clock.duration_ms,
        checks=(check,),
        migrations=result.proof,
    )
