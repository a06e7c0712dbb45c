"""Judging parts: which lines of a packet judge, and which spellings of them are the same."""

import pytest
from cases import PACKET_TEXT, REFINEMENT_TEXT, edited

from gatekeeper.model.history import APPROVAL, MERGE_BASE, PARTS, QUALITY, REFINEMENT, SCOPE, WAIVERS, Plan
from gatekeeper.packet.judging import judging_parts, lacks_only_blocks, recorded_base
from gatekeeper.packet.parse import parse_packet

BASE = f"- RISK_TIER: LOW\n- MERGE_BASE_SHA: `{'a' * 40}` (main)\n"
TEXT = edited(PACKET_TEXT, "- RISK_TIER: LOW\n", BASE)
TEXT = edited(TEXT, "- The line is changed.\n", "- [ ] The line is changed.\n- [ ] Nothing else is.\n")
BLOCK = "<!-- gate:manifest change=00 -->\n- **Target File**: `a`\n- **Start**: 1\n<!-- /gate:manifest -->\n"


def parts(text: str, refinement: bytes | None = REFINEMENT_TEXT.encode()) -> Plan:
    return judging_parts(parse_packet("p", "WP-1", text.encode()), refinement)


def differing(text: str, refinement: bytes | None = REFINEMENT_TEXT.encode()) -> list[str]:
    """The parts in which this text differs from TEXT."""
    return [part for part in PARTS if parts(text, refinement)[part] != parts(TEXT)[part]]


def test_every_part_is_read() -> None:
    found = parts(TEXT)
    assert found[MERGE_BASE] == ("a" * 40,)
    assert found[SCOPE] == (
        "- What: Change a line.",
        "- IN_SCOPE_PATHS:",
        "IN_SCOPE_PATHS: - src/a.txt",
        "- OUT_OF_SCOPE:",
        "OUT_OF_SCOPE: - New features",
    )
    assert found[WAIVERS] == ("- NONE",)
    assert "DONE_MEANS: - The line is changed." in found[QUALITY]
    assert "- USER_REVIEW_STATUS: APPROVED" in found[REFINEMENT]
    assert found[APPROVAL] == ("SKELETON APPROVED",)


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("aaaa", "bbbb", MERGE_BASE),
        ("- What: Change a line.", "- What: Change two lines.", SCOPE),
        ("  - src/a.txt\n- OUT", "  - src/\n- OUT", SCOPE),
        ("- OUT_OF_SCOPE:\n", "  - src/c.txt\n- OUT_OF_SCOPE:\n", SCOPE),
        ("## SCOPE\n", "## SCOPE\n### EVIDENCE\n- IN_SCOPE_PATHS:\n  - x\n", SCOPE),
        ("- NONE\n", "- W-1 | lint | src/ | why | maintainers | 2026-01-01 | none\n", WAIVERS),
        ("- [ ] The line is changed.", "- [ ] The line may change.", QUALITY),
        ("- [ ] Nothing else is.\n", "", QUALITY),
        ("### TEST_PLAN\n", "### TEST_PLAN\n```\nmake test\n```\n", QUALITY),
        ("SKELETON APPROVED\n", "", APPROVAL),
        ("SKELETON APPROVED\n", "```\nSKELETON APPROVED\n```\n", APPROVAL),
        ("SKELETON APPROVED\n", "SKELETON APPROVED\nSKELETON APPROVED (amended: why)\n", APPROVAL),
    ],
)
def test_a_change_of_a_part_shows_in_that_part_alone(old: str, new: str, part: str) -> None:
    assert old in TEXT
    assert differing(TEXT.replace(old, new, 1)) == [part]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("**Status:** In Progress", "**Status:** Done"),
        ("- [ ] The line", "- [x] The line"),
        ("- [ ] The line", "- The line"),
        ("## SCOPE\n", "## scope [CX-1]\n\n\n"),
        ("  - src/a.txt\n- OUT", "    - src/a.txt \t\n- OUT"),
        ("- One line.", "- Two lines.\n- MERGE_BASE_SHA: bbbbbbbb"),
        ("## VALIDATION\n", f"## VALIDATION\n{BLOCK}"),
        ("### DONE_MEANS\n", "### done_means\n"),
        ("SKELETON APPROVED\n", "**SKELETON APPROVED**\n"),
        ("## EVIDENCE\n", "## EVIDENCE\n### TEST_PLAN\n- ran it\n## SCOPE\n- IN_SCOPE_PATHS: all\n"),
        ("- Done.", "- Done.\n\nSKELETON APPROVED"),
        ("## IMPLEMENTATION\n", "### IMPLEMENTATION\nSKELETON APPROVED\n"),
        ("- FILES_TO_OPEN:\n", "- FILES_TO_OPEN:\n  - src/b.txt\n"),
    ],
)
def test_what_does_not_judge_changes_no_part(old: str, new: str) -> None:
    assert old in TEXT
    assert differing(TEXT.replace(old, new, 1)) == []


