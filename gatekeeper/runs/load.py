"""Load what a gate judges: configuration, packet, refinement, trees (contract, section 2, Authority)."""

import datetime as dt
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gatekeeper import config
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Endpoints, Selector, resolve
from gatekeeper.gates.select import is_packet_file
from gatekeeper.model.changes import TreeView
from gatekeeper.model.errors import ConfigError, GateError, UsageError
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.packet import Packet, Refinement
from gatekeeper.model.settings import Settings
from gatekeeper.packet.lookup import is_wp_id, nearest, packet_paths
from gatekeeper.packet.parse import PacketUnreadable, parse_packet
from gatekeeper.packet.refinement import parse_refinement

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Judged:
    """The two ends of a change and the settings that judge it; ``notes`` say where the settings come from."""

    endpoints: Endpoints
    settings: Settings
    notes: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundPacket:
    """The packet of an id, as far as it can be read; ``problems`` says why it can't, or what is odd about it."""

    path: str
    packet: Packet | None
    problems: tuple[Finding, ...] = ()


def require_wp_id(wp_id: str) -> None:
    """Raise UsageError unless the text has the form of a packet's id."""
    if not is_wp_id(wp_id):
        raise UsageError(
            f"{wp_id!r} is no work packet id; an id is WP- followed by letters, digits, dots and dashes.",
            hint="gate pre-work WP-1-Example",
        )


def settings_from_disk(repo: Repository, file: Path | None) -> config.Loaded:
    """The configuration of the work tree, or of ``--config FILE``; the environment's URLs win over the file's."""
    if file is not None:
        loaded = config.Loaded(_from_file(file), str(file))
    elif repo.root is None:
        loaded = _from_tree(repo.tree(repo.head)) if repo.head else config.Loaded(Settings(), None)
    else:
        loaded = config.load(lambda name: read_file(repo.root / name) if repo.root else None)
    return config.Loaded(config.with_environment(loaded.settings, os.environ), loaded.origin)


def judged_by_base(repo: Repository, selector: Selector, wp_id: str, file: Path | None) -> Judged:
    """Base and head of the packet's change, and the base's configuration (``--config`` overrides it).

    The base depends on the name of main and that name on the configuration, so the head's configuration finds a
    first base; if the base's own names another main, the base is looked for once more under that name.
    """
    if file is not None:
        settings = settings_from_disk(repo, file).settings
        return Judged(_endpoints(repo, selector, wp_id, settings), settings)
    first = settings_from_disk(repo, None).settings
    endpoints = _endpoints(repo, selector, wp_id, first)
    loaded, notes = _at_base(repo, endpoints)
    if loaded.settings.git.main != first.git.main:
        endpoints = _endpoints(repo, selector, wp_id, loaded.settings)
        loaded, notes = _at_base(repo, endpoints)
    return Judged(endpoints, config.with_environment(loaded.settings, os.environ), notes)


def known_ids(repo: Repository, settings: Settings, trees: Iterable[TreeView]) -> dict[str, list[str]]:
    """Every packet id of the trees and of the work tree's disk, with its paths."""
    paths: set[str] = set()
    for tree in trees:
        paths.update(path for path in tree.entries if is_packet_file(path, settings.packets))
    if repo.root is not None:
        folder = repo.root / settings.packets.dir
        found = [*folder.glob("WP-*.md"), *folder.glob("WP-*/packet.md")]
        paths.update(path.relative_to(repo.root).as_posix() for path in found if path.is_file())
    return packet_paths(sorted(paths), settings.packets.dir)


def unknown_id(wp_id: str, ids: Iterable[str], folder: str) -> UsageError:
    """The error for an id that exists nowhere, naming the nearest ids."""
    near = nearest(wp_id, list(ids))
    hint = f"did you mean {', '.join(near)}?" if near else f"put the packet at {folder}/{wp_id}.md"
    return UsageError(f"There is no work packet {wp_id} under {folder}/.", hint=hint)


def find_packet(wp_id: str, tree: TreeView, settings: Settings, where: str) -> FoundPacket:
    """The packet in the judged tree, which ``where`` names in a sentence. Rules: packet.missing, .ambiguous."""
    folder = settings.packets.dir
    paths = packet_paths([p for p in tree.entries if is_packet_file(p, settings.packets)], folder).get(wp_id, [])
    if not paths:
        path = f"{wp_id}.md" if folder == "." else f"{folder}/{wp_id}.md"
        return FoundPacket(
            path,
            None,
            (
                Finding(
                    rule="packet.missing",
                    message=f"{path} stands in the work tree or elsewhere in history, but not in {where}.",
                    path=path,
                    hint=f"git add -- {path} and commit it",
                ),
            ),
        )
    problems: tuple[Finding, ...] = ()
    if len(paths) > 1:
        problems = (
            Finding(
                rule="packet.ambiguous",
                message=f"{wp_id} has {len(paths)} packets: {', '.join(paths)}.",
                path=paths[0],
                hint="keep one of them",
            ),
        )
    found = read_packet(paths[0], wp_id, tree.read(paths[0]))
    return FoundPacket(found.path, found.packet, (*problems, *found.problems))


