"""``gate migrations apply``, ``undo``, ``status`` and ``new``."""

import json
from typing import TYPE_CHECKING, Annotated

from gatekeeper.cli.common import Common, Format
from gatekeeper.cli.declared import Argument, Option
from gatekeeper.model.errors import UsageError

if TYPE_CHECKING:  # as in show.py
    from gatekeeper.engines.live import Limits
    from gatekeeper.model.runner import RunnerResult
    from gatekeeper.runs.runner import Project

Url = Annotated[
    str | None,
    Option(
        "--url",
        "--database-url",
        help="sqlite:PATH or postgresql://... (default: GATEKEEPER_DATABASE_URL, else DATABASE_URL).",
        metavar="URL",
    ),
]
Seconds = Annotated[float | None, Option("--statement-timeout", help="Seconds for a statement; 0: none.", min=0)]
LockSeconds = Annotated[float, Option("--lock-timeout", help="Seconds to wait for a lock; 0: no end.", min=0)]
AllSeconds = Annotated[float, Option("--timeout", help="Seconds for the whole run; 0: no end.", min=0)]


def apply(
    common: Common,
    url: Url = None,
    to: Annotated[str | None, Option(help="Apply no version after this one.", metavar="VERSION")] = None,
    baseline: Annotated[
        str | None,
        Option(help="First record the versions up to this one as applied, not run; 0: none.", metavar="VERSION"),
    ] = None,
    rerun: Annotated[bool, Option("--rerun", help="Run a version that did not end again.")] = False,
    allow_out_of_order: Annotated[
        bool, Option("--allow-out-of-order", help="Apply versions below the newest applied one.")
    ] = False,
    statement_timeout: Seconds = None,
    lock_timeout: LockSeconds = 30,
    timeout: AllSeconds = 0,
) -> int:
    """Apply the versions that a database lacks, each in one transaction where the engine allows."""
    common.offers("migrations apply", Format.TEXT, Format.GITHUB, Format.JSON)
    from gatekeeper.migrate import runner

    target, found = _target(common, url)
    result = runner.apply(
        target,
        found.files,
        found.settings,
        to=to,
        baseline=baseline,
        rerun=rerun,
        allow_out_of_order=allow_out_of_order,
        limits=_limits(found, statement_timeout, lock_timeout, timeout),
        progress=common.progress,
    )
    return _show(common, result)


def undo(
    common: Common,
    url: Url = None,
    steps: Annotated[int | None, Option(help="How many versions.", metavar="N", min=1, show_default="1")] = None,
    to: Annotated[str | None, Option(help="All versions after this one; 0: all.", metavar="VERSION")] = None,
    yes_destroy_data: Annotated[
        bool, Option("--yes-destroy-data", help="Say that the data of these versions may go.")
    ] = False,
    statement_timeout: Seconds = None,
    lock_timeout: LockSeconds = 30,
    timeout: AllSeconds = 0,
) -> int:
    """Run the downs of the last versions, newest first; refuses without --yes-destroy-data."""
    common.offers("migrations undo", Format.TEXT, Format.GITHUB, Format.JSON)
    from gatekeeper.migrate import runner

    if steps is not None and to is not None:
        raise UsageError("--steps counts versions and --to names one.", hint="give one of them")
    target, found = _target(common, url)
    result = runner.undo(
        target,
        found.files,
        found.settings,
        steps=steps or 1,
        to=to,
        destroy_data=yes_destroy_data,
        limits=_limits(found, statement_timeout, lock_timeout, timeout),
        progress=common.progress,
    )
    return _show(common, result)


def status(common: Common, url: Url = None, lock_timeout: LockSeconds = 30) -> int:
    """Which versions a database holds, by gate's own table and those of sqlx, golang-migrate, diesel and goose."""
    common.offers("migrations status", Format.TEXT, Format.GITHUB, Format.JSON)
    from gatekeeper.migrate import runner

    target, found = _target(common, url)
    limits = _limits(found, None, lock_timeout, 0)
    return _show(common, runner.status(target, found.files, found.settings, limits=limits))


def new(
    common: Common,
    name: Annotated[str, Argument(metavar="NAME", help="What it does: letters, digits, dashes, blanks.")],
) -> int:
    """Make the next version's up and down in the project's layout; overwrites nothing."""
    common.offers("migrations new", Format.TEXT, Format.JSON)
    from gatekeeper.runs.new_migration import new_migration

    made = new_migration(common.root, name, config=common.config)
    if common.format is Format.JSON:
        body = {"schema": "gatekeeper/migrations-new/v1", "version": made.version, "files": list(made.files)}
        common.emit(json.dumps(body, indent=1) + "\n")
    else:
        lines = [*(f"Made {path}" for path in made.files), "", "Next: write both, then", "  gate migrations prove"]
        common.emit("".join(f"{line}\n" for line in lines))
    return 0


def _target(common: Common, url: str | None) -> tuple[str, "Project"]:
    """The database's URL and the project, both usable together."""
    from gatekeeper.engines.live import parse_url
    from gatekeeper.runs.runner import database_url, project, require_engine

    target = database_url(url)
    engine = parse_url(target).engine
    found = project(common.root, common.config)
    require_engine(found.settings, engine)
    return target, found


def _limits(found: "Project", statement: float | None, lock: float, overall: float) -> "Limits":
    from gatekeeper.engines.live import Limits

    default = float(found.settings.statement_timeout)
    return Limits(statement=default if statement is None else statement, lock=lock, overall=overall)


def _show(common: Common, result: "RunnerResult") -> int:
    from gatekeeper.reports.runner import render_runner, render_runner_github

    if common.format is Format.JSON:
        body = {"schema": "gatekeeper/migrations-run/v1", **result.model_dump(mode="json")}
        common.emit(json.dumps(body, indent=1) + "\n")
    elif common.format is Format.GITHUB:
        common.emit(render_runner_github(result))
    else:
        common.emit(render_runner(result, detail=common.detail))
    return result.exit_code
