"""Statements that lose data, end transactions, or keep versions by hand, and ups that mix seeds with schema."""

from collections.abc import Iterator

from gatekeeper.migrate.linting.hit import Hit, edited, example, hit
from gatekeeper.migrate.linting.objects import Action, actions, passing
from gatekeeper.migrate.linting.reading import Read, Reading

DESTRUCTIVE = "lint.destructive"
TRANSACTION = "lint.transaction"
VERSION_TABLE = "lint.version-table"
SEED = "lint.seed-and-schema"

_TRACKING = frozenset(
    {
        "__diesel_schema_migrations",
        "__efmigrationshistory",
        "_prisma_migrations",
        "_sqlx_migrations",
        "alembic_version",
        "applied_migrations",
        "database_version",
        "databasechangelog",
        "databasechangeloglock",
        "db_version",
        "django_migrations",
        "flyway_schema_history",
        "goose_db_version",
        "knex_migrations",
        "knex_migrations_lock",
        "migration_history",
        "migration_version",
        "migration_versions",
        "migrations_history",
        "schema_history",
        "schema_info",
        "schema_migration",
        "schema_migrations",
        "schema_version",
        "schema_versions",
        "schemaversion",
        "schemaversions",
    }
)
_HOLDS_ROWS = {"TABLE", "SCHEMA", "MATERIALIZED VIEW", "DATABASE"}
_SCHEMA_VERBS = {"CREATE", "ALTER", "DROP"}


def hazards(reading: Reading) -> Iterator[Hit]:
    """All of them, for one reading."""
    yield from _transactions(reading)
    if reading.direction == "up":
        yield from _destructive(reading)
        yield from _version_tables(reading)
        yield from _seeds(reading)


def _transactions(reading: Reading) -> Iterator[Hit]:
    """The first statement that begins or ends a transaction; a file that asks for none may have its own."""
    own = [r.statement for r in reading.reads if r.statement.is_transaction]
    if own and not reading.no_transaction:
        message = "The runner runs each file in one transaction; this takes that out of its hands"
        kept = [edited(r.statement.text) for r in reading.reads if not r.statement.is_transaction]
        remedy = (
            "Delete it, and the statement that ends or begins it (where something can't run in a transaction, "
            "write -- gate: no-transaction as the file's first line). What remains:"
        )
        yield hit(TRANSACTION, own[0], message, example(remedy, *kept[:1]))


def _destructive(reading: Reading) -> Iterator[Hit]:
    """What drops or empties; not what the file itself made or declares as lost, nor a table's rebuild."""
    every = actions(reading)
    declared = _declared(reading)
    kept = {("TABLE", a.to) for a in every if a.verb == "rename-table"} | passing(every)
    added = {(a.name, a.column) for a in every if a.verb == "add-column"}
    made = {a.name for a in every if a.verb == "create" and a.kind == "TABLE"}
    for action in every:
        target = f"{action.name}.{action.column}" if action.column else action.name
        loses_table = (
            action.verb == "drop" and action.kind in _HOLDS_ROWS and (action.kind, action.name) not in kept
        )
        loses_column = action.verb == "drop-column" and (action.name, action.column) not in added
        if (loses_table or loses_column) and not declared & {target, action.name}:
            yield _dropped(action, target)
    for read in reading.reads:
        table, column = _emptied(read)
        excused = table in made or (table, column) in added or declared & {table, f"{table}.{column}"}
        if table and not excused:
            yield _without_where(read, table)


def _declared(reading: Reading) -> set[str]:
    """What ``-- gate: loses TABLE[.COLUMN] REASON`` names; without a reason it declares nothing."""
    found = (d.rest.split(maxsplit=1) for d in reading.directives if d.word == "loses")
    return {parts[0].lower() for parts in found if len(parts) == 2}


def _dropped(action: Action, target: str) -> Hit:
    statement = action.read.statement
    message = f"This drops {target} with what it holds, and no down brings that back"
    remedy = "Leave it to a later version, when no code reads it any more, and then declare the loss:"
    declared = f"-- gate: loses {target} REASON"
    return hit(DESTRUCTIVE, statement, message, example(remedy, declared, edited(statement.text)))


