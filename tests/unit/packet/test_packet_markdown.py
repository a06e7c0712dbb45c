"""Lines, fences, headings, sections and fields of a packet."""

import sys
from collections.abc import Callable

import pytest

from gatekeeper.model.packet import Packet
from gatekeeper.packet.parse import PacketUnreadable, parse_packet


def parse(text: str) -> Packet:
    return parse_packet("packets/WP-1.md", "WP-1", text.encode())


def names(packet: Packet) -> list[str]:
    return [section.name for section in packet.sections]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_numbers_agree_whatever_the_line_end(end: str) -> None:
    packet = parse(end.join(["# One", "two", "## SCOPE", ""]))
    assert packet.lines == ("# One", "two", "## SCOPE")
    assert [section.start for section in packet.sections] == [1, 3]


def test_only_real_line_ends_split_lines() -> None:
    packet = parse("a\x0cb\u2028c\rd\n## SCOPE\n")
    assert packet.lines == ("a\x0cb\u2028c\rd", "## SCOPE")


def test_byte_order_mark_is_no_part_of_the_first_line_and_no_odd_character() -> None:
    packet = parse_packet("p", "WP-1", b"\xef\xbb\xbf## SCOPE\r\n")
    assert names(packet) == ["SCOPE"]
    assert packet.non_ascii == ()


def test_bytes_that_are_not_utf8_are_replaced_and_their_lines_told() -> None:
    packet = parse_packet("p", "WP-1", b"plain\n\xff\xfe odd\n\xe2\x82\xac\n")
    assert packet.lines == ("plain", "\ufffd\ufffd odd", "\u20ac")
    assert packet.non_ascii == (2, 3)


@pytest.mark.parametrize(("data", "line"), [(b"a\nb\0c", 2), (b"\xff\xfea\0", 1), ("a\nb".encode("utf-16-be"), 1)])
def test_what_can_not_be_text_is_refused_with_its_line(data: bytes, line: int) -> None:
    with pytest.raises(PacketUnreadable) as caught:
        parse_packet("packets/WP-1.md", "WP-1", data)
    assert caught.value.line == line
    assert "packets/WP-1.md" in caught.value.message


@pytest.mark.parametrize(
    "heading",
    [
        "## VALIDATION",
        "# validation",
        "###### Validation ######",
        "## VALIDATION [CX-623]",
        "## VALIDATION (Coder) [CX-623]",
        "## Validation (to be completed (later); append-only)",
        "  ## **VALIDATION**:",
        "##\tVALIDATION",
    ],
)
def test_headings_match_at_any_level_case_and_with_trailing_marks(heading: str) -> None:
    assert names(parse(heading + "\n")) == ["VALIDATION"]


@pytest.mark.parametrize(
    "line",
    [
        "## VALIDATION REPORT",
        "## VALIDATION_PLAN",
        "##VALIDATION",
        "    ## VALIDATION",
        "## VALIDATION notes",
        "> ## VALIDATION",
    ],
)
def test_other_lines_are_no_validation_heading(line: str) -> None:
    assert parse(line + "\n").section("VALIDATION") is None


@pytest.mark.parametrize("heading", ["WAIVERS GRANTED", "Waivers_Granted", "waivers-granted"])
def test_a_name_is_the_same_with_spaces_hyphens_and_underscores(heading: str) -> None:
    assert names(parse(f"## {heading}\n")) == ["WAIVERS GRANTED"]


def test_a_section_ends_at_the_next_heading_of_its_level_or_above() -> None:
    packet = parse("## QUALITY_GATE\n### TEST_PLAN\nx\n#### deeper\n### DONE_MEANS\n## AUTHORITY\ny\n")
    spans = {section.name: (section.start, section.end) for section in packet.sections}
    assert spans["QUALITY_GATE"] == (1, 5)
    assert spans["TEST_PLAN"] == (2, 4)
    assert spans["AUTHORITY"] == (6, 7)


