"""``gate audit [dal|hygiene|all]``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from gatekeeper.cli import selectors
from gatekeeper.cli.common import Common
from gatekeeper.cli.declared import Argument, Option
from gatekeeper.cli.show import load_ahead, show

NAME = "audit"


class Audits(StrEnum):
    """The audits that can be asked for."""

    DAL = "dal"
    HYGIENE = "hygiene"
    ALL = "all"


def command(
    common: Common,
    which: Annotated[Audits, Argument(help="The audits to run.")] = Audits.ALL,
    staged: selectors.Staged = False,
    worktree: selectors.Worktree = False,
    rev: selectors.Rev = None,
    range_: selectors.Range = None,
    base: selectors.Base = None,
    changed: Annotated[
        bool, Option("--changed", help="Judge the files that the change touches; without, the whole tree.")
    ] = False,
    changed_lines: Annotated[
        bool, Option("--changed-lines", help="Judge only lines that the change adds or changes.")
    ] = False,
    tests: Annotated[bool, Option("--tests", help="Judge test code as any other code.")] = False,
    baseline: Annotated[
        Path | None, Option(help="Findings that this file knows are notes.", metavar="FILE")
    ] = None,
    update_baseline: Annotated[
        bool, Option("--update-baseline", help="Write what is found into the baseline.")
    ] = False,
) -> int:
    """Audit the sources (database access, portable SQL, hygiene) of the work tree or of a selected head."""
    from gatekeeper.audit.which import Which
    from gatekeeper.changes.selector import Selector
    from gatekeeper.runs.audits import Ask, audit

    load_ahead(common)
    selector = Selector.of(staged=staged, worktree=worktree, rev=rev, range_=range_, base=base)
    ask = Ask(
        which=Which(which.value),
        selector=None if selector == Selector() else selector,
        changed=changed or changed_lines,
        lines=changed_lines,
        tests=tests,
        baseline=baseline,
        update=update_baseline,
    )
    return show(common, audit(common.root, ask, config=common.config))
