"""``approve``: the line that lets the work begin, or go on with an amended plan."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gatekeeper.changes.commit import commit_only
from gatekeeper.changes.log import Person, authors_of
from gatekeeper.changes.repository import Repository
from gatekeeper.gates.case import Case
from gatekeeper.ledger import Ledger, open_ledger
from gatekeeper.model.errors import LedgerError, RefusedError, UsageError
from gatekeeper.model.history import APPROVAL
from gatekeeper.model.ledger import NewEvent
from gatekeeper.model.packet import Packet
from gatekeeper.packet.approval import PLAIN, amended, with_approval
from gatekeeper.packet.blocks import one_line
from gatekeeper.packet.judging import approvals, judging_parts
from gatekeeper.packet.lookup import lower_revisions
from gatekeeper.packet.structure import State, required_fields
from gatekeeper.runs.actor import actor_of
from gatekeeper.runs.load import read_packet, refinement_path, require_wp_id, settings_from_disk
from gatekeeper.runs.plan import pre_work_case, require_sound, told, work_tree
from gatekeeper.runs.standing import Standing, as_on_disk, standing_of, work_tree_texts
from gatekeeper.runs.together import Together


@dataclass(frozen=True, slots=True)
class Approved:
    """What was approved: the line written into the packet, by whom, and the commit that holds it, if any.

    ``amends`` are the parts of the plan that an amendment changes. ``superseded`` is the earlier revision that
    this packet takes the place of. ``warnings`` are sentences; ``seq`` is the event's place in the ledger.
    """

    wp_id: str
    line: str
    actor: str
    packet: str
    commit: str | None
    amends: tuple[str, ...]
    superseded: str | None
    warnings: tuple[str, ...]
    seq: int


@dataclass(frozen=True, slots=True)
class _Start:
    repository: Repository
    root: Path
    case: Case
    packet: Packet
    on_disk: tuple[bytes, bytes | None]
    ledger: Ledger
    actor: str


def approve(
    repo: Path,
    wp_id: str,
    *,
    config: Path | None = None,
    actor: str | None = None,
    reason: str | None = None,
    commit: bool = False,
) -> Approved:
    """Write ``SKELETON APPROVED``, or with ``reason`` the line that approves an amendment, into the packet.

    With ``commit`` the line is committed by itself (an amendment together with the plan that it amends), whatever
    else is staged. Raises RefusedError where the plan isn't ready, signed, or as it was signed, where it is
    approved already, or where duties are separate and the actor wrote or signed the refinement; UsageError,
    ConfigError, RepositoryError, LedgerError. Then nothing was written; a LedgerError after the commit says so.
    """
    require_wp_id(wp_id)
    with Repository.open(repo) as repository:
        root = work_tree(repository)
        settings = settings_from_disk(repository, config).settings
        case = pre_work_case(repository, wp_id, settings)
        if case.packet is None or len(case.packet_ids.get(wp_id, ())) > 1:
            require_sound(case, "be approved", committed=False)
        case, texts = as_on_disk(root, case)
        assert case.packet is not None  # noqa: S101 - it was parsed
        with open_ledger(settings.ledger, repository.common_dir) as ledger:
            start = _Start(repository, root, case, case.packet, texts, ledger, actor_of(repository, actor))
            _require_stage(start, reason)
            # An amendment is committed together with its line, so it is not committed yet.
            apart = (commit or settings.ledger.separate_duties) and reason is None
            warnings = require_sound(case, "be approved", committed=apart)
            _require_skeleton(start)
            standing = standing_of(repository, case, ledger)
            _require_signed_content(start, standing, amending=reason is not None)
            amends = _amends(start) if reason is not None else ()
            if settings.ledger.separate_duties:
                _require_another(start)
            return _written(start, reason, amends, tuple(told(finding) for finding in warnings), commit=commit)


def _require_stage(start: _Start, reason: str | None) -> None:
    """Raise RefusedError for a second approval, or an amendment to none."""
    wp_id, lines = start.case.wp_id, approvals(start.packet)
    if reason is None and lines:
        number = start.packet.phase.approvals[0]
        raise RefusedError(
            f"{wp_id} is approved already: {start.packet.path}:{number} says {lines[0]!r}.",
            hint=f"where the plan has to change: gate approve {wp_id} --amended 'WHY'",
        )
    if reason is not None and not lines:
        raise RefusedError(
            f"{wp_id} isn't approved yet, so there is nothing to amend.", hint=f"gate approve {wp_id}"
        )
    if reason is not None and not one_line(reason):
        raise UsageError("An amendment needs a reason.", hint=f"gate approve {wp_id} --amended 'WHY'")


def _require_skeleton(start: _Start) -> None:
    """Raise RefusedError for a skeleton that says nothing: there would be nothing to approve."""
    (skeleton,) = (required for required in required_fields(start.packet) if required.name == "SKELETON")
    section = start.packet.section("SKELETON")
    empty = section is None or not any(line.text.strip() for line in start.packet.body(section))
    if empty or skeleton.state is not State.FILLED:
        raise RefusedError(
            f"{start.packet.path} has nothing in SKELETON that could be approved.",
            hint="write what will be built there: types, functions, files, the order of the work",
        )


def _require_signed_content(start: _Start, standing: Standing | None, *, amending: bool) -> None:
    """Raise RefusedError where the signature is another packet's, or its content changed."""
    if standing is None:
        return
    wp_id = start.case.wp_id
    if standing.elsewhere:
        raise RefusedError(
            f"{wp_id} is signed with {standing.token}, which stands in {standing.elsewhere[0]} too:"
            " a token is for one packet, once.",
            hint=f"gate sign {wp_id} --again",
        )
    if standing.changed and not amending:
        raise RefusedError(
            f"{', '.join(standing.changed)} changed since {wp_id} was signed with {standing.token}"
            + (f" by {standing.signer}." if standing.signer else "."),
            hint=f"take the change back, or have it signed anew: gate sign {wp_id} --again",
        )


