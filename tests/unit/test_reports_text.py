"""Text and JSON of a verdict (contract, section 3)."""

import json
from typing import Any

import pytest

from gatekeeper.model.finding import CheckResult, Finding, Severity, Status
from gatekeeper.model.summary import ChangeSetSummary, ManifestRow, WaiverUse
from gatekeeper.model.verdict import Verdict
from gatekeeper.reports.json import render_json
from gatekeeper.reports.plain import printable
from gatekeeper.reports.text import render_text

EVIL = "a\nCheck 9: Forged\nPASS\x1b[2J\r\x08\u202e\u2028b"


def finding(rule: str = "scope.out-of-scope", severity: Severity = Severity.ERROR, **fields: Any) -> Finding:
    return Finding(rule=rule, severity=severity, message=f"About {rule}.", hint="mend it so", **fields)


def verdict(*findings: Finding, status: Status = Status.FAIL, name: str = "src/a.txt") -> Verdict:
    checks = (
        CheckResult(id="packet", title="Packet structure", status=Status.PASS),
        CheckResult(id="scope", title="Scope", status=status, reason="why it is so", findings=findings),
    )
    row = ManifestRow(
        target_file=name,
        kind="other",
        change="modified",
        start=1,
        end=2,
        line_delta=0,
        pre_sha1="1" * 40,
        post_sha1="2" * 40,
        pre_blob=None,
        post_blob=None,
        post_sha256=None,
        gates={"anchors_present": None},
    )
    return Verdict(
        gate="post-work",
        wp_id="WP-1-Small",
        packet="packets/WP-1-Small.md",
        status=status,
        exit_code={Status.FAIL: 1, Status.NOT_RUN: 3}.get(status, 0),
        tool_version="0",
        started_at="2026-01-01T00:00:00.000Z",
        duration_ms=1,
        change_set=ChangeSetSummary(
            digest="d" * 64,
            source="staged",
            reason=name,
            base=None,
            head=None,
            base_tree="",
            head_tree="",
            files=1,
        ),
        manifest=(row,),
        checks=checks,
        waivers=(WaiverUse(id="W", rule="r", paths=(), reason="", approver="", expires="", used=0),),
    )


def text(shown: Verdict, *, color: bool = False, detail: int = 1) -> str:
    return render_text(shown, color=color, detail=detail)


def test_checks_are_numbered_with_status_and_reason_and_a_closing_line_ends() -> None:
    out = text(verdict(finding(path="src/a.txt"), finding("x.y", Severity.WARNING)))
    assert "Check 1: Packet structure\nPASS\n" in out
    assert "Check 2: Scope\nFAIL: why it is so\n" in out
    assert "error scope.out-of-scope src/a.txt\n    About scope.out-of-scope.\n    mend: mend it so\n" in out
    assert out.endswith("Post-work validation FAILED with 1 error and 1 warning\nPacket: packets/WP-1-Small.md\n")
    not_run = text(verdict(status=Status.NOT_RUN))
    assert "Post-work validation NOT RUN\nScope could not run: why it is so\n" in not_run


def test_a_waived_finding_is_shown_with_its_waiver_and_not_counted() -> None:
    out = text(verdict(finding(path="src/a.txt", waiver="W-1"), status=Status.PASS))
    assert "(waived by W-1)" in out
    assert "Post-work validation PASSED\n" in out


def test_quiet_shows_errors_and_the_closing_lines_only() -> None:
    out = text(verdict(finding(), finding("x.y", Severity.WARNING), finding("x.z", waiver="W-1")), detail=0)
    assert "scope.out-of-scope" in out
    assert "mend: mend it so" in out
    assert "Check 2: Scope\n" in out
    for hidden in ("x.y", "x.z", "Packet structure", "PASS\n"):
        assert hidden not in out
    assert "Post-work validation FAILED" in out
    quiet = text(verdict(status=Status.PASS), detail=0)
    assert "Check" not in quiet
    assert "Post-work validation PASSED" in quiet


def test_verbose_shows_the_manifest_too() -> None:
    assert "modified src/a.txt 1-2 delta 0" in text(verdict(), detail=2)
    assert "modified src/a.txt" not in text(verdict())


@pytest.mark.parametrize("detail", [0, 1, 2])
def test_no_name_or_message_can_forge_a_line_or_move_the_cursor(detail: int) -> None:
    evil = finding(path=EVIL).model_copy(update={"message": EVIL, "hint": EVIL, "waiver": None})
    out = text(verdict(evil, name=EVIL), detail=detail)
    assert not any(line.startswith("Check 9") for line in out.splitlines())
    assert all(char == "\n" or char.isprintable() for char in out)


def test_printable_keeps_what_can_be_shown() -> None:
    assert printable("caf\u00e9 \u6f22 a b") == "caf\u00e9 \u6f22 a b"
    assert printable("\x1b[0m\n\udcff") == "\\x1b[0m\\n\\udcff"


def test_colour_is_added_around_words_only_if_asked_for() -> None:
    assert "\x1b" not in text(verdict(finding()))
    coloured = text(verdict(finding()), color=True)
    assert "\x1b[31mFAIL\x1b[0m" in coloured


def test_json_begins_with_the_schema_and_leaves_out_what_does_not_apply() -> None:
    out = render_json(verdict(finding(path="src/caf\u00e9.txt")))
    assert out.isascii()
    data = json.loads(out)
    assert list(data) == [
        *("schema", "gate", "wp_id", "packet", "status", "exit_code", "tool_version", "started_at", "duration_ms"),
        *("change_set", "manifest", "checks", "waivers", "migrations"),
    ]
    assert data["schema"] == "gatekeeper/verdict/v1"
    assert data["migrations"] is None
    assert not {"renamed_from", "mode", "content"} & set(data["manifest"][0])
    assert data["checks"][1]["findings"][0] == {
        "rule": "scope.out-of-scope",
        "severity": "error",
        "message": "About scope.out-of-scope.",
        "path": "src/caf\u00e9.txt",
        "line": None,
        "hint": "mend it so",
        "waiver": None,
        "engine": None,
    }
