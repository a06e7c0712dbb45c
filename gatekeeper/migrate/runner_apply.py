"""Applying: one version after the other, each in one transaction with its record where the engine allows."""

import time
from dataclasses import dataclass

from gatekeeper.engines.base import EngineUnavailable, SqlError
from gatekeeper.engines.live import LiveSession
from gatekeeper.migrate import findings as say
from gatekeeper.migrate.discover import Migration, Version
from gatekeeper.migrate.foreign import ForeignTable, foreign_tables
from gatekeeper.migrate.parts import Parts, parts_of
from gatekeeper.migrate.run import ScriptError, commit, require_ended, run_statements
from gatekeeper.migrate.runner_job import Job, recorded, transaction, under_way
from gatekeeper.migrate.standing import Standing
from gatekeeper.migrate.tracking import Tracking
from gatekeeper.model.finding import Finding, Severity

_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """How far, and what is allowed; ``baseline`` records what is up to it as applied without running it."""

    to: Version | None = None
    baseline: Version | None = None
    rerun: bool = False
    any_order: bool = False


class Applying:
    """One ``apply`` in one session."""

    def __init__(self, job: Job, session: LiveSession, options: ApplyOptions) -> None:
        self._job = job
        self._session = session
        self._options = options
        self._tracking = Tracking(session, job.table)

    def run(self) -> None:
        """Apply all that is due, or find out why not; findings and what was done go to the job."""
        with self._session.alone():
            self._session.fresh_session()
            if self._prepare():
                while self._step():
                    pass

    def _prepare(self) -> bool:
        """Make the table, record the baseline, look at all that is due; all of it or nothing."""
        with transaction(self._session):
            if not self._tracking.exists():
                if finding := self._untracked():
                    self._job.findings.append(finding)
                    return False
                if not self._job.migrations:
                    self._job.reason = "There are no migrations to apply."
                    return False
                self._tracking.create()
            self._record_baseline()
            due = self._due(self._standing())
            if due is None:
                return False
            if due:
                self._create_extensions()
            for migration in due:
                try:
                    parts_of(migration.up, self._session.engine, self._job.guards)
                except ScriptError as error:
                    self._failed(error)
                    return False
            self._session.commit()
        return True

    def _untracked(self) -> Finding | None:
        """What speaks against making the table: another tool's, or tables of which nobody knows how they came."""
        foreign = foreign_tables(self._session, self._job.migrations)
        if self._options.baseline and not any(
            row.state == "dirty" for one in foreign for row in one.rows.values()
        ):
            return None
        tables = self._session.tables()
        return untracked(self._job, self._session, foreign, tables) if tables else None

    def _record_baseline(self) -> None:
        baseline = self._options.baseline
        if baseline is None:
            return
        for migration in self._job.migrations:
            if migration.version.key <= baseline.key:
                self._tracking.put(migration, "applied")
                self._job.baselined.append(migration.version.text)

    def _create_extensions(self) -> None:
        for extension in self._job.settings.postgres_extensions:
            try:
                self._session.create_extension(extension)
            except SqlError as error:
                what = f"[migrations] postgres-extensions names {extension}"
                raise EngineUnavailable(
                    f"{what}, which can't be created: {error.message}.",
                    hint=f"let a superuser create the extension {extension}",
                ) from None

    def _standing(self) -> Standing:
        return self._job.standing(
            self._session,
            self._tracking.rows(),
            any_order=self._options.any_order,
            unfinished_allowed=self._options.rerun,
        )

    def _due(self, standing: Standing) -> tuple[Migration, ...] | None:
        """What is to be applied; None, with the findings told, where something is wrong."""
        if standing.errors and not self._waits():
            self._job.findings.extend(f for f in standing.findings if f not in self._job.findings)
            return None
        to = self._options.to
        return tuple(m for m in standing.pending if to is None or m.version.key <= to.key)

    def _waits(self) -> bool:
        return under_way(self._job, self._session, self._tracking.rows()) is not None

    def _step(self) -> bool:
        """Apply the next version; whether there may be more."""
        self._session.fresh_session()
        parts = None
        with transaction(self._session):
            if self._waits():
                self._session.rollback()
                time.sleep(_LOOK_SECONDS)
                return True
            migration = self._next()
            if migration is None:
                return False
            try:
                parts = parts_of(migration.up, self._session.engine, self._job.guards)
                self._job.progress(f"{self._session.engine}: {migration.path}")
                self._carry_out(migration, parts)
            except ScriptError as error:
                self._failed(error)
                return False
        return True

    def _next(self) -> Migration | None:
        due = self._due(self._standing())
        return due[0] if due else None

    def _carry_out(self, migration: Migration, parts: Parts) -> None:
        if not parts.atomic:
            self._as_written(migration, parts)
            return
        session, script = self._session, migration.up
        if parts.before:
            # They have no effect in a transaction; meanwhile another migrator may have come first.
            session.rollback()
            run_statements(session, script, parts.before, guards=self._job.guards)
            session.begin()
            if self._next() is not migration:
                return
        run_statements(session, script, parts.within, guards=self._job.guards)
        self._tracking.put(migration, "applied")
        commit(session, script)
        self._job.done.append(migration.version.text)
        run_statements(session, script, parts.after, guards=self._job.guards)

    def _as_written(self, migration: Migration, parts: Parts) -> None:
        """Run it statement by statement, under a mark that stays if the run doesn't end."""
        for finding in say.own_transaction(self._session.engine, migration.up, guards=self._job.settings.guards):
            self._job.findings.append(finding)
        self._tracking.put(migration, "applying")
        self._session.commit()
        run_statements(self._session, migration.up, parts.within, guards=self._job.guards)
        require_ended(self._session, migration.up)
        self._tracking.put(migration, "applied")
        self._job.done.append(migration.version.text)

    def _failed(self, error: ScriptError) -> None:
        self._session.rollback()
        rows = recorded(self._tracking)
        applied = [row.version for _, row in sorted(rows.items()) if row.state == "applied"]
        stands = f"at version {applied[-1]}" if applied else "as it was before the first version"
        hint = f"mend the statement and run the command again; the database stands {stands}"
        for migration in self._job.migrations:
            row = rows.get(migration.version.key)
            if row is not None and row.state == "applying":
                self._tracking.put(migration, "failed")
                hint = (
                    "the statements before it stay, as the file runs outside a transaction; mend it, then "
                    f"gate migrations apply --rerun runs {row.version} again from its start"
                )
        finding = say.up_fails(self._session.engine, error)
        self._job.findings.append(finding.model_copy(update={"hint": hint}))


