"""``check``: every packet that a range of commits touches, and every changed file by a packet, without an id."""

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gatekeeper import __version__
from gatekeeper.changes.messages import messages
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Selector
from gatekeeper.gates.case import Case
from gatekeeper.gates.coverage import Claim, at_work, check_coverage, claim_of
from gatekeeper.gates.pipeline import EXIT_CODES, TITLES, judge, overall, reason_of
from gatekeeper.gates.select import ignored_by_manifest, is_own, own_paths
from gatekeeper.manifest.compute import digest
from gatekeeper.model.changes import ChangeSet, FileChange, TreeView
from gatekeeper.model.errors import ExitCode
from gatekeeper.model.finding import CheckResult, Finding, Severity, status_of
from gatekeeper.model.names import encode, for_output
from gatekeeper.model.verdict import Verdict
from gatekeeper.packet.lookup import ids_in
from gatekeeper.runs.gates import judge_work
from gatekeeper.runs.load import (
    FoundPacket,
    FoundRefinement,
    Judged,
    Progress,
    find_packet,
    find_refinement,
    judged_by_base,
    manifest_changed,
    today,
)
from gatekeeper.runs.once import Once
from gatekeeper.runs.plan import ids_at
from gatekeeper.runs.verdicts import Clock, gate_verdict, manifest_rows, summary


def check(
    repo: Path, *, selector: Selector | None = None, config: Path | None = None, progress: Progress | None = None
) -> Verdict:
    """Is everything in this range accounted for and proven? Judges what is recorded, writes nothing.

    Without a selector the range is the merge-base with main to HEAD, on main the first parent to HEAD. The
    verdict's ``packets`` are those of the touched packets. Raises UsageError for an unknown revision, NotRunError
    where main or a part of the history is missing, ConfigError, RepositoryError.
    """
    clock = Clock()
    chosen = selector or Selector()
    if chosen.kind == "auto":
        chosen = replace(chosen, kind="committed")
    with Repository.open(repo) as repository:
        judged = judged_by_base(repository, chosen, None, config)
        run = _Check(repository, chosen, config, judged, Once(repository, progress))
        return run.verdict(clock)


@dataclass(frozen=True, slots=True)
class _Touched:
    """A packet of the head's tree that the range touches; ``own`` are the paths that belong to it itself."""

    found: FoundPacket
    refined: FoundRefinement
    own: tuple[str, ...]


