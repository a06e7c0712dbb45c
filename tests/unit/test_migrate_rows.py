"""The parts of the proof on rows: declarations, fixtures' places, candidates, and what counts as lost."""

from collections.abc import Iterator

import pytest

from gatekeeper.engines.base import Interrupter
from gatekeeper.engines.sqlite import SqliteDatabase, SqliteEngine
from gatekeeper.engines.tables import ValueType
from gatekeeper.migrate.fill import conjuncts
from gatekeeper.migrate.fixtures import fixture_of
from gatekeeper.migrate.losses import losses
from gatekeeper.migrate.rows import NOTHING, Lost, look, lost, rows_changed
from gatekeeper.migrate.scripts import Script
from gatekeeper.migrate.values import plain, sample


@pytest.fixture
def database() -> Iterator[SqliteDatabase]:
    engine = SqliteEngine(timeout=5, functions={}, interrupter=Interrupter())
    with engine.database() as database:
        yield database


def run(database: SqliteDatabase, *statements: str) -> None:
    for statement in statements:
        database.execute(statement)


def test_a_declaration_is_a_comment_with_target_and_reason() -> None:
    text = """-- gate: loses jobs.kind It moved.
    SELECT '-- gate: loses none really'; /* -- gate: loses none either */
    --gate:loses  "Jobs"  Old ones go.
    -- gate: loses jobs:
    -- gate: losesx y z
    """
    found = losses(Script("1_a.sql", text), "postgres")
    assert [(loss.line, loss.target, loss.reason) for loss in found] == [
        (1, "jobs.kind", "It moved."),
        (3, "jobs", "Old ones go."),
        (4, "jobs", ""),
    ]
    column, table, bare = found
    assert (column.covers("jobs", "kind"), column.covers("jobs", "state"), column.covers("jobs", None)) == (
        True,
        False,
        False,
    )
    assert (table.covers("Jobs", "kind"), table.covers("jobs", None), table.covers("job", None)) == (
        True,
        True,
        False,
    )
    assert not bare.covers("jobs", None)


def test_where_a_fixture_would_lie() -> None:
    assert fixture_of("m/0004_jobs.sql") == "m/0004_jobs.rows.sql"
    assert fixture_of("m/0004_jobs.up.sql") == "m/0004_jobs.rows.sql"
    assert fixture_of("m/0004_jobs.sqlite.sql") == "m/0004_jobs.sqlite.rows.sql"
    assert fixture_of("m/0004_jobs/up.sql") == "m/0004_jobs/rows.sql"


@pytest.mark.parametrize(
    ("expression", "parts"),
    [
        ("a > 1", ["a > 1"]),
        ("((a > 1) AND (b < 2))", ["a > 1", "b < 2"]),
        ("a BETWEEN 1 AND 2 AND b = 3", ["a BETWEEN 1 AND 2", "b = 3"]),
        ("a = 1 OR b = 2 AND c = 3", ["a = 1 OR b = 2 AND c = 3"]),
        ("(a = 1 AND b = 2) AND c = 'x AND y'", ["a = 1", "b = 2", "c = 'x AND y'"]),
        ("CASE WHEN a AND b THEN 1 ELSE 0 END = 1 AND c", ["CASE WHEN a AND b THEN 1 ELSE 0 END = 1", "c"]),
        ("", []),
    ],
)
def test_a_check_falls_apart_at_its_top(expression: str, parts: list[str]) -> None:
    assert conjuncts(expression, "postgres") == parts


@pytest.mark.parametrize(
    ("one", "other"), [(1, "1"), (1.0, 1), ("10.50", 10.5), ("10.00", 10), (b"\x01", "\\x01"), (None, None)]
)
def test_a_value_is_the_same_in_another_type(one: object, other: object) -> None:
    assert plain(one) == plain(other)  # type: ignore[arg-type] # values of every kind
    assert plain("10") != plain("1")
    assert plain("") is not None


def test_samples_fit_their_length_and_differ() -> None:
    for length in (1, 2, 3, 5, 10, None):
        found = [sample(ValueType("text", length=length), number, "postgres") for number in (1, 2, 3)]
        assert len(set(found)) == 3
        assert all(length is None or len(str(text)) <= length for text in found)
    assert sample(ValueType("numeric", length=3, scale=3), 1, "postgres") == "0.2"
    assert sample(ValueType("other", "geometry"), 1, "postgres") is None


def test_what_is_lost_by_key_and_what_is_only_changed(database: SqliteDatabase) -> None:
    run(
        database,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT DEFAULT 'd', n INTEGER, at TEXT DEFAULT CURRENT_DATE)",
        "INSERT INTO t VALUES (1, 'x', 5, 'then'), (2, 'y', 6, 'then'), (3, 'd', NULL, 'then')",
    )
    before = look(database, NOTHING)
    run(
        database,
        "UPDATE t SET s = 'd', n = 7, at = 'now' WHERE id = 1",
        "UPDATE t SET s = 'd', n = 8 WHERE id = 3",
        "DELETE FROM t WHERE id = 2",
    )
    after = look(database, before)
    assert list(lost(before, after)) == [Lost("t", None, 1, 3), Lost("t", "s", 1, 3)]
    assert rows_changed(before, after) == {"t": "table t holds 1 row fewer"}


def test_a_key_and_a_column_survive_a_rebuild_in_another_order_case_and_type(database: SqliteDatabase) -> None:
    run(
        database,
        "CREATE TABLE t (Id INTEGER, S TEXT, n NUMERIC, PRIMARY KEY (Id))",
        "INSERT INTO t VALUES (1, 'x', 1.5), (2, 'y', 2)",
    )
    before = look(database, NOTHING)
    run(
        database,
        "CREATE TABLE u (s TEXT, n TEXT, id TEXT PRIMARY KEY)",
        "INSERT INTO u SELECT S, n, Id FROM t",
        "DROP TABLE t",
        "ALTER TABLE u RENAME TO t",
    )
    assert list(lost(before, look(database, before))) == []


def test_only_what_may_have_changed_is_read_again(database: SqliteDatabase) -> None:
    run(
        database,
        "CREATE TABLE p (id INTEGER PRIMARY KEY)",
        "CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p ON DELETE CASCADE)",
        "CREATE TABLE log (x TEXT)",
        "CREATE TABLE other (x TEXT)",
        "CREATE TRIGGER t AFTER DELETE ON c BEGIN INSERT INTO log VALUES ('gone'); END",
        "INSERT INTO p VALUES (1)",
        "INSERT INTO c VALUES (1, 1)",
        "INSERT INTO other VALUES ('a')",
    )
    before = look(database, NOTHING)
    run(database, "DELETE FROM p")
    after = look(database, before)
    assert after.counts == {"c": 0, "log": 1, "other": 1, "p": 0}
    assert [name for name in after.rows if after.rows[name] is before.rows[name]] == ["other"]
    run(database, "CREATE INDEX o ON other (x)")
    with database.trial(transactional=True):
        run(database, "DELETE FROM other")
        assert look(database, after).counts["other"] == 0
    assert look(database, after).counts["other"] == 1
