"""What ``gate verify`` came to as text: a word and a line for each packet, and below it what differs."""

from collections.abc import Iterator

from gatekeeper.model.finding import Finding, Severity, Status
from gatekeeper.model.verdict import Verdict
from gatekeeper.reports.plain import printable
from gatekeeper.reports.text import styler

_STYLES = {"VERIFIED": "PASS", "STALE": "NOT_RUN", "BROKEN": "FAIL", "NOT_RUN": "NOT_RUN"}
# Warnings about the record itself; those about the work are what its own run told.
_OF_RECORDS = ("report.", "evidence.", "checkpoint.")

AS_RECORDED = "as recorded"
"""How the reason of the check ``migrations`` begins where the proof wasn't run."""


def render_text(verdict: Verdict, *, color: bool = False, detail: int = 1) -> str:
    """One line a packet, errors below it, with ``detail`` 1 also what is stale, with 2 every finding.

    With ``detail`` 0 only packets that fail are listed. Always with a newline at its end.
    """
    packets = (verdict,) if verdict.packets is None else verdict.packets
    lines = [line for packet in packets for line in _packet(packet, color, detail)]
    if verdict.packets is not None:
        lines += [*([""] if lines else []), *_closing(verdict)]
    return "".join(f"{line}\n" for line in lines)


def _packet(packet: Verdict, color: bool, detail: int) -> Iterator[str]:
    word = packet.state or str(packet.status)
    if detail == 0 and packet.exit_code == 0:
        return
    style = styler(color)
    start = style(word, _STYLES.get(word, "dim")) + " " * (len("VERIFIED") - len(word))
    yield f"{start} {printable(packet.wp_id or '')}{_told(packet)}"
    for check in packet.checks:
        if check.status is Status.NOT_RUN:
            yield f"  {check.title} could not run: {printable(check.reason or 'no reason given')}"
        for finding in sorted(check.findings, key=_is_commit):
            if _is_shown(finding, detail):
                yield from _finding(finding, color)


def _told(packet: Verdict) -> str:
    """What was verified, or why nothing was, in a few words."""
    if packet.status is Status.NOT_APPLICABLE:
        return f": {printable(packet.checks[0].reason or '')}"
    change = packet.change_set
    if change is None:
        return ""
    since = next((check.reason for check in packet.checks if check.id == "since"), None)
    base = change.base[:12] if change.base else "nothing"
    files = f"{change.files} file{'' if change.files == 1 else 's'}"
    at = f"{base}..{(change.head or '')[:12]}"
    proof = next((check.reason or "" for check in packet.checks if check.id == "migrations"), "")
    at += ", the migrations' proof as recorded (--prove)" if proof.startswith(AS_RECORDED) else ""
    return f": {files}, {at}{f', {since}' if since and packet.state == 'VERIFIED' else ''}"


def _is_shown(finding: Finding, detail: int) -> bool:
    if finding.severity is Severity.ERROR and finding.waiver is None:
        return True
    if detail == 0:
        return False
    warns = finding.severity is Severity.WARNING and finding.rule.startswith(_OF_RECORDS)
    return detail > 1 or warns or _is_commit(finding)


def _is_commit(finding: Finding) -> bool:
    """Whether this is one of the commits that made a record stale."""
    return finding.rule == "report.stale" and finding.severity is Severity.NOTE


def _finding(finding: Finding, color: bool) -> Iterator[str]:
    if _is_commit(finding):
        yield f"      {printable(finding.message)}"
        return
    line = f":{finding.line}" if finding.line else ""
    place = f" {printable(finding.path)}{line}" if finding.path else ""
    waived = f" (waived by {printable(finding.waiver)})" if finding.waiver else ""
    severity = styler(color)(str(finding.severity), str(finding.severity))
    yield f"  {severity} {finding.rule}{place}{waived}"
    yield f"    {printable(finding.message)}"
    if finding.hint and finding.severity is Severity.ERROR:
        yield f"    mend: {printable(finding.hint)}"


def _closing(verdict: Verdict) -> Iterator[str]:
    number = len(verdict.packets or ())
    for check in verdict.checks:
        yield f"{number} packet{'' if number == 1 else 's'}: {printable(check.reason or '')}"
