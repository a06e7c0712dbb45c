"""The parts of a verdict that only verdicts on a packet have, as JSON tells them."""

from typing import ClassVar

from gatekeeper.model.manifest import Explanation
from gatekeeper.model.value import Value


class ChangeSetSummary(Value):
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
    nothing: ClassVar[object] = ()
    """What JSON leaves out."""

    def explained(self, path: str | None, line: int | None) -> list[str]:
        """The sentences about that line of a packet."""
        return [each.message for each in self.explanations if (each.path, each.line) == (path, line)]


class ManifestRow(Value):
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


class WaiverUse(Value):
    """A waiver of the packet and how many findings it waived."""

    id: str
    rule: str
    paths: tuple[str, ...]
    reason: str
    approver: str
    expires: str
    used: int
