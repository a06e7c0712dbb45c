"""What each kind of matcher finds in the sources."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gatekeeper.audit.rule import EnginesMatcher, Matcher, MigrationsMatcher, NamesMatcher, SqlMatcher
from gatekeeper.audit.rust import Mention, Place, RustFile
from gatekeeper.audit.rust_names import HERE, Path
from gatekeeper.audit.rust_sql import literal_line, literals_given, matches_path, sql_literals, sql_text
from gatekeeper.audit.sources import Sources, engine_of
from gatekeeper.audit.sql_forms import Forms, Hit, find_forms
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.names import for_output

if TYPE_CHECKING:  # the parser is loaded where source is parsed
    from ast_grep_py import SgNode

_ENGINE_NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
_HINTS = {
    "CX-DBP-VAL-010": "move it into a storage folder ([audit] storage) and call it from here",
    "CX-DBP-VAL-012": "hold the project's own storage interface instead of the driver's type",
    "CX-DBP-VAL-014": "let the storage tests run on both engines, and name both where they are opened",
}
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Matched:
    """A matcher's findings; ``idle`` says why it has nothing to judge here."""

    findings: tuple[Finding, ...] = ()
    idle: str | None = None


def found_by(rule: str, matcher: Matcher, sources: Sources, structure: Callable[[], Sequence[Finding]]) -> Matched:
    """Run one matcher; ``structure`` gives the structural lint's findings."""
    if isinstance(matcher, NamesMatcher):
        return Matched(tuple(_names(rule, matcher, sources)))
    if isinstance(matcher, MigrationsMatcher):
        return Matched(tuple(_structural(rule, matcher, structure())))
    if len(set(sources.settings.migrations.engines)) < 2:
        return Matched(idle="only one engine is configured")
    if isinstance(matcher, SqlMatcher):
        return Matched((*_scripts(rule, matcher, sources), *_embedded(rule, matcher, sources)))
    return _readiness(rule, matcher, sources)


def _structural(rule: str, matcher: MigrationsMatcher, findings: Sequence[Finding]) -> Iterator[Finding]:
    for finding in findings:
        if finding.rule in matcher.rules:
            yield finding.model_copy(update={"rule": rule})


def _read(rule: str, sources: Sources, prefilter: Sequence[str]) -> Iterator[tuple[str, RustFile | Finding]]:
    """The judged Rust files that hold one of the texts, parsed; a note for one that can't be."""
    for path in sources.judged(".rs"):
        text = sources.text(path)
        if text is None:
            yield path, _unread(rule, path, None)
        elif any(word in text for word in prefilter):
            file = sources.rust(path)
            if file is not None:
                yield path, file
                if file.broken is not None:
                    yield path, _unread(rule, path, file.broken)


def _unread(rule: str, path: str, line: int | None) -> Finding:
    name = for_output(path)
    problem = (
        "isn't UTF-8 text and wasn't audited" if line is None else "isn't understood here; the rest was audited"
    )
    return Finding(
        rule=rule, severity=Severity.NOTE, message=f"{name} {problem}.", path=name, line=line, hint=None
    )


def _names(rule: str, matcher: NamesMatcher, sources: Sources) -> Iterator[Finding]:
    for path, read in _read(rule, sources, matcher.prefilter):
        if isinstance(read, Finding):
            yield read
        elif not sources.is_storage(path):
            by_line: dict[int, dict[str, None]] = {}
            for line, name in _named(matcher, read):
                by_line.setdefault(line, {})[name] = None
            for line, names in by_line.items():
                yield _name_found(rule, matcher, for_output(path), line, list(names))


def _named(matcher: NamesMatcher, file: RustFile) -> Iterator[tuple[int, str]]:
    for mention in file.mentions:
        if _is_named(matcher, mention):
            yield mention.line, mention.written
    for call in file.methods:
        if call.name in matcher.methods and any(literals_given(call, file)):
            yield call.line, f".{call.name}()"


def _is_named(matcher: NamesMatcher, mention: Mention) -> bool:
    if mention.place is Place.EXPORT:
        return any(_exactly(matcher.exports, path) for path in mention.paths)
    if mention.place.value != matcher.place:
        return False
    return any(matches_path(matcher.names, path) or _distinctive(matcher, path) for path in mention.paths)


