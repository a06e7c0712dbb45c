"""``new_migration``: the next version's files, in the layout and numbering of those that are there."""

import re
from dataclasses import dataclass
from pathlib import Path
from posixpath import basename, dirname

from gatekeeper import clock
from gatekeeper.engines.base import EngineName
from gatekeeper.migrate.discover import (
    ENGINES,
    TIMESTAMP_DIGITS,
    Layout,
    Migration,
    MigrationSet,
    discover,
    label_of,
    paths_of,
)
from gatekeeper.model.errors import UsageError
from gatekeeper.model.globs import is_glob
from gatekeeper.model.settings import MigrationSettings
from gatekeeper.resources import template
from gatekeeper.runs.runner import Project, project

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_LABEL = re.compile(r"(?P<prefix>[Vv]?)(?P<version>[\d-]+)(?P<gap>__|_|\.|\Z)")
_FIRST = "0001"
_SECTIONS = {
    "goose": ("-- +goose Up", "-- +goose Down"),
    "migrate": ("-- +migrate Up", "-- +migrate Down"),
    "dbmate": ("-- migrate:up", "-- migrate:down"),
    "plain": ("-- up", "-- down"),
}
_GUARDED = """\
-- SQLite has no ADD COLUMN IF NOT EXISTS; a guard says the same to both engines:
--   -- gate: when column-missing jobs.kind
--   ALTER TABLE jobs ADD COLUMN kind TEXT;"""
_UNGUARDED = """\
-- SQLite has no ADD COLUMN IF NOT EXISTS: set [migrations] guards = true and guard the statement where gate runs
-- the migrations, else make the table anew, copy the rows, drop the old one and rename the new one."""


@dataclass(frozen=True, slots=True)
class NewMigration:
    """What was made: the version's digits and the paths, relative to the project's root."""

    version: str
    files: tuple[str, ...]


def new_migration(folder: Path, name: str, *, config: Path | None = None) -> NewMigration:
    """Make the next version's up and down, for each set of migrations one pair.

    Raises UsageError for a name that can't be one, for files that are there, for a folder that can't be told.
    """
    label = re.sub(r"\s+", "_", name.strip())
    if not _NAME.fullmatch(label):
        raise UsageError(
            f"{name!r} is no name for a migration.", hint="letters, digits, dashes, underscores, blanks"
        )
    found = project(folder, config)
    discovery = discover(found.files, found.settings)
    newest = [s.migrations[-1] for s in discovery.sets.values() if s.migrations]
    version = _next(max(newest, key=lambda m: m.version.key) if newest else None, list(discovery.sets.values()))
    layout = discovery.layout or _configured(found.settings)
    files: dict[str, str] = {}
    for engine in found.settings.engines or ENGINES:
        own = discovery.sets.get(engine)
        last = own.migrations[-1] if own and own.migrations else None
        files |= _files(found, engine, last, layout=layout, version=version, label=label)
    _write(found.root, files)
    return NewMigration(re.sub(r"\D", "", version), tuple(sorted(files)))


def _configured(settings: MigrationSettings) -> Layout:
    return "suffix" if settings.layout == "auto" else settings.layout


def _next(newest: Migration | None, sets: list[MigrationSet]) -> str:
    """The next version as it is written: a number of the same width, or the present where timestamps are used."""
    if newest is None:
        return _FIRST
    written = _written(newest)["version"]
    if len(newest.version.text) >= TIMESTAMP_DIGITS:
        form = "%Y-%m-%d-%H%M%S" if "-" in written.strip("-") else "%Y%m%d%H%M%S"
        return clock.now().strftime(form)
    taken = [m.version.key for s in sets for m in s.migrations if not m.version.is_timestamp]
    taken += [version.key for s in sets for version, _ in s.orphans if not version.is_timestamp]
    return f"{max(taken) + 1:0{len(newest.version.text)}d}"


def _written(migration: Migration) -> dict[str, str]:
    """How a migration's version is written: prefix, version, gap."""
    folder = basename(migration.path) in {"up.sql", "down.sql"}
    label = basename(dirname(migration.path)) if folder else label_of(migration.path)
    match = _LABEL.match(label)
    return match.groupdict() if match else {"prefix": "", "version": _FIRST, "gap": "_"}


def _files(
    found: Project, engine: EngineName, last: Migration | None, *, layout: Layout, version: str, label: str
) -> dict[str, str]:
    """The pair of one engine's set, path to text."""
    style = _written(last) if last else {"prefix": "", "gap": "_"}
    stem = f"{style['prefix']}{version}{style['gap'] or '_'}{label}"
    folder = _folder(found.settings, engine, last, layout)
    up = template("migration/up.sql").replace("NAME", label)
    up = up.replace("GUARDS", _GUARDED if found.settings.guards else _UNGUARDED)
    down = template("migration/down.sql").replace("NAME", label)
    base = f"{folder}/{stem}" if folder != "." else stem
    if layout == "folder":
        return {f"{base}/up.sql": up, f"{base}/down.sql": down}
    if layout == "sections":
        first, second = _SECTIONS[_tool(found, last)]
        return {f"{base}.sql": f"{first}\n{up}\n{second}\n{down}"}
    ending = ".up.sql" if layout == "up-down" else ".sql"
    return {f"{base}{ending}": up, f"{base}.down.sql": down}


def _folder(settings: MigrationSettings, engine: EngineName, last: Migration | None, layout: Layout) -> str:
    if last is not None:
        return (dirname(dirname(last.path)) if layout == "folder" else dirname(last.path)) or "."
    first = paths_of(settings, engine)[0].removeprefix("./").rstrip("/") if paths_of(settings, engine) else ""
    if not first or is_glob(first) or first.endswith(".sql"):
        raise UsageError(
            f"[migrations] paths doesn't name one folder in which the first migration of {engine} could lie.",
            hint="make the first one by hand, or name a folder in the configuration",
        )
    return first


def _tool(found: Project, last: Migration | None) -> str:
    """Whose section marks the newest file has."""
    content = next((f.content for f in found.files if last and f.path == last.path), b"").lower()
    marks = {b"+goose": "goose", b"+migrate": "migrate", b"migrate:up": "dbmate"}
    return next((tool for mark, tool in marks.items() if mark in content), "plain")


def _write(root: Path, files: dict[str, str]) -> None:
    taken = sorted(path for path in files if (root / path).exists())
    if taken:
        raise UsageError(f"{taken[0]} is there already.", hint="choose another name, or wait a second")
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        with (root / path).open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
