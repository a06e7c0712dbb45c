"""The migration proof as data (contract, section 3, ``migrations``)."""

from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from gatekeeper.model.finding import Finding, Status


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of the judged tree: its path and its bytes as git stores them."""

    path: str
    content: bytes


class EngineProof(BaseModel):
    """One engine's run; ``steps`` holds only steps that are built, ``duration_ms`` is in milliseconds.

    ``source`` is embedded, url or bin for PostgreSQL and builtin for SQLite; ``fingerprint`` is the SHA-256 of
    the end schema, None where the run ended before it was reached. ``versions`` is how each version came out of
    each step. ``rows`` counts what each table held, by version and table, when the next version's up and this
    one's down were run.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    engine: str
    version: str
    source: str
    status: Status
    applied: int
    steps: dict[str, Status]
    versions: dict[str, dict[str, Status]] = Field(default_factory=dict)
    rows: dict[str, dict[str, int]] = Field(default_factory=dict)
    fingerprint: str | None
    duration_ms: int


class LayoutChoice(BaseModel):
    """How the migrations' files are named, and the sentence that says why that was taken."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: str
    reason: str


class MigrationFile(BaseModel):
    """One version: its up file, the up's SHA-256, and its down file (the up itself where both share a file)."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    version: str
    path: str
    sha256: str
    down: str | None


class Proof(BaseModel):
    """The record of a proof; ``parity`` is absent from JSON until it was compared."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    layout: LayoutChoice | None = None
    engines: tuple[EngineProof, ...]
    parity: Status | None = None
    files: tuple[MigrationFile, ...]
    guards: bool = False
    cached: bool = False
    absent: ClassVar[frozenset[str]] = frozenset({"parity"})

    @model_serializer(mode="wrap")
    def _without_absent_parity(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        return {name: value for name, value in data.items() if value is not None or name not in self.absent}


@dataclass(frozen=True, slots=True)
class LintResult:
    """The lint's findings, sorted; ``problem`` says why a linter that is installed could not run."""

    findings: tuple[Finding, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class ProofResult:
    """What a proof came to: the check's status and reason, its findings, and the record if anything ran."""

    status: Status
    reason: str | None
    findings: tuple[Finding, ...]
    proof: Proof | None
