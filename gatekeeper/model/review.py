"""What ``gate review`` did, as JSON tells it."""

from typing import Literal

from gatekeeper.model.finding import Status
from gatekeeper.model.value import Value


class ReviewSummary(Value):
    """The validator's report; ``report`` and ``line`` are None, ``refused`` says why, where none was written.

    ``verdict`` is the validator's, which may be FAIL where the gate passes. ``line`` is the block's first line in
    the packet, ``replaces`` whether it took the place of an uncommitted report, ``record_sha256`` the SHA-256
    (hex) of the block's text, which the ledger's event holds too. The other fields are the report's own.
    """

    verdict: Literal["PASS", "FAIL"]
    gate: Status
    written: bool
    refused: str | None
    report: int | None
    line: int | None
    replaces: bool
    record_sha256: str | None
    commits: tuple[str, ...]
    spec: str | None
    anchors: str | None
    forbidden_patterns: tuple[str, ...]
    tests: tuple[str, ...]
    findings: tuple[str, ...]
    risks: tuple[str, ...]
    reason: tuple[str, ...]
