"""The findings of a proof: what each rule says, of which file (contract, sections 3 and 5)."""

from collections.abc import Iterable, Mapping

from gatekeeper.engines.base import EngineName
from gatekeeper.migrate.fixtures import fixture_of
from gatekeeper.migrate.rows import Lost
from gatekeeper.migrate.run import ScriptError
from gatekeeper.migrate.scripts import Script
from gatekeeper.migrate.wording import ENGINE_NAMES, changed, listed, named, shortened
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.schema import SchemaDifference


def _at(error: ScriptError) -> str:
    return f" at line {error.line}" if error.line else ""


def up_fails(engine: EngineName, error: ScriptError) -> Finding:
    """An up that fails on its first run; it ends the engine's run."""
    return Finding(
        rule="migration.up-fails",
        message=f"The up fails on {ENGINE_NAMES[engine]}{_at(error)}: {error.reason}.",
        path=error.path,
        line=error.line,
        hint="Mend the statement; the versions after it were not run on this engine.",
        engine=engine,
    )


def replay_fails(engine: EngineName, error: ScriptError) -> Finding:
    """An up that can't be run a second time."""
    return Finding(
        rule="migration.replay-fails",
        message=f"Run a second time, the up fails on {ENGINE_NAMES[engine]}{_at(error)}: {error.reason}.",
        path=error.path,
        line=error.line,
        hint='Make it safe to run again (IF NOT EXISTS, ON CONFLICT), or set [migrations] replay = "off".',
        engine=engine,
    )


def replay_schema(engine: EngineName, path: str, found: Iterable[SchemaDifference]) -> Finding:
    """An up whose second run changes the schema."""
    return Finding(
        rule="migration.replay-schema",
        message=f"Run a second time, the up changes the schema: {listed(changed(d) for d in found)}.",
        path=path,
        hint="Make each statement leave what it finds done as it is.",
        engine=engine,
    )


def replay_data(engine: EngineName, path: str, found: Mapping[str, str]) -> Finding:
    """An up whose second run changes rows; ``found`` says how, by table."""
    return Finding(
        rule="migration.replay-data",
        message=f"Run a second time, the up changes rows: {listed(found.values())}.",
        path=path,
        hint="Insert with ON CONFLICT DO NOTHING under a fixed key; update only rows that still need it.",
        engine=engine,
    )


def down_fails(engine: EngineName, error: ScriptError) -> Finding:
    """A down that fails."""
    return Finding(
        rule="migration.down-fails",
        message=f"The down fails on {ENGINE_NAMES[engine]}{_at(error)}: {error.reason}.",
        path=error.path,
        line=error.line,
        hint="Mend the statement, so that the down takes back exactly what its up makes.",
        engine=engine,
    )


def trace(engine: EngineName, path: str, difference: SchemaDifference) -> Finding:
    """One object that a down leaves, changes or takes; ``before`` is what should be, ``after`` what is."""
    name = named(difference.key)
    if difference.before is None:
        message, hint = f"The down leaves {name} behind.", f"Drop {name} in the down."
    elif difference.after is None:
        message = f"The down takes {name}, which was there before the up."
        hint = f"Leave {name} as it was before the up."
    else:
        was, now = shortened(difference.before), shortened(difference.after)
        message = f"The down changes {name}: before the up it was ({was}), now it is ({now})."
        hint = f"Put {name} back as it was before the up."
    return Finding(rule="migration.trace", message=message, path=path, hint=hint, engine=engine)


def redo_fails(engine: EngineName, error: ScriptError) -> Finding:
    """An up that fails after its own down."""
    return Finding(
        rule="migration.redo",
        message=f"Run again after its down, the up fails on {ENGINE_NAMES[engine]}{_at(error)}: {error.reason}.",
        path=error.path,
        line=error.line,
        hint="Let the down take back all that the up makes, so that the up finds what it found the first time.",
        engine=engine,
    )


def redo_differs(engine: EngineName, path: str, found: Iterable[SchemaDifference]) -> Finding:
    """An up that gives another schema after its own down."""
    return Finding(
        rule="migration.redo",
        message=f"Run again after its down, the up gives another schema: {listed(changed(d) for d in found)}.",
        path=path,
        hint="Let the down take back what the up makes, so that the second up starts from the same schema.",
        engine=engine,
    )


def own_transaction(engine: EngineName, script: Script, *, guards: bool = False) -> Iterable[Finding]:
    """The warning that a script begins or ends transactions itself."""
    for statement in script.split(engine, guards=guards).statements:
        if statement.dialect == engine and statement.is_transaction:
            yield Finding(
                rule="migration.transaction",
                severity=Severity.WARNING,
                message=f"The file has its own {statement.words[0]} and runs as written: if it fails midway, "
                "what it had committed stays.",
                path=script.path,
                line=statement.line,
                hint="Leave transactions to the runner, which runs each file in one.",
                engine=engine,
            )
            return


def data_lost(engine: EngineName, path: str, item: Lost, who: str) -> Finding:
    """Rows or values that didn't survive; ``who`` ran when they were lost."""
    if item.column is None:
        what = f"{item.count} of {item.held} rows of table {item.table}"
    else:
        what = f"the values in column {item.column} of {item.count} of {item.held} rows of table {item.table}"
    became = "" if item.column is None else ": they became NULL or the default"
    return Finding(
        rule="migration.data-lost",
        message=f"On {ENGINE_NAMES[engine]} {who} loses {what}{became}.",
        path=path,
        hint=f"Keep what stays; where the loss is meant, say so in the file: -- gate: loses {item.name} REASON.",
        engine=engine,
    )


def data_fails(engine: EngineName, path: str, script: str, error: ScriptError, severity: Severity) -> Finding:
    """A statement of the up at ``path``, or of its down, that fails only because there are rows."""
    what = "the up" if script == path else f"its down {script}"
    rows = "a fixture's rows" if severity is Severity.ERROR else "made rows"
    return Finding(
        rule="migration.data-fails",
        severity=severity,
        message=f"With {rows} in the tables, {what} fails on {ENGINE_NAMES[engine]}{_at(error)}: {error.reason}.",
        path=path,
        line=error.line if script == path else None,
        hint="Let it work on tables that are in use: fill a new column before it must hold something, and so on.",
        engine=engine,
    )


def unfilled(engine: EngineName, path: str, table: str, held: int, reason: str) -> Finding:
    """A table for which no two rows could be made."""
    rows = "no row" if held == 0 else "one row"
    return Finding(
        rule="migration.unfilled",
        severity=Severity.NOTE,
        message=f"Table {table} holds {rows} in the proof; none can be made on {ENGINE_NAMES[engine]}: {reason}.",
        path=path,
        hint=f"Write INSERT statements for two rows of {table} into {fixture_of(path)}.",
        engine=engine,
    )


def fixture_fails(engine: EngineName, error: ScriptError) -> Finding:
    """A fixture that can't be run."""
    return Finding(
        rule="migration.fixture",
        message=f"The fixture fails on {ENGINE_NAMES[engine]}{_at(error)}: {error.reason}.",
        path=error.path,
        line=error.line,
        hint="It is run directly after the up of its version: write rows that fit the schema as it is then.",
        engine=engine,
    )


def fixture_changes(engine: EngineName, path: str, found: Iterable[SchemaDifference]) -> Finding:
    """A fixture that does more than put in rows."""
    return Finding(
        rule="migration.fixture",
        message=f"The fixture changes the schema: {listed(changed(d) for d in found)}.",
        path=path,
        hint="Leave only statements that put in rows; the schema belongs in migrations.",
        engine=engine,
    )
