"""The SQL in Python, Go, JavaScript and TypeScript: literals that reach a query, with each character's line."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from gatekeeper.audit.languages import TYPESCRIPT_KINDS, family_of
from gatekeeper.audit.literals import Literal, reads_as_sql
from gatekeeper.audit.parsed import Parsed, exactly
from gatekeeper.audit.syntax import Rule, line_of, search
from gatekeeper.audit.uses import Use, matches_name

if TYPE_CHECKING:  # the parser is loaded where source is parsed
    from ast_grep_py import SgNode

_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|N\{[^}]*\}|.)", re.DOTALL)
_FORMAT = re.compile(r"%(?:\(\w*\))?[-+ #0-9.*]*[sdrfi]")


class _Grammar(NamedTuple):
    """What a language's syntax calls what matters here; ``bindings`` are kinds with their target and value.

    What stands in ``closed`` kinds of a constant's value is no constant. ``template`` is a literal that a function
    may be given without brackets, ``wrappers`` are what the grammar puts around a function that is given types.
    """

    literals: frozenset[str]
    call: str
    method: tuple[str, str]
    bindings: dict[str, tuple[str, str]]
    constants: str
    names: frozenset[str]
    closed: frozenset[str] = frozenset()
    template: str = ""
    wrappers: tuple[str, ...] = ()


_GRAMMARS = {
    "python": _Grammar(
        literals=frozenset({"string"}),
        call="call",
        method=("attribute", "attribute"),
        bindings={
            "assignment": ("left", "right"),
            "augmented_assignment": ("left", "right"),
            "named_expression": ("name", "value"),
            "for_statement": ("left", "right"),
        },
        constants="assignment",
        names=frozenset({"identifier"}),
    ),
    "go": _Grammar(
        literals=frozenset({"interpreted_string_literal", "raw_string_literal"}),
        call="call_expression",
        method=("selector_expression", "field"),
        bindings={
            "short_var_declaration": ("left", "right"),
            "assignment_statement": ("left", "right"),
            "const_spec": ("name", "value"),
            "var_spec": ("name", "value"),
        },
        constants="const_spec",
        names=frozenset({"identifier"}),
    ),
    "typescript": _Grammar(
        literals=frozenset({"string", "template_string"}),
        call="call_expression",
        method=("member_expression", "property"),
        bindings={
            "variable_declarator": ("name", "value"),
            "assignment_expression": ("left", "right"),
            "augmented_assignment_expression": ("left", "right"),
        },
        constants="variable_declarator",
        names=frozenset({"identifier"}),
        closed=frozenset({"arrow_function", "function_expression", "class", "jsx_element"}),
        template="template_string",
        wrappers=(
            "await_expression",
            "non_null_expression",
            "instantiation_expression",
            "parenthesized_expression",
            "arrow_function",
        ),
    ),
}


class DottedSql:
    """The literals of one file that are SQL; with ``tests`` test code counts as any other."""

    def __init__(self, file: Parsed, uses: Iterable[Use], *, tests: bool) -> None:
        self._file = file
        self._uses = uses
        self._tests = tests
        self._grammar = _GRAMMARS[family_of(file.language) or ""]
        self._bound: dict[str, list[SgNode]] = {}

    def literals(self, functions: Collection[str], methods: Collection[str]) -> Iterator[Literal]:
        """The string literals that are SQL, each once; as ``RustSql.literals`` has it."""
        seen: set[int] = set()
        for node in self._candidates(functions, methods):
            at = node.range().start.index
            if at not in seen:
                seen.add(at)
                yield Literal(self._sql_text(node), node.text(), line_of(node))

    def _candidates(self, functions: Collection[str], methods: Collection[str]) -> "Iterator[SgNode]":
        opened: set[str] = set()
        for use in self._uses:
            if use.arguments is not None and matches_name(functions, use.name):
                yield from self._first(use.arguments, opened, sql=False)
        opened = set()
        for _, arguments in self.calls(methods):
            yield from self._first(arguments, opened, sql=True)
        for node in self._file.all(self._grammar.constants):
            target, value = self._parts(node)
            constant = target is not None and (self._grammar.call != "call" or target.text().isupper())
            if constant and value is not None and self._counts(node):
                yield from self._as_sql(self._below(value))

    def calls(self, methods: Collection[str]) -> "Iterator[tuple[SgNode, SgNode]]":
        """The calls of methods of those names: the name and the arguments."""
        if not any(name in self._file.text for name in methods):
            return
        for node in search(self._file.root, self._calling(methods)):
            arguments = node.field("arguments")
            name = self._called(node, arguments) if arguments is not None else None
            if name is not None and arguments is not None and name.text() in methods and self._counts(node):
                yield name, arguments

    def _calling(self, methods: Collection[str]) -> Rule:
        """What finds the calls of methods, and among other things of functions, of those names."""
        kind, field = self._grammar.method
        names = f"^({'|'.join(map(re.escape, sorted(methods)))})$"
        method: Rule = {"kind": kind, "has": {"field": field, "regex": names}}
        if not self._grammar.template:
            return {"kind": self._grammar.call, "has": {"field": "function", **method}}
        called = [method, {"kind": "identifier", "regex": names}]
        wrapped = [{"kind": each, "has": {"any": called, "stopBy": "end"}} for each in self._wrappers()]
        return {"kind": self._grammar.call, "has": {"field": "function", "any": [*called, *wrapped]}}

    def _wrappers(self) -> list[str]:
        unknown = TYPESCRIPT_KINDS if self._file.language == "javascript" else frozenset()
        return [kind for kind in self._grammar.wrappers if kind not in unknown]

    def _called(self, call: "SgNode", arguments: "SgNode") -> "SgNode | None":
        """The name of the method that is called, or of the function that is given a template."""
        kind, field = self._grammar.method
        function = call.field("function")
        while function is not None and function.kind() in self._grammar.wrappers:
            inner = next((child for child in function.children() if child.is_named()), None)
            function = function.field("body") or inner
        if function is None or function.kind() == kind:
            return function.field(field) if function is not None else None
        return function if arguments.kind() == self._grammar.template else None

    def reads(self, arguments: "SgNode") -> bool:
        """Whether a call is given a text that reads as SQL."""
        return any(True for _ in self._first(arguments, set(), sql=True))

    def _counts(self, node: "SgNode") -> bool:
        return self._tests or not (self._file.test or self._file.is_test(node))

    def _first(self, arguments: "SgNode", opened: set[str], *, sql: bool) -> "Iterator[SgNode]":
        """The literals of the first argument that holds any; with ``sql`` only where it reads as SQL."""
        template = arguments.kind() == self._grammar.template
        for argument in [arguments] if template else arguments.children():
            if argument.is_named() and argument.kind() != "comment":
                found = list(self._reached(argument, opened))
                if sql:
                    found = list(self._as_sql(found))
                if found:
                    yield from found
                    return

    def _as_sql(self, literals: "Iterable[SgNode]") -> "Iterator[SgNode]":
        """The literals, where together they read as a statement or one of them does."""
        nodes = sorted(literals, key=lambda node: node.range().start.index)
        if reads_as_sql("".join(self._sql_text(node).strip(" ") + " " for node in nodes)):
            yield from nodes
        else:
            yield from (node for node in nodes if reads_as_sql(self._sql_text(node)))

    def _reached(self, expression: "SgNode", opened: set[str]) -> "Iterator[SgNode]":
        """The literals in an expression, and in what the names that it uses are bound to; each name once."""
        stack = [expression]
        while stack:
            node = stack.pop()
            kind = node.kind()
            if kind in self._grammar.literals:
                yield node
            elif kind in self._grammar.names:
                if node.text() not in opened:
                    opened.add(node.text())
                    stack.extend(self._values(node.text()))
            elif kind == "attribute":  # a constant of a class or a module, by its last name; else a text's method
                last, of = node.field("attribute"), node.field("object")
                constant = last is not None and last.text().isupper()
                if constant or (of is not None and of.kind() not in self._grammar.names):
                    stack.extend(each for each in (last if constant else of,) if each is not None)
            else:
                stack.extend(reversed(node.children()))

    def _values(self, name: str) -> "list[SgNode]":
        if name not in self._bound:
            # What is bound is named at least twice: there, and where it is used.
            self._bound[name] = list(self._bindings(name)) if self._file.text.count(name) > 1 else []
        return self._bound[name]

    def _bindings(self, name: str) -> "Iterator[SgNode]":
        rules = [
            {"kind": kind, "has": {"field": target, "regex": exactly(name)}}
            for kind, (target, _) in self._grammar.bindings.items()
        ]
        for node in search(self._file.root, {"any": rules}):
            value = self._parts(node)[1]
            if value is not None and self._counts(node):
                yield value

    def _parts(self, node: "SgNode") -> "tuple[SgNode | None, SgNode | None]":
        target, value = self._grammar.bindings[node.kind()]
        return node.field(target), node.field(value)

    def _below(self, node: "SgNode") -> "Iterator[SgNode]":
        stack = [node]
        while stack:
            here = stack.pop()
            if here.kind() in self._grammar.literals:
                yield here
            elif here.kind() not in {
                self._grammar.call,
                *self._grammar.closed,
            }:  # what a call makes of its text is no constant of ours
                stack.extend(reversed(here.children()))

    def _sql_text(self, node: "SgNode") -> str:
        """The literal as written, with everything that isn't part of the text blanked."""
        written = node.text()
        if node.kind() == "raw_string_literal":
            return f" {written[1:-1]} "
        if node.kind() == "interpreted_string_literal":
            return f" {_ESCAPE.sub(_unescaped, written[1:-1])} "
        if self._grammar.template:
            return _script_text(node, written)
        text = _python_text(node, written)
        return _FORMAT.sub(lambda f: " " * len(f.group()), text) if _is_formatted(node) else text


