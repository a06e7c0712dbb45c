"""A Rust file as the rules see it: what its code mentions, where its SQL text stands, which of it is test code."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from gatekeeper.audit.rust_names import Path, Scope, imports, resolved, written
from gatekeeper.audit.rust_tests import is_documentation, marks_test
from gatekeeper.audit.rust_tokens import paths_in

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
# An attribute on these is part of the node itself, not of what comes before it.
_ATTRIBUTED_WITHIN = frozenset({"match_arm", "field_initializer", "shorthand_field_initializer"})
_TREES = frozenset({"token_tree", "token_repetition"})
_BINDINGS = {
    "const_item": ("name", "value"),
    "static_item": ("name", "value"),
    "let_declaration": ("pattern", "value"),
    "for_expression": ("pattern", "value"),
    "compound_assignment_expr": ("left", "right"),
}
_WORDS = frozenset({"identifier", "type_identifier", "field_identifier", "string_content"})
_APPENDING = frozenset({"push", "push_str"})


class Place(StrEnum):
    """Where code mentions something: in a signature or a field, in a body, or in what a file hands on."""

    SIGNATURE = "signature"
    BODY = "body"
    EXPORT = "export"


@dataclass(frozen=True, slots=True)
class Mention:
    """A path that code uses; ``paths`` are what it may stand for, ``arguments`` what a call or macro is given."""

    written: str
    paths: tuple[Path, ...]
    line: int
    place: Place
    arguments: "SgNode | None" = None


@dataclass(frozen=True, slots=True)
class MethodCall:
    """A call of a method by its name; its receiver's type is unknown."""

    name: str
    line: int
    arguments: "SgNode"


@dataclass(frozen=True, slots=True)
class _Context:
    scope: Scope
    body: bool = False
    test: bool = False


@dataclass(frozen=True, slots=True)
class _Raw:
    path: Path
    line: int
    context: _Context
    arguments: "SgNode | None" = None
    macro: bool = False
    export: bool = False


@dataclass(slots=True)
class RustFile:
    """What one file holds outside test code, and the words that its test code uses.

    ``texts`` maps a name to the expressions that it is bound to; ``constants`` are the values of constants;
    ``imported`` are the first names of imports; ``modules`` maps each module that the file declares without a body
    to whether it is test code. ``broken`` is the first line that isn't understood.
    """

    mentions: list[Mention] = field(default_factory=list)
    methods: list[MethodCall] = field(default_factory=list)
    texts: "dict[str, list[SgNode]]" = field(default_factory=dict)
    constants: "list[SgNode]" = field(default_factory=list)
    modules: dict[str, bool] = field(default_factory=dict)
    imported: set[str] = field(default_factory=set)
    test_words: set[str] = field(default_factory=set)
    broken: int | None = None

    def uses(self, crates: Collection[str]) -> bool:
        """Whether code outside tests names one of the crates."""
        named = {path[0] for mention in self.mentions for path in mention.paths}
        return any(crate in self.imported or crate in named for crate in crates)


def read_rust(source: str, *, test: bool = False) -> RustFile:
    """Parse a Rust file, with ``test`` as test code throughout. What isn't understood is passed over."""
    from ast_grep_py import SgRoot  # noqa: PLC0415 - loaded only where there is Rust to read

    return _Reader().read(SgRoot(source, "rust").root(), test)


def line_of(node: "SgNode") -> int:
    """The 1-based line on which the node begins."""
    return int(node.range().start.line) + 1


class _Reader:
    """One walk over the tree: scopes and names first, what they stand for once all are known."""

    def __init__(self) -> None:
        self.file = RustFile()
        self.raw: list[_Raw] = []
        self.stack: list[tuple[SgNode, _Context]] = []

    def read(self, root: "SgNode", test: bool) -> RustFile:
        self.stack.append((root, _Context(Scope(), test=test)))
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
        if kind == "ERROR" and self.file.broken is None:
            self.file.broken = line_of(node)
        if at.test and kind in _WORDS:
            self.file.test_words.add(node.text())
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
        if not at.test:
            self.bound(node, kind)
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
            return replace(at, body=True)
        if kind == "block":
            return replace(at, scope=Scope(at.scope, is_module=False), body=True)
        if kind in _SIGNED:
            self.defined(node, kind, name, at)
            return replace(at, body=False)
        return at

    def module(self, node: "SgNode", name: str, at: _Context) -> _Context:
        if node.field("body") is None:
            self.file.modules[name] = at.test
            return at
        inner = Scope(at.scope)
        at.scope.modules[name] = inner
        return replace(at, scope=inner, body=False)

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
        inner = [m for m in marks if m.kind() == "inner_attribute_item" or kind in _ATTRIBUTED_WITHIN]
        test = at.test or any(marks_test(m) for m in inner)
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
                tested = test or any(marks_test(mark) for mark in pending)
                if tested:
                    self.heard(pending)
                pending = []
                if declared is None or child != declared:
                    todo.append((child, _Context(at.scope, at.body or value, tested)))
        self.stack.extend(reversed(todo))

    def heard(self, marks: "list[SgNode]") -> None:
        """The words of attributes on test code."""
        for mark in marks:
            if not is_documentation(mark):
                self.file.test_words.update(n.text() for n in _below(mark) if n.kind() in _WORDS)

    def imported(self, node: "SgNode", at: _Context) -> None:
        public = any(child.kind() == "visibility_modifier" for child in node.children())
        if at.test:
            self.file.test_words.update(n.text() for n in _below(node) if n.kind() in _WORDS)
        for found in imports(node):
            at.scope.add(found)
            if not at.test:
                self.file.imported.add(next(filter(None, found.path), ""))
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
            elif at.test and child.kind() in _WORDS:
                self.file.test_words.add(child.text())

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
        name, receiver = function.field("field"), function.field("value")
        if name is None:
            return
        self.file.methods.append(MethodCall(name.text(), line_of(name), arguments))
        if receiver is not None and receiver.kind() == "identifier" and name.text() in _APPENDING:
            self.file.texts.setdefault(receiver.text(), []).append(arguments)

    def invoked(self, node: "SgNode", at: _Context) -> None:
        name = node.field("macro")
        tree = next((child for child in node.children() if child.kind() == "token_tree"), None)
        path = written(name) if name is not None else None
        if path and not at.test:
            self.raw.append(_Raw(path, line_of(node), at, tree, macro=True))

    def bound(self, node: "SgNode", kind: str) -> None:
        """Remember what a name is bound to."""
        if kind not in _BINDINGS:
            return
        name, value = (node.field(part) for part in _BINDINGS[kind])
        if name is None or value is None:
            return
        self.file.texts.setdefault(name.text().removeprefix("mut "), []).append(value)
        if kind in {"const_item", "static_item"}:
            self.file.constants.append(value)

    def tokens(self, tree: "SgNode", at: _Context) -> None:
        """What a macro is given is no syntax, but names followed by brackets read the same there."""
        children = tree.children()
        inside = replace(at, body=True)
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


def _below(node: "SgNode") -> "Iterator[SgNode]":
    stack = [node]
    while stack:
        here = stack.pop()
        yield here
        stack.extend(here.children())
