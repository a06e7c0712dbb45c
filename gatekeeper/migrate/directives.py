"""Directives: line comments ``-- gate: WORD …`` by which a migration speaks to its tools (contract, section 5).

To any other tool they are comments. What a word means belongs to whoever reads it: ``when`` to the guards,
``no-transaction`` to whatever runs scripts, ``allow`` to the lint, ``loses`` to the proof's row data.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gatekeeper.migrate.statements import Statement, split, whole_line_comments
from gatekeeper.sql import Dialect

_DIRECTIVE = re.compile(r"--\s*gate:\s*(?P<word>\S*)\s*(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_TRACE = re.compile(r"--\s*gate:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Directive:
    """One directive: ``word`` in lower case, ``rest`` as written without edge spaces, ``line`` 1-based.

    ``statement_line`` is the first line of the statement that follows, comments and blank lines between allowed;
    None where none does. For a directive that stands ``inside`` a statement it is that statement's.
    """

    word: str
    rest: str
    line: int
    statement_line: int | None
    inside: bool = False


def directives(text: str, dialect: Dialect = "postgres") -> tuple[Directive, ...]:
    """The directives of a text in order: comments that take a whole line, outside strings and block comments."""
    found, rest = by_statement(text, dialect)
    return (*(one for _, ones in found for one in ones), *rest)


def by_statement(text: str, dialect: Dialect) -> tuple[list[tuple[Statement, list[Directive]]], list[Directive]]:
    """Each statement (with guards heeded) with its directives, and those that no statement follows."""
    if not _TRACE.search(text):
        return [], []
    parts = split(text, dialect, guards=True)
    found = []
    line = 1
    for at, statement in enumerate(parts.statements):
        first = statement.line
        own = list(_read(statement.lead, dialect, line, first, fresh=at == 0))
        own += _read(statement.text, statement.dialect, first, first, fresh=False, inside=True)
        found.append((statement, own))
        line = first + statement.text.count("\n")
    return found, list(_read(parts.tail, dialect, line, None, fresh=not found))


def _read(
    text: str, dialect: Dialect, line: int, statement: int | None, *, fresh: bool, inside: bool = False
) -> Iterator[Directive]:
    """The directives of a piece of text that begins on that line."""
    if not _TRACE.search(text):
        return
    for token in whole_line_comments(text, dialect, fresh=fresh):
        if match := _DIRECTIVE.match(token.text):
            here = line + text.count("\n", 0, token.start)
            yield Directive(match["word"].lower(), match["rest"].strip(), here, statement, inside)
