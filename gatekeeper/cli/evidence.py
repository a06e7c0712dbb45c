"""``gate evidence WP-ID``."""

import math
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from gatekeeper.cli import selectors
from gatekeeper.cli.common import Common, Format
from gatekeeper.cli.declared import Argument, Option
from gatekeeper.cli.show import show_run
from gatekeeper.model.errors import ExitCode, UsageError

if TYPE_CHECKING:  # as in show.py
    from gatekeeper.runs.steps import Steps

NAME = "evidence"


def command(
    common: Common,
    wp_id: Annotated[str, Argument(metavar="WP-ID")],
    staged: selectors.Staged = False,
    worktree: selectors.Worktree = False,
    rev: selectors.Rev = None,
    range_: selectors.Range = None,
    base: selectors.Base = None,
    yes: Annotated[bool, Option("--yes", "-y", help="Run the commands without asking.")] = False,
    list_: Annotated[bool, Option("--list", "--dry-run", help="Show the commands and run nothing.")] = False,
    timeout: Annotated[
        float | None,
        Option("--timeout", help="How long each command may take.", metavar="SECONDS", min=0.001),
    ] = None,
    shows: Annotated[
        list[str] | None,
        Option("--shows", help="The DONE_MEANS items that a command shows.", metavar="N[,M]=COMMAND"),
    ] = None,
) -> int:
    """Run the commands of TEST_PLAN and record in the packet what they came to."""
    if timeout is not None and not math.isfinite(timeout):
        raise UsageError("--timeout is a number of seconds.", hint="--timeout 600")
    from gatekeeper import runs
    from gatekeeper.changes.selector import Selector

    selector = Selector.of(staged=staged, worktree=worktree, rev=rev, range_=range_, base=base)
    if list_:
        common.offers("evidence --list", Format.TEXT, Format.JSON)
        plan = runs.planned(common.root, wp_id, selector=selector, shows=shows or (), config=common.config)
        common.emit(_plan_json(plan) if common.format is Format.JSON else _plan_text(plan))
        return ExitCode.PASS

    def agree(plan: "Steps") -> bool:
        if not (yes and common.quiet):
            sys.stderr.write(_plan_text(plan))
        return yes or _asked(wp_id)

    done = runs.evidence(
        common.root,
        wp_id,
        agree=agree,
        selector=selector,
        shows=shows or (),
        timeout=timeout,
        config=common.config,
        progress=common.progress,
    )
    code = show_run(common, done.verdict)
    if done.missed:
        sys.stderr.write(f"gate: the ledger missed this evidence: {' '.join(done.missed.split())}\n")
    return code


def _asked(wp_id: str) -> bool:
    """Whether the person at the terminal agrees. Raises UsageError where there is none."""
    if not sys.stdin.isatty():
        raise UsageError(
            "gate evidence asks before it runs commands, and there is nobody to ask here.",
            hint=f"gate evidence {wp_id} --yes, or --list to see them",
        )
    import typer

    try:
        return typer.confirm("Run them?", err=True)
    except typer.Abort as error:
        raise KeyboardInterrupt from error


def _plan_text(plan: "Steps") -> str:
    from gatekeeper.reports.plain import printable

    lines = [f"TEST_PLAN of {printable(plan.packet)}"]
    for number, step in enumerate(plan.commands, 1):
        shows = f"  (shows {', '.join(map(str, step.shows))})" if step.shows else ""
        note = (
            "  [gate's own: not run again]" if step.own else f"  [not run: {step.refused}]" if step.refused else ""
        )
        lines.append(f"{number:>4}  {printable(step.command)}{shows}{note}")
    return "".join(f"{line}\n" for line in lines)


def _plan_json(plan: "Steps") -> str:
    from gatekeeper.reports.status import render_json

    return render_json("gatekeeper/evidence-plan/v1", asdict(plan))