class _Check:
    """One run over a range: which packets it touches, which of them it works on, and what each comes to."""

    def __init__(
        self, repository: Repository, selector: Selector, config: Path | None, judged: Judged, once: Once
    ) -> None:
        self.repository = repository
        self.selector = selector
        self.config = config
        self.judged = judged
        self.once = once
        self.settings = judged.settings
        self.head: TreeView = repository.tree(judged.endpoints.head_tree)
        self.base: TreeView = repository.tree(judged.endpoints.base_tree)
        self.change_set: ChangeSet = once.change_set(judged.endpoints)
        self.ids: Mapping[str, Sequence[str]] = ids_at(self.head, judged.settings)

    def verdict(self, clock: Clock) -> Verdict:
        touched = self._touched()
        own = tuple(path for packet in touched.values() for path in packet.own)
        selection, entries = self.once.selected(self.judged.endpoints, own, self.settings)
        governed = selection.governed
        claims = at_work(self._claim(wp_id, touched[wp_id], governed) for wp_id in sorted(touched))
        packets = tuple(self._packet(wp_id, touched, claims) for wp_id in sorted(touched))
        findings = (*self.judged.notes, *self._notes(touched), *check_coverage(governed, claims))
        coverage = status_of(findings)
        status = overall((coverage, *(packet.status for packet in packets)))
        gates = {row.target_file: row.gates for packet in packets for row in packet.manifest}
        result = CheckResult(
            id="coverage",
            title=TITLES["coverage"],
            status=coverage,
            reason=reason_of(coverage, findings),
            duration_ms=clock.duration_ms,
            findings=tuple(sorted(findings, key=Finding.sort_key)),
        )
        return Verdict(
            gate="check",
            wp_id=None,
            packet=None,
            status=status,
            exit_code=EXIT_CODES.get(status, ExitCode.PASS),
            tool_version=__version__,
            started_at=clock.started_at,
            duration_ms=clock.duration_ms,
            change_set=summary(self.change_set, digest(entries), len(entries)),
            manifest=manifest_rows(entries, gates),
            checks=(result,),
            packets=packets,
        )

    def _touched(self) -> dict[str, _Touched]:
        """Packets of which a file changed: packet, refinement or evidence; and those that a message names."""
        changed = {name for change in self.change_set.changes for name in _names(change)}
        listing = "\n".join(changed)
        # A refinement may lie anywhere; its packet holds the file's name.
        documents = {encode(posixpath.basename(name)) for name in changed if name.endswith(".md")}
        named = ids_in("\n".join(self._messages()), self.ids)
        touched = {}
        for wp_id, paths in self.ids.items():
            near = wp_id in named or wp_id in listing or self._mentions(paths, documents)
            packet = self._read(wp_id, paths) if near else None
            if packet is not None and (wp_id in named or any(is_own(name, packet.own) for name in changed)):
                touched[wp_id] = packet
        return touched

    def _messages(self) -> Sequence[str]:
        endpoints = self.judged.endpoints
        commit = endpoints.head or self.repository.head
        return messages(self.repository, endpoints.base, commit) if commit else ()

    def _mentions(self, paths: Sequence[str], documents: set[bytes]) -> bool:
        """Whether a packet's file holds one of the names; parsing each packet would cost a hundred times that."""
        files = (self.head.read(path) for path in paths if not self.head.entries[path].is_submodule)
        return bool(documents) and any(document in data for data in files for document in documents)

    def _read(self, wp_id: str, paths: Sequence[str]) -> _Touched:
        found = find_packet(wp_id, self.head, self.settings)
        refined = find_refinement(found.packet, wp_id, self.head, self.settings)
        own = own_paths(wp_id, found.path, refined.path, self.settings.packets)
        return _Touched(found, refined, (*own, *paths))

    def _notes(self, touched: Mapping[str, _Touched]) -> Iterator[Finding]:
        if not self.change_set.changes and not touched:
            yield Finding(
                rule="check.empty",
                severity=Severity.NOTE,
                message="The range holds no change and names no packet, so there is nothing to check.",
            )
        for wp_id, paths in ids_at(self.base, self.settings).items():
            if wp_id not in self.ids:
                yield Finding(
                    rule="check.deleted",
                    severity=Severity.NOTE,
                    message=f"{wp_id} is gone at head, so nothing of it is judged.",
                    path=for_output(paths[0]),
                )

    def _claim(self, wp_id: str, packet: _Touched, governed: Sequence[FileChange]) -> Claim:
        recorded_now = manifest_changed(wp_id, self.ids[wp_id], self.base, self.head)
        return claim_of(wp_id, packet.found.packet, governed, recorded_now=recorded_now)

    def _packet(self, wp_id: str, touched: Mapping[str, _Touched], claims: Sequence[Claim]) -> Verdict:
        """The packet's own verdict: post-work for one at work, else the checks of what it says."""
        clock = Clock()
        claim = next((claim for claim in claims if claim.wp_id == wp_id), None)
        if claim is None:
            case = self._case(wp_id, touched[wp_id])
            return gate_verdict(case, judge(case), clock)
        # On main this is the packet's whole change, which may begin before the range (contract, section 3).
        judged = judged_by_base(self.repository, self.selector, wp_id, self.config)
        only = None
        if len(claims) > 1:
            only = self._only(claim, touched[wp_id].own, [touched[c.wp_id].own for c in claims if c is not claim])
        return judge_work(self.repository, wp_id, judged, self.once, clock, check=True, only=only)

    def _only(
        self, claim: Claim, own: tuple[str, ...], others: Sequence[tuple[str, ...]]
    ) -> Callable[[FileChange], bool]:
        """What is one packet's among several at work: the files that its manifest names, and what needs no entry.

        The other packets at work change together with it, which is no change of another packet behind its back.
        """
        foreign = tuple(path for paths in others for path in paths)

        def keeps(change: FileChange) -> bool:
            names = _names(change)
            if change.path in claim.named or all(is_own(name, own) for name in names):
                return True
            if any(is_own(name, foreign) for name in names):
                return False
            return all(ignored_by_manifest(name, own, self.settings.packets) for name in names)

        return keeps

    def _case(self, wp_id: str, packet: _Touched) -> Case:
        """A packet that isn't at work, for the checks of packet, refinement, lineage and links."""
        return Case(
            gate="check",
            wp_id=wp_id,
            packet_path=packet.found.path,
            packet=packet.found.packet,
            packet_problems=packet.found.problems,
            refinement_path=packet.refined.path,
            refinement=packet.refined.refinement,
            refinement_problems=packet.refined.problems,
            settings=self.settings,
            head=self.head,
            base=self.base,
            committed=None,
            today=today(self.repository, self.judged.endpoints.head),
            packet_ids=self.ids,
        )


def _names(change: FileChange) -> tuple[str, ...]:
    return (change.path,) if change.old_path is None else (change.old_path, change.path)
