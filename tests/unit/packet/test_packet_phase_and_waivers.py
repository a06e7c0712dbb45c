"""Phases, approval lines and waiver records."""

import pytest

from gatekeeper.model.packet import Packet
from gatekeeper.packet.parse import parse_packet


def parse(text: str) -> Packet:
    return parse_packet("p", "WP-1", text.encode())


def test_phase_headings_are_the_first_of_their_names() -> None:
    phase = parse("## SKELETON\n## BOOTSTRAP (Coder Work Plan)\n## Implementation\n## BOOTSTRAP\n").phase
    assert (phase.bootstrap, phase.skeleton, phase.implementation) == (2, 1, 3)


@pytest.mark.parametrize(
    "line",
    [
        "SKELETON APPROVED",
        "SKELETON APPROVED  ",
        "SKELETON APPROVED: 2025-12-25 (Orchestrator message)",
        "SKELETON APPROVED ab2912202519",
        "SKELETON APPROVED 2026-01-12",
        "SKELETON APPROVED (amended: one more file)",
        "SKELETON APPROVED by the reviewer",
        "**SKELETON APPROVED**",
    ],
)
def test_an_approval_line_counts(line: str) -> None:
    assert parse(f"## SKELETON\n- plan\n\n{line}\n## IMPLEMENTATION\n").phase.approvals == (4,)


@pytest.mark.parametrize(
    "line",
    [
        "await SKELETON APPROVED",
        "skeleton approved",
        'No work until "SKELETON APPROVED".',
        "SKELETON APPROVED is required before any work",
        "SKELETON APPROVED? Not yet.",
        "SKELETON APPROVEDX",
        "> SKELETON APPROVED",
        "- [ ] SKELETON APPROVED",
        "<!-- SKELETON APPROVED -->",
        "```\nSKELETON APPROVED\n```",
        "    SKELETON APPROVED",
    ],
)
def test_prose_fences_and_quotes_approve_nothing(line: str) -> None:
    assert parse(f"## SKELETON\n{line}\n## IMPLEMENTATION\n").phase.approvals == ()


def test_an_approval_outside_the_skeleton_section_does_not_count() -> None:
    text = "{0}\n## BOOTSTRAP\n{0}\n## SKELETON\n## {0}\n{0}\n".format("SKELETON APPROVED")
    assert parse(text).phase.approvals == ()


def test_an_approval_in_a_subsection_of_skeleton_counts() -> None:
    assert parse("## SKELETON\n### Decisions\nSKELETON APPROVED\n").phase.approvals == (3,)


GOOD = "W-1 | CX-DBP-VAL-010 | a.py, `src/b/**` c.py | private pool | maintainers | 2026-01-12 | 2026-06-30"


def test_a_waiver_record_is_read_whole() -> None:
    packet = parse(f"## WAIVERS GRANTED\n- (Record waivers here per [CX-573F].)\n- NONE\n- {GOOD}\n")
    (waiver,) = packet.waivers
    assert (waiver.id, waiver.rule, waiver.line) == ("W-1", "CX-DBP-VAL-010", 4)
    assert waiver.paths == ("a.py", "src/b/**", "c.py")
    assert (waiver.reason, waiver.approver) == ("private pool", "maintainers")
    assert (waiver.date, waiver.expires) == ("2026-01-12", "2026-06-30")
    assert packet.malformed_waivers == ()


@pytest.mark.parametrize("expiry", ["none", "-", "", "NONE"])
def test_a_waiver_may_have_no_expiry(expiry: str) -> None:
    (waiver,) = parse(f"## WAIVERS GRANTED\n- {GOOD.removesuffix('2026-06-30')}{expiry}\n").waivers
    assert waiver.expires == ""


@pytest.mark.parametrize(
    ("item", "word"),
    [
        (GOOD.rsplit("|", 1)[0], "seven parts"),
        (GOOD + " | more", "seven parts"),
        (GOOD.replace("2026-01-12", "12.01.2026"), "YYYY-MM-DD"),
        (GOOD.replace("2026-06-30", "2026-02-30"), "expiry"),
        (GOOD.replace("2026-06-30", "on closure"), "expiry"),
        (GOOD.replace("maintainers", " "), "approver"),
        (GOOD.replace("W-1", ""), "ID"),
        (GOOD.replace("a.py, `src/b/**` c.py", ","), "paths"),
        ("Waiver ID: W-1\n  - Date: 2026-01-12\n  - Scope: all", "seven parts"),
    ],
)
def test_any_other_list_item_is_malformed_once(item: str, word: str) -> None:
    packet = parse(f"## WAIVERS GRANTED\n- {item}\n")
    assert packet.waivers == ()
    (malformed,) = packet.malformed_waivers
    assert malformed.line == 2
    assert word in malformed.problem


def test_a_record_that_is_no_list_item_is_malformed() -> None:
    packet = parse(f"## WAIVERS GRANTED\n{GOOD}\n| W-2 | table |\nprose\n")
    assert [line.line for line in packet.malformed_waivers] == [2, 3]


def test_fenced_waivers_and_those_elsewhere_do_not_count() -> None:
    packet = parse(f"## WAIVERS GRANTED\n```\n- {GOOD}\n```\nNONE\n## HYGIENE\n- {GOOD}\n")
    assert (packet.waivers, packet.malformed_waivers) == ((), ())


@pytest.mark.parametrize(
    "comment", ["<!-- SKELETON APPROVED -->", "<!--\nSKELETON APPROVED\n-->", "<!--\nSKELETON APPROVED"]
)
def test_an_approval_in_a_comment_approves_nothing(comment: str) -> None:
    assert parse(f"## SKELETON\n{comment}\n").phase.approvals == ()


def test_a_waiver_in_a_comment_is_neither_granted_nor_malformed() -> None:
    record = "- W-1 | lint.x | a | b | c | 2026-01-01 | none"
    packet = parse(f"## WAIVERS GRANTED\n<!-- {record} -->\n<!--\n{record}\n- half | a waiver\n-->\n")
    assert (packet.waivers, packet.malformed_waivers) == ((), ())
