"""How a packet's signature stands: who signed what, and what changed since."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gatekeeper.changes.log import touches
from gatekeeper.changes.repository import Repository
from gatekeeper.gates.case import Case
from gatekeeper.gates.select import own_paths
from gatekeeper.ledger import Ledger
from gatekeeper.model.errors import UsageError
from gatekeeper.model.ledger import Event
from gatekeeper.model.settings import PacketSettings
from gatekeeper.packet.markdown import PacketUnreadable
from gatekeeper.packet.parse import parse_packet, parse_refinement
from gatekeeper.packet.signed import changed_parts, part_digests, signed_token, stated_parts, token_of
from gatekeeper.runs.load import refinement_path
from gatekeeper.runs.plan import file_inside, with_texts


@dataclass(frozen=True, slots=True)
class Standing:
    """A signature that packet and refinement carry.

    ``known`` is where the signed content was found (``statement``, ``ledger``, ``git``), None where nowhere;
    ``changed`` are the parts that differ from it; ``elsewhere`` are other packets' files with the same token.
    """

    token: str
    signer: str | None
    known: str | None
    changed: tuple[str, ...]
    elsewhere: tuple[str, ...]


def statement_path(wp_id: str, settings: PacketSettings) -> str:
    """Where the statement that an SSH key signed lies: in the packet's evidence folder."""
    evidence = next(path for path in own_paths(wp_id, "", "", settings) if path.endswith("/"))
    return f"{evidence}signature.txt"


def work_tree_texts(root: Path, case: Case) -> tuple[bytes, bytes | None]:
    """The bytes of packet and refinement on disk, None where the case has no refinement. Raises UsageError."""
    packet = file_inside(root, case.packet_path).read_bytes()
    return packet, file_inside(root, case.refinement_path).read_bytes() if case.refinement else None


def as_on_disk(root: Path, case: Case) -> tuple[Case, tuple[bytes, bytes | None]]:
    """The case with the very bytes on disk, and those bytes: what is judged is what is then written anew.

    Raises UsageError.
    """
    texts = work_tree_texts(root, case)
    try:
        return with_texts(case, *texts), texts
    except PacketUnreadable as error:
        raise UsageError(error.message, hint="store it as UTF-8 in the work tree too") from error


def standing_of(repository: Repository, case: Case, ledger: Ledger) -> Standing | None:
    """How the signature in the work tree stands; None where packet and refinement carry none together.

    Raises LedgerError.
    """
    token = signed_token(case.packet, case.refinement) if case.packet else None
    if token is None or case.packet is None:
        return None
    event = next(
        (e for e in reversed([*ledger.events(case.wp_id, "signed")]) if e.data.get("token") == token), None
    )
    now = part_digests(case.packet, case.head.read(case.refinement_path))
    known, then = _then(repository, case, token, event)
    return Standing(
        token=token,
        signer=event.actor if event else None,
        known=known,
        changed=changed_parts(then, now) if then is not None else (),
        elsewhere=_elsewhere(case, token, ledger),
    )


def _then(
    repository: Repository, case: Case, token: str, event: Event | None
) -> tuple[str | None, Mapping[str, str] | None]:
    """Where the signed content was found, and the digests of its parts."""
    stated = statement_path(case.wp_id, case.settings.packets)
    if stated in case.head.entries:
        return "statement", stated_parts(case.head.read(stated))
    parts = event.data.get("parts") if event else None
    if isinstance(parts, dict):
        return "ledger", parts
    found = _in_git(repository, case, token)
    return ("git", found) if found is not None else (None, None)


def _in_git(repository: Repository, case: Case, token: str) -> Mapping[str, str] | None:
    """The digests in the first of the commits, back from HEAD, that carry this token."""
    found = None
    commits = touches(repository, [case.packet_path, case.refinement_path])
    for commit in commits:
        parts = _signed_at(repository, case, commit.oid, token)
        if parts is None:
            break
        found = parts
    return found


def _signed_at(repository: Repository, case: Case, commit: str, token: str) -> Mapping[str, str] | None:
    data = repository.file_at(commit, case.packet_path)
    if data is None:
        return None
    try:
        packet = parse_packet(case.packet_path, case.wp_id, data)
        path = refinement_path(packet, case.wp_id, case.settings)
        refinement = repository.file_at(commit, path)
        if refinement is None or signed_token(packet, parse_refinement(path, refinement)) != token:
            return None
        return part_digests(packet, refinement)
    except PacketUnreadable:
        return None


def _elsewhere(case: Case, token: str, ledger: Ledger) -> tuple[str, ...]:
    """Where else this token is used: other packets of the work tree, and those that the ledger names."""
    needle = token.encode("utf-8")
    found = [
        path
        for wp_id, paths in case.packet_ids.items()
        if wp_id != case.wp_id
        for path in paths
        if needle in (data := _read(case, path)) and _token_in(data, path, wp_id) == token
    ]
    recorded = {e.wp_id for e in ledger.events(kind="signed") if e.data.get("token") == token} - {case.wp_id}
    named = {wp_id for wp_id, paths in case.packet_ids.items() if set(paths) & set(found)}
    return (*found, *(f"the ledger as that of {wp_id}" for wp_id in sorted(filter(None, recorded - named))))


def _read(case: Case, path: str) -> bytes:
    try:
        return case.head.read(path)
    except KeyError:
        return b""


def _token_in(data: bytes, path: str, wp_id: str) -> str | None:
    try:
        return token_of(parse_packet(path, wp_id, data))
    except PacketUnreadable:
        return None


def digest(data: bytes) -> str:
    """SHA-256 (hex), as events name a packet's bytes."""
    return hashlib.sha256(data).hexdigest()
