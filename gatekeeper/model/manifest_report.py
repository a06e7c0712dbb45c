"""What ``gate manifest`` tells: the computed manifest, and how the recorded one stands to it."""

from enum import StrEnum
from typing import ClassVar

from gatekeeper.model.finding import Finding, Status
from gatekeeper.model.summary import ChangeSetSummary, ManifestRow
from gatekeeper.model.value import Value

SCHEMA = "gatekeeper/manifest/v1"


class Standing(StrEnum):
    """How a recorded value, or a whole block, stands to the computed one.

    A value is ``same``, ``accepted`` (another one that a gate lets pass, such as a wider window) or ``different``.
    A block may also be ``missing``, ``stale``, a ``duplicate``, ``malformed`` (its Target File can't be read), or
    ``ignored``, as its file needs no entry.
    """

    SAME = "same"
    ACCEPTED = "accepted"
    DIFFERENT = "different"
    MISSING = "missing"
    STALE = "stale"
    DUPLICATE = "duplicate"
    MALFORMED = "malformed"
    IGNORED = "ignored"


class FieldPair(Value):
    """One field of a block, recorded beside computed, None where that side lacks it; ``line`` is recorded's."""

    field: str
    recorded: str | None
    computed: str | None
    standing: Standing
    line: int | None


class BlockPair(Value):
    """A file's recorded block beside its computed entry; ``line`` is that of the recorded Target File."""

    target_file: str
    standing: Standing
    line: int | None
    fields: tuple[FieldPair, ...]


class ManifestReport(Value, kw_only=True):
    """The manifest of one packet's change; ``exit_code`` is 1 where a finding is an error, else 0.

    ``written`` is true where the packet was changed, None where nothing was to be written. ``differences`` is
    None unless recorded and computed were compared; JSON leaves out either that is None. ``block`` is the text
    that a packet holds.
    """

    schema_: str = SCHEMA
    wp_id: str
    packet: str
    status: Status
    exit_code: int
    tool_version: str
    change_set: ChangeSetSummary
    manifest: tuple[ManifestRow, ...]
    written: bool | None = None
    findings: tuple[Finding, ...] = ()
    differences: tuple[BlockPair, ...] | None = None
    block: str = ""
    absent: ClassVar[frozenset[str]] = frozenset({"written", "differences"})
    untold: ClassVar[frozenset[str]] = frozenset({"block"})
