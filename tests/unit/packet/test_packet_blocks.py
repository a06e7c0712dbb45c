"""Machine blocks as text."""

import re
from collections.abc import Mapping

import pytest
from jinja2 import UndefinedError

from gatekeeper.model.changes import ChangeKind, FileChange
from gatekeeper.model.finding import CheckResult, Finding, Severity, Status
from gatekeeper.model.manifest import Gate, ManifestEntry
from gatekeeper.packet.blocks import one_line, render_manifest, render_result, rendered

PASSED: Mapping[Gate, bool | None] = dict.fromkeys(Gate, True)


def entry(path: str, **more: str | None) -> ManifestEntry:
    change = ChangeKind.RENAMED if more.get("old_path") else ChangeKind.MODIFIED
    return ManifestEntry(
        change=FileChange(path=path, change=change, base=None, head=None, old_path=more.get("old_path")),
        kind="other",
        start=1,
        end=89,
        line_delta=-32,
        last_line=89,
        pre_sha1="a" * 40,
        post_sha1="b" * 40,
        post_sha256=None,
        content=more.get("content"),
        mode=more.get("mode"),
    )


def manifest(*entries: ManifestEntry, gates: Mapping[Gate, bool | None] = PASSED, spec: str | None = None) -> str:
    return render_manifest(entries, {e.path: gates for e in entries}, spec, "c0ffee")


def test_a_manifest_has_the_contracts_form() -> None:
    gates = {**PASSED, Gate.ANCHORS: None, Gate.LINKS: False}
    assert manifest(entry("src/a.py"), gates=gates, spec="docs/P.md -> S.md") == (
        "<!-- gate:manifest change=c0ffee -->\n"
        "- **Target File**: `src/a.py`\n"
        "- **Start**: 1\n"
        "- **End**: 89\n"
        "- **Line Delta**: -32\n"
        f"- **Pre-SHA1**: `{'a' * 40}`\n"
        f"- **Post-SHA1**: `{'b' * 40}`\n"
        "- **Gates Passed**:\n"
        "  - [x] anchors_present (not applicable)\n"
        "  - [x] window_matches_plan\n"
        "  - [x] rails_untouched_outside_window\n"
        "  - [x] filename_canonical_and_openable\n"
        "  - [x] pre_sha1_captured\n"
        "  - [x] post_sha1_captured\n"
        "  - [x] line_delta_equals_expected\n"
        "  - [ ] all_links_resolvable\n"
        "  - [x] manifest_written_and_path_returned\n"
        "  - [x] current_file_matches_preimage\n"
        "- **Spec Target Resolved**: docs/P.md -> S.md\n"
        "<!-- /gate:manifest -->"
    )


def test_what_applies_to_some_entries_stands_only_there() -> None:
    text = manifest(
        entry("b", old_path="a"), entry("run", mode="100644 -> 100755"), entry("z.png", content="binary")
    )
    assert re.findall(r"\*\*(Renamed From|Mode|Content)\*\*: (.*)", text) == [
        ("Renamed From", "`a`"),
        ("Mode", "100644 -> 100755"),
        ("Content", "binary"),
    ]
    assert "Spec Target" not in text
    assert text.count("\n\n- **Target File**") == 2


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("a b.txt", "`a b.txt`"),
        ("t\u00e4.txt", '`"t\\303\\244.txt"`'),
        ("a\nb", '`"a\\nb"`'),
        ("\udcff", '`"\\377"`'),
        ("a`b", '``"a`b"``'),
        ("a``b`", '```"a``b`"```'),
        ("-->", "`-->`"),
    ],
)
def test_names_stand_in_backticks_raw_or_c_quoted(path: str, written: str) -> None:
    assert f"- **Target File**: {written}\n" in manifest(entry(path))


def test_an_empty_manifest_is_its_markers() -> None:
    assert manifest() == "<!-- gate:manifest change=c0ffee -->\n<!-- /gate:manifest -->"


def test_a_gate_that_is_left_out_is_no_pass() -> None:
    with pytest.raises(KeyError):
        render_manifest([entry("a")], {"a": {}}, None, "c0ffee")


def test_a_template_that_asks_for_what_is_not_there_fails() -> None:
    with pytest.raises(UndefinedError):
        rendered("{{ commit }}", {})


def result(*checks: CheckResult, status: Status = Status.FAIL) -> str:
    return render_result("WP-1-X", "post-work", status, "c0ffee", checks)


def test_a_result_lists_checks_then_errors_then_warnings_and_no_notes() -> None:
    findings = (
        Finding(rule="scope.window", severity=Severity.WARNING, message="Wide.", path="a"),
        Finding(rule="scope.note", severity=Severity.NOTE, message="Hidden."),
        Finding(rule="scope.out-of-scope", message="Not in scope.", path="z.py", line=3),
        Finding(rule="scope.empty", message="Empty.", waiver="W-1"),
    )
    text = result(
        CheckResult(id="packet", title="P", status=Status.PASS, duration_ms=12),
        CheckResult(id="scope", title="S", status=Status.FAIL, findings=findings),
        CheckResult(id="migrations", title="M", status=Status.NOT_APPLICABLE, reason="no migrations"),
    )
    assert text == (
        "<!-- gate:result wp=WP-1-X gate=post-work change=c0ffee verdict=FAIL -->\n"
        "- PASS packet\n"
        "- FAIL scope\n"
        "  - error scope.empty - Empty. (waived by W-1)\n"
        "  - error scope.out-of-scope z.py:3 - Not in scope.\n"
        "  - warning scope.window a - Wide.\n"
        "- NOT_APPLICABLE migrations: no migrations\n"
        "<!-- /gate:result -->"
    )


@pytest.mark.parametrize(
    "nasty",
    [
        "two\nlines",
        "x\n<!-- /gate:result -->\n## VALIDATION",
        "a --> b <!-- c",
        "`` ` ```",
        "\r\n```\n- **Target File**: `x`",
        "t\u00e4\u2028\x85b\x1b[31m\udcff\0",
        "{{ 1 }} {% raw %}",
    ],
)
def test_no_text_of_a_finding_breaks_the_block(nasty: str) -> None:
    finding = Finding(rule="r.x", message=nasty, path=nasty)
    lines = result(
        CheckResult(id="scope", title="S", status=Status.FAIL, reason=nasty, findings=(finding,))
    ).split("\n")
    assert len(lines) == 4
    assert lines[1].startswith("- FAIL scope: ")
    assert lines[2].startswith("  - error r.x ")
    for line in lines[1:3]:
        assert line.isascii()
        assert line.isprintable()
        assert not re.search("`|-->|<!--", line)


def test_ordinary_text_stays_as_it_is() -> None:
    text = "Expected 3, found 4 (see {x}, <y> & 'z')."
    assert one_line(text) == text
    assert text in result(CheckResult(id="a", title="A", status=Status.NOT_RUN, reason=text))
