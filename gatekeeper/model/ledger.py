"""The ledger's words: what happened to which packet, each event holding the digest of the one before it.

An event is named by its digest: SHA-256 over its canonical encoding (``docs/ledger.md``), which covers every other
field. ``seq`` counts from 1 without gaps; the first event follows ``NO_EVENT``.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

from gatekeeper.model.errors import ExitCode
from gatekeeper.model.finding import Finding, Status
from gatekeeper.model.value import Value

EventKind = Literal["signed", "approved", "gate-run", "evidence", "reviewed", "superseded"]
KINDS: frozenset[str] = frozenset(get_args(EventKind))
NO_EVENT = "0" * 64
"""The digest that the first event gives as the one before it."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to be appended. The ledger adds place, time, tool version and digests.

    ``wp_id`` is None for what concerns no single packet; ``actor`` a name as git writes it, ``NAME <EMAIL>``;
    ``packet_digest`` the SHA-256 (hex) of the packet's bytes as they were judged, None where none was read;
    ``payload`` what JSON can hold, by text keys.
    """

    kind: EventKind
    wp_id: str | None
    actor: str
    packet_digest: str | None = None
    payload: Mapping[str, object] = field(default_factory=dict)


class Event(NamedTuple):
    """An event of the ledger, as it is stored; ``kind`` may be one of a newer version.

    ``at`` is UTC, ISO 8601 with milliseconds and ``Z``, as the writer's clock had it: the chain's order is that of
    ``seq``, never of time. ``payload`` is JSON text in canonical form (sorted keys, no spaces, ASCII); ``data``
    reads it. A tuple, because a hundred thousand of them are made by one ``gate ledger verify``.
    """

    seq: int
    kind: str
    wp_id: str | None
    actor: str
    at: str
    tool_version: str
    packet_digest: str | None
    payload: str
    previous_digest: str
    digest: str

    @property
    def data(self) -> dict[str, object]:
        """The payload as values; empty where it isn't a JSON object, or one that nobody could read."""
        try:
            found = json.loads(self.payload)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


Guard = Callable[[], None]
"""Called before an append while no other writer can append: what it raises is passed on, nothing is written."""


class LedgerStatus(Value, kw_only=True):
    """What ``gate ledger status`` tells.

    ``location`` is without its password; ``exists`` is False where nothing was ever recorded; ``schema_version``
    is the newest version that the tracking table holds, ``schema_known`` the newest that this ``gate`` knows;
    ``first_at`` and ``last_at`` are the times of the first and the last event.
    """

    backend: Literal["sqlite", "postgres"]
    location: str
    exists: bool
    schema_version: str | None = None
    schema_known: str
    events: int = 0
    tip: str | None = None
    first_at: str | None = None
    last_at: str | None = None


class LedgerReport(Value, kw_only=True):
    """What ``verify`` found or ``import`` did; ``added`` and ``already`` are those of ``import``.

    ``status`` is PASS or FAIL; ``events`` and ``tip`` are the ledger's afterwards, ``tip`` None where it is empty
    or can't be read.
    """

    command: Literal["verify", "import"]
    location: str
    status: Status
    exit_code: ExitCode
    events: int
    tip: str | None
    added: int | None = None
    already: int | None = None
    findings: tuple[Finding, ...] = ()
