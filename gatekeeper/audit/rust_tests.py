"""Which Rust code is test code, told by its attributes."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the parser is loaded where source is parsed
    from ast_grep_py import SgNode

_TESTS = frozenset({"test", "rstest", "bench"})
# An attribute on these is part of the node itself, not of what comes before it.
ATTRIBUTED_WITHIN = frozenset({"match_arm", "field_initializer", "shorthand_field_initializer"})


def marks_test(attribute_item: "SgNode") -> bool:
    """Whether the attribute makes what it stands on test code: ``cfg`` that requires test, or a test's own mark.

    ``#[tokio::test]`` and ``#[sqlx::test]`` count as ``#[test]`` does.
    """
    attribute = next((c for c in attribute_item.children() if c.kind() == "attribute"), None)
    if attribute is None:
        return False
    parts = [child for child in attribute.children() if child.is_named()]
    if not parts:
        return False
    name = parts[0].text().rsplit("::", 1)[-1].strip()
    if name == "cfg" and len(parts) > 1:
        return _requires_test(_inner(parts[1]))
    return name in _TESTS


def is_documentation(attribute_item: "SgNode") -> bool:
    """Whether this is ``#[doc …]``: a comment in the form of an attribute."""
    return attribute_item.text().lstrip("#![ \t\r\n").startswith("doc")


def _inner(tree: "SgNode") -> "list[SgNode]":
    """What stands between the brackets."""
    return tree.children()[1:-1]


def _requires_test(condition: "list[SgNode]") -> bool:
    """Whether the condition can hold in a test build only."""
    if not condition:
        return False
    head = condition[0].text()
    if len(condition) == 1:
        return head == "test"
    if condition[1].kind() != "token_tree":
        return False
    parts = _parts(_inner(condition[1]))
    if head == "all":
        return any(map(_requires_test, parts))
    if head == "any":
        return bool(parts) and all(map(_requires_test, parts))
    negated = parts[0] if parts else []
    twice = len(negated) > 1 and negated[0].text() == "not" and negated[1].kind() == "token_tree"
    return head == "not" and twice and _requires_test(_inner(negated[1]))


def _parts(nodes: "list[SgNode]") -> "list[list[SgNode]]":
    parts: list[list[SgNode]] = [[]]
    for node in nodes:
        if node.text() == ",":
            parts.append([])
        elif "comment" not in node.kind():
            parts[-1].append(node)
    return [part for part in parts if part]
