"""``gate post-work WP-ID``."""

import os
from typing import Annotated

from gatekeeper.cli import selectors
from gatekeeper.cli.common import Common
from gatekeeper.cli.declared import Argument, Option
from gatekeeper.cli.show import show_run
from gatekeeper.model.errors import UsageError

NAME = "post-work"


def command(
    common: Common,
    wp_id: Annotated[str, Argument(metavar="WP-ID")],
    staged: selectors.Staged = False,
    worktree: selectors.Worktree = False,
    rev: selectors.Rev = None,
    range_: selectors.Range = None,
    base: selectors.Base = None,
    check: Annotated[
        bool, Option("--check", help="Compare what is recorded and never write (implied where CI is set).")
    ] = False,
    write: Annotated[bool, Option("--write", help="Write manifest and result, in CI too.")] = False,
) -> int:
    """Is the work proven? Scope, manifest, gates, migrations; writes the proof into the packet."""
    from gatekeeper import runs
    from gatekeeper.changes.selector import Selector

    if check and write:
        raise UsageError("--check never writes and --write does.", hint="give one of them")
    selector = Selector.of(staged=staged, worktree=worktree, rev=rev, range_=range_, base=base)
    verdict = runs.post_work(
        common.root,
        wp_id,
        selector=selector,
        check=check or (not write and in_ci(os.environ.get("CI", ""))),
        config=common.config,
        progress=common.progress,
    )
    return show_run(common, verdict)


def in_ci(value: str) -> bool:
    """Whether the variable CI says so: set, and not empty, 0 or false (contract, section 3)."""
    return value.strip().lower() not in {"", "0", "false"}