def read_packet(path: str, wp_id: str, data: bytes) -> FoundPacket:
    """The packet that these bytes hold. Rule: packet.unreadable."""
    try:
        return FoundPacket(path, parse_packet(path, wp_id, data))
    except PacketUnreadable as error:
        finding = Finding(
            rule="packet.unreadable",
            message=f"{path} can't be read: {error}",
            path=path,
            line=error.line,
            hint="save the packet as UTF-8 text",
        )
        return FoundPacket(path, None, (finding,))


def find_refinement(
    packet: Packet | None, wp_id: str, tree: TreeView, settings: Settings
) -> tuple[str, Refinement | None]:
    """The refinement's path (REFINEMENT_FILE, else the configured folder) and, where it exists, what it says."""
    field = packet.field("REFINEMENT_FILE") if packet else None
    path = field.value.split(" (")[0].strip("` ") if field else ""
    if not path or path.startswith(("<", "{")):
        folder = settings.packets.refinements
        path = f"{wp_id}.md" if folder == "." else f"{folder}/{wp_id}.md"
    try:
        data = tree.read(path)
    except KeyError:
        return path, None
    return path, parse_refinement(path, data)


def today(repo: Repository, head: str | None) -> dt.date:
    """The day on which waivers are judged: the head's committer date, for what is uncommitted the present day."""
    if head is None:
        return dt.datetime.now(dt.UTC).date()
    return dt.datetime.fromtimestamp(repo.committed_at(head), dt.UTC).date()


def read_file(path: Path) -> bytes | None:
    """The file's bytes, None where there is none. Raises ConfigError for one that can't be read."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"{path.name} can't be read: {error.strerror}.") from error


def _from_file(file: Path) -> Settings:
    data = read_file(file)
    if data is None:
        raise ConfigError(f"There is no configuration file {file}.", hint="name an existing file with --config")
    return config.parse(data, str(file)) or Settings()


def _from_tree(tree: TreeView) -> config.Loaded:
    return config.load(lambda name: tree.read(name) if name in tree.entries else None)


def _at_base(repo: Repository, endpoints: Endpoints) -> tuple[config.Loaded, tuple[Finding, ...]]:
    loaded = _from_tree(repo.tree(endpoints.base_tree))
    if loaded.origin is not None:
        return loaded, ()
    loaded = _from_tree(repo.tree(endpoints.head_tree))
    if loaded.origin is None:
        return loaded, ()
    note = Finding(
        rule="authority.configuration",
        severity=Severity.NOTE,
        message=f"The base has no configuration, so the head's own {loaded.origin} judged this change.",
        path=loaded.origin,
    )
    return loaded, (note,)


def _endpoints(repo: Repository, selector: Selector, wp_id: str, settings: Settings) -> Endpoints:
    def recorded_base(head: TreeView) -> str | None:
        packet = find_packet(wp_id, head, settings, "head").packet
        field = packet.field("MERGE_BASE_SHA") if packet else None
        value = field.value.split("(")[0].strip("` ") if field else ""
        return value or None

    def others_changed(base: TreeView, head: TreeView) -> bool:
        return _other_manifest_changed(wp_id, base, head, settings)

    try:
        return resolve(
            repo, selector, main=settings.git.main, recorded_base=recorded_base, others_changed=others_changed
        )
    except GateError:
        trees = [repo.tree(repo.head)] if repo.head else []
        ids = known_ids(repo, settings, trees)
        if wp_id not in ids:
            raise unknown_id(wp_id, ids, settings.packets.dir) from None
        raise


def _other_manifest_changed(wp_id: str, base: TreeView, head: TreeView, settings: Settings) -> bool:
    """Whether the recorded manifest of another packet differs between the trees."""
    paths = {
        path
        for tree in (base, head)
        for path in tree.entries
        if is_packet_file(path, settings.packets) and base.entries.get(path) != head.entries.get(path)
    }
    for other, others in packet_paths(sorted(paths), settings.packets.dir).items():
        if other != wp_id and any(_recorded(base, p, other) != _recorded(head, p, other) for p in others):
            return True
    return False


def _recorded(tree: TreeView, path: str, wp_id: str) -> Sequence[Mapping[str, object]]:
    if path not in tree.entries:
        return []
    packet = read_packet(path, wp_id, tree.read(path)).packet
    lines = {"line", "end_line"}
    return [
        {
            name: (value.get("text") if isinstance(value, dict) else value)
            for name, value in entry.model_dump(exclude={*lines, "gates"}).items()
        }
        for entry in (packet.recorded if packet else ())
    ]
