"""The one form in which an event is written down: the text that its digest covers, and the line that exports it.

Both are JSON with sorted keys, no spaces, ASCII alone. The text under the digest holds every field but ``digest``;
the exported line holds ``digest`` too (``docs/ledger.md`` shows how anyone can verify it).
"""

import hashlib
import json
import re
from collections.abc import Mapping
from json.encoder import encode_basestring_ascii as quoted

from gatekeeper.model.ledger import NO_EVENT, Event

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
_TEXTS = ("kind", "actor", "at", "tool_version", "payload", "previous_digest", "digest")
_FIELDS = Event._fields
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")
# What PostgreSQL can't store: NUL, and halves of characters that UTF-8 has no form for.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
LARGEST_SEQ = 2**63 - 1
"""The largest number that a column holds."""

COLUMNS = ", ".join(_FIELDS)
"""The columns of the table, in the order of ``Event``."""
_TYPES = {
    (int, str, wp_id, str, str, str, packet_digest, str, str, str)
    for wp_id in (str, type(None))
    for packet_digest in (str, type(None))
}


def is_whole(event: Event) -> bool:
    """Whether every column holds a value of its type, which SQLite doesn't see to."""
    return tuple(map(type, event)) in _TYPES


class MalformedEvent(Exception):  # noqa: N818 - it names what the line is
    """A line that is no event; the message completes the sentence "line N ..."."""


def canonical(payload: Mapping[str, object]) -> str:
    """The payload as the ledger keeps it. Raises TypeError or ValueError for what JSON can't hold."""
    return _ENCODER.encode(dict(payload))


def storable(text: str) -> str:
    """The text with what no database can hold replaced by U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def covered(event: Event) -> bytes:
    """The bytes that the digest covers: every field but the digest itself.

    Raises TypeError for a stored event whose columns hold values of other types than they should.
    """
    # Written out, because a hundred thousand of them are hashed by one `gate ledger verify`.
    seq, kind, wp_id, actor, at, tool_version, packet_digest, payload, previous_digest, _ = event
    packet = "null" if packet_digest is None else quoted(packet_digest)
    return (
        f'{{"actor":{quoted(actor)},"at":{quoted(at)},"kind":{quoted(kind)},"packet_digest":{packet},'
        f'"payload":{quoted(payload)},"previous_digest":{quoted(previous_digest)},"seq":{seq:d},'
        f'"tool_version":{quoted(tool_version)},"wp_id":{"null" if wp_id is None else quoted(wp_id)}}}'
    ).encode("ascii")


def around_place(event: Event) -> tuple[str, str, str]:
    """What the digest covers of an event before, between and after ``previous_digest`` and ``seq``.

    So a database that knows the tip can compute the digest: neither of the two holds anything to be escaped.
    """
    before, after = (
        covered(event._replace(seq=0, previous_digest="")).decode("ascii").split('"previous_digest":"","seq":0,')
    )
    return f'{before}"previous_digest":"', '","seq":', f",{after}"


def digest_of(event: Event) -> str:
    """SHA-256 (hex) of what the digest covers; empty where the event's columns hold no event at all."""
    try:
        return hashlib.sha256(covered(event)).hexdigest()
    except (TypeError, ValueError):
        return ""


def placed(event: Event, tip: Event | None) -> Event:
    """The event as the one after ``tip``, as the first one if None: with its place and both digests."""
    seq, previous = (tip.seq, tip.digest) if tip else (0, NO_EVENT)
    event = event._replace(seq=seq + 1, previous_digest=previous)
    return event._replace(digest=digest_of(event))


def to_line(event: Event) -> str:
    """The event as a line of an export, without its line end."""
    return _ENCODER.encode(event._asdict())


def from_line(line: bytes) -> Event:
    """The event that a line of an export holds, written as ``to_line`` writes it. Raises MalformedEvent.

    The same values in another form are no copy of what the digest covers: one of two equal names would be lost.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise MalformedEvent(f"is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise MalformedEvent("is no JSON object")
    _require_fields(found)
    event = Event(**found)
    if to_line(event).encode("ascii") != line.rstrip(b"\r\n"):
        raise MalformedEvent(
            "isn't in the form that gate ledger export writes: sorted names, no spaces, ASCII alone"
        )
    return event


def _require_fields(found: dict[str, object]) -> None:
    for name in _FIELDS:
        if name not in found:
            raise MalformedEvent(f"has no field {name}")
    for name in found.keys() - set(_FIELDS):
        raise MalformedEvent(f"has the unknown field {name}")
    for name, value in found.items():
        if name == "seq":
            continue
        optional = value is None and name not in _TEXTS
        if not optional and (not isinstance(value, str) or _UNSTORABLE.search(value)):
            raise MalformedEvent(f"holds {value!r} as {name}, which must be text")
    seq = found["seq"]
    if not isinstance(seq, int) or isinstance(seq, bool) or not 1 <= seq <= LARGEST_SEQ:
        raise MalformedEvent(f"holds {seq!r} as seq, which must be a number from 1 on")
    for name in ("previous_digest", "digest"):
        if not _DIGEST.match(str(found[name])):
            raise MalformedEvent(f"holds {found[name]!r} as {name}, which must be 64 hexadecimal digits")
    if not _TIME.match(str(found["at"])):
        raise MalformedEvent(f"holds {found['at']!r} as at, which must be a time like 2026-01-31T12:00:00.000Z")
