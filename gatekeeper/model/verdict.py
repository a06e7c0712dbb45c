"""The verdict: one value, of which every output is a rendering (contract, section 3)."""

from typing import TYPE_CHECKING, ClassVar, Literal

from gatekeeper.model.finding import CheckResult, Status
from gatekeeper.model.value import Value

if TYPE_CHECKING:  # what only some verdicts hold: to load it takes longer than to judge a small change
    from gatekeeper.model.evidence import EvidenceSummary
    from gatekeeper.model.proof import Proof
    from gatekeeper.model.review import ReviewSummary
    from gatekeeper.model.summary import ChangeSetSummary, ManifestRow, WaiverUse

SCHEMA = "gatekeeper/verdict/v1"

State = Literal["VERIFIED", "STALE", "BROKEN"]
"""What verifying a packet's record came to."""


class Verdict(Value, kw_only=True):
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
    change_set: "ChangeSetSummary | None" = None
    manifest: "tuple[ManifestRow, ...]" = ()
    checks: tuple[CheckResult, ...] = ()
    waivers: "tuple[WaiverUse, ...]" = ()
    migrations: "Proof | None" = None
    packets: tuple["Verdict", ...] | None = None
    evidence: "EvidenceSummary | None" = None
    review: "ReviewSummary | None" = None
    state: State | None = None
    packet_digest: str | None = None
    absent: ClassVar[frozenset[str]] = frozenset({"packets", "evidence", "review", "state"})
    """What JSON leaves out where it is None; ``state`` only of other gates than verify."""
    untold: ClassVar[frozenset[str]] = frozenset({"packet_digest"})
    """What JSON never shows."""
