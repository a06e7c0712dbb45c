"""``gate migrations prove``."""

from gatekeeper.cli import selectors
from gatekeeper.cli.common import Common
from gatekeeper.cli.show import show


def prove(
    common: Common,
    staged: selectors.Staged = False,
    worktree: selectors.Worktree = False,
    rev: selectors.Rev = None,
    range_: selectors.Range = None,
    base: selectors.Base = None,
) -> int:
    """Prove every migration replay-safe and reversible, on SQLite and PostgreSQL (default: the work tree)."""
    from gatekeeper import runs
    from gatekeeper.changes.selector import Selector

    selector = Selector.of(staged=staged, worktree=worktree, rev=rev, range_=range_, base=base)
    if selector == Selector():
        selector = Selector(kind="worktree")
    verdict = runs.prove_migrations(common.root, selector=selector, config=common.config, progress=common.progress)
    return show(common, verdict)
