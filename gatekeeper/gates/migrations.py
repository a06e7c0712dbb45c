"""The ``migrations`` check: the proof, where the change touches a migration."""

import posixpath

from gatekeeper.gates.case import Case, Outcome, not_applicable, not_run
from gatekeeper.model.finding import Status
from gatekeeper.model.globs import matches_any
from gatekeeper.model.settings import Settings


def check_migrations(case: Case) -> Outcome:
    """Rules: migration.*. Runs the proof of the whole set on the judged tree if the change touches it."""
    if case.change_set is None or case.prove is None:
        return not_run("there is no change set")
    globs = migration_globs(case.settings)
    changed = [
        c for c in case.change_set.changes if any(matches_any(globs, p) for p in (c.path, c.old_path or c.path))
    ]
    if not changed:
        return not_applicable("the change touches no migration")
    result = case.prove()
    # A waiver may cover a finding but never an engine that didn't run, so FAIL is left to the findings.
    engines = result.proof.engines if result.proof else ()
    stopped = result.status is Status.NOT_RUN or any(engine.status is Status.NOT_RUN for engine in engines)
    idle = result.status is Status.NOT_APPLICABLE
    status = Status.NOT_RUN if stopped else Status.NOT_APPLICABLE if idle else None
    return Outcome(result.findings, status=status, reason=result.reason, proof=result)


def migration_globs(settings: Settings) -> tuple[str, ...]:
    """What counts as a migration: ``[kinds] migration`` and everything under the configured migration folders."""
    migrations = settings.migrations
    folders = {posixpath.normpath(path) for path in (*migrations.paths, *migrations.sqlite, *migrations.postgres)}
    return (*settings.kinds.migration, *sorted("**" if folder == "." else f"{folder}/**" for folder in folders))
