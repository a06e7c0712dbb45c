"""The verdict: one value, of which every output is a rendering (contract, section 3)."""

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from gatekeeper.model.evidence import EvidenceSummary
from gatekeeper.model.finding import CheckResult, Status
from gatekeeper.model.manifest import Explanation
from gatekeeper.model.proof import Proof
from gatekeeper.model.review import ReviewSummary

SCHEMA = "gatekeeper/verdict/v1"

State = Literal["VERIFIED", "STALE", "BROKEN"]
"""What verifying a packet's record came to."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class ChangeSetSummary(_Frozen):
    """The change set as JSON tells it; ``files`` is the manifest's length.

    ``explanations`` tell where recorded hashes come from that the change alone doesn't explain; they depend on
    the place where it is judged, and so stand here and in no finding. Absent from JSON where there are none.
    """

    digest: str
    source: str
    reason: str
    base: str | None
    head: str | None
    base_tree: str
    head_tree: str
    files: int
    explanations: tuple[Explanation, ...] = ()
    absent: ClassVar[frozenset[str]] = frozenset({"explanations"})

    @model_serializer(mode="wrap")
    def _without_no_explanations(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        return {name: value for name, value in data.items() if value or name not in self.absent}

    def explained(self, path: str | None, line: int | None) -> list[str]:
        """The sentences about that line of a packet."""
        return [each.message for each in self.explanations if (each.path, each.line) == (path, line)]


class ManifestRow(_Frozen):
    """One manifest entry as JSON tells it; the last three fields are there only where they apply."""

    target_file: str
    kind: str
    change: str
    start: int
    end: int
    line_delta: int
    pre_sha1: str
    post_sha1: str
    pre_blob: str | None
    post_blob: str | None
    post_sha256: str | None
    gates: dict[str, bool | None]
    renamed_from: str | None = None
    mode: str | None = None
    content: str | None = None
    absent: ClassVar[frozenset[str]] = frozenset({"renamed_from", "mode", "content"})

    @model_serializer(mode="wrap")
    def _without_absent(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        return {name: value for name, value in data.items() if value is not None or name not in self.absent}


class WaiverUse(_Frozen):
    """A waiver of the packet and how many findings it waived."""

    id: str
    rule: str
    paths: tuple[str, ...]
    reason: str
    approver: str
    expires: str
    used: int


class Verdict(_Frozen):
    """The outcome of a gate; ``exit_code`` is 0, 1 or 3, ``started_at`` UTC, ``duration_ms`` in milliseconds.

    ``packets`` are the verdicts of ``gate check``, one a packet; None, and absent from JSON, of every other gate.
    ``evidence`` is there for ``gate evidence`` alone, ``review`` for ``gate review``, ``state`` for
    ``gate verify``: VERIFIED, STALE or BROKEN, None where nothing could be verified.
    ``packet_digest`` is the SHA-256 of the packet's bytes as they were judged, for the ledger; no output shows it.
    """

    schema_: str = SCHEMA
    gate: str
    wp_id: str | None
    packet: str | None
    status: Status
    exit_code: int
    tool_version: str
    started_at: str
    duration_ms: int
    change_set: ChangeSetSummary | None = None
    manifest: tuple[ManifestRow, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    waivers: tuple[WaiverUse, ...] = ()
    migrations: Proof | None = None
    packets: tuple["Verdict", ...] | None = None
    evidence: EvidenceSummary | None = None
    review: ReviewSummary | None = None
    state: State | None = None
    packet_digest: str | None = Field(default=None, exclude=True)
    absent: ClassVar[frozenset[str]] = frozenset({"packets", "evidence", "review", "state"})
    """What JSON leaves out where it is None; ``state`` only of other gates than verify."""

    @model_serializer(mode="wrap")
    def _schema_first(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        absent = self.absent - {"state"} if self.gate == "verify" else self.absent
        told = {name: value for name, value in data.items() if value is not None or name not in absent}
        return {"schema": told.pop("schema_"), **told}
