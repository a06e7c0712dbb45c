"""A statement's tokens as one line that patterns are matched on, and the way back from a match to the tokens."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from gatekeeper.migrate.statements import Statement
from gatekeeper.sql import Kind, Token

_OPERATOR = set("+-*/<>=~!@#%^&|?:")


@dataclass(frozen=True, slots=True)
class TokenLine:
    """The line and, for each of its pieces, where it starts in the line and the offsets that it spans in the text.

    Words stand in upper case, strings as ``''`` (with their prefix) or ``$$``, quoted names as two quotes, two
    backticks or ``[]``, runs of operator characters in one piece; one space stands between two pieces.
    """

    text: str
    at: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The offsets in the statement's text of what stands from ``start`` to ``end`` of the line."""
        while start < end and self.text[start] == " ":
            start += 1
        first = bisect_right(self.at, start) - 1
        last = bisect_right(self.at, end - 1) - 1
        return self.spans[first][0], self.spans[last][1]


def token_line(statement: Statement) -> TokenLine:
    """The statement as such a line."""
    pieces: list[list[Token]] = []
    for token in statement.tokens:
        if pieces and _joins(pieces[-1][-1], token):
            pieces[-1].append(token)
        else:
            pieces.append([token])
    texts = ["".join(_shown(piece)) for piece in pieces]
    at, length = [], 0
    for text in texts:
        at.append(length)
        length += len(text) + 1
    spans = tuple((piece[0].start, piece[-1].start + len(piece[-1].text)) for piece in pieces)
    return TokenLine(" ".join(texts), tuple(at), spans)


def _joins(before: Token, token: Token) -> bool:
    if before.start + len(before.text) != token.start:
        return False
    if token.kind is Kind.STRING:
        return before.word in {"X", "B", "N"}
    if token.kind is Kind.QUOTED and token.text[0] == "[":
        return before.kind in {Kind.WORD, Kind.QUOTED} or before.text in {")", "]"}
    return before.text in _OPERATOR and token.text in _OPERATOR


def _shown(piece: list[Token]) -> Iterator[str]:
    for token in piece:
        if token.kind is Kind.STRING:
            first = token.text[0]
            yield "$$" if first == "$" else "E''" if first in "eE" else "''"
        elif token.kind is Kind.QUOTED:
            yield {"[": "[]", "`": "``"}.get(token.text[0], '""')
        else:
            yield token.word or token.text
