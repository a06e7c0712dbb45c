"""Names in Python source: what imports, aliases and assignments make of them, and where code uses them."""

import re
from collections.abc import Collection, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from gatekeeper.audit.parsed import Parsed
from gatekeeper.audit.syntax import holds, line_of, search
from gatekeeper.audit.uses import Place, Use

if TYPE_CHECKING:  # the parser is loaded where source is parsed
    from ast_grep_py import SgNode

_SCOPES = frozenset({"function_definition", "lambda", "class_definition"})
_CHAINS = frozenset({"identifier", "attribute", "call"})
_LOADERS = frozenset({"importlib.import_module", "__import__"})
_QUOTED_NAME = re.compile(r"[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*")
# Aliases of aliases beyond this lead in a circle.
_ROUNDS = 5
Span = tuple[int, int]
_EVERYTHING = (0, 1 << 60)


class _Binding(NamedTuple):
    """A name that stands for a full one, within a scope: the scope's first and last offset."""

    name: str
    full: str
    scope: Span
    node: "SgNode"


class PythonNames:
    """What one file uses of the libraries whose first names are ``roots``; ``own`` are this project's packages."""

    def __init__(self, file: Parsed, roots: Collection[str], *, tests: bool) -> None:
        self._file = file
        self._roots = frozenset(roots)
        self._own = frozenset(file.path.split("/")[:-1])
        self._tests = tests
        self._bindings: dict[str, list[_Binding]] = {}
        # What a name first stands for in a scope, and whether a scope gives a name a meaning of its own.
        self._by_scope: dict[str, dict[Span, _Binding]] = {}
        self._bound_to: set[tuple[str, str, Span]] = set()
        self._hiding: dict[tuple[str, Span], bool] = {}
        self._stars: list[str] = []
        if not (file.test and not tests):
            self._import()
            self._assign()

    # Bindings

    def _import(self) -> None:
        imports = "import" in self._file.text
        for node in self._file.all("import_statement", "import_from_statement") if imports else ():
            module = node.field("module_name")
            head = _module(module) if module is not None else ""
            for name in node.field_children("name"):
                self._imported(node, head, name)
            if any(child.kind() == "wildcard_import" for child in node.children()):
                self._stars.append(head)
        for loader in _LOADERS:
            if "." not in loader and loader in self._file.text:
                self._bind(loader, loader, self._file.root)

    def _imported(self, node: "SgNode", head: str, name: "SgNode") -> None:
        alias = name.field("alias") if name.kind() == "aliased_import" else None
        path = name.field("name") if name.kind() == "aliased_import" else name
        if path is None:
            return
        full = f"{head}.{path.text()}" if head else path.text()
        if alias is None and not head:
            full = full.split(".")[0]  # import a.b binds a
        self._bind(alias.text() if alias is not None else full.rsplit(".", 1)[-1], full, node)

    def _bind(self, name: str, full: str, node: "SgNode") -> bool:
        if not self._matters(full):
            return False
        scope = _scope_of(node)
        span = _span_of(scope) if scope is not None else _EVERYTHING
        if (name, full, span) in self._bound_to:
            return False
        self._bound_to.add((name, full, span))
        bound = _Binding(name, full, span, node)
        self._bindings.setdefault(name, []).append(bound)
        self._by_scope.setdefault(name, {}).setdefault(span, bound)
        return True

    def _matters(self, full: str) -> bool:
        root = full.split(".", maxsplit=1)[0]
        return (
            root in self._roots or root in {"importlib", "__import__", "typing"} or not root or root in self._own
        )

    def _assign(self) -> None:
        if not any(
            b.full.split(".")[0] in self._roots or b.full in _LOADERS or b.full == "importlib"
            for known in self._bindings.values()
            for b in known
        ):
            return
        nodes = self._file.all("assignment", "named_expression")
        for _ in range(_ROUNDS):
            if not sum(self._assigned(node) for node in nodes):
                return

    def _assigned(self, node: "SgNode") -> bool:
        if node.kind() == "assignment":
            name, value = node.field("left"), node.field("right")
        else:
            name, value = node.field("name"), node.field("value")
        if name is None or value is None or name.kind() != "identifier" or value.kind() not in _CHAINS:
            return False
        full = self._meaning(value)
        return full is not None and self._bind(name.text(), full, node)

    def _meaning(self, value: "SgNode") -> str | None:
        """The full name that an expression is, None for any other expression."""
        if value.kind() == "identifier":
            bound = self._bound(value)
            return bound.full if bound else None
        if value.kind() == "attribute":
            inner, name = value.field("object"), value.field("attribute")
            full = self._meaning(inner) if inner is not None else None
            return f"{full}.{name.text()}" if full and name is not None else None
        return self._called(value) if value.kind() == "call" else None

    def _called(self, call: "SgNode") -> str | None:
        """What ``import_module("x")``, ``__import__("x")`` and ``getattr(x, "y")`` give."""
        function, arguments = call.field("function"), call.field("arguments")
        given = [a for a in arguments.children() if a.is_named()] if arguments is not None else []
        if function is None or not given:
            return None
        if function.text() == "getattr" and len(given) > 1:
            full, name = self._meaning(given[0]), _string(given[1])
            return f"{full}.{name}" if full and name else None
        if self._meaning(function) in _LOADERS:
            return _string(given[0])
        return None

    # Uses

    def uses(self) -> Iterator[Use]:
        """Every use of a bound name, of a star import's names, of a module that a call loads, and every export."""
        if not (self._bindings or self._stars):
            return
        yield from self._exports
        for node in search(self._file.root, {"kind": "identifier", "regex": self._expression}):
            if not self._counts(node) or not _is_read(node):
                continue
            bound = self._bound(node)
            if bound is not None:
                yield self._use(node, bound.full)
            elif node.text() not in self._bindings:
                for module in self._stars:
                    yield self._use(node, f"{module}.{node.text()}")
        yield from self._quoted()

    @cached_property
    def _expression(self) -> str:
        if any(star.split(".")[0] in self._roots for star in self._stars):
            return "."
        names = sorted({*self._bindings, "getattr"})
        return f"^({'|'.join(map(re.escape, names))})$"

    def _counts(self, node: "SgNode") -> bool:
        return self._tests or not self._file.is_test(node)

    def _use(self, node: "SgNode", full: str) -> Use:
        top = node
        written = node.text()
        while (outer := top.parent()) is not None:
            if outer.kind() == "attribute" and outer.field("object") == top:
                name = outer.field("attribute")
                full, top = f"{full}.{name.text() if name is not None else ''}", outer
                written = outer.text()
            elif outer.kind() == "argument_list" and (meant := self._through(outer)) is not None:
                call, full = meant
                top, written = call, call.text()
            elif outer.kind() == "call" and outer.field("function") == top and self._called(outer):
                full, top, written = str(self._called(outer)), outer, outer.text()
            else:
                break
        outer = top.parent()
        called = outer is not None and outer.kind() == "call" and outer.field("function") == top
        arguments = outer.field("arguments") if called and outer is not None else None
        return Use(full, " ".join(written.split()), line_of(_last_name(top)), _place(top), arguments)

    def _through(self, arguments: "SgNode") -> "tuple[SgNode, str] | None":
        """The call that hands its first argument's attribute on, as ``getattr``, and what it gives."""
        call = arguments.parent()
        if call is None or call.kind() != "call":
            return None
        function = call.field("function")
        full = self._called(call) if function is not None and function.text() == "getattr" else None
        return (call, full) if full else None

    def _bound(self, node: "SgNode") -> _Binding | None:
        """What the name means there: the innermost binding whose scope holds it, unless something hides it."""
        name = node.text()
        best = self._innermost(node, name)
        if best is None:
            return None
        scope = _scope_of(node)
        while scope is not None and scope.range().start.index > best.scope[0]:
            if self._hides(scope, name):
                return None
            scope = _scope_of(scope)
        if scope is not None and scope.range().start.index == best.scope[0] and _takes(scope, name):
            return None
        return best

    def _innermost(self, node: "SgNode", name: str) -> _Binding | None:
        """What the name was bound to in the nearest scope around, hidden or not."""
        known = self._by_scope.get(name)
        if known is None:
            return None
        if len(known) > 1 or _EVERYTHING not in known:
            for outer in node.ancestors():
                if outer.kind() in _SCOPES and (found := known.get(_span_of(outer))) is not None:
                    return found
        return known.get(_EVERYTHING)

    def _hides(self, scope: "SgNode", name: str) -> bool:
        """As the function of that name, looked for once: a scope may use a name often."""
        key = (name, _span_of(scope))
        if key not in self._hiding:
            self._hiding[key] = _hides(scope, name)
        return self._hiding[key]

    @cached_property
    def _exports(self) -> list[Use]:
        """Imports that are meant for other modules: in ``__init__.py``, in ``__all__``, ``x as x``."""
        lists = search(self._file.root, _ALL) if "__all__" in self._file.text else []
        listed = {_string(s) for node in lists for s in _strings(node)}
        found = []
        for known in self._bindings.values():
            for bound in known:
                node = bound.node
                if node.kind() not in {"import_statement", "import_from_statement"} or bound.scope[0] != 0:
                    continue
                if bound.scope != _EVERYTHING or not self._counts(node):
                    continue
                same = re.search(rf"\b{re.escape(bound.name)}\s+as\s+{re.escape(bound.name)}\b", node.text())
                if same or bound.name in listed or self._file.path.endswith("__init__.py"):
                    found.append(Use(bound.full, bound.full, line_of(node), Place.EXPORT))
        return found

    def _quoted(self) -> Iterator[Use]:
        """Names in annotations that stand in quotes."""
        for node in search(self._file.root, {"kind": "string", "inside": {"kind": "type"}}):
            if not self._counts(node):
                continue
            for found in _QUOTED_NAME.finditer(_string(node) or ""):
                head, *rest = re.split(r"\s*\.\s*", found.group())
                for bound in self._bindings.get(head, ())[:1]:
                    full = ".".join((bound.full, *rest))
                    yield Use(full, found.group(), line_of(node), _place(node))