def _emptied(read: Read) -> tuple[str, str]:
    """The table that the statement empties or changes as a whole, and the column that it sets where it is one."""
    words = read.words
    if words[:1] == ("TRUNCATE",):
        at = 1 + (words[1:2] == ("TABLE",))
        at += words[at : at + 1] == ("ONLY",)
        return read.name_at(at)[0], ""
    top = list(read.top_level())
    found = next((index for index, word in top if word in {"DELETE", "UPDATE", "INSERT", "SELECT"}), None)
    if not top or top[0][1] not in {"DELETE", "UPDATE", "WITH"} or found is None:
        return "", ""
    if words[found] not in {"DELETE", "UPDATE"} or any(word == "WHERE" for index, word in top if index > found):
        return "", ""
    at = found + 1 + (words[found] == "DELETE")
    at += 2 * (words[at : at + 1] == ("OR",))
    at += words[at : at + 1] == ("ONLY",)
    table, _ = read.name_at(at)
    sets = [index for index, word in top if word == "SET" and index > at]
    assigned = [read.name_at(index + 1)[0] for index in sets]
    several = sum(word == "=" for index, word in top if sets and index > sets[0]) > 1
    return table, "" if several or not assigned else assigned[0]


def _without_where(read: Read, table: str) -> Hit:
    statement = read.statement
    first = statement.words[0]
    verb = "empties" if "UPDATE" not in statement.words else "changes every row of"
    message = f"{first} without WHERE {verb} {table}"
    if first == "TRUNCATE":
        rewritten = f"DELETE FROM {table} WHERE ...;"  # noqa: S608 - shown to the reader, never run
    else:
        rewritten = edited(statement.text.rstrip().rstrip(";").rstrip() + " WHERE ...;")
    declared = f"or, where all of it is to go: -- gate: loses {table} REASON"
    remedy = f"Name the rows that it is for ({declared}):"
    return hit(DESTRUCTIVE, statement, message, example(remedy, rewritten))


def _version_tables(reading: Reading) -> Iterator[Hit]:
    for read in reading.reads:
        name = _tracked(read)
        if name:
            message = f"{name} keeps the schema's version by hand, which is the runner's to keep"
            yield hit(
                VERSION_TABLE, read.statement, message, "Delete the statement: the runner records each version."
            )


def _tracked(read: Read) -> str:
    """The tracking table, or the pragma, that the statement makes or writes to; empty if none."""
    words = read.words
    match words[:2]:
        case ("PRAGMA", _):
            named = read.names[1:2] == ("user_version",) and bool({"=", "("} & set(words))
            return "PRAGMA user_version" if named else ""
        case ("CREATE", "TABLE"):
            at = 2 + 3 * (words[2:5] == ("IF", "NOT", "EXISTS"))
        case ("INSERT", _):
            at = next((index + 1 for index, word in enumerate(words[:5]) if word == "INTO"), 2)
        case ("DELETE", "FROM") | ("REPLACE", "INTO"):
            at = 2
        case ("UPDATE", _):
            at = 1
        case _:
            return ""
    name = read.name_at(at)[0]
    return name if name in _TRACKING else ""


def _seeds(reading: Reading) -> Iterator[Hit]:
    """The first insertion of plain values in an up that changes the schema too."""
    schema = next((r for r in reading.reads if _changes_schema(r)), None)
    seed = next((r for r in reading.reads if _is_seed(r)), None)
    if schema is not None and seed is not None:
        message = "This up changes the schema and inserts rows; if the rows fail, the schema goes with them"
        remedy = f"Move the rows to a version of their own, after line {schema.statement.line}'s:"
        yield hit(SEED, seed.statement, message, example(remedy, edited(seed.statement.text)))


def _changes_schema(read: Read) -> bool:
    words = read.words
    temporary = words[1:2] in {("TEMP",), ("TEMPORARY",)}
    return bool(words) and words[0] in _SCHEMA_VERBS and not temporary


def _is_seed(read: Read) -> bool:
    """Whether it inserts values that stand in the file, not rows that are there already."""
    top = [word for _, word in read.top_level()]
    return top[:1] in (["INSERT"], ["REPLACE"]) and "VALUES" in top and "SELECT" not in top
