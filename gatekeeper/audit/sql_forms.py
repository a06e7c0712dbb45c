"""Forms of SQL that one engine alone understands, found among the tokens of a text."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from gatekeeper.model.value import Value
from gatekeeper.sql import Kind, Token, significant

_SYMBOLS = re.compile(r"[^\w\s'\[`]+\Z")
_GLUED = re.compile(r"([^\w\s'\[`]+)(\w+)\Z")


class Forms(Value):
    """Forms of one engine and what to write instead.

    A form is a line of words and symbols (``%s`` stands together), ``'text'`` for that string, ``''`` for any
    string, ``[]`` and two backticks for a name quoted so, ``?#`` for a numbered parameter. ``own`` forms have no
    portable equivalent: code for that engine alone may use them.
    """

    engine: str
    forms: tuple[str, ...]
    mend: str
    own: bool = False


class Hit(NamedTuple):
    """A form that was found: its text as it stands, and its offset."""

    text: str
    start: int
    forms: Forms


def find_forms(text: str, groups: Sequence[Forms]) -> Iterator[Hit]:
    """Every hit, none within another; comments and strings of the SQL aren't looked into."""
    parts = significant(text, "sqlite")
    by_first = _by_first(tuple(groups))
    done = 0
    for index, token in enumerate(parts):
        if index < done:
            continue
        for elements, group in (c for key in _keys(token) for c in by_first.get(key, ())):
            end = _matched(elements, parts, index)
            if end is not None:
                last, done = parts[end - 1], end
                yield Hit(text[token.start : last.start + len(last.text)], token.start, group)
                break


@lru_cache(maxsize=64)
def _by_first(groups: tuple[Forms, ...]) -> dict[str, list[tuple[tuple[str, ...], Forms]]]:
    """The elements of every form, by the first of them."""
    found: dict[str, list[tuple[tuple[str, ...], Forms]]] = {}
    for group in groups:
        for form in group.forms:
            elements = _elements(form)
            found.setdefault(elements[0], []).append((elements, group))
    return found


@lru_cache(maxsize=512)
def _elements(form: str) -> tuple[str, ...]:
    """The form's elements; a run of symbols gives one element a symbol, all but the first marked ``+`` (glued)."""
    out: list[str] = []
    for part in form.split():
        if part == "?#":
            out += ["?", "+#"]
        elif glued := _GLUED.match(part):
            out += [*_run(glued[1]), f"+{glued[2].upper()}"]
        elif _SYMBOLS.match(part):
            out += _run(part)
        else:
            out.append(part.upper() if part[0] != "'" else part.lower())
    return tuple(out)


def _run(symbols: str) -> list[str]:
    return [symbols[0], *(f"+{symbol}" for symbol in symbols[1:])]


def _keys(token: Token) -> tuple[str, ...]:
    """The elements that this token may stand for; the more exact first."""
    if token.kind is Kind.WORD:
        return (token.word,)
    if token.kind is Kind.STRING:
        return (token.text.lower(), "''")
    if token.text == "[]":
        return ("",)  # quotes no name: it is an array type's
    if token.kind is Kind.QUOTED:
        return ({"[": "[]", "`": "``"}.get(token.text[0], '""'),)
    return ("#",) if token.kind is Kind.NUMBER else (token.text,)


def _matched(elements: tuple[str, ...], parts: Sequence[Token], index: int) -> int | None:
    """The index after the form where it stands at ``index``, else None."""
    if index + len(elements) > len(parts):
        return None
    for offset, element in enumerate(elements):
        token = parts[index + offset]
        wanted = element[1:] if len(element) > 1 and element[0] == "+" else element
        if wanted not in _keys(token):
            return None
        before = parts[index + offset - 1]
        if wanted is not element and before.start + len(before.text) != token.start:
            return None
    return index + len(elements)
