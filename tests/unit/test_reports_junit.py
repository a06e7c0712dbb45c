"""A verdict as JUnit XML: what a build server must show as failed, as broken and as skipped."""

from xml.etree import ElementTree as ET

import pytest
from verdicts import finding, scope, verdict

from gatekeeper.model.finding import CheckResult, Finding, Severity, Status
from gatekeeper.model.verdict import Verdict
from gatekeeper.reports.junit import render_junit


def suites(judged: Verdict) -> list[ET.Element]:
    return list(ET.fromstring(render_junit(judged)))  # noqa: S314 - our own output


def case_of(check: CheckResult) -> ET.Element:
    (suite,) = suites(verdict(check))
    (case,) = suite.iter("testcase")
    return case


def text_of(element: ET.Element | None) -> str:
    assert element is not None
    return element.text or ""


def counts(element: ET.Element) -> tuple[str | None, ...]:
    return tuple(element.get(name) for name in ("tests", "failures", "errors", "skipped"))


def test_a_failed_check_is_one_failure_that_lists_its_errors() -> None:
    found = (finding("One.", path="a.txt", line=3, hint="do so"), finding("Two.", engine="sqlite"))
    case = case_of(scope(*found, finding("Three.", severity=Severity.WARNING), finding("Four.", waiver="W-1")))
    failure = case.find("failure")
    assert failure is not None
    assert (case.get("name"), failure.get("type"), failure.get("message")) == (
        "Scope",
        "scope.window",
        "scope.window",
    )
    assert failure.text == (
        "error scope.window a.txt:3\n  One.\n  mend: do so\nerror scope.window [sqlite]\n  Two."
    )
    assert text_of(case.find("system-out")) == (
        "warning scope.window\n  Three.\nerror scope.window (waived by W-1)\n  Four."
    )


@pytest.mark.parametrize(
    ("status", "tag", "message"),
    [
        (Status.NOT_RUN, "error", "could not run: no server"),
        (Status.NOT_APPLICABLE, "skipped", "no server"),
        (Status.FAIL, "failure", "no server"),
    ],
)
def test_only_what_passed_is_shown_as_passed(status: Status, tag: str, message: str) -> None:
    element = case_of(scope(status=status, reason="no server")).find(tag)
    assert element is not None
    assert element.get("message") == message
    passed = case_of(scope(finding(severity=Severity.WARNING), status=Status.PASS, reason="told"))
    assert [child.tag for child in passed] == ["system-out"]
    assert text_of(passed[0]).startswith("told\nwarning ")


def test_every_packet_is_a_suite_and_the_counts_add_up() -> None:
    packet = verdict(scope(finding()), scope(status=Status.NOT_RUN), wp_id="WP-1-A")
    root = ET.fromstring(render_junit(verdict(scope(status=Status.NOT_APPLICABLE), packets=(packet,))))  # noqa: S314 - our own output
    assert [suite.get("name") for suite in root] == ["gate check", "gate post-work WP-1-A"]
    assert [counts(suite) for suite in root] == [("1", "0", "0", "1"), ("2", "1", "1", "0")]
    assert counts(root) == ("3", "1", "1", "1")
    assert [case.get("classname") for case in root.iter("testcase")][1] == "gate.post-work.WP-1-A.scope"


def test_any_text_is_valid_xml() -> None:
    text = "".join(map(chr, (*range(32), 0x7F, 0x85, 0xD800, 0xFFFE, 0x10FFFF))) + '<&">]]>ä'
    for check in (
        scope(finding(text, path=text, hint=text), reason=text),
        scope(status=Status.NOT_RUN, reason=text),
    ):
        out = render_junit(verdict(check))
        assert out.isascii()
        assert ET.fromstring(out).find(".//testcase") is not None  # noqa: S314 - our own output
    failure = case_of(scope(finding("a\tb\x00c")))
    assert "a\\tb\\x00c" in text_of(failure.find("failure"))


def test_a_finding_without_anything_is_a_line() -> None:
    assert text_of(case_of(scope(Finding(rule="x.y", message="So."))).find("failure")) == "error x.y\n  So."
