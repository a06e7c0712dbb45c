"""Manifest blocks and markers in VALIDATION."""

import pytest

from gatekeeper.model.packet import Packet
from gatekeeper.packet.parse import parse_packet

BLOCK = """- **Target File**: `src/a.py`
- **Start**: 1
- **End**: 9
- **Line Delta**: -3
- **Pre-SHA1**: `aa`
- **Post-SHA1**: bb
- **Gates Passed**:
  - [x] anchors_present
  - [X] window_matches_plan (not applicable)
  - [ ] `rails_untouched_outside_window`
- **Spec Target Resolved**: P -> S
"""


def parse(body: str) -> Packet:
    return parse_packet("p", "WP-1", f"## VALIDATION\n{body}".encode())


def test_a_block_is_read_whole_with_its_lines() -> None:
    (entry,) = parse(f"- prose\n\n{BLOCK}\nMore prose.\n").recorded
    assert (entry.line, entry.end_line, entry.target_file.text) == (4, 14, "src/a.py")
    values = (
        entry.start,
        entry.end,
        entry.line_delta,
        entry.pre_sha1,
        entry.post_sha1,
        entry.spec_target_resolved,
    )
    assert [value and (value.text, value.line) for value in values] == [
        ("1", 5),
        ("9", 6),
        ("-3", 7),
        ("aa", 8),
        ("bb", 9),
        ("P -> S", 14),
    ]
    assert [(gate.name, gate.ticked, gate.line) for gate in entry.gates] == [
        ("anchors_present", True, 11),
        ("window_matches_plan", True, 12),
        ("rails_untouched_outside_window", False, 13),
    ]


@pytest.mark.parametrize(
    "form",
    [
        "- Target File: {}",
        "* TARGET FILE: {}",
        "**target file**: {}",
        "  - **Target File:** `{}`",
        "+ Target_File: {}",
    ],
)
def test_labels_match_in_every_form(form: str) -> None:
    (entry,) = parse(form.format("a/b.py") + "\n- pre-sha1: X\n").recorded
    assert entry.target_file.text == "a/b.py"
    assert entry.pre_sha1 is not None
    assert entry.pre_sha1.text == "X"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("99999lines", "99999lines"),
        ("0 - 7", "0 - 7"),
        ("`N/A`", "N/A"),
        ("<fill>", "<fill>"),
        ("`N/A (fill later)`", "N/A (fill later)"),
        ("`3` (whole file)", "3"),
        ("3 (whole file)", "3 (whole file)"),
        ("`3`x", "`3`x"),
        ("`a` and `b`", "`a` and `b`"),
        ('``"a`b"``', '"a`b"'),
        ('`"a`b"`', '"a`b"'),
        ("", ""),
    ],
)
def test_a_value_is_kept_as_written_without_its_backticks(written: str, text: str) -> None:
    (entry,) = parse(f"- **Target File**: x\n- **End**: {written}\n").recorded
    assert entry.end is not None
    assert entry.end.text == text


def test_each_target_file_begins_a_block() -> None:
    packet = parse(BLOCK + BLOCK.replace("a.py", "b.py") + "### Entry 3\n" + BLOCK)
    assert [entry.target_file.text for entry in packet.recorded] == ["src/a.py", "src/b.py", "src/a.py"]
    assert packet.malformed_manifest == ()


@pytest.mark.parametrize(
    "text",
    [
        f"```\n{BLOCK}```\n",
        f"## VALIDATION_REPORTS\n### VALIDATION REPORT\n{BLOCK}",
        f"## EVIDENCE\n## VALIDATION\n{BLOCK}",
        f"### VALIDATION REPORT (first)\n{BLOCK}",
    ],
)
def test_a_block_in_a_fence_a_report_or_a_second_validation_does_not_count(text: str) -> None:
    packet = parse(text)
    assert packet.recorded == ()
    assert packet.malformed_manifest == ()


def test_a_repeated_label_is_malformed_and_the_first_counts() -> None:
    packet = parse("- **Target File**: a\n- **Start**: 1\n- **Start**: 2\n")
    (entry,) = packet.recorded
    assert entry.start is not None
    assert entry.start.text == "1"
    assert [line.line for line in packet.malformed_manifest] == [4]


@pytest.mark.parametrize("before", ["", "- **Target File**: a\n### Next\n"])
def test_a_label_without_target_file_is_malformed(before: str) -> None:
    packet = parse(f"{before}- **Pre-SHA1**: `aa`\n")
    assert ["Target File" in line.problem for line in packet.malformed_manifest] == [True]


