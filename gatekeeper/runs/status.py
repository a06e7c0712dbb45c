"""``overview``: where every packet stands. From packets and git alone, or with what the ledger adds."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gatekeeper import clock
from gatekeeper.changes.log import Touch, touches
from gatekeeper.changes.repository import Repository
from gatekeeper.ledger import open_ledger
from gatekeeper.model.errors import LedgerError
from gatekeeper.model.ledger import Event
from gatekeeper.model.names import for_output
from gatekeeper.model.settings import Settings
from gatekeeper.model.status import LastVerdict, PacketStatus
from gatekeeper.packet.glance import Glance, glance
from gatekeeper.packet.lookup import base_and_revision, packet_paths
from gatekeeper.packet.markdown import PacketUnreadable, without_backticks, without_note
from gatekeeper.packet.signed import changed_parts, part_digests, token_in
from gatekeeper.packet.values import is_placeholder
from gatekeeper.runs.configured import refinement_at, settings_from_disk
from gatekeeper.runs.state import recorded_verdict, state_of

_NEXT = {
    "draft": "gate pre-work {0}",
    "refined": "gate sign {0}",
    "signed": "gate approve {0} --commit",
    "approved": "gate pre-work {0}",
    "in-progress": "gate post-work {0}",
    "failed": "gate post-work {0}",
    "stale": "gate post-work {0}",
    "proven": "gate post-work {0} --check",
    "unreadable": "gate pre-work {0}",
}
_OWNERS = ("AGENT_ID", "REQUESTOR")
_LAST_SECOND = 253_402_300_799


@dataclass(frozen=True, slots=True)
class Overview:
    """Every packet, sorted by id; ``missed`` says why the ledger could not be read, None where it was."""

    packets: tuple[PacketStatus, ...]
    missed: LedgerError | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the ledger knows of a packet: its last gate runs by gate, its signatures by token."""

    runs: dict[str, Event] = field(default_factory=dict)
    signatures: dict[object, Event] = field(default_factory=dict)


def overview(repo: Path, *, config: Path | None = None) -> Overview:
    """Where every packet of the work tree stands (of HEAD in a bare repository), with what the ledger adds.

    Raises ConfigError, RepositoryError.
    """
    with Repository.open(repo) as repository:
        settings = settings_from_disk(repository, config).settings
        files = Files(repository, settings)
        try:
            with open_ledger(settings.ledger, repository.common_dir) as ledger:
                recorded, missed = recorded_by_packet(ledger.events()), None
        except LedgerError as error:
            recorded, missed = {}, error
        commits = touches_by_path(repository, settings)
        now = _now()
        rows = [
            _dated(_row(files, wp_id, paths, recorded.get(wp_id, Recorded()), with_files=True), commits, now)
            for wp_id, paths in files.packets.items()
        ]
    return Overview(tuple(rows), missed)


def packets_alone(repo: Path, *, config: Path | None = None) -> tuple[PacketStatus, ...]:
    """Every packet by what packets and refinements say, and nothing else: no time, no ledger, no other file.

    So the same tree always gives the same rows. Raises ConfigError, RepositoryError.
    """
    with Repository.open(repo) as repository:
        files = Files(repository, settings_from_disk(repository, config).settings)
        return tuple(_row(files, *item, Recorded(), with_files=False) for item in files.packets.items())


class Files:
    """The packets and their files, as they lie in the work tree; of a bare repository those of HEAD."""

    def __init__(self, repository: Repository, settings: Settings) -> None:
        self.repository = repository
        self.settings = settings
        self._root = repository.root
        self._tree = repository.tree(repository.head) if self._root is None and repository.head else None
        self.packets: Mapping[str, Sequence[str]] = dict(sorted(packet_paths(self._names(), self._dir).items()))

    @property
    def _dir(self) -> str:
        return self.settings.packets.dir

    def _names(self) -> list[str]:
        if self._root is None:
            return sorted(self._tree.entries) if self._tree else []
        folder = self._root / self._dir
        prefix = "" if self._dir == "." else f"{self._dir}/"
        names = [f"{prefix}{file.name}" for file in folder.glob("WP-*.md") if file.is_file()]
        return names + [f"{prefix}{file.parent.name}/packet.md" for file in folder.glob("WP-*/packet.md")]

    def read(self, path: str) -> bytes | None:
        """A file's bytes, None where there is none that can be read."""
        if self._root is None:
            return self._tree.read(path) if self._tree and path in self._tree.entries else None
        file = self._root / path
        try:
            return None if file.is_symlink() else file.read_bytes()
        except OSError:
            return None

    def stands(self, path: str, sha1: str) -> bool:
        """Whether the file has that SHA1, in the work tree or at HEAD; forty zeros where it is gone."""
        data = self.read(path)
        if data is None:
            return set(sha1) == {"0"}
        if sha1 in {_sha1(data), _sha1(data.replace(b"\r\n", b"\n"))}:
            return True
        committed = self.repository.file_at("HEAD", path) if self.repository.head else None
        return committed is not None and _sha1(committed) == sha1


def recorded_by_packet(events: Iterable[Event]) -> dict[str, Recorded]:
    """What a ledger tells of each packet."""
    found: dict[str, Recorded] = {}
    for event in events:
        if event.wp_id is None:
            continue
        if event.kind == "gate-run":
            found.setdefault(event.wp_id, Recorded()).runs[str(event.data.get("gate"))] = event
        elif event.kind == "signed":
            found.setdefault(event.wp_id, Recorded()).signatures[str(event.data.get("token"))] = event
    return found


