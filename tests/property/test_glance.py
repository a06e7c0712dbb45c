"""A glance at a packet sees what the parser sees."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatekeeper.packet.glance import glance
from gatekeeper.packet.judging import approvals
from gatekeeper.packet.parse import parse_packet

ROOT = Path(__file__).parents[2]
BASE = ROOT / "templates/demo/base/packets"
TEXTS = [p.read_text("utf-8") for p in (BASE / "WP-1-Migration-Framework.md", ROOT / "templates/packet.md.j2")]
NAMES = ("USER_SIGNATURE", "REFINEMENT_FILE", "AGENT_ID", "REQUESTOR", "USER_REVIEW_STATUS", "ENRICHMENT_NEEDED")
PIECES = [
    *("```", "~~~", "- ```", "## METADATA", "# X", "### SKELETON", "## IMPLEMENTATION", "## VALIDATION"),
    *(
        "SKELETON APPROVED",
        "  SKELETON APPROVED (amended: x)",
        "**SKELETON APPROVED**",
        "SKELETON APPROVED is due",
    ),
    *("- Status: Done", "**Status: Done**", "### Status: x", "> Status: z", "1. **User-Signature:** b (note)"),
    *("  - `USER_SIGNATURE`: a", "User Signature : q", "USER__SIGNATURE: w", "* AGENT ID: <x>"),
    *("<!-- gate:result wp=a gate=b verdict=FAIL -->", "<!-- /gate:result -->", "<!-- gate:manifest change=a -->"),
    *("### VALIDATION REPORT", "- ENRICHMENT_NEEDED: NO", "USER_REVIEW_STATUS: APPROVED"),
]
EDITS = st.lists(st.tuples(st.integers(0, 200), st.sampled_from([*PIECES, None])), max_size=8)


def edited(text: str, edits: list[tuple[int, str | None]]) -> str:
    """The text with lines put in, and taken out where there is none to put in."""
    lines = text.split("\n")
    for place, piece in edits:
        at = place % (len(lines) or 1)
        lines[at : at + (piece is None)] = [] if piece is None else [piece]
    return "\n".join(lines)


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([*TEXTS, ""]), EDITS, st.sampled_from(["\n", "\r\n", "\r"]))
def test_a_glance_sees_what_the_parser_sees(text: str, edits: list[tuple[int, str | None]], end: str) -> None:
    data = edited(text, edits).replace("\n", end).encode()
    packet, seen = parse_packet("p.md", "WP-1", data), glance(data, "p.md")
    for name in NAMES:
        field = packet.field(name)
        assert seen.fields.get(name) == (field.value if field else None), name
    status = packet.field("Status", section="METADATA") or packet.field("Status")
    assert seen.fields.get("STATUS") == (status.value if status else None)
    assert tuple(seen.approvals) == approvals(packet)
    results = [dict(marker.attributes) for marker in packet.markers if marker.name == "result"]
    assert seen.result == (results[-1] if results else {})
