"""Each defect planted alone into the clean set is caught by its own rule alone, on the engine where it lives."""

from collections.abc import Iterator

import pytest
from proving import BOTH, Prover, Texts, errors, one_server

from gatekeeper.model.finding import Severity, Status
from gatekeeper.model.settings import MigrationSettings


@pytest.fixture(scope="module")
def proven() -> Iterator[Prover]:
    with one_server() as server:
        yield Prover(server)


def on_postgres(up: str, down: str) -> Texts:
    """Version 4 does something on PostgreSQL and nothing on SQLite."""
    nothing = {"0004_p.sqlite.sql": "SELECT 1;", "0004_p.sqlite.down.sql": "-- nothing"}
    return {"0004_p.postgres.sql": up, "0004_p.postgres.down.sql": down, **nothing}


def on_sqlite(up: str, down: str) -> Texts:
    """Version 4 does something on SQLite and nothing on PostgreSQL."""
    nothing = {"0004_p.postgres.sql": "SELECT 1;", "0004_p.postgres.down.sql": "-- nothing"}
    return {"0004_p.sqlite.sql": up, "0004_p.sqlite.down.sql": down, **nothing}


def on_both(up: str, down: str) -> Texts:
    """Version 4 in one text for both."""
    return {"0004_p.sql": up, "0004_p.down.sql": down}


def table(sqlite: str, postgres: str) -> Texts:
    """Version 4 makes a table in each engine's own words."""
    down = "DROP TABLE IF EXISTS p;"
    return {
        "0004_p.sqlite.sql": f"CREATE TABLE IF NOT EXISTS p ({sqlite});",
        "0004_p.postgres.sql": f"CREATE TABLE IF NOT EXISTS p ({postgres});",
        "0004_p.sqlite.down.sql": down,
        "0004_p.postgres.down.sql": down,
    }


FUNCTION = "CREATE OR REPLACE FUNCTION f(x INT) RETURNS INT LANGUAGE sql AS $$ SELECT 1; SELECT 2 $$;"
OTHER_ARGUMENTS = "CREATE OR REPLACE FUNCTION f(x TEXT) RETURNS INT LANGUAGE sql AS 'SELECT 1';"
TYPE = """DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_type WHERE typname = '{0}')
          THEN CREATE {1}; END IF; END $$;"""
TRIGGER = """CREATE OR REPLACE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
             DROP TRIGGER IF EXISTS tr ON users;
             CREATE TRIGGER tr BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION t();"""
SQLITE_TRIGGER = (
    "CREATE TRIGGER IF NOT EXISTS tr AFTER UPDATE ON users BEGIN DELETE FROM orders WHERE id = ''; END;"
)
ROLE = """DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app')
          THEN CREATE ROLE app; END IF; END $$;"""
CHECK = """ALTER TABLE users DROP CONSTRAINT IF EXISTS named;
           ALTER TABLE users ADD CONSTRAINT named CHECK (age < 200);"""
# Planted on one engine these also make the engines differ, so that one is proven alone.
ALONE = {
    *("a leftover column", "a leftover default", "a leftover check", "a leftover materialized view"),
    "a leftover view of another schema",
}

