"""``audit``: the source rules by themselves, on any tree."""

from pathlib import Path
from typing import TYPE_CHECKING

from gatekeeper.audit.which import Which
from gatekeeper.changes.ahead import Ahead
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Selector
from gatekeeper.clock import Clock
from gatekeeper.model.value import Value

if TYPE_CHECKING:  # loaded by what judges
    from gatekeeper.model.verdict import Verdict


class Ask(Value):
    """What is asked of an audit.

    ``selector`` None is the work tree, or with ``changed`` the whole change so far. ``changed`` judges the files
    that the change leaves, ``lines`` of them only what it adds or changes. ``baseline`` is a file of known
    findings, which ``update`` writes anew. With ``tests`` test code counts as any other.
    """

    which: Which = Which.ALL
    selector: Selector | None = None
    changed: bool = False
    lines: bool = False
    tests: bool = False
    baseline: Path | None = None
    update: bool = False


def audit(repo: Path, ask: Ask | None = None, *, config: Path | None = None) -> "Verdict":
    """Audit a tree: the work tree, or the head of what is selected; waivers need a packet, so none applies.

    The verdict's gate is ``audit``; its wp_id and packet are None. Raises UsageError (also for a baseline that
    isn't there or is none), ConfigError (also for a wrong rule file), RepositoryError, NotRunError where the base
    can't be found.
    """
    ask, clock = ask or Ask(), Clock()
    # Two things at once that take a tenth of a second each: git looks at the work tree, and the rest is loaded.
    opened = Ahead(lambda: _opened(repo, ask))
    from gatekeeper.runs.audited import audited  # noqa: PLC0415

    with opened.result() as repository:
        return audited(repository, ask, clock, config=config)


def _opened(repo: Path, ask: Ask) -> Repository:
    repository = Repository.open(repo)
    if ask.selector is None or ask.selector.kind == "worktree":
        repository.look_ahead()
    return repository
