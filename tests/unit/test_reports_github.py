"""A verdict as GitHub's workflow commands: exact lines, exact escapes."""

import pytest
from verdicts import finding, scope, verdict

from gatekeeper.model.finding import Finding, Severity, Status
from gatekeeper.reports.github import render_github


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (finding(path="src/a.txt", line=3), "::error file=src/a.txt,line=3,title=scope.window::It is so."),
        (finding(path="src/a.txt"), "::error file=src/a.txt,title=scope.window::It is so."),
        (finding(), "::error title=scope.window::It is so."),
        (finding(severity=Severity.WARNING), "::warning title=scope.window::It is so."),
        (finding(severity=Severity.NOTE, hint="none"), "::notice title=scope.window::It is so."),
        (finding(waiver="W-1"), "::notice title=scope.window::It is so. (waived by W-1)"),
        (finding(engine="sqlite"), "::error title=scope.window::It is so. [sqlite]"),
        (finding(hint="do so"), "::error title=scope.window::It is so.%0Amend: do so"),
        (
            finding("50%: a,\r\nb::c", path="a,b:c%\n.txt"),
            "::error file=a%2Cb%3Ac%25%0A.txt,title=scope.window::50%25: a,%0D%0Ab::c",
        ),
        (finding("\x1b[2J\u2028::error::x"), "::error title=scope.window::\\x1b[2J\\u2028::error::x"),
    ],
)
def test_a_finding_is_one_command(found: Finding, line: str) -> None:
    assert render_github(verdict(scope(found))).splitlines()[0] == line


def test_the_closing_line_counts_what_stands_in_all_packets() -> None:
    packet = verdict(scope(finding("One."), finding("Two.", severity=Severity.WARNING)))
    out = render_github(verdict(scope(finding("Own.")), packets=(packet,)))
    assert out == (
        "::error title=scope.window::Own.\n"
        "::error title=scope.window::One.\n"
        "::warning title=scope.window::Two.\n"
        "Check validation FAILED with 2 errors and 1 warning\n"
    )
    assert render_github(verdict(scope(status=Status.PASS))) == "Check validation PASSED\n"


def test_a_check_that_could_not_run_is_an_error_with_its_reason() -> None:
    out = render_github(verdict(scope(status=Status.NOT_RUN, reason="no 50%")))
    assert out == "::error title=scope::Scope could not run: no 50%25\nCheck validation NOT RUN\n"
