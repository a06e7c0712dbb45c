"""Undoing: the downs of the last versions, newest first, each in one transaction where the engine allows."""

from dataclasses import dataclass

from gatekeeper.engines.base import EngineUnavailable
from gatekeeper.engines.live import LiveSession
from gatekeeper.migrate import findings as say
from gatekeeper.migrate.discover import Migration, Version
from gatekeeper.migrate.foreign import foreign_tables
from gatekeeper.migrate.parts import Parts, parts_of
from gatekeeper.migrate.run import ScriptError, commit, require_ended, run_statements
from gatekeeper.migrate.runner_apply import untracked
from gatekeeper.migrate.runner_job import Job, recorded, transaction, under_way
from gatekeeper.migrate.scripts import Script
from gatekeeper.migrate.tracking import Row, Tracking
from gatekeeper.model.errors import UsageError
from gatekeeper.model.finding import Finding


@dataclass(frozen=True, slots=True)
class UndoOptions:
    """How many versions, or down to which (which stays); ``confirmed`` that their data may go."""

    steps: int = 1
    to: Version | None = None
    confirmed: bool = False


class Undoing:
    """One ``undo`` in one session."""

    def __init__(self, job: Job, session: LiveSession, options: UndoOptions) -> None:
        self._job = job
        self._session = session
        self._options = options
        self._tracking = Tracking(session, job.table)
        self._by_key = {migration.version.key: migration for migration in job.migrations}

    def run(self) -> None:
        """Undo what is asked for. Raises UsageError, nothing changed, unless that was confirmed."""
        with self._session.alone():
            self._session.fresh_session()
            chosen = self._chosen()
            if not chosen:
                return
            if not self._options.confirmed:
                names = ", ".join(row.version for _, row in chosen)
                raise UsageError(
                    f"This would undo {names} in {self._session.shown}, with the data that they hold.",
                    hint="say so: add --yes-destroy-data",
                )
            for key, _ in chosen:
                if not self._step(key):
                    return

    def _chosen(self) -> list[tuple[int, Row]]:
        """The rows to undo, newest first; none, with the findings told, where something is wrong."""
        with transaction(self._session):
            if not self._tracking.exists():
                foreign = foreign_tables(self._session, self._job.migrations)
                tables = self._session.tables()
                if tables:
                    self._job.findings.append(untracked(self._job, self._session, foreign, tables))
                self._job.reason = "Nothing was applied here, so there is nothing to undo."
                return []
            rows = sorted(self._tracking.rows().items(), reverse=True)
            if busy := under_way(self._job, self._session, dict(rows)):
                where = f"Version {busy.version} is under way in {self._session.shown}"
                raise EngineUnavailable(
                    f"{where}, or its run was killed just now.",
                    hint=f"run the command again in {self._job.patience:g} seconds",
                )
            to = self._options.to
            chosen = [r for r in rows if r[0] > to.key] if to else rows[: self._options.steps]
            if not chosen:
                self._job.reason = "There is nothing to undo."
            return [] if self._faults(chosen) else chosen

    def _faults(self, chosen: list[tuple[int, Row]]) -> bool:
        """Report what keeps one of them from being undone; whether anything does."""
        keys = dict(chosen)
        standing = self._job.standing(self._session, keys, any_order=True)
        found = [f for f in standing.errors if f.rule in {"migration.unknown", "migration.edited"}]
        for key, _ in chosen:
            if migration := self._by_key.get(key):
                found += self._unfit(migration)
        self._job.findings.extend(found)
        return bool(found)

    def _unfit(self, migration: Migration) -> list[Finding]:
        if migration.down is None:
            return [
                Finding(
                    rule="migration.missing-down",
                    message=f"Version {migration.version.text} has no down for {migration.path}.",
                    path=migration.path,
                    hint="Add a down that takes back what the up makes.",
                )
            ]
        try:
            parts_of(migration.down, self._session.engine, self._job.guards)
        except ScriptError as error:
            return [say.down_fails(self._session.engine, error)]
        return []

    def _step(self, key: int) -> bool:
        """Undo one version; whether that came off."""
        self._session.fresh_session()
        migration = self._by_key[key]
        script = migration.down or Script("", "")
        parts = parts_of(script, self._session.engine, self._job.guards)
        self._job.progress(f"{self._session.engine}: {script.path}")
        try:
            if parts.before:
                run_statements(self._session, script, parts.before, guards=self._job.guards)
            with transaction(self._session):
                row = recorded(self._tracking).get(key)
                if row is not None:
                    self._carry_out(migration, script, parts, row)
            run_statements(self._session, script, parts.after, guards=self._job.guards)
        except ScriptError as error:
            self._failed(migration, error)
            return False
        return True

    def _carry_out(self, migration: Migration, script: Script, parts: Parts, row: Row) -> None:
        if parts.atomic:
            run_statements(self._session, script, parts.within, guards=self._job.guards)
            self._tracking.remove(row)
            commit(self._session, script)
        else:
            self._job.findings.extend(
                say.own_transaction(self._session.engine, script, guards=self._job.settings.guards)
            )
            self._tracking.put(migration, "undoing")
            self._session.commit()
            run_statements(self._session, script, parts.within, guards=self._job.guards)
            require_ended(self._session, script)
            self._tracking.remove(row)
        self._job.done.append(row.version)

    def _failed(self, migration: Migration, error: ScriptError) -> None:
        self._session.rollback()
        hint = "mend the statement and run the command again; what it did was undone"
        row = recorded(self._tracking).get(migration.version.key)
        if row is not None and row.state == "undoing":
            self._tracking.put(migration, "failed")
            hint = (
                "the statements before it stay, as the file runs outside a transaction; mend it, then "
                "gate migrations undo --yes-destroy-data runs the down again from its first statement"
            )
        finding = say.down_fails(self._session.engine, error)
        self._job.findings.append(finding.model_copy(update={"hint": hint}))
