"""Change sets of real repositories, read as a run reads them, without a packet."""

from pathlib import Path

from gatekeeper.changes.diff import change_set
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Selector, resolve
from gatekeeper.manifest.compute import compute
from gatekeeper.model.changes import ChangeSet
from gatekeeper.model.manifest import ManifestEntry

AUTO, STAGED, WORKTREE, HEAD = Selector(), Selector("staged"), Selector("worktree"), Selector("rev", "HEAD")


def read(path: Path, selector: Selector = AUTO) -> ChangeSet:
    """The change set that was selected; main is ``main``."""
    with Repository.open(path) as repository:
        return read_from(repository, selector)


def read_from(repository: Repository, selector: Selector = AUTO) -> ChangeSet:
    """As ``read``, of an open repository."""
    ends = resolve(
        repository, selector, main="main", recorded_base=lambda _: None, others_changed=lambda *_: False
    )
    return change_set(repository, ends)


def paths(changes: ChangeSet) -> list[str]:
    """The changed paths."""
    return [change.path for change in changes.changes]


def entries(changes: ChangeSet) -> dict[str, ManifestEntry]:
    """The manifest entries of all changes, by path."""
    return {e.path: e for e in compute(changes, changes.changes, migration=[], storage=[])}
