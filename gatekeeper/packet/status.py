"""The one edit of a finished packet: its Status value, and no other byte."""

from gatekeeper.packet.parse import parse_packet
from gatekeeper.packet.write import with_value


def with_status(data: bytes, path: str, wp_id: str, status: str) -> bytes | None:
    """The packet's bytes with this text (ASCII) as its Status value; every other byte stays as it is.

    The line is the one that the gates read: METADATA's, else the first. None where there is no such line. Raises
    PacketUnreadable if the bytes are no text.
    """
    packet = parse_packet(path, wp_id, data)
    field = packet.field("Status", section="METADATA") or packet.field("Status")
    return None if field is None else with_value(data, field.line, status)
