"""``timeline``: one packet from its first commit on; ``log``: the ledger's events."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gatekeeper.changes.log import Touch, touches
from gatekeeper.changes.repository import Repository
from gatekeeper.ledger import open_ledger
from gatekeeper.model.errors import LedgerError
from gatekeeper.model.ledger import Event
from gatekeeper.model.status import Moment, PacketStatus
from gatekeeper.packet.glance import Glance, glance
from gatekeeper.packet.markdown import PacketUnreadable
from gatekeeper.packet.signed import SIGNATURE, token_in
from gatekeeper.runs.load import refinement_path, require_wp_id, settings_from_disk, unknown_id
from gatekeeper.runs.plan import pre_work_case
from gatekeeper.runs.standing import Standing, standing_of, statement_path
from gatekeeper.runs.state import recorded_verdict
from gatekeeper.runs.status import overview, utc


@dataclass(frozen=True, slots=True)
class History:
    """One packet: its row, its signature, and what happened, oldest first; ``missed`` as in ``Overview``."""

    packet: PacketStatus
    signature: Standing | None
    moments: tuple[Moment, ...]
    missed: LedgerError | None = None


def timeline(repo: Path, wp_id: str, *, config: Path | None = None) -> History:
    """Where a packet stands and how it came there, by git and by the ledger.

    Raises UsageError for an unknown id, ConfigError, RepositoryError.
    """
    require_wp_id(wp_id)
    whole = overview(repo, config=config)
    row = next((packet for packet in whole.packets if packet.wp_id == wp_id), None)
    with Repository.open(repo) as repository:
        settings = settings_from_disk(repository, config).settings
        if row is None:
            raise unknown_id(wp_id, [packet.wp_id for packet in whole.packets], settings.packets.dir)
        case = pre_work_case(repository, wp_id, settings)
        refinement = refinement_path(case.packet, wp_id, settings)
        paths = [row.path, refinement, statement_path(wp_id, settings.packets)]
        inside = [path for path in paths if not path.startswith("../")]
        commits = touches(repository, inside)[::-1]
        events: tuple[Event, ...] = ()
        signature, missed = None, whole.missed
        if missed is None:
            with open_ledger(settings.ledger, repository.common_dir) as ledger:
                events = tuple(ledger.events(wp_id))
                signature = standing_of(repository, case, ledger) if row.state != "unreadable" else None
        moments = tuple(in_order(commits, [*_from_git(repository, row.path, commits)], events))
    return History(row, signature, moments, missed)


def log(repo: Path, wp_id: str | None, *, config: Path | None = None) -> tuple[Event, ...]:
    """The ledger's events, of one packet or of all, in the chain's order.

    Raises UsageError for what is no id, LedgerError, ConfigError, RepositoryError.
    """
    if wp_id is not None:
        require_wp_id(wp_id)
    with Repository.open(repo) as repository:
        settings = settings_from_disk(repository, config).settings
        with open_ledger(settings.ledger, repository.common_dir) as ledger:
            return tuple(ledger.events(wp_id))


def in_order(commits: Sequence[Touch], moments: Sequence[Moment], events: Sequence[Event]) -> Iterator[Moment]:
    """The commits' moments, oldest first, and those of the events, in the order of what happened.

    Git tells time to the second. Within one an event comes before the commits, for what is signed is committed
    next, but after a commit that it names as the one judged; and events keep their own order.
    """
    places = {commit.oid: place for place, commit in enumerate(commits)}
    judged: dict[str, int] = {}
    ranked: list[tuple[tuple[str, int], Moment]] = []
    for event in events:
        second, head = event.at[:19], places.get(str(event.data.get("head")))
        if head is not None:
            judged[second] = head
        ranked.append(((second, 2 if second in judged else 0), _moment(event)))
    for place, moment in enumerate(moments):
        second = moment.at[:19]
        ranked.append(((second, 3 if place > judged.get(second, place) else 1), moment))
    yield from (moment for _, moment in sorted(ranked, key=lambda pair: pair[0]))


def _from_git(repository: Repository, own: str, commits: Sequence[Touch]) -> Iterator[Moment]:
    for commit in commits:
        path = own if own in commit.paths else None
        after = _at(repository, commit.oid, path)
        before = _at(repository, commit.parents[0], path) if commit.parents else None
        what = ", ".join(_what(before, after)) if path else ""
        yield Moment(utc(commit.at), "git", what or f"changed: {commit.subject}", commit.author, commit.oid[:12])


def _at(repository: Repository, commit: str, path: str | None) -> Glance | None:
    data = repository.file_at(commit, path) if path else None
    try:
        return glance(data, path or "") if data is not None else None
    except PacketUnreadable:
        return None


def _what(before: Glance | None, after: Glance | None) -> Iterator[str]:
    """What a commit did to a packet, in words."""
    if after is None:
        yield "removed" if before else "changed, unreadable"
        return
    if before is None:
        yield "made"
    then = before or Glance()
    token = token_in(after.fields.get(SIGNATURE, ""))
    if token and token != token_in(then.fields.get(SIGNATURE, "")):
        yield f"signed with {token}"
    for line in after.approvals[len(then.approvals) :]:
        yield f"approved: {line}"
    if len(after.approvals) < len(then.approvals):
        yield "approval taken back"
    status = after.fields.get("STATUS", "")
    if before and status != then.fields.get("STATUS", ""):
        yield f"Status {status}"
    verdict = recorded_verdict(after)
    if verdict and after.result != then.result:
        yield f"{verdict.gate} {verdict.status} recorded"


def _moment(event: Event) -> Moment:
    return Moment(event.at, "ledger", told(event), event.actor, f"event {event.seq}")


def told(event: Event) -> str:
    """An event in a few words."""
    data = event.data
    words = {
        "signed": f"signed with {data.get('token')}",
        "approved": f"approved: {data.get('line')}",
        "gate-run": f"{data.get('gate')} {data.get('status')}",
        "evidence": f"evidence: {data.get('verdict')}, run {data.get('run')}",
        "reviewed": f"reviewed: {data.get('verdict')}, report {data.get('report')}",
        "superseded": f"superseded by {data.get('by')}",
    }
    return words.get(event.kind, event.kind)
