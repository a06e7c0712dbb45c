"""Fingerprints: what is read anew only where something changed is what a fresh look finds, after any statement."""

from collections.abc import Callable, Iterator

import pytest

from gatekeeper.engines.base import Database, Interrupter
from gatekeeper.engines.postgres import PostgresEngine, postgres_server
from gatekeeper.engines.postgres_database import PostgresDatabase
from gatekeeper.engines.postgres_memory import Memory
from gatekeeper.engines.sqlite import SqliteDatabase, SqliteEngine
from gatekeeper.engines.sqlite_catalog import Reader, snapshot
from gatekeeper.model.schema import ObjectKey
from gatekeeper.model.settings import PostgresSettings

COMMON = (
    "CREATE TABLE a (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'x')",
    "CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a ON DELETE CASCADE, n INT CHECK (n > 0))",
    "CREATE VIEW v AS SELECT a.id AS one, b.n FROM a JOIN b ON b.a = a.id",
    "CREATE INDEX b_n ON b (n) WHERE n > 3",
    "INSERT INTO a (id) VALUES (1), (2)",
    "INSERT INTO b (id, a, n) VALUES (1, 1, 5)",
    "UPDATE a SET name = 'y' WHERE id = 2",
    "ALTER TABLE a ADD COLUMN more TEXT DEFAULT 'm'",
    "DELETE FROM a WHERE id = 1",
    "ALTER TABLE a RENAME COLUMN name TO title",
    "ALTER TABLE a RENAME TO people",
    "DROP VIEW v",
    "ALTER TABLE people DROP COLUMN more",
    "DROP INDEX b_n",
)
POSTGRES = (
    *COMMON,
    "CREATE TYPE mood AS ENUM ('low', 'high')",
    "CREATE TABLE m (id SERIAL PRIMARY KEY, mood mood DEFAULT 'low')",
    "INSERT INTO m (mood) VALUES ('low'), ('high')",
    "ALTER TYPE mood RENAME VALUE 'low' TO 'down'",
    "ALTER TYPE mood RENAME TO feeling",
    "CREATE MATERIALIZED VIEW heap AS SELECT count(*) AS c FROM m",
    "CREATE FUNCTION f(x integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT x + 1'",
    "CREATE OR REPLACE FUNCTION f(x integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT x + 2'",
    "CREATE INDEX m_f ON m (f(id))",
    "ALTER FUNCTION f RENAME TO g",
    "ALTER TABLE m ALTER COLUMN mood DROP DEFAULT",
    "ALTER TABLE m ADD CONSTRAINT named CHECK (id > 0) NOT VALID",
    "ALTER TABLE m VALIDATE CONSTRAINT named",
    "ALTER SEQUENCE m_id_seq INCREMENT 5",
    "ALTER SEQUENCE m_id_seq OWNED BY NONE",
    "ALTER SEQUENCE m_id_seq RENAME TO numbers",
    "CREATE SCHEMA side",
    "ALTER TABLE m SET SCHEMA side",
    "ALTER SCHEMA side RENAME TO other",
    "CREATE RULE r AS ON DELETE TO other.m DO INSTEAD NOTHING",
    "ALTER TABLE other.m ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY p ON other.m USING (id > 1)",
    "ALTER POLICY p ON other.m USING (id > 2)",
    "CREATE TABLE parts (k INTEGER, v TEXT) PARTITION BY RANGE (k)",
    "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10)",
    "INSERT INTO parts VALUES (1, 'a')",
    "ALTER TABLE parts DETACH PARTITION parts_1",
    "TRUNCATE parts_1",
    "CREATE ROLE somebody",
    "CREATE UNIQUE INDEX parts_k ON parts (k)",
    "CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TRIGGER tr BEFORE INSERT ON parts_1 FOR EACH ROW EXECUTE FUNCTION t()",
    "ALTER TABLE parts_1 DISABLE TRIGGER tr",
    "DROP TABLE parts, parts_1",
    "DROP TABLE other.m CASCADE",
)
SQLITE = (
    *COMMON,
    "CREATE TRIGGER tr AFTER INSERT ON b BEGIN UPDATE people SET title = 't'; END",
    "INSERT INTO people (id) VALUES (7)",
    "INSERT INTO b (id, a, n) VALUES (9, 7, 5)",
    "DELETE FROM people",
    "CREATE VIRTUAL TABLE words USING fts5 (word)",
    "INSERT INTO words VALUES ('one')",
    "DROP TABLE words",
)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresEngine]:
    with postgres_server(PostgresSettings(), timeout=20) as engine:
        yield engine