_ALL = {"kind": "assignment", "has": {"field": "left", "regex": "^__all__$"}}


def _module(node: "SgNode") -> str:
    """A module's name; a relative one begins with an empty part."""
    text = "".join(node.text().split())
    stripped = text.lstrip(".")
    return text if stripped == text else f".{stripped}".rstrip(".")


def _strings(node: "SgNode") -> "list[SgNode]":
    return node.find_all(kind="string")


def _string(node: "SgNode") -> str | None:
    """The text of a plain string literal."""
    if node.kind() != "string":
        return None
    content = [child.text() for child in node.children() if child.kind() == "string_content"]
    return "".join(content)


def _scope_of(node: "SgNode") -> "SgNode | None":
    """The function or class that the node stands in; a definition itself stands in the one around it."""
    inner, outer = node, node.parent()
    while outer is not None:
        if outer.kind() in _SCOPES and outer.field("body") == inner:
            return outer
        if outer.kind() in {"function_definition", "lambda"} and outer.field("parameters") == inner:
            return _scope_of(outer)
        inner, outer = outer, outer.parent()
    return None


def _span_of(node: "SgNode") -> Span:
    span = node.range()
    return span.start.index, span.end.index


def _takes(function: "SgNode", name: str) -> bool:
    """Whether a function has a parameter of that name."""
    parameters = function.field("parameters")
    if parameters is None:
        return False
    names = (n for child in parameters.children() for n in _parameter_names(child))
    return name in names


