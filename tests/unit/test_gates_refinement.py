"""The refinement check: signature, consistency, spec and anchors (contract, section 1, Refinement)."""

import pytest
from cases import (
    PACKET,
    PACKET_TEXT,
    REFINEMENT,
    REFINEMENT_TEXT,
    SIGNATURE,
    SPEC_TEXT,
    WP_ID,
    case,
    edited,
    rules,
    settings,
)

from gatekeeper.gates.refinement import anchors_apply, check_refinement
from gatekeeper.model.finding import Status

ANCHOR_LINE = "- SPEC_ANCHOR: docs/SPEC_v1.md section 1 (CX-ONE-1), see docs/SPEC_v1.md:2\n"


def refined(old: str, new: str) -> list[str]:
    return rules(check_refinement(case({REFINEMENT: edited(REFINEMENT_TEXT, old, new)})))


def anchored(value: str) -> list[str]:
    text = edited(PACKET_TEXT, ANCHOR_LINE, f"- SPEC_ANCHOR: {value}\n" if value else "")
    return rules(check_refinement(case({PACKET: text})))


def test_a_whole_refinement_has_no_finding() -> None:
    assert check_refinement(case()).findings == ()


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (f"WP_ID: {WP_ID}", f"WP_ID: {WP_ID}-v2", "refinement.mismatch"),
        (f"- WP_ID: {WP_ID}\n", "", "refinement.mismatch"),
        ("-> SPEC_v1.md", "-> SPEC_v0.md", "refinement.mismatch"),
        ("VERDICT: PASS", "VERDICT: FAIL", "refinement.mismatch"),
        ("NEEDED: NO", "NEEDED: YES", "refinement.mismatch"),
        ("VERDICT: PASS", "VERDICT: <PASS | FAIL>", "refinement.mismatch"),
        ("VERDICT: PASS", "VERDICT: PASS | FAIL", "refinement.mismatch"),
        ("- ENRICHMENT_NEEDED: NO\n", "", "refinement.mismatch"),
        ("STATUS: APPROVED", "STATUS: PENDING", "refinement.unsigned"),
        ("STATUS: APPROVED", "STATUS: NOT APPROVED", "refinement.unsigned"),
        (f"SIGNATURE: {SIGNATURE}", "SIGNATURE: <pending>", "refinement.unsigned"),
        (f"SIGNATURE: {SIGNATURE}", "SIGNATURE:", "refinement.unsigned"),
        (f"SIGNATURE: {SIGNATURE}", "SIGNATURE: somebody010120261200", "refinement.mismatch"),
        ("TOKEN: the rule itself", "TOKEN: another rule", "refinement.anchor"),
        ("START_LINE: 3", "START_LINE: 5", "refinement.anchor"),
        ("END_LINE: 4", "END_LINE: 3", "refinement.anchor"),
        ("END_LINE: 4", "END_LINE: 7", "refinement.anchor"),
        ("START_LINE: 3", "START_LINE: 0", "refinement.anchor"),
        ("START_LINE: 3", "START_LINE: three", "refinement.anchor"),
        ("- CONTEXT_TOKEN: the rule itself\n", "", "refinement.anchor"),
    ],
)
def test_a_single_fault_is_its_rule(old: str, new: str, rule: str) -> None:
    found = refined(old, new)
    assert rule in found
    assert {name for name in found if "warning" not in name} <= {rule, "refinement.anchor"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("END_LINE: 4", "END_LINE: 6"),
        ("START_LINE: 3", "START_LINE: 4"),
        ("TOKEN: the rule itself", "TOKEN: `the rule itself`"),
        (f"WP_ID: {WP_ID}", f"WP_ID: `{WP_ID}` (this packet)"),
        ("STATUS: APPROVED", "STATUS: APPROVED (by chat)"),
        ("-> SPEC_v1.md", "-> docs/SPEC_v1.md"),
        ("-> SPEC_v1.md", "-> `SPEC_v1.md` (resolved)"),
    ],
)
def test_another_form_of_the_same_is_no_fault(old: str, new: str) -> None:
    assert refined(old, new) == []


def test_fail_and_yes_are_consistent() -> None:
    text = edited(edited(REFINEMENT_TEXT, "VERDICT: PASS", "VERDICT: FAIL"), "NEEDED: NO", "NEEDED: YES")
    assert rules(check_refinement(case({REFINEMENT: text}))) == []


def test_a_token_may_be_written_in_escapes() -> None:
    text = edited(REFINEMENT_TEXT, "TOKEN: the rule itself", "TOKEN: r\\u00e8gle")
    spec = edited(SPEC_TEXT, "the rule itself", "la règle")
    assert rules(check_refinement(case({REFINEMENT: text, "docs/SPEC_v1.md": spec}))) == [
        "refinement.spec (warning)"
    ]


