"""The SQL text in a Rust file: literals that reach a query, with the line of each character."""

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from gatekeeper.audit.rust import Mention, MethodCall, RustFile, line_of
from gatekeeper.audit.rust_names import Path
from gatekeeper.model.globs import matches

if TYPE_CHECKING:  # the parser is loaded where source is parsed
    from ast_grep_py import SgNode

_LITERALS = frozenset({"string_literal", "raw_string_literal"})
_ESCAPE = re.compile(r"\\(?:u\{[0-9a-fA-F_]{1,7}\}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_RAW = re.compile(r'b?c?r(#*)"(.*)"\1\Z', re.DOTALL)
# What a statement begins with; a message to people seldom goes on like this.
_STATEMENT = re.compile(
    r"\s*(?:SELECT\s.+?\sFROM\s|INSERT\s+(?:OR\s+\w+\s+)?INTO\s|REPLACE\s+INTO\s|UPDATE\s+\S+\s+SET\s"
    r"|DELETE\s+FROM\s|WITH\s+(?:RECURSIVE\s+)?\w+.*?\sAS\s|PRAGMA\s"
    r"|(?:CREATE|DROP|ALTER)\s+(?:\w+\s+)*?(?:TABLE|INDEX|VIEW|TRIGGER|SCHEMA|TYPE|FUNCTION|EXTENSION)\s)",
    re.IGNORECASE | re.DOTALL,
)


def reads_as_sql(text: str) -> bool:
    """Whether the text begins as a statement does."""
    return _STATEMENT.match(f"{text} ") is not None


def matches_path(patterns: Collection[str], path: Path) -> bool:
    """Whether a pattern (``sqlx::**::Pool``) names the path or what the path belongs to."""
    names = ["/".join(path[:end]) for end in range(1, len(path) + 1)]
    return any(matches(pattern.replace("::", "/"), name) for pattern in patterns for name in names)


def sql_literals(file: RustFile, functions: Collection[str], methods: Collection[str]) -> "Iterator[SgNode]":
    """The string literals that are SQL, each once.

    They are what ``functions`` are given, directly or through a name of the same file; what ``methods`` are given,
    and constants, where the text reads as SQL.
    """
    seen: set[int] = set()
    for literal in _candidates(file, functions, methods):
        at = literal.range().start.index
        if at not in seen:
            seen.add(at)
            yield literal


def _candidates(file: RustFile, functions: Collection[str], methods: Collection[str]) -> "Iterator[SgNode]":
    calls = [m for m in file.mentions if m.arguments and any(matches_path(functions, path) for path in m.paths)]
    opened: set[str] = set()
    for mention in calls:
        yield from _given(mention, file, opened)
    yield from _grown(calls, file)
    opened = set()
    for call in file.methods:
        if call.name in methods:
            yield from literals_given(call, file, opened)
    for value in file.constants:
        yield from (literal for literal in _below(value) if reads_as_sql(sql_text(literal)))


def _grown(calls: Collection[Mention], file: RustFile) -> "Iterator[SgNode]":
    """What is appended to a name that stands for such a call itself, as for a query builder."""
    ends = {mention.arguments.range().end.index for mention in calls if mention.arguments is not None}
    for values in file.texts.values():
        if any(value.range().end.index in ends for value in values):
            for value in values:
                yield from _below(value)


def literals_given(call: MethodCall, file: RustFile, opened: set[str] | None = None) -> "Iterator[SgNode]":
    """The literals that read as SQL in a method's first argument; names in ``opened`` aren't followed again."""
    for argument in call.arguments.children():
        if argument.is_named() and not argument.kind().endswith("comment"):
            reached = _reached(argument, file, set() if opened is None else opened)
            yield from (found for found in reached if reads_as_sql(sql_text(found)))
            return


def sql_text(literal: "SgNode") -> str:
    """The literal as written, with everything that isn't part of the text blanked: quotes, prefix, escapes."""
    written = literal.text()
    if literal.kind() == "raw_string_literal":
        found = _RAW.match(written)
        if found is None:
            return written
        return " " * found.start(2) + found.group(2) + " " * (len(written) - found.end(2))
    start = written.find('"')
    inner = _ESCAPE.sub(_unescaped, written[start + 1 : -1])
    return " " * (start + 1) + inner + " "


def literal_line(literal: "SgNode", offset: int) -> int:
    """The file's line of the character at that offset of the literal."""
    return line_of(literal) + literal.text().count("\n", 0, offset)


def _unescaped(escape: re.Match[str]) -> str:
    """The character that an escape stands for, in as many characters as the escape has."""
    text = escape.group()
    plain = {"n": "\n", '"': '"', "'": "'", "\\": "\\"}.get(text[1], " ")
    return plain.rjust(len(text))


def _given(mention: Mention, file: RustFile, opened: set[str]) -> "Iterator[SgNode]":
    """The literals of the SQL that a function or macro is given: its first argument that holds any."""
    assert mention.arguments is not None  # noqa: S101 - the caller has looked; this tells the type checker
    found = False
    for child in mention.arguments.children():
        if child.text() == ",":
            if found or mention.arguments.kind() == "arguments":
                return
        elif child.is_named():
            for literal in _reached(child, file, opened):
                found = True
                yield literal


def _reached(expression: "SgNode", file: RustFile, opened: set[str]) -> "Iterator[SgNode]":
    """The literals in an expression, and in what the names that it uses are bound to; each name once."""
    stack = [expression]
    while stack:
        node = stack.pop()
        kind = node.kind()
        if kind in _LITERALS:
            yield node
        elif kind == "identifier":
            if node.text() in opened:
                continue
            opened.add(node.text())
            stack.extend(file.texts.get(node.text(), ()))
        else:
            stack.extend(reversed(node.children()))


def _below(node: "SgNode") -> "Iterator[SgNode]":
    stack = [node]
    while stack:
        here = stack.pop()
        if here.kind() in _LITERALS:
            yield here
        stack.extend(reversed(here.children()))
