"""A verdict as GitHub's workflow commands, which annotate the files of a pull request.

The escapes are those of the runner's own toolkit: ``%``, CR and LF everywhere, ``:`` and ``,`` in properties too.
"""

from collections.abc import Iterable, Iterator

from gatekeeper.model.finding import CheckResult, Finding, Severity, Status, status_of
from gatekeeper.model.verdict import Verdict
from gatekeeper.reports.plain import printable
from gatekeeper.reports.text import closing, explained

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = _DATA | str.maketrans({":": "%3A", ",": "%2C"})


def render_github(verdict: Verdict) -> str:
    """One command a finding, a waived one as a notice, one a check that could not run; then the closing line."""
    judged = (verdict, *(verdict.packets or ()))
    lines = [line for one in judged for check in one.checks for line in _commands(one, check)]
    return "".join(f"{line}\n" for line in (*lines, printable("".join(closing(verdict)))))


def _commands(verdict: Verdict, check: CheckResult) -> Iterator[str]:
    for finding in check.findings:
        yield command(finding, explained(verdict, finding))
    if check.status is Status.NOT_RUN and status_of(check.findings) is not Status.FAIL:
        message = f"{check.title} could not run: {check.reason or 'no reason given'}"
        yield f"::error title={_escaped(check.id, _PROPERTY)}::{_escaped(message, _DATA)}"


def command(finding: Finding, sentences: Iterable[str] = ()) -> str:
    """The command for a finding; ``sentences`` are told behind its message."""
    name = "notice" if finding.waiver else _COMMANDS[finding.severity]
    places = {"file": finding.path, "line": finding.line and str(finding.line), "title": finding.rule}
    properties = ",".join(f"{key}={_escaped(value, _PROPERTY)}" for key, value in places.items() if value)
    return f"::{name} {properties}::{_escaped(_message(finding, sentences), _DATA)}"


def _message(finding: Finding, sentences: Iterable[str]) -> str:
    """The sentence, then what else a reader of the annotation needs."""
    engine = f" [{finding.engine}]" if finding.engine else ""
    waiver = f" (waived by {finding.waiver})" if finding.waiver else ""
    mend = f"\nmend: {finding.hint}" if finding.hint and finding.severity is not Severity.NOTE else ""
    return f"{' '.join((finding.message, *sentences))}{engine}{waiver}{mend}"


def _escaped(text: str, table: dict[int, str]) -> str:
    return printable(text.translate(table))
