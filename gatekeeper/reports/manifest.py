"""A manifest report as text, JSON or GitHub's workflow commands."""

from collections.abc import Iterator, Sequence

from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.manifest_report import FieldPair, ManifestReport, Standing
from gatekeeper.reports.github import command
from gatekeeper.reports.plain import printable
from gatekeeper.reports.text import styler

_AGREEING = {Standing.SAME, Standing.ACCEPTED, Standing.IGNORED}
_WIDTH = 40  # a SHA1; the values that are longer are names, which stand below each other
_STYLES = {Standing.ACCEPTED: "warning", Standing.SAME: "dim", Standing.IGNORED: "dim"}


def render_github(report: ManifestReport) -> str:
    """One command a finding, then the closing line."""
    told = (command(finding, _elsewhere(report, finding)) for finding in report.findings)
    return "".join(f"{line}\n" for line in (*told, closing(report)))


def render_text(report: ManifestReport, *, color: bool = False, detail: int = 1) -> str:
    """The block itself; what was written; or recorded beside computed. Always with a newline at its end.

    Beside each other stand the fields that differ, with ``detail`` 2 all of them, with 0 the errors alone.
    """
    if report.differences is None and report.written is None:
        return f"{report.block}\n"
    if report.differences is not None and detail > 0:
        lines = list(_differences(report, color, detail))
    else:
        lines = list(notes(report, detail))
    return "".join(f"{line}\n" for line in (*lines, closing(report)))


def notes(report: ManifestReport, detail: int) -> Iterator[str]:
    """The findings, a line each, with ``detail`` 0 the errors alone."""
    for finding in report.findings:
        if detail == 0 and finding.severity is not Severity.ERROR:
            continue
        place = f"{finding.path or ''}{f':{finding.line}' if finding.line else ''}"
        yield printable(f"{finding.severity} {finding.rule} {place}: {finding.message}")


def closing(report: ManifestReport) -> str:
    """One line for what the call came to."""
    count = _counted(report.change_set.files, "file")
    if report.differences is not None:
        differing = [pair for pair in report.differences if pair.standing not in _AGREEING]
        if not differing:
            words = "agrees with what is computed" if report.exit_code == 0 else "could not be compared whole"
            return printable(f"The manifest in {report.packet} {words} ({count}).")
        told = ", ".join(_counted(n, str(s)) for s in Standing if (n := sum(p.standing is s for p in differing)))
        return printable(f"The manifest in {report.packet} differs from what is computed ({count}): {told}.")
    if report.written is None:
        return printable(f"The manifest of {report.wp_id}: {count}.")
    if report.written:
        return printable(f"The manifest of {count} is written to {report.packet}")
    words = "not written" if report.exit_code else "already there"
    return printable(f"The manifest of {count} is {words}: {report.packet}")


def _counted(number: int, word: str) -> str:
    plural = "s" if word == "file" and number != 1 else ""
    return f"{number} {word}{plural}"


def _differences(report: ManifestReport, color: bool, detail: int) -> Iterator[str]:
    style = styler(color)
    yield printable(f"{report.packet}: recorded | computed. {report.change_set.reason}")
    told: set[Finding] = set()
    for pair in report.differences or ():
        if detail < 2 and pair.standing in {Standing.SAME, Standing.IGNORED}:
            continue
        yield ""
        where = f" (line {pair.line})" if pair.line else ""
        yield (
            printable(pair.target_file) + where + ": " + style(pair.standing, _STYLES.get(pair.standing, "error"))
        )
        for row in pair.fields:
            if detail > 1 or row.standing is not Standing.SAME:
                yield from _row(row, color)
                yield from _about(report, row.line, told)
        yield from _about(report, pair.line, told)
    rest = [finding for finding in report.findings if finding not in told and finding.rule != "manifest.missing"]
    yield from ("", *_plain(report, rest)) if rest else ()
    yield ""


def _row(row: FieldPair, color: bool) -> Iterator[str]:
    style = styler(color)
    mark = " " if row.standing is Standing.SAME else "~" if row.standing is Standing.ACCEPTED else "!"
    recorded, computed = printable(row.recorded or "-"), printable(row.computed or "-")
    name = style(f"  {mark} {row.field:<34}", _STYLES.get(row.standing, "error"))
    if len(recorded) > _WIDTH or len(computed) > _WIDTH:
        yield f"{name} {recorded}"
        yield f"{'':<38} | {computed}"
    else:
        yield f"{name} {recorded:<{_WIDTH}} | {computed}"


def _about(report: ManifestReport, line: int | None, told: set[Finding]) -> Iterator[str]:
    """What the findings at that line of the packet say, once."""
    here = [f for f in report.findings if line is not None and (f.path, f.line) == (report.packet, line)]
    yield from _plain(report, [finding for finding in here if finding not in told])
    told.update(here)


def _plain(report: ManifestReport, findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        place = f" {finding.path}" if finding.path not in {None, report.packet} else ""
        yield printable(f"      {finding.severity} {finding.rule}{place}: {finding.message}")
        for sentence in _elsewhere(report, finding):
            yield printable(f"      {sentence}")


def _elsewhere(report: ManifestReport, finding: Finding) -> list[str]:
    return report.change_set.explained(finding.path, finding.line)
