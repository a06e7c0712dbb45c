"""Splitting SQL: nothing is lost, whatever the text, and bodies don't end statements."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatekeeper.migrate.directives import directives
from gatekeeper.migrate.statements import split
from gatekeeper.sql import Dialect, normalised, significant, tokens

PIECES = [
    *(
        "SELECT 1",
        ";",
        " ",
        "\n",
        "\r\n",
        "-- note; \n",
        "/* a; */",
        "/* /* ; */ */",
        "'it''s;'",
        "E'\\';'",
        '"a;""b"',
    ),
    *(
        "`c;`",
        "[d;]",
        "$$;$$",
        "$x$ ; $$ $x$",
        "$1",
        "CREATE",
        "TRIGGER",
        "t",
        "FUNCTION",
        "BEGIN",
        "ATOMIC",
        "CASE",
    ),
    *("END", "(", ")", "'", '"', "$", "/*", "é", "\ufeff", "OR REPLACE", "1.5e3", "\\"),
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=40).map("".join)
DIALECTS = st.sampled_from(["sqlite", "postgres"])


@given(TEXTS, DIALECTS)
def test_tokens_and_statements_joined_are_the_text(text: str, dialect: Dialect) -> None:
    assert "".join(token.text for token in tokens(text, dialect)) == text
    found = split(text, dialect)
    assert "".join(s.lead + s.text for s in found.statements) + found.tail == text


GUARDED = st.lists(
    st.sampled_from(
        [
            *PIECES,
            "\n-- gate: when engine sqlite\n",
            "\n-- gate: when engine postgres\r\n",
            "\n--gate: when table-missing t\n",
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END;",
            "CREATE FUNCTION f() RETURNS int AS $$ SELECT 1; $$ LANGUAGE sql;",
        ]
    ),
    max_size=30,
).map("".join)


@given(GUARDED, DIALECTS)
def test_with_guards_too_nothing_is_lost_and_lines_are_right(text: str, dialect: Dialect) -> None:
    found = split(text, dialect, guards=True)
    assert "".join(s.lead + s.text for s in found.statements) + found.tail == text
    at = 0
    for statement in found.statements:
        at += len(statement.lead)
        assert statement.line == text.count("\n", 0, at) + 1
        at += len(statement.text)


@given(GUARDED, DIALECTS)
def test_a_directive_stands_where_it_says(text: str, dialect: Dialect) -> None:
    lines = text.split("\n")
    firsts = {statement.line for statement in split(text, dialect, guards=True).statements}
    for directive in directives(text, dialect):
        assert lines[directive.line - 1].lstrip().startswith("--")
        assert directive.word in lines[directive.line - 1].lower()
        assert directive.statement_line is None or directive.statement_line in firsts


@given(TEXTS, DIALECTS)
def test_lines_are_where_statements_begin(text: str, dialect: Dialect) -> None:
    at = 0
    for statement in split(text, dialect).statements:
        at += len(statement.lead)
        assert statement.line == text.count("\n", 0, at) + 1
        at += len(statement.text)


@given(TEXTS, DIALECTS)
def test_a_statement_is_never_blank_and_no_statement_hides_in_the_gaps(text: str, dialect: Dialect) -> None:
    found = split(text, dialect)
    for statement in found.statements:
        assert significant(statement.text, dialect)
        assert not any(token.text != ";" for token in significant(statement.lead, dialect))
    assert not any(token.text != ";" for token in significant(found.tail, dialect))


WHOLE = st.sampled_from(
    [
        "CREATE TABLE a (x TEXT DEFAULT ';');",
        "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE WHEN 1 THEN 2 END; DELETE FROM a; END;",
        'SELECT 1 AS "a;b", `c;d`, [e;f] FROM x;',
        "INSERT INTO a VALUES ('x;''y') -- z;\n;",
        "/* ; */ SELECT /* ; */ 1;",
    ]
)


@given(st.lists(WHOLE, min_size=1, max_size=6))
def test_sqlite_agrees_that_each_statement_is_complete(statements: list[str]) -> None:
    found = split("\n".join(statements), "sqlite").statements
    assert len(found) == len(statements)
    assert all(sqlite3.complete_statement(s.text) for s in found)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;",
        "CREATE OR REPLACE PROCEDURE p() LANGUAGE plpgsql AS $body$ BEGIN SELECT $$;$$; END; $body$;",
        "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);",
        "DO $$ BEGIN PERFORM 1; END $$;",
        "SELECT E'a\\';b', $1;",
        "/* /* ; */ ; */ SELECT 1;",
    ],
)
def test_postgres_bodies_do_not_end_a_statement(statement: str) -> None:
    found = split(f"{statement}\nSELECT 2;", "postgres").statements
    assert [(s.lead + s.text).strip() for s in found] == [statement, "SELECT 2;"]


@pytest.mark.parametrize(
    ("text", "is_transaction"),
    [
        ("BEGIN;", True),
        ("begin immediate", True),
        ("START TRANSACTION", True),
        ("COMMIT", True),
        ("END", True),
        ("ROLLBACK;", True),
        ("ABORT", True),
        ("ROLLBACK TO SAVEPOINT s", False),
        ("SAVEPOINT s", False),
        ("RELEASE s", False),
        ("SELECT 'BEGIN'", False),
        ("PREPARE p AS SELECT 1", False),
    ],
)
def test_transaction_statements_are_told_from_others(text: str, *, is_transaction: bool) -> None:
    for dialect in ("sqlite", "postgres"):
        (statement,) = split(f"-- BEGIN\n{text}", dialect).statements
        assert statement.is_transaction is is_transaction


def test_formatting_case_and_needless_quotes_do_not_count() -> None:
    first = normalised(significant('Create  View "v" AS -- x\n SELECT a FROM [t]', "sqlite"), "sqlite")
    second = normalised(significant("CREATE VIEW v as select A from t", "sqlite"), "sqlite")
    assert first == second
    third = normalised(significant("CREATE VIEW v AS SELECT 'A' FROM t", "sqlite"), "sqlite")
    assert third != second
