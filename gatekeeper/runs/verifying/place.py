"""Where a record belongs in history: the commit that recorded it, and the base of the change that it is about."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from gatekeeper.changes.ancestry import Ancestry
from gatekeeper.changes.netted import Net, net_changes
from gatekeeper.changes.recorded import FileHistory
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Endpoints
from gatekeeper.gates.select import ignored_by_manifest, own_paths
from gatekeeper.manifest.compare import compare
from gatekeeper.manifest.compute import digest, digest_of
from gatekeeper.model.changes import ChangeKind, FileChange
from gatekeeper.model.errors import GateError, NotRunError
from gatekeeper.model.finding import Severity
from gatekeeper.model.manifest import ManifestEntry
from gatekeeper.model.settings import Settings
from gatekeeper.packet.judging import recorded_base
from gatekeeper.runs.load import Judged, judged_between, read_packet, refinement_path, settings_at
from gatekeeper.runs.once import Once
from gatekeeper.runs.verifying.record import Record, record_in

# Merges whose second parent may be main as it was merged into the work.
_MERGES = 20
# How many earlier versions of a packet are asked where the present one has no place.
_EARLIER = 20
_FILES = frozenset({"manifest.missing", "manifest.stale", "manifest.duplicate"})


@dataclass(frozen=True, slots=True)
class Ground:
    """What places are looked for in: history up to HEAD, as far as it is here.

    ``others`` tells the files that the manifests of all packets but one name.
    """

    repository: Repository
    ancestry: Ancestry
    files: FileHistory
    once: Once
    config: Path | None
    others: Callable[[str], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Place:
    """The two ends of a recorded change and what judges it.

    ``fits`` is false for the nearest that there is, where no base of history gives the recorded change digest;
    ``digest`` is the one computed. ``only`` are the packet's own files of a change that other packets share, each
    judged on the files that its manifest names (contract, section 3); None where the whole change is its own.
    """

    judged: Judged
    digest: str
    fits: bool
    only: frozenset[str] | None = None

    @property
    def commit(self) -> str:
        """The commit that recorded it."""
        return self.judged.endpoints.head or ""


@dataclass(frozen=True, slots=True)
class _Base:
    """A commit that the change may begin from, None for nothing at all, and the clause that says what it is."""

    commit: str | None
    name: str


@dataclass(frozen=True, slots=True)
class _Trial:
    """A place and how far it is from what is recorded: files on one side alone, then values that differ."""

    place: Place
    distance: tuple[int, int] = (0, 0)


def recorded_at(record: Record, ground: Ground, tip: str | None = None) -> str:
    """The oldest commit since which the packet has held this record, up to ``tip`` or HEAD.

    Raises NotRunError where a shallow clone was cut before it.
    """
    repository = ground.repository

    def holds(blob: str) -> bool:
        return record.held_by(b"".join(repository.read_blob(blob)))

    since = ground.files.since(record.path, record.blob, holds, tip=tip)
    if since is None or since.cut:
        if repository.is_shallow:
            raise repository.cut_off(f"The commit that recorded {record.path}")
        raise NotRunError(f"No commit of HEAD's history holds {record.path}.", hint="git fsck")
    return since.commit


def place_of(record: Record, ground: Ground) -> Place | None:
    """Where the record was made, and the base that gives the change that it records, the likeliest first.

    Where none does, the packet may have been taken back and brought again, or what it recorded before shows what
    was edited; else it is the nearest that there is. None where there is nothing to compare with.

    Raises NotRunError where a shallow clone may lack what is needed.
    """
    commit = recorded_at(record, ground)
    nearest = _found(record, commit, ground)
    if nearest is not None and nearest.fits:
        return nearest
    if ground.repository.is_shallow:
        raise ground.repository.cut_off(f"The base of the change that {record.path} records")
    return _earlier(record, commit, ground) or nearest


def _found(record: Record, commit: str, ground: Ground) -> Place | None:
    search = _Search(record, commit, ground)
    best: _Trial | None = None
    for base in search.bases():
        trial = search.tried(base)
        if trial is None:
            continue
        if trial.place.fits:
            return trial.place
        if best is None or trial.distance < best.distance:
            best = trial
    return best.place if best else None


def _earlier(record: Record, commit: str, ground: Ground) -> Place | None:
    """The place of the last record that the packet held before and that has one."""
    tried = {(record.texts, commit)}
    for came, blob in ground.files.came(record.path)[:_EARLIER]:
        data = b"".join(ground.repository.read_blob(blob))
        packet = read_packet(record.path, record.wp_id, data).packet
        before = record_in(packet, blob) if packet else None
        if before is None or not before.is_there:
            continue
        at = recorded_at(before, ground, came)
        place = _found(before, at, ground) if (before.texts, at) not in tried else None
        tried.add((before.texts, at))
        if place is not None and place.fits:
            is_same = before.texts == record.texts or before.change == record.change is not None
            return replace(place, fits=is_same)
    return None


class _Search:
    """One record's bases, each tried once."""

    def __init__(self, record: Record, commit: str, ground: Ground) -> None:
        self._record = record
        self._commit = commit
        self._ground = ground
        self._tried: set[str | None] = set()
        self._tree = ground.repository.tree_id(commit)

    def bases(self) -> Iterator[_Base]:
        yield from self._named()
        yield from self._main()
        ancestry = self._ground.ancestry
        fork = ancestry.fork(self._commit)
        if fork is not None and fork != self._commit:
            yield _Base(fork, "the commit at which its branch left")
        parents = ancestry.parents[self._commit]
        if parents:
            yield _Base(parents[0], "the first parent")
        yield from self._merged()
        yield from self._netted()

    def _named(self) -> Iterator[_Base]:
        """The packet's MERGE_BASE_SHA, where it lies before the commit."""
        packet = self._record.packet
        recorded = recorded_base(packet) if packet else None
        if not recorded:
            return
        try:
            commit = self._ground.repository.resolve_commit(recorded)
        except GateError:
            return
        if self._ground.ancestry.contains(self._commit, commit):
            yield _Base(commit, "the packet's MERGE_BASE_SHA")

    def _main(self) -> Iterator[_Base]:
        """The merge-base with main, where main doesn't hold the commit."""
        repository = self._ground.repository
        try:
            main = repository.main(self._settings.git.main, self._commit)
        except NotRunError:
            return
        if main is not None and main.merge_base != self._commit:
            yield _Base(main.merge_base, f"the merge-base with {main.name}")

    def _merged(self) -> Iterator[_Base]:
        """What was merged into the commit's own line of first parents: main, as it was then."""
        ancestry = self._ground.ancestry
        seconds = (parents[1] for c in ancestry.line(self._commit) if len(parents := ancestry.parents[c]) > 1)
        for _, commit in zip(range(_MERGES), seconds, strict=False):
            yield _Base(commit, "what was merged into it")

    def _netted(self) -> Iterator[_Base]:
        """The commits of the line of first parents from which the net change is the recorded one."""
        likely = self._likely()
        with closing(net_changes(self._ground.repository, self._commit)) as nets:
            for net in nets:
                if likely(net):
                    yield _Base(net.base, "a commit of its line of first parents")

    @cached_property
    def _settings(self) -> Settings:
        """What the commit itself configures."""
        return settings_at(self._ground.repository, self._commit, self._ground.config)

    def _likely(self) -> Callable[[Net], bool]:
        """Whether a net change may be the recorded one; told exactly where nothing was renamed."""
        record = self._record
        own, packets = self._own(self._settings), self._settings.packets

        def likely(net: Net) -> bool:
            if len(net.changes) < len(record.targets):
                return False
            governed = {p: sides for p, sides in net.changes.items() if not ignored_by_manifest(p, own, packets)}
            if governed.keys() != record.targets:
                return False
            if record.change is None or record.renames:
                return True
            changes = (FileChange(p, ChangeKind.MODIFIED, *sides) for p, sides in governed.items())
            return digest_of(changes) == record.change

        return likely

    def _own(self, settings: Settings) -> tuple[str, ...]:
        record = self._record
        refinement = refinement_path(record.packet, record.wp_id, settings)
        return own_paths(record.wp_id, record.path, refinement, settings.packets)

    def tried(self, base: _Base) -> _Trial | None:
        """What the change from that base comes to; None for a base that was tried before."""
        if base.commit in self._tried:
            return None
        self._tried.add(base.commit)
        judged = judged_between(self._ground.repository, self._endpoints(base), self._ground.config)
        entries = self._entries(judged)
        computed = digest(entries)
        shared = self._shared(judged, entries, computed)
        if shared is not None:
            return _Trial(shared)
        if computed == self._record.change:
            return _Trial(Place(judged, computed, fits=True))
        distance = self._distance(judged, entries)
        fits = self._record.change is None and distance == (0, 0)
        return _Trial(Place(judged, computed, fits), distance)

    def _shared(self, judged: Judged, entries: Sequence[ManifestEntry], computed: str) -> Place | None:
        """The place of a change that is recorded by several packets together, this one's part of it."""
        record = self._record
        own = [entry for entry in entries if entry.path in record.targets]
        rest = {entry.path for entry in entries if entry.path not in record.targets}
        if not rest or not own:
            return None
        fits = record.change in {computed, digest(own)}
        if record.change is None:
            fits = self._distance(judged, own) == (0, 0)
        if not fits or not rest <= self._ground.others(record.wp_id):
            return None
        kept = frozenset(entry.path for entry in own)
        return Place(judged, record.change or digest(own), fits=True, only=kept)

    def _entries(self, judged: Judged) -> tuple[ManifestEntry, ...]:
        settings = judged.settings
        return self._ground.once.selected(judged.endpoints, self._own(settings), settings)[1]

    def _distance(self, judged: Judged, entries: Sequence[ManifestEntry]) -> tuple[int, int]:
        own, packets = self._own(judged.settings), judged.settings.packets
        entered = {entry.path for entry in entries}
        compared = compare(
            entries,
            self._record.entries,
            packet_path=self._record.path,
            ignored=lambda path: path not in entered and ignored_by_manifest(path, own, packets),
            blobs=self._ground.repository.read_blob,
            facts=self._ground.once.change_set(judged.endpoints).blobs,
        )
        errors = [finding.rule for finding in compared.findings if finding.severity is Severity.ERROR]
        return sum(rule in _FILES for rule in errors), len(errors)

    def _endpoints(self, base: _Base) -> Endpoints:
        repository = self._ground.repository
        base_tree = repository.empty_tree if base.commit is None else repository.tree_id(base.commit)
        start = f"{base.name} ({base.commit[:12]})" if base.commit else "nothing"
        reason = f"From {start} to {self._commit[:12]}, which recorded it."
        return Endpoints("range", reason, base.commit, self._commit, base_tree, self._tree)