def touches_by_path(repository: Repository, settings: Settings) -> dict[str, list[Touch]]:
    """The commits that changed each file of the packets and refinements folders, newest first; one git process."""
    found: dict[str, list[Touch]] = {}
    folders = sorted({settings.packets.dir, settings.packets.refinements})
    for touch in touches(repository, folders):
        for path in touch.paths:
            found.setdefault(path, []).append(touch)
    return found


def _row(files: Files, wp_id: str, paths: Sequence[str], recorded: Recorded, *, with_files: bool) -> PacketStatus:
    base, revision = base_and_revision(wp_id)
    row = PacketStatus(wp_id, base, revision, paths[0], "unreadable", None, None, None, None, None, None, None)
    if len(paths) > 1:
        return _noted(row, f"{wp_id} has {len(paths)} packets: {', '.join(map(for_output, paths))}.")
    data = files.read(paths[0])
    if data is None:
        return _noted(row, f"{paths[0]} is no regular file.")
    try:
        packet = glance(data, paths[0])
        refined = _refinement(files, wp_id, packet)
    except PacketUnreadable as error:
        return _noted(row, str(error))
    verdict = _last(packet, recorded)
    of_work = verdict if verdict and verdict.gate == "post-work" else recorded_verdict(packet)
    state = state_of(
        packet,
        data,
        refined.seen,
        refined.data,
        refinements=files.settings.packets.refinement != "off",
        verdict=of_work,
        stands=files.stands if with_files else None,
    )
    row = replace(
        row,
        state=state,
        status=packet.fields.get("STATUS", "").strip() or None,
        owner=_owner(packet),
        verdict=verdict,
        next=_NEXT[state].format(wp_id) if state in _NEXT else None,
    )
    changed = _changed(row, data, refined, packet, recorded) if state == "signed" else ()
    if not changed:
        return row
    row = _noted(row, f"Since it was signed, {', '.join(changed)} changed.")
    return replace(row, next=f"gate sign {wp_id} --again")


@dataclass(frozen=True, slots=True)
class _Refined:
    seen: Glance | None
    data: bytes | None


def _refinement(files: Files, wp_id: str, packet: Glance) -> _Refined:
    if files.settings.packets.refinement == "off":
        return _Refined(None, None)
    named = packet.fields.get("REFINEMENT_FILE", "")
    path = refinement_at(without_backticks(without_note(named)[0]), wp_id, files.settings)
    data = None if path.startswith("../") else files.read(path)
    return _Refined(None, None) if data is None else _Refined(glance(data, path), data)


def _last(packet: Glance, recorded: Recorded) -> LastVerdict | None:
    """The last gate run that the ledger knows, else what the packet records."""
    run = max(recorded.runs.values(), key=lambda event: event.seq, default=None)
    if run is None:
        return recorded_verdict(packet)
    return LastVerdict(str(run.data.get("gate")), str(run.data.get("status")), run.at, "ledger")


def _changed(
    row: PacketStatus, data: bytes, refined: _Refined, packet: Glance, recorded: Recorded
) -> tuple[str, ...]:
    """The parts that changed since the ledger's record of the signature; nothing is parsed where no byte did."""
    event = recorded.signatures.get(token_in(packet.fields.get("USER_SIGNATURE", "")))
    then = event.data.get("parts") if event else None
    if event is None or not isinstance(then, dict):
        return ()
    same = event.packet_digest == hashlib.sha256(data).hexdigest()
    if same and event.data.get("refinement_digest") == hashlib.sha256(refined.data or b"").hexdigest():
        return ()
    from gatekeeper.packet.parse import parse_packet  # noqa: PLC0415 - most packets are never parsed here

    return changed_parts(then, part_digests(parse_packet(row.path, row.wp_id, data), refined.data))


def _owner(packet: Glance) -> str | None:
    values = (packet.fields.get(name, "").strip() for name in _OWNERS)
    return next((value for value in values if value and not is_placeholder(value)), None)


def _dated(row: PacketStatus, commits: Mapping[str, Sequence[Touch]], now: dt.datetime) -> PacketStatus:
    """The row with what git knows of the packet's file: when it was made and changed, and who made it."""
    found = commits.get(row.path, ())
    if not found:
        return _noted(row, "It isn't committed yet.")
    made, changed = min(touch.at for touch in found), max(touch.at for touch in found)
    return replace(
        row,
        owner=row.owner or found[-1].author,
        made_at=utc(made),
        changed_at=utc(changed),
        age=max(0, round(now.timestamp()) - made),
    )


def _noted(row: PacketStatus, note: str) -> PacketStatus:
    following = row.next or (_NEXT["unreadable"].format(row.wp_id) if row.state == "unreadable" else None)
    return replace(row, notes=(*row.notes, note), next=following)


def utc(seconds: int) -> str:
    """Seconds since 1970 as ISO 8601 with a Z; what no calendar holds is the nearest that one does."""
    within = min(max(seconds, 0), _LAST_SECOND)
    return dt.datetime.fromtimestamp(within, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _sha1(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def _now() -> dt.datetime:
    return clock.now()
