"""What stands beside a packet's evidence: the kept logs of its commands, and what the ledger heard of its runs."""

from pathlib import Path

from gatekeeper.changes.repository import Repository
from gatekeeper.gates.evidence import Witnesses
from gatekeeper.ledger import open_ledger
from gatekeeper.model.changes import TreeView
from gatekeeper.model.errors import LedgerError
from gatekeeper.model.evidence import CommandEvidence
from gatekeeper.model.ledger import Event
from gatekeeper.model.settings import LedgerSettings


def log_folder(common_dir: Path, wp_id: str) -> Path:
    """Where logs lie that aren't the packet's: beside the ledger, in git's common directory."""
    return common_dir / "gatekeeper" / "logs" / wp_id


def witnesses(repository: Repository, wp_id: str, head: TreeView, settings: LedgerSettings) -> Witnesses:
    """Logs of the packet's folder as the tree holds them, other logs from beside the ledger, and its events.

    ``settings`` are the ledger's. A ledger that can't be read counts as one that can't be asked.
    """
    folder = log_folder(repository.common_dir, wp_id)

    def read_log(command: CommandEvidence) -> bytes | None:
        if command.log is not None:
            try:
                return head.read(command.log)
            except KeyError:
                return None
        file = folder / f"{command.log_sha256}.log"
        return file.read_bytes() if file.is_file() else None

    return Witnesses(read_log=read_log, events=_events(repository, wp_id, settings))


def _events(repository: Repository, wp_id: str, settings: LedgerSettings) -> tuple[Event, ...] | None:
    try:
        with open_ledger(settings, repository.common_dir) as ledger:
            return tuple(ledger.events(wp_id, "evidence"))
    except LedgerError:
        return None
