"""Load what a gate judges: configuration, packet, refinement, trees (contract, section 2, Authority)."""

import datetime as dt
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gatekeeper import config
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Endpoints, Selector, resolve
from gatekeeper.clock import now
from gatekeeper.gates.links import values_of
from gatekeeper.gates.select import is_packet_file
from gatekeeper.model.changes import LINK, SUBMODULE, TreeView
from gatekeeper.model.errors import GateError, NotRunError, UsageError
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.packet import Packet, Refinement
from gatekeeper.model.settings import GitSettings, Settings
from gatekeeper.packet.judging import recorded_base
from gatekeeper.packet.lookup import is_wp_id, nearest, packet_paths, places_of
from gatekeeper.packet.parse import PacketUnreadable, parse_packet
from gatekeeper.packet.refinement import parse_refinement
from gatekeeper.runs.configured import (
    endpoints_without_packet,
    read_file,
    refinement_at,
    settings_from_disk,
    settings_from_file,
    settings_of,
)

__all__ = [
    "FoundPacket",
    "FoundRefinement",
    "Judged",
    "Progress",
    "endpoints_without_packet",
    "find_packet",
    "find_refinement",
    "judged_by_base",
    "known_ids",
    "manifest_changed",
    "read_file",
    "read_packet",
    "refinement_at",
    "refinement_path",
    "require_wp_id",
    "settings_from_disk",
    "settings_from_file",
    "today",
    "unknown_id",
    "unreadable",
]

Progress = Callable[[str], None]

NO_FILE = "it is no regular file."

# How many names of main are followed from base to base; a longer chain leads in a circle.
_MAINS = 4


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


@dataclass(frozen=True, slots=True)
class FoundRefinement:
    """The refinement of a packet, as far as it can be read; ``problems`` says why it can't."""

    path: str
    refinement: Refinement | None
    problems: tuple[Finding, ...] = ()


def require_wp_id(wp_id: str) -> None:
    """Raise UsageError unless the text has the form of a packet's id."""
    if not is_wp_id(wp_id):
        raise UsageError(
            f"{wp_id!r} is no work packet id; an id is WP- followed by letters, digits, dots and dashes.",
            hint="gate pre-work WP-1-Example",
        )


def judged_by_base(repo: Repository, selector: Selector, wp_id: str | None, file: Path | None) -> Judged:
    """Base and head of the packet's change, and the base's configuration (``--config`` overrides it).

    Without a packet the automatic choice is that of a packet without MERGE_BASE_SHA.

    The base depends on the name of main and that name on the base's configuration, so the base is looked for once
    more where the one found names another main.
    """
    if file is not None:
        settings = settings_from_disk(repo, file).settings
        return Judged(_endpoints(repo, selector, wp_id, settings), settings)
    settings = _first_guess(repo)
    for _ in range(_MAINS):
        endpoints = _endpoints(repo, selector, wp_id, settings)
        loaded, notes = _at_base(repo, endpoints)
        if loaded.settings.git.main == settings.git.main:
            break
        settings = loaded.settings
    return Judged(endpoints, config.with_environment(loaded.settings, os.environ), notes)


def judged_between(repo: Repository, endpoints: Endpoints, file: Path | None) -> Judged:
    """The configuration that judges a change whose two ends are known: the base's, or that of ``--config``."""
    if file is not None:
        return Judged(endpoints, settings_from_disk(repo, file).settings)
    loaded, notes = _at_base(repo, endpoints)
    return Judged(endpoints, config.with_environment(loaded.settings, os.environ), notes)


def _first_guess(repo: Repository) -> Settings:
    """Settings to find a first base with: the work tree's, but a branch of the default name goes before theirs.

    Else a change could choose its own judge by naming one of its own commits main.
    """
    settings = settings_from_disk(repo, None).settings
    usual = GitSettings()
    try:
        stands = repo.head is not None and repo.main(usual.main, repo.head) is not None
    except NotRunError:
        stands = False  # a branch of that name which shares no history with the work isn't its main
    return settings.model_copy(update={"git": usual}) if stands else settings


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


def paths_of_id(repo: Repository, wp_id: str, settings: Settings, trees: Iterable[TreeView]) -> list[str]:
    """The paths of one packet as ``known_ids`` tells them. Raises UsageError naming the nearest ids."""
    views, places = list(trees), places_of(wp_id, settings.packets.dir)
    found = [path for path in places if any(path in tree.entries for tree in views) or _lies_there(repo, path)]
    if not found:
        raise unknown_id(wp_id, known_ids(repo, settings, views), settings.packets.dir)
    return found


def _lies_there(repo: Repository, path: str) -> bool:
    """Whether the work tree holds a file of exactly that name, also where names that differ in case are one."""
    if repo.root is None or not (repo.root / path).is_file():
        return False
    file = repo.root / path
    return file.name in os.listdir(file.parent)  # noqa: PTH208 - names alone are asked for


def unknown_id(wp_id: str, ids: Iterable[str], folder: str) -> UsageError:
    """The error for an id that exists nowhere, naming the nearest ids."""
    known = sorted(ids)
    near = nearest(wp_id, known) or known[:3]
    hint = f"did you mean {', '.join(near)}?" if near else f"put the packet at {folder}/{wp_id}.md"
    return UsageError(f"There is no work packet {wp_id} under {folder}/.", hint=hint)


