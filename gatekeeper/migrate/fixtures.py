"""Fixtures: ``NNNN_name.rows.sql`` beside the migrations, rows for the schema as that version leaves it.

A fixture is neither an up nor a down, whatever the layout; it belongs to the version whose number it bears and
that lies in the same folder. In the folder layout it may be called ``rows.sql`` and lie beside ``up.sql``. A name
with ``.sqlite.`` or ``.postgres.`` is that engine's alone.
"""

import re
from collections.abc import Iterable, Mapping
from posixpath import basename, dirname

from gatekeeper.engines.base import EngineName
from gatekeeper.migrate.discover import Discovery, Migration, version_of
from gatekeeper.migrate.scripts import Script, whole
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.proof import SourceFile

ENDING = ".rows.sql"
_IN_FOLDER = "rows.sql"
_ENGINE = re.compile(r"\.(sqlite|postgres)(?=\.)")

Fixtures = Mapping[str, tuple[Script, ...]]
"""Fixtures by the path of the up that they follow, in the order of their names."""


def fixtures(
    files: Iterable[SourceFile], discovery: Discovery
) -> tuple[dict[EngineName, Fixtures], list[Finding]]:
    """Each engine's fixtures, and a warning for each that follows no up of any engine."""
    every = sorted((file for file in files if _is_fixture(file.path)), key=lambda file: file.path)
    found: dict[EngineName, dict[str, tuple[Script, ...]]] = {engine: {} for engine in discovery.sets}
    findings = []
    for file in every:
        placed = False
        for engine, own in discovery.sets.items():
            for migration in own.migrations:
                if _belongs(file.path, migration, engine):
                    placed = True
                    before = found[engine].get(migration.path, ())
                    found[engine][migration.path] = (*before, whole(file))
        if not placed and file.path.endswith(ENDING):
            findings.append(_stray(file.path))
    return dict(found), findings


def fixture_of(up: str) -> str:
    """Where a fixture for the version of that up would lie."""
    if basename(up) == "up.sql":
        return f"{dirname(up)}/{_IN_FOLDER}"
    return up.removesuffix(".sql").removesuffix(".up") + ENDING


def _is_fixture(path: str) -> bool:
    return path.endswith(ENDING) or basename(path) == _IN_FOLDER


def _belongs(path: str, migration: Migration, engine: EngineName) -> bool:
    part = _ENGINE.search(basename(path))
    if part is not None and part.group(1) != engine:
        return False
    here, there = dirname(path), dirname(migration.path)
    if basename(migration.path) in {"up.sql", f"up.{engine}.sql"}:
        if here == there:
            return True
        there = dirname(there)
    elif basename(path) == _IN_FOLDER:
        return False
    version = version_of(basename(path))
    return here == there and version is not None and version.key == migration.version.key


def _stray(path: str) -> Finding:
    return Finding(
        rule="migration.fixture",
        severity=Severity.WARNING,
        message=f"The fixture {path} follows no up: no migration beside it has its version.",
        path=path,
        hint="Name it after its up (0004_jobs.rows.sql beside 0004_jobs.sql), or remove it.",
    )
