"""What a command reads from the configuration, without what it takes to read a packet."""

import os
import posixpath
from pathlib import Path

from gatekeeper import config
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Endpoints, Selector, resolve
from gatekeeper.model.changes import TreeView
from gatekeeper.model.errors import ConfigError
from gatekeeper.model.settings import Settings


def settings_from_disk(repo: Repository, file: Path | None) -> config.Loaded:
    """The configuration of the work tree, or of ``--config FILE``; the environment's URLs win over the file's."""
    if file is not None:
        loaded = config.Loaded(settings_from_file(file), str(file))
    elif repo.root is None:
        loaded = settings_of(repo.tree(repo.head)) if repo.head else config.Loaded(Settings(), None)
    else:
        loaded = config.load(lambda name: _read_inside(repo.root, name) if repo.root else None)
    return config.Loaded(config.with_environment(loaded.settings, os.environ), loaded.origin)


def settings_of(tree: TreeView) -> config.Loaded:
    """The configuration that a tree holds. Raises ConfigError."""
    return config.load(lambda name: tree.read(name) if name in tree.entries else None)


def endpoints_without_packet(repo: Repository, selector: Selector, settings: Settings) -> Endpoints:
    """Base and head of a change that is judged without a packet, and so without a packet's MERGE_BASE_SHA."""
    return resolve(
        repo,
        selector,
        main=settings.git.main,
        recorded_base=lambda _: None,
        others_changed=lambda _base, _head: False,
    )


def read_file(path: Path) -> bytes | None:
    """The file's bytes, None where there is none. Raises ConfigError for one that can't be read."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(
            f"{path.name} can't be read: {error.strerror}.", hint=f"make {path.name} a readable file"
        ) from error


def _read_inside(root: Path, name: str) -> bytes | None:
    """A configuration file of the work tree. Raises ConfigError for a link that leads out of it."""
    file = root / name
    if not file.resolve().is_relative_to(root.resolve()):
        raise ConfigError(
            f"{name} is a link that leads out of the repository, so it isn't read.",
            hint="put the file itself there, or name another with --config FILE",
        )
    return read_file(file)


def settings_from_file(file: Path) -> Settings:
    """The configuration that ``--config`` names. Raises ConfigError."""
    data = read_file(file)
    if data is None:
        raise ConfigError(f"There is no configuration file {file}.", hint="name an existing file with --config")
    settings = config.parse(data, str(file))
    if settings is None:
        raise ConfigError(f"{file} has no table [tool.gatekeeper].", hint="name another file with --config")
    return settings


def refinement_at(named: str, wp_id: str, settings: Settings) -> str:
    """The path that REFINEMENT_FILE names, without note and backticks, else the configured one."""
    # Only a Markdown file: what stands here needs neither scope nor manifest, and code must not slip in with it.
    if named.endswith(".md"):
        return posixpath.normpath(named)
    folder = settings.packets.refinements
    return f"{wp_id}.md" if folder == "." else f"{folder}/{wp_id}.md"
