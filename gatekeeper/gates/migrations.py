"""The ``migrations`` check: the proof, where the change touches a migration, and the lint of what it touches."""

import posixpath
from collections.abc import Collection

from gatekeeper.gates.case import Case, Outcome, not_applicable, not_run
from gatekeeper.model.finding import Status
from gatekeeper.model.globs import matches_any
from gatekeeper.model.names import for_output
from gatekeeper.model.proof import LintResult
from gatekeeper.model.settings import Settings


def check_migrations(case: Case) -> Outcome:
    """Rules: migration.*, lint.*. The proof of the whole set on the judged tree, the lint of the changed files."""
    if case.change_set is None or case.prove is None:
        return not_run("there is no change set")
    globs = migration_globs(case.settings)
    changed = [
        c for c in case.change_set.changes if any(matches_any(globs, p) for p in (c.path, c.old_path or c.path))
    ]
    if not changed:
        return not_applicable("the change touches no migration")
    result = case.prove()
    linted = _linted(case, {for_output(change.path) for change in changed})
    # A waiver may cover a finding but never an engine that didn't run, so FAIL is left to the findings.
    engines = result.proof.engines if result.proof else ()
    stopped = result.status is Status.NOT_RUN or any(engine.status is Status.NOT_RUN for engine in engines)
    idle = result.status is Status.NOT_APPLICABLE
    stopped = stopped or linted.problem is not None
    status = Status.NOT_RUN if stopped else Status.NOT_APPLICABLE if idle else None
    reason = " ".join(filter(None, (result.reason, linted.problem))) or None
    return Outcome((*result.findings, *linted.findings), status=status, reason=reason, proof=result)


def _linted(case: Case, changed: Collection[str]) -> LintResult:
    """The lint of the changed files, and what it says of itself."""
    if case.lint is None:
        return LintResult()
    whole = case.lint()
    return LintResult(tuple(f for f in whole.findings if f.path is None or f.path in changed), whole.problem)


def migration_globs(settings: Settings) -> tuple[str, ...]:
    """What counts as a migration: ``[kinds] migration`` and everything under the configured migration folders."""
    migrations = settings.migrations
    folders = {posixpath.normpath(path) for path in (*migrations.paths, *migrations.sqlite, *migrations.postgres)}
    return (*settings.kinds.migration, *sorted("**" if folder == "." else f"{folder}/**" for folder in folders))
