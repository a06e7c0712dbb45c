"""One engine's run through one set on tables without rows but its own (contract, section 5).

The steps that want rows, replay-file and data, are taken by ``data.DataWalk``, which reports here.

State lives in the database and in this run alone. A step that fails undoes what it did, so that the next starts
from where it should; only an up that fails ends the run.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue

from gatekeeper.engines.base import Database, TableRows
from gatekeeper.migrate import findings as say
from gatekeeper.migrate.clocks import await_another_second, unsteady_columns
from gatekeeper.migrate.discover import Migration
from gatekeeper.migrate.guards import Guards
from gatekeeper.migrate.lint import Since
from gatekeeper.migrate.run import ScriptError, run_script, takes_savepoint
from gatekeeper.migrate.scripts import Script
from gatekeeper.migrate.shadow import ShadowWatch
from gatekeeper.migrate.trackers import tracking
from gatekeeper.migrate.wording import essential, rows_differ
from gatekeeper.model.finding import Finding, Severity, Status
from gatekeeper.model.schema import ObjectKey, SchemaShape, SchemaSnapshot, differences
from gatekeeper.model.settings import MigrationSettings

STEPS = ("apply", "replay-file", "replay-all", "staircase", "baseline", "data")
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
    finished: bool = False
    """Whether every up ran, so that later steps can be taken to their end."""
    clean: dict[int, set[str]] = field(default_factory=dict)
    """By version, what of ``down`` and ``redo`` ran without an error."""
    guards: Guards | None = None
    _failed: set[str] = field(default_factory=set)
    _failed_at: set[tuple[str, int]] = field(default_factory=set)
    _taken: set[tuple[str, int]] = field(default_factory=set)
    _blocked: set[str] = field(default_factory=set)
    _faulty: set[int] = field(default_factory=set)
    _made: dict[ObjectKey, Migration] = field(default_factory=dict)
    _passed: SimpleQueue[Migration | None] = field(default_factory=SimpleQueue)

    def __post_init__(self) -> None:
        self.guards = Guards() if self.settings.guards else None

    def run(self) -> None:
        """Take every step that can be taken. Raises EngineUnavailable and Interrupted."""
        try:
            self._run_steps()
        finally:
            self._passed.put(None)

    def passed(self) -> Iterator[Migration]:
        """The versions whose ups ran, each as soon as its own steps are taken, until the run is over."""
        return iter(self._passed.get, None)

    def _run_steps(self) -> None:
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
            self._staircase(migration, before, after)
            self.took("staircase", migration)
            self._passed.put(migration)
            before = after
        self.fingerprint = before.schema.fingerprint()
        self.shape = self.database.shape()
        self.finished = True
        self.done("apply", "staircase")
        self.progress(f"{self.database.engine}: all ups once more")
        self._replay_all(before)
        self.progress(f"{self.database.engine}: all downs")
        self._baseline(first)

    def done(self, *steps: str) -> None:
        """Record that these steps were taken to their end."""
        self._blocked.difference_update(steps)

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

    def versions(self) -> dict[str, dict[str, Status]]:
        """How each version came out of each step."""
        whole = self.steps()
        return {
            m.version.text: {step: self._outcome(step, whole[step], m) for step in STEPS} for m in self.migrations
        }

    def _outcome(self, step: str, whole: Status, migration: Migration) -> Status:
        if (step, migration.version.key) in self._failed_at:
            return Status.FAIL
        downless = migration.down is None and step in {"staircase", "baseline"}
        if whole is Status.NOT_APPLICABLE or downless:
            return Status.NOT_APPLICABLE
        taken = step not in self._blocked or (step, migration.version.key) in self._taken
        return Status.PASS if taken else Status.NOT_RUN

    def ups_to(self, migration: Migration) -> list[Script]:
        """The ups that ran by then, its own included."""
        return [other.up for other in self.migrations if other.version.key <= migration.version.key]

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

    def report(self, step: str, migration: Migration, finding: Finding) -> None:
        """Record a finding once; the step has failed if it is an error."""
        judged = Since(self.settings.since).judged(migration.version, finding)
        if judged not in self.findings:
            self.findings.append(judged)
        if judged.severity is Severity.ERROR:
            self._fail(step, migration)

    def _fail(self, step: str, migration: Migration) -> None:
        self._failed.add(step)
        self._failed_at.add((step, migration.version.key))

    def took(self, step: str, migration: Migration) -> None:
        """Record that a step that goes version by version was taken for this one."""
        self._taken.add((step, migration.version.key))

    def transactional(self, *scripts: Script) -> bool:
        """Whether all of the scripts can be tried in one transaction of ours."""
        return all(takes_savepoint(script, self.database.engine, self.guards) for script in scripts)

    def _run(self, script: Script, before: ShadowWatch | None = None) -> None:
        run_script(self.database, script, before, guards=self.guards)

    def _apply(self, migration: Migration, before: State) -> bool:
        """The first run; False if it fails."""
        engine = self.database.engine
        for script in (migration.up, migration.down or _EMPTY):
            for finding in say.own_transaction(engine, script, guards=self.settings.guards):
                self.report("apply", migration, finding)
        tables = {key.name.lower() for key in before.schema.objects if key.kind == "table"}
        for finding in tracking(engine, (migration.up, migration.down or _EMPTY), tables):
            self.report("apply", migration, finding)
        watch = ShadowWatch(self.database, migration.path, before.schema)
        try:
            self._run(migration.up, watch)
        except ScriptError as error:
            self.report("apply", migration, say.up_fails(engine, error))
            return False
        finally:
            for finding in watch.findings:
                self.report("apply", migration, finding)
        self.applied += 1
        self.took("apply", migration)
        return True

    def _compare_replay(
        self,
        wanted: State,
        schema_blame: Callable[[ObjectKey], Migration],
        rows_blame: Callable[[str], Migration],
        apart: Mapping[str, set[str]],
    ) -> None:
        """Report what differs from the wanted state, on the migration that each blame names."""
        step = "replay-all"
        engine = self.database.engine
        by_migration: dict[str, tuple[Migration, list[ObjectKey]]] = {}
        found = {d.key: d for d in essential(differences(wanted.schema, self.database.snapshot()))}
        for key in found:
            migration = schema_blame(key)
            by_migration.setdefault(migration.path, (migration, []))[1].append(key)
        for migration, keys in by_migration.values():
            self.report(step, migration, say.replay_schema(engine, migration.path, [found[key] for key in keys]))
        tables: dict[str, tuple[Migration, dict[str, str]]] = {}
        for table, how in rows_differ(wanted.rows, self.database.rows(), apart).items():
            migration = rows_blame(table)
            tables.setdefault(migration.path, (migration, {}))[1][table] = how
        for migration, hows in tables.values():
            self.report(step, migration, say.replay_data(engine, migration.path, hows))

    def _staircase(self, migration: Migration, before: State, after: State) -> None:
        """Up, down, up: the down returns the schema, the second up gives the first's; undone at its end."""
        if migration.down is None:
            return
        engine = self.database.engine
        with self.database.trial(transactional=self.transactional(migration.up, migration.down)):
            try:
                self._run(migration.down)
            except ScriptError as error:
                self._faulty.add(migration.version.key)
                self.report("staircase", migration, say.down_fails(engine, error))
                return
            clean = self.clean.setdefault(migration.version.key, {"down"})
            left = essential(differences(before.schema, self.database.snapshot()))
            for difference in left:
                self._faulty.add(migration.version.key)
                self.report("staircase", migration, say.trace(engine, migration.down.path, difference))
            if left:
                return
            try:
                self._run(migration.up)
            except ScriptError as error:
                self.report("staircase", migration, say.redo_fails(engine, error))
                return
            clean.add("redo")
            found = essential(differences(after.schema, self.database.snapshot()))
            if found:
                self.report("staircase", migration, say.redo_differs(engine, migration.path, found))

    def _replay_all(self, wanted: State) -> None:
        """All ups once more from the top, as a runner does whose tracking was lost; undone at its end."""
        self.done("replay-all")
        if self.settings.replay == "off":
            return
        transactional = self.transactional(*(migration.up for migration in self.migrations))
        with self.database.trial(transactional=transactional):
            failed = self._all_ups()
            once = self._state()
            if failed or once == wanted:
                return
        await_another_second(self.database.engine, *(migration.up for migration in self.migrations))
        # It differs: run once more and watch after which up each object and table is last seen to change.
        with self.database.trial(transactional=transactional):
            schema, rows = self._watch_all_ups(wanted)
            last = self.migrations[-1]
            apart = unsteady_columns(once.rows, self.database.rows())
            blames = (lambda k: schema.get(k, last), lambda t: rows.get(t, last))
            self._compare_replay(wanted, *blames, apart)

    def _all_ups(self) -> bool:
        """Run every up; those that fail are reported and passed over. Whether any failed."""
        failed = False
        for migration in self.migrations:
            try:
                self._run(migration.up)
            except ScriptError as error:
                failed = True
                self.report("replay-all", migration, say.replay_fails(self.database.engine, error))
                if error.lost:
                    break
        return failed

    def _watch_all_ups(self, wanted: State) -> tuple[dict[ObjectKey, Migration], dict[str, Migration]]:
        schema: dict[ObjectKey, Migration] = {}
        rows: dict[str, Migration] = {}
        before = wanted
        for migration in self.migrations:
            self._run(migration.up)
            after = self._state()
            schema |= dict.fromkeys((d.key for d in differences(before.schema, after.schema)), migration)
            rows |= dict.fromkeys(rows_differ(before.rows, after.rows), migration)
            before = after
        return schema, rows

    def _baseline(self, first: State) -> None:
        """All downs in reverse order; what they leave is laid to the version that made it."""
        if any(migration.down is None for migration in self.migrations):
            return
        self.done("baseline")
        engine = self.database.engine
        for migration in reversed(self.migrations):
            try:
                self._run(migration.down or _EMPTY)
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
            self._fail("baseline", migration)
        else:
            self.report("baseline", migration, finding)