def _python_text(node: "SgNode", written: str) -> str:
    start = node.range().start.index
    out = [" " if char != "\n" else char for char in written]
    raw = "r" in written[: written.find(written.rstrip()[-1])].lower()
    for child in node.children():
        if child.kind() == "string_content":
            place, text = child.range().start.index - start, child.text()
            text = text if raw else _ESCAPE.sub(_unescaped, text)
            out[place : place + len(text)] = text
    return "".join(out)


def _script_text(node: "SgNode", written: str) -> str:
    """A string or a template of JavaScript: what is filled in is blanked."""
    start = node.range().start.index
    out = [" " if char != "\n" else char for char in written]
    for child in node.children():
        if child.kind() in {"string_fragment", "escape_sequence"}:
            place, text = child.range().start.index - start, child.text()
            out[place : place + len(text)] = (
                _ESCAPE.sub(_unescaped, text) if child.kind() == "escape_sequence" else text
            )
    return "".join(out)


def _is_formatted(node: "SgNode") -> bool:
    """Whether the literal is what ``%`` fills in."""
    inner, outer = node, node.parent()
    while outer is not None and outer.kind() in {"parenthesized_expression", "concatenated_string"}:
        inner, outer = outer, outer.parent()
    if outer is None or outer.kind() != "binary_operator":
        return False
    operator = outer.field("operator")
    return operator is not None and operator.text() == "%" and outer.field("left") == inner


def _unescaped(escape: re.Match[str]) -> str:
    """The character that an escape stands for, in as many characters as the escape has."""
    text = escape.group()
    plain = {"n": "\n", '"': '"', "'": "'", "\\": "\\"}.get(text[1], " ")
    return plain.rjust(len(text))
