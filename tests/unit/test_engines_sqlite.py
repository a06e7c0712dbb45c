"""SQLite as an engine: what it sees of schema and rows, what it undoes, when it stops."""

from collections.abc import Iterator

import pytest

from gatekeeper.engines.base import Interrupted, Interrupter, SqlError
from gatekeeper.engines.sqlite import SqliteDatabase, SqliteEngine
from gatekeeper.engines.sqlite_text import default_text, is_volatile
from gatekeeper.model.schema import ObjectKey, differences


@pytest.fixture
def database() -> Iterator[SqliteDatabase]:
    engine = SqliteEngine(timeout=60, functions={}, interrupter=Interrupter())
    with engine.database() as made:
        yield made


def run(database: SqliteDatabase, *statements: str) -> None:
    for statement in statements:
        database.execute(statement)


@pytest.mark.parametrize(
    ("old", "new"), [("-1", "-2"), ("1", "1.0"), ("1", "'1'"), ("NULL", "''"), ("'a'", "x'61'")]
)
def test_each_change_of_a_value_is_seen(database: SqliteDatabase, old: str, new: str) -> None:
    run(database, "CREATE TABLE t (a, b)", f"INSERT INTO t VALUES ({old}, 1)")
    before = database.rows()
    run(database, f"UPDATE t SET a = {new}")
    after = database.rows()
    assert before["t"].digest != after["t"].digest
    assert [c for c in ("a", "b") if before["t"].columns[c] != after["t"].columns[c]] == ["a"]


def test_a_trial_is_undone_whatever_it_does(database: SqliteDatabase) -> None:
    run(database, "CREATE TABLE t (a)", "INSERT INTO t VALUES (1)")
    schema, rows = database.snapshot(), database.rows()
    with database.trial(transactional=False):
        run(database, "BEGIN", "DROP TABLE t", "COMMIT", "CREATE TABLE u (b)")
        assert ObjectKey("table", "u") in database.snapshot().objects
        assert database.rows() == {}
    assert (database.snapshot(), database.rows()) == (schema, rows)
    run(database, "INSERT INTO t VALUES (2)", "CREATE INDEX i ON t (a)")
    assert database.rows()["t"].count == 2
    assert ObjectKey("index", "i") in database.snapshot().objects


def test_undone_drops_a_table_out_of_the_midst_of_its_references(database: SqliteDatabase) -> None:
    run(database, "CREATE TABLE p (id TEXT PRIMARY KEY)", "CREATE TABLE c (p TEXT REFERENCES p)")
    run(database, "INSERT INTO p VALUES ('x')", "INSERT INTO c VALUES ('x')")
    before = database.snapshot()
    with database.undone(("DROP TABLE p",)):
        assert ObjectKey("table", "p") not in database.snapshot().objects
    assert database.snapshot() == before
    with pytest.raises(SqlError, match="FOREIGN KEY constraint failed"):
        database.execute("DELETE FROM p")


def test_order_of_columns_names_of_constraints_and_formatting_do_not_count(database: SqliteDatabase) -> None:
    run(database, "CREATE TABLE t (a TEXT NOT NULL DEFAULT 'x', b INT, CONSTRAINT one CHECK (b>0), UNIQUE (a, b))")
    first = database.snapshot()
    run(database, "DROP TABLE t")
    run(
        database, "CREATE TABLE \"t\" (b int, a text default ('x') not null, unique (a,b), check( b > 0 )) -- same"
    )
    assert differences(first, database.snapshot()) == ()


@pytest.mark.parametrize(
    "other",
    [
        "CREATE TABLE t (a TEXT, b INT, UNIQUE (b, a))",
        "CREATE TABLE t (a TEXT, b INT UNIQUE)",
        "CREATE TABLE t (a TEXT DEFAULT 'y', b INT, UNIQUE (a, b))",
        "CREATE TABLE t (a TEXT, b INT REFERENCES t (a) ON DELETE CASCADE, UNIQUE (a, b))",
        "CREATE TABLE t (a TEXT, b INT, UNIQUE (a, b)) STRICT",
        "CREATE TABLE t (a TEXT, b INT PRIMARY KEY, UNIQUE (a, b)) WITHOUT ROWID",
        "CREATE TABLE t (a TEXT, b INT, UNIQUE (a, b) ON CONFLICT IGNORE)",
        "CREATE TABLE t (a TEXT, b INT REFERENCES u DEFERRABLE INITIALLY DEFERRED, UNIQUE (a, b))",
    ],
)
def test_another_shape_is_another_schema(database: SqliteDatabase, other: str) -> None:
    run(database, "CREATE TABLE t (a TEXT, b INT, UNIQUE (a, b))")
    first = database.snapshot()
    run(database, "DROP TABLE t", other)
    assert differences(first, database.snapshot()) != ()


def test_a_view_whose_table_is_gone_can_still_be_looked_at(database: SqliteDatabase) -> None:
    run(database, "CREATE TABLE t (a)", "CREATE VIEW v AS SELECT a FROM t", "DROP TABLE t")
    assert ObjectKey("view", "v") in database.snapshot().objects


def test_work_that_was_called_off_stops_and_does_not_start_again() -> None:
    interrupter = Interrupter()
    with SqliteEngine(timeout=60, functions={}, interrupter=interrupter).database() as made:
        interrupter.stop()
        with pytest.raises(Interrupted):
            made.execute("SELECT 1")


@pytest.mark.parametrize(
    ("default", "volatile"),
    [("CURRENT_TIMESTAMP", True), ("(datetime('now'))", True), ("'now()'", False), ("5", False), (None, False)],
)
def test_volatile_defaults_are_known(default: str | None, *, volatile: bool) -> None:
    assert is_volatile(default) is volatile


def test_a_default_has_one_form() -> None:
    assert default_text("(( 'A' ))") == default_text("'A'")
    assert default_text("'A'") != default_text("'a'")
    assert default_text(None) is None
