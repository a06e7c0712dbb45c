"""Paths among the tokens that a macro is given, where there is no syntax tree."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from gatekeeper.audit.rust_names import Path

if TYPE_CHECKING:  # the parser is loaded where source is parsed
    from ast_grep_py import SgNode

_SEGMENTS = frozenset({"identifier", "self", "super", "crate", "metavariable"})


class TokenPath(NamedTuple):
    """A path, the token it begins at, and the brackets after it where it is called."""

    path: Path
    first: "SgNode"
    arguments: "SgNode | None"
    macro: bool


def paths_in(tokens: "list[SgNode]") -> Iterator[TokenPath]:
    """Paths of two names and more, and single names that are called."""
    index = 0
    while index < len(tokens):
        start = index
        path, index = _token_path(tokens, index)
        if not path:
            index += 1
            continue
        before = tokens[start - 1].text() if start else ""
        macro = index < len(tokens) and tokens[index].text() == "!"
        after = index + macro
        called = after < len(tokens) and tokens[after].kind() == "token_tree"
        if before not in {".", "fn"} and (len(path) > 1 or called):
            arguments = tokens[after] if called else None
            yield TokenPath(path, tokens[start], arguments, macro and called)


def _token_path(tokens: "list[SgNode]", index: int) -> tuple[Path, int]:
    """The path that begins at a token, turbofish left out, and the index after it; empty for none."""
    path: list[str] = []
    if tokens[index].text() == "::":
        path, index = [""], index + 1
    while index < len(tokens) and tokens[index].kind() in _SEGMENTS:
        path.append(tokens[index].text())
        index += 1
        if index >= len(tokens) or tokens[index].text() != "::":
            break
        index = _after_turbofish(tokens, index + 1)
    return (tuple(path) if path != [""] else ()), index


def _after_turbofish(tokens: "list[SgNode]", index: int) -> int:
    """The index after ``<…>`` and a ``::`` that follows it; the same index where none begins."""
    if index >= len(tokens) or tokens[index].text() != "<":
        return index
    depth = 0
    while index < len(tokens):
        depth += {"<": 1, ">": -1, ">>": -2}.get(tokens[index].text(), 0)
        index += 1
        if depth <= 0:
            break
    return index + 1 if index < len(tokens) and tokens[index].text() == "::" else index
