"""The configuration that fits a repository, each line with its reason (for ``gate init``)."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gatekeeper.changes.repository import Repository
from gatekeeper.changes.tree import Tree
from gatekeeper.migrate.discover import discover
from gatekeeper.migrate.source import migration_files
from gatekeeper.model.errors import GateError
from gatekeeper.model.globs import matches_any
from gatekeeper.model.settings import AuditSettings, MigrationSettings
from gatekeeper.runs import detect

Value = str | bool | tuple[str, ...]

_ENGINE_NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of ``gatekeeper.toml``: table, key, value, and the reason as a sentence."""

    table: str
    key: str
    value: Value
    reason: str


@dataclass(frozen=True, slots=True)
class Preset:
    """The usual places of one kind of repository, for what isn't there yet."""

    packets: str
    refinements: str
    migrations: str
    storage: str


PRESETS = {
    "task-packets": Preset("docs/task_packets", "docs/refinements", "src/**/migrations", "src/**/storage/**"),
}
"""Layouts by name; ``task-packets``: docs/task_packets, docs/refinements, Rust with sqlx under src."""

_PLAIN = Preset("packets", "packets/refinements", "migrations", "")


@dataclass(frozen=True, slots=True)
class Settled:
    """The lines of the configuration, and what should be told beside them."""

    lines: tuple[Line, ...]
    notes: tuple[str, ...]


def settle(repository: Repository, tree: Tree, preset_name: str | None) -> Settled:
    """The configuration for what the work tree holds; a preset says where things that aren't there will lie."""
    packets = detect.packet_folder(tree)
    if preset_name is None:
        preset_name = next((name for name, p in PRESETS.items() if packets and p.packets == packets.path), None)
    preset = PRESETS[preset_name] if preset_name else _PLAIN
    notes: list[str] = []
    why = f"preset {preset_name}" if preset_name else "the usual place, as none was found"
    packets = packets or _unused_folder(tree, preset, why)
    lines = [Line("packets", "dir", packets.path, _sentence(packets.reason))]
    lines.append(_refinements(tree, packets.path, preset))
    lines += _spec(tree, notes)
    main = detect.main_branch(repository)
    lines.append(Line("git", "main", main.path, _sentence(main.reason)))
    lines.append(Line("authority", "strict", True, "What judges may not arrive together with the work."))
    migrations = list(_migrations(repository, tree, preset, notes))
    folders = [v for line in migrations for v in _listed(line) if line.key in {"paths", "sqlite", "postgres"}]
    globs = tuple("**" if folder == "." else f"{folder}/**" for folder in folders)
    lines.append(Line("kinds", "migration", globs, "All that lies in the migration folders below."))
    lines += _storage(tree, preset)
    return Settled((*lines, *migrations, *_sources(tree)), tuple(notes))


def _unused_folder(tree: Tree, preset: Preset, why: str) -> detect.Folder:
    """Where packets will lie: the usual place, unless sources lie there."""
    if detect.holds_sources(tree, preset.packets):
        return detect.Folder("docs/packets", f"none was found, and {preset.packets} holds sources")
    return detect.Folder(preset.packets, why)


def render(lines: Iterable[Line]) -> str:
    """The text of ``gatekeeper.toml``."""
    out = ["# Written by gate init; above each line stands why. gate doctor shows all settings in force."]
    table = None
    for line in lines:
        if line.table != table:
            table = line.table
            out += ["", f"[{table}]"]
        out += [f"# {line.reason}", f"{line.key} = {_toml(line.value)}"]
    return "\n".join(out) + "\n"


def with_since(lines: tuple[Line, ...], version: str, reason: str) -> tuple[Line, ...]:
    """The lines with ``since`` behind the other lines of the migrations."""
    last = max(number for number, line in enumerate(lines) if line.table == "migrations")
    return (*lines[: last + 1], Line("migrations", "since", version, reason), *lines[last + 1 :])


