"""Splitting a migration into statements, as the engines' own command-line shells do it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from gatekeeper.sql import Dialect, Kind, Token, significant, tokens

_TRANSACTION_STARTS = {"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT"}
_ENGINE_GUARD = re.compile(r"--\s*gate:\s*when\s+engine\s+(sqlite|postgres)\b", re.IGNORECASE)
# What SQLite ignores or refuses within a transaction; other pragmas work there.
_OUTSIDE_PRAGMAS = {
    "FOREIGN_KEYS",
    "JOURNAL_MODE",
    "SYNCHRONOUS",
    "TEMP_STORE",
    "WAL_CHECKPOINT",
    "AUTO_VACUUM",
    "PAGE_SIZE",
    "INCREMENTAL_VACUUM",
}
_WHOLE_SERVER = {"DATABASE", "TABLESPACE", "SYSTEM", "SUBSCRIPTION"}


@dataclass(frozen=True)
class Statement:
    """One statement: ``lead`` is the blank text and the comments before it, ``text`` runs to its semicolon.

    ``line`` is the 1-based line of its first token in the file.
    """

    lead: str
    text: str
    line: int
    dialect: Dialect

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """The tokens that the engines heed, the closing semicolon aside."""
        found = significant(self.text, self.dialect)
        return found[:-1] if found and found[-1].text == ";" else found

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The first words in upper case, empty texts for tokens that are none."""
        return tuple(token.word for token in self.tokens[:8])

    @property
    def is_transaction(self) -> bool:
        """Whether it begins or ends a transaction; savepoints do neither."""
        first = self.words[0] if self.words else ""
        if first == "PREPARE":
            return "TRANSACTION" in self.words[:2]
        if first == "START":
            return "TRANSACTION" in self.words[:2]
        if first == "ROLLBACK":
            return "TO" not in self.words[:4]
        return first in _TRANSACTION_STARTS

    @property
    def refuses_transaction(self) -> bool:
        """Whether the engine refuses it, or ignores it, within a transaction."""
        words = self.words
        if not words:
            return False
        if self.dialect == "sqlite":
            return words[0] in {"VACUUM", "DETACH"} or self.is_outside_pragma
        if words[0] in {"VACUUM", "CLUSTER"}:
            return words[0] == "VACUUM" or len(self.tokens) == 1
        every = {token.word for token in self.tokens}
        return self.leaves_database or (
            words[0] in {"CREATE", "DROP", "REINDEX", "ALTER"} and "CONCURRENTLY" in every
        )

    @property
    def must_be_first(self) -> bool:
        """Whether it must be the first in its transaction, so that no savepoint can stand for that."""
        return self.dialect == "postgres" and self.words[:2] == ("SET", "TRANSACTION")

    @property
    def is_outside_pragma(self) -> bool:
        """Whether it is one of SQLite's pragmas that take effect outside transactions alone."""
        names = {token.text.upper().strip("\"'`[]") for token in self.tokens[1:4]}
        return self.words[:1] == ("PRAGMA",) and not names.isdisjoint(_OUTSIDE_PRAGMAS)

    @property
    def leaves_database(self) -> bool:
        """Whether it reaches outside the database: files, programs, other databases, the server's settings."""
        words = self.words[:2]
        if self.dialect == "sqlite" or len(words) < 2:
            return False
        if words[0] == "COPY":
            targets = [b for a, b in pairwise(self.tokens) if a.word in {"FROM", "TO"}]
            return any(t.kind is Kind.STRING or t.word == "PROGRAM" for t in targets)
        return (words[0] in {"CREATE", "DROP"} and words[1] in _WHOLE_SERVER) or words == ("ALTER", "SYSTEM")

    @property
    def changes_roles(self) -> bool:
        """Whether it makes, changes or drops a role, which belongs to the whole server."""
        words = self.words[:2]
        return self.dialect == "postgres" and words in {
            (verb, noun) for verb in ("CREATE", "ALTER", "DROP") for noun in ("ROLE", "USER", "GROUP")
        }


@dataclass(frozen=True, slots=True)
class Split:
    """A text's statements and what follows the last; ``lead`` and ``text`` of each and the tail are the text."""

    statements: tuple[Statement, ...]
    tail: str


