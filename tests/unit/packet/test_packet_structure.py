"""What gates ask of a packet's structure."""

import pytest

from gatekeeper.model.packet import Packet
from gatekeeper.packet.parse import parse_packet
from gatekeeper.packet.structure import (
    State,
    list_values,
    markdown_links,
    placeholder,
    required_fields,
    spec_anchor_parts,
    status_word,
)

WHOLE = """# Task Packet: WP-1-X
## METADATA
- WP_ID: WP-1-X
- **Status:** In Progress
- RISK_TIER: LOW
## SCOPE
- What: Do it.
- IN_SCOPE_PATHS:
  - a.py
## QUALITY_GATE
### TEST_PLAN
```
<run the tests>
```
### DONE_MEANS
- It works.
## BOOTSTRAP
- x
## SKELETON
- y
## VALIDATION
"""


def parse(text: str) -> Packet:
    return parse_packet("packets/WP-1-X.md", "WP-1-X", text.encode())


def faults(text: str) -> dict[str, State]:
    return {r.name: r.state for r in required_fields(parse(text)) if r.state is not State.FILLED}


def test_a_whole_packet_has_every_required_value_with_its_line() -> None:
    found = required_fields(parse(WHOLE))
    assert [(r.name, r.line) for r in found] == [
        ("WP_ID", 3),
        ("Status", 4),
        ("RISK_TIER", 5),
        ("What", 7),
        ("IN_SCOPE_PATHS", 8),
        ("TEST_PLAN", 11),
        ("DONE_MEANS", 15),
        ("BOOTSTRAP", 17),
        ("SKELETON", 19),
        ("VALIDATION", 21),
    ]
    assert faults(WHOLE) == {}


@pytest.mark.parametrize(
    ("old", "new", "name", "state"),
    [
        ("- WP_ID: WP-1-X\n", "", "WP_ID", State.MISSING),
        ("WP_ID: WP-1-X", "WP_ID: WP-1-X-v2", "WP_ID", State.MISMATCH),
        ("WP_ID: WP-1-X", "TASK_ID: WP-1", "TASK_ID", State.MISMATCH),
        ("WP_ID: WP-1-X", "WP_ID: {id}", "WP_ID", State.PLACEHOLDER),
        ("In Progress", "", "Status", State.MISSING),
        ("RISK_TIER: LOW", "RISK_TIER: <LOW|MEDIUM|HIGH>", "RISK_TIER", State.PLACEHOLDER),
        ("What: Do it.", "What: tbd", "What", State.PLACEHOLDER),
        ("## SCOPE\n", "- What: elsewhere\n## SCOPE\n- Why: ", "What", State.MISSING),
        ("- IN_SCOPE_PATHS:\n  - a.py\n", "", "IN_SCOPE_PATHS", State.MISSING),
        ("  - a.py", "  - <path>\n  - <path>", "IN_SCOPE_PATHS", State.PLACEHOLDER),
        ("```\n<run the tests>\n```\n", "", "TEST_PLAN", State.MISSING),
        ("```\n<run the tests>\n```\n", "<run the tests>\n", "TEST_PLAN", State.PLACEHOLDER),
        ("### TEST_PLAN", "### TESTS", "TEST_PLAN", State.MISSING),
        ("- It works.", "- TODO", "DONE_MEANS", State.PLACEHOLDER),
        ("## BOOTSTRAP", "## BOOT", "BOOTSTRAP", State.MISSING),
        ("## SKELETON\n- y", "## SKELETON\n- {plan}", "SKELETON", State.PLACEHOLDER),
        ("## VALIDATION", "```\n## VALIDATION\n```", "VALIDATION", State.MISSING),
    ],
)
def test_what_is_missing_or_unfilled_is_told(old: str, new: str, name: str, state: State) -> None:
    assert old in WHOLE
    assert faults(WHOLE.replace(old, new, 1)).get(name) is state


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("WP_ID: WP-1-X", "TASK_ID: `WP-1-X` (stable)"),
        ("  - a.py\n", ""),
        ("  - a.py", "  - <path>\n  - a.py"),
        ("What: Do it.", "What: TODO lists for <users>"),
        ("- It works.", "- <a> works\n- TBD"),
        ("### DONE_MEANS\n- It works.", "- **DONE_MEANS**:\n  * It works."),
        ("### TEST_PLAN\n```\n<run the tests>\n```\n", "- TEST_PLAN:\n  ```\n  x\n  ```\n"),
        ("- RISK_TIER: LOW", "### RISK_TIER: LOW"),
        ("## VALIDATION\n", "## VALIDATION (Coder)\n"),
    ],
)
def test_other_forms_are_filled(old: str, new: str) -> None:
    assert old in WHOLE
    assert faults(WHOLE.replace(old, new, 1)) == {}


