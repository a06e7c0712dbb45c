"""Directives: which comments are ones, what they say, and to which statement they belong."""

import pytest

from gatekeeper.migrate.directives import Directive, directives
from gatekeeper.migrate.statements import split
from gatekeeper.sql import Dialect

TEXT = """-- gate: when column-missing a.b\r
/* -- gate: not
-- gate: nor this */
--gate:NO-transaction

ALTER TABLE x
  -- gate: inside one
 ADD y TEXT DEFAULT '
-- gate: in a string
'; -- gate: behind a statement
SELECT $$
-- gate: in dollars
$$;
-- gate:
\t-- gate: allow lint.x  because it must
"""


def test_only_comments_with_a_line_to_themselves_are_directives() -> None:
    assert directives(TEXT) == (
        Directive("when", "column-missing a.b", 1, 6),
        Directive("no-transaction", "", 4, 6),
        Directive("inside", "one", 7, 6, inside=True),
        Directive("", "", 14, None),
        Directive("allow", "lint.x  because it must", 15, None),
    )


@pytest.mark.parametrize(
    "text", ["", "SELECT 1;", "-- gatekeeper: no\nSELECT 1;", "-- the gate: is shut\nSELECT 1;"]
)
def test_other_comments_are_none(text: str) -> None:
    assert directives(text) == ()


@pytest.mark.parametrize(("dialect", "statements"), [("sqlite", 2), ("postgres", 2)])
def test_a_statement_guarded_for_the_other_engine_ends_where_that_engine_ends_it(
    dialect: Dialect, statements: int
) -> None:
    trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; SELECT 2; END;"
    function = "CREATE FUNCTION f() RETURNS int AS $$ SELECT 1; SELECT 2; $$ LANGUAGE sql;"
    text = f"-- gate: when engine sqlite\n{trigger}\n-- gate: when engine postgres\n{function}\n"
    found = split(text, dialect, guards=True).statements
    assert [(s.text, s.line, s.dialect) for s in found] == [(trigger, 2, "sqlite"), (function, 4, "postgres")]
    assert len(split(text, dialect).statements) > statements
