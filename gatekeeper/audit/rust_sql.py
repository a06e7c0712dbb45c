"""The SQL text in a Rust file: literals that reach a query, with the line of each character."""

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from gatekeeper.audit.literals import Literal, reads_as_sql
from gatekeeper.audit.parsed import Parsed, exactly
from gatekeeper.audit.rust import Mention, MethodCall, RustFile
from gatekeeper.audit.rust_names import Path
from gatekeeper.audit.syntax import line_of, search
from gatekeeper.model.globs import matches

if TYPE_CHECKING:  # the parser is loaded where source is parsed
    from ast_grep_py import SgNode

_LITERALS = frozenset({"string_literal", "raw_string_literal"})
_ESCAPE = re.compile(r"\\(?:u\{[0-9a-fA-F_]{1,7}\}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_RAW = re.compile(r'b?c?r(#*)"(.*)"\1\Z', re.DOTALL)
_BINDINGS = {
    "const_item": ("name", "value"),
    "static_item": ("name", "value"),
    "let_declaration": ("pattern", "value"),
    "for_expression": ("pattern", "value"),
    "compound_assignment_expr": ("left", "right"),
}
_CONSTANT = re.compile(r"\b(?:const|static)\b")
_CONSTANTS = ("const_item", "static_item")


def matches_path(patterns: Collection[str], path: Path) -> bool:
    """Whether a pattern (``sqlx::**::Pool``) names the path or what the path belongs to."""
    names = ["/".join(path[:end]) for end in range(1, len(path) + 1)]
    return any(matches(pattern.replace("::", "/"), name) for pattern in patterns for name in names)


class RustSql:
    """The literals of one file that are SQL; with ``tests`` test code counts as any other."""

    def __init__(self, file: Parsed, mentioned: RustFile, *, tests: bool) -> None:
        self._file = file
        self._mentioned = mentioned
        self._tests = tests
        self._bound: dict[str, list[SgNode]] = {}

    def literals(self, functions: Collection[str], methods: Collection[str]) -> Iterator[Literal]:
        """The string literals that are SQL, each once.

        They are what ``functions`` are given, directly or through a name of the same file; what ``methods`` are
        given, and constants, where the text reads as SQL.
        """
        seen: set[int] = set()
        for node in self._candidates(functions, methods):
            at = node.range().start.index
            if at not in seen:
                seen.add(at)
                yield Literal(sql_text(node), node.text(), line_of(node))

    def _candidates(self, functions: Collection[str], methods: Collection[str]) -> "Iterator[SgNode]":
        mentions = self._mentioned.mentions
        calls = [m for m in mentions if m.arguments and any(matches_path(functions, path) for path in m.paths)]
        opened: set[str] = set()
        for mention in calls:
            yield from self._given(mention, opened)
            yield from self._grown(mention)
        opened = set()
        for call in self._mentioned.methods:
            if call.name in methods:
                yield from self.given(call, opened)
        for item in self._file.all(*_CONSTANTS) if _CONSTANT.search(self._file.text) else ():
            value = item.field("value")
            if value is not None and self._counts(item):
                yield from (literal for literal in _below(value) if reads_as_sql(sql_text(literal)))

    def _counts(self, node: "SgNode") -> bool:
        return self._tests or not self._file.is_test(node)

    def _grown(self, mention: Mention) -> "Iterator[SgNode]":
        """What is appended to a name that stands for such a call itself, as for a query builder."""
        call = mention.arguments.parent() if mention.arguments is not None else None
        holder = call.parent() if call is not None else None
        name = holder.field("pattern") if holder is not None and holder.kind() == "let_declaration" else None
        if name is not None:
            for value in self._values(name.text().removeprefix("mut ")):
                yield from _below(value)

    def given(self, call: MethodCall, opened: set[str] | None = None) -> "Iterator[SgNode]":
        """The literals that read as SQL in a method's first argument; names in ``opened`` aren't followed."""
        for argument in call.arguments.children():
            if argument.is_named() and not argument.kind().endswith("comment"):
                reached = self._reached(argument, set() if opened is None else opened)
                yield from (found for found in reached if reads_as_sql(sql_text(found)))
                return

    def _given(self, mention: Mention, opened: set[str]) -> "Iterator[SgNode]":
        """The literals of the SQL that a function or macro is given: its first argument that holds any."""
        assert mention.arguments is not None  # noqa: S101 - the caller has looked; this tells the type checker
        found = False
        for child in mention.arguments.children():
            if child.text() == ",":
                if found or mention.arguments.kind() == "arguments":
                    return
            elif child.is_named():
                for literal in self._reached(child, opened):
                    found = True
                    yield literal

    def _reached(self, expression: "SgNode", opened: set[str]) -> "Iterator[SgNode]":
        """The literals in an expression, and in what the names that it uses are bound to; each name once."""
        stack = [expression]
        while stack:
            node = stack.pop()
            kind = node.kind()
            if kind in _LITERALS:
                yield node
            elif kind == "identifier":
                if node.text() not in opened:
                    opened.add(node.text())
                    stack.extend(self._values(node.text()))
            else:
                stack.extend(reversed(node.children()))

    def _values(self, name: str) -> "list[SgNode]":
        """The expressions that a name is bound to, and what is pushed onto it."""
        if name not in self._bound:
            # What is bound is named at least twice: there, and where it is used.
            self._bound[name] = list(self._bindings(name)) if self._file.text.count(name) > 1 else []
        return self._bound[name]

    def _bindings(self, name: str) -> "Iterator[SgNode]":
        own, appending = f"^(mut )?{exactly(name)[1:]}", f"{exactly(name)[:-1]}\\.push(_str)?$"
        rules: list[Any] = [
            {"kind": kind, "has": {"field": target, "regex": own}} for kind, (target, _) in _BINDINGS.items()
        ]
        rules.append({"kind": "call_expression", "has": {"field": "function", "regex": appending}})
        for node in search(self._file.root, {"any": rules}):
            value = node.field(_BINDINGS.get(node.kind(), ("", "arguments"))[1])
            if value is not None and self._counts(node):
                yield value


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


def _unescaped(escape: re.Match[str]) -> str:
    """The character that an escape stands for, in as many characters as the escape has."""
    text = escape.group()
    plain = {"n": "\n", '"': '"', "'": "'", "\\": "\\"}.get(text[1], " ")
    return plain.rjust(len(text))


def _below(node: "SgNode") -> "Iterator[SgNode]":
    stack = [node]
    while stack:
        here = stack.pop()
        if here.kind() in _LITERALS:
            yield here
        stack.extend(reversed(here.children()))
