"""A verdict as text in the familiar shape: numbered checks, PASS or FAIL with the reason, a closing line."""

import sys
from collections.abc import Callable

import jinja2

from gatekeeper.model.finding import CheckResult, Finding, Severity, Status
from gatekeeper.model.verdict import Verdict

_STYLES = {
    "PASS": "32",
    "FAIL": "31",
    "NOT_RUN": "33",
    "NOT_APPLICABLE": "2",
    "error": "31",
    "warning": "33",
    "note": "36",
    "strong": "1",
    "dim": "2",
}


def render_text(verdict: Verdict, template: str, *, color: bool = False, detail: int = 1) -> str:
    """The verdict as text.

    ``detail`` 0 shows the closing lines and errors, 1 also warnings, the first notes of each check and the
    proof's steps, 2 every note and the manifest. ``color`` adds ANSI styles.
    """
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - the output is a terminal's text; HTML escapes would corrupt it
    )
    environment.filters["style"] = _styler(color)
    environment.filters["plain"] = printable
    return environment.from_string(template).render(
        verdict=verdict,
        detail=detail,
        shown=lambda check: _shown(check, detail),
        hidden_notes=lambda check: sum(f.severity is Severity.NOTE for f in check.findings) - _notes(detail),
        errors=_count(verdict, Severity.ERROR),
        warnings=_count(verdict, Severity.WARNING),
        not_run=[check for check in verdict.checks if check.status is Status.NOT_RUN],
        name=verdict.gate[:1].upper() + verdict.gate[1:],
        summary=summary,
    )


def printable(text: str) -> str:
    """The text without control characters, so that no name can move the cursor or forge a line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def summary(check: CheckResult) -> str:
    """One line for a check: its reason, or what its findings amount to."""
    if check.reason:
        return check.reason
    counts = [(s, sum(f.severity is s for f in check.findings)) for s in (Severity.WARNING, Severity.NOTE)]
    told = [f"{count} {severity}{'s' if count > 1 else ''}" for severity, count in counts if count]
    return ", ".join(told)


def _styler(color: bool) -> Callable[[str, str], str]:
    def style(text: str, name: str) -> str:
        return f"\x1b[{_STYLES[name]}m{text}\x1b[0m" if color else text

    return style


def _notes(detail: int) -> int:
    """How many notes of a check are shown; a first manifest over hand-filled blocks has hundreds."""
    return (0, 5, sys.maxsize)[detail]


def _shown(check: CheckResult, detail: int) -> list[Finding]:
    if detail == 0:
        return [f for f in check.findings if f.severity is Severity.ERROR and f.waiver is None]
    notes = [f for f in check.findings if f.severity is Severity.NOTE][_notes(detail) :]
    return [f for f in check.findings if not any(f is note for note in notes)]


def _count(verdict: Verdict, severity: Severity) -> int:
    return sum(f.severity is severity and f.waiver is None for c in verdict.checks for f in c.findings)
