"""Statements that one engine alone runs: those under ``-- gate: when engine`` (contract, section 5)."""

import re
from collections.abc import Iterable

from gatekeeper.sql import Dialect, Kind, Token, tokens

_GUARD = re.compile(
    r"^[ \t]*(--[ \t]*gate:[ \t]*when[ \t]+engine[ \t]+(sqlite|postgres)[ \t\r]*)$", re.IGNORECASE | re.MULTILINE
)
# No statement under a guard is longer, in characters.
_LONGEST = 200_000


def guarded(text: str) -> list[tuple[int, int]]:
    """First and last offset of each statement that a guard keeps for one engine, in order.

    A guard is a comment on a line of its own between statements; comments and blank lines may follow it.
    """
    guards = list(_GUARD.finditer(text))
    between = _between_statements(text) if guards else frozenset()
    found = []
    for guard in guards:
        if guard.start(1) in between:
            dialect: Dialect = "sqlite" if guard[2].lower() == "sqlite" else "postgres"
            start = guard.end()
            span = _statement(tokens(text[start : start + _LONGEST], dialect), dialect)
            if span is not None:
                found.append((start + span[0], start + span[1]))
    return found


def _between_statements(text: str) -> frozenset[int]:
    """Where comments begin that no statement is open at."""
    found = []
    last = ";"
    for token in tokens(text, "sqlite"):
        if token.kind is Kind.COMMENT and last == ";":
            found.append(token.start)
        elif not token.is_blank:
            last = token.text
    return frozenset(found)


def _statement(parts: Iterable[Token], dialect: Dialect) -> tuple[int, int] | None:
    """First and last offset of the statement that the tokens begin with, None where there is none."""
    seen: list[Token] = []
    for token in parts:
        if token.is_blank or (token.text == ";" and not seen):
            continue
        seen.append(token)
        if token.text == ";" and not (dialect == "sqlite" and _is_open_trigger(seen)):
            break
    return (seen[0].start, seen[-1].start) if seen else None


def _is_open_trigger(seen: list[Token]) -> bool:
    """Whether a trigger's body goes on after this semicolon: it ends with ``; END ;`` (sqlite3_complete)."""
    words = [token.word for token in seen[:3] if token.word not in {"TEMP", "TEMPORARY"}]
    return words[:2] == ["CREATE", "TRIGGER"] and [t.text.upper() for t in seen[-3:]] != [";", "END", ";"]
