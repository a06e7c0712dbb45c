"""The line that approves a skeleton, put where the gates read it (contract, section 1, Phase)."""

from gatekeeper.packet.judging import approvals
from gatekeeper.packet.parse import parse_packet
from gatekeeper.packet.write import with_lines_after

PLAIN = "SKELETON APPROVED"


def amended(reason: str) -> str:
    """The line that approves an amendment; ``reason`` is one line of ASCII."""
    return f"{PLAIN} (amended: {reason})"


def with_approval(data: bytes, path: str, wp_id: str, line: str) -> bytes | None:
    """The packet's bytes with that line at the end of SKELETON, before IMPLEMENTATION; no other byte changes.

    None where the packet has no place for it: no SKELETON, or a fence there that is never closed. Raises
    PacketUnreadable if the bytes are no text.
    """
    packet = parse_packet(path, wp_id, data)
    section = packet.section("SKELETON")
    if section is None:
        return None
    end = packet.phase.implementation
    last = section.end if end is None or not section.start < end <= section.end else end - 1
    while last > section.start and not packet.lines[last - 1].strip():
        last -= 1
    blank = last not in packet.phase.approvals and last > section.start
    made = with_lines_after(data, last, ("", line) if blank else (line,))
    before, after = approvals(packet), approvals(parse_packet(path, wp_id, made))
    return made if after == (*before, line) else None
