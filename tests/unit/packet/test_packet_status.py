"""The one edit of a finished packet: its Status value, and no other byte."""

import pytest

from gatekeeper.packet.parse import parse_packet
from gatekeeper.packet.status import with_status

NEW = "Superseded (by WP-1-X-v2)"


def edited(text: bytes) -> bytes | None:
    return with_status(text, "packets/WP-1-X.md", "WP-1-X", NEW)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"- **Status:** In Progress", b"- **Status:** Superseded (by WP-1-X-v2)"),
        (b"- **Status**: Done  ", b"- **Status**: Superseded (by WP-1-X-v2)  "),
        (b"**Status:** Ready-for-Dev (since Monday)", b"**Status:** Superseded (by WP-1-X-v2)"),
        (b"- **Status: Done**", b"- **Status: Superseded (by WP-1-X-v2)**"),
        (b"* status:\t`Done`", b"* status:\tSuperseded (by WP-1-X-v2)"),
        (b"- STATUS:", b"- STATUS: Superseded (by WP-1-X-v2)"),
        (b"- Status: caf\xe9 \xff", b"- Status: Superseded (by WP-1-X-v2)"),
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_only_the_value_changes(line: bytes, expected: bytes, end: bytes, mark: bytes) -> None:
    before = end.join([mark + b"# Packet", b"", b"## METADATA", b"- WP_ID: WP-1-X"])
    after = end.join([b"- RISK_TIER: LOW \xf0\x9f\x98\x80", b"```", b"- Status: in a fence", b"```", b"no end"])
    assert edited(end.join([before, line, after])) == end.join([before, expected, after])


def test_the_status_that_the_gates_read_is_the_one() -> None:
    text = b"- Status: of the page\n\n## METADATA\n- **Status:** Done\n\n## STATUS_HANDOFF\n- Status: later\n"
    done = edited(text)
    assert done == text.replace(b"Status:** Done", b"Status:** " + NEW.encode())
    field = parse_packet("packets/WP-1-X.md", "WP-1-X", done or b"").field("Status", section="METADATA")
    assert field is not None
    assert field.value == NEW


@pytest.mark.parametrize("text", [b"", b"# Packet\n", b"```\n- Status: Done\n```\n"])
def test_without_a_status_there_is_nothing_to_edit(text: bytes) -> None:
    assert edited(text) is None
