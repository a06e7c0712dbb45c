"""What a signature is for: the plan's parts, each with a digest, and the fields that hold the signature."""

import hashlib
from collections.abc import Mapping

from gatekeeper.model.history import APPROVAL, PARTS
from gatekeeper.model.packet import Packet, Refinement
from gatekeeper.packet.judging import judging_parts
from gatekeeper.packet.markdown import bare_text
from gatekeeper.packet.parse import parse_packet, parse_refinement
from gatekeeper.packet.values import is_placeholder
from gatekeeper.packet.write import with_lines_after, with_value

SIGNATURE, REVIEW, EVIDENCE = "USER_SIGNATURE", "USER_REVIEW_STATUS", "USER_APPROVAL_EVIDENCE"
SIGNING = frozenset({SIGNATURE, REVIEW, EVIDENCE})
"""The fields that signing fills; they are no part of what is signed."""

_SIGNED = tuple(part for part in PARTS if part != APPROVAL)
_NOBODY = frozenset({"", "NONE", "N/A", "PENDING"})


def part_digests(packet: Packet, refinement: bytes | None) -> dict[str, str]:
    """The SHA-256 (hex) of each signed part: its lines as ``docs/authority.md`` compares them, each ended with LF.

    The parts are the judging ones without the approval; the fields of the refinement that signing fills count as
    empty. ``refinement`` is the refinement's bytes, None where there is none. Raises PacketUnreadable.
    """
    plan = judging_parts(packet, None if refinement is None else _unsigned(refinement))
    return {part: _digest(plan[part]) for part in _SIGNED}


def changed_parts(then: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the parts whose digests differ."""
    return tuple(part for part in _SIGNED if then.get(part) != now.get(part))


def statement(wp_id: str, token: str, signer: str, parts: Mapping[str, str]) -> bytes:
    """What ``ssh-keygen`` signs: packet, token, signer and the digest of each part, one a line, ASCII, LF."""
    lines = ["gatekeeper/signature/v1", f"packet {wp_id}", f"token {token}", f"signer {signer}"]
    lines += [f"sha256 {parts[part]} {part}" for part in _SIGNED]
    return "".join(f"{line}\n" for line in lines).encode("ascii", "backslashreplace")


def stated_parts(data: bytes) -> dict[str, str]:
    """The digests that a statement holds, by part."""
    words = (line.split(" ", 2) for line in data.decode("ascii", "replace").splitlines())
    return {word[2]: word[1] for word in words if len(word) == 3 and word[0] == "sha256"}


def token_in(value: str) -> str | None:
    """The signature token that a field's value holds, None for a placeholder, NONE and the like."""
    plain = bare_value(value)
    return None if is_placeholder(plain) or plain.upper() in _NOBODY else plain


def bare_value(value: str) -> str:
    """A value without the note behind it and without backticks."""
    return bare_text(value)


def token_of(packet: Packet | Refinement) -> str | None:
    """The token that a packet or a refinement carries."""
    field = packet.field(SIGNATURE)
    return token_in(field.value) if field else None


def signed_token(packet: Packet, refinement: Refinement | None) -> str | None:
    """The token with which packet and refinement are signed; None unless both carry it and the review approved."""
    token = token_of(packet)
    if token is None or refinement is None or token_of(refinement) != token:
        return None
    review = refinement.field(REVIEW)
    return token if review and bare_value(review.value).upper() == "APPROVED" else None


def signed_packet(data: bytes, path: str, wp_id: str, token: str) -> bytes | None:
    """The packet's bytes with the token; None where it has neither the field nor a METADATA section to add it to.

    Raises PacketUnreadable.
    """
    packet = parse_packet(path, wp_id, data)
    field = packet.field(SIGNATURE)
    if field is not None:
        return with_value(data, field.line, token)
    inside = packet.section("METADATA")
    placed = [f.line for f in packet.fields if inside and inside.start < f.line <= inside.end]
    return with_lines_after(data, max(placed), (f"- {SIGNATURE}: {token}",)) if placed else None


def signed_refinement(data: bytes, path: str, token: str, evidence: str) -> bytes | None:
    """The refinement's bytes, approved and with the token; None where it has no field to put them beside.

    USER_APPROVAL_EVIDENCE gets ``evidence`` where the refinement has that field and nobody wrote into it. Raises
    PacketUnreadable.
    """
    made: bytes | None = data
    for name, value in ((REVIEW, "APPROVED"), (SIGNATURE, token), (EVIDENCE, evidence)):
        if made is not None:
            made = _with_field(made, path, name, value)
    return made


def _with_field(data: bytes, path: str, name: str, value: str) -> bytes | None:
    refinement = parse_refinement(path, data)
    field = refinement.field(name)
    if field is not None:
        written = field.value.strip()
        keep = name == EVIDENCE and written and not is_placeholder(written) and not written.startswith(BY_GATE)
        return data if keep else with_value(data, field.line, value)
    beside = refinement.field("WP_ID")
    if name == EVIDENCE or beside is None:
        return data if name == EVIDENCE else None
    return with_lines_after(data, beside.line, (f"- {name}: {value}",))


BY_GATE = "gate sign by "
"""How the evidence begins that ``gate sign`` wrote itself, and may replace."""


def _unsigned(refinement: bytes) -> bytes:
    """The refinement with nothing in the fields that signing fills."""
    made = refinement
    for field in filter(None, (parse_refinement("", refinement).field(name) for name in sorted(SIGNING))):
        made = with_value(made, field.line, "") or made
    return made


def _digest(lines: tuple[str, ...]) -> str:
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")).hexdigest()
