"""``verify_all``: git tells of history while the modules are loaded that judge what it tells."""

from pathlib import Path
from typing import TYPE_CHECKING

from gatekeeper.changes.ahead import Ahead
from gatekeeper.changes.commit_log import read_log
from gatekeeper.changes.repository import Repository
from gatekeeper.model.verdict import Verdict
from gatekeeper.runs.verifying.asked import Ask, Which

if TYPE_CHECKING:  # loaded while git tells of history
    from gatekeeper.runs.load import Progress


def verify_all(
    repo: Path,
    *,
    which: Which | None = None,
    ask: Ask | None = None,
    jobs: int | None = None,
    config: Path | None = None,
    progress: "Progress | None" = None,
) -> Verdict:
    """Every packet's record, recomputed as ``verify`` does; the verdict's ``packets`` are theirs, by id.

    ``jobs`` is the number of processes, None one a core where there is enough to do. Raises UsageError for a
    shard or a revision that is none, NotRunError where ``changed`` finds no main, ConfigError, RepositoryError.
    """
    with Repository.open(repo) as repository:
        head = repository.head
        told = Ahead(lambda: read_log(repository.git, head) if head is not None else b"")
        try:
            from gatekeeper.runs.verifying.every import verified  # noqa: PLC0415 - a third of a second of loading

            asked = (which or Which(), ask or Ask())
            return verified(repo, repository, told.result, *asked, jobs=jobs, config=config, progress=progress)
        finally:
            told.wait()