def test_the_first_section_of_a_name_wins() -> None:
    packet = parse("## SCOPE\na\n## SCOPE\nb\n")
    section = packet.section("SCOPE")
    assert section is not None
    assert section.start == 1


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("```", "```"),
        ("~~~", "~~~~~"),
        ("````md", "````"),
        ("  ```bash", "  ```"),
        ("- ```text", "  ```"),
        ("\t~~~ `x`", "\t~~~"),
    ],
)
def test_nothing_in_a_fence_counts(opening: str, closing: str) -> None:
    packet = parse(f"{opening}\n## SCOPE\n- **Status:** Done\n{closing}\n## AUTHORITY\n")
    assert names(packet) == ["AUTHORITY"]
    assert packet.field("Status") is None
    assert packet.fenced == {1, 2, 3, 4}


@pytest.mark.parametrize("inside", ["~~~", "``", "````x", "``` bash", "        ```"])
def test_a_fence_is_closed_only_by_its_own_kind(inside: str) -> None:
    packet = parse(f"```\n{inside}\n## SCOPE\n```\n## AUTHORITY\n")
    assert names(packet) == ["AUTHORITY"]


def test_a_shorter_run_does_not_close_a_fence_and_an_unclosed_one_runs_to_the_end() -> None:
    packet = parse("## SCOPE\n````\n```\n## AUTHORITY\n")
    assert names(packet) == ["SCOPE"]
    assert packet.fenced == {2, 3, 4}


def test_backticks_around_words_open_no_fence() -> None:
    assert names(parse("```a``` b\n## SCOPE\n")) == ["SCOPE"]


@pytest.mark.parametrize(
    "line",
    [
        "- **Status:** In Progress",
        "**Status:** In Progress",
        "- STATUS: In Progress",
        "* **STATUS**: In Progress",
        "+ `Status`: In Progress",
        "  - __Status__: In Progress",
        "**STATUS: In Progress**",
        "1. Status : In Progress",
        "### Status: In Progress",
        "- **Status (now):** In Progress  ",
    ],
)
def test_a_field_is_read_in_every_form(line: str) -> None:
    field = parse(f"first\n{line}\n").field("Status")
    assert field is not None
    assert (field.value, field.line) == ("In Progress", 2)


@pytest.mark.parametrize(
    "line", ["- src/a.py:10-20", "see http://x", "- `Status: Done`", "12:30 Status", "a, b: c"]
)
def test_other_lines_are_no_field(line: str) -> None:
    assert parse(line + "\n").fields == ()


def test_the_first_field_of_a_name_wins_within_its_section() -> None:
    packet = parse("## METADATA\n- Status: A\n- Status: B\n## SCOPE\n- Status: C\n")
    first, within = packet.field("Status"), packet.field("status", section="SCOPE")
    assert first is not None
    assert within is not None
    assert (first.value, within.value) == ("A", "C")


def items(text: str, name: str) -> list[str]:
    field = parse(text).field(name)
    assert field is not None
    return [item.text for item in field.items]


def test_items_are_what_is_indented_below_a_field() -> None:
    text = "- FILES_TO_OPEN:\n\n  - a\n    - b\n  plain\n- SEARCH_TERMS:\n  * c\n"
    assert items(text, "FILES_TO_OPEN") == ["a", "b", "plain"]
    assert items(text, "SEARCH_TERMS") == ["c"]


def test_a_wrapped_item_is_one_item_at_its_first_line() -> None:
    field = parse("- FILES_TO_OPEN:\n  - a (a note\n    that goes on)\n  - b\n").field("FILES_TO_OPEN")
    assert field is not None
    assert [(item.text, item.line) for item in field.items] == [("a (a note that goes on)", 2), ("b", 4)]


def test_a_field_without_bullet_owns_the_list_below_it() -> None:
    assert items("**Files:**\n- a\n- b\n\nprose\n- c\n", "Files") == ["a", "b"]


