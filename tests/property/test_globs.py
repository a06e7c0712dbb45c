"""Globs against a matcher that tries every way, and patterns made to take for ever."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatekeeper.model.globs import matches

PIECES = st.sampled_from(["a", "b", "/", "*", "**", "**/", "/**", "?", "[ab]", "[!a]", "."])
PATHS = st.lists(st.text("ab.", min_size=1, max_size=4), min_size=1, max_size=4).map("/".join)


def tries_every_way(pattern: str, path: str) -> bool:
    """The glob language by its definition: ``*`` is any run without ``/``, ``**`` any, ``**/`` whole folders."""

    @cache
    def at(i: int, j: int) -> bool:
        rest = pattern[i:]
        if not rest:
            return j == len(path)
        if rest.startswith("**"):
            if rest.startswith("**/") and (i == 0 or pattern[i - 1] == "/"):
                ends = [j, *(k + 1 for k in range(j, len(path)) if path[k] == "/" and "//" not in path[j : k + 1])]
                return any(at(i + 3, end) for end in ends)
            return any(at(i + 2, end) for end in range(j, len(path) + 1))
        if rest[0] == "*":
            stop = path.find("/", j)
            return any(at(i + 1, end) for end in range(j, (len(path) if stop < 0 else stop) + 1))
        char = path[j : j + 1]
        if rest[0] == "[":
            inside = rest.startswith("[ab]")
            return char not in {"", "/"} and (char in "ab" if inside else char != "a") and at(i + 4, j + 1)
        return (char == rest[0] or (rest[0] == "?" and char not in {"", "/"})) and at(i + 1, j + 1)

    return at(0, 0)


@settings(deadline=None, max_examples=400)
@given(st.lists(PIECES, min_size=1, max_size=7).map("".join), PATHS)
def test_a_glob_names_what_its_definition_names(pattern: str, path: str) -> None:
    whole = f"{pattern}**" if pattern.endswith("/") else pattern
    assert matches(pattern, path) == tries_every_way(whole, path)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 30 + "b", "a" * 4000),
        ("**a" * 30 + "b", "a" * 2000),
        ("**/" * 30 + "b", "a/" * 2000 + "a"),
        ("**" * 40 + "b", "a" * 2000),
    ],
)
def test_a_hostile_pattern_ends(pattern: str, path: str) -> None:
    assert not matches(pattern, path)