def _exactly(patterns: Sequence[str], path: Path) -> bool:
    return matches_path([p for p in patterns if p.count("::") == len(path) - 1 or "**" in p], path)


def _distinctive(matcher: NamesMatcher, path: Path) -> bool:
    """Whether the file leaves open whose name this is, and the name says it."""
    names = path[1:] if path[:1] == HERE else path[:2] if path[0] in matcher.distinctive else ()
    return any(name in matcher.distinctive for name in names)


def _name_found(rule: str, matcher: NamesMatcher, path: str, line: int, names: Sequence[str]) -> Finding:
    listed = " and ".join(names) if len(names) < 3 else f"{names[0]} and {len(names) - 1} more"
    if matcher.place == "body":
        message = f"{path}:{line} reaches the database outside storage: {listed}."
    else:
        message = f"{path}:{line} names a concrete pool or driver type outside storage: {listed}."
    return Finding(rule=rule, message=message, path=path, line=line, hint=_HINTS.get(rule))


def _scripts(rule: str, matcher: SqlMatcher, sources: Sources) -> Iterator[Finding]:
    for path in sources.judged(".sql"):
        if not sources.is_shared_sql(path):
            continue
        text = sources.text(path)
        if text is None:
            yield _unread(rule, path, None)
            continue
        hits = find_forms(text, matcher.forms)
        yield from _forms_found(rule, path, ((hit, 1 + text.count("\n", 0, hit.start)) for hit in hits))


def _embedded(rule: str, matcher: SqlMatcher, sources: Sources) -> Iterator[Finding]:
    for path, read in _read(rule, sources, matcher.prefilter):
        if isinstance(read, Finding):
            yield read
            continue
        own = engine_of(path) if sources.is_storage(path) else None
        groups = [group for group in matcher.forms if not (group.own and group.engine == own)]
        literals = sql_literals(read, matcher.functions, matcher.methods)
        hits = ((hit, line) for literal in literals for hit, line in _in_literal(literal, groups))
        yield from _forms_found(rule, path, hits)


def _in_literal(literal: "SgNode", groups: Sequence[Forms]) -> Iterator[tuple[Hit, int]]:
    for hit in find_forms(sql_text(literal), groups):
        yield hit, literal_line(literal, hit.start)


def _forms_found(rule: str, path: str, hits: Iterator[tuple[Hit, int]]) -> Iterator[Finding]:
    name = for_output(path)
    for hit, line in hits:
        form = " ".join(hit.text.split())[:_SHOWN]
        engine = _ENGINE_NAMES[hit.forms.engine]
        yield Finding(
            rule=rule,
            message=f"{name}:{line} holds {form}, a form of {engine} alone; both engines share this SQL.",
            path=name,
            line=line,
            hint=hit.forms.mend,
        )


def _readiness(rule: str, matcher: EnginesMatcher, sources: Sources) -> Matched:
    """Whether the test code names every engine; judged on the whole tree (contract, -014)."""
    storage = _storage_code(matcher, sources)
    if storage is None:
        return Matched(idle="no storage code uses a database")
    missing = {engine: re.compile(matcher.engines[engine]) for engine in sources.settings.migrations.engines}
    for path in sources.rust_tests():
        file = sources.rust(path) if _may_test(sources, path) else None
        for engine, word in list(missing.items()):
            if file is not None and any(map(word.search, file.test_words)):
                del missing[engine]
        if not missing:
            return Matched()
    names = " or ".join(_ENGINE_NAMES[engine] for engine in missing)
    finding = Finding(
        rule=rule,
        message=f"No test names {names} in code, though storage is for both engines; a comment doesn't count.",
        path=for_output(storage),
        hint=_HINTS.get(rule),
    )
    return Matched((finding,))


def _may_test(sources: Sources, path: str) -> bool:
    text = sources.text(path) or ""
    return "test" in text or sources.is_test(path)


def _storage_code(matcher: EnginesMatcher, sources: Sources) -> str | None:
    """The first storage file whose code names the library."""
    for path in sources.paths:
        if path.endswith(".rs") and sources.is_storage(path) and not sources.is_test(path):
            text = sources.text(path) or ""
            file = sources.rust(path) if any(word in text for word in matcher.storage) else None
            if file is not None and file.uses(matcher.storage):
                return path
    return None