def test_other_bytes_of_the_same_lines_are_the_same_parts() -> None:
    assert differing(TEXT.replace("\n", " \r\n"), REFINEMENT_TEXT.replace("\n", "\r\n\r\n").encode()) == []
    assert differing("\ufeff" + TEXT.rstrip("\n")) == []


def test_a_line_that_moves_from_one_field_to_another_is_another_line() -> None:
    moved = edited(TEXT, "- OUT_OF_SCOPE:\n  - New features\n", "  - New features\n- OUT_OF_SCOPE:\n")
    assert differing(moved) == [SCOPE]


def test_quality_gate_takes_its_parts_where_they_stand_alone() -> None:
    text = edited(TEXT, "## QUALITY_GATE\n", "").replace("### TEST_PLAN", "## TEST_PLAN")
    text = text.replace("### DONE_MEANS", "## DONE_MEANS")
    assert parts(text)[QUALITY] == (
        "- gate post-work WP-1-Small",
        "- The line is changed.",
        "- Nothing else is.",
    )
    changed = edited(text, "- [ ] Nothing else is.\n", "")
    assert parts(changed)[QUALITY] != parts(text)[QUALITY]
    ticked = edited(text, "- [ ] Nothing else is.\n", "- [X] Nothing else is.\n")
    assert parts(ticked) == parts(text)


def test_a_report_has_no_part_in_quality_gate() -> None:
    fields = edited(TEXT, "### TEST_PLAN\n- gate", "- TEST_PLAN:\n  - gate").replace(
        "### DONE_MEANS\n", "- DONE_MEANS:\n"
    )
    report = "## VALIDATION REPORT 2026-01-01\n### TEST_PLAN\n- all ran\n"
    assert parts(fields + report) == parts(fields)


def test_a_machine_block_inside_quality_gate_is_none_of_it() -> None:
    nested = TEXT.replace("## VALIDATION\n", "").replace("## AUTHORITY\n", "### VALIDATION\n@## AUTHORITY\n")
    assert parts(nested.replace("@", BLOCK)) == parts(nested.replace("@", ""))


def test_a_refinement_that_is_missing_or_no_text_has_no_lines() -> None:
    assert parts(TEXT, None)[REFINEMENT] == parts(TEXT, b"\x00")[REFINEMENT] == ()


def test_merge_base_sha_counts_in_metadata_only() -> None:
    text = edited(TEXT, BASE, "- RISK_TIER: LOW\n").replace("## EVIDENCE\n", f"## EVIDENCE\n{BASE}")
    assert recorded_base(parse_packet("p", "WP-1", text.encode())) is None


RESULT = (
    "<!-- gate:result wp=WP-1 gate=post-work change=00 verdict=PASS -->\n- PASS scope\n<!-- /gate:result -->\n"
)


def recorded(below: str = "", above: str = "") -> tuple[str, str]:
    """A packet with both blocks in VALIDATION, and without them."""
    head = f"# T\n## SCOPE\n- What: a\n## VALIDATION\n{above}\n"
    return f"{head}{BLOCK}\n{RESULT}\n{below}", f"{head}{below}"


def lacks(text: str, other: str) -> bool:
    return lacks_only_blocks(parse_packet("p", "WP-1", text.encode()), tuple(other.splitlines()))


@pytest.mark.parametrize("below", ["", "## EVIDENCE\nnone\n"])
def test_the_plan_of_a_record_is_known_by_what_stands_around_its_blocks(below: str) -> None:
    assert lacks(*recorded(below))


@pytest.mark.parametrize(
    ("one", "other"), [("- What: a", "- What: b"), ("## SCOPE", "## Scope"), ("none", "none\nmore")]
)
def test_what_differs_elsewhere_is_looked_at(one: str, other: str) -> None:
    text, bare = recorded("## EVIDENCE\nnone\n")
    assert not lacks(text, bare.replace(one, other))


@pytest.mark.parametrize(
    ("below", "above"),
    [
        ("prose that a field above may go on in\n", ""),
        ("", "- DONE_MEANS:\n"),
        ("", "- REFINEMENT_FILE:\n"),
        ("", "<!-- gate:evidence wp=WP-1 -->\n"),
        ("## X\n<!-- /gate:evidence -->\n", ""),
    ],
)
def test_where_a_block_may_hide_what_judges_nothing_is_known(below: str, above: str) -> None:
    assert not lacks(*recorded(below, above))
