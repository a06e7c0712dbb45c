"""The steps of a change for the authority check: what each commit did to a packet's plan and to the work."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property

from gatekeeper.changes.history import history
from gatekeeper.changes.repository import Repository
from gatekeeper.gates.select import ignored_by_manifest
from gatekeeper.model.changes import ChangeKind, FileChange
from gatekeeper.model.history import Commit, Plan, Step
from gatekeeper.model.packet import Packet
from gatekeeper.model.settings import Settings
from gatekeeper.packet.judging import judging_parts, lacks_only_blocks
from gatekeeper.packet.markdown import PacketUnreadable, text_lines
from gatekeeper.runs.load import Judged, read_packet, refinement_path

Only = Callable[[FileChange], bool]


def steps_of(
    repo: Repository,
    wp_id: str,
    judged: Judged,
    packet: Packet | None,
    *,
    own: tuple[str, ...],
    only: Only | None,
) -> tuple[Step, ...] | None:
    """What lies between the endpoints, parents before children.

    ``packet`` is what the gate judges by: a writing run takes it from the work tree, whose edits then count as
    uncommitted state. Work is what needs an entry (``own`` are this packet's paths) and what ``only`` keeps. None
    where a shallow clone lacks part of the history. Raises RepositoryError.
    """
    endpoints, settings = judged.endpoints, judged.settings
    commits = history(repo, endpoints)
    if commits is None:
        return None
    if endpoints.head is not None and endpoints.head == repo.head:
        commits = (*commits, Commit(None, (endpoints.head,), ()))

    def is_work(path: str) -> bool:
        if ignored_by_manifest(path, own, settings.packets):
            return False
        return only is None or only(FileChange(path, ChangeKind.MODIFIED, None, None))

    plans = _Plans(repo, wp_id, settings, endpoints.head_tree, packet)
    return tuple(plans.step(commit, is_work) for commit in commits)


class _Plans:
    """The plan in each commit; a packet is parsed anew only where a commit touches it or its refinement."""

    def __init__(
        self, repo: Repository, wp_id: str, settings: Settings, head_tree: str, packet: Packet | None
    ) -> None:
        self._repo = repo
        self._wp_id = wp_id
        self._settings = settings
        self._head_tree = head_tree
        self._judged_by = packet
        folder = settings.packets.dir
        names = (f"{wp_id}.md", f"{wp_id}/packet.md")
        self._packet_paths = names if folder == "." else tuple(f"{folder}/{name}" for name in names)
        self._places: dict[str, int] = {}
        self._known: dict[str, tuple[Plan | None, str]] = {}
        self._judging: dict[bytes | None, Plan] = {}

    @cached_property
    def _refinement(self) -> str:
        """The path of the refinement of the packet that is judged by."""
        return refinement_path(self._judged_by, self._wp_id, self._settings)

    def step(self, commit: Commit, is_work: Callable[[str], bool]) -> Step:
        """The step of a commit whose parents have had theirs."""
        before = tuple(self._at(parent)[0] for parent in commit.parents)
        parents = tuple(self._places[parent] for parent in commit.parents if parent in self._places)
        work = tuple(path for path in commit.paths if is_work(path))
        if commit.oid is None:
            return Step(parents, work, before, self._plan(self._head_tree, self._judged_by)[0])
        self._places[commit.oid] = len(self._places)
        if len(commit.parents) == 1:
            parent = self._at(commit.parents[0])
            if not {*self._packet_paths, parent[1]} & set(commit.paths):
                self._known[commit.oid] = parent
        return Step(parents, work, before, self._at(commit.oid)[0])

    def _at(self, commit: str) -> tuple[Plan | None, str]:
        """The plan in a commit, and the path of its refinement."""
        if commit not in self._known:
            self._known[commit] = self._plan(commit, self._packet(commit))
        return self._known[commit]

    def _plan(self, tree: str, packet: Packet | None) -> tuple[Plan | None, str]:
        if packet is None:
            return None, refinement_path(None, self._wp_id, self._settings)
        is_known = packet is self._judged_by
        path = self._refinement if is_known else refinement_path(packet, self._wp_id, self._settings)
        wanted = self._settings.packets.refinement != "off"
        refinement = self._repo.file_at(tree, path) if wanted else None
        if not is_known:
            return judging_parts(packet, refinement), path
        if refinement not in self._judging:
            self._judging[refinement] = judging_parts(packet, refinement)
        return self._judging[refinement], path

    def _packet(self, commit: str) -> Packet | None:
        for path in self._packet_paths:
            data = self._repo.file_at(commit, path)
            if data is not None:
                return self._parsed(path, data)
        return None

    def _parsed(self, path: str, data: bytes) -> Packet | None:
        """The packet in these bytes; the one that is judged by where nothing differs that counts for a plan."""
        known = self._judged_by
        if known is not None and known.sha256 == hashlib.sha256(data).hexdigest() and known.path == path:
            return known
        with suppress(PacketUnreadable):
            if known is not None and lacks_only_blocks(known, text_lines(data, path)):
                return known
        return read_packet(path, self._wp_id, data).packet