def _parameter_names(node: "SgNode") -> Iterator[str]:
    if node.kind() == "identifier":
        yield node.text()
        return
    named = node.field("name")
    first = named if named is not None else next((c for c in node.children() if c.is_named()), None)
    if first is not None and first.kind() in {"identifier", "list_splat_pattern", "dictionary_splat_pattern"}:
        yield first.text().lstrip("*")


def _hides(scope: "SgNode", name: str) -> bool:
    """Whether a scope gives the name a meaning of its own: a parameter, an assignment, a loop, a definition."""
    if _takes(scope, name):
        return True
    if scope.kind() == "lambda":
        return False
    own = f"^{re.escape(name)}$"
    rule = {
        "any": [
            {"kind": "assignment", "has": {"field": "left", "regex": own}},
            {"kind": "for_statement", "has": {"field": "left", "regex": own}},
            {"kind": "as_pattern_target", "regex": own},
            {"kind": "function_definition", "has": {"field": "name", "regex": own}},
            {"kind": "class_definition", "has": {"field": "name", "regex": own}},
        ]
    }
    body = scope.field("body")
    return body is not None and holds(body, rule)


def _is_read(node: "SgNode") -> bool:
    """Whether an identifier is read there: no name of a definition, parameter, keyword, attribute or import."""
    outer = node.parent()
    if outer is None:
        return False
    kind = outer.kind()
    if kind in {"dotted_name", "aliased_import", "parameters", "lambda_parameters", "global_statement"}:
        return False
    for parent, field in _WRITTEN:
        if kind == parent and outer.field(field) == node:
            return False
    if kind == "typed_parameter":
        first = next((c for c in outer.children() if c.is_named()), None)
        return first != node
    return kind != "as_pattern_target"


_WRITTEN = (
    ("attribute", "attribute"),
    ("keyword_argument", "name"),
    ("assignment", "left"),
    ("named_expression", "name"),
    ("function_definition", "name"),
    ("class_definition", "name"),
    ("default_parameter", "name"),
    ("typed_default_parameter", "name"),
    ("for_statement", "left"),
    ("for_in_clause", "left"),
)


def _last_name(node: "SgNode") -> "SgNode":
    """The last name of a chain, which is where a chain over several lines is reached."""
    name = node.field("attribute") if node.kind() == "attribute" else None
    return name if name is not None else node


def _place(node: "SgNode") -> Place:
    """A signature is an annotation of a parameter, a result or a field, and what a class is made of."""
    annotated = False
    inner, outer = node, node.parent()
    while outer is not None:
        kind = outer.kind()
        if kind == "type":
            annotated = True
        if kind == "class_definition":
            return Place.SIGNATURE if annotated or outer.field("superclasses") == inner else Place.BODY
        if kind in {"function_definition", "lambda"}:
            signed = annotated and outer.field("body") != inner
            return Place.SIGNATURE if signed else Place.BODY
        inner, outer = outer, outer.parent()
    return Place.SIGNATURE if annotated else Place.BODY
