"""Where packets stand, as values: the rows of ``gate status``, a packet's timeline, the board's columns."""

from dataclasses import dataclass

STATES = (
    "draft",
    "refined",
    "signed",
    "approved",
    "in-progress",
    "failed",
    "stale",
    "proven",
    "done",
    "validated",
    "superseded",
    "unreadable",
)
"""Every state in the order of a packet's life; ``docs/status.md`` says how each is told."""


@dataclass(frozen=True, slots=True)
class LastVerdict:
    """The last verdict on a packet: which gate, its status, when (UTC, ISO 8601; None where the packet tells)."""

    gate: str
    status: str
    at: str | None
    source: str


@dataclass(frozen=True, slots=True)
class PacketStatus:
    """One packet's row.

    ``path`` is its file, ``status`` its own Status value, ``owner`` who does the work, each None where unknown.
    ``made_at`` and ``changed_at`` are the dates of its first and last commit (UTC, ISO 8601), None where it has
    none; ``age`` is in seconds since ``made_at``. ``next`` is the command that comes next, None where none does.
    ``notes`` are sentences.
    """

    wp_id: str
    base_id: str
    revision: int
    path: str
    state: str
    status: str | None
    owner: str | None
    made_at: str | None
    changed_at: str | None
    age: int | None
    verdict: LastVerdict | None
    next: str | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """A line of a timeline: when (UTC, ISO 8601), whether git or the ledger tells, what happened, who, and which.

    ``reference`` is a commit's id, or an event's place in the ledger.
    """

    at: str
    source: str
    what: str
    who: str
    reference: str


@dataclass(frozen=True, slots=True)
class Traced:
    """A base id: its active revision (None where every one is superseded), and all its revisions, lowest first."""

    base_id: str
    active: str | None
    revisions: tuple[str, ...]


def traced(rows: tuple[PacketStatus, ...]) -> tuple[Traced, ...]:
    """Each base id with the highest of its revisions that isn't superseded."""
    bases: dict[str, list[PacketStatus]] = {}
    for row in sorted(rows, key=lambda row: (row.base_id, row.revision)):
        bases.setdefault(row.base_id, []).append(row)
    return tuple(
        Traced(
            base_id,
            next((row.wp_id for row in reversed(of_base) if row.state != "superseded"), None),
            tuple(row.wp_id for row in of_base),
        )
        for base_id, of_base in bases.items()
    )
