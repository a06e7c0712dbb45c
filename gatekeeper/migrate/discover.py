"""From the files of a tree to ordered sets of migrations, one an engine (contract, sections 4 and 5)."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from posixpath import basename, dirname
from typing import TYPE_CHECKING, Literal

from gatekeeper.migrate.scripts import Script, has_sections, sections, sha256, whole
from gatekeeper.model.errors import UsageError
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.globs import is_glob, matches
from gatekeeper.model.proof import SourceFile
from gatekeeper.model.settings import MigrationSettings

if TYPE_CHECKING:  # the engines are loaded where something runs on them
    from gatekeeper.engines.base import EngineName

Layout = Literal["suffix", "up-down", "folder", "sections"]
Direction = Literal["up", "down"]

ENGINES: "tuple[EngineName, ...]" = ("sqlite", "postgres")
TIMESTAMP_DIGITS = 8
_VERSION = re.compile(r"[Vv]?([\d-]+)\Z")
_ENGINE_PART = re.compile(r"\.(sqlite|postgres)(?:ql)?(?=\.)")
_ENGINE_FOLDERS: "Mapping[str, EngineName]" = {
    "sqlite": "sqlite",
    "postgres": "postgres",
    "postgresql": "postgres",
}
_DESCRIPTIONS = {
    "suffix": "NNNN_name.sql with NNNN_name.down.sql",
    "up-down": "NNNN_name.up.sql with NNNN_name.down.sql",
    "folder": "a folder NNNN_name with up.sql and down.sql",
    "sections": "one file with an up and a down section",
}


@dataclass(frozen=True, slots=True)
class Version:
    """A version's digits as written, and the number that orders versions."""

    text: str
    key: int

    @property
    def is_timestamp(self) -> bool:
        """Whether it is compared as one, so that gaps mean nothing."""
        return len(self.text) >= TIMESTAMP_DIGITS


def version_of(name: str) -> Version | None:
    """The version in a file's or folder's name: the digits before the first ``_`` or ``.``; None without any."""
    found = _VERSION.match(re.split(r"[_.]", name, maxsplit=1)[0])
    digits = found.group(1).replace("-", "") if found else ""
    if not digits:
        return None
    return Version(digits, int(digits.ljust(20, "0")) if len(digits) >= TIMESTAMP_DIGITS else int(digits))


def label_of(path: str) -> str:
    """A file's name without its endings: the version and the migration's name."""
    plain = _ENGINE_PART.sub("", basename(path)).removesuffix(".sql")
    return plain.removesuffix(".down").removesuffix(".up")


@dataclass(frozen=True, slots=True)
class Migration:
    """One version: its up, its down if there is one, and the SHA-256 of the up's bytes."""

    version: Version
    up: Script
    down: Script | None
    sha256: str

    @property
    def path(self) -> str:
        """The up's path."""
        return self.up.path


@dataclass(frozen=True, slots=True)
class MigrationSet:
    """One engine's migrations in order, and what fits nowhere: second files of a version, downs without an up.

    ``shared`` says whether other engines' versions count when gaps are looked for.
    """

    migrations: tuple[Migration, ...]
    duplicates: tuple[tuple[Version, str, str], ...] = ()
    orphans: tuple[tuple[Version, str], ...] = ()
    shared: bool = True


@dataclass(frozen=True, slots=True)
class Discovery:
    """The sets by engine, the layout, why it was chosen (a sentence), and notes and warnings on names."""

    sets: "Mapping[EngineName, MigrationSet]"
    layout: Layout | None
    reason: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """A file that takes part: one direction of a version, for one engine or (None) all."""

    version: Version
    label: str
    form: Layout | Literal["down"]
    direction: Direction
    engine: str | None
    file: SourceFile


