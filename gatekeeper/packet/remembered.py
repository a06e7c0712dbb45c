"""What was once read from a line's text, kept for the next packet that holds the line."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, wraps
from typing import TypeVar

# Of a longer line nothing is remembered: what a hostile file can make a run keep is bounded.
_LONGEST_REMEMBERED = 240
_REMEMBERED = 1 << 13

T = TypeVar("T")


def remembered(function: Callable[[str], T]) -> Callable[[str], T]:
    """The function of one line's text with its answers kept: packets share most of their lines."""
    known = lru_cache(maxsize=_REMEMBERED)(function)

    @wraps(function)
    def asked(text: str) -> T:
        return known(text) if len(text) <= _LONGEST_REMEMBERED else function(text)

    return asked


def remembered_of_each(function: Callable[[str], T]) -> Callable[[Sequence[str]], Iterator[T]]:
    """The function of one line's text as one of many lines, with its answers kept."""
    known = lru_cache(maxsize=_REMEMBERED)(function)

    def asked(text: str) -> T:
        return known(text) if len(text) <= _LONGEST_REMEMBERED else function(text)

    @wraps(function)
    def asked_of_each(texts: Sequence[str]) -> Iterator[T]:
        is_long = max(map(len, texts), default=0) > _LONGEST_REMEMBERED
        return map(asked if is_long else known, texts)

    return asked_of_each