def check_postgres(database: PostgresDatabase) -> None:
    fresh = Memory(database._look, roles=True)
    assert database.snapshot() == fresh.snapshot()
    assert database.rows() == fresh.rows(trying=True)


def check_sqlite(database: SqliteDatabase) -> None:
    assert database.snapshot() == snapshot(Reader().read(database._connection))
    known = database.rows()
    database._seen.forget()
    assert database.rows() == known


def walk(database: Database, statements: tuple[str, ...], check: Callable[[], None]) -> None:
    """Each statement first in a trial, then for good; checked within, after the trial and after the commit."""
    for statement in statements:
        before = database.snapshot(), database.rows()
        with database.trial(transactional=True):
            database.begin()
            database.execute(statement)
            database.commit()
            check()
        check()
        assert (database.snapshot(), database.rows()) == before, statement
        database.begin()
        database.execute(statement)
        database.commit()
        check()


def test_on_postgres_a_remembered_schema_is_the_one_that_is_there(server: PostgresEngine) -> None:
    with server.database() as database:
        walk(database, POSTGRES, lambda: check_postgres(database))


def test_on_sqlite_a_remembered_schema_is_the_one_that_is_there() -> None:
    engine = SqliteEngine(timeout=20, functions={}, interrupter=Interrupter())
    with engine.database() as database:
        walk(database, SQLITE, lambda: check_sqlite(database))


def test_what_a_script_left_set_does_not_show_in_schema_and_rows(server: PostgresEngine) -> None:
    with server.database() as database:
        database.execute("CREATE TABLE t (at TIMESTAMPTZ DEFAULT '2020-01-01 00:00+00', x REAL, b BYTEA)")
        database.execute("INSERT INTO t (x, b) VALUES (1.1, 'ab')")
        before = database.snapshot(), database.rows()
        database.execute("CREATE ROLE weak")
        database.execute("SET TimeZone TO 'Asia/Tokyo'")
        database.execute("SET bytea_output TO 'escape'")
        database.execute("SET search_path TO nowhere")
        database.execute("SET ROLE weak")
        assert database.rows() == before[1]
        schema = database.snapshot().objects
        assert {key: schema[key] for key in before[0].objects} == before[0].objects
        assert schema.keys() - before[0].objects.keys() == {ObjectKey("role", "weak")}


def test_the_next_script_finds_no_temporary_table(server: PostgresEngine) -> None:
    sqlite = SqliteEngine(timeout=20, functions={}, interrupter=Interrupter())
    with server.database() as theirs, sqlite.database() as ours:
        for database in (theirs, ours):
            database.execute("CREATE TEMPORARY TABLE t (x TEXT)")
            database.fresh_session()
            database.execute("CREATE TEMPORARY TABLE t (x TEXT)")
        ours.execute("ATTACH ':memory:' AS other")
        ours.fresh_session()
        ours.execute("ATTACH ':memory:' AS other")


LATE = (
    "CREATE TABLE a (id INTEGER PRIMARY KEY)",
    "CREATE TABLE log (a INTEGER)",
    "CREATE FUNCTION n() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log VALUES (7); RETURN NEW; END'",
    """CREATE CONSTRAINT TRIGGER late AFTER INSERT ON a DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION n()""",
    "INSERT INTO log VALUES (0)",
    # Until what was counted is handed on, it counts for the next transaction too.
    "SELECT pg_stat_force_next_flush()",
)


def test_what_is_written_only_as_a_transaction_ends_is_seen(server: PostgresEngine) -> None:
    with server.database() as database:
        for statement in LATE:
            database.execute(statement)
        assert (database.changed(), database.rows()["log"].count) == (None, 1)
        database.begin()
        database.execute("INSERT INTO a VALUES (1)")
        database.commit()
        assert (database.rows()["log"].count, database.changed()) == (2, {"a", "log"})


def test_a_trial_in_which_nothing_was_written_changed_nothing(server: PostgresEngine) -> None:
    with server.database() as database:
        for statement in LATE:
            database.execute(statement)
        database.changed()
        with database.trial(transactional=True):
            database.begin()
            database.execute("CREATE TABLE IF NOT EXISTS a (id INTEGER)")
            database.commit()
            assert database.changed() == set()
            database.begin()
            database.execute("INSERT INTO log VALUES (1)")
            database.commit()
            assert database.changed() == {"log"}