PLANTS: dict[str, tuple[Texts, str, list[str], str]] = {
    "a leftover view": ({"0003_totals.down.sql": "-- forgotten"}, "trace", BOTH, "leaves view totals"),
    "a leftover table": (
        {"0002_orders.down.sql": "DROP INDEX orders_by_user;"},
        "trace",
        BOTH,
        "leaves table orders",
    ),
    "a leftover column": (
        on_postgres("ALTER TABLE users ADD COLUMN IF NOT EXISTS c TEXT;", "-- forgotten"),
        "trace",
        ["postgres"],
        "leaves column users.c",
    ),
    "a leftover index": (
        on_both("CREATE INDEX IF NOT EXISTS i ON users (name);", "-- forgotten"),
        "trace",
        BOTH,
        "leaves index i",
    ),
    "a leftover trigger on PostgreSQL": (
        on_postgres(TRIGGER, "-- forgotten"),
        "trace",
        ["postgres"],
        "leaves trigger users.tr",
    ),
    "a leftover trigger on SQLite": (
        on_sqlite(SQLITE_TRIGGER, "-- forgotten"),
        "trace",
        ["sqlite"],
        "leaves trigger tr",
    ),
    "a leftover sequence": (
        on_postgres("CREATE SEQUENCE IF NOT EXISTS s;", "-- forgotten"),
        "trace",
        ["postgres"],
        "leaves sequence s",
    ),
    "a renamed sequence": (
        on_postgres("CREATE SEQUENCE IF NOT EXISTS s;", "ALTER SEQUENCE s RENAME TO s_old;"),
        "trace",
        ["postgres"],
        "leaves sequence s_old",
    ),
    "a leftover enum type": (
        on_postgres(TYPE.format("mood", "TYPE mood AS ENUM ('a', 'b')"), "-- forgotten"),
        "trace",
        ["postgres"],
        "leaves type mood",
    ),
    "a leftover domain": (
        on_postgres(TYPE.format("year", "DOMAIN year AS INTEGER CHECK (VALUE > 0)"), "-- forgotten"),
        "trace",
        ["postgres"],
        "leaves type year",
    ),
    "a leftover composite type": (
        on_postgres(TYPE.format("pair", "TYPE pair AS (a INT, b TEXT)"), "-- forgotten"),
        "trace",
        ["postgres"],
        "leaves type pair",
    ),
    "a leftover function": (on_postgres(FUNCTION, "-- forgotten"), "trace", ["postgres"], "leaves function f("),
    "a leftover function of the same name": (
        on_postgres(FUNCTION + OTHER_ARGUMENTS, "DROP FUNCTION f(INT);"),
        "trace",
        ["postgres"],
        "leaves function f(x text)",
    ),
    "a leftover materialized view": (
        on_postgres("CREATE MATERIALIZED VIEW IF NOT EXISTS heap AS SELECT 1 AS one;", "-- forgotten"),
        "trace",
        ["postgres"],
        "leaves view heap",
    ),
    "a leftover schema": (
        on_postgres("CREATE SCHEMA IF NOT EXISTS side;", "-- forgotten"),
        "trace",
        ["postgres"],
        "leaves schema side",
    ),
    "a leftover view of another schema": (
        on_postgres(
            "CREATE SCHEMA IF NOT EXISTS side; CREATE OR REPLACE VIEW side.w AS SELECT 1 AS x;",
            "DROP VIEW side.w; CREATE VIEW side.w AS SELECT 2 AS x;",
        ),
        "trace",
        ["postgres"],
        "leaves view side.w",
    ),
    "a leftover extension": (
        on_postgres("CREATE EXTENSION IF NOT EXISTS citext;", "-- forgotten"),
        "trace",
        ["postgres"],
        "leaves extension citext",
    ),
    "a leftover default": (
        on_postgres("ALTER TABLE users ALTER COLUMN age SET DEFAULT 7;", "-- forgotten"),
        "trace",
        ["postgres"],
        "changes column users.age",
    ),
    "a leftover check": (
        on_postgres(CHECK, "-- forgotten"),
        "trace",
        ["postgres"],
        "leaves constraint users.named",
    ),
    "a collation that the down forgets": (
        on_postgres('ALTER TABLE users ALTER COLUMN name TYPE TEXT COLLATE "POSIX";', "-- forgotten"),
        "trace",
        ["postgres"],
        "changes column users.name",
    ),
    "a down that takes too much": (
        {"0003_totals.down.sql": "DROP VIEW totals; DROP INDEX orders_by_user;"},
        "trace",
        BOTH,
        "takes index orders_by_user",
    ),
    "a down that fails": ({"0003_totals.down.sql": "DROP VEW totals;"}, "down-fails", BOTH, "syntax error"),
    "a wrong order of drops": (
        on_both(
            "CREATE TABLE IF NOT EXISTS p (id INTEGER PRIMARY KEY);"
            "CREATE TABLE IF NOT EXISTS c (p INTEGER NOT NULL REFERENCES p (id) ON DELETE CASCADE);",
            "DROP TABLE p; DROP TABLE c;",
        ),
        "down-fails",
        ["postgres"],
        "other objects depend on it",
    ),
    "a seed that comes twice": (
        on_both("INSERT INTO users (id, name) SELECT 's' || COUNT(*), 'seed' FROM users;", "-- rows stay"),
        "replay-data",
        BOTH,
        "table users holds 1 row more",
    ),
    "a sum that doubles": (
        on_both("UPDATE users SET age = age * 2;", "-- rows stay"),
        "replay-data",
        BOTH,
        "column age of table users",
    ),
    "an up that can run only once": (
        on_both("CREATE TABLE p (x TEXT);", "DROP TABLE p;"),
        "replay-fails",
        BOTH,
        "already exists",
    ),
    "another shape behind IF NOT EXISTS": (
        on_both("CREATE TABLE IF NOT EXISTS users (id TEXT PRIMARY KEY, mail TEXT);", "-- nothing"),
        "shadowed",
        BOTH,
        "already there in another shape",
    ),
    "another column behind IF NOT EXISTS": (
        on_postgres("ALTER TABLE users ADD COLUMN IF NOT EXISTS age TEXT;", "-- nothing"),
        "shadowed",
        ["postgres"],
        "column users.age already there in another shape",
    ),
    "a role on a server that isn't ours": (
        on_postgres(ROLE, "-- forgotten"),
        "up-fails",
        ["postgres"],
        "the whole server's",
    ),
    "the tracking table dropped": (
        on_both("DROP TABLE IF EXISTS _sqlx_migrations;", "-- nothing"),
        "tracking",
        BOTH,
        "_sqlx_migrations",
    ),
    "nullability": (table("a TEXT", "a TEXT NOT NULL"), "diverges", [], "may be NULL on SQLite"),
    "type class": (table("a TEXT", "a BIGINT"), "diverges", [], "(text) on SQLite and BIGINT (integer)"),
    "default": (table("a TEXT DEFAULT 'x'", "a TEXT DEFAULT 'y'"), "diverges", [], "the default 'x'"),
    "unique key": (table("a TEXT", "a TEXT UNIQUE"), "diverges", [], "unique key (a)"),
    "foreign-key action": (
        table("a TEXT REFERENCES users", "a TEXT REFERENCES users (id) ON UPDATE CASCADE"),
        "diverges",
        [],
        "ON UPDATE CASCADE",
    ),
    "index": (
        on_sqlite("CREATE INDEX IF NOT EXISTS i ON users (name);", "DROP INDEX i;"),
        "diverges",
        [],
        "index (name) on SQLite and not on PostgreSQL",
    ),
}


def test_the_clean_set_passes_on_both(proven: Prover) -> None:
    result = proven()
    assert (result.status, result.findings) == (Status.PASS, ())


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_defect_is_caught_by_its_own_rule_alone_where_it_lives(proven: Prover, plant: str) -> None:
    changes, rule, engines, told = PLANTS[plant]
    settings = MigrationSettings(engines=("postgres",)) if plant in ALONE else None
    result = proven(changes, settings)
    assert errors(result) == [rule], [f.message for f in result.findings]
    found = [f for f in result.findings if f.severity is Severity.ERROR]
    assert sorted({f.engine for f in found if f.engine}) == engines
    assert any(told in f.message for f in found), [f.message for f in found]
    version = {f.path.split("/")[1][:4] for f in found if f.path}
    assert version == {next(iter(changes))[:4]}