def _amends(start: _Start) -> tuple[str, ...]:
    """The parts of the plan that differ from what is committed. Raises RefusedError where none does."""
    case, committed = start.case, start.case.committed
    path = case.packet_path
    data = committed.read(path) if committed is not None and path in committed.entries else None
    before = read_packet(path, case.wp_id, data).packet if data is not None else None
    if before is None or committed is None:
        raise RefusedError(
            f"{path} isn't committed, so there is no approved plan to amend.",
            hint=f"git add -- {path} && git commit",
        )
    old = refinement_path(before, case.wp_id, case.settings)
    refinement = committed.read(old) if case.refinement and old in committed.entries else None
    now = judging_parts(start.packet, case.head.read(case.refinement_path) if case.refinement else None)
    then = judging_parts(before, refinement)
    changed = tuple(part for part in now if part != APPROVAL and now[part] != then[part])
    if not changed:
        raise RefusedError(
            f"Nothing in the plan of {case.wp_id} differs from what is committed, and an amendment approves only"
            " what changes in its own commit.",
            hint=f"change the plan, leave it uncommitted, then gate approve {case.wp_id} --amended 'WHY' --commit",
        )
    return changed


def _require_another(start: _Start) -> None:
    """Raise RefusedError where the actor wrote the refinement, or signed it (``[ledger] separate-duties``)."""
    case = start.case
    path = case.refinement_path if case.refinement else case.packet_path
    me = Person.of(start.actor)
    signers = [Person.of(event.actor) for event in start.ledger.events(case.wp_id, "signed")]
    wrote = any(me.is_same(author) for author in authors_of(start.repository, path))
    if wrote or any(me.is_same(signer) for signer in signers):
        did = "wrote" if wrote else "signed"
        raise RefusedError(
            f"{me} {did} {path} and can't approve it too: [ledger] separate-duties is true.",
            hint="have somebody else approve it",
        )


def _written(
    start: _Start, reason: str | None, amends: tuple[str, ...], warnings: tuple[str, ...], *, commit: bool
) -> Approved:
    """Write the line, commit it where asked, record it; or leave everything as it was."""
    case = start.case
    line = PLAIN if reason is None else amended(one_line(reason))
    data = with_approval(start.on_disk[0], case.packet_path, case.wp_id, line)
    if data is None:
        raise RefusedError(
            f"{case.packet_path} has no place for the line {line!r}: a code fence in SKELETON is never closed.",
            hint="close the fence",
        )
    with Together(start.root) as together:
        start.ledger.alone(lambda: _put(start, together, data))
        oid = None
        if commit:
            paths = [case.packet_path]
            if reason is not None and case.refinement:
                paths.append(case.refinement_path)
            oid = commit_only(start.repository, paths, _message(case.wp_id, line), _author(start.actor))
            together.keep()
        payload = {"line": line, "amends": list(amends), "commit": oid}
        seq, superseded = _recorded(start, data, payload, first=reason is None)
        together.keep()
    return Approved(case.wp_id, line, start.actor, case.packet_path, oid, amends, superseded, warnings, seq)


def _put(start: _Start, together: Together, data: bytes) -> None:
    """Write the packet, unless somebody else changed or approved the plan since it was read."""
    path = start.case.packet_path
    if work_tree_texts(start.root, start.case) != start.on_disk:
        raise RefusedError(
            f"{path} or {start.case.refinement_path} changed while it was being approved.",
            hint=f"look at the change (gate status {start.case.wp_id}), then run the command again",
        )
    together.write({path: data})


def _recorded(start: _Start, data: bytes, payload: Mapping[str, object], *, first: bool) -> tuple[int, str | None]:
    """Append what happened; the event's place in the chain, and the earlier revision that gave way."""
    digest = hashlib.sha256(data).hexdigest()
    try:
        event = start.ledger.append(NewEvent("approved", start.case.wp_id, start.actor, digest, payload))
        return event.seq, _superseded(start) if first else None
    except LedgerError as error:
        if payload["commit"] is None:
            raise
        raise LedgerError(
            f"The approval is committed ({payload['commit']}), but the ledger missed it: {error.message}",
            hint=error.hint,
        ) from error


def _message(wp_id: str, line: str) -> str:
    return f"Approve {'an amendment to ' if line != PLAIN else ''}{wp_id}\n\n{line}\n"


def _author(actor: str) -> Person | None:
    person = Person.of(actor)
    return person if person.email else None


def _superseded(start: _Start) -> str | None:
    """Record, once, that the newest earlier revision gave way to this one; its id."""
    earlier = lower_revisions(start.case.wp_id, start.case.packet_ids)
    if not earlier or any(start.ledger.events(earlier[-1], "superseded")):
        return earlier[-1] if earlier else None
    start.ledger.append(NewEvent("superseded", earlier[-1], start.actor, None, {"by": start.case.wp_id}))
    return earlier[-1]
