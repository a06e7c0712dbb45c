"""The lint's rules on single statements: what is found, and what only looks like it."""

import pytest
from linting import linted, rules_in

from gatekeeper.model.finding import Severity

REBUILD = """
DROP TABLE IF EXISTS t_new;
CREATE TABLE t_new (a TEXT);
INSERT INTO t_new (a) SELECT a FROM t;
DROP TABLE t;
ALTER TABLE t_new RENAME TO t;
"""
TABLE = "CREATE TABLE IF NOT EXISTS t (a TEXT);\n"


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE t SET a = ? WHERE b=?;",
        "UPDATE t SET a = ?1 WHERE b = 1;",
        "UPDATE t SET a = :name WHERE b = 1;",
        "UPDATE t SET a=:name WHERE b = 1;",
        "UPDATE t SET a = @name WHERE b = 1;",
        "UPDATE t SET a = $name WHERE b = 1;",
        "UPDATE t SET a = %s WHERE b = 1;",
        "UPDATE t SET a = %(name)s WHERE b = 1;",
        "UPDATE t SET a = '${'||${name}||'x' WHERE b = 1;",
        "UPDATE t SET a = b||:name WHERE b = 1;",
        "UPDATE t SET a = 1 WHERE b IN (?, 1) LIMIT ?;",
        "UPDATE t SET a = 1 WHERE b LIKE :'psql';",
        "UPDATE t\n/* a comment */ SET a = 1, b = ?::text WHERE b = 1;",
    ],
)
@pytest.mark.parametrize("name", ["0001_a.sql", "0001_a.sqlite.sql", "0001_a.postgres.sql"])
def test_a_placeholder_that_is_not_a_number_is_found_on_its_line(text: str, name: str) -> None:
    found = [f for f in linted(text, name) if f.rule == "lint.placeholder"]
    assert [(f.line, f.severity) for f in found] == [(2 if "\n" in text else 1, Severity.ERROR)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("0001_a.sql", "UPDATE t SET a = $1 WHERE b = $2;"),
        ("0001_a.sql", "UPDATE t SET a = '? :name @name $name %s' WHERE b = 1; -- ?1 :name\n/* ? */"),
        ("0001_a.sql", 'UPDATE t SET "what?" = 1 WHERE ":name" = 1;'),
        ("0001_a.sql", "UPDATE t SET a = b % s, c = b %s WHERE d = 1;"),
        ("0001_a.postgres.sql", "UPDATE t SET a = '1'::text, b = c :: int, d = e[1:n] WHERE c::text = 'x';"),
        ("0001_a.postgres.sql", "UPDATE t SET a = 1 WHERE b ? 'x' AND b ?| c AND b ?& c AND b @? '$.x';"),
        ("0001_a.postgres.sql", "UPDATE t SET a = 1 WHERE b @> c AND b <@ c AND b @@ to_tsquery('x');"),
        ("0001_a.postgres.sql", "UPDATE t SET a = $$ ? :name $x $$, b = $q$ %s $q$, c = E'\\'?' WHERE d = 1;"),
        ("0001_a.sqlite.sql", "UPDATE t SET `a?` = 1, [b:c] = 2 WHERE d = 1;"),
    ],
)
def test_what_only_looks_like_a_placeholder_is_none(name: str, text: str) -> None:
    assert [f.message for f in linted(text, name) if f.rule == "lint.placeholder"] == []


def test_placeholders_are_numbered_in_the_remedy() -> None:
    found = linted("UPDATE t SET a = ?, b = :b, c = :b, d = ? WHERE e = ?;")
    (finding,) = [f for f in found if f.rule == "lint.placeholder"]
    assert finding.hint is not None
    assert finding.hint.split("\n")[1] == "  UPDATE t SET a = $1, b = $2, c = $2, d = $3 WHERE e = $4;"


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE IF NOT EXISTS t (serial TEXT, glob TEXT, now TEXT, datetime TEXT, blob_size BIGINT);",
        "CREATE TABLE IF NOT EXISTS t (a TEXT DEFAULT 'now() ::x `y` [z] AUTOINCREMENT'); -- PRAGMA ILIKE",
        "CREATE TABLE IF NOT EXISTS t (id UUID, at TIMESTAMPTZ, body JSONB, made TIMESTAMP WITH TIME ZONE);",
        "CREATE TABLE IF NOT EXISTS t (a TEXT, b TEXT GENERATED ALWAYS AS (a || 'x') STORED);",
        "CREATE UNIQUE INDEX IF NOT EXISTS i ON t (a DESC, LOWER(b)) WHERE a IS NOT NULL;",
        "INSERT INTO t (a) VALUES ('x') ON CONFLICT (a) DO UPDATE SET a = excluded.a RETURNING a;",
        "INSERT INTO t (a) SELECT b FROM u WHERE true ON CONFLICT DO NOTHING;",
        "INSERT INTO t (a) VALUES ((SELECT MAX(b) FROM u)) ON CONFLICT (a) DO NOTHING;",
        "UPDATE t SET a = u.b FROM u WHERE u.c = t.c;",
        "ALTER TABLE t RENAME COLUMN a TO b;\nALTER TABLE t RENAME TO u;",
        "WITH q AS (SELECT a FROM t) INSERT INTO u (a) SELECT a FROM q;",
        "CREATE TABLE IF NOT EXISTS hex (id BIGINT);\nINSERT INTO hex (id) SELECT 1;",
        "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT CAST(a AS TEXT) AS b, COALESCE(c, 1) AS c FROM t;",
        "ANALYZE;",
    ],
)
def test_what_both_engines_run_is_not_engine_specific(text: str) -> None:
    assert [f.message for f in linted(text) if f.rule == "lint.engine-specific"] == []