def _toml(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return "[" + ", ".join(_toml(each) for each in value) + "]"


def _sentence(reason: str) -> str:
    return reason[0].upper() + reason[1:] + "."


def _listed(line: Line) -> tuple[str, ...]:
    return line.value if isinstance(line.value, tuple) else ()


def _refinements(tree: Tree, packets: str, preset: Preset) -> Line:
    found = detect.refinement_folder(tree)
    if found is not None:
        return Line("packets", "refinements", found.path, _sentence(found.reason))
    if packets == preset.packets:
        return Line("packets", "refinements", preset.refinements, "The usual place beside these packets.")
    folder = "refinements" if packets == "." else f"{packets}/refinements"
    return Line("packets", "refinements", folder, "None was found; they lie beside the packets.")


def _spec(tree: Tree, notes: list[str]) -> Iterator[Line]:
    for pointer, spec in detect.spec_pointers(tree):
        if spec is not None:
            yield Line("spec", "pointer", pointer, f"It names {spec}, the current specification.")
            return
        notes.append(f"{pointer} names no specification that exists, so it isn't taken for the spec pointer.")


def _migrations(repository: Repository, tree: Tree, preset: Preset, notes: list[str]) -> Iterator[Line]:
    found = detect.migration_folders(tree)
    if found.others:
        notes.append(
            f"There are more folders of migrations: {', '.join(found.others)}. Name them in [migrations] too if "
            "they belong to the same database; each of gate's runs proves one set an engine."
        )
    if found.shared is None and not found.by_engine:
        yield Line("migrations", "paths", (preset.migrations,), "None was found; new ones are looked for here.")
        return
    settings = MigrationSettings()
    if found.shared is not None:
        settings = settings.model_copy(update={"paths": (found.shared,)})
        yield Line("migrations", "paths", settings.paths, _count(tree, settings))
    elif len(found.by_engine) == 1:
        ((engine, folder),) = found.by_engine.items()
        settings = settings.model_copy(update={"paths": (folder,), "engines": (engine,)})
        yield Line("migrations", "paths", settings.paths, _count(tree, settings))
    else:
        for engine, folder in sorted(found.by_engine.items(), reverse=True):
            own = {"paths": (folder,), "engines": (engine,)}
            reason = f"A set for {_ENGINE_NAMES[engine]} alone. {_count(tree, settings.model_copy(update=own))}"
            yield Line("migrations", engine, (folder,), reason)
        settings = settings.model_copy(update={engine: (folder,) for engine, folder in found.by_engine.items()})
    yield from _layout(tree, settings, notes)
    yield from _engines(repository, tree, found)


def _count(tree: Tree, settings: MigrationSettings) -> str:
    try:
        sets = discover(migration_files(tree, settings), settings).sets.values()
    except GateError:
        return "SQL files with versions lie there."
    count = max((len(found.migrations) for found in sets), default=0)
    return f"{count} migration{'s lie' if count != 1 else ' lies'} there."


def _layout(tree: Tree, settings: MigrationSettings, notes: list[str]) -> Iterator[Line]:
    try:
        found = discover(migration_files(tree, settings), settings)
    except GateError as error:
        notes.append(f"{error.message} {error.hint or ''}".strip())
        return
    if found.layout is not None:
        yield Line("migrations", "layout", found.layout, found.reason)


def _engines(repository: Repository, tree: Tree, found: detect.MigrationFolders) -> Iterator[Line]:
    """One engine alone where only it has a folder, or only it is named anywhere."""
    if len(found.by_engine) == 1:
        engine = next(iter(found.by_engine))
        yield Line("migrations", "engines", (engine,), "The folder's name says for which engine it is.")
    elif found.shared is not None:
        named = detect.named_engines(repository, tree)
        if len(named) == 1:
            ((engine, path),) = named.items()
            other = next(name for key, name in _ENGINE_NAMES.items() if key != engine)
            reason = f"{path} names {_ENGINE_NAMES[engine]}, and no source or manifest names {other}."
            yield Line("migrations", "engines", (engine,), reason)


def _storage(tree: Tree, preset: Preset) -> Iterator[Line]:
    globs = tuple(f"{folder}/**" for folder in detect.storage_folders(tree))
    reason = "The storage code lies there."
    if not globs and preset.storage:
        globs, reason = (preset.storage,), "The usual place of storage code in this layout."
    if globs:
        yield Line("kinds", "storage", globs, reason)


def _sources(tree: Tree) -> Iterator[Line]:
    """What audits look at, where the defaults miss it."""
    defaults = AuditSettings()
    tops = detect.source_folders(tree)
    if any(not matches_any(defaults.sources, f"{top}/x") for top in tops):
        sources = (*(f"{top}/**" for top in tops), *(glob for glob in defaults.sources if glob.startswith("**/")))
        told = ", ".join(detect.languages(tree))
        yield Line("audit", "sources", sources, f"The sources ({told}) lie in these folders.")
    storage = detect.storage_folders(tree)
    if any(not matches_any(defaults.storage, f"{folder}/x") for folder in storage):
        yield Line("audit", "storage", tuple(f"{folder}/**" for folder in storage), "The storage code lies there.")
