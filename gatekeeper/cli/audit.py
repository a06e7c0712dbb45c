"""``gate audit [dal|hygiene|all]``."""

from enum import StrEnum
from typing import Annotated

import typer

from gatekeeper.cli import selectors
from gatekeeper.cli.common import Common
from gatekeeper.cli.show import show
from gatekeeper.model.errors import UsageError

NAME = "audit"


class Which(StrEnum):
    """The audits that can be asked for."""

    DAL = "dal"
    HYGIENE = "hygiene"
    ALL = "all"


def command(
    common: Common,
    which: Annotated[Which, typer.Argument(help="The audits to run.")] = Which.ALL,
    staged: selectors.Staged = False,
    worktree: selectors.Worktree = False,
    rev: selectors.Rev = None,
    range_: selectors.Range = None,
    base: selectors.Base = None,
) -> int:
    """Audit the sources: database access, portable SQL (all of the work tree, or the files of a change)."""
    from gatekeeper import runs
    from gatekeeper.changes.selector import Selector

    if which is Which.HYGIENE:
        raise UsageError("The hygiene audit isn't built in this version.", hint="gate audit dal")
    selector = Selector.of(staged=staged, worktree=worktree, rev=rev, range_=range_, base=base)
    chosen = None if selector == Selector() else selector
    return show(common, runs.audit(common.root, selector=chosen, config=common.config))