def find_packet(wp_id: str, tree: TreeView, settings: Settings) -> FoundPacket:
    """The packet in the judged tree. Rules: packet.missing, .ambiguous, .unreadable."""
    folder = settings.packets.dir
    paths = [path for path in places_of(wp_id, folder) if path in tree.entries]
    if not paths:
        path = f"{wp_id}.md" if folder == "." else f"{folder}/{wp_id}.md"
        return FoundPacket(
            path,
            None,
            (
                Finding(
                    rule="packet.missing",
                    message=f"{path} stands in the work tree or in another commit, but not on the judged side.",
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
    if tree.entries[paths[0]].mode in {LINK, SUBMODULE}:
        return FoundPacket(paths[0], None, (*problems, unreadable(paths[0], NO_FILE, None)))
    found = read_packet(paths[0], wp_id, tree.read(paths[0]))
    return FoundPacket(found.path, found.packet, (*problems, *found.problems))


# A run looks at the same version from several sides: what is judged, its plan, others' manifests.
@lru_cache(maxsize=256)
def read_packet(path: str, wp_id: str, data: bytes) -> FoundPacket:
    """The packet that these bytes hold. Rule: packet.unreadable."""
    try:
        return FoundPacket(path, parse_packet(path, wp_id, data))
    except PacketUnreadable as error:
        return FoundPacket(path, None, (unreadable(path, str(error), error.line),))


def unreadable(path: str, problem: str, line: int | None) -> Finding:
    """The finding packet.unreadable; ``problem`` completes the sentence."""
    return Finding(
        rule="packet.unreadable",
        message=f"{path} can't be read: {problem}",
        path=path,
        line=line,
        hint="save the packet as a file of UTF-8 text",
    )


def find_refinement(packet: Packet | None, wp_id: str, tree: TreeView, settings: Settings) -> FoundRefinement:
    """The refinement: REFINEMENT_FILE where it names a Markdown file, else that of the configured folder.

    Where the settings don't ask for one, what there is isn't read. Rule: refinement.unreadable.
    """
    path = refinement_path(packet, wp_id, settings)
    if settings.packets.refinement == "off":
        return FoundRefinement(path, None)
    try:
        return FoundRefinement(path, parse_refinement(path, tree.read(path)))
    except KeyError:
        return FoundRefinement(path, None)
    except PacketUnreadable as error:
        finding = Finding(
            rule="refinement.unreadable",
            message=f"{path} can't be read: {error}",
            path=path,
            line=error.line,
            hint="save the refinement as UTF-8 text",
        )
        return FoundRefinement(path, None, (finding,))


def refinement_path(packet: Packet | None, wp_id: str, settings: Settings) -> str:
    """Where the refinement is looked for, relative to the repository and normalised."""
    field = packet.field("REFINEMENT_FILE") if packet else None
    named = next((line.text for line in values_of(packet, field)), "") if packet and field else ""
    return refinement_at(named, wp_id, settings)


def today(repo: Repository, head: str | None) -> dt.date:
    """The day on which waivers are judged: the head's committer date, for what is uncommitted the present day."""
    if head is None:
        return now().date()
    return dt.datetime.fromtimestamp(repo.committed_at(head), dt.UTC).date()


def settings_at(repo: Repository, commit: str, file: Path | None) -> Settings:
    """The configuration that a commit holds, or that of ``--config``; the environment's URLs win."""
    if file is not None:
        return settings_from_disk(repo, file).settings
    return config.with_environment(settings_of(repo.tree(commit)).settings, os.environ)


def _at_base(repo: Repository, endpoints: Endpoints) -> tuple[config.Loaded, tuple[Finding, ...]]:
    loaded = settings_of(repo.tree(endpoints.base_tree))
    if loaded.origin is not None:
        return loaded, ()
    loaded = settings_of(repo.tree(endpoints.head_tree))
    if loaded.origin is None:
        return loaded, ()
    note = Finding(
        rule="authority.configuration",
        severity=Severity.NOTE,
        message=f"The base has no configuration, so the head's own {loaded.origin} judged this change.",
        path=loaded.origin,
    )
    return loaded, (note,)


def _endpoints(repo: Repository, selector: Selector, wp_id: str | None, settings: Settings) -> Endpoints:
    def base_of(head: TreeView) -> str | None:
        packet = find_packet(wp_id, head, settings).packet if wp_id else None
        return recorded_base(packet) if packet else None

    def others_changed(base: TreeView, head: TreeView) -> bool:
        return _other_manifest_changed(wp_id, base, head, settings)

    try:
        return resolve(
            repo, selector, main=settings.git.main, recorded_base=base_of, others_changed=others_changed
        )
    except GateError:
        trees = [repo.tree(repo.head)] if repo.head else []
        ids = known_ids(repo, settings, trees)
        if wp_id and wp_id not in ids:
            raise unknown_id(wp_id, ids, settings.packets.dir) from None
        raise


def _other_manifest_changed(wp_id: str | None, base: TreeView, head: TreeView, settings: Settings) -> bool:
    """Whether the recorded manifest of another packet differs between the trees."""
    paths = {
        path
        for tree in (base, head)
        for path in tree.entries
        if is_packet_file(path, settings.packets) and base.entries.get(path) != head.entries.get(path)
    }
    for other, others in packet_paths(sorted(paths), settings.packets.dir).items():
        if other != wp_id and manifest_changed(other, others, base, head):
            return True
    return False


def manifest_changed(wp_id: str, paths: Iterable[str], base: TreeView, head: TreeView) -> bool:
    """Whether the manifest that a packet records, in any of its files, differs between the trees."""
    return any(_recorded(base, path, wp_id) != _recorded(head, path, wp_id) for path in paths)


def _recorded(tree: TreeView, path: str, wp_id: str) -> Sequence[Sequence[str | None]]:
    if path not in tree.entries:
        return []
    packet = read_packet(path, wp_id, tree.read(path)).packet
    return [entry.texts for entry in (packet.recorded if packet else ())]
