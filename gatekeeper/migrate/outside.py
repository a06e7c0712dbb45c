"""Statements that reach beyond the migration's own database: they are refused before anything runs.

Read from tokens, also of the code that a DO block runs and of the texts in it. What is put together only while it
runs, or lies in a function, escapes this: against ill will only a machine of its own helps, as with any code.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from gatekeeper.migrate.statements import Statement
from gatekeeper.sql import Kind, Token, significant, unquoted

_FUNCTIONS = frozenset(
    {
        *("LO_EXPORT", "LO_IMPORT", "PG_READ_FILE", "PG_READ_BINARY_FILE", "PG_LS_DIR", "PG_STAT_FILE"),
        *("PG_FILE_WRITE", "PG_FILE_UNLINK", "PG_FILE_RENAME", "PG_FILE_SYNC"),
        *("DBLINK", "DBLINK_CONNECT", "DBLINK_CONNECT_U", "DBLINK_EXEC", "DBLINK_OPEN", "DBLINK_SEND_QUERY"),
        *("PG_TERMINATE_BACKEND", "PG_CANCEL_BACKEND", "PG_RELOAD_CONF", "PG_ROTATE_LOGFILE", "PG_PROMOTE"),
    }
)
_DEEPEST = 4
_GAP = r"(?:\s|/\*.*?\*/|--[^\n]*\n)+"
_ON_SERVER = re.compile(
    rf"\b(?:CREATE|ALTER|DROP){_GAP}(?:ROLE|USER|GROUP)\b|\bPG_(?:TERMINATE|CANCEL)_BACKEND\b",
    re.IGNORECASE | re.DOTALL,
)
_ROLES = {"ROLE", "USER", "GROUP"}


def refusal(statement: Statement, *, own_server: bool) -> str | None:
    """Why the statement isn't run, as a sentence without its full stop; None where it may be.

    ``own_server`` says whether the server ends with the run, so that roles and settings of databases may change.
    """
    if statement.dialect == "sqlite":
        return None
    if _takes_rows_from_the_client(statement):
        return "COPY from the client has no place in a migration that a driver runs; write it as INSERT"
    for parts in _codes(statement):
        if name := _reaches_out(parts):
            return f"the statement reaches outside the database of the migration ({name})"
        if not own_server and (name := _of_the_server(parts)):
            return f"{name} is the whole server's, which is not the proof's own; prove it on an embedded server"
    if statement.leaves_database:
        return "the statement reaches outside the database of the migration"
    return None


def touches_server(text: str) -> bool:
    """Whether a script may touch what all databases of a server share: roles, sessions; wherever it says so.

    It is better told once too often: names in comments count.
    """
    return _ON_SERVER.search(text) is not None


def _codes(statement: Statement) -> Iterator[tuple[Token, ...]]:
    """The statement's tokens; of a DO block also those of its code, and of the texts in it."""
    yield statement.tokens
    if statement.words[:1] == ("DO",):
        yield from _inner(statement.tokens, _DEEPEST)


def _inner(parts: tuple[Token, ...], depth: int) -> Iterator[tuple[Token, ...]]:
    for part in parts:
        if part.kind is Kind.STRING and depth:
            found = significant(_content(part.text), "postgres")
            yield found
            yield from _inner(found, depth - 1)


def _content(string: str) -> str:
    if string.startswith("$"):
        tag = string[: string.index("$", 1) + 1]
        return string.removeprefix(tag).removesuffix(tag)
    inner = string[string.index("'") + 1 :].removesuffix("'")
    return inner.replace("''", "'")


def _reaches_out(parts: tuple[Token, ...]) -> str:
    for a, b in pairwise(parts):
        if b.text == "(" and a.kind in {Kind.WORD, Kind.QUOTED}:
            name = unquoted(a, "postgres").upper()
            if name in _FUNCTIONS:
                return name.lower()
    for at, part in enumerate(parts):
        if part.word == "COPY":
            for a, b in pairwise(parts[at:]):
                if a.text == ";":
                    break
                if a.word in {"FROM", "TO"} and (b.kind is Kind.STRING or b.word == "PROGRAM"):
                    return f"COPY {a.word} {'PROGRAM' if b.word else 'a file'}"
    return ""


def _takes_rows_from_the_client(statement: Statement) -> bool:
    return statement.words[:1] == ("COPY",) and any(
        a.word in {"FROM", "TO"} and b.word in {"STDIN", "STDOUT"} for a, b in pairwise(statement.tokens)
    )


def _of_the_server(parts: tuple[Token, ...]) -> str:
    words = [part.word for part in parts]
    for verb, noun in pairwise(words):
        if verb in {"CREATE", "ALTER", "DROP"} and noun in _ROLES:
            return f"a role ({verb} {noun})"
        if verb == "ALTER" and noun == "DATABASE":
            return "a database by its name (ALTER DATABASE)"
        if verb == "ON" and noun == "DATABASE" and words[0] in {"GRANT", "REVOKE", "COMMENT"}:
            return f"a database by its name ({words[0]} ON DATABASE)"
    return ""
