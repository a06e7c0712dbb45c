"""Evidence blocks: what is rendered is read back, and nothing in them reaches the rest of the packet."""

from cases import PACKET, PACKET_TEXT, WP_ID
from hypothesis import given, settings
from hypothesis import strategies as st

from gatekeeper import resources
from gatekeeper.model.evidence import CommandEvidence, EvidenceRecord, TestCounts
from gatekeeper.model.finding import Status
from gatekeeper.packet.evidence_blocks import SECTION, TEMPLATE, read_evidence, render_evidence
from gatekeeper.packet.parse import parse_packet
from gatekeeper.packet.record_blocks import with_record

_TEMPLATE = resources.template(TEMPLATE)
_NASTY = st.sampled_from(
    [
        "## SKELETON",
        "<!-- gate:manifest change=ab -->",
        "<!-- /gate:evidence -->",
        "- **Target File**: `x`",
        "```",
        "~~~",
        "SKELETON APPROVED",
        "<!--",
        "-->",
        "- Status: Done",
        "`a`",
        '"quoted"',
        "  - output ends",
        "    ```",
        "a: b",
    ]
)
_TEXT = st.one_of(_NASTY, st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
_COUNT = st.integers(0, 10**6)
_COMMANDS = st.builds(
    CommandEvidence,
    command=_TEXT,
    outcome=st.sampled_from(["passed", "failed", "timed-out", "not-started", "no-tests", "own"]),
    exit_code=st.none() | st.integers(-64, 255),
    log_sha256=st.none() | st.just("0f" * 32),
    log=st.none() | _TEXT,
    tests=st.none()
    | st.builds(
        TestCounts,
        runner=st.sampled_from(["pytest", "cargo test + pytest", "go test, packages"]),
        passed=_COUNT,
        failed=_COUNT,
        skipped=_COUNT,
    ),
    shows=st.lists(st.integers(1, 99), max_size=3, unique=True).map(lambda found: tuple(sorted(found))),
    tail=st.lists(_TEXT, max_size=4).map(tuple),
)
_RECORDS = st.builds(
    EvidenceRecord,
    wp_id=st.just(WP_ID),
    run=st.integers(1, 999),
    change=st.just("ab" * 32),
    verdict=st.sampled_from([Status.PASS, Status.FAIL]),
    commands=st.lists(_COMMANDS, max_size=4).map(tuple),
)
_ENDS = st.sampled_from(["\n", "\r\n"])


@settings(max_examples=150, deadline=None)
@given(_RECORDS, _ENDS, st.booleans())
def test_what_is_rendered_is_read_back_and_renders_again_and_the_packet_stays(
    record: EvidenceRecord, end: str, mark: bool
) -> None:
    before = (b"\xef\xbb\xbf" if mark else b"") + PACKET_TEXT.replace("\n", end).encode()
    packet = parse_packet(PACKET, WP_ID, before)
    section = packet.section(SECTION)
    assert section is not None
    text = render_evidence(record, _TEMPLATE)

    after = with_record(before, packet, section, text, None)
    found = parse_packet(PACKET, WP_ID, after)
    scan = read_evidence(found)

    assert text.isascii()
    assert scan.malformed == ()
    assert [block.text for block in scan.blocks] == [text]
    assert render_evidence(scan.blocks[0].record, _TEMPLATE) == text
    assert [c.command for c in scan.blocks[0].record.commands] == [c.command for c in record.commands]
    assert after.replace(text.replace("\n", end).encode(), b"").replace(end.encode(), b"") == before.replace(
        end.encode(), b""
    )
    for name in ("sections", "phase", "recorded", "scope", "waivers", "malformed_manifest", "non_ascii"):
        assert _places(getattr(found, name)) == _places(getattr(packet, name))
    assert [(f.name, f.value) for f in found.fields] == [(f.name, f.value) for f in packet.fields]


def _places(value: object) -> object:
    """Sections without their ends: the one that holds the block grew."""
    if isinstance(value, tuple):
        return [getattr(each, "heading", each) for each in value]
    return value
