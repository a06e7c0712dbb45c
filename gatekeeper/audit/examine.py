"""One file against the matchers that it may concern: what each finds, as plain values."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from itertools import accumulate
from typing import NamedTuple, TypeVar

import re2

from gatekeeper.audit.dotted_sql import DottedSql
from gatekeeper.audit.go_names import GoNames
from gatekeeper.audit.javascript_names import JavaScriptNames
from gatekeeper.audit.languages import family_of
from gatekeeper.audit.literals import Literal
from gatekeeper.audit.parsed import Parsed
from gatekeeper.audit.python_names import PythonNames
from gatekeeper.audit.rule import Bound, CodeMatcher, Embedded, NamesMatcher, SqlMatcher, TextMatcher
from gatekeeper.audit.rust import RustFile, read_rust
from gatekeeper.audit.rust_match import rust_names
from gatekeeper.audit.rust_sql import RustSql
from gatekeeper.audit.sql_forms import find_forms
from gatekeeper.audit.sql_guards import guarded
from gatekeeper.audit.syntax import line_of, search
from gatekeeper.audit.uses import Place, Use, matches_name
from gatekeeper.model.value import Value

ENGINE_NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
_SHOWN = 60
T = TypeVar("T")


class Job(NamedTuple):
    """A file to examine, and which of the matchers, by their index, may find something in it.

    ``test``: all of it is test code. ``engine`` is the one that a storage file names, ``shared`` whether a script
    is one that both engines run.
    """

    path: str
    text: str
    indexes: tuple[int, ...]
    test: bool
    engine: str | None
    shared: bool


class Hit(NamedTuple):
    """What a matcher found: ``says`` goes on from path and line; ``mend`` goes before the rule's own.

    ``test``: it stands in test code. ``note``: nothing is wrong, but something wasn't audited.
    """

    path: str
    at: int
    line: int | None
    says: str
    mend: str | None = None
    test: bool = False
    note: bool = False


class Examiner(Value):
    """Examines files; with ``tests`` test code counts as any other.

    ``kept`` takes the files of a change as they were parsed here, for checks that want to know more of them; other
    processes keep nothing.
    """

    matchers: Sequence[Bound]
    tests: bool = False
    kept: dict[str, Parsed] | None = None
    _wanted: dict[str, frozenset[str]] = field(default_factory=dict)

    def examine(self, job: Job) -> list[Hit]:
        """Everything that is found in one file; a note where part of it isn't understood."""
        file = Parsed(job.path, job.text, test=job.test)
        if self.kept is not None:
            self.kept[job.path] = file
        hits: dict[Hit, None] = {}
        for index in job.indexes:
            for found in self._found(job, file, index):
                hits[found] = None
        if job.indexes and file.broken is not None:
            says = "isn't understood here; the rest was audited"
            hits[Hit(job.path, job.indexes[0], file.broken, says, note=True)] = None
        return list(hits)

    def _found(self, job: Job, file: Parsed, index: int) -> Iterator[Hit]:
        matcher = self.matchers[index].matcher
        if isinstance(matcher, CodeMatcher):
            for line, says, test in _code(file, matcher):
                yield Hit(job.path, index, line, says, test=test)
        elif isinstance(matcher, TextMatcher):
            for line, says, test in _text(file, matcher):
                yield Hit(job.path, index, line, says, test=test)
        elif isinstance(matcher, NamesMatcher):
            for line, says in self._names(file, matcher):
                yield Hit(job.path, index, line, says)
        elif isinstance(matcher, SqlMatcher):
            for line, says, mend in self._sql(job, file, matcher):
                yield Hit(job.path, index, line, says, mend)

    # Names

    def _names(self, file: Parsed, matcher: NamesMatcher) -> Iterator[tuple[int, str]]:
        by_line: dict[int, dict[str, None]] = {}
        for line, name in self._named(file, matcher):
            by_line.setdefault(line, {})[name] = None
        for line, names in by_line.items():
            listed = list(names)
            shown = " and ".join(listed) if len(listed) < 3 else f"{listed[0]} and {len(listed) - 1} more"
            yield line, matcher.says.replace("{found}", shown)

    def _named(self, file: Parsed, matcher: NamesMatcher) -> Iterator[tuple[int, str]]:
        if matcher.language == "rust":
            sql = RustSql(file, self._rust(file), tests=self.tests)
            yield from rust_names(matcher, self._rust(file), sql)
            return
        own = frozenset(file.path.split("/")[:-1])
        for use in self._uses(file):
            if _is_named(matcher, use, own):
                yield use.line, use.written
        dotted = DottedSql(file, (), tests=self.tests)
        for name, arguments in dotted.calls(matcher.methods):
            if dotted.reads(arguments):
                yield line_of(name), f".{name.text()}()"

    def _rust(self, file: Parsed) -> RustFile:
        return _kept(file, "mentions", lambda: read_rust(file, self._patterns("rust"), tests=self.tests))

    def _uses(self, file: Parsed) -> Sequence[Use]:
        def read() -> Sequence[Use]:
            patterns = self._patterns(family_of(file.language) or "")
            if family_of(file.language) == "typescript":
                wanted = {pattern.split(".")[0] for pattern in patterns}
                return tuple(JavaScriptNames(file, wanted, tests=self.tests).uses())
            if file.language == "go":
                roots = {pattern.partition(".*")[0].rsplit(".", 1)[0] for pattern in patterns}
                return tuple(GoNames(file, roots, tests=self.tests).uses())
            roots = {pattern.split(".")[0] for pattern in patterns}
            return tuple(PythonNames(file, roots, tests=self.tests).uses())

        return _kept(file, "uses", read)

    def _patterns(self, language: str) -> frozenset[str]:
        """Every name that a matcher of the language asks for."""
        if language not in self._wanted:
            found: set[str] = set()
            for bound in self.matchers:
                matcher = bound.matcher
                if isinstance(matcher, NamesMatcher) and matcher.language == language:
                    found.update((*matcher.names, *matcher.exports, *matcher.distinctive, *matcher.methods))
                elif isinstance(matcher, SqlMatcher):
                    found.update(
                        n for key, e in matcher.embedded.items() if key == language for n in _of(e, language)
                    )
            self._wanted[language] = frozenset(found)
        return self._wanted[language]

    # SQL

    def _sql(self, job: Job, file: Parsed, matcher: SqlMatcher) -> Iterator[tuple[int, str, str]]:
        language = file.language or ""
        literals: Iterator[Literal]
        if language == "sql":
            literals = iter([Literal(file.text, file.text, 1)] if job.shared else [])
        else:
            literals = self._literals(file, matcher.embedded[family_of(language)])  # type: ignore[index]  # a file of its languages
        groups = [g for g in matcher.forms_in(language) if not (g.own and g.engine == job.engine)]
        apart = Apart(guarded(file.text) if language == "sql" else [])
        for literal in literals:
            for hit in find_forms(literal.text, groups):
                if apart.holds(hit.start):
                    continue
                form = " ".join(hit.text.split())[:_SHOWN]
                engine = ENGINE_NAMES[hit.forms.engine]
                says = f"holds {form}, a form of {engine} alone; both engines share this SQL"
                yield literal.line_at(hit.start), says, hit.forms.mend

    def _literals(self, file: Parsed, embedded: Embedded) -> Iterator[Literal]:
        if file.language == "rust":
            sql = RustSql(file, self._rust(file), tests=self.tests)
            return sql.literals(embedded.functions, embedded.methods)
        uses = self._uses(file) if embedded.functions else ()
        dotted = DottedSql(file, uses, tests=self.tests)
        return dotted.literals(embedded.functions, embedded.methods)


