"""Statements that fail when the file is run a second time (``lint.if-not-exists``, ``lint.if-exists``)."""

from collections.abc import Iterator

from gatekeeper.engines.base import EngineName
from gatekeeper.migrate.linting.hit import Hit, edited, example, hit, inserted
from gatekeeper.migrate.linting.objects import Action, actions, passing
from gatekeeper.migrate.linting.reading import Reading

NOT_EXISTS = "lint.if-not-exists"
EXISTS = "lint.if-exists"

_EVERYWHERE = {"TABLE", "INDEX"}
_CLAUSE: dict[EngineName, set[str]] = {
    "sqlite": {*_EVERYWHERE, "VIEW", "TRIGGER"},
    "postgres": {*_EVERYWHERE, "MATERIALIZED VIEW", "SEQUENCE", "SCHEMA", "EXTENSION", "FOREIGN TABLE"},
}
_REPLACED = {"VIEW", "FUNCTION", "PROCEDURE", "TRIGGER", "RULE", "AGGREGATE"}
_CAUGHT = {"TYPE", "DOMAIN"}
_DROPPED_FIRST = {"POLICY"}
_ON_ITS_TABLE = {"POLICY", "TRIGGER", "RULE"}
_MADE = {*_CLAUSE["sqlite"], *_CLAUSE["postgres"], *_REPLACED, *_CAUGHT, *_DROPPED_FIRST}


def not_replayable(reading: Reading, *, replayed: bool) -> Iterator[Hit]:
    """Creations without IF NOT EXISTS, added columns without a guard, drops without IF EXISTS.

    ``replayed`` says whether ups are run again; where a tracking table is relied on, only downs are judged.
    """
    is_up = reading.direction == "up"
    if is_up and not replayed:
        return
    every = actions(reading)
    # What is gone at the file's end need not be tested for, nor what a DROP IF EXISTS has cleared away.
    free = set(passing(every))
    # What the file makes is there, and so is a table whose name another one takes after it.
    there = {("TABLE", a.to) for a in every if a.verb == "rename-table"}
    for action in every:
        same = action.kind, action.name
        if not action.read.is_guarded and not action.safe:
            match action.verb:
                case "create" if is_up and action.kind in _MADE and not action.temporary and same not in free:
                    yield _creation(reading, action)
                case "add-column" if is_up:
                    yield _added_column(reading, action)
                case "drop" if action.kind in _MADE and same not in there:
                    yield _drop(action)
                case "drop-column":
                    yield _dropped_column(reading, action)
        if action.verb == "create":
            there.add(same)
        elif action.verb == "drop" and action.safe:
            free.add(same)


def _engines(reading: Reading, action: Action) -> tuple[EngineName, ...]:
    """The engines that run the statement."""
    if not reading.shared or ("engine", reading.engine) in action.read.when:
        return (reading.engine,)
    return ("sqlite", "postgres") if action.kind in {*_CLAUSE["sqlite"], "COLUMN"} else ("postgres",)


def _creation(reading: Reading, action: Action) -> Hit:
    statement = action.read.statement
    what = f"the {action.kind.lower()} {action.name}".rstrip()
    message = f"{what[0].upper()}{what[1:]} is made without a test whether it is there, so a second run fails"
    return hit(NOT_EXISTS, statement, message, _made_so(reading, action))


def _made_so(reading: Reading, action: Action) -> str:
    statement, kind = action.read.statement, action.kind
    engines = _engines(reading, action)
    if kind == "INDEX" and not action.name:
        named = inserted(statement, action.noun, "IF NOT EXISTS NAME")
        return example("Give the index a name, and make it only if it isn't there:", named)
    if all(kind in _CLAUSE[engine] for engine in engines):
        return example("Add IF NOT EXISTS:", inserted(statement, action.noun, "IF NOT EXISTS"))
    if engines == ("postgres",) and kind in _REPLACED:
        at = statement.tokens[action.start].start
        return example("Write CREATE OR REPLACE:", edited(statement.text, (at, at, "OR REPLACE ")))
    if kind in _CAUGHT:
        body = edited(statement.text)
        block = f"DO $$ BEGIN\n    {body}\nEXCEPTION WHEN duplicate_object THEN NULL;\nEND $$;"
        return example("PostgreSQL has no IF NOT EXISTS for it, so let the error pass:", block)
    table = " ON TABLE" if kind in _ON_ITS_TABLE else ""
    first = f"DROP {kind} IF EXISTS {action.name}{table};"
    return example("Drop it first, if it is there:", first, edited(statement.text))


def _added_column(reading: Reading, action: Action) -> Hit:
    statement = action.read.statement
    target = f"{action.name}.{action.column}"
    message = f"The column {target} is added without a test whether it is there, so a second run fails"
    if _engines(reading, action) == ("postgres",):
        clause = inserted(statement, action.noun, "IF NOT EXISTS")
        return hit(NOT_EXISTS, statement, message, example("Add IF NOT EXISTS:", clause))
    guarded = f"-- gate: when column-missing {target}\n{edited(statement.text)}"
    remedy = example(
        "Guard it (gate's runner heeds the comment; the proof does with [migrations] guards = true):", guarded
    )
    rebuild = example("For runners that don't know guards, make the table anew instead:", *_rebuilt(action))
    return hit(NOT_EXISTS, statement, message, f"{remedy}\n{rebuild}")


def _rebuilt(action: Action) -> tuple[str, ...]:
    """The table made anew with the added column; what its other columns are, the writer knows."""
    statement, table = action.read.statement, action.name
    words = statement.tokens[action.noun + 1 :]
    column = " ".join(statement.text[words[0].start :].rstrip("; \n").split()) if words else action.column
    return (
        f"DROP TABLE IF EXISTS {table}_new;",
        f"CREATE TABLE {table}_new (..., {column});  -- with the columns that {table} has",
        f"INSERT INTO {table}_new (...) SELECT ... FROM {table};",  # noqa: S608 - shown to the reader, never run
        f"DROP TABLE {table};",
        f"ALTER TABLE {table}_new RENAME TO {table};",
    )


def _drop(action: Action) -> Hit:
    statement = action.read.statement
    message = f"The {action.kind.lower()} {action.name} is dropped without a test whether it is there"
    return hit(
        EXISTS, statement, message, example("Add IF EXISTS:", inserted(statement, action.noun, "IF EXISTS"))
    )


def _dropped_column(reading: Reading, action: Action) -> Hit:
    statement = action.read.statement
    target = f"{action.name}.{action.column}"
    message = f"The column {target} is dropped without a test whether it is there"
    if _engines(reading, action) == ("postgres",):
        remedy = example("Add IF EXISTS:", inserted(statement, action.noun, "IF EXISTS"))
    else:
        guard = f"-- gate: when column-present {target}"
        sentence = "Guard it (gate's runner heeds the comment; the proof does with [migrations] guards = true):"
        remedy = example(sentence, guard, edited(statement.text))
    return hit(EXISTS, statement, message, remedy)
