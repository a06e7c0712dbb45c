"""``adopt``: make a repository ready for ``gate``, changing no file that is somebody else's."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from gatekeeper import __version__, config
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.tree import Tree
from gatekeeper.migrate.discover import discover
from gatekeeper.migrate.prove import prove
from gatekeeper.migrate.source import migration_files
from gatekeeper.model.errors import GateError, UsageError
from gatekeeper.model.finding import Finding, Severity, Status
from gatekeeper.model.proof import ProofResult
from gatekeeper.model.settings import Settings
from gatekeeper.resources import template
from gatekeeper.runs import detect, extras, settle
from gatekeeper.runs.create import PACKET_TEMPLATE, REFINEMENT_TEMPLATE, own_template, write_inside
from gatekeeper.runs.load import settings_from_disk

Progress = Callable[[str], None]


class Action(StrEnum):
    """What happens to a file."""

    CREATE = "create"
    APPEND = "append"
    KEEP = "keep"
    BY_HAND = "by hand"


@dataclass(frozen=True, slots=True)
class Extras:
    """What is written only if asked for."""

    just: bool = False
    pre_commit: bool = False
    github: bool = False
    agents: bool = False


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file of the repository: ``content`` are its bytes when done, None where it stays as it is."""

    path: str
    action: Action
    reason: str
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Adoption:
    """What was, or with ``dry_run`` would be, written; ``configuration`` is the text of ``gatekeeper.toml``.

    ``configuration`` is None where there is one already, which stays. ``notes`` are sentences on what was found
    and left; ``branch`` is checked out, None if detached; ``main`` is where these files belong.
    """

    configuration: str | None
    files: tuple[PlannedFile, ...]
    languages: tuple[str, ...]
    notes: tuple[str, ...]
    main: str
    branch: str | None
    dry_run: bool

    @property
    def written(self) -> tuple[str, ...]:
        """The paths that are new or longer than before."""
        return tuple(file.path for file in self.files if file.content is not None)


@dataclass(slots=True)
class _Plan:
    """What is gathered while a repository is looked at."""

    repository: Repository
    root: Path
    tree: Tree
    files: list[PlannedFile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, path: str, content: bytes, reason: str) -> None:
        """Create the file, or keep what is there."""
        if (self.root / path).exists() or (self.root / path).is_symlink():
            self.files.append(PlannedFile(path, Action.KEEP, "it is there already and stays as it is"))
        else:
            self.files.append(PlannedFile(path, Action.CREATE, reason, content))


