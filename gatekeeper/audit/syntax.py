"""The parser's questions, asked in one place, with rules as plain tables."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the parser is loaded where source is parsed
    from ast_grep_py import SgNode

Rule = dict[str, Any]
"""An ast-grep rule."""


def search(node: "SgNode", rule: Rule, **others: Rule) -> "list[SgNode]":
    """Everything in the node that the rule matches, in order; ``others`` are its ``constraints`` and ``utils``.

    Raises RuntimeError for a rule that doesn't compile.
    """
    config: Any = {"rule": rule, **others}
    found: list[SgNode] = node.find_all(config)
    return found


def holds(node: "SgNode", rule: Rule) -> bool:
    """Whether anything in the node matches the rule."""
    config: Any = {"rule": rule}
    return node.find(config) is not None


def line_of(node: "SgNode") -> int:
    """The 1-based line on which the node begins."""
    return int(node.range().start.line) + 1
