"""A verdict as text in the familiar shape: numbered checks, PASS or FAIL with the reason, a closing line."""

import sys
from collections.abc import Callable, Sequence
from functools import partial

import jinja2

from gatekeeper.model.finding import CheckResult, Finding, Severity, Status
from gatekeeper.model.verdict import Verdict
from gatekeeper.reports.evidence import evidence_files, evidence_table
from gatekeeper.reports.plain import printable
from gatekeeper.reports.proof import proof_table

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
    proof's steps, 2 every note and the manifest. ``color`` adds ANSI styles. The packets of ``gate check``
    stand in a table, those that didn't pass (with ``detail`` 2 all) below it in the form of their own verdicts.
    """
    packets = [p for p in verdict.packets or () if detail > 1 or p.status is not Status.PASS]
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - the output is a terminal's text; HTML escapes would corrupt it
    )
    environment.filters["style"] = styler(color)
    environment.filters["plain"] = printable
    return environment.from_string(template).render(
        verdict=verdict,
        detail=detail,
        shown=lambda check: _shown(check, detail),
        hidden_notes=lambda check: sum(f.severity is Severity.NOTE for f in check.findings) - _notes(detail),
        table=_table(verdict.packets or ()),
        proof_table=proof_table(verdict.migrations, whole=detail > 1) if verdict.migrations else [],
        evidence_table=evidence_table(verdict.evidence) if verdict.evidence else [],
        evidence_files=evidence_files(verdict),
        packets=packets,
        told=lambda packet: render_text(packet, template, color=color, detail=detail),
        explained=partial(explained, verdict),
        closing=closing(verdict),
        not_run=[check for check in verdict.checks if check.status is Status.NOT_RUN],
        summary=summary,
    )


def closing(verdict: Verdict) -> tuple[str, str]:
    """The closing line in two parts: what the gate came to, and how many errors and warnings it counts."""
    words = {Status.FAIL: "FAILED", Status.NOT_RUN: "NOT RUN"}
    outcome = f"{verdict.gate[:1].upper()}{verdict.gate[1:]} validation {words.get(verdict.status, 'PASSED')}"
    counts = [(s, _count(verdict, s)) for s in (Severity.ERROR, Severity.WARNING)]
    told = [f"{count} {severity}{'s' if count > 1 else ''}" for severity, count in counts if count]
    return outcome, f" with {' and '.join(told)}" if told else ""


def explained(verdict: Verdict, finding: Finding) -> list[str]:
    """What is known, in this place alone, of the line that a finding of the manifest is about."""
    if verdict.change_set is None or not finding.rule.startswith("manifest."):
        return []
    return verdict.change_set.explained(finding.path, finding.line)


def summary(check: CheckResult) -> str:
    """One line for a check: its reason, or what its findings amount to."""
    if check.reason:
        return check.reason
    counts = [(s, sum(f.severity is s for f in check.findings)) for s in Severity]
    told = [f"{count} {severity}{'s' if count > 1 else ''}" for severity, count in counts if count]
    return ", ".join(told)


def styler(color: bool) -> Callable[[str, str], str]:
    """A function that gives a text the style of that name, where there is colour."""

    def style(text: str, name: str) -> str:
        return f"\x1b[{_STYLES[name]}m{text}\x1b[0m" if color and name else text

    return style


def _notes(detail: int) -> int:
    """How many notes of a check are shown; a first manifest over hand-filled blocks has hundreds."""
    return (0, 5, sys.maxsize)[detail]


def _shown(check: CheckResult, detail: int) -> list[Finding]:
    if detail == 0:
        return [f for f in check.findings if f.severity is Severity.ERROR and f.waiver is None]
    notes = [f for f in check.findings if f.severity is Severity.NOTE][_notes(detail) :]
    return [f for f in check.findings if not any(f is note for note in notes)]


def _findings(verdict: Verdict, severity: Severity) -> list[Finding]:
    """The unwaived findings of that severity, those of its packets included."""
    judged = (verdict, *(verdict.packets or ()))
    found = (f for one in judged for check in one.checks for f in check.findings)
    return [f for f in found if f.severity is severity and f.waiver is None]


def _count(verdict: Verdict, severity: Severity) -> int:
    return len(_findings(verdict, severity))


def _table(packets: Sequence[Verdict]) -> list[dict[str, str]]:
    """The summary of ``gate check``: a heading and a row for each packet, in columns; nothing without packets."""
    width = max((len(packet.wp_id or "") for packet in packets), default=0)
    rows = [_row(packet, width) for packet in packets]
    if rows:
        counts = "files  errors  warnings"
        heading = {"packet": "packet".ljust(width), "verdict": "verdict", "status": "dim", "counts": counts}
        rows.insert(0, {**heading, "first": "first error"})
    return rows


def _row(packet: Verdict, width: int) -> dict[str, str]:
    errors = _findings(packet, Severity.ERROR)
    files = str(packet.change_set.files) if packet.change_set else "-"
    first = f"{errors[0].rule} {errors[0].path or ''}".rstrip() if errors else ""
    return {
        "packet": (packet.wp_id or "").ljust(width),
        "verdict": f"{packet.status:<7}",
        "status": str(packet.status),
        "counts": f"{files:>5}  {len(errors):>6}  {_count(packet, Severity.WARNING):>8}",
        "first": first,
    }
