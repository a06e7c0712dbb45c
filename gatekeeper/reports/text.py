"""A verdict as text in the familiar shape: numbered checks, PASS or FAIL with the reason, a closing line.

Written out and not from a template, because a template engine takes longer to load than most verdicts to reach.
"""

import sys
from collections.abc import Callable, Iterator, Sequence

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
_REPLACES = " (in place of one that wasn't committed)"


def render_text(verdict: Verdict, *, color: bool = False, detail: int = 1) -> str:
    """The verdict as text.

    ``detail`` 0 shows the closing lines and errors, 1 also warnings, the first notes of each check and the
    proof's steps, 2 every note and the manifest. ``color`` adds ANSI styles. The packets of ``gate check``
    stand in a table, those that didn't pass (with ``detail`` 2 all) below it in the form of their own verdicts.
    """
    return "".join(f"{line}\n" for line in _Page(verdict, styler(color), color, detail).lines())


class _Page:
    """The lines of one verdict."""

    def __init__(self, verdict: Verdict, style: Callable[[str, str], str], color: bool, detail: int) -> None:
        self._verdict = verdict
        self._style = style
        self._color = color
        self._detail = detail

    def lines(self) -> Iterator[str]:
        verdict = self._verdict
        if self._detail > 0:
            yield from self._head()
            yield from self._packets()
        for number, check in enumerate(verdict.checks, 1):
            if self._detail > 0 or check.status in {Status.FAIL, Status.NOT_RUN}:
                yield from self._check(number, check)
        if self._detail > 0:
            yield from self._migrations()
            yield from self._commands()
        if self._detail > 1:
            yield from self._manifest()
        for packet in verdict.packets or ():
            if self._detail > 1 or packet.status is not Status.PASS:
                yield ""
                yield from _Page(packet, self._style, self._color, self._detail).lines()
        yield from self._closing()

    def _word(self, word: str) -> str:
        return self._style(str(word), str(word))

    def _head(self) -> Iterator[str]:
        verdict = self._verdict
        yield self._style(f"gate {verdict.gate}" + (f" {verdict.wp_id}" if verdict.wp_id else ""), "strong")
        change = verdict.change_set
        if change is not None:
            files = f"{change.files} file{'' if change.files == 1 else 's'}"
            yield f"change {change.digest[:12]}: {files}. {printable(change.reason)}"
        yield ""

    def _packets(self) -> Iterator[str]:
        if self._verdict.packets is None:
            return
        yield "Packets"
        rows = _table(self._verdict.packets)
        for row in rows:
            first = f"  {printable(row['first'])}" if row["first"] else ""
            verdict = self._style(row["verdict"], row["status"])
            yield f"  {printable(row['packet'])}  {verdict}  {row['counts']}{first}"
        if not rows:
            yield "  none touched"
        yield ""

    def _check(self, number: int, check: CheckResult) -> Iterator[str]:
        yield f"Check {number}: {check.title}"
        told = summary(check)
        yield self._word(check.status) + (f": {printable(told)}" if told else "")
        for finding in _shown(check, self._detail):
            yield from self._finding(finding)
        hidden = sum(f.severity is Severity.NOTE for f in check.findings) - _notes(self._detail)
        if self._detail == 1 and hidden > 0:
            yield f"  and {hidden} more note{'' if hidden == 1 else 's'} (-v shows them)"

    def _finding(self, finding: Finding) -> Iterator[str]:
        engine = f" [{finding.engine}]" if finding.engine else ""
        line = f":{finding.line}" if finding.line else ""
        place = f" {printable(finding.path)}{line}" if finding.path else ""
        waived = f" (waived by {printable(finding.waiver)})" if finding.waiver else ""
        yield f"  {self._word(finding.severity)} {finding.rule}{engine}{place}{waived}"
        yield f"    {printable(finding.message)}"
        for sentence in explained(self._verdict, finding):
            yield f"    {printable(sentence)}"
        if finding.hint and finding.severity is not Severity.NOTE:
            first, *more = finding.hint.split("\n")
            yield f"    mend: {printable(first)}"
            for part in more:
                yield f"          {printable(part)}"

    def _migrations(self) -> Iterator[str]:
        proof = self._verdict.migrations
        if proof is None:
            return
        yield from ("", "Migrations")
        if proof.layout:
            yield f"  {printable(proof.layout.reason)}"
        for engine in proof.engines:
            version = f"{engine.version} " if engine.version else ""
            steps = ", ".join(f"{step} {self._word(status)}" for step, status in engine.steps.items())
            came = f"{self._word(engine.status)}, {engine.applied} applied, {steps}"
            yield f"  {engine.engine:<9} {version}({engine.source}): {came}"
        if proof.parity:
            yield f"  parity    {self._word(proof.parity)}"
        table = proof_table(proof, whole=self._detail > 1)
        yield ""
        for row in table:
            yield "  " + "  ".join(self._style(printable(text), style) for text, style in row)

    def _commands(self) -> Iterator[str]:
        evidence = self._verdict.evidence
        if evidence is None or not evidence.commands:
            return
        yield from ("", f"Commands, on {printable(evidence.place or '')}")
        for text, style in evidence_table(evidence):
            yield f"  {self._style(printable(text), style)}"

    def _manifest(self) -> Iterator[str]:
        if not self._verdict.manifest:
            return
        yield from ("", "Manifest")
        for row in self._verdict.manifest:
            window = f"{row.start}-{row.end} delta {row.line_delta}"
            hashes = f"{row.pre_sha1[:8]} -> {row.post_sha1[:8]}"
            yield f"  {row.change:<8} {printable(row.target_file)} {window} {hashes}"

    def _closing(self) -> Iterator[str]:
        verdict = self._verdict
        outcome, counts = closing(verdict)
        yield from ("", "=" * 50, f"{self._style(outcome, verdict.status)}{counts}")
        for check in verdict.checks:
            if check.status is Status.NOT_RUN:
                yield f"{check.title} could not run: {printable(check.reason or 'no reason given')}"
        if verdict.packet:
            yield f"Packet: {printable(verdict.packet)}"
        yield from self._recorded()
        yield from self._reported()

    def _recorded(self) -> Iterator[str]:
        evidence, packet = self._verdict.evidence, printable(self._verdict.packet or "")
        if evidence is None:
            return
        if not evidence.written:
            yield "Nothing was recorded."
            return
        yield f"Evidence {evidence.run}, at {packet}:{evidence.line}{_REPLACES if evidence.replaces else ''}"
        yield ""
        files = printable(" ".join(evidence_files(self._verdict)))
        yield f"Next: commit it with git add -- {files} && git commit"

    def _reported(self) -> Iterator[str]:
        review, packet = self._verdict.review, printable(self._verdict.packet or "")
        if review is None:
            return
        if review.refused:
            yield printable(review.refused)
            return
        word = self._style(review.verdict, review.verdict)
        yield f"Report {review.report}: {word}, at {packet}:{review.line}{_REPLACES if review.replaces else ''}"
        yield f"Next: commit it with git add -- {packet} && git commit"


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
