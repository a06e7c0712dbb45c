"""An audit against a baseline: the file of findings that were there before."""

from dataclasses import replace
from pathlib import Path

from gatekeeper.audit.baseline import Baseline, baseline_of, compared, read_baseline, render_baseline
from gatekeeper.audit.run import AuditResult
from gatekeeper.audit.sources import Sources
from gatekeeper.model.errors import UsageError
from gatekeeper.model.names import from_packet
from gatekeeper.runs.audits import Ask


def known_findings(ask: Ask) -> Baseline:
    """The baseline as it stands; one that is to be written may be missing.

    Raises UsageError where there is none, it can't be read, or what is asked contradicts itself.
    """
    if ask.baseline is None:
        if ask.update:
            raise UsageError("--update-baseline has no baseline to write.", hint="name it with --baseline FILE")
        return Baseline()
    if ask.update and (ask.changed or ask.lines):
        raise UsageError(
            "--update-baseline looks at the whole tree, so --changed and --changed-lines don't go with it.",
            hint="gate audit --baseline FILE --update-baseline",
        )
    try:
        return read_baseline(ask.baseline.read_bytes(), str(ask.baseline))
    except FileNotFoundError as error:
        if ask.update:
            return Baseline()
        raise UsageError(
            f"There is no baseline {ask.baseline}.",
            hint=f"gate audit --baseline {ask.baseline} --update-baseline writes it",
        ) from error
    except OSError as error:
        raise UsageError(
            f"The baseline {ask.baseline} can't be read: {error.strerror}.", hint="name a file with --baseline"
        ) from error


def against(ask: Ask, known: Baseline, sources: Sources, result: AuditResult) -> AuditResult:
    """The result with what the baseline knows as notes; its file is written anew where that is asked.

    Raises UsageError where it can't be written.
    """
    lines: dict[str, list[str]] = {}

    def raw(path: str) -> str:
        return path if path in sources.tree.entries or not path.startswith('"') else from_packet(path)

    def read_line(path: str, number: int) -> str:
        if path not in lines:
            lines[path] = sources.tree.read(raw(path)).decode("utf-8", "replace").split("\n")
        return lines[path][number - 1] if number <= len(lines[path]) else ""

    def judged(rule: str, path: str) -> bool:
        return rule in result.rules and not ask.lines and sources.selection.holds(raw(path))

    if ask.update and ask.baseline is not None:
        kept = Baseline({key: count for key, count in known.items() if key[0] not in result.rules})
        known = kept + baseline_of(result.findings, read_line)
        _write(ask.baseline, render_baseline(known))
    outcome = compared(result.findings, known, read_line, judged)
    remark = f"{outcome.known} known from the baseline, {outcome.gone} gone from it"
    return replace(result, findings=outcome.findings, remarks=(*result.remarks, remark))


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(
            f"The baseline {file} can't be written: {error.strerror}.", hint="name another file with --baseline"
        ) from error
