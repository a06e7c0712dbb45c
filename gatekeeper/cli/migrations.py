"""``gate migrations prove`` and ``gate migrations lint``."""

from typing import TYPE_CHECKING

from gatekeeper.cli import selectors
from gatekeeper.cli.common import Common
from gatekeeper.cli.show import show

if TYPE_CHECKING:  # git is loaded when a command runs
    from gatekeeper.changes.selector import Selector


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

    selector = _selector(staged, worktree, rev, range_, base)
    verdict = runs.prove_migrations(common.root, selector=selector, config=common.config, progress=common.progress)
    return show(common, verdict)


def lint(
    common: Common,
    staged: selectors.Staged = False,
    worktree: selectors.Worktree = False,
    rev: selectors.Rev = None,
    range_: selectors.Range = None,
    base: selectors.Base = None,
) -> int:
    """Lint every migration and say how to write it instead; no database is opened (default: the work tree)."""
    from gatekeeper import runs

    selector = _selector(staged, worktree, rev, range_, base)
    return show(common, runs.lint_migrations(common.root, selector=selector, config=common.config))


def _selector(staged: bool, worktree: bool, rev: str | None, range_: str | None, base: str | None) -> "Selector":
    """The selector that the options name, the work tree's without any."""
    from gatekeeper.changes.selector import Selector

    selector = Selector.of(staged=staged, worktree=worktree, rev=rev, range_=range_, base=base)
    return Selector(kind="worktree") if selector == Selector() else selector
