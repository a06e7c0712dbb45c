"""Required trace fields: in governed paths a function that logs names each of them (``[audit] trace``)."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gatekeeper.audit.found import Found
from gatekeeper.audit.languages import STRINGS, is_test_file, language_of
from gatekeeper.audit.parsed import Parsed
from gatekeeper.audit.sources import Sources
from gatekeeper.audit.syntax import line_of
from gatekeeper.model.globs import matches_any

if TYPE_CHECKING:  # the parser is loaded where source is parsed
    from ast_grep_py import SgNode

_LEVELS = "trace|debug|info|warn|warning|error|exception|critical|fatal|log|emit|record|event"
_WHO = r"(?i:(\w*_)?(log|logger|logging|slog|tracer|tracing|recorder|events?))"
_CALLED = {"has": {"field": "function", "regex": rf"^([\w.]+\.)?{_WHO}\.(?i:{_LEVELS})(Context|f|w|ln)?$"}}
_LOGS: dict[str, Any] = {
    "rust": {
        "kind": "macro_invocation",
        "has": {"field": "macro", "regex": rf"^((tracing|log|slog)::)?({_LEVELS})$"},
    },
    "python": {"kind": "call", **_CALLED},
    "javascript": {"kind": "call_expression", **_CALLED},
    "typescript": {"kind": "call_expression", **_CALLED},
    "tsx": {"kind": "call_expression", **_CALLED},
    "go": {"kind": "call_expression", **_CALLED},
}
_FUNCTIONS = {
    "function_item",
    "function_definition",
    "function_declaration",
    "method_declaration",
    "method_definition",
    "arrow_function",
    "function_expression",
    "func_literal",
}
_MARKS = ("attribute_item", "decorator")


def trace_fields(sources: Sources) -> Iterator[Found]:
    """Calls that log in a function that doesn't name the fields which ``[audit] trace`` requires of its path."""
    governed = sources.settings.audit.trace
    for path in sources.judged() if governed else ():
        fields = [field for each in governed if matches_any(each.paths, path) for field in each.fields]
        language = language_of(path)
        text = sources.text(path) if fields and language in _LOGS else None
        if text is not None:
            yield from _without(fields, Parsed(path, text, test=is_test_file(path)), sources)


def _without(fields: list[str], file: Parsed, sources: Sources) -> Iterator[Found]:
    for call in file.root.find_all({"rule": _LOGS[file.language or ""]}):
        line = line_of(call)
        if file.is_test(call) or not sources.selection.holds(file.path, line):
            continue
        named = _words(_function_of(call), file.language or "")
        missing = [field for field in dict.fromkeys(fields) if field not in named]
        if missing:
            yield Found(file.path, line, f"logs without {' and '.join(missing)}, which this path has to name")


def _function_of(call: "SgNode") -> "list[SgNode]":
    """The outermost function around the call with what it is marked with; the call itself outside of any."""
    functions = [node for node in call.ancestors() if node.kind() in _FUNCTIONS]
    if not functions:
        return [call]
    marks = [node for node in functions[-1].prev_all() if node.kind() in _MARKS]
    return [functions[-1], *marks]


def _words(nodes: "list[SgNode]", language: str) -> set[str]:
    """The names in the code, and strings that are one name or hold it in braces."""
    found: set[str] = set()
    for node in nodes:
        text = node.text()
        for string in node.find_all({"rule": {"any": [{"kind": kind} for kind in STRINGS[language]]}}):
            inner = string.text().strip("rfbRFB#").strip("\"'`")
            found |= {inner, *re.findall(r"\{\s*(\w+)", inner)}
            text = text.replace(string.text(), " ")
        found |= set(re.findall(r"\w+", text))
    return found
