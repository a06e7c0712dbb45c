"""Changed code without a test near it."""

import re
from collections.abc import Iterator
from functools import cached_property
from posixpath import basename, dirname, splitext

from gatekeeper.audit.found import Found
from gatekeeper.audit.languages import is_test_file, language_of
from gatekeeper.audit.parsed import Parsed
from gatekeeper.audit.sources import Sources
from gatekeeper.audit.testcode import test_ranges

_FUNCTIONS = {
    "rust": ("function_item",),
    "python": ("function_definition",),
    "javascript": ("function_declaration", "arrow_function", "method_definition", "function_expression"),
    "typescript": ("function_declaration", "arrow_function", "method_definition", "function_expression"),
    "tsx": ("function_declaration", "arrow_function", "method_definition", "function_expression"),
    "go": ("function_declaration", "method_declaration"),
}
_FAMILY = {"typescript": "javascript", "tsx": "javascript"}
_ENTRIES = frozenset({"main", "__main__", "build", "setup", "conftest"})
# Names that say nothing of what is in a file; its folder does, unless that is where all of the sources are.
_GENERIC = frozenset({"mod", "lib", "index", "__init__"})
_ROOTS = frozenset({"", "src"})


def untested(sources: Sources) -> Iterator[Found]:
    """Functions changed in a file that holds no test, and that no test file of the same language names.

    Judged where a change is compared; one finding a file, at its first changed line. Entry points are left out:
    they are tested by running the program.
    """
    if sources.change is None:
        return
    tests = _Tests(sources)
    for change in sources.change.changes:
        language = language_of(change.path)
        added = [hunk.new_start for hunk in change.hunks if hunk.new_count]
        if language not in _FUNCTIONS or not added or not sources.is_source(change.path):
            continue
        if is_test_file(change.path) or _stem(change.path) in _ENTRIES or not sources.selection.holds(change.path):
            continue
        file = _parsed(change.path, sources)
        if file is None or not file.all(*_FUNCTIONS[language]) or test_ranges(file.root, language):
            continue
        if not tests.name(change.path, language):
            yield Found(change.path, added[0], "was changed, and no test near it names it")


def _parsed(path: str, sources: Sources) -> Parsed | None:
    """The file as it was parsed before, if it was; None where it isn't UTF-8 or too large."""
    if sources.parsed is not None and path in sources.parsed:
        return sources.parsed[path]
    text = sources.text(path)
    return None if text is None else Parsed(path, text, test=False)


def _may_test(path: str) -> bool:
    """Whether the name leaves open that the file holds tests."""
    return "test" in path or "spec" in path


class _Tests:
    """The tests of a tree, each read once."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._words: dict[str, frozenset[str]] = {}

    def name(self, path: str, language: str) -> bool:
        """Whether a test file beside the path, or below a folder of tests, names what the path holds."""
        subject = subject_of(path)
        family = _FAMILY.get(language, language)
        for test in self._by_family.get(family, ()):
            if not self._near(test, path):
                continue
            if subject is None or subject in self._named_by(test):
                return True
        return False

    @cached_property
    def _by_family(self) -> dict[str, list[str]]:
        """What may hold tests, by language."""
        found: dict[str, list[str]] = {}
        for path in self._sources.tree.named(_may_test):
            if not self._sources.is_file(path):
                continue
            if is_test_file(path) or _stem(path) in {"tests", "test"}:
                language = language_of(path) or ""
                found.setdefault(_FAMILY.get(language, language), []).append(path)
        return found

    def _near(self, test: str, path: str) -> bool:
        if is_test_file(test):
            return True
        # In Rust a folder's tests may be a module of their own beside what they test.
        return _stem(test) in {"tests", "test"} and dirname(path).startswith(dirname(test))

    def _named_by(self, test: str) -> frozenset[str]:
        if test not in self._words:
            text = self._sources.text(test) or ""
            parts = [part for part in re.split(r"[/.]", test) if part]
            names = {re.sub(r"^test_|_(test|spec)$", "", part) for part in parts}
            self._words[test] = frozenset(re.findall(r"[^\W_]\w*", text)) | names
        return self._words[test]


def subject_of(path: str) -> str | None:
    """The name under which other code knows a file: its own, or its folder's where its own says nothing.

    None for the root of a library, which every test of it uses.
    """
    stem, folder = _stem(path), basename(dirname(path))
    if stem not in _GENERIC:
        return stem
    return folder if folder not in _ROOTS else None


def _stem(path: str) -> str:
    return splitext(basename(path))[0]