def test_a_field_with_a_value_owns_no_list_beside_it() -> None:
    assert items("What: x\n- a\n", "What") == []
    assert items("- What: x\n```\na\n```\n", "What") == []


@pytest.mark.parametrize("indent", ["", "  "])
def test_fenced_lines_are_items_without_their_markers(indent: str) -> None:
    text = f"- TEST_PLAN:\n{indent}```bash\n{indent}run  it\n\n{indent}  more\n{indent}```\n- DONE_MEANS:\n  - x\n"
    assert [line.strip() for line in items(text, "TEST_PLAN")] == ["run  it", "", "more"]


@pytest.mark.parametrize("heading", ["### TEST_PLAN", "## Test Plan (required)", "#### TEST_PLAN [CX-1]"])
def test_a_heading_stands_for_a_field(heading: str) -> None:
    assert items(f"{heading}\n- a\n```\nb\n```\n", "TEST_PLAN") == ["a", "b"]


def test_what_a_machine_block_says_is_no_field() -> None:
    block = (
        "<!-- gate:manifest change=0 -->\n- **Target File**: `a`\n- **Status**: Done\n<!-- /gate:manifest -->\n"
    )
    assert parse(f"## VALIDATION\n{block}").field("Status") is None
    assert parse(f"## SCOPE\n{block}").field("Status") is not None


def test_what_stands_in_a_comment_is_no_heading_field_or_item() -> None:
    text = "<!--\n## SCOPE\n- Status: A\n-->\n- Status: B\n- FILES_TO_OPEN:\n  - a\n  <!-- - b\n  - c -->\n  - d\n"
    packet = parse(text)
    assert (packet.sections, packet.comments) == ((), frozenset({1, 2, 3, 4, 8, 9}))
    assert [(field.name, field.value) for field in packet.fields] == [("Status", "B"), ("FILES_TO_OPEN", "")]
    assert items(text, "FILES_TO_OPEN") == ["a", "d"]


@pytest.mark.parametrize("opening", ["<!--", "  <!-- x", "- <!--", "> x\n<!-->-\n<!--"])
def test_a_comment_opens_where_a_line_or_an_item_begins(opening: str) -> None:
    assert parse(f"{opening}\n- Status: A\n-->\n").field("Status") is None


@pytest.mark.parametrize("opening", ["`<!--`", "text <!--", "<!-- x -->", "<! --", "```\n<!--\n```"])
def test_a_comment_opens_nowhere_else(opening: str) -> None:
    assert parse(f"{opening}\n- Status: A\n-->\n").field("Status") is not None


def test_a_fence_in_a_comment_opens_nothing_and_a_comment_in_a_fence_neither() -> None:
    packet = parse("<!--\n```\n-->\n- Status: A\n```\n<!--\n```\n- What: B\n")
    assert [(field.name, field.value) for field in packet.fields] == [("Status", "A"), ("What", "B")]


def test_a_comment_that_is_never_closed_hides_the_rest() -> None:
    assert parse("- Status: A\n<!--\n## VALIDATION\n- What: B\n").fields == (parse("- Status: A\n").fields)


def calls(text: str) -> int:
    """How many Python functions parsing calls: a measure of its work that no machine's speed changes."""
    counted = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event == "call"

    sys.setprofile(count)
    try:
        parse(text)
    finally:
        sys.setprofile(None)
    return counted


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param(lambda n: "".join("  " * i + f"- Name{i}:\n" for i in range(n)), id="nested fields"),
        pytest.param(lambda n: "".join("#" * (6 - i % 6) + f" H{i}\n" for i in range(n)), id="headings"),
        pytest.param(lambda n: "<!-- a\n-->\n" * n, id="comments"),
    ],
)
def test_parsing_takes_work_in_proportion_to_the_file(piece: Callable[[int], str]) -> None:
    small, large = calls(f"## SCOPE\n{piece(50)}"), calls(f"## SCOPE\n{piece(400)}")
    assert large < 10 * small
