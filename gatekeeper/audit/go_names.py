"""Names in Go source: what its imports are called, and where code uses them."""

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from gatekeeper.audit.parsed import Parsed, exactly
from gatekeeper.audit.syntax import holds, line_of, search
from gatekeeper.audit.uses import Place, Use

if TYPE_CHECKING:  # the parser is loaded where source is parsed
    from ast_grep_py import SgNode

_VERSION = re.compile(r"v\d+")
_FUNCTIONS = frozenset({"function_declaration", "method_declaration", "func_literal"})


class GoNames:
    """What one file uses of the packages whose import paths begin as one of ``roots`` does."""

    def __init__(self, file: Parsed, roots: Collection[str], *, tests: bool) -> None:
        self._file = file
        self._imports: dict[str, str] = {}
        self._opened: list[str] = []
        self._silent: list[tuple[str, SgNode]] = []
        self._known: dict[tuple[str, int], bool] = {}
        if file.test and not tests:
            return
        for spec in file.all("import_spec") if "import" in file.text else ():
            path = spec.field("path")
            name = spec.field("name")
            full = path.text().strip('"`') if path is not None else ""
            if not full.startswith(tuple(roots)):
                continue
            if name is None:
                self._imports[_package(full)] = full
            elif name.text() == "_":
                self._silent.append((full, spec))
            elif name.text() == ".":
                self._opened.append(full)
            else:
                self._imports[name.text()] = full

    def uses(self) -> Iterator[Use]:
        """Every use of an import, and every driver that is imported for what its import does."""
        for full, spec in self._silent:
            yield Use(full, f'_ "{full}"', line_of(spec), Place.BODY)
        if self._imports:
            names = f"^({'|'.join(map(re.escape, sorted(self._imports)))})$"
            kinds = [{"kind": "identifier"}, {"kind": "package_identifier"}]
            for node in search(self._file.root, {"any": kinds, "regex": names}):
                use = self._use(node)
                if use is not None:
                    yield use
        for node in self._file.all("identifier", "type_identifier") if self._opened else ():
            if _is_anothers(node) and not self._declares(node.text()):
                place = _place(node) if node.kind() == "type_identifier" else Place.BODY
                for full in self._opened:
                    yield Use(f"{full}.{node.text()}", node.text(), line_of(node), place, _arguments(node))

    def _declares(self, name: str) -> bool:
        """Whether the file gives the name a meaning of its own, a dot import's aside."""
        if (name, -1) not in self._known:
            own = {"has": {"field": "name", "regex": exactly(name)}}
            kinds = ("type_spec", "type_alias", "function_declaration", "const_spec", "var_spec")
            found = holds(self._file.root, {"any": [{"kind": kind, **own} for kind in kinds]})
            self._known[name, -1] = found
        return self._known[name, -1]

    def _is_hidden(self, node: "SgNode") -> bool:
        """Whether a function around the node gives the import's name a meaning of its own; asked once of each."""
        name = node.text()
        for function in (n for n in node.ancestors() if n.kind() in _FUNCTIONS):
            key = (name, function.range().start.index)
            if key not in self._known:
                self._known[key] = _gives(function, name)
            if self._known[key]:
                return True
        return False

    def _use(self, node: "SgNode") -> Use | None:
        outer = node.parent()
        if outer is None or outer.kind() not in {"selector_expression", "qualified_type"}:
            return None
        name = outer.field("field") if outer.kind() == "selector_expression" else outer.field("name")
        if name is None or name == node or self._is_hidden(node):
            return None
        place = _place(outer) if outer.kind() == "qualified_type" else Place.BODY
        full = f"{self._imports[node.text()]}.{name.text()}"
        return Use(full, outer.text(), line_of(name), place, _arguments(outer))


def _package(path: str) -> str:
    """What a package is called by default: the last part of its path that is no version."""
    parts = [part for part in path.split("/") if not _VERSION.fullmatch(part)]
    return parts[-1].removeprefix("go-").partition(".")[0] if parts else path


def _arguments(function: "SgNode") -> "SgNode | None":
    call = function.parent()
    called = call is not None and call.kind() == "call_expression" and call.field("function") == function
    return call.field("arguments") if called and call is not None else None


def _is_anothers(node: "SgNode") -> bool:
    """Whether a bare name may be one of a package that a dot import opens: exported, and a type or called."""
    outer = node.parent()
    if outer is None or not node.text()[:1].isupper() or outer.kind() == "qualified_type":
        return False
    return node.kind() == "type_identifier" or _arguments(node) is not None


def _gives(function: "SgNode", name: str) -> bool:
    """Whether a parameter or a variable of the function has that name."""
    own = exactly(name)
    rule = {
        "any": [
            {"kind": "parameter_declaration", "has": {"field": "name", "regex": own}},
            {"kind": "var_spec", "has": {"field": "name", "regex": own}},
            {"kind": "short_var_declaration", "has": {"field": "left", "regex": own}},
        ]
    }
    return holds(function, rule)


def _place(node: "SgNode") -> Place:
    """A type counts as a signature unless it stands in a function's body."""
    kinds = [outer.kind() for outer in node.ancestors()]
    return Place.BODY if "block" in kinds else Place.SIGNATURE
