"""Which parts of a file are test code, told by syntax."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gatekeeper.audit.rust_tests import ATTRIBUTED_WITHIN, marks_test
from gatekeeper.audit.syntax import search

if TYPE_CHECKING:  # the parser is loaded where source is parsed
    from ast_grep_py import SgNode

_ATTRIBUTES = ("attribute_item", "inner_attribute_item")
_ASSERTS = {
    "any": [
        {"kind": "assert_statement"},
        {"kind": "attribute", "regex": r"^(self\.(assert\w*|fail)|pytest\.(raises|fail|approx|skip))$"},
    ],
    "stopBy": "end",
}
_PYTHON: dict[str, Any] = {
    "any": [
        {"kind": "function_definition", "has": {"field": "name", "regex": "^test_"}},
        {"kind": "class_definition", "has": {"field": "name", "regex": "^Test|Tests?$"}},
    ],
    "all": [{"has": _ASSERTS}],
}
_NAMES = "describe|context|suite|it|test|specify|before|beforeEach|beforeAll|after|afterEach|afterAll"
_FUNCTION = {"any": [{"kind": "arrow_function"}, {"kind": "function_expression"}]}
_JAVASCRIPT: dict[str, Any] = {
    "kind": "call_expression",
    "all": [
        {"has": {"field": "function", "regex": rf"^({_NAMES})(\.\w+)*(\(.*\))?$"}},
        {"has": {"field": "arguments", "has": _FUNCTION}},
    ],
}

_SCRIPT_HINT = re.compile(rf"\b(?:{_NAMES})\b")
_HINTS = {"rust": re.compile("test|bench"), "python": re.compile("test_|Test"), "go": re.compile("(?!)")}


def test_ranges(root: "SgNode", language: str) -> tuple[tuple[int, int], ...]:
    """Where test code begins and ends, as offsets of the tree; sorted, none within another.

    Rust: what an attribute marks. Python: functions ``test_…`` and classes that assert. JavaScript and TypeScript:
    what ``describe``, ``it`` and their like are given. In Go a file is test code as a whole or not at all.
    """
    # Most files hold no test, and to look for one takes as long as to parse the file.
    if not _HINTS.get(language, _SCRIPT_HINT).search(root.text()):
        return ()
    found = {"rust": _rust, "python": _python}.get(language, _javascript)(root)
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if not joined or start >= joined[-1][1]:
            joined.append((start, end))
    return tuple(joined)


test_ranges.__test__ = False  # type: ignore[attr-defined]  # pytest would take it for a test by its name


def _span(first: "SgNode", last: "SgNode") -> tuple[int, int]:
    return first.range().start.index, last.range().end.index


def _rust(root: "SgNode") -> Iterator[tuple[int, int]]:
    for mark in search(root, {"any": [{"kind": kind} for kind in _ATTRIBUTES]}):
        if "test" not in mark.text() and "bench" not in mark.text():
            continue
        outer = mark.parent()
        if not marks_test(mark) or outer is None:
            continue
        if mark.kind() == "inner_attribute_item" or outer.kind() in ATTRIBUTED_WITHIN:
            yield _span(outer, outer)
        else:
            yield _span(_first_mark(mark), _marked(mark))
    for macro in search(root, {"kind": "macro_invocation", "regex": r"#\[\s*(\w+::)*test\b"}):
        yield _span(macro, macro)  # proptest! and its like: attributes within are tokens to the parser


def _first_mark(mark: "SgNode") -> "SgNode":
    before = mark.prev()
    while before is not None and (before.kind() in _ATTRIBUTES or "comment" in before.kind()):
        mark = before if before.kind() in _ATTRIBUTES else mark
        before = before.prev()
    return mark


def _marked(mark: "SgNode") -> "SgNode":
    """What an attribute stands on."""
    after = mark.next()
    while after is not None and (not after.is_named() or after.kind() in _ATTRIBUTES or "comment" in after.kind()):
        after = after.next()
    return after if after is not None else mark


def _python(root: "SgNode") -> Iterator[tuple[int, int]]:
    for node in search(root, _PYTHON):
        outer = node.parent()
        decorated = outer is not None and outer.kind() == "decorated_definition"
        yield _span(outer if decorated and outer is not None else node, node)


def _javascript(root: "SgNode") -> Iterator[tuple[int, int]]:
    for node in search(root, _JAVASCRIPT):
        yield _span(node, node)
