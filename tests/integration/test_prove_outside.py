"""Migrations that hang, reach outside their database or break their session: a clear error each, nothing left."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from proving import Prover, errors, found, one_server

from gatekeeper.migrate.outside import touches_server
from gatekeeper.model.finding import Status
from gatekeeper.model.settings import MigrationSettings, PostgresSettings

TOUCHED = Path("/tmp/gk-x")  # noqa: S108 - it must not come to be
POSTGRES = MigrationSettings(engines=("postgres",), statement_timeout=1)
SQLITE = MigrationSettings(engines=("sqlite",), statement_timeout=1)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresSettings]:
    with one_server() as settings:
        yield settings


@pytest.fixture(scope="module")
def proven(server: PostgresSettings) -> Prover:
    return Prover(server)


@pytest.fixture(scope="module")
def on_own_server() -> Prover:
    return Prover(PostgresSettings())


@pytest.fixture(autouse=True)
def no_database_left(server: PostgresSettings) -> Iterator[None]:
    yield
    with psycopg.connect(server.url) as connection:
        rows = connection.execute("SELECT datname FROM pg_database").fetchall()
    assert {name for (name,) in rows} == {"postgres", "template0", "template1"}


def up(statement: str) -> dict[str, str | bytes | None]:
    return {"0001_x.sql": f"SELECT 1;\n{statement}", "0001_x.down.sql": "-- nothing"}


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("COPY (SELECT 1) TO '/tmp/gk-x';", "COPY TO a file"),
        ("COPY (SELECT 1) TO PROGRAM 'touch /tmp/gk-x';", "COPY TO PROGRAM"),
        ("DO $$ BEGIN COPY (SELECT 1) TO PROGRAM 'touch /tmp/gk-x'; END $$;", "COPY TO PROGRAM"),
        ("DO $$ BEGIN EXECUTE 'COPY (SELECT 1) TO PROGRAM ''touch /tmp/gk-x'''; END $$;", "COPY TO PROGRAM"),
        ("SELECT lo_export(lo_from_bytea(0, 'x'), '/tmp/gk-x');", "lo_export"),
        ("CREATE EXTENSION dblink; SELECT dblink_exec('dbname=postgres', 'CREATE TABLE x ()');", "dblink_exec"),
        ('SELECT pg_catalog."pg_terminate_backend"(pid) FROM pg_stat_activity;', "pg_terminate_backend"),
        ("ALTER SYSTEM SET work_mem = '1MB';", "reaches outside the database"),
        ("CREATE DATABASE other;", "reaches outside the database"),
        ("ALTER DATABASE postgres SET work_mem = '1MB';", "a database by its name"),
        ("CREATE ROLE other;", "a role (CREATE ROLE)"),
        ("DO $$ BEGIN EXECUTE 'CREATE USER other'; END $$;", "a role (CREATE USER)"),
        ("COPY pg_temp.t FROM STDIN;", "write it as INSERT"),
    ],
)
def test_a_statement_that_reaches_outside_its_database_is_not_run(
    proven: Prover, statement: str, told: str
) -> None:
    result = proven.only(up(statement), POSTGRES)
    (finding,) = found(result, "up-fails")
    assert (finding.line, told in finding.message) == (2, True), finding.message
    assert not TOUCHED.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO notes VALUES ('COPY x TO PROGRAM ''y''; CREATE ROLE z');",
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM lo_export(1, $f$x$f$); END';",
        "COMMENT ON TABLE notes IS 'dblink(1)';",
    ],
)
def test_words_in_texts_and_definitions_reach_nowhere(proven: Prover, statement: str) -> None:
    text = f"CREATE TABLE IF NOT EXISTS notes (x TEXT);{statement}"
    result = proven.only(
        {"1_x.sql": text}, MigrationSettings(engines=("postgres",), replay="off", require_down=False)
    )
    assert result.status is Status.PASS, result.findings


def test_a_role_on_a_server_of_our_own_must_go_with_the_down(on_own_server: Prover) -> None:
    missing = "NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app')"
    text = f"DO $$ BEGIN IF {missing} THEN CREATE ROLE app; END IF; END $$"
    result = on_own_server.only({"1_x.sql": text, "1_x.down.sql": "-- it stays"}, POSTGRES)
    assert errors(result) == ["trace"]
    assert found(result, "trace")[0].message == "The down leaves role app behind."
    assert on_own_server.only({"1_x.sql": text, "1_x.down.sql": "DROP ROLE app"}, POSTGRES).status is Status.PASS


@pytest.mark.parametrize(
    "statement",
    [
        "SET statement_timeout = 0; SELECT pg_sleep(600);",
        """SET statement_timeout = 0; DO $$ BEGIN LOOP
            BEGIN PERFORM pg_sleep(600); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$""",
    ],
)
def test_a_script_that_switches_the_time_out_off_is_ended_all_the_same(proven: Prover, statement: str) -> None:
    result = proven.only(up(statement), POSTGRES)
    (finding,) = found(result, "up-fails")
    assert "it ran longer than the statement time-out of 1 seconds" in finding.message


def test_rows_without_end_are_no_more_than_the_time_out_allows(proven: Prover) -> None:
    result = proven.only(up("SELECT generate_series(1, 100000000000);"), POSTGRES)
    assert "statement timeout" in found(result, "up-fails")[0].message
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n;"
    assert "time-out of 1 seconds" in found(proven.only(up(endless), SQLITE), "up-fails")[0].message


def test_a_migration_that_ends_every_session_leaves_no_database(proven: Prover) -> None:
    """Put together while it runs, so that nobody sees it coming."""
    text = "DO $$ BEGIN EXECUTE 'SELECT pg_termi' || 'nate_backend(pid) FROM pg_stat_activity'; END $$;"
    result = proven.only(up(text), MigrationSettings(engines=("postgres",)))
    assert [f.rule for f in result.findings] == ["migration.up-fails"]
    assert "terminating connection" in result.findings[0].message


@pytest.mark.parametrize(
    "statement", ["DROP TABLE IF EXISTS schema_migrations;", 'DROP TABLE IF EXISTS public."_sqlx_migrations";']
)
def test_the_tracking_table_belongs_to_the_runner(proven: Prover, statement: str) -> None:
    result = proven.only(up(statement), POSTGRES)
    (finding,) = found(result, "tracking")
    assert (finding.line, result.status) == (2, Status.FAIL)


def test_a_set_that_makes_its_own_tracking_table_may_drop_it(proven: Prover) -> None:
    files = {
        "1_x.sql": "CREATE TABLE IF NOT EXISTS schema_migrations (version TEXT PRIMARY KEY);",
        "1_x.down.sql": "DROP TABLE schema_migrations;",
    }
    assert proven.only(files).status is Status.PASS


def test_a_clock_or_chance_is_no_change_of_rows(proven: Prover) -> None:
    made = "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, at TIMESTAMP, n INTEGER NOT NULL);"
    seed = "INSERT INTO t VALUES (1, CURRENT_TIMESTAMP, 2) ON CONFLICT (id) DO UPDATE SET at = excluded.at;"
    files = {
        "1_t.sql": made + seed,
        "1_t.down.sql": "DROP TABLE t;",
        "2_u.sql": "UPDATE t SET at = CURRENT_TIMESTAMP;",
        "2_u.down.sql": "-- stays",
    }
    result = proven.only(files)
    assert (result.status, result.findings) == (Status.PASS, ())
    result = proven.only({**files, "2_u.sql": "UPDATE t SET at = CURRENT_TIMESTAMP, n = n * 2;"})
    assert errors(result) == ["replay-data"]
    assert {"column n of table t" in f.message for f in found(result, "replay-data")} == {True}


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("CREATE ROLE a;", True),
        ("SELECT 1;\nalter\n  user a SET x TO 1;", True),
        ("DROP /* the old */ -- one\n GROUP a;", True),
        ("DO $$ BEGIN EXECUTE 'CREATE USER a'; END $$;", True),
        ("CREATE FUNCTION f() RETURNS void AS 'SELECT pg_terminate_backend(1)' LANGUAGE sql;", True),
        ("CREATE TABLE users (role TEXT); SELECT role FROM users GROUP BY role;", False),
        ("CREATE TABLE user_groups (x TEXT); DROP TABLE roles;", False),
    ],
)
def test_what_touches_server_is_told_from_tables_of_such_names(text: str, may: bool) -> None:
    assert touches_server(text) is may
