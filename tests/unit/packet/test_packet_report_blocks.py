"""Report blocks as a packet holds them: what was edited by hand is found, what people wrote is left alone."""

import pytest

from gatekeeper.model.evidence import ReportRecord
from gatekeeper.model.finding import Status
from gatekeeper.packet.parse import parse_packet
from gatekeeper.packet.record_blocks import with_record
from gatekeeper.packet.report_blocks import Reports, read_reports, render_report
from gatekeeper.resources import template

TEMPLATE = template("report.md.j2")
RECORD = ReportRecord(
    wp_id="WP-1",
    report=1,
    change="ab" * 32,
    verdict="PASS",
    commits=("c" * 40,),
    spec="docs/SPEC.md",
    anchors="CX-1",
    files=("src/a.rs", "src/b.rs"),
    checks=(("packet", Status.PASS), ("lineage", Status.NOT_APPLICABLE)),
    gate_findings=("warning hygiene.print src/a.rs:3 - It prints.",),
    forbidden_patterns=("PASS: the audits find no error",),
    tests=("`cargo test`: PASS (3 passed, 0 failed, 0 skipped)",),
    findings=("It holds: `src/a.rs:3`.", "  and this below it"),
    risks=("none known",),
    reason=("All is there.",),
)
BLOCK = render_report(RECORD, TEMPLATE)
BY_HAND = "### VALIDATION REPORT - WP-1\nVerdict: FAIL\n\nREASON FOR FAIL:\n- Too early.\n"


def reports(*blocks: str, before: str = "## VALIDATION_REPORTS\n") -> Reports:
    text = before + "\n" + "\n\n".join(blocks) + "\n"
    return read_reports(parse_packet("p.md", "WP-1", text.encode()), TEMPLATE)


def test_the_report_has_the_shape_of_the_official_one() -> None:
    assert BLOCK.split("\n")[1:] == [
        "### VALIDATION REPORT - WP-1",
        "Verdict: PASS",
        "",
        "Validated commit(s):",
        f"- `{'c' * 40}`",
        "",
        "Spec:",
        "- Target: `docs/SPEC.md`",
        "- Anchors: CX-1",
        "",
        "Files Checked:",
        "- `src/a.rs`",
        "- `src/b.rs`",
        "",
        "Findings:",
        "- The gate's checks:",
        "  - PASS packet",
        "  - NOT_APPLICABLE lineage",
        "  - warning hygiene.print src/a.rs:3 - It prints.",
        "- It holds: `src/a.rs:3`.",
        "  - and this below it",
        "",
        "Forbidden Patterns:",
        "- PASS: the audits find no error",
        "",
        "Tests (Validator-run):",
        "- `cargo test`: PASS (3 passed, 0 failed, 0 skipped)",
        "",
        "Risks & Suggested Actions:",
        "- none known",
        "",
        "REASON FOR PASS:",
        "- All is there.",
        "<!-- /gate:report -->",
    ]


def test_a_report_reads_back_as_the_record_that_it_was_made_from() -> None:
    found = reports(BY_HAND, BLOCK)
    assert [block.record for block in found.blocks] == [RECORD]
    assert found.problems == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Verdict: PASS", "Verdict: FAIL"),
        ("- `src/b.rs`\n", "-  `src/b.rs`\n"),
        ("- `src/b.rs`\n", "- src/b.rs\n"),
        ("  - PASS packet", "  - passed packet"),
        ("- The gate's checks:\n", ""),
        ("- All is there.", "- All is  there."),
        ("- All is there.", "All is there."),
        ("- All is there.", "- All is th\u00e9re."),
        ("- All is there.\n", "- All is there.\n\nSUPPLEMENT:\n- more\n"),
        ("verdict=PASS", "verdict=FAIL"),
        ("verdict=PASS", "verdict=PERHAPS"),
        ("report=1", "report=01"),
        ("wp=WP-1 ", ""),
        ("Risks & Suggested Actions:", "Risks:"),
        ("- Target: `docs/SPEC.md`\n", ""),
        ("- `src/b.rs`", '- `"src/b`'),
        ("### VALIDATION REPORT - WP-1\n", ""),
        ("\n<!-- /gate:report -->", ""),
    ],
)
def test_an_edit_by_hand_is_found_at_its_line(old: str, new: str) -> None:
    assert old in BLOCK
    edited = BLOCK.replace(old, new, 1)
    found = reports(edited)
    assert len(found.problems) == 1
    differing = [n for n, (a, b) in enumerate(zip(edited.split("\n"), BLOCK.split("\n"), strict=False)) if a != b]
    # The block begins in the file's third line; a marker's value is repeated two lines below it.
    assert 3 <= found.problems[0].line <= 3 + (differing[0] if differing else len(BLOCK.split("\n"))) + 2


def test_reports_count_from_one_and_are_about_their_packet() -> None:
    again = render_report(RECORD.model_copy(update={"report": 3}), TEMPLATE)
    other = render_report(RECORD.model_copy(update={"report": 3, "wp_id": "WP-2"}), TEMPLATE)
    problems = [problem.problem for problem in reports(BLOCK, again, other).problems]
    assert problems == [
        "This is report 3 where report 2 should stand.",
        "This report is about WP-2, and the packet is WP-1.",
    ]


def test_a_report_stands_below_its_heading() -> None:
    (problem,) = reports(f"{BLOCK}\n\n## VALIDATION_REPORTS", before="## EVIDENCE\n").problems
    assert problem.problem == "This report doesn't stand below VALIDATION_REPORTS."


def test_a_block_in_a_fence_is_none() -> None:
    assert reports(f"```\n{BLOCK}\n```") == Reports((), ())


def test_a_new_report_stands_behind_the_last_one_where_their_headings_are_of_one_level() -> None:
    data = f"### VALIDATION_REPORTS\n{BY_HAND}\n## LATER\n- x\n".encode()
    packet = parse_packet("p.md", "WP-1", data)
    section = packet.section("VALIDATION_REPORTS")
    assert section is not None
    made = with_record(data, packet, section, BLOCK, None)
    assert made.decode() == f"### VALIDATION_REPORTS\n{BY_HAND}\n{BLOCK}\n\n## LATER\n- x\n"


def test_a_new_report_stands_before_a_fence_that_is_never_closed() -> None:
    data = b"## VALIDATION_REPORTS\n- x\n\n```text\nlog\n"
    packet = parse_packet("p.md", "WP-1", data)
    section = packet.section("VALIDATION_REPORTS")
    assert section is not None
    made = with_record(data, packet, section, BLOCK, None)
    assert made.decode() == f"## VALIDATION_REPORTS\n- x\n\n{BLOCK}\n\n```text\nlog\n"
    assert len(read_reports(parse_packet("p.md", "WP-1", made), TEMPLATE).blocks) == 1


def test_what_belongs_below_another_heading_stays_there() -> None:
    data = b"## EVIDENCE\n(None yet.)\n\n## VALIDATION_REPORTS\n- x\n"
    packet = parse_packet("p.md", "WP-1", data)
    section = packet.section("EVIDENCE")
    assert section is not None
    block = "<!-- gate:evidence wp=WP-1 -->\n<!-- /gate:evidence -->"
    made = with_record(data, packet, section, block, None)
    assert made.decode() == f"## EVIDENCE\n(None yet.)\n\n{block}\n\n## VALIDATION_REPORTS\n- x\n"
