"""Tokens of SQL text, for SQLite and PostgreSQL: lossless, and never failing whatever the text.

A tokenizer only, no parser: it knows where strings, quoted names and comments begin and end, which is what
splitting a file into statements and comparing definitions need. What SQL means, the engines judge.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from typing import Literal, NamedTuple

Dialect = Literal["sqlite", "postgres"]


class Kind(StrEnum):
    """What a token is; ``quoted`` is a quoted name, ``symbol`` a single character."""

    SPACE = "space"
    COMMENT = "comment"
    STRING = "string"
    QUOTED = "quoted"
    WORD = "word"
    NUMBER = "number"
    SYMBOL = "symbol"


class Token(NamedTuple):
    """A piece of the text; ``start`` is its 0-based offset in characters."""

    kind: Kind
    text: str
    start: int

    @property
    def is_blank(self) -> bool:
        """Whether the engines skip it: white space or a comment."""
        return self.kind is Kind.SPACE or self.kind is Kind.COMMENT

    @property
    def word(self) -> str:
        """The keyword or unquoted name in upper case, empty for any other token."""
        return self.text.upper() if self.kind is Kind.WORD else ""


# An unterminated string, name or comment runs to the end of the text, as it does for the engines.
# To both engines every character beyond ASCII is part of a name, white space included.
_SPACE = r"(?P<space>[ \t\r\n\f\v]+)"
_LINE_COMMENT = r"(?P<comment>--[^\n]*)"
_PLAIN_STRING = r"'[^']*(?:''[^']*)*(?:'|\Z)"
_ESCAPE_STRING = r"[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z|\\\Z)"
_QUOTED = r'"[^"]*(?:""[^"]*)*(?:"|\Z)'
# Letters are said by what is none, for an expression with wide ranges takes milliseconds to build.
_LETTER = r"[^\x00-@\[-^`{-\x7f]"
_LETTER_OR_DIGIT = r"[^\x00-/:-@\[-^`{-\x7f]"
_NAME_PART = r"[^\x00-#%-/:-@\[-^`{-\x7f]"
_DOLLAR_STRING = rf"\$(?P<tag>(?:{_LETTER}{_LETTER_OR_DIGIT}*)?)\$.*?(?:\$(?P=tag)\$|\Z)"
_WORD = rf"(?P<word>{_LETTER}{_NAME_PART}*)"
_NUMBER = r"(?P<number>[0-9][A-Za-z0-9_.]*)"

_SQLITE = (
    _SPACE,
    _LINE_COMMENT,
    r"(?P<block>/\*.*?(?:\*/|\Z))",
    f"(?P<string>{_PLAIN_STRING})",
    rf"(?P<quoted>{_QUOTED}|`[^`]*(?:``[^`]*)*(?:`|\Z)|\[[^\]]*(?:\]|\Z))",
    _WORD,
    _NUMBER,
)
_POSTGRES = (
    _SPACE,
    _LINE_COMMENT,
    r"(?P<block>/\*)",
    f"(?P<string>{_ESCAPE_STRING}|{_PLAIN_STRING}|{_DOLLAR_STRING})",
    f"(?P<quoted>{_QUOTED})",
    _WORD,
    _NUMBER,
)
_BARE = re.compile(r"[A-Za-z_]\w*")
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_KINDS = {
    "space": Kind.SPACE,
    "comment": Kind.COMMENT,
    "block": Kind.COMMENT,
    "string": Kind.STRING,
    "quoted": Kind.QUOTED,
    "word": Kind.WORD,
    "number": Kind.NUMBER,
}


@cache
def _pattern(dialect: Dialect) -> re.Pattern[str]:
    """Any token but a symbol; built when first needed, for its wide ranges take as long as a small import."""
    return re.compile("|".join(_SQLITE if dialect == "sqlite" else _POSTGRES), re.DOTALL)


def tokens(text: str, dialect: Dialect, start: int = 0) -> Iterator[Token]:
    """Every token of the text from an offset on, in order; joined, their texts are the text."""
    pattern = _pattern(dialect)
    at = start
    while at < len(text):
        found = pattern.match(text, at)
        if found is None:
            yield Token(Kind.SYMBOL, text[at], at)
            at += 1
            continue
        group = found.lastgroup or ""
        end = found.end()
        if group == "block" and dialect == "postgres":
            end = _nested_comment_end(text, at)
        yield Token(_KINDS[group], text[at:end], at)
        at = end


def _nested_comment_end(text: str, start: int) -> int:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, start):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(text)


def significant(text: str, dialect: Dialect) -> tuple[Token, ...]:
    """The tokens that the engines heed: all but white space and comments."""
    return tuple(token for token in tokens(text, dialect) if not token.is_blank)


def unquoted(token: Token, dialect: Dialect) -> str:
    """The name that a word, a quoted name or (in SQLite) a string stands for; PostgreSQL folds bare words."""
    text = token.text
    if token.kind is Kind.QUOTED or token.kind is Kind.STRING:
        closing = "]" if text[0] == "[" else text[0]
        inner = text[1:-1] if len(text) > 1 and text.endswith(closing) else text[1:]
        return inner if closing == "]" else inner.replace(closing * 2, closing)
    return text.lower() if dialect == "postgres" else text


def normalised(parts: tuple[Token, ...], dialect: Dialect) -> str:
    """The tokens as one line in which formatting, comments, case and needless quotes don't show."""
    out = []
    for part in parts:
        if part.is_blank:
            continue
        name = unquoted(part, dialect) if part.kind in {Kind.WORD, Kind.QUOTED} else part.text
        bare = part.kind is not Kind.QUOTED or _BARE.fullmatch(name) is not None
        out.append(name.lower() if part.kind is not Kind.STRING and bare else part.text)
    return " ".join(out)