class Apart:
    """Parts of a text, by first and last offset and in order of the first; they may overlap."""

    def __init__(self, spans: Sequence[tuple[int, int]]) -> None:
        self._starts = [first for first, _ in spans]
        self._ends = list(accumulate((last for _, last in spans), max))

    def holds(self, offset: int) -> bool:
        """Whether the offset lies in one of the parts."""
        place = bisect_right(self._starts, offset)
        return place > 0 and offset <= self._ends[place - 1]


def _kept(file: Parsed, name: str, make: Callable[[], T]) -> T:
    if name not in file.kept:
        file.kept[name] = make()
    found: T = file.kept[name]
    return found


def _of(embedded: Embedded, language: str) -> tuple[str, ...]:
    """The names that the reader has to know: in Rust those of methods too, elsewhere they are looked for apart."""
    return (*embedded.functions, *embedded.methods) if language == "rust" else embedded.functions


def _is_named(matcher: NamesMatcher, use: Use, own: frozenset[str]) -> bool:
    if use.place is Place.EXPORT:
        return matches_name(matcher.exports, use.name)
    if use.place.value != matcher.place:
        return False
    if matches_name(matcher.names, use.name):
        return True
    head, *rest = use.name.split(".")
    return (not head or head in own) and any(name in matcher.distinctive for name in rest)


def _code(file: Parsed, matcher: CodeMatcher) -> Iterator[tuple[int, str, bool]]:
    for node in search(file.root, matcher.rule, constraints=matcher.constraints, utils=matcher.utils):
        place = node.get_match(matcher.at) if matcher.at else node
        if place is not None:
            yield line_of(place), matcher.says.replace("{found}", shortened(place.text())), file.is_test(node)


def _text(file: Parsed, matcher: TextMatcher) -> Iterator[tuple[int, str, bool]]:
    pattern = re2.compile(matcher.pattern)
    pieces = {"comments": file.comments, "strings": file.strings}.get(matcher.within)
    for text, line, test in pieces() if pieces else [(file.text, 1, file.test)]:
        at, lines = 0, 0
        for found in pattern.finditer(text):
            lines, at = lines + text.count("\n", at, found.start()), found.start()
            yield line + lines, matcher.says.replace("{found}", shortened(found.group())), test


def shortened(text: str) -> str:
    """A piece of source on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