def discover(files: Iterable[SourceFile], settings: MigrationSettings) -> Discovery:
    """The migrations among the files. Raises UsageError if their layouts are mixed, naming the misfits."""
    everything = sorted(files, key=lambda file: file.path)
    parts: dict[EngineName, list[_Part]] = {}
    strays: set[str] = set()
    deeper: set[str] = set()
    for engine in settings.engines:
        own = paths_of(settings, engine)
        parts[engine] = []
        for file in everything:
            if _placed(own, file.path) is None:
                continue
            part = _part(file, own, settings.layout)
            if isinstance(part, _Part):
                if part.engine in {None, engine}:
                    parts[engine].append(part)
            elif part:
                strays.add(file.path)
            elif _placed(own, file.path) and _names_version(file.path):
                deeper.add(file.path)
    deeper -= {part.file.path for found in parts.values() for part in found}
    layout, reason = _layout({p.file.path: p for found in parts.values() for p in found}.values(), settings)
    findings = [*map(_stray, sorted(strays)), *map(_unread, sorted(deeper))]
    sets = {}
    for engine, found in parts.items():
        paths = paths_of(settings, engine)
        apart = bool(found) and all(_own_folder(paths, part.file.path) for part in found)
        shared = paths == settings.paths and not apart
        sets[engine] = replace(_pair(found, layout, findings), shared=shared)
    return Discovery(sets, layout, reason, tuple(dict.fromkeys(findings)))


def paths_of(settings: MigrationSettings, engine: "EngineName") -> tuple[str, ...]:
    """The folders and globs of one engine: its own list, else the one that all share."""
    return (settings.sqlite if engine == "sqlite" else settings.postgres) or settings.paths


def takes_part(path: str, settings: MigrationSettings) -> bool:
    """Whether a file lies where the settings look for migrations."""
    return any(_placed(paths_of(settings, engine), path) is not None for engine in settings.engines)


def _placed(paths: tuple[str, ...], path: str) -> int | None:
    """How many folders below one of the paths the file lies: 0 directly in it, 1 a folder deeper, else None.

    An engine's own folder (``sqlite``, ``postgres``) below a path counts as that path.
    """
    if not path.endswith(".sql"):
        return None
    own = _own_folder(paths, path)
    return _depth(paths, path) if own is None else _depth((own[0],), path)


def _own_folder(paths: tuple[str, ...], path: str) -> "tuple[str, EngineName] | None":
    """The folder of one engine alone, directly below one of the paths, in which the file lies, and the engine."""
    folder = dirname(path)
    for candidate in (folder, dirname(folder)):
        engine = _ENGINE_FOLDERS.get(basename(candidate).lower())
        if engine and _depth(paths, f"{dirname(candidate)}/.sql".removeprefix("/")) == 0:
            return candidate, engine
    return None


def _depth(paths: tuple[str, ...], path: str) -> int | None:
    """How many folders below the closest of the paths; a file that a path names lies directly in it."""
    folder = dirname(path)
    found = []
    for raw in paths:
        wanted = raw.removeprefix("./").rstrip("/")
        wanted = "" if wanted == "." else wanted
        if path == wanted or (is_glob(wanted) and matches(wanted, path)):
            return 0
        for depth, candidate in enumerate((folder, dirname(folder) if folder else None)):
            if candidate is not None and (candidate == wanted or (is_glob(wanted) and matches(wanted, candidate))):
                found.append(depth)
    return min(found, default=None)


def _part(file: SourceFile, paths: tuple[str, ...], layout: str) -> _Part | bool:
    """What the file is; True for one that is named like no migration and should be mentioned, False for others."""
    name = basename(file.path)
    if name.endswith(".rows.sql"):
        return False
    found = _ENGINE_PART.search(name)
    own = _own_folder(paths, file.path)
    engine = own[1] if own else found.group(1) if found else None
    plain = _ENGINE_PART.sub("", name)
    folder = basename(dirname(file.path))
    if plain in {"up.sql", "down.sql"}:
        version = version_of(folder)
        if version is None:
            return False
        return _Part(version, folder, "folder", "up" if plain == "up.sql" else "down", engine, file)
    if _placed(paths, file.path):
        return False
    version = version_of(plain)
    if version is None:
        return True
    if plain.endswith(".down.sql"):
        return _Part(version, plain.removesuffix(".down.sql"), "down", "down", engine, file)
    if plain.endswith(".up.sql"):
        return _Part(version, plain.removesuffix(".up.sql"), "up-down", "up", engine, file)
    sectioned = layout == "sections" or (layout != "suffix" and has_sections(file))
    return _Part(version, plain.removesuffix(".sql"), "sections" if sectioned else "suffix", "up", engine, file)


