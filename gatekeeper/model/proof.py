"""The migration proof as data (contract, section 3, ``migrations``)."""

from dataclasses import field
from typing import ClassVar

from gatekeeper.model.finding import Finding, Status
from gatekeeper.model.value import Value


class SourceFile(Value):
    """A file of the judged tree: its path and its bytes as git stores them."""

    path: str
    content: bytes


class EngineProof(Value, kw_only=True):
    """One engine's run; ``steps`` holds only steps that are built, ``duration_ms`` is in milliseconds.

    ``source`` is embedded, url or bin for PostgreSQL and builtin for SQLite; ``fingerprint`` is the SHA-256 of
    the end schema, None where the run ended before it was reached. ``versions`` is how each version came out of
    each step. ``rows`` counts what each table held, by version and table, when the next version's up and this
    one's down were run.
    """

    engine: str
    version: str
    source: str
    status: Status
    applied: int
    steps: dict[str, Status]
    versions: dict[str, dict[str, Status]] = field(default_factory=dict)
    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    fingerprint: str | None
    duration_ms: int


class LayoutChoice(Value, kw_only=True):
    """How the migrations' files are named, and the sentence that says why that was taken."""

    name: str
    reason: str


class MigrationFile(Value, kw_only=True):
    """One version: its up file, the up's SHA-256, and its down file (the up itself where both share a file)."""

    version: str
    path: str
    sha256: str
    down: str | None


class Proof(Value, kw_only=True):
    """The record of a proof; ``parity`` is absent from JSON until it was compared."""

    layout: LayoutChoice | None = None
    engines: tuple[EngineProof, ...]
    parity: Status | None = None
    files: tuple[MigrationFile, ...]
    guards: bool = False
    cached: bool = False
    absent: ClassVar[frozenset[str]] = frozenset({"parity"})


class LintResult(Value):
    """The lint's findings, sorted; ``problem`` says why a linter that is installed could not run."""

    findings: tuple[Finding, ...] = ()
    problem: str | None = None


class ProofResult(Value):
    """What a proof came to: the check's status and reason, its findings, and the record if anything ran."""

    status: Status
    reason: str | None
    findings: tuple[Finding, ...]
    proof: Proof | None
