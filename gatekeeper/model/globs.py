"""The glob language of scopes and settings: case-exact, ``*`` and ``?`` within a segment, ``**`` across them."""

import re
from collections.abc import Iterable
from functools import lru_cache

_MAGIC = re.compile(r"[*?\[]")


def is_glob(pattern: str) -> bool:
    """Whether the pattern holds a wildcard."""
    return bool(_MAGIC.search(pattern))


def _class(pattern: str, start: int) -> tuple[str, int] | None:
    """The regular expression of the ``[…]`` that opens at ``start``, and the index after it; None if none does.

    A range that runs backwards holds no character, as in a shell.
    """
    negated = pattern[start + 1 : start + 2] in ("!", "^")
    first = start + 1 + negated
    end = pattern.find("]", first + 1)
    if end == -1:
        return None
    body, parts, i = pattern[first:end], [], 0
    while i < len(body):
        low, high = body[i], body[i + 2 : i + 3] if body[i + 1 : i + 2] == "-" else ""
        if not high:
            parts.append(re.escape(low))
        elif low <= high:
            parts.append(f"{re.escape(low)}-{re.escape(high)}")
        i += 3 if high else 1
    if not parts:
        return ("[^/]" if negated else "(?!)"), end + 1
    return f"(?!/)[{'^' if negated else ''}{''.join(parts)}]", end + 1


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern as a regular expression; a trailing ``/`` stands for everything below that folder."""
    if pattern.endswith("/"):
        pattern += "**"
    out: list[str] = []
    i = 0
    while i < len(pattern):
        if pattern.startswith("**", i):
            at_segment = i == 0 or pattern[i - 1] == "/"
            i += 2
            if at_segment and pattern.startswith("/", i):
                out.append("(?:[^/]+/)*")
                i += 1
            else:
                out.append(".*")
            continue
        char = pattern[i]
        if char == "[" and (found := _class(pattern, i)) is not None:
            text, i = found
            out.append(text)
            continue
        out.append("[^/]*" if char == "*" else "[^/]" if char == "?" else re.escape(char))
        i += 1
    return re.compile("".join(out), re.DOTALL)


def matches(pattern: str, path: str) -> bool:
    """Whether the pattern (a path, a folder with trailing ``/``, or a glob) names this path."""
    if pattern == path:
        return True
    if not is_glob(pattern) and not pattern.endswith("/"):
        return False
    return compiled(pattern).fullmatch(path) is not None


def matches_any(patterns: Iterable[str], path: str) -> bool:
    """Whether any of the patterns names this path."""
    return any(matches(pattern, path) for pattern in patterns)
