"""One engine's run through one set: the steps of the proof, in order (contract, section 5).

State lives in the database and in this run alone. A step that fails undoes what it did, so that the next starts
from where it should; only an up that fails ends the run.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gatekeeper.engines.base import Database, TableRows
from gatekeeper.migrate import findings as say
from gatekeeper.migrate.discover import Migration
from gatekeeper.migrate.lint import Since
from gatekeeper.migrate.run import ScriptError, is_transactional, run_script
from gatekeeper.migrate.scripts import Script
from gatekeeper.migrate.shadow import ShadowWatch
from gatekeeper.migrate.wording import essential, rows_differ
from gatekeeper.model.finding import Finding, Severity, Status
from gatekeeper.model.schema import ObjectKey, SchemaShape, SchemaSnapshot, differences
from gatekeeper.model.settings import MigrationSettings

STEPS = ("apply", "replay-file", "replay-all", "staircase", "baseline")
_REPLAYS = {"replay-file", "replay-all"}
_EMPTY = Script("", "")

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class State:
    """Schema and rows at one moment."""

    schema: SchemaSnapshot
    rows: Mapping[str, TableRows]


@dataclass(slots=True)
class Climb:
    """One engine's run: what it found, how each step came out, and how far it got."""

    database: Database
    migrations: Sequence[Migration]
    settings: MigrationSettings
    progress: Progress
    findings: list[Finding] = field(default_factory=list)
    applied: int = 0
    fingerprint: str | None = None
    shape: SchemaShape | None = None
    _failed: set[str] = field(default_factory=set)
    _blocked: set[str] = field(default_factory=set)
    _faulty: set[int] = field(default_factory=set)
    _made: dict[ObjectKey, Migration] = field(default_factory=dict)

    def run(self) -> None:
        """Take every step that can be taken. Raises EngineUnavailable and Interrupted."""
        self._blocked.update(STEPS)
        first = self._state()
        before = first
        for migration in self.migrations:
            self.progress(f"{self.database.engine}: {migration.path}")
            if not self._apply(migration, before):
                return
            after = self._state()
            for difference in differences(before.schema, after.schema):
                self._made[difference.key] = migration
            self._replay_file(migration, after)
            self._staircase(migration, before, after)
            before = after
        self.fingerprint = before.schema.fingerprint()
        self.shape = self.database.shape()
        self._blocked -= {"apply", "replay-file", "staircase"}
        self.progress(f"{self.database.engine}: all ups once more")
        self._replay_all(before)
        self.progress(f"{self.database.engine}: all downs")
        self._baseline(first)

    def steps(self) -> dict[str, Status]:
        """How each step came out."""
        out = {}
        for step in STEPS:
            if step in _REPLAYS and self.settings.replay == "off":
                out[step] = Status.NOT_APPLICABLE
            elif step in self._failed:
                out[step] = Status.FAIL
            elif (step == "staircase" and not self._has_downs()) or (step == "baseline" and self._downs_excused()):
                out[step] = Status.NOT_APPLICABLE
            else:
                out[step] = Status.NOT_RUN if step in self._blocked else Status.PASS
        return out

    def maker(self, name: str) -> str | None:
        """The path of the up that made or last changed the object of that name (in lower case)."""
        return next((m.path for key, m in self._made.items() if key.name.lower() == name), None)

    def _has_downs(self) -> bool:
        return any(migration.down is not None for migration in self.migrations)

    def _downs_excused(self) -> bool:
        """Whether there is no way down, and by the settings there needn't be one."""
        missing = [migration for migration in self.migrations if migration.down is None]
        since = Since(self.settings.since)
        due = self.settings.require_down and any(since.covers(migration.version) for migration in missing)
        return bool(missing) and not due

    def _state(self) -> State:
        return State(self.database.snapshot(), self.database.rows())

    def _report(self, step: str, migration: Migration, finding: Finding) -> None:
        """Record a finding once; the step has failed if it is an error."""
        judged = Since(self.settings.since).judged(migration.version, finding)
        if judged not in self.findings:
            self.findings.append(judged)
        if judged.severity is Severity.ERROR:
            self._failed.add(step)

    def _transactional(self, *scripts: Script) -> bool:
        return all(is_transactional(script, self.database) for script in scripts)

    def _apply(self, migration: Migration, before: State) -> bool:
        """The first run; False if it fails."""
        engine = self.database.engine
        for script in (migration.up, migration.down or _EMPTY):
            for finding in say.own_transaction(engine, script):
                self._report("apply", migration, finding)
        watch = ShadowWatch(self.database, migration.path, before.schema)
        try:
            run_script(self.database, migration.up, watch)
        except ScriptError as error:
            self._report("apply", migration, say.up_fails(engine, error))
            return False
        finally:
            for finding in watch.findings:
                self._report("apply", migration, finding)
        self.applied += 1
        return True

    def _replay_file(self, migration: Migration, after: State) -> None:
        """The second run directly after the first, undone at its end."""
        if self.settings.replay == "off":
            return
        with self.database.trial(transactional=self._transactional(migration.up)):
            try:
                run_script(self.database, migration.up)
            except ScriptError as error:
                self._report("replay-file", migration, say.replay_fails(self.database.engine, error))
                return
            self._compare_replay("replay-file", after, lambda _: migration, lambda _: migration)

    def _compare_replay(
        self,
        step: str,
        wanted: State,
        schema_blame: Callable[[ObjectKey], Migration],
        rows_blame: Callable[[str], Migration],
    ) -> None:
        """Report what differs from the wanted state, on the migration that each blame names."""
        engine = self.database.engine
        by_migration: dict[str, tuple[Migration, list[ObjectKey]]] = {}
        found = {d.key: d for d in essential(differences(wanted.schema, self.database.snapshot()))}
        for key in found:
            migration = schema_blame(key)
            by_migration.setdefault(migration.path, (migration, []))[1].append(key)
        for migration, keys in by_migration.values():
            self._report(step, migration, say.replay_schema(engine, migration.path, [found[key] for key in keys]))
        tables: dict[str, tuple[Migration, dict[str, str]]] = {}
        for table, how in rows_differ(wanted.rows, self.database.rows()).items():
            migration = rows_blame(table)
            tables.setdefault(migration.path, (migration, {}))[1][table] = how
        for migration, hows in tables.values():
            self._report(step, migration, say.replay_data(engine, migration.path, hows))

    def _staircase(self, migration: Migration, before: State, after: State) -> None:
        """Up, down, up: the down returns the schema, the second up gives the first's; undone at its end."""
        if migration.down is None:
            return
        engine = self.database.engine
        with self.database.trial(transactional=self._transactional(migration.up, migration.down)):
            try:
                run_script(self.database, migration.down)
            except ScriptError as error:
                self._faulty.add(migration.version.key)
                self._report("staircase", migration, say.down_fails(engine, error))
                return
            left = essential(differences(before.schema, self.database.snapshot()))
            for difference in left:
                self._faulty.add(migration.version.key)
                self._report("staircase", migration, say.trace(engine, migration.down.path, difference))
            if left:
                return
            try:
                run_script(self.database, migration.up)
            except ScriptError as error:
                self._report("staircase", migration, say.redo_fails(engine, error))
                return
            found = essential(differences(after.schema, self.database.snapshot()))
            if found:
                self._report("staircase", migration, say.redo_differs(engine, migration.path, found))

    def _replay_all(self, wanted: State) -> None:
        """All ups once more from the top, as a runner does whose tracking was lost; undone at its end."""
        self._blocked.discard("replay-all")
        if self.settings.replay == "off":
            return
        transactional = self._transactional(*(migration.up for migration in self.migrations))
        with self.database.trial(transactional=transactional):
            failed = self._all_ups()
            if failed or self._state() == wanted:
                return
        # It differs: run once more and watch after which up each object and table is last seen to change.
        with self.database.trial(transactional=transactional):
            schema, rows = self._watch_all_ups(wanted)
            last = self.migrations[-1]
            self._compare_replay("replay-all", wanted, lambda k: schema.get(k, last), lambda t: rows.get(t, last))

    def _all_ups(self) -> bool:
        """Run every up; those that fail are reported and passed over. Whether any failed."""
        failed = False
        for migration in self.migrations:
            try:
                run_script(self.database, migration.up)
            except ScriptError as error:
                failed = True
                self._report("replay-all", migration, say.replay_fails(self.database.engine, error))
                if error.lost:
                    break
        return failed

    def _watch_all_ups(self, wanted: State) -> tuple[dict[ObjectKey, Migration], dict[str, Migration]]:
        schema: dict[ObjectKey, Migration] = {}
        rows: dict[str, Migration] = {}
        before = wanted
        for migration in self.migrations:
            run_script(self.database, migration.up)
            after = self._state()
            schema |= dict.fromkeys((d.key for d in differences(before.schema, after.schema)), migration)
            rows |= dict.fromkeys(rows_differ(before.rows, after.rows), migration)
            before = after
        return schema, rows

    def _baseline(self, first: State) -> None:
        """All downs in reverse order; what they leave is laid to the version that made it."""
        if any(migration.down is None for migration in self.migrations):
            return
        self._blocked.discard("baseline")
        engine = self.database.engine
        for migration in reversed(self.migrations):
            try:
                run_script(self.database, migration.down or _EMPTY)
            except ScriptError as error:
                # After a down that the staircase found faulty, what fails here may be its consequence.
                self._baseline_failed(migration, say.down_fails(engine, error))
                return
        for difference in essential(differences(first.schema, self.database.snapshot())):
            culprit = self._made.get(difference.key, self.migrations[0])
            path = culprit.down.path if culprit.down else culprit.path
            self._baseline_failed(culprit, say.trace(engine, path, difference))

    def _baseline_failed(self, migration: Migration, finding: Finding) -> None:
        if self._faulty:
            self._failed.add("baseline")
        else:
            self._report("baseline", migration, finding)
