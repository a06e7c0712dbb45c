"""The gate ledger: an append-only chain of events, in SQLite or PostgreSQL, behind one interface.

Written by many processes at once and read while they write. A read never makes a ledger: where there is none,
it is empty. The schema lies in ``migrations/`` and is applied by our own runner before the first append.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gatekeeper.ledger.ledger import Ledger
from gatekeeper.model.settings import LedgerSettings

__all__ = ["Ledger", "open_ledger"]


@contextmanager
def open_ledger(settings: LedgerSettings, common_dir: Path) -> Iterator[Ledger]:
    """The ledger that the settings name: PostgreSQL by its URL, else SQLite in git's common directory.

    Nothing is opened, made or connected to before the first question or append. Raises LedgerError for a URL that
    names no ledger.
    """
    ledger = Ledger.at(settings, common_dir)
    try:
        yield ledger
    finally:
        ledger.close()