def adopt(
    repo: Path,
    *,
    wanted: Extras | None = None,
    preset: str | None = None,
    run_proof: bool = True,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Adoption:
    """Write the configuration that fits the repository, templates for its packets, and what ``wanted`` asks for.

    What is there stays: a file of that name is kept, longer only by a marked block of ours. A second call changes
    nothing. Raises UsageError for a bare repository or an unknown preset, RepositoryError, ConfigError.
    """
    if preset is not None and preset not in settle.PRESETS:
        raise UsageError(f"There is no preset {preset!r}.", hint=f"--preset {' or '.join(settle.PRESETS)}")
    with Repository.open(repo) as repository:
        if repository.root is None:
            raise UsageError("A bare repository has no work tree to write to.", hint="run gate init in a clone")
        plan = _Plan(repository, repository.root, repository.tree(repository.worktree_tree()))
        text, settings = _configuration(plan, preset, run_proof=run_proof, progress=progress)
        _templates(plan, settings)
        _extras(plan, settings, wanted or Extras())
        if not dry_run:
            for file in plan.files:
                if file.content is not None:
                    write_inside(plan.root, file.path, file.content)
        return Adoption(
            configuration=text,
            files=tuple(plan.files),
            languages=detect.languages(plan.tree),
            notes=tuple(plan.notes),
            main=settings.git.main,
            branch=repository.branch,
            dry_run=dry_run,
        )


def _configuration(
    plan: _Plan, preset: str | None, *, run_proof: bool, progress: Progress | None
) -> tuple[str | None, Settings]:
    """The new configuration's text, None where there is one, and the settings that it holds."""
    loaded = settings_from_disk(plan.repository, None)
    if loaded.origin is not None:
        reason = "the configuration is there already and stays as it is"
        plan.files.append(PlannedFile(loaded.origin, Action.KEEP, reason))
        return None, loaded.settings
    settled = settle.settle(plan.repository, plan.tree, preset)
    plan.notes += settled.notes
    lines = settled.lines
    settings = _parsed(settle.render(lines))
    if run_proof:
        since = _since(plan, config.with_environment(settings, os.environ), progress)
        if since is not None:
            lines = settle.with_since(lines, since, "Findings on older migrations are notes: some can't pass.")
    elif any(line.key == "layout" for line in lines):
        plan.notes.append("The migrations weren't proven (--no-prove), so [migrations] since isn't set.")
    text = settle.render(lines)
    plan.add(config.CONFIG_FILE, text.encode(), "the configuration")
    return text, _parsed(text)


def _parsed(text: str) -> Settings:
    settings = config.parse(text.encode(), config.CONFIG_FILE)
    return settings or Settings()


def _since(plan: _Plan, settings: Settings, progress: Progress | None) -> str | None:
    """The newest version where older ones can't pass; None where all pass or it can't be known."""
    try:
        newest = _newest(plan.tree, settings)
        if newest is None:
            return None
        result = _proven(plan.tree, settings, progress)
        if not _known(plan, result) or not _errors(result):
            return None
        since = settings.model_copy(
            update={"migrations": settings.migrations.model_copy(update={"since": newest})}
        )
        left = _errors(_proven(plan.tree, since, progress))
    except GateError as error:
        plan.notes.append(f"The migrations can't be proven: {error.message}")
        return None
    plan.notes += _told(_errors(result), left, newest)
    return newest


def _newest(tree: Tree, settings: Settings) -> str | None:
    sets = discover(migration_files(tree, settings.migrations), settings.migrations).sets.values()
    versions = [migration.version for found in sets for migration in found.migrations]
    return max(versions, key=lambda version: version.key).text if versions else None


def _proven(tree: Tree, settings: Settings, progress: Progress | None) -> ProofResult:
    files = migration_files(tree, settings.migrations)
    return prove(files, settings.migrations, settings.postgres, progress=progress)


def _errors(result: ProofResult) -> list[Finding]:
    return [finding for finding in result.findings if finding.severity is Severity.ERROR]


def _known(plan: _Plan, result: ProofResult) -> bool:
    """Whether the proof ran to an answer on every engine; where it didn't, nothing is guessed."""
    engines = result.proof.engines if result.proof else ()
    # An engine that ran but had no downs to climb is NOT_RUN too; what it found counts.
    if any(engine.status is Status.NOT_RUN and not engine.applied for engine in engines):
        plan.notes.append(
            f"The proof could not run on every engine, so [migrations] since isn't set. {result.reason} "
            "See gate doctor; then gate migrations prove says whether old migrations need it."
        )
        return False
    if result.proof is None and result.status is Status.FAIL:
        plan.notes.append(f"[migrations] since isn't set. {result.reason} See gate migrations prove.")
        return False
    return True


def _told(before: list[Finding], left: list[Finding], newest: str) -> Iterator[str]:
    rules = ", ".join(sorted({finding.rule for finding in before}))
    yield f"Some migrations can't pass ({rules}), so [migrations] since = {newest}: older ones get notes."
    if any(finding.rule == "migration.up-fails" for finding in before):
        yield (
            "An up that fails ends its engine's run, whatever since says: mend it, or leave the engine out under "
            "[migrations] engines."
        )
    if left:
        names = ", ".join(sorted({finding.path or "the schemas" for finding in left}))
        yield (
            f"Errors are left on {names}. Mend them, or, where an applied migration can't be changed, set since "
            "to the version that comes next."
        )


def _templates(plan: _Plan, settings: Settings) -> None:
    names = [PACKET_TEMPLATE] if settings.packets.refinement == "off" else [PACKET_TEMPLATE, REFINEMENT_TEMPLATE]
    for name in names:
        text = template(name)
        plan.add(own_template(settings.packets, name), text.encode(), f"the template that gate new fills: {name}")


def _extras(plan: _Plan, settings: Settings, wanted: Extras) -> None:
    """What was asked for: each a file of ours, or a marked block at the end of somebody else's."""
    if wanted.just:
        path = _existing(plan.root, extras.JUSTFILES)
        _block(plan, path, "the recipes", lambda text: extras.recipes(template("adopt/justfile"), text))
    if wanted.pre_commit:
        _block(plan, ".pre-commit-config.yaml", "the hook", extras.hook)
    if wanted.github:
        content = extras.filled("github.yml.j2", main=settings.git.main, version=__version__)
        plan.add(".github/workflows/gate.yml", content.encode(), "the workflow that runs gate check")
    if wanted.agents:
        folder = settings.packets.refinements if settings.packets.refinement != "off" else None
        text = extras.filled("agents.md.j2", packets=settings.packets.dir, refinements=folder)
        _block(plan, "AGENTS.md", "instructions for coding agents", lambda _: extras.Addition(text))


def _existing(root: Path, names: tuple[str, ...]) -> str:
    return next((name for name in names if (root / name).is_file()), names[0])


def _block(plan: _Plan, path: str, what: str, make: Callable[[str | None], extras.Addition]) -> None:
    """Plan a marked block in a file, new or there already; one that holds a block of ours is kept."""
    file = plan.root / path
    old = file.read_bytes() if file.is_file() else None
    try:
        text = old.decode("utf-8-sig") if old is not None else None
    except UnicodeDecodeError:
        plan.files.append(PlannedFile(path, Action.BY_HAND, f"it isn't UTF-8; add {what} to it by hand"))
        return
    style = extras.style_of(path)
    if text is not None and style.begin in text:
        plan.files.append(PlannedFile(path, Action.KEEP, f"it holds {what} already"))
        return
    addition = make(text)
    plan.notes += addition.notes
    if addition.by_hand is not None:
        plan.files.append(PlannedFile(path, Action.BY_HAND, addition.by_hand))
    elif not addition.text:
        plan.files.append(PlannedFile(path, Action.KEEP, f"it holds {what} already"))
    elif old is None:
        text = addition.head + extras.marked(style, addition.text, addition.indent)
        plan.files.append(PlannedFile(path, Action.CREATE, what, text.encode()))
    else:
        content = extras.appended(old, extras.marked(style, addition.text, addition.indent))
        plan.files.append(PlannedFile(path, Action.APPEND, f"{what}, in a marked block at its end", content))