def _layout(parts: Iterable[_Part], settings: MigrationSettings) -> tuple[Layout | None, str]:
    found = list(parts)
    counts = Counter(part.form for part in found)
    del counts["down"]
    if settings.layout != "auto":
        chosen: Layout = settings.layout
        reason = f"The configuration says layout = {chosen!r}: {_DESCRIPTIONS[chosen]}."
    elif not found:
        return None, "No migrations were found."
    else:
        order: tuple[Layout, ...] = ("suffix", "up-down", "folder", "sections")
        chosen = max(order, key=lambda form: (counts[form], -order.index(form)))
        of = sum(counts.values())
        reason = f"The layout is {chosen}, {_DESCRIPTIONS[chosen]}: {counts[chosen]} of {of} ups are named so."
    fits = {chosen, "down"} if chosen in {"suffix", "up-down"} else {chosen}
    misfits = [part.file.path for part in found if part.form not in fits]
    if misfits:
        listed = ", ".join(misfits)
        raise UsageError(
            f"The migrations mix layouts. {reason} These don't fit: {listed}.",
            hint="Rename the misfits, move them elsewhere, or set [migrations] layout and paths.",
        )
    return chosen, reason


def _stray(path: str) -> Finding:
    return Finding(
        rule="migration.unversioned",
        severity=Severity.WARNING,
        message=f"{path} has no version number before the first _ or . in its name and is not run.",
        path=path,
        hint="Give it a version number, or move it out of the migrations folder.",
    )


def _names_version(path: str) -> bool:
    """Whether a file that takes no part is named as a migration is."""
    return not path.endswith(".rows.sql") and version_of(basename(path)) is not None


def _unread(path: str) -> Finding:
    return Finding(
        rule="migration.unread",
        severity=Severity.NOTE,
        message=f"{path} is named as a migration, but lies in a folder of its own and is not run.",
        path=path,
        hint="If it is to be run, move it up or name its folder in [migrations] paths.",
    )


def _pair(parts: list[_Part], layout: Layout | None, findings: list[Finding]) -> MigrationSet:
    ups: dict[int, _Part] = {}
    downs: dict[int, _Part] = {}
    duplicates = []
    for part in parts:
        seen = ups if part.direction == "up" else downs
        first = seen.setdefault(part.version.key, part)
        if first is not part:
            duplicates.append((part.version, first.file.path, part.file.path))
    migrations = []
    for key in sorted(ups):
        up, down = ups[key], downs.pop(key, None)
        if layout == "sections":
            up_script, down_script = sections(up.file)
        else:
            up_script, down_script = whole(up.file), whole(down.file) if down else None
        if down and down.label != up.label:
            findings.append(_names_differ(up, down))
        migrations.append(Migration(up.version, up_script, down_script, sha256(up.file)))
    orphans = tuple((part.version, part.file.path) for _, part in sorted(downs.items()))
    return MigrationSet(tuple(migrations), tuple(duplicates), orphans)


def _names_differ(up: _Part, down: _Part) -> Finding:
    return Finding(
        rule="migration.names-differ",
        severity=Severity.NOTE,
        message=f"Version {up.version.text} is called {up.label} going up and {down.label} going down.",
        path=down.file.path,
    )


def by_version(sets: "Mapping[EngineName, MigrationSet]") -> Mapping[int, list[Migration]]:
    """All engines' migrations by version, each file once, in order."""
    out: dict[int, dict[str, Migration]] = defaultdict(dict)
    for found in sets.values():
        for migration in found.migrations:
            out[migration.version.key].setdefault(migration.path, migration)
    return {key: [out[key][path] for path in sorted(out[key])] for key in sorted(out)}
