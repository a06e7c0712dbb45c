"""The ledger of a repository: where it stands, whether it holds, out of it and into it."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from gatekeeper.changes.repository import Repository
from gatekeeper.ledger import Ledger, open_ledger
from gatekeeper.ledger.transfer import Exported, export_events, import_events
from gatekeeper.ledger.verify import against as held_against
from gatekeeper.model.errors import ExitCode, LedgerError, UsageError
from gatekeeper.model.finding import Finding, Status, status_of
from gatekeeper.model.ledger import LedgerReport, LedgerStatus
from gatekeeper.runs.load import settings_from_disk

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


@contextmanager
def ledger_of(repo: Path, config: Path | None = None) -> Iterator[Ledger]:
    """The ledger of the repository around ``repo``. Raises ConfigError, RepositoryError, LedgerError."""
    with Repository.open(repo) as repository:
        settings = settings_from_disk(repository, config).settings
        with open_ledger(settings.ledger, repository.common_dir) as ledger:
            yield ledger


def ledger_status(repo: Path, *, config: Path | None = None) -> LedgerStatus:
    """Where the ledger is and what it holds; makes nothing. Raises as ``ledger_of``."""
    with ledger_of(repo, config) as ledger:
        return ledger.status()


def verify_ledger(
    repo: Path, *, tip: str | None = None, against: Path | None = None, config: Path | None = None
) -> LedgerReport:
    """Is the chain whole, and does it still hold ``tip`` and every event of the export ``against``?

    Raises UsageError for a tip that is no digest and for a file that can't be read; else as ``ledger_of``.
    """
    if tip is not None and not _DIGEST.match(tip):
        raise UsageError(
            f"--tip {tip}: a tip is the digest of an event, 64 hexadecimal digits.",
            hint="gate ledger status shows the present one",
        )
    with ledger_of(repo, config) as ledger:
        findings = ledger.verify(tip)
        if against is not None:
            findings = (*findings, *held_against(ledger, against))
        return _report("verify", ledger, findings)


def export_ledger(repo: Path, put: Callable[[str], object], *, config: Path | None = None) -> Exported:
    """Hand out every event as a line of JSON. Raises as ``ledger_of``."""
    with ledger_of(repo, config) as ledger:
        return export_events(ledger, put)


def import_ledger(repo: Path, file: Path, *, config: Path | None = None) -> LedgerReport:
    """Append the events of an export that continue this ledger's chain, all or none.

    Raises UsageError for a file that can't be read; else as ``ledger_of``.
    """
    with ledger_of(repo, config) as ledger:
        done = import_events(ledger, file)
        return _report("import", ledger, done.findings, added=done.added, already=done.already)


def _report(
    command: Literal["verify", "import"], ledger: Ledger, findings: tuple[Finding, ...], **counts: int
) -> LedgerReport:
    status = status_of(findings)
    events, tip = 0, None
    try:
        now = ledger.status()
        events, tip = now.events, now.tip
    except LedgerError:
        if not findings:
            raise
    return LedgerReport(
        command=command,
        location=ledger.store.shown,
        status=status,
        exit_code=ExitCode.FAIL if status is Status.FAIL else ExitCode.PASS,
        events=events,
        tip=tip,
        findings=findings,
        **counts,
    )
