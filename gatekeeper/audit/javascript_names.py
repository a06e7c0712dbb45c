"""Names in JavaScript and TypeScript: what imports, ``require`` and assignments make of them, and their uses."""

import re
from collections.abc import Collection, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from gatekeeper.audit.javascript_places import (
    FUNCTIONS,
    Span,
    hides,
    is_read,
    place_of,
    scope_around,
    scopes_around,
    span_of,
)
from gatekeeper.audit.languages import TYPESCRIPT_KINDS
from gatekeeper.audit.parsed import Parsed
from gatekeeper.audit.syntax import line_of, search
from gatekeeper.audit.uses import Place, Use
from gatekeeper.model.globs import matches_any

if TYPE_CHECKING:  # the parser is loaded where source is parsed
    from ast_grep_py import SgNode

_NAMES = ("identifier", "type_identifier", "shorthand_property_identifier")
_WRAPPERS = frozenset(
    {
        *("await_expression", "parenthesized_expression", "non_null_expression"),
        *("as_expression", "satisfies_expression", "type_query", "instantiation_expression"),
    }
)
_CHAINS = frozenset({"member_expression", "subscript_expression", "nested_identifier", "nested_type_identifier"})
_LOADERS = {"kind": "call_expression", "has": {"field": "function", "regex": r"^((module\.)?require|import)$"}}
_KEPT = frozenset({"variable_declarator", "assignment_expression", "expression_statement"})
_OWN = re.compile(r"[.#~]|@/|src/")
_HANDED_ON = re.compile(r"^(module\.)?exports(\.\w+)?$")
_EVERYTHING = (0, 1 << 60)
# Aliases of aliases beyond this lead in a circle.
_ROUNDS = 5


class _Binding(NamedTuple):
    """A name that stands for a full one, within a scope: the scope's first and last offset."""

    name: str
    full: str
    scope: Span