def test_a_form_is_told_once_for_a_statement_and_each_form_by_itself() -> None:
    text = "CREATE TABLE IF NOT EXISTS `t` (\n  `a` INTEGER PRIMARY KEY AUTOINCREMENT,\n  `b` DATETIME\n);"
    assert rules_in(text) == ["engine-specific:1", "engine-specific:2", "engine-specific:3"]
    first = linted(text)[0]
    assert "(and 2 more in this statement)" in first.message
    assert first.hint is not None
    assert '"a" INTEGER' in first.hint


def test_a_set_of_one_engine_may_hold_that_engines_forms() -> None:
    assert rules_in("PRAGMA foreign_keys = ON;", "0001_a.sqlite.sql") == []
    assert rules_in("CREATE EXTENSION IF NOT EXISTS pgcrypto;", "0001_a.postgres.sql") == []
    text = "PRAGMA foreign_keys = ON;"
    assert rules_in(text, "lite/0001_a.sql", sqlite=("lite",), postgres=("pg",)) == []
    assert rules_in(text, engines=("sqlite",)) == []
    assert rules_in(text, "both/0001_a.sql", sqlite=("both",), postgres=("both",)) == ["engine-specific:1"]


def test_a_guard_for_the_engine_lets_its_forms_stand_on_that_statement_alone() -> None:
    guarded = "-- gate: when engine sqlite\nPRAGMA foreign_keys = ON;\n"
    assert rules_in(guarded) == []
    assert rules_in(f"{guarded}PRAGMA foreign_keys = OFF;") == ["engine-specific:3"]
    assert rules_in("-- gate: when engine postgres\nPRAGMA foreign_keys = ON;") == []
    trigger = (
        "CREATE TRIGGER IF NOT EXISTS g AFTER UPDATE ON t BEGIN\n  DELETE FROM t;\n  UPDATE t SET a = 1;\nEND;\n"
    )
    assert rules_in(f"-- gate: when engine sqlite\n{trigger}SELECT 1;") == []
    block = "DO $$ BEGIN\n  DELETE FROM t; COMMIT;\nEND $$;\n"
    assert rules_in(f"-- gate: when engine postgres\n{block}SELECT 1;") == []
    assert rules_in("-- gate: when engine sqlite\nDELETE FROM t;") == ["destructive:2"]


def test_what_stands_in_a_body_is_no_statement_of_the_file() -> None:
    trigger = "CREATE TRIGGER g AFTER UPDATE ON t BEGIN\n  DELETE FROM t;\n  UPDATE t SET a = 1;\nEND;"
    assert set(rules_in(trigger)) == {"engine-specific:1", "if-not-exists:1"}
    block = "DO $$ BEGIN\n  DELETE FROM t;\n  COMMIT;\nEND $$;"
    assert rules_in(block) == ["engine-specific:1"]


@pytest.mark.parametrize(
    ("name", "text", "rewritten"),
    [
        ("0001_a.sql", "CREATE INDEX i ON t (a);", "CREATE INDEX IF NOT EXISTS i ON t (a);"),
        ("0001_a.sql", "CREATE UNIQUE INDEX i ON t (a)", "CREATE UNIQUE INDEX IF NOT EXISTS i ON t (a);"),
        ("0001_a.sqlite.sql", "CREATE VIEW v AS SELECT 1;", "CREATE VIEW IF NOT EXISTS v AS SELECT 1;"),
        ("0001_a.postgres.sql", "CREATE VIEW v AS SELECT 1;", "CREATE OR REPLACE VIEW v AS SELECT 1;"),
        ("0001_a.postgres.sql", "CREATE SEQUENCE s;", "CREATE SEQUENCE IF NOT EXISTS s;"),
        ("0001_a.postgres.sql", "CREATE TYPE m AS ENUM ('a');", "    CREATE TYPE m AS ENUM ('a');"),
        ("0001_a.postgres.sql", "CREATE POLICY p ON t;", "CREATE POLICY p ON t;"),
        ("0001_a.postgres.sql", "CREATE INDEX ON t (a);", "CREATE INDEX IF NOT EXISTS NAME ON t (a);"),
        (
            "0001_a.postgres.sql",
            "CREATE INDEX CONCURRENTLY i ON t (a);",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a);",
        ),
        (
            "0001_a.postgres.sql",
            "ALTER TABLE public.t ADD COLUMN b TEXT, ADD c TEXT;",
            "ALTER TABLE public.t ADD COLUMN IF NOT EXISTS b TEXT, ADD c TEXT;",
        ),
        ("0001_a.sql", "DROP INDEX i;", "DROP INDEX IF EXISTS i;"),
        ("0001_a.sqlite.sql", "DROP TRIGGER g;", "DROP TRIGGER IF EXISTS g;"),
    ],
)
def test_what_fails_the_second_time_is_found_and_rewritten(name: str, text: str, rewritten: str) -> None:
    found = [f for f in linted(text, name) if f.rule in {"lint.if-not-exists", "lint.if-exists"}]
    assert found
    assert f"  {rewritten}" in (found[0].hint or "").split("\n")


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TEMP TABLE t (a TEXT);",
        REBUILD,
        "CREATE TABLE IF NOT EXISTS t (a TEXT);\nDROP TABLE t;",
        "DROP VIEW IF EXISTS v;\nCREATE VIEW v AS SELECT 1 AS a;",
        "-- gate: when table-missing t\nCREATE TABLE t (a TEXT);",
        "-- gate: when index-present i\nDROP INDEX i;",
        "-- gate: when column-missing t.a\n\n-- a comment between\nALTER TABLE t ADD COLUMN a TEXT;",
    ],
)
def test_what_a_second_run_survives_is_not_found(text: str) -> None:
    assert rules_in(text) == []


