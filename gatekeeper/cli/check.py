"""``gate check``."""

from gatekeeper.cli import selectors
from gatekeeper.cli.common import Common
from gatekeeper.cli.show import show_run

NAME = "check"


def command(
    common: Common,
    staged: selectors.Staged = False,
    worktree: selectors.Worktree = False,
    rev: selectors.Rev = None,
    range_: selectors.Range = None,
    base: selectors.Base = None,
) -> int:
    """For CI: is every changed file accounted for by a packet, and every packet of the range proven?"""
    from gatekeeper import runs
    from gatekeeper.changes.selector import Selector

    selector = Selector.of(staged=staged, worktree=worktree, rev=rev, range_=range_, base=base)
    verdict = runs.check(common.root, selector=selector, config=common.config, progress=common.progress)
    return show_run(common, verdict)
