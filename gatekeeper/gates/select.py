"""Which changed files need scope and a manifest entry, and which don't (contract, section 1, SCOPE)."""

import re
from functools import lru_cache

from gatekeeper.gates.case import Selection
from gatekeeper.model.changes import ChangeSet, FileChange
from gatekeeper.model.globs import matches_any
from gatekeeper.model.settings import PacketSettings

# A packets folder that is the repository's root holds packets and evidence beside everything else.
_AT_ROOT = re.compile(r"(?:evidence/)?WP-[A-Za-z0-9.-]+(?:\.md|/.*)", re.DOTALL)
# In the order of a selection's fields.
_OWN, _PACKET_FILE, _EXEMPT, _GOVERNED = range(4)


def own_paths(wp_id: str, packet_path: str, refinement_path: str, settings: PacketSettings) -> tuple[str, ...]:
    """The paths and folders (``dir/``) that belong to a packet itself: always in scope, never in a manifest."""
    folder = "" if settings.dir == "." else f"{settings.dir}/"
    evidence = (f"{folder}evidence/{wp_id}/", f"{folder}{wp_id}/evidence/")
    return (packet_path, refinement_path, *evidence)


def is_packet_file(path: str, settings: PacketSettings) -> bool:
    """Whether the path lies under the packets or the refinements folder."""
    if "." in (settings.dir, settings.refinements) and _AT_ROOT.fullmatch(path):
        return True
    return path.startswith(_folders(settings.dir, settings.refinements))


@lru_cache(maxsize=16)
def _folders(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}/" for name in names if name != ".")


def select(change_set: ChangeSet, own: tuple[str, ...], settings: PacketSettings) -> Selection:
    """The change set's files by what they need; a rename needs what either of its names needs."""
    groups: list[list[FileChange]] = [[], [], [], []]
    for change in change_set.changes:
        group = _group(change.path, own, settings)
        if change.old_path is not None:
            group = max(group, _group(change.old_path, own, settings))
        groups[group].append(change)
    return Selection(*map(tuple, groups))


def ignored_by_manifest(path: str, own: tuple[str, ...], settings: PacketSettings) -> bool:
    """Whether a recorded entry for this path is accepted and not compared."""
    return _group(path, own, settings) != _GOVERNED


def is_own(path: str, own: tuple[str, ...]) -> bool:
    """Whether the path is one of ``own_paths`` or lies in one of its folders."""
    # Nearly no path begins as one of them does.
    return path.startswith(own) and any(
        path == name or (name.endswith("/") and path.startswith(name)) for name in own
    )


def _group(path: str, own: tuple[str, ...], settings: PacketSettings) -> int:
    """What a path needs, the more the higher."""
    if is_own(path, own):
        return _OWN
    if is_packet_file(path, settings):
        return _PACKET_FILE
    return _EXEMPT if matches_any(settings.exempt, path) else _GOVERNED
