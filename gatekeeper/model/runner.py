"""What the runner did, or found, as data."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from gatekeeper.model.errors import ExitCode
from gatekeeper.model.finding import Finding, Status


class State(StrEnum):
    """How a version stands between the files and a database."""

    APPLIED = "applied"
    PENDING = "pending"
    EDITED = "edited"
    MISSING = "missing"
    OUT_OF_ORDER = "out-of-order"
    INCOMPLETE = "incomplete"
    DIRTY = "dirty"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class VersionState(_Value):
    """One version: ``path`` is None where no file has it, ``applied_at`` (UTC) where no time is recorded."""

    version: str
    name: str | None
    path: str | None
    state: State
    applied_at: str | None = None


class Tracked(_Value):
    """What one tool's table tells; without any table ``tool`` and ``table`` are None and all is pending."""

    tool: str | None
    table: str | None
    versions: tuple[VersionState, ...]


class RunnerResult(_Value):
    """The outcome of ``apply``, ``undo`` or ``status``.

    ``database`` names it without its password; ``done`` holds the versions applied or undone, in order;
    ``baselined`` those recorded as applied without being run; ``duration_ms`` is in milliseconds.
    """

    command: str
    engine: str
    database: str
    status: Status
    exit_code: ExitCode
    reason: str | None = None
    hint: str | None = None
    tool_version: str
    duration_ms: int
    done: tuple[str, ...] = ()
    baselined: tuple[str, ...] = ()
    tracked: tuple[Tracked, ...] = ()
    findings: tuple[Finding, ...] = ()
