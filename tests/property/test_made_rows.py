"""Made rows: whatever the tables look like, the engine takes them, and twice the same ones."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gatekeeper.engines.base import Interrupter
from gatekeeper.engines.sqlite import SqliteDatabase
from gatekeeper.engines.tables import Value
from gatekeeper.migrate.fill import WANTED, Filler, conjuncts, lacking
from gatekeeper.migrate.rows import NOTHING, Holdings, look
from gatekeeper.migrate.values import literal

TYPES = (
    "INTEGER",
    "TEXT",
    "VARCHAR(3)",
    "BOOLEAN",
    "NUMERIC(4, 2)",
    "REAL",
    "DATE",
    "TIMESTAMP",
    "BLOB",
    "JSON",
    "",
)
EXTRAS = ("", "NOT NULL", "UNIQUE", "NOT NULL DEFAULT 1", "DEFAULT 'made-1'", "CHECK ({0} IS NOT NULL)")
CHECKS = (
    "CHECK ({0} IN ('x', 'y'))",
    "CHECK ({0} BETWEEN 10 AND 20)",
    "CHECK (length({0}) = 12)",
    "CHECK ({0} LIKE 'a_b%')",
    "CHECK ({0} <> 41)",
    "CHECK ({0} GLOB '[a-f]*')",
)


@st.composite
def schemas(draw: st.DrawFn) -> list[str]:
    """A few tables, each of which may refer to any of them."""
    count = draw(st.integers(1, 4))
    out = []
    for table in range(count):
        columns = ["id INTEGER PRIMARY KEY"]
        for number in range(draw(st.integers(0, 4))):
            name = f"c{number}"
            extra = draw(st.sampled_from(EXTRAS + CHECKS)).format(name)
            columns.append(f'"{name}" {draw(st.sampled_from(TYPES))} {extra}')
        for number, other in enumerate(draw(st.lists(st.integers(0, count - 1), max_size=2))):
            strict = "NOT NULL" if other < table and draw(st.booleans()) else ""
            columns.append(f"r{number} INTEGER {strict} REFERENCES t{other} (id)")
        out.append(f"CREATE TABLE t{table} ({', '.join(columns)})")
    return out


def filled(statements: list[str]) -> tuple[Holdings, Filler]:
    database = SqliteDatabase(5, {}, Interrupter())
    try:
        for statement in statements:
            database.execute(statement)
        filler = Filler(database)
        state, before = look(database, NOTHING), NOTHING
        for _ in range(3):
            due = filler.due(state, before)
            filler.fill(due, state)
            state = look(database, state)
        return state, filler
    finally:
        database.close()


@settings(max_examples=60, deadline=None)
@given(schemas())
def test_every_table_is_filled_or_says_why_not(statements: list[str]) -> None:
    state, filler = filled(statements)
    for name, relation in state.relations.items():
        rows = state.rows[name]
        assert len(rows) >= WANTED or filler.failures.get(name), (statements, name)
        # A reference to a table without rows is the one thing that may be left at its default.
        if len(rows) >= WANTED and not any(name in statement and "CHECK" in statement for statement in statements):
            assert not [c for c in lacking(relation, rows) if not c.startswith("r")], (statements, name)
    again, _ = filled(statements)
    assert again.rows == state.rows


@given(
    st.one_of(
        st.none(),
        st.integers(-(2**63), 2**63 - 1),
        st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0")),
        st.binary(),
    )
)
def test_a_literal_is_the_value(value: Value) -> None:
    database = SqliteDatabase(5, {}, Interrupter())
    try:
        assert database.ask(f"SELECT {literal(value, 'sqlite')}") == [(value,)]
    finally:
        database.close()


@given(st.text())
def test_any_text_falls_apart_without_an_error(text: str) -> None:
    for dialect in ("sqlite", "postgres"):
        for part in conjuncts(text, dialect):
            assert part in text


@given(st.lists(st.sampled_from(["a = 1", "b BETWEEN 1 AND 2", "(c OR d)", "x IN ('AND')"]), min_size=1))
def test_what_was_joined_by_and_falls_apart_again(parts: list[str]) -> None:
    assert conjuncts(" AND ".join(parts), "sqlite") == [
        p if len(parts) > 1 else conjuncts(p, "sqlite")[0] for p in parts
    ]