@pytest.mark.parametrize("value", ["<x>", "{x}", "{{ x }}", "TBD", "todo", " `<a b>` "])
def test_placeholders_are_whole_values(value: str) -> None:
    assert placeholder(value)


@pytest.mark.parametrize("value", ["", "<a> and <b>", "TBD later", "a <b>", "TODOs", "{a", "NONE"])
def test_other_values_are_no_placeholders(value: str) -> None:
    assert not placeholder(value)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Ready for Dev", "READY FOR DEV"),
        ("Ready-for-Dev (since Monday)", "READY FOR DEV"),
        ("in_progress", "IN PROGRESS"),
        ("Done [VALIDATED]", "DONE"),
        ("`Validated (PASS)`", "VALIDATED"),
        ("READY FOR DEV \u2705", "READY FOR DEV"),
        ("Blocked (waiting)", "BLOCKED"),
        ("Not done", "NOT DONE"),
        ("Donely", "DONELY"),
        ("", ""),
    ],
)
def test_status_is_normalised(text: str, word: str) -> None:
    assert status_word(text) == word


def test_list_values_lose_backticks_and_notes() -> None:
    packet = parse("- FILES_TO_OPEN: x.md\n  - `a.md` (first)\n  - src/*.sql\n  - b (1).md\n  - (none)\n")
    field = packet.field("FILES_TO_OPEN")
    assert field is not None
    assert [(v.text, v.line) for v in list_values(field, frozenset())] == [
        ("x.md", 1),
        ("a.md", 2),
        ("src/*.sql", 3),
        ("b (1).md", 4),
    ]


def links(text: str) -> list[str]:
    return [line.text for line in markdown_links(parse(text))]


def test_inline_links_are_found_with_their_targets_cleaned() -> None:
    text = (
        "[a](docs/a.md) and ![b](b%20c.png 'title') [c](<d e.md#part>) [f](f(1).md#x) [`g`](g.md?raw=1)\n"
        "[u](https://x/y.md) [m](mailto:a@b) [p](//host/x) [h](#here) [empty]() `[code](no.md)`\n"
    )
    assert links(text) == ["docs/a.md", "b c.png", "d e.md", "f(1).md", "g.md"]


@pytest.mark.parametrize(
    "text",
    [
        "```\n[a](a.md)\n```\n",
        "## VALIDATION_REPORTS\n### Round 1\n[a](a.md)\n",
        "## EVIDENCE\n### VALIDATION REPORT - 2026\n[a](a.md)\n",
        "## VALIDATION\n<!-- gate:result x=1 -->\n- PASS a: [a](a.md)\n<!-- /gate:result -->\n",
    ],
)
def test_links_in_fences_reports_and_machine_blocks_are_nobodys(text: str) -> None:
    assert links(text) == []
    assert links(text + "\n# Next\n[b](b.md)\n") == ["b.md"]


@pytest.mark.parametrize(
    ("text", "files", "ids", "lines"),
    [
        (
            "Spec_v02.106.md sections 2.3 (CX-DBP-022), 2.4 (CX-DBP-022A); [CX-DBP-022] (Spec_v02.106.md:20702)",
            ("Spec_v02.106.md",),
            ("CX-DBP-022", "CX-DBP-022A"),
            (("Spec_v02.106.md", 20702),),
        ),
        (
            "`docs/My Spec.md:3-9` CX-1.",
            ("docs/My Spec.md",),
            ("CX-1",),
            (("docs/My Spec.md", 3), ("docs/My Spec.md", 9)),
        ),
        ("`docs/a.md`:7 and b/c.md#part.", ("docs/a.md", "b/c.md"), (), (("docs/a.md", 7),)),
        ("Handshake 10.1, notes.md.bak, README", (), (), ()),
        ("", (), (), ()),
    ],
)
def test_a_spec_anchor_is_taken_apart(
    text: str, files: tuple[str, ...], ids: tuple[str, ...], lines: tuple[tuple[str, int], ...]
) -> None:
    assert spec_anchor_parts(text) == (files, ids, lines)