def test_where_a_tracking_table_is_relied_on_only_downs_have_to_be_careful() -> None:
    assert rules_in("CREATE TABLE t (a TEXT);\nDROP INDEX i;", replay="off") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DROP TABLE IF EXISTS t;", ["destructive:1"]),
        ("DROP TABLE IF EXISTS t;\n" + TABLE, ["destructive:1"]),
        (TABLE + "DROP TABLE IF EXISTS t;", []),
        ("-- gate: when column-present t.a\nALTER TABLE t DROP COLUMN a;", ["destructive:2"]),
        ("DELETE FROM t;", ["destructive:1"]),
        ("delete from t where a = 1;", []),
        ("DELETE FROM t WHERE a IN (SELECT b FROM u);", []),
        ("DELETE FROM t USING (SELECT 1 AS n WHERE true) AS u;", ["destructive:1", "engine-specific:1"]),
        ("WITH q AS (SELECT 1 WHERE true) DELETE FROM t;", ["destructive:1"]),
        ("WITH q AS (SELECT 1) DELETE FROM t WHERE a = 1;", []),
        ("UPDATE t SET a = 'x';", ["destructive:1"]),
        ("UPDATE t SET a = (SELECT b FROM u WHERE u.c = t.c);", ["destructive:1"]),
        (TABLE + "UPDATE t SET a = 'x';", []),
        ("-- gate: when column-missing t.b\nALTER TABLE t ADD COLUMN b TEXT;\nUPDATE t SET b = LOWER(a);", []),
        (
            "-- gate: when column-missing t.b\nALTER TABLE t ADD COLUMN b TEXT;\nUPDATE t SET a = b;",
            ["destructive:3"],
        ),
        ("-- gate: loses t it is empty everywhere\nDROP TABLE IF EXISTS t;", []),
        ("-- gate: loses t.a it is in u since 0002\n-- gate: when column-present t.a\nALTER TABLE t DROP a;", []),
        ("-- gate: loses t\nDROP TABLE IF EXISTS t;", ["destructive:2"]),
        ("-- gate: loses u it is empty everywhere\nDROP TABLE IF EXISTS t;", ["destructive:2"]),
        ("DROP INDEX IF EXISTS i;\nDROP VIEW IF EXISTS v;", []),
    ],
)
def test_what_loses_rows_is_found(text: str, expected: list[str]) -> None:
    assert sorted(rules_in(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BEGIN;\nSELECT 1;\nCOMMIT;", ["transaction:1"]),
        ("SELECT 1;\nROLLBACK;", ["transaction:2"]),
        ("START TRANSACTION;\nSELECT 1;\nCOMMIT;", ["transaction:1"]),
        ("-- gate: no-transaction\nBEGIN;\nSELECT 1;\nCOMMIT;", []),
        ("SAVEPOINT a;\nROLLBACK TO a;\nRELEASE a;", []),
        ("CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT);", ["version-table:1"]),
        ("INSERT INTO goose_db_version (version_id) VALUES (1);", ["version-table:1"]),
        ("UPDATE schema_version SET version = 3 WHERE version = 2;", ["version-table:1"]),
        ("-- gate: when engine sqlite\nPRAGMA user_version = 3;", ["version-table:2"]),
        ("-- gate: when engine sqlite\nPRAGMA user_version;", []),
        ("CREATE TABLE IF NOT EXISTS versions (version BIGINT);", []),
        ("SELECT version FROM schema_migrations;", []),
        (TABLE + "INSERT INTO t VALUES ('a');\nINSERT INTO t VALUES ('b');", ["seed-and-schema:2"]),
        (TABLE + "INSERT INTO t (a) SELECT b FROM u;", []),
        ("INSERT INTO t VALUES ('a');\nINSERT INTO t VALUES ('b');", []),
    ],
)
def test_transactions_version_tables_and_seeds_are_found(text: str, expected: list[str]) -> None:
    assert rules_in(text) == expected
