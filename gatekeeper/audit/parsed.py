"""A source file as matchers see it: its text, its syntax tree and its test code, each read once."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gatekeeper.audit.languages import COMMENTS, STRINGS, language_of
from gatekeeper.audit.syntax import line_of, search
from gatekeeper.audit.testcode import test_ranges
from gatekeeper.sql import Kind, tokens

if TYPE_CHECKING:  # the parser is loaded where source is parsed
    from ast_grep_py import SgNode

# What the parser takes for there though it isn't is an empty node.
_BROKEN = {"any": [{"kind": "ERROR"}, {"regex": "^$"}]}
# A template that is given types, as sql<Row>`...`, is so read.
_IMPLIED = frozenset({"!"})
_DOCUMENTATION = {"kind": "attribute_item", "regex": r"^#\s*!?\[\s*doc", "stopBy": "end"}


class Parsed:
    """One file; ``test`` says that all of it is test code."""

    def __init__(self, path: str, text: str, *, test: bool) -> None:
        self.path = path
        self.text = text
        self.test = test
        self.language = language_of(path)
        self.kept: dict[str, Any] = {}
        """What a language's own reader has made of the file, by its name."""

    @cached_property
    def root(self) -> "SgNode":
        """The syntax tree; not for SQL."""
        from ast_grep_py import SgRoot  # noqa: PLC0415 - loaded only where there is code to read

        return SgRoot(self.text, self.language or "").root()

    def all(self, *kinds: str) -> "list[SgNode]":
        """Every node of those kinds, in order."""
        return search(self.root, {"any": [{"kind": kind} for kind in kinds]})

    @cached_property
    def broken(self) -> int | None:
        """The first line that isn't understood, or where something is missing."""
        if self.language in {None, "sql"} or not self.text.strip():
            return None
        found = search(self.root, _BROKEN)
        return next((line_of(node) for node in found if node.kind() not in _IMPLIED), None)

    @cached_property
    def _tests(self) -> tuple[tuple[int, int], ...]:
        return test_ranges(self.root, self.language or "")

    def is_test(self, node: "SgNode") -> bool:
        """Whether the node lies in test code."""
        if self.test:
            return True
        start = node.range().start.index
        place = bisect_right(self._tests, start, key=lambda each: each[0])
        return place > 0 and start < self._tests[place - 1][1]

    def comments(self) -> Iterator[tuple[str, int, bool]]:
        """Each comment: its text, the line that it begins on, whether it stands in test code."""
        if self.language == "sql":
            yield from self._tokens(Kind.COMMENT)
        else:
            yield from self._pieces(COMMENTS[self.language or ""])

    def strings(self) -> Iterator[tuple[str, int, bool]]:
        """Each string literal as written, as ``comments`` gives those."""
        if self.language == "sql":
            yield from self._tokens(Kind.STRING)
        else:
            yield from self._pieces(STRINGS[self.language or ""])

    def _pieces(self, kinds: tuple[str, ...]) -> Iterator[tuple[str, int, bool]]:
        for node in self.all(*kinds):
            yield node.text(), line_of(node), self.is_test(node)

    def _tokens(self, kind: Kind) -> Iterator[tuple[str, int, bool]]:
        for token in tokens(self.text, "sqlite"):
            if token.kind is kind:
                yield token.text, 1 + self.text.count("\n", 0, token.start), self.test

    def words(self, *, test: bool) -> Iterator[str]:
        """The names and strings of the code that is test code, or of that which isn't; no documentation."""
        rule: dict[str, Any] = {"any": [{"kind": kind} for kind in _KINDS[self.language or ""]]}
        if self.language == "rust":
            rule["not"] = {"inside": _DOCUMENTATION}
        for node in search(self.root, rule):
            if self.is_test(node) is test:
                yield node.text()


_KINDS = {
    "rust": ("identifier", "type_identifier", "field_identifier", "string_content"),
    "python": ("identifier", "string_content"),
    "go": (
        *("identifier", "type_identifier", "field_identifier", "package_identifier"),
        *("interpreted_string_literal", "raw_string_literal"),
    ),
    "javascript": ("identifier", "property_identifier", "string_fragment"),
    "typescript": ("identifier", "property_identifier", "type_identifier", "string_fragment"),
    "tsx": ("identifier", "property_identifier", "type_identifier", "string_fragment"),
}


def exactly(name: str) -> str:
    """An expression for that name alone, in the syntax of the parser's expressions."""
    return f"^{re.escape(name)}$"
