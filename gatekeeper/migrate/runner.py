"""The runner: apply, undo and ask after the migrations of one database.

A library call, safe to be made by several processes at once: one works, the others wait. Each version is applied
in one transaction together with its record, where the engine allows. A URL is ``sqlite:PATH`` or
``postgresql://…``; files are those of the whole set, ups and downs.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from gatekeeper.engines.live import Limits, LiveSession
from gatekeeper.migrate.discover import Migration
from gatekeeper.migrate.foreign import ForeignTable, foreign_tables
from gatekeeper.migrate.runner_apply import Applying, ApplyOptions, untracked
from gatekeeper.migrate.runner_job import Job, Progress, job_of
from gatekeeper.migrate.runner_undo import Undoing, UndoOptions
from gatekeeper.migrate.standing import Place, examine
from gatekeeper.migrate.tracking import TABLE, Tracking
from gatekeeper.model.errors import UsageError
from gatekeeper.model.finding import Severity
from gatekeeper.model.proof import SourceFile
from gatekeeper.model.runner import RunnerResult, Tracked
from gatekeeper.model.settings import MigrationSettings

__all__ = ["TABLE", "Limits", "apply", "status", "undo"]


def apply(
    url: str,
    files: Iterable[SourceFile],
    settings: MigrationSettings | None = None,
    *,
    to: str | None = None,
    baseline: str | None = None,
    rerun: bool = False,
    allow_out_of_order: bool = False,
    limits: Limits | None = None,
    table: str = TABLE,
    progress: Progress | None = None,
) -> RunnerResult:
    """Apply every version that is due, in order, or those up to ``to``.

    ``baseline`` first records the versions up to it as applied without running them (``"0"``: none), on a database
    that isn't empty or that another tool migrated; ``rerun`` runs a version that did not end again from its first
    statement. Without ``limits`` the statement time-out is the settings'.

    The result is FAIL with findings where files and database don't agree or a statement fails, NOT_RUN with the
    reason where the database can't be used now; what was applied before stays, and ``done`` names it. Raises
    UsageError for a URL that names no database and for a version that doesn't exist.
    """
    job = job_of("apply", url, files, settings, limits=limits, table=table, progress=progress)
    options = ApplyOptions(
        to=job.known(to, "--to") if to is not None else None,
        baseline=job.known(baseline, "--baseline") if baseline is not None else None,
        rerun=rerun,
        any_order=allow_out_of_order,
    )
    return job.run(lambda session: Applying(job, session, options).run())


def undo(
    url: str,
    files: Iterable[SourceFile],
    settings: MigrationSettings | None = None,
    *,
    steps: int = 1,
    to: str | None = None,
    destroy_data: bool = False,
    limits: Limits | None = None,
    table: str = TABLE,
    progress: Progress | None = None,
) -> RunnerResult:
    """Run the downs of the last ``steps`` versions, or of all above ``to``, newest first.

    Raises UsageError, nothing changed, unless ``destroy_data`` is set; else as ``apply``.
    """
    if steps < 1:
        raise UsageError(f"--steps {steps}: at least one version is undone.", hint="give a number from 1 on")
    job = job_of("undo", url, files, settings, limits=limits, table=table, progress=progress)
    wanted = job.known(to, "--to") if to is not None else None
    options = UndoOptions(steps=steps, to=wanted, confirmed=destroy_data)
    return job.run(lambda session: Undoing(job, session, options).run())


def status(
    url: str,
    files: Iterable[SourceFile],
    settings: MigrationSettings | None = None,
    *,
    limits: Limits | None = None,
    table: str = TABLE,
) -> RunnerResult:
    """How each version stands, by the runner's own table and by those of other tools; changes nothing."""
    job = job_of("status", url, files, settings, limits=limits, table=table, progress=None)
    if job.url.engine == "sqlite" and not Path(job.url.path).exists():
        job.tracked.append(_nothing(job))
        job.reason = f"There is no file {job.url.path} yet; apply makes it."
        return job.result()
    return job.run(lambda session: _look(job, session))


def _look(job: Job, session: LiveSession) -> None:
    tracking = Tracking(session, job.table)
    foreign = foreign_tables(session, job.migrations)
    if tracking.exists():
        standing = job.standing(session, tracking.rows())
        job.tracked.append(Tracked(tool="gatekeeper", table=job.table, versions=standing.versions))
        job.findings.extend(standing.findings)
    for one in foreign:
        _look_at(job, session, one)
    if job.tracked:
        return
    job.tracked.append(_nothing(job))
    if tables := session.tables():
        job.findings.append(untracked(job, session, (), tables, Severity.WARNING))


def _look_at(job: Job, session: LiveSession, found: ForeignTable) -> None:
    def digest(migration: Migration) -> str:
        return hashlib.sha384(job.contents[migration.path]).hexdigest()

    place = job.place(session, found.table, found.tool)
    standing = examine(job.migrations, found.rows, place, digest=digest, any_order=True)
    job.tracked.append(Tracked(tool=found.tool, table=found.table, versions=standing.versions))
    job.findings.extend(standing.findings)


def _nothing(job: Job) -> Tracked:
    """All versions pending, as in an empty database."""
    standing = examine(job.migrations, {}, Place(job.url.engine, job.url.shown, job.table))
    return Tracked(tool=None, table=None, versions=standing.versions)
