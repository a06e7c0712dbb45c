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


_DEEP = ".*?"
_FOLDERS = "(?:[^/]+/)*?"


def _runs(pattern: str) -> tuple[list[list[str]], list[str]]:
    """The pattern cut at each ``**`` into runs, each cut at ``*`` into chunks of fixed length; and the ``**``."""
    runs, deep = [[""]], []
    i = 0
    while i < len(pattern):
        if pattern.startswith("**", i):
            at_segment = i == 0 or pattern[i - 1] == "/"
            i += 2
            folders = at_segment and pattern.startswith("/", i)
            i += folders
            deep.append(_FOLDERS if folders else _DEEP)
            runs.append([""])
            continue
        if pattern[i] == "*":
            runs[-1].append("")
        elif pattern[i] == "[" and (found := _class(pattern, i)) is not None:
            runs[-1][-1] += found[0]
            i = found[1]
            continue
        else:
            runs[-1][-1] += "[^/]" if pattern[i] == "?" else re.escape(pattern[i])
        i += 1
    return runs, deep


def _run(chunks: list[str], *, last: bool) -> str:
    """A run: each chunk where it first stands, which leaves what follows the most room; only the last of all must
    stand at the end.
    """
    first, *others = chunks
    final = f"[^/]*{others.pop()}" if last and others else ""
    return first + "".join(f"(?>[^/]*?{chunk})" for chunk in others) + final


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern as a regular expression; a trailing ``/`` stands for everything below that folder."""
    return re.compile(_expression(pattern), re.DOTALL)


def _expression(pattern: str) -> str:
    """The text of the pattern's regular expression.

    Atomic groups keep it from trying every way to share a path among many wildcards, which a hostile pattern would
    make take for ever.
    """
    runs, deep = _runs(f"{pattern}**" if pattern.endswith("/") else pattern)
    out = _run(runs[0], last=not deep)
    for number, (gap, chunks) in enumerate(zip(deep, runs[1:], strict=True), 1):
        last = number == len(deep)
        text = gap + _run(chunks, last=last)
        out += text if last else f"(?>{text})"
    return out


def matches(pattern: str, path: str) -> bool:
    """Whether the pattern (a path, a folder with trailing ``/``, or a glob) names this path."""
    if pattern == path:
        return True
    if not is_glob(pattern) and not pattern.endswith("/"):
        return False
    return compiled(pattern).fullmatch(path) is not None


@lru_cache(maxsize=1024)
def any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One expression that matches, whole, each path that one of the patterns names or that is spelled as it is."""
    parts = [
        f"{re.escape(p)}|{_expression(p)}" if is_glob(p) or p.endswith("/") else re.escape(p) for p in patterns
    ]
    return re.compile("|".join(parts) or "(?!)", re.DOTALL)


def matches_any(patterns: Iterable[str], path: str) -> bool:
    """Whether any of the patterns names this path."""
    return any_of(tuple(patterns)).fullmatch(path) is not None
