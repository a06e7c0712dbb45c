"""The one edit of a finished packet: its Status value, and no other byte."""

import re

from gatekeeper.packet.markdown import BOM, split_lines
from gatekeeper.packet.parse import parse_packet

_STATUS_LINE = re.compile(
    rb"(?P<head>[ \t]*(?:(?:[-*+]|\d+[.)]|#{1,6})[ \t]+)?(?P<mark>\*\*|__|`)?status[ \t]*(?:\*\*|__|`)?[ \t]*:"
    rb"(?:\*\*|__)?)(?P<space>[ \t]*)(?P<value>.*?)(?P<tail>[ \t]*)",
    re.IGNORECASE | re.DOTALL,
)


def with_status(data: bytes, path: str, wp_id: str, status: str) -> bytes | None:
    """The packet's bytes with this text (ASCII) as its Status value; every other byte stays as it is.

    The line is the one that the gates read: METADATA's, else the first. None where there is no such line. Raises
    PacketUnreadable if the bytes are no text.
    """
    packet = parse_packet(path, wp_id, data)
    field = packet.field("Status", section="METADATA") or packet.field("Status")
    if field is None:
        return None
    mark = BOM if data.startswith(BOM) else b""
    lines = split_lines(data.removeprefix(BOM))
    match = _STATUS_LINE.fullmatch(lines[field.line - 1].body)
    if match is None:
        return None
    body = match["head"] + (match["space"] or b" ") + status.encode("ascii") + _closing(match) + match["tail"]
    lines[field.line - 1] = lines[field.line - 1]._replace(body=body)
    return mark + b"".join(line.body + line.end for line in lines)


def _closing(match: re.Match[bytes]) -> bytes:
    """The mark that closes a wholly bold line (``**Status: Done**``), whose value it ends."""
    mark = match["mark"] or b""
    return mark if mark and match["head"].count(mark) == 1 else b""