class JavaScriptNames:
    """What one file uses of the modules that ``wanted`` names; other names of ``wanted`` count from own modules.

    A full name is ``module.name``: ``pg.Pool``. What a module is by default, called or handed on as a whole, is
    ``postgres.default``; all that it holds is ``pg.*``; a name from one of the project's own modules is ``.Name``.
    """

    def __init__(self, file: Parsed, wanted: Collection[str], *, tests: bool) -> None:
        self._file = file
        self._wanted = frozenset(wanted)
        self._tests = tests
        # By name, then by scope, what the name first stands for there, and all else that it stands for.
        self._bindings: dict[str, dict[Span, _Binding]] = {}
        self._bound_to: set[_Binding] = set()
        self._hiding: dict[tuple[str, Span], bool] = {}
        if not (file.test and not tests):
            for node in file.all("import_statement"):
                self._import(node)
            self._declare()

    # Bindings

    def _import(self, node: "SgNode") -> None:
        for inner in (child for child in node.children() if child.kind() == "import_require_clause"):
            module = self._module(next((c for c in inner.children() if c.kind() == "string"), None))
            name = next((c for c in inner.children() if c.kind() == "identifier"), None)
            if module and name is not None:
                self._bind(name.text(), module, None)
        module = self._module(node.field("source"))
        if module is None:
            return
        for inner in search(node, {"any": [{"kind": "import_clause"}, {"kind": "namespace_import"}]}):
            for name in (c for c in inner.children() if c.kind() == "identifier"):
                self._bind(name.text(), module, None)
        for inner in search(node, {"kind": "import_specifier"}):
            name, alias = inner.field("name"), inner.field("alias")
            if name is not None:
                self._bind((alias or name).text(), _member(module, name.text()), None)

    def _module(self, string: "SgNode | None") -> str | None:
        """The module that a string names, where it is wanted; an empty name for one of the project's own."""
        name = _string(string) if string is not None else None
        if name is None:
            return None
        if _OWN.match(name):
            return ""
        return name if matches_any(self._wanted, name) else None

    def _bind(self, name: str, full: str, scope: "SgNode | None") -> bool:
        if not full or (full[0] == "." and full[1:] not in self._wanted):
            return False
        bound = _Binding(name, full, span_of(scope) if scope is not None else _EVERYTHING)
        if bound in self._bound_to:
            return False
        self._bound_to.add(bound)
        self._bindings.setdefault(name, {}).setdefault(bound.scope, bound)
        return True

    def _declare(self) -> None:
        if not (self._bindings or self._loaded):
            return
        nodes = self._file.all("variable_declarator", "assignment_expression", "call_expression")
        for _ in range(_ROUNDS):
            if not sum(self._declared(node) for node in nodes):
                return

    def _declared(self, node: "SgNode") -> bool:
        if node.kind() == "call_expression":
            return self._then(node)
        fields = ("name", "value") if node.kind() == "variable_declarator" else ("left", "right")
        target, value = node.field(fields[0]), node.field(fields[1])
        full = self._meaning(value) if target is not None and value is not None else None
        return full is not None and target is not None and self._take(target, full, scope_around(node))

    def _then(self, call: "SgNode") -> bool:
        """``import("pg").then(({ Pool }) => …)`` binds what the function takes."""
        function, arguments = call.field("function"), call.field("arguments")
        name = function.field("property") if function is not None else None
        inner = function.field("object") if function is not None else None
        if name is None or inner is None or arguments is None or name.text() != "then":
            return False
        full = self._meaning(inner)
        taker = next((a for a in arguments.children() if a.kind() in FUNCTIONS), None)
        if full is None or taker is None:
            return False
        parameters = taker.field("parameters")
        first = next((p for p in parameters.children() if p.is_named()), None) if parameters else None
        target = (first.field("pattern") or first) if first is not None else taker.field("parameter")
        return target is not None and self._take(target, full, taker)

    def _take(self, target: "SgNode", full: str, scope: "SgNode | None") -> bool:
        """Bind what a declaration's target names: a name, or those of an object's pattern."""
        if target.kind() == "identifier":
            return self._bind(target.text(), full, scope)
        news = 0
        for part in target.children() if target.kind() == "object_pattern" else ():
            if part.kind() == "shorthand_property_identifier_pattern":
                news += self._bind(part.text(), _member(full, part.text()), scope)
            elif part.kind() == "pair_pattern":
                key, value = part.field("key"), part.field("value")
                if key is not None and value is not None:
                    news += self._take(value, _member(full, _string(key) or key.text()), scope)
        return bool(news)

    # Meanings

    def _meaning(self, node: "SgNode") -> str | None:
        """The full name that an expression is, None for any other expression."""
        kind = node.kind()
        if kind in _NAMES:
            bound = self._bound(node)
            return bound.full if bound else None
        if kind in _WRAPPERS:
            inner = _inner(node)
            return self._meaning(inner) if inner is not None else None
        if kind in _CHAINS:
            inner, name = _link(node)
            full = self._meaning(inner) if inner is not None else None
            return _member(full, name) if full and name else None
        return self._loads(node) if kind == "call_expression" else None

    def _loads(self, call: "SgNode") -> str | None:
        """The module that ``require("pg")`` and ``import("pg")`` give."""
        return self._modules.get(span_of(call)) if self._modules else None

    @cached_property
    def _modules(self) -> dict[Span, str]:
        """The module that is loaded, by where."""
        return {span_of(node): module for node, module in self._loaded}

    @cached_property
    def _loaded(self) -> "list[tuple[SgNode, str]]":
        found = []
        for node in search(self._file.root, _LOADERS):
            arguments = node.field("arguments")
            given = [a for a in arguments.children() if a.is_named()] if arguments is not None else []
            module = self._module(given[0]) if given else None
            if module:
                found.append((node, module))
        return found

    def _bound(self, node: "SgNode") -> _Binding | None:
        """What the name means there: the innermost binding whose scope holds it, unless something hides it."""
        name = node.text()
        known = self._bindings.get(name)
        if known is None:
            return None
        within: list[tuple[SgNode, Span]] = []
        best = known.get(_EVERYTHING)
        for scope in scopes_around(node):
            span = span_of(scope)
            if span in known:
                best = known[span]
                break
            within.append((scope, span))
        hidden = best is not None and any(self._hides(scope, span, name) for scope, span in within)
        return None if hidden else best

    def _hides(self, scope: "SgNode", span: Span, name: str) -> bool:
        """As ``hides``, looked for once: a scope may use a name often."""
        if (name, span) not in self._hiding:
            self._hiding[name, span] = hides(scope, name, self._file.language or "")
        return self._hiding[name, span]

    # Uses

    def uses(self) -> Iterator[Use]:
        """Every use of a bound name, of a module where it is loaded, and every export."""
        yield from self._exports()
        names = f"^({'|'.join(map(re.escape, sorted(self._bindings)))})$"
        kinds = [kind for kind in _NAMES if self._file.language != "javascript" or kind not in TYPESCRIPT_KINDS]
        rule = {"any": [{"kind": kind} for kind in kinds], "regex": names}
        for node in search(self._file.root, rule) if self._bindings else ():
            if self._counts(node) and is_read(node):
                bound = self._bound(node)
                if bound is not None:
                    yield self._use(node, bound.full)
        for node, module in self._loaded:
            if self._counts(node):
                yield from self._used_where_loaded(node, module)

    def _used_where_loaded(self, node: "SgNode", module: str) -> Iterator[Use]:
        """What is used of a module where it is loaded; where all of it goes elsewhere, it is handed on."""
        use = self._use(node, module)
        if use.name != f"{module}.default" or use.arguments is not None:
            yield use
            return
        outer = next((n for n in node.ancestors() if n.kind() not in _WRAPPERS), None)
        if outer is not None and outer.kind() not in _KEPT:
            yield Use(f"{module}.*", use.written, use.line, Place.EXPORT)

    def _counts(self, node: "SgNode") -> bool:
        return self._tests or not self._file.is_test(node)

    def _use(self, node: "SgNode", full: str) -> Use:
        top = last = node
        while (outer := top.parent()) is not None:
            if outer.kind() in _CHAINS and _link(outer)[0] == top and (name := _link(outer)[1]):
                full = _member(full, name)
                last = outer.field("property") or outer.field("name") or last
            elif outer.kind() not in _WRAPPERS or _inner(outer) != top:
                break
            top = outer
        outer = top.parent()
        called = outer is not None and top in (outer.field("function"), outer.field("constructor"))
        arguments = outer.field("arguments") if called and outer is not None else None
        written = " ".join(top.text().split())
        return Use(_whole(full, "default"), written, line_of(last), place_of(top), arguments)

    def _exports(self) -> Iterator[Use]:
        """What the file hands on; types that it hands on stand in its signature."""
        for node in self._file.all("export_statement"):
            if self._counts(node):
                source, value = node.field("source"), node.field("value")
                yield from self._handed_on(node) if source is not None else self._listed(node, None)
                yield from self._whole_value(node, value)
        for node in self._file.all("assignment_expression"):
            target = node.field("left")
            if target is not None and _HANDED_ON.match(target.text()) and self._counts(node):
                yield from self._whole_value(node, node.field("right"))

    def _handed_on(self, statement: "SgNode") -> Iterator[Use]:
        """``export … from "pg"``."""
        module = self._module(statement.field("source"))
        if not module:
            return
        if any(child.kind() == "export_clause" for child in statement.children()):
            yield from self._listed(statement, module)
        else:
            yield Use(f"{module}.*", f"{module}.*", line_of(statement), Place.EXPORT)

    def _listed(self, statement: "SgNode", module: str | None) -> Iterator[Use]:
        """The names of ``export { … }``, of a module or else of the file."""
        for part in search(statement, {"kind": "export_specifier"}):
            name = part.field("name")
            bound = self._bindings.get(name.text(), {}).get(_EVERYTHING) if name is not None else None
            full = bound.full if bound is not None else None
            if module and name is not None:
                full = _member(module, name.text())
            if full:
                typed = any(child.kind() == "type" for node in (statement, part) for child in node.children())
                yield Use(_whole(full, "*"), full, line_of(part), Place.SIGNATURE if typed else Place.EXPORT)

    def _whole_value(self, statement: "SgNode", value: "SgNode | None") -> Iterator[Use]:
        """``export default pg`` and ``module.exports = pg``."""
        full = self._meaning(value) if value is not None else None
        if full:
            yield Use(_whole(full, "*"), full, line_of(statement), Place.EXPORT)


def _member(full: str, name: str) -> str:
    """A name of a module or an object; the default of a module is the module."""
    return full if name == "default" else f"{full}.{name}"


def _whole(full: str, what: str) -> str:
    """The full name; of a module alone with ``what`` of it is meant."""
    return full if "." in full else f"{full}.{what}"


def _link(chain: "SgNode") -> "tuple[SgNode | None, str | None]":
    """The two parts of ``a.b``, ``a["b"]`` and of a type's ``a.b``."""
    if chain.kind() == "subscript_expression":
        index = chain.field("index")
        return chain.field("object"), _string(index) if index is not None else None
    name = chain.field("property") or chain.field("name")
    return chain.field("object") or chain.field("module"), name.text() if name is not None else None


def _inner(wrapper: "SgNode") -> "SgNode | None":
    """What ``await x``, ``(x)``, ``x!`` and ``x as T`` are made of."""
    return next((child for child in wrapper.children() if child.is_named()), None)


def _string(node: "SgNode") -> str | None:
    """The text of a plain string literal, or of a template that fills nothing in."""
    if node.kind() not in {"string", "template_string"}:
        return None
    if any(child.kind() == "template_substitution" for child in node.children()):
        return None
    return node.text()[1:-1]
