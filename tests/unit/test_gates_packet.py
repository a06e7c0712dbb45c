"""The packet and phase checks: required fields, status words, the order of phases (contract, section 1)."""

import pytest
from cases import PACKET, PACKET_TEXT, case, edited, rules

from gatekeeper.gates.packet import check_packet
from gatekeeper.gates.phase import check_phase


def packet(old: str, new: str, gate: str = "post-work") -> list[str]:
    return rules(check_packet(case({PACKET: edited(PACKET_TEXT, old, new)}, gate=gate)))


STATUS = "**Status:** In Progress"


@pytest.mark.parametrize(
    ("word", "before", "after"),
    [
        ("Ready for Dev", True, True),
        ("READY-FOR-DEV (since Monday)", True, True),
        ("`In-Progress`", True, True),
        ("in progress, second week", True, True),
        ("Done", False, True),
        ("Validated (by review)", False, True),
        ("Draft", False, False),
        ("Not Done", False, False),
        ("Superseded", False, False),
        ("Readyish", False, False),
    ],
)
def test_each_gate_wants_its_own_status(word: str, before: bool, after: bool) -> None:
    assert packet(STATUS, f"**Status:** {word}", "pre-work") == ([] if before else ["packet.status"])
    assert packet(STATUS, f"**Status:** {word}") == ([] if after else ["packet.status"])


@pytest.mark.parametrize("value", ["<LOW | HIGH>", "{risk}", "TBD", "todo", "`<fill>`"])
def test_a_placeholder_is_the_whole_value(value: str) -> None:
    assert packet("RISK_TIER: LOW", f"RISK_TIER: {value}") == ["packet.placeholder"]
    assert packet("RISK_TIER: LOW", f"RISK_TIER: LOW, not {value}") == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("- WP_ID: WP-1-Small\n", ""),
        ("- WP_ID: WP-1-Small\n", "- WP_ID: WP-1-Smaller\n"),
        ("- **Status:** In Progress\n", ""),
        ("- What: Change a line.\n", "- What:\n"),
        ("### DONE_MEANS\n- The line is changed.\n", "### DONE_MEANS\n"),
        ("## VALIDATION\n", "## OTHER\n"),
        ("- IN_SCOPE_PATHS:\n  - src/a.txt\n", ""),
    ],
)
def test_a_required_field_that_is_missing_is_found(old: str, new: str) -> None:
    assert packet(old, new) == ["packet.field-missing"]


def test_a_task_id_serves_as_the_id() -> None:
    assert packet("- WP_ID: WP-1-Small\n", "- TASK_ID: `WP-1-Small`\n") == []


def test_other_characters_are_one_warning_whose_message_names_no_line() -> None:
    text = edited(PACKET_TEXT, "(None yet.)", "caf\u00e9\nna\u00efve")
    outcome = check_packet(case({PACKET: text}))
    assert rules(outcome) == ["packet.non-ascii (warning)"]
    moved = check_packet(case({PACKET: edited(text, "## VALIDATION\n", "## VALIDATION\nmore\n")}))
    assert moved.findings[0].message == outcome.findings[0].message
    assert (moved.findings[0].line or 0) == (outcome.findings[0].line or 0) + 1


APPROVED = "SKELETON APPROVED\n"
BOOTSTRAP = PACKET_TEXT[PACKET_TEXT.index("## BOOTSTRAP") : PACKET_TEXT.index("## SKELETON")]
IMPLEMENTATION = "## IMPLEMENTATION\n- Done.\n\n"


def phase(text: str, gate: str = "post-work") -> list[str]:
    return rules(check_phase(case({PACKET: text}, gate=gate)))


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        (PACKET_TEXT, [], []),
        (edited(PACKET_TEXT, APPROVED, ""), [], ["phase.not-approved"]),
        (edited(PACKET_TEXT, APPROVED, f"```\n{APPROVED}```\n"), [], ["phase.not-approved"]),
        (edited(PACKET_TEXT, APPROVED, f"{IMPLEMENTATION}{APPROVED}"), [], ["phase.not-approved"]),
        (
            edited(PACKET_TEXT, "## BOOTSTRAP", "## NOTES"),
            ["phase.bootstrap-missing"],
            ["phase.bootstrap-missing"],
        ),
        (
            edited(PACKET_TEXT, "## SKELETON\n", "## NOTES\n"),
            ["phase.skeleton-missing"],
            ["phase.skeleton-missing"],
        ),
        (
            edited(edited(PACKET_TEXT, BOOTSTRAP, ""), IMPLEMENTATION, BOOTSTRAP + IMPLEMENTATION),
            ["phase.order"],
            ["phase.order"],
        ),
        (
            edited(edited(PACKET_TEXT, IMPLEMENTATION, ""), "## BOOTSTRAP", IMPLEMENTATION + "## BOOTSTRAP"),
            [],
            ["phase.not-approved", "phase.order"],
        ),
        (edited(PACKET_TEXT, IMPLEMENTATION, ""), [], []),
    ],
)
def test_phases_stand_in_order_and_post_work_wants_the_approval(
    text: str, before: list[str], after: list[str]
) -> None:
    assert phase(text, "pre-work") == before
    assert phase(text) == after