def test_everyday_words_outside_a_block_are_no_manifest() -> None:
    assert parse("- Start: at noon\n- Content: this\n- Mode: range\nEnd: never\n").malformed_manifest == ()


def test_checkboxes_count_only_directly_below_gates_passed() -> None:
    (entry,) = parse(BLOCK + "- [x] reviewed\n").recorded
    assert (len(entry.gates), entry.end_line) == (3, 12)
    (entry,) = parse(BLOCK.partition("- **Spec")[0] + "\nprose\n- [x] merged\n").recorded
    assert (len(entry.gates), entry.end_line) == (3, 11)


def test_closed_markers_are_read_with_their_attributes() -> None:
    packet = parse(
        f"<!-- gate:manifest change=ab12 -->\n{BLOCK}<!-- /gate:manifest -->\n"
        "<!-- gate:result wp=WP-1 gate=post-work change=ab12 verdict=PASS -->\n<!-- /gate:result -->\n"
    )
    assert [(m.name, dict(m.attributes), m.start, m.end) for m in packet.markers] == [
        ("manifest", {"change": "ab12"}, 2, 14),
        ("result", {"wp": "WP-1", "gate": "post-work", "change": "ab12", "verdict": "PASS"}, 15, 16),
    ]
    assert len(packet.recorded) == 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("<!-- gate:manifest change=1 -->\n- **Target File**: a\n", 2),
        ("<!-- gate:manifest change=1 -->\n### Next\n<!-- /gate:manifest -->\n", 2),
        ("<!-- gate:manifest change=1 -->\n<!-- gate:manifest change=2 -->\n<!-- /gate:manifest -->\n", 2),
        ("<!-- gate:result change=1 -->\n", 2),
        ("\n<!-- /gate:manifest -->\n", 3),
    ],
)
def test_unclosed_and_stray_markers_are_malformed(text: str, line: int) -> None:
    assert parse(text).malformed_manifest[0].line == line


def test_markers_in_a_fence_mean_nothing() -> None:
    packet = parse("```\n<!-- gate:manifest change=1 -->\n```\n```\n<!-- /gate:manifest -->\n```\n")
    assert (packet.markers, packet.malformed_manifest) == ((), ())


def test_markers_outside_validation_mean_nothing() -> None:
    data = b"## SCOPE\n<!-- gate:manifest change=1 -->\n<!-- /gate:manifest -->\n## VALIDATION\n"
    assert parse_packet("p", "WP-1", data).markers == ()


@pytest.mark.parametrize(
    "around", ["<!--\n{}-->\n", "```\n{}```\n", "### VALIDATION REPORT\n{}", "## VALIDATION\n{}"]
)
def test_a_block_in_a_comment_a_fence_a_report_or_a_second_validation_is_not_recorded(around: str) -> None:
    packet = parse(around.format(BLOCK))
    assert (packet.recorded, packet.malformed_manifest) == ((), ())


def test_a_machine_marker_in_a_comment_is_none() -> None:
    packet = parse("<!--\ngate:manifest\n<!-- gate:manifest change=0 --\n-->\n")
    assert (packet.markers, packet.malformed_manifest) == ((), ())


@pytest.mark.parametrize("label", ["START", "start", "__Start__", "`Start`", "Start (line)"])
def test_a_label_counts_in_any_case_and_emphasis(label: str) -> None:
    (entry,) = parse(f"- target_file: a\n- {label}: 4\n").recorded
    assert entry.start is not None
    assert entry.start.text == "4"


@pytest.mark.parametrize("line", ["[x]anchors_present", "[y] anchors_present", "[] anchors_present", "[x]"])
def test_a_malformed_gate_costs_only_itself(line: str) -> None:
    packet = parse(BLOCK.replace("[x] anchors_present", line))
    (entry,) = packet.recorded
    assert [gate.name for gate in entry.gates] == ["window_matches_plan", "rails_untouched_outside_window"]
    assert [malformed.line for malformed in packet.malformed_manifest] == [9]


def test_prose_in_brackets_behind_the_gates_is_prose() -> None:
    packet = parse(BLOCK.replace("- **Spec Target", "- [Requirement] -> [File:Line]\n- **Spec Target"))
    assert packet.malformed_manifest == ()
    assert packet.recorded[0].end_line == 13


def test_a_ticked_gate_may_have_text_behind_it() -> None:
    (entry,) = parse(BLOCK.replace("anchors_present", "`anchors_present` - seen by two")).recorded
    assert (entry.gates[0].name, entry.gates[0].ticked) == ("anchors_present", True)