class _End:
    """Tells at which semicolon a statement ends: those of a trigger's or a function's body don't end it."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._words: list[str] = []
        self._last: list[str] = []
        self._parens = 0
        self._depth = 0

    def ends_at(self, token: Token) -> bool:
        """Take the next token that is not blank; whether the statement ends with it."""
        if token.text == ";":
            return self._semicolon()
        if token.text == "(":
            self._parens += 1
        elif token.text == ")":
            self._parens = max(0, self._parens - 1)
        elif self._dialect == "postgres" and self._is_routine and not self._parens:
            self._count(token.word)
        if len(self._words) < 5:
            self._words.append(token.word)
        self._last = [*self._last[-1:], token.word]
        return False

    def _semicolon(self) -> bool:
        # SQLite's own rule (sqlite3_complete): a trigger ends with "; END ;".
        if self._dialect == "sqlite":
            ended = not self._is_trigger or self._last == [";", "END"]
        else:
            ended = not self._parens and not self._depth
        self._last = [*self._last[-1:], ";"]
        return ended

    @property
    def _is_trigger(self) -> bool:
        words = [word for word in self._words[:3] if word not in {"TEMP", "TEMPORARY"}]
        return words[:2] == ["CREATE", "TRIGGER"]

    @property
    def _is_routine(self) -> bool:
        words = self._words[:4]
        if words[1:3] == ["OR", "REPLACE"]:
            words = [words[0], *words[3:]]
        return words[:1] == ["CREATE"] and words[1:2] in (["FUNCTION"], ["PROCEDURE"])

    def _count(self, word: str) -> None:
        # psql's rule: within CREATE FUNCTION, BEGIN opens, and once open CASE too; END closes.
        if word == "BEGIN" or (self._depth and word == "CASE"):
            self._depth += 1
        elif word == "END" and self._depth:
            self._depth -= 1


def split(text: str, dialect: Dialect, *, guards: bool = False) -> Split:
    """The statements of a text. Never fails: what isn't closed runs to the end, for the engine to refuse.

    With ``guards`` a statement guarded for the other engine (``-- gate: when engine …``) ends where that engine
    ends it, and has that engine's dialect: the body of its trigger or function is no statement of this one.
    A proof runs each text several times, so the same text gives the same statements, tokens included.
    """
    return _split(text, dialect, guards)


@lru_cache(maxsize=4096)
def _split(text: str, dialect: Dialect, guards: bool) -> Split:
    found = []
    at, line = 0, 1
    while (one := _next(text, at, line, dialect, guards=guards)) is not None:
        found.append(one)
        at += len(one.lead) + len(one.text)
        line = one.line + one.text.count("\n")
    return Split(tuple(found), text[at:])


def whole_line_comments(text: str, dialect: Dialect, *, fresh: bool = True) -> Iterator[Token]:
    """The ``--`` comments that have a line to themselves; ``fresh`` says whether the text begins a line."""
    for token in tokens(text, dialect):
        if token.kind is Kind.COMMENT and token.text.startswith("--"):
            before = text[text.rfind("\n", 0, token.start) + 1 : token.start]
            if not before.strip() and (fresh or "\n" in text[: token.start]):
                yield token


def _engines(lead: str, dialect: Dialect, *, fresh: bool) -> set[str]:
    """The engines that the guards in a statement's lead ask for."""
    if "engine" not in lead.lower():
        return set()
    comments = whole_line_comments(lead, dialect, fresh=fresh)
    return {match[1].lower() for comment in comments if (match := _ENGINE_GUARD.match(comment.text))}


def _next(text: str, at: int, line: int, dialect: Dialect, *, guards: bool) -> Statement | None:
    """The statement after the offset, which is on that line; None where only blank text is left."""
    start, last = -1, at
    end = _End(dialect)
    for token in tokens(text, dialect, at):
        if token.is_blank or (start < 0 and token.text == ";"):
            continue
        if start < 0:
            start = token.start
            line += text.count("\n", at, start)
            other: Dialect = "sqlite" if dialect == "postgres" else "postgres"
            if guards and other in _engines(text[at:start], dialect, fresh=at == 0):
                foreign = _next(text, start, line, other, guards=False)
                return Statement(text[at:start], foreign.text, line, other) if foreign else None
        last = token.start + len(token.text)
        if end.ends_at(token):
            break
    return Statement(text[at:start], text[start:last], line, dialect) if start >= 0 else None
