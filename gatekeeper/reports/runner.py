"""What the runner did or found, as text and as GitHub's commands."""

from collections import Counter
from collections.abc import Iterator

from gatekeeper.model.finding import Finding, Status
from gatekeeper.model.runner import RunnerResult, State, Tracked, VersionState
from gatekeeper.reports.github import command
from gatekeeper.reports.plain import printable

_VERBS = {"apply": "Applied", "undo": "Undone"}


def render_runner(result: RunnerResult, *, detail: int = 1) -> str:
    """The result as text; ``detail`` 0 leaves out what went well but for the closing line."""
    lines = []
    if detail:
        lines += [f"gate migrations {result.command}", f"{result.engine}: {result.database}", ""]
        for tracked in result.tracked:
            lines += [*_table(tracked), ""]
        lines += [f"Recorded {version} as applied, without running it" for version in result.baselined]
        lines += [f"{_VERBS[result.command]} {version}" for version in result.done]
    for finding in result.findings:
        lines += _finding(finding)
    if result.reason and (detail or result.status is not Status.PASS):
        lines.append(f"{'NOT RUN: ' if result.status is Status.NOT_RUN else ''}{result.reason}")
        if result.hint:
            lines.append(f"  mend: {result.hint}")
    return "".join(f"{printable(line)}\n" for line in [*lines, _closing(result)])


def render_runner_github(result: RunnerResult) -> str:
    """One command a finding, one for a run that could not be, then the closing line."""
    lines = [command(finding) for finding in result.findings]
    if result.status is Status.NOT_RUN:
        lines.append(f"::error title=migrations {result.command}::{printable(result.reason or '')}")
    return "".join(f"{line}\n" for line in [*lines, printable(_closing(result))])


def _table(tracked: Tracked) -> Iterator[str]:
    counts = Counter(version.state for version in tracked.versions)
    told = ", ".join(f"{counts[state]} {state}" for state in State if counts[state]) or "no versions"
    who = f"{tracked.tool} (table {tracked.table})" if tracked.tool else "No tracking table"
    yield f"{who}: {told}"
    width = max((len(version.version) for version in tracked.versions), default=0)
    for version in tracked.versions:
        yield f"  {version.version:<{width}}  {version.state:<12}  {_facts(version)}"


def _facts(version: VersionState) -> str:
    when = f"  ({version.applied_at})" if version.applied_at else ""
    return f"{version.path or version.name or 'no file'}{when}"


def _finding(finding: Finding) -> Iterator[str]:
    engine = f" [{finding.engine}]" if finding.engine else ""
    where = f" {finding.path}" if finding.path else ""
    where += f":{finding.line}" if finding.path and finding.line else ""
    yield f"  {finding.severity} {finding.rule}{engine}{where}"
    yield f"    {finding.message}"
    if finding.hint:
        yield f"    mend: {finding.hint}"


def _standing(result: RunnerResult) -> str:
    pending = max((sum(v.state is State.PENDING for v in t.versions) for t in result.tracked), default=0)
    return f"{pending} version{'' if pending == 1 else 's'} to apply" if pending else "every version is applied"


def _closing(result: RunnerResult) -> str:
    count = len(result.done)
    versions = f"{count} version{'' if count == 1 else 's'}"
    done = {"apply": f"{versions} applied", "undo": f"{versions} undone", "status": "looked"}[result.command]
    if result.status is Status.FAIL:
        return f"Migrations {result.command} FAILED" + (f" after {done}" if count else "")
    if result.status is Status.NOT_RUN:
        return f"Migrations {result.command} NOT RUN" + (f" to its end: {done}" if count else "")
    if result.command == "status":
        return f"Migrations status: {_standing(result)}"
    return (
        f"Migrations {result.command} done: {done}"
        if count
        else f"Migrations {result.command} done: nothing was due"
    )