def test_the_packet_must_carry_the_signature_too() -> None:
    packet = edited(PACKET_TEXT, f"- USER_SIGNATURE: {SIGNATURE}\n", "")
    assert rules(check_refinement(case({PACKET: packet}))) == ["refinement.mismatch"]


def test_a_missing_refinement_is_one_finding_and_none_where_refinements_are_off() -> None:
    assert rules(check_refinement(case({REFINEMENT: None}))) == ["refinement.missing"]
    off = settings(packets={"refinement": "off"})
    assert rules(check_refinement(case({REFINEMENT: None}, settings=off))) == []
    assert rules(check_refinement(case({REFINEMENT: "nothing in it\n"}, settings=off))) == []


def test_a_changed_spec_is_a_warning_and_its_line_ends_are_none() -> None:
    crlf = SPEC_TEXT.replace("\n", "\r\n")
    assert rules(check_refinement(case({"docs/SPEC_v1.md": crlf}))) == []
    assert rules(check_refinement(case({"docs/SPEC_v1.md": SPEC_TEXT + "More.\n"}))) == [
        "refinement.spec (warning)"
    ]
    assert "refinement.spec (warning)" in refined("- SPEC_TARGET_SHA1: ", "- OTHER_SHA1: ")


@pytest.mark.parametrize("place", ["SPEC_v1.md", "docs/SPEC_v1.md"])
def test_the_spec_lies_beside_the_root_or_beside_the_pointer(place: str) -> None:
    packet = edited(PACKET_TEXT, ANCHOR_LINE, "- SPEC_ANCHOR: SPEC_v1.md (CX-ONE-1)\n")
    files = {PACKET: packet, "docs/SPEC_v1.md": None, place: SPEC_TEXT}
    assert rules(check_refinement(case(files))) == []


@pytest.mark.parametrize("pointer", [None, "Nothing here.\n", "`SPEC_v9.md`\n"])
def test_a_pointer_that_leads_nowhere_is_an_anchor_finding(pointer: str | None) -> None:
    outcome = check_refinement(case({"docs/SPEC_CURRENT.md": pointer}))
    assert "refinement.anchor" in rules(outcome)
    assert "docs/SPEC_CURRENT.md" in {f.path for f in outcome.findings}


@pytest.mark.parametrize(
    "value",
    [
        "docs/SPEC_v2.md (CX-ONE-1)",
        "docs/SPEC_v1.md (CX-ONE-2)",
        "docs/SPEC_v1.md (CX-TWO-1)",
        "docs/SPEC_v1.md (CX-ONE)",
        "docs/SPEC_v1.md (CX-TWO)",
        "docs/SPEC_v1.md:7",
        "docs/SPEC_v1.md:2-7",
        "docs/SPEC_v1.md:0",
        "\n  - docs/SPEC_v1.md (CX-NOT-THERE)",
    ],
)
def test_a_packets_anchor_that_is_not_there_is_found(value: str) -> None:
    assert anchored(value) == ["refinement.anchor"]


@pytest.mark.parametrize(
    "value",
    [
        "docs/SPEC_v1.md (CX-TWO-12)",
        "SPEC_v1.md:6",
        "section 1 [CX-ONE-1] of the current spec",
        "\n  - docs/SPEC_v1.md (CX-ONE-1)\n  - docs/SPEC_v1.md:1-6",
        "NONE",
        "<fill>",
        "",
    ],
)
def test_a_packets_anchor_that_is_there_is_none(value: str) -> None:
    assert anchored(value) == []


def test_the_gate_applies_where_a_pointer_or_an_anchor_stands() -> None:
    bare = settings(spec={}, packets={"refinement": "off"})
    without = {PACKET: edited(PACKET_TEXT, ANCHOR_LINE, "")}
    assert not anchors_apply(case(without, settings=bare))
    assert check_refinement(case(without, settings=bare)).status is Status.NOT_APPLICABLE
    assert anchors_apply(case(settings=bare))
    assert anchors_apply(case(without))
    listed = edited(PACKET_TEXT, ANCHOR_LINE, "- SPEC_ANCHOR:\n  - docs/SPEC_v1.md (CX-ONE-1)\n")
    assert anchors_apply(case({PACKET: listed}, settings=bare))


def test_without_any_spec_a_refinement_needs_no_anchor() -> None:
    text = REFINEMENT_TEXT[: REFINEMENT_TEXT.index("### SPEC_ANCHORS")]
    text = edited(text, "- SPEC_TARGET_RESOLVED: docs/SPEC_CURRENT.md -> SPEC_v1.md\n", "")
    packet = edited(PACKET_TEXT, ANCHOR_LINE, "")
    without = {PACKET: packet, REFINEMENT: text}
    assert rules(check_refinement(case(without, settings=settings(spec={})))) == []
    assert rules(check_refinement(case(without))) == ["refinement.anchor", "refinement.mismatch"]
