"""A Rust file as the rules see it: what its code mentions, under whatever name, outside test code."""

from bisect import bisect_left
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import re2

from gatekeeper.audit.parsed import Parsed
from gatekeeper.audit.rust_names import Path, Scope, imports, resolved, written
from gatekeeper.audit.rust_tests import ATTRIBUTED_WITHIN, marks_test
from gatekeeper.audit.rust_tokens import paths_in
from gatekeeper.audit.syntax import line_of
from gatekeeper.audit.uses import Place

if TYPE_CHECKING:  # the parser is loaded where source is parsed
    from ast_grep_py import SgNode

# Items whose own text is a signature even where they stand in a body.
_SIGNED = frozenset(
    {
        "function_item",
        "function_signature_item",
        "struct_item",
        "enum_item",
        "union_item",
        "trait_item",
        "impl_item",
        "type_item",
        "associated_type",
        "const_item",
        "static_item",
    }
)
_TYPES = frozenset({"struct_item", "enum_item", "union_item", "trait_item", "type_item", "type_parameter"})
_PATHS = frozenset({"scoped_identifier", "scoped_type_identifier"})
_TREES = frozenset({"token_tree", "token_repetition"})
# What may give a name a meaning is always looked into; of the rest only what holds a wanted word.
_ALWAYS = frozenset({"use_declaration", "extern_crate_declaration", "macro_definition"})
# What "as" leads to in a cast, or in an import without a name.
_CAST_TO = frozenset(
    {
        *(f"{kind}{size}" for kind in "iu" for size in (8, 16, 32, 64, 128, "size")),
        "f32",
        "f64",
        "char",
        "bool",
        "_",
    }
)
_NEW_NAMES = re2.compile(r"\b(?:as|type)\s+(\w+)")


class Mention(NamedTuple):
    """A path that code uses; ``paths`` are what it may stand for, ``arguments`` what a call or macro is given."""

    written: str
    paths: tuple[Path, ...]
    line: int
    place: Place
    arguments: "SgNode | None" = None


class MethodCall(NamedTuple):
    """A call of a method by its name; its receiver's type is unknown."""

    name: str
    line: int
    arguments: "SgNode"


class _Context(NamedTuple):
    scope: Scope
    body: bool = False
    test: bool = False


class _Raw(NamedTuple):
    path: Path
    line: int
    context: _Context
    arguments: "SgNode | None" = None
    macro: bool = False
    export: bool = False


class RustFile:
    """What one file mentions outside test code, in order."""

    def __init__(self) -> None:
        self.mentions: list[Mention] = []
        self.methods: list[MethodCall] = []


def read_rust(file: Parsed, wanted: Collection[str], *, tests: bool = False) -> RustFile:
    """What the file mentions of the wanted patterns' names; more may be there, less never is.

    With ``tests`` test code counts as any other. What isn't understood is passed over.
    """
    marks = [] if file.test and not tests else [m.start() for m in _words(file.text, wanted).finditer(file.text)]
    return _Reader(marks, tests=tests).read(file.root) if marks else RustFile()


def _words(text: str, wanted: Collection[str]) -> "re2._Regexp[str]":
    """What a piece of code must hold to matter: a part of a wanted name, or a name that the file makes itself."""
    new = {found.group(1) for found in _NEW_NAMES.finditer(text)} - _CAST_TO
    return _any_word(frozenset(wanted), frozenset(new))


@lru_cache(maxsize=64)
def _any_word(wanted: frozenset[str], new: frozenset[str]) -> "re2._Regexp[str]":
    parts = {part for pattern in wanted for part in pattern.rstrip("!").split("::") if part.strip("*[]")}
    words = [re2.escape(part).replace(r"\*", r"\w*") for part in parts]
    return re2.compile(rf"\b(?:{'|'.join(sorted({*words, *map(re2.escape, new)}))})\b")


