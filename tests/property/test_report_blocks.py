"""A validator's report, whatever words it holds: rendered, read and rendered again it stays the same."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gatekeeper.model.evidence import ReportRecord
from gatekeeper.model.finding import Status
from gatekeeper.packet.parse import parse_packet
from gatekeeper.packet.record_blocks import with_record
from gatekeeper.packet.report_blocks import SECTION, read_reports, render_report
from gatekeeper.resources import template

TEMPLATE = template("report.md.j2")
WP_ID = "WP-1-Small"
HEAD = f"""# {WP_ID}

## METADATA
- WP_ID: {WP_ID}
- Status: Done

## SKELETON
- x

## IMPLEMENTATION

## VALIDATION
(none)

## VALIDATION_REPORTS
### VALIDATION REPORT - by hand
Verdict: PASS
"""
PIECES = st.sampled_from(
    [
        *("```", "~~~", "- ~~~ x", "## SKELETON", "SKELETON APPROVED", "<!--", "-->", "<!-- /gate:report -->"),
        *(
            "<!-- gate:manifest change=a -->",
            "- **Target File**: `a`",
            "None.",
            "  - x",
            "- Status: Draft",
            "\x00",
        ),
        *("REASON FOR PASS:", "Verdict: FAIL", "The gate's checks:", "PASS packet", "\r\n", "\x85", "\u2028", "ä"),
        *("`a.rs:3`", '"quoted"', " ", "\t", "\\", "- - - <!-- x", "1. ```", "[link](nowhere.md)", "## X", ""),
    ]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=12)), max_size=4).map("".join)
LINES = st.lists(TEXTS, max_size=4).map(tuple)
NAMES = st.one_of(
    st.sampled_from(["a.rs", 'b"`.rs', "ä.rs", "<x>", " ", "None."]), st.text(min_size=1, max_size=9)
)
RECORDS = st.builds(
    ReportRecord,
    wp_id=st.just(WP_ID),
    report=st.integers(1, 9),
    change=st.just("ab" * 32),
    verdict=st.sampled_from(["PASS", "FAIL"]),
    commits=st.lists(st.sampled_from(["a" * 40, "b" * 40]), max_size=2).map(tuple),
    spec=st.none() | NAMES,
    anchors=st.none() | TEXTS,
    files=st.lists(NAMES, max_size=3).map(tuple),
    checks=st.lists(st.tuples(st.sampled_from(["packet", "scope"]), st.sampled_from(Status)), max_size=3).map(
        tuple
    ),
    gate_findings=LINES.map(lambda lines: tuple(f"error scope.window {line}" for line in lines)),
    forbidden_patterns=LINES,
    tests=LINES,
    findings=LINES,
    risks=LINES,
    reason=LINES,
)
ENDS = st.sampled_from(["\n", "\r\n"])


@settings(deadline=None, max_examples=60)
@given(RECORDS)
def test_a_report_reads_back_to_what_renders_the_same(record: ReportRecord) -> None:
    block = render_report(record, TEMPLATE)
    assert block.isascii()
    packet = parse_packet("p.md", WP_ID, f"{HEAD}\n{block}\n".encode())
    (read,) = read_reports(packet, TEMPLATE).blocks
    assert read.text == block
    assert render_report(read.record, TEMPLATE) == block
    assert (read.record.files, read.record.spec) == (record.files, record.spec)
    assert {problem.problem for problem in read_reports(packet, TEMPLATE).problems} <= {
        f"This is report {record.report} where report 1 should stand."
    }


@settings(deadline=None, max_examples=60)
@given(RECORDS, RECORDS, ENDS, st.sampled_from(["", "\n", "\n\n", "\n## LATER\n- x"]), st.booleans())
def test_a_report_changes_no_other_byte_and_nothing_else_that_a_packet_says(
    first: ReportRecord, second: ReportRecord, end: str, tail: str, mark: bool
) -> None:
    text = (HEAD.removesuffix("\n") + tail).replace("\n", end)
    before = (b"\xef\xbb\xbf" if mark else b"") + text.encode()
    packet = parse_packet("p.md", WP_ID, before)
    section = packet.section(SECTION)
    assert section is not None
    blocks = [render_report(record, TEMPLATE) for record in (first, second)]
    after = with_record(before, packet, section, blocks[0], None)
    parsed = parse_packet("p.md", WP_ID, after)
    marker = read_reports(parsed, TEMPLATE).blocks[0].marker
    lines = after.removeprefix(b"\xef\xbb\xbf").decode().split(end)
    assert end.join(lines[marker.start - 1 : marker.end]) == blocks[0].replace("\n", end)
    without = lines[: marker.start - 1] + lines[marker.end :]
    assert [line for line in without if line.strip()] == [line for line in text.split(end) if line.strip()]
    assert [(f.name, f.value) for f in parsed.fields] == [(f.name, f.value) for f in packet.fields]
    assert (parsed.phase, parsed.recorded, parsed.scope) == (packet.phase, packet.recorded, packet.scope)
    replaced = with_record(after, parsed, section, blocks[1], marker)
    assert replaced == with_record(before, packet, section, blocks[1], None)
