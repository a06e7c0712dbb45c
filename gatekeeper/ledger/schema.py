"""The ledger's own schema: which versions ship with this gate, and bringing a database up to them."""

import time
from functools import cache

from gatekeeper import resources
from gatekeeper.model.errors import LedgerError
from gatekeeper.model.finding import Status

_NAPS = (0.5, 1.0, 2.0)
"""Seconds between tries to apply the schema on a server that can't be reached."""


@cache
def newest() -> str:
    """The newest version of the schema that this gate knows."""
    return max(path.name.split("_")[0] for path in resources.migrations().glob("*.sql"))


def is_newer(version: str) -> bool:
    """Whether a database's version is beyond what this gate knows."""
    return int(version) > int(newest())


def is_older(version: str | None) -> bool:
    """Whether a database lacks a version that this gate knows."""
    return version is None or int(version) < int(newest())


def too_new(version: str, shown: str) -> LedgerError:
    """The error for a ledger that a newer gate has migrated."""
    return LedgerError(
        f"The ledger at {shown} has schema version {version}, and this gate knows {newest()} at most: it appends "
        "nothing there.",
        hint="update gatekeeper: python -m pip install --upgrade gatekeeper",
    )


def apply_to(url: str, shown: str, wait: float) -> None:
    """Apply what is due with our own runner, which several processes may do at once. Raises LedgerError."""
    # Only the first append to a ledger needs it.
    from gatekeeper.migrate.runner import Limits, apply  # noqa: PLC0415 - as said
    from gatekeeper.model.proof import SourceFile  # noqa: PLC0415 - as above

    folder = resources.migrations()
    files = [SourceFile(f"migrations/{path.name}", path.read_bytes()) for path in sorted(folder.glob("*.sql"))]
    result = apply(url, files, limits=Limits(lock=wait))
    # A server that restarts or has no connection to spare is there again in a moment; a file is there or isn't.
    for nap in () if url.startswith("sqlite:") else _NAPS:
        if result.status is not Status.NOT_RUN:
            break
        time.sleep(nap)
        result = apply(url, files, limits=Limits(lock=wait))
    if result.status is Status.PASS:
        return
    if result.findings:
        first = result.findings[0]
        raise LedgerError(f"The ledger's schema can't be applied at {shown}: {first.message}", hint=first.hint)
    raise LedgerError(f"The ledger's schema can't be applied at {shown}: {result.reason}", hint=result.hint)
