"""Where a name stands in JavaScript and TypeScript: read or declared, hidden, in a signature or in a body."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gatekeeper.audit.languages import TYPESCRIPT_KINDS
from gatekeeper.audit.parsed import exactly
from gatekeeper.audit.syntax import search
from gatekeeper.audit.uses import Place

if TYPE_CHECKING:  # the parser is loaded where source is parsed
    from ast_grep_py import SgNode

Span = tuple[int, int]
"""First and last offset of a piece of code; no two nodes that are scopes share both."""

FUNCTIONS = frozenset(
    {
        *("function_declaration", "function_expression", "arrow_function", "method_definition"),
        *("generator_function", "generator_function_declaration"),
    }
)
_SCOPES = frozenset({*FUNCTIONS, "statement_block", "for_statement", "for_in_statement"})
_TYPED = frozenset(
    {
        *("type_annotation", "type_predicate_annotation", "type_parameters"),
        *("type_alias_declaration", "interface_declaration", "class_heritage"),
    }
)
_DECLARING = frozenset(
    {
        *("import_specifier", "import_clause", "namespace_import", "import_require_clause"),
        *("export_specifier", "namespace_export", "formal_parameters", "catch_clause"),
    }
)
_WRITTEN = (
    ("variable_declarator", "name"),
    ("for_in_statement", "left"),
    ("assignment_expression", "left"),
    ("required_parameter", "pattern"),
    ("optional_parameter", "pattern"),
    ("arrow_function", "parameter"),
    ("pair_pattern", "value"),
    *((kind, "name") for kind in sorted(FUNCTIONS - {"arrow_function"})),
    ("nested_type_identifier", "name"),
    ("type_parameter", "name"),
    ("class_declaration", "name"),
    ("abstract_class_declaration", "name"),
    ("class", "name"),
    ("type_alias_declaration", "name"),
    ("interface_declaration", "name"),
    ("enum_declaration", "name"),
)


def span_of(node: "SgNode") -> Span:
    """Where a node begins and ends."""
    span = node.range()
    return span.start.index, span.end.index


def is_read(node: "SgNode") -> bool:
    """Whether a name is read there: it is no import, export, parameter or name of what is declared."""
    outer = node.parent()
    if outer is None or outer.kind() in _DECLARING:
        return False
    if outer.kind() == "export_statement":
        return False
    return not any(outer.kind() == kind and outer.field(field) == node for kind, field in _WRITTEN)


def scope_around(node: "SgNode") -> "SgNode | None":
    """The innermost function or block that the node stands in."""
    return next(scopes_around(node), None)


def scopes_around(node: "SgNode") -> "Iterator[SgNode]":
    """The functions and blocks that the node stands in, the innermost first."""
    return (outer for outer in node.ancestors() if outer.kind() in _SCOPES)


def hides(scope: "SgNode", name: str, language: str) -> bool:
    """Whether a scope gives the name a meaning of its own: a parameter, a variable, a function, a class."""
    own = exactly(name)
    hiding = [pair for pair in _HIDING if language != "javascript" or pair[0] not in TYPESCRIPT_KINDS]
    declares = [{"kind": kind, "has": {"field": field, "regex": own}} for kind, field in hiding]
    patterns = [
        {"kind": "shorthand_property_identifier_pattern", "regex": own},
        {"kind": "identifier", "regex": own, "inside": {"kind": "formal_parameters"}},
    ]
    found = search(scope, {"any": [*declares, *patterns]})
    return any(scope == (node if node.kind() in _SELF_DECLARING else scope_around(node)) for node in found)


# What declares a name for itself, where other declarations do so for the scope around them.
_SELF_DECLARING = frozenset({"arrow_function", "for_in_statement"})
_HIDING = tuple(
    (kind, field)
    for kind, field in _WRITTEN
    if kind not in {"assignment_expression", "method_definition", "nested_type_identifier"}
    and kind not in {"type_alias_declaration", "interface_declaration"}
)


def place_of(node: "SgNode") -> Place:
    """A signature is a type of a parameter, a result, a field or a module's variable, and a class's parents."""
    typed = False
    for outer in node.ancestors():
        kind = outer.kind()
        typed = typed or kind in _TYPED
        if kind == "statement_block":
            return Place.BODY
        if kind in FUNCTIONS and not typed:
            return Place.BODY
        if kind == "class_heritage":
            return Place.SIGNATURE
    return Place.SIGNATURE if typed else Place.BODY