def untracked(
    job: Job,
    session: LiveSession,
    foreign: tuple[ForeignTable, ...],
    tables: tuple[str, ...],
    severity: Severity = Severity.ERROR,
) -> Finding:
    """The finding on a database that isn't empty and doesn't say what was applied, or says it to another tool."""
    baseline = "gate migrations apply --baseline"
    if foreign:
        one = foreign[0]
        newest = one.newest
        dirty = [row for row in one.rows.values() if row.state == "dirty"]
        at = f"at version {newest.version}" if newest else "at no version"
        if dirty:
            return Finding(
                rule="migration.dirty",
                message=f"{one.tool} left version {dirty[0].version} half done in {session.shown} "
                f"(table {one.table}).",
                hint=f"finish or take back its statements by hand and clear the mark with {one.tool}; then "
                f"{baseline} {dirty[0].version} if gate is to go on from there",
                severity=severity,
                engine=session.engine,
            )
        return Finding(
            rule="migration.untracked",
            message=f"{session.shown} is migrated by {one.tool} (table {one.table}, {at}), and two runners "
            "must not work on one database.",
            hint=f"go on with {one.tool}; or hand over to gate: {baseline} {newest.version if newest else 0}",
            severity=severity,
            engine=session.engine,
        )
    names = ", ".join(tables[:5]) + (f" and {len(tables) - 5} more" if len(tables) > 5 else "")
    return Finding(
        rule="migration.untracked",
        message=f"{session.shown} is not empty ({names}), and no table {job.table} says what was applied.",
        hint=f"record the version that it holds: {baseline} VERSION; where its tables have nothing to do with "
        f"these migrations: {baseline} 0",
        severity=severity,
        engine=session.engine,
    )
