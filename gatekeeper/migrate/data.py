"""The proof on tables that hold rows: the steps replay-file and data (contract, section 5).

A second ascent, in a database of its own. Before each up every table holds rows: fixtures beside the migrations,
and made rows where those leave something wanting. Because the first ascent ran on tables without them, a statement
that fails here fails only because of rows.
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from gatekeeper.engines.base import Database, Engine, EngineName, SqlError
from gatekeeper.migrate import findings as say
from gatekeeper.migrate.climb import Climb
from gatekeeper.migrate.clocks import await_another_second
from gatekeeper.migrate.discover import Migration
from gatekeeper.migrate.fill import WANTED, Filler
from gatekeeper.migrate.fixtures import Fixtures
from gatekeeper.migrate.losses import Loss, losses
from gatekeeper.migrate.rows import NOTHING, Holdings, Lost, first_rows_changed, look, lost, rows_changed, unsteady
from gatekeeper.migrate.run import ScriptError, run_script
from gatekeeper.migrate.scripts import Script
from gatekeeper.migrate.wording import essential
from gatekeeper.model.finding import Severity
from gatekeeper.model.schema import differences
from gatekeeper.sql import unquoted

_ROUNDS = 3


@dataclass(slots=True)
class DataWalk:
    """One engine's ascent with rows; findings and the outcome of its steps go to the climb that went before."""

    engine: Engine
    climb: Climb
    fixtures: Fixtures
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    """Rows by version and table."""
    used: set[Loss] = field(default_factory=set)
    """The declared losses that happened."""
    finished: bool = False
    """Whether it came to the end of the set."""
    _database: Database = field(init=False)
    _filler: Filler = field(init=False)
    _given: set[str] = field(default_factory=set)
    _told: set[str] = field(default_factory=set)
    _filled_to: Holdings = NOTHING
    _lost_by_up: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Climb as far as the first ascent comes, behind it. Raises EngineUnavailable and Interrupted."""
        with ExitStack() as stack, suppress(SqlError):
            # What can't even be read ends it, and its steps are then not taken, which the record says.
            self._open(stack)
            state = look(self._database, NOTHING)
            for place, migration in enumerate(self.climb.passed()):
                self.climb.progress(f"{self.engine.name}: {migration.path}, with rows")
                reached = self._version(stack, place, migration, state)
                if reached is None:
                    return
                state = reached
                self.climb.took("data", migration)
        self.finished = self.climb.finished and len(self.counts) == self.climb.applied
        if self.finished:
            self.climb.done("replay-file", "data")

    def _version(self, stack: ExitStack, place: int, migration: Migration, before: Holdings) -> Holdings | None:
        """One version's steps; where it comes to, None if there is no way on."""
        up = self._up(migration, before)
        if up is None:
            # It can't be run on rows, which has been told, so its second runs are tried without them.
            self.used |= set(self._declared(migration))
            anew = self._anew(stack, place)
            if anew is None:
                return None
            self._replay(migration, anew, anew)
            state = self._filled(migration, anew)
            self._down_and_up(migration, (before, anew), state, redo=False)
        else:
            state = self._filled(migration, up)
            self._replay(migration, up, state)
            self._down_and_up(migration, (before, up), state, redo=True)
        self.counts[migration.version.text] = state.counts
        return state

    def _run(self, script: Script) -> None:
        run_script(self._database, script, guards=self.climb.guards)

    def _declared(self, migration: Migration) -> list[Loss]:
        """The losses that its up and its down declare."""
        return [*losses(migration.up, self.engine.name), *losses(migration.down, self.engine.name)]

    def _open(self, stack: ExitStack) -> None:
        self._database = stack.enter_context(self.engine.database())
        self._filler = Filler(self._database)
        self._given.clear()
        self._filled_to = NOTHING

    def _anew(self, stack: ExitStack, place: int) -> Holdings | None:
        """A database with the ups so far, run without made rows, to go on from; None if that fails."""
        stack.pop_all().close()
        self._open(stack)
        self._lost_by_up = set()
        try:
            for migration in self.climb.migrations[: place + 1]:
                self._run(migration.up)
        except ScriptError:
            return None
        return look(self._database, NOTHING)

    def _up(self, migration: Migration, before: Holdings) -> Holdings | None:
        """The up on tables with rows; None if it fails, and then the database is of no more use."""
        try:
            self._run(migration.up)
        except ScriptError as error:
            self._fails(migration, migration.up, error)
            return None
        after = look(self._database, before)
        declared = losses(migration.up, self.engine.name)
        self._lost_by_up = self._judge(migration, lost(before, after), "the up", declared)
        return after

    def _filled(self, migration: Migration, state: Holdings) -> Holdings:
        """Fixtures first, then rounds of made rows until nothing is wanting or no more can be had."""
        for fixture in self.fixtures.get(migration.path, ()):
            state = self._fixture(migration, fixture, state)
        filler = self._filler
        filler.forget(
            n for n, relation in state.relations.items() if relation is not self._filled_to.relations.get(n)
        )
        for _ in range(_ROUNDS):
            due = filler.due(state, self._filled_to)
            if not due:
                break
            try:
                filler.fill(due, state)
            except SqlError as error:
                filler.failures |= dict.fromkeys((r.name for r in due), error.message)
                break
            state = look(self._database, state)
        self._filled_to = state
        for name, rows in sorted(state.rows.items()):
            if len(rows) < WANTED and name not in self._told:
                self._told.add(name)
                reason = filler.failures.get(
                    name, "the row is taken and then not there, as a trigger or rule has it"
                )
                found = say.unfilled(self.engine.name, migration.path, name, len(rows), reason)
                self.climb.report("data", migration, found)
        return state

    def _fixture(self, migration: Migration, fixture: Script, state: Holdings) -> Holdings:
        try:
            self._run(fixture)
        except ScriptError as error:
            self.climb.report("data", migration, say.fixture_fails(self.engine.name, error))
            return look(self._database, state)
        after = look(self._database, state)
        if found := differences(state.schema, after.schema):
            self.climb.report("data", migration, say.fixture_changes(self.engine.name, fixture.path, found))
        self._given |= {name for name, rows in after.rows.items() if len(rows) > len(state.rows.get(name, ()))}
        return after

    def _replay(self, migration: Migration, up: Holdings, state: Holdings) -> None:
        """The second run directly after the first, undone at its end."""
        self.climb.took("replay-file", migration)
        if self.climb.settings.replay == "off":
            return
        engine = self.engine.name
        with self._database.trial(transactional=self.climb.transactional(migration.up)):
            try:
                self._run(migration.up)
                after = look(self._database, state)
                changed = self._changed_by_replay(migration, (up, state, after))
            except ScriptError as error:
                self.climb.report("replay-file", migration, say.replay_fails(engine, error))
                return
            if found := essential(differences(state.schema, after.schema)):
                self.climb.report("replay-file", migration, say.replay_schema(engine, migration.path, found))
        if changed and (changed := self._steadily_changed(migration, state, after, changed)):
            self.climb.report("replay-file", migration, say.replay_data(engine, migration.path, changed))

    def _steadily_changed(
        self, migration: Migration, state: Holdings, after: Holdings, changed: dict[str, str]
    ) -> dict[str, str]:
        """What every second run changes alike: where two differ, a clock or chance was at work."""
        await_another_second(self.engine.name, *self.climb.ups_to(migration))
        with self._database.trial(transactional=self.climb.transactional(migration.up)):
            try:
                self._run(migration.up)
            except ScriptError:
                return changed
            still = rows_changed(state, after, unsteady(after, look(self._database, after)))
        return {table: still[table] for table in changed if table in still}

    def _changed_by_replay(
        self, migration: Migration, moments: tuple[Holdings, Holdings, Holdings]
    ) -> dict[str, str]:
        """What the second run changed; ``moments`` are after the up, with the rows made since, after the replay.

        An up that sets a value everywhere does so to rows made since its first run, too. So what changed only
        because of those is held against a third run: if that changes nothing more, the up may be run again.
        """
        up, state, after = moments
        declared = losses(migration.up, self.engine.name)
        changed = rows_changed(state, after)
        gone = {item.table for item in lost(state, after) if item.column is None}
        excused = {table for table in changed if any(loss.covers(table, None) for loss in declared)}
        doubted = set()
        if state is not up:
            doubted = {table for table in changed if table not in gone and not first_rows_changed(table, *moments)}
        if doubted - excused:
            self._run(migration.up)
            doubted -= rows_changed(after, look(self._database, after)).keys()
        return {table: how for table, how in changed.items() if table not in doubted | excused}

    def _down_and_up(
        self, migration: Migration, own: tuple[Holdings, Holdings], state: Holdings, *, redo: bool
    ) -> None:
        """What was there before the up and stays must be there after the down, and after the second up."""
        clean = self.climb.clean.get(migration.version.key, ())
        if migration.down is None:
            return
        declared = self._declared(migration)
        if "down" not in clean:
            # What couldn't be tried is not said to be needless.
            self.used |= set(declared)
            return
        with self._database.trial(transactional=self.climb.transactional(migration.up, migration.down)):
            down = self._again(migration, migration.down, state, own[0])
            if down is None:
                return
            gone = self._judge(migration, lost(state, down, own=own), "its down", declared)
            if not redo or "redo" not in clean:
                return
            redone = self._again(migration, migration.up, down, state)
            if redone is None:
                return
            told = gone | self._lost_by_up
            found = (item for item in lost(state, redone, (down,)) if not told & {item.name, item.table})
            self._judge(migration, found, "the up after its down", declared)

    def _again(self, migration: Migration, script: Script, before: Holdings, alike: Holdings) -> Holdings | None:
        try:
            self._run(script)
        except ScriptError as error:
            self._fails(migration, script, error)
            return None
        return look(self._database, before, alike)

    def _judge(self, migration: Migration, found: Iterable[Lost], who: str, declared: Sequence[Loss]) -> set[str]:
        names = set()
        for item in found:
            names.add(item.name)
            self._lost(migration, item, who, declared)
        return names

    def _lost(self, migration: Migration, item: Lost, who: str, declared: Sequence[Loss]) -> None:
        covering = [loss for loss in declared if loss.covers(item.table, item.column)]
        self.used |= set(covering)
        if not covering:
            self.climb.report("data", migration, say.data_lost(self.engine.name, migration.path, item, who))

    def _fails(self, migration: Migration, script: Script, error: ScriptError) -> None:
        """A failure that rows alone explain; those of a fixture weigh more than made ones."""
        names = {name.rpartition(".")[2].lower() for name in self._given}
        given = bool(names & _named(script, error.line, self.engine.name))
        severity = Severity.ERROR if given else Severity.WARNING
        told = say.data_fails(self.engine.name, migration.path, script.path, error, severity)
        self.climb.report("data", migration, told)


def _named(script: Script, line: int | None, engine: EngineName) -> set[str]:
    """The names in the statement at that line, in lower case; of the whole script where the line is none's."""
    every = script.split(engine).statements
    found = [s for s in every if line is not None and s.line <= line <= s.line + s.text.count("\n")]
    return {unquoted(token, engine).lower() for statement in found or every for token in statement.tokens}
