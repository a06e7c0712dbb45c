"""The structural lint: numbering and pairs, without a database (contract, section 5)."""

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

from gatekeeper.migrate.discover import Discovery, Migration, MigrationSet, Version, by_version, version_of
from gatekeeper.model.errors import ConfigError
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.settings import MigrationSettings

if TYPE_CHECKING:  # the engines are loaded where something runs on them
    from gatekeeper.engines.base import EngineName


class Since:
    """Turns findings on versions older than ``since`` into notes (contract, section 4).

    Raises ConfigError for a text that is no version.
    """

    def __init__(self, since: str) -> None:
        found = version_of(since) if since else None
        if since and found is None:
            raise ConfigError(f"[migrations] since = {since!r} is no version.", hint="Write a version's digits.")
        self._from = found.key if found else 0

    def covers(self, version: Version) -> bool:
        """Whether findings on this version keep their severity."""
        return version.key >= self._from

    def judged(self, version: Version, finding: Finding) -> Finding:
        """The finding, a note if the version is older."""
        return finding if self.covers(version) else finding.model_copy(update={"severity": Severity.NOTE})


def lint(discovery: Discovery, settings: MigrationSettings) -> tuple[Finding, ...]:
    """Gaps, duplicates, missing and orphaned downs of all sets, sorted; what all engines share is told once."""
    since = Since(settings.since)
    found: dict[tuple[str, str | None, str], tuple[Finding, list[EngineName]]] = {}
    shared = {e: s for e, s in discovery.sets.items() if s.shared}
    for engine, own in discovery.sets.items():
        numbering = by_version(shared) if own.shared else by_version({engine: own})
        for finding in _set(own, numbering.values(), settings, since):
            key = (finding.rule, finding.path, finding.message)
            found.setdefault(key, (finding, []))[1].append(engine)
    everyone = len(discovery.sets)
    out = [
        finding if len(engines) == everyone else finding.model_copy(update={"engine": engines[0]})
        for finding, engines in found.values()
    ]
    return tuple(sorted((*out, *discovery.findings), key=Finding.sort_key))


def _set(
    own: MigrationSet, numbering: Iterable[list[Migration]], settings: MigrationSettings, since: Since
) -> Iterable[Finding]:
    for version, first, second in own.duplicates:
        yield since.judged(version, _duplicate(version, first, second))
    for version, path in own.orphans:
        yield since.judged(version, _orphan(version, path))
    if settings.contiguous:
        for before, after in pairwise(group[0] for group in numbering):
            if after.version.key - before.version.key > 1 and not after.version.is_timestamp:
                yield since.judged(after.version, _gap(before, after))
    if settings.require_down:
        for migration in own.migrations:
            if migration.down is None or migration.down.is_blank:
                yield since.judged(migration.version, _missing_down(migration))


def _duplicate(version: Version, first: str, second: str) -> Finding:
    return Finding(
        rule="migration.duplicate",
        message=f"Version {version.text} is there twice: {first} and {second}.",
        path=second,
        hint="Give one of them a version number of its own.",
    )


def _orphan(version: Version, path: str) -> Finding:
    return Finding(
        rule="migration.orphan-down",
        message=f"The down {path} has no up of version {version.text}.",
        path=path,
        hint="Add the up, correct the down's version number, or delete it.",
    )


def _gap(before: Migration, after: Migration) -> Finding:
    width = len(after.version.text)
    missing = range(before.version.key + 1, after.version.key)
    names = f"{missing[0]:0{width}d}" + (f" to {missing[-1]:0{width}d}" if len(missing) > 1 else "")
    verb = "are" if len(missing) > 1 else "is"
    return Finding(
        rule="migration.gap",
        message=f"Version {after.version.text} follows {before.version.text}: {names} {verb} missing.",
        path=after.path,
        hint="Renumber it, add what is missing, or set [migrations] contiguous = false.",
    )


def _missing_down(migration: Migration) -> Finding:
    if migration.down is None:
        message = f"Version {migration.version.text} has no down for {migration.path}."
        hint = "Add a down that takes back what the up makes."
    else:
        message = f"The down of version {migration.version.text}, {migration.down.path}, is empty."
        hint = "Write the down; if there is nothing to take back, say so in a comment."
    return Finding(rule="migration.missing-down", message=message, path=migration.path, hint=hint)