class _Reader:
    """One walk over the tree: scopes and names first, what they stand for once all are known.

    ``marks`` are the offsets of the wanted words, in order.
    """

    def __init__(self, marks: Sequence[int], *, tests: bool) -> None:
        self.marks = marks
        self.tests = tests
        self.file = RustFile()
        self.raw: list[_Raw] = []
        self.stack: list[tuple[SgNode, _Context]] = []

    def read(self, root: "SgNode") -> RustFile:
        self.stack.append((root, _Context(Scope())))
        while self.stack:
            self.visit(*self.stack.pop())
        self.file.mentions = [self.mention(raw) for raw in self.raw]
        return self.file

    def mention(self, raw: _Raw) -> Mention:
        place = Place.EXPORT if raw.export else Place.BODY if raw.context.body else Place.SIGNATURE
        paths = resolved(raw.context.scope, raw.path, macro=raw.macro)
        name = "::".join(raw.path) + ("!" if raw.macro else "")
        return Mention(name, paths, raw.line, place, raw.arguments)

    def visit(self, node: "SgNode", at: _Context) -> None:
        kind = node.kind()
        if kind in {"use_declaration", "extern_crate_declaration"}:
            self.imported(node, at)
        elif kind in _TREES:
            self.tokens(node, at)
        elif kind in _PATHS or kind == "type_identifier":
            self.named(node, at)
            if kind in _PATHS:
                self.inside_path(node, at)
        else:
            self.within(node, kind, at)

    def within(self, node: "SgNode", kind: str, at: _Context) -> None:
        """Take in what the node declares or calls, then go on to its children."""
        if kind == "call_expression":
            self.called(node, at)
        elif kind == "macro_invocation":
            self.invoked(node, at)
        self.descend(node, kind, self.entered(node, kind, at))

    def entered(self, node: "SgNode", kind: str, at: _Context) -> _Context:
        """The context of the node's children."""
        name_node = node.field("name") if kind in _SIGNED or kind in {"mod_item", "macro_definition"} else None
        name = name_node.text() if name_node is not None else ""
        if kind == "mod_item":
            return self.module(node, name, at)
        if kind == "macro_definition":
            at.scope.names[f"{name}!"] = None
            return at._replace(body=True)
        if kind == "block":
            return at._replace(scope=Scope(at.scope, is_module=False), body=True)
        if kind in _SIGNED:
            self.defined(node, kind, name, at)
            return at._replace(body=False)
        return at

    def module(self, node: "SgNode", name: str, at: _Context) -> _Context:
        if node.field("body") is None:
            return at
        inner = Scope(at.scope)
        at.scope.modules[name] = inner
        return at._replace(scope=inner, body=False)

    def defined(self, node: "SgNode", kind: str, name: str, at: _Context) -> None:
        """An item shadows an import of its name; an alias of a type stands for that type."""
        if kind in {"impl_item", "associated_type"} or not name or _is_member(node):
            return
        target = node.field("type") if kind == "type_item" else None
        at.scope.names.setdefault(name, written(target) if target is not None else None)

    def descend(self, node: "SgNode", kind: str, at: _Context) -> None:
        """Children in order; an attribute marks what comes next, an inner one all that it stands in."""
        children = node.children()
        marks = [c for c in children if c.kind() in {"attribute_item", "inner_attribute_item"}]
        inner = [m for m in marks if m.kind() == "inner_attribute_item" or kind in ATTRIBUTED_WITHIN]
        test = at.test or self.tested(inner)
        declared = node.field("name") if kind in _TYPES else None
        pending: list[SgNode] = []
        todo = []
        value = False
        for child in children:
            child_kind = child.kind()
            if child_kind in {"attribute_item", "inner_attribute_item"}:
                pending.append(child)
            elif child_kind == "=" and kind in {"const_item", "static_item"}:
                value = True
            elif child.is_named() and not child_kind.endswith("comment"):
                tested = test or self.tested(pending)
                pending = []
                if (child_kind in _ALWAYS or self.matters(child)) and (declared is None or child != declared):
                    todo.append((child, _Context(at.scope, at.body or value, tested)))
        self.stack.extend(reversed(todo))

    def matters(self, node: "SgNode") -> bool:
        """Whether a wanted word stands in the node."""
        span = node.range()
        place = bisect_left(self.marks, span.start.index)
        return place < len(self.marks) and self.marks[place] < span.end.index

    def tested(self, marks: "list[SgNode]") -> bool:
        """Whether an attribute makes test code, and test code is left out."""
        return not self.tests and any(marks_test(mark) for mark in marks)

    def imported(self, node: "SgNode", at: _Context) -> None:
        public = any(child.kind() == "visibility_modifier" for child in node.children())
        for found in imports(node):
            at.scope.add(found)
            if public and not at.test and at.scope.parent is None:
                self.raw.append(_Raw(found.path, found.line, at, export=True))

    def named(self, node: "SgNode", at: _Context) -> None:
        """A path as it stands in an expression or a type."""
        path = written(node)
        if path and not at.test:
            self.raw.append(_Raw(path, line_of(node), at))

    def inside_path(self, node: "SgNode", at: _Context) -> None:
        """What stands in a path's angle brackets."""
        for child in node.children():
            if child.kind() in {"type_arguments", "bracketed_type"}:
                self.stack.append((child, at))
            elif child.kind() in {*_PATHS, "generic_type"}:
                self.inside_path(child, at)

    def called(self, node: "SgNode", at: _Context) -> None:
        function, arguments = node.field("function"), node.field("arguments")
        if function is not None and function.kind() == "generic_function":
            function = function.field("function")
        if function is None or arguments is None or at.test:
            return
        if function.kind() == "field_expression":
            self.method(function, arguments)
            return
        path = written(function)
        if path:
            self.raw.append(_Raw(path, line_of(function), at, arguments))

    def method(self, function: "SgNode", arguments: "SgNode") -> None:
        name = function.field("field")
        if name is not None:
            self.file.methods.append(MethodCall(name.text(), line_of(name), arguments))

    def invoked(self, node: "SgNode", at: _Context) -> None:
        name = node.field("macro")
        tree = next((child for child in node.children() if child.kind() == "token_tree"), None)
        path = written(name) if name is not None else None
        if path and not at.test:
            self.raw.append(_Raw(path, line_of(node), at, tree, macro=True))

    def tokens(self, tree: "SgNode", at: _Context) -> None:
        """What a macro is given is no syntax, but names followed by brackets read the same there."""
        children = tree.children()
        inside = at._replace(body=True)
        for child in children:
            if child.is_named() and not child.kind().endswith("comment"):
                self.stack.append((child, inside))
        if not at.test:
            for found in paths_in(children):
                line = line_of(found.first)
                self.raw.append(_Raw(found.path, line, inside, found.arguments, found.macro))


def _is_member(node: "SgNode") -> bool:
    """Whether the item belongs to an impl or a trait, so that its name alone doesn't stand for it."""
    outer = node.parent()
    holder = outer.parent() if outer is not None and outer.kind() == "declaration_list" else None
    return holder is not None and holder.kind() in {"impl_item", "trait_item"}
