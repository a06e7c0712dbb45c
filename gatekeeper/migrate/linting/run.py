"""The lint of statements over whole sets (contract, section 3, ``lint.*``)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gatekeeper.engines.base import EngineName
from gatekeeper.migrate.discover import Discovery, Layout, Migration
from gatekeeper.migrate.lint import Since
from gatekeeper.migrate.linting import files
from gatekeeper.migrate.linting.allow import guards_off, split_allowed
from gatekeeper.migrate.linting.engine_specific import engine_specific
from gatekeeper.migrate.linting.hazards import hazards
from gatekeeper.migrate.linting.hit import Hit
from gatekeeper.migrate.linting.placeholders import placeholders
from gatekeeper.migrate.linting.reading import Direction, Reading, read
from gatekeeper.migrate.linting.replay import not_replayable
from gatekeeper.migrate.linting.squawk import Squawked, squawk
from gatekeeper.migrate.scripts import Script
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.names import for_output
from gatekeeper.model.proof import LintResult
from gatekeeper.model.rules.lint import LINT
from gatekeeper.model.settings import MigrationSettings

_ERRORS = {"lint.placeholder", "lint.engine-specific"}
_NOTES = {"lint.not-run": Severity.NOTE}
_RULES = frozenset(rule.id for rule in LINT)
# Several things of the same kind may stand on one line, and each has something of its own to say.
_MANY_A_LINE = {"lint.engine-specific", "lint.destructive", "lint.if-not-exists", "lint.if-exists"}


@dataclass(frozen=True, slots=True)
class _File:
    """One direction of one version, with every engine that runs it."""

    migration: Migration
    direction: Direction
    script: Script
    readings: Mapping[EngineName, Reading]


def lint_statements(discovery: Discovery, settings: MigrationSettings) -> LintResult:
    """Lint the text of every migration; the structural lint judges numbers and pairs.

    Findings on versions before ``since`` are notes. Raises ConfigError for a ``since`` that is no version.
    """
    since = Since(settings.since)
    every = _files(discovery)
    for_squawk = [f.readings["postgres"] for f in every if f.direction == "up" and "postgres" in f.readings]
    shown = [reading for reading in for_squawk if reading.reads]
    squawked = squawk(shown) if shown else Squawked()
    found: list[Finding] = []
    for file in every:
        own = None if len(file.readings) == len(discovery.sets) else next(iter(file.readings))
        hits = (*_of_text(file, settings, squawked), *_of_file(file, discovery.layout, settings))
        found += [since.judged(file.migration.version, _finding(hit, file.script.path, own)) for hit in hits]
    for migration, hit in _numbering(discovery):
        found.append(since.judged(migration.version, _finding(hit, migration.path, None)))
    if squawked.missing:
        found.append(_NOT_INSTALLED)
    return LintResult(tuple(sorted(dict.fromkeys(found), key=Finding.sort_key)), squawked.problem)


_NOT_INSTALLED = Finding(
    rule="lint.not-run",
    severity=Severity.NOTE,
    message="squawk isn't installed, so PostgreSQL's lock and safety rules were not applied; "
    "pip install 'gatekeeper[lint]' brings it.",
    hint="pip install 'gatekeeper[lint]'",
)


def _files(discovery: Discovery) -> list[_File]:
    """Every script of the sets once, by path, the up before the down."""
    run_by: dict[tuple[str, Direction], dict[EngineName, tuple[Migration, Script]]] = {}
    for engine, own in sorted(discovery.sets.items()):
        for migration in own.migrations:
            run_by.setdefault((migration.up.path, "up"), {})[engine] = (migration, migration.up)
            if migration.down is not None:
                run_by.setdefault((migration.down.path, "down"), {})[engine] = (migration, migration.down)
    made = []
    for (_, direction), engines in sorted(run_by.items(), key=lambda item: (item[0][0], item[0][1] == "down")):
        shared = len(engines) > 1
        readings = {e: read(script, e, direction, shared=shared) for e, (_, script) in engines.items()}
        migration, script = next(iter(engines.values()))
        made.append(_File(migration, direction, script, readings))
    return made


def _of_text(file: _File, settings: MigrationSettings, squawked: Squawked) -> Iterator[Hit]:
    """What the rules on statements find, without what directives allow, and what is wrong with these."""
    found: dict[EngineName, list[Hit]] = {}
    for engine, reading in file.readings.items():
        replayed = settings.replay == "required"
        found[engine] = [
            *placeholders(reading),
            *not_replayable(reading, replayed=replayed),
            *hazards(reading),
        ]
    hits = [hit for engine in found for hit in _agreed(engine, found, file.readings)]
    hits = [*hits, *(hit for reading in file.readings.values() for hit in engine_specific(reading))]
    path = file.script.path
    applied = file.direction == "up" and "postgres" in file.readings and not squawked.missing
    if applied:
        hits += squawked.hits.get(path, ())
        if path in squawked.unread:
            yield _unread_by_squawk(squawked.unread[path])
    judged = applied and squawked.problem is None and path not in squawked.unread
    reading = next(iter(file.readings.values()))
    kept, wrong = split_allowed(reading, _once(hits), rules=_RULES, squawk=judged)
    yield from (*kept, *wrong)
    if not settings.guards:
        yield from guards_off(reading)


def _agreed(
    engine: EngineName, found: Mapping[EngineName, Sequence[Hit]], readings: Mapping[EngineName, Reading]
) -> Iterator[Hit]:
    """The hits of one engine's reading that the other one bears out, where it reads that statement at all.

    What stands in a trigger's or a function's body is a statement to the engine alone that doesn't know such
    bodies, and no finding.
    """
    others = [other for other in found if other != engine]
    borne = {other: {(hit.rule, hit.line) for hit in found[other]} for other in others}
    for hit in found[engine]:
        key = hit.rule, hit.line
        if all(key in borne[other] or hit.statement_line in readings[other].elsewhere for other in others):
            yield hit


def _once(hits: Iterable[Hit]) -> list[Hit]:
    """The first hit of each rule on a line."""
    seen: dict[tuple[str, int | None, str], Hit] = {}
    for hit in hits:
        exact = hit.message if hit.rule in _MANY_A_LINE else ""
        seen.setdefault((hit.rule, hit.line, exact), hit)
    return list(seen.values())


def _of_file(file: _File, layout: Layout | None, settings: MigrationSettings) -> Iterator[Hit]:
    """What is wrong with the file as a whole."""
    if file.script.problem:
        hint = "Write the file as SQL text in UTF-8."
        yield Hit("lint.unread", file.script.line, f"It was not linted. {file.script.problem}", hint)
    if file.direction == "up":
        yield from files.name(file.migration, layout)
    elif settings.require_down and any(not r.reads and not r.elsewhere for r in file.readings.values()):
        engine, down = next(iter(file.readings.items()))
        up = read(file.migration.up, engine, "up", shared=down.shared)
        yield from files.empty_down(up, down)


def _numbering(discovery: Discovery) -> Iterator[tuple[Migration, Hit]]:
    for own in discovery.sets.values():
        yield from files.numbering(own.migrations, discovery.layout)


def _unread_by_squawk(line: int) -> Hit:
    message = "squawk doesn't understand this SQL, so its rules were not applied to the file."
    return Hit("lint.not-run", line, message, "Judge its locks by hand; the proof shows whether it runs.")


def _finding(hit: Hit, path: str, engine: EngineName | None) -> Finding:
    severity = Severity.ERROR if hit.rule in _ERRORS else _NOTES.get(hit.rule, Severity.WARNING)
    return Finding(
        rule=hit.rule,
        severity=severity,
        message=_plain(hit.message),
        path=for_output(path),
        line=hit.line,
        hint=_plain(hit.hint),
        engine=engine,
    )


def _plain(text: str) -> str:
    """The text with the bytes of a name that isn't UTF-8 written as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
