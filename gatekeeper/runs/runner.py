"""The runner on a project's own migrations: files and settings as they lie on the disk, with or without git."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gatekeeper import config as configuration
from gatekeeper.migrate.discover import paths_of, takes_part
from gatekeeper.model.errors import UsageError
from gatekeeper.model.globs import is_glob
from gatekeeper.model.proof import SourceFile
from gatekeeper.model.settings import MigrationSettings
from gatekeeper.runs.load import read_file, settings_from_file

_VARIABLES = ("GATEKEEPER_DATABASE_URL", "DATABASE_URL")


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with migrations: its settings, and the migration files under it by paths relative to it."""

    root: Path
    settings: MigrationSettings
    files: tuple[SourceFile, ...]


def project(folder: Path, config: Path | None = None) -> Project:
    """The project around the folder: the repository, or where there is none (a deployment) the folder itself.

    Raises ConfigError.
    """
    root = _root(folder)
    settings = _settings(root, config)
    return Project(root, settings, tuple(_files(root, settings)))


def database_url(given: str | None) -> str:
    """The URL of the database: as given, else of the environment. Raises UsageError where there is none."""
    found = given or next((url for name in _VARIABLES if (url := os.environ.get(name))), None)
    if not found:
        raise UsageError(
            "No database is named.",
            hint=f"--url sqlite:PATH or --url postgresql://USER@HOST/DATABASE, or set {' or '.join(_VARIABLES)}",
        )
    return found


def require_engine(settings: MigrationSettings, engine: str) -> None:
    """Raise UsageError for a database of an engine that the configuration leaves out."""
    if engine not in settings.engines:
        named = ", ".join(settings.engines) or "none"
        raise UsageError(
            f"The migrations are not for {engine}: [migrations] engines names {named}.",
            hint="name another database, or add the engine to the configuration",
        )


def _root(folder: Path) -> Path:
    """The work tree's root around the folder, told without git, which a place of deployment may lack."""
    start = folder.resolve()
    return next((place for place in (start, *start.parents) if (place / ".git").exists()), start)


def _settings(root: Path, config: Path | None) -> MigrationSettings:
    if config is not None:
        return settings_from_file(config).migrations
    return configuration.load(lambda name: read_file(root / name)).settings.migrations


def _files(root: Path, settings: MigrationSettings) -> Iterator[SourceFile]:
    """The files under the configured folders; a glob is looked for everywhere but in hidden folders."""
    wanted = {path for engine in settings.engines for path in paths_of(settings, engine)}
    tops = {"." if is_glob(path) else path for path in wanted}
    found = {path for top in tops for path in _sql_files(root, top)}
    for name in sorted(found):
        if takes_part(name, settings):
            yield SourceFile(name, (root / name).read_bytes())


def _sql_files(root: Path, top: str) -> Iterator[str]:
    place = root / top
    if place.is_file():
        yield PurePosixPath(top).as_posix()
    for folder, names, files in os.walk(place):
        names[:] = [name for name in names if not name.startswith(".")]
        for name in files:
            path = Path(folder, name)
            if name.endswith(".sql") and path.is_file() and not path.is_symlink():
                yield path.relative_to(root).as_posix()
