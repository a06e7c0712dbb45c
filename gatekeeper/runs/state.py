"""The state of one packet, told from its own text and its refinement's (``docs/status.md``)."""

import re
from collections.abc import Callable, Mapping

from gatekeeper.model.names import from_packet
from gatekeeper.model.status import LastVerdict
from gatekeeper.packet.glance import Glance, open_values
from gatekeeper.packet.signed import REVIEW, SIGNATURE, bare_value, token_in
from gatekeeper.packet.structure import status_word

_ENDS = {"DONE": "done", "VALIDATED": "validated"}
_VERDICTS = {"PASS": "proven", "FAIL": "failed"}
_TARGET = re.compile(
    rb"^- \*\*Target File\*\*: `+(.+?)`+[ \t]*\r?$(?:(?!^- \*\*Target File).)*?"
    rb"^- \*\*Post-SHA1\*\*: `([0-9a-f]+)`",
    re.MULTILINE | re.DOTALL,
)
_VERDICT_FIELDS = ("CLEARLY_COVERS_VERDICT", "ENRICHMENT_NEEDED")

Stands = Callable[[str, str], bool]
"""Whether a file's content still has a recorded SHA1."""


def state_of(
    packet: Glance,
    data: bytes,
    refinement: Glance | None,
    refinement_data: bytes | None,
    *,
    refinements: bool,
    verdict: LastVerdict | None,
    stands: Stands | None,
) -> str:
    """One of ``STATES``.

    ``refinements`` is False where the settings ask for none; ``verdict`` is post-work's last. ``stands`` tells a
    stale proof from one that stands; None takes every proof as it was recorded.
    """
    word = status_word(packet.fields.get("STATUS", ""))
    if word.startswith("SUPERSEDED"):
        return "superseded"
    if word in _ENDS:
        return _ENDS[word]
    signed = not refinements or _is_signed(packet, refinement)
    if signed and packet.approvals:
        return _at_work(word, data, verdict, stands)
    if signed and refinements:
        return "signed"
    left = open_values(data)
    if refinements and not left:
        left = refinement is None or refinement_data is None or open_values(refinement_data)
        verdicts = refinement.fields if refinement else {}
        left = left or not all(bare_value(verdicts.get(name, "")) for name in _VERDICT_FIELDS)
    return "draft" if left else "refined"


def _is_signed(packet: Glance, refinement: Glance | None) -> bool:
    """As ``signed_token`` of the whole packet."""
    token = token_in(packet.fields.get(SIGNATURE, ""))
    if token is None or refinement is None or token_in(refinement.fields.get(SIGNATURE, "")) != token:
        return False
    return bare_value(refinement.fields.get(REVIEW, "")).upper() == "APPROVED"


def _at_work(word: str, data: bytes, verdict: LastVerdict | None, stands: Stands | None) -> str:
    if verdict is not None and verdict.status == "PASS" and stands is not None:
        moved = (target for target, sha1 in recorded_sha1s(data).items() if not stands(target, sha1))
        if next(moved, None) is not None:
            return "stale"
    if verdict is not None:
        return _VERDICTS.get(verdict.status, "in-progress")
    return "in-progress" if word == "IN PROGRESS" else "approved"


def recorded_sha1s(data: bytes) -> Mapping[str, str]:
    """The Post-SHA1 that the packet's machine blocks record for each file."""
    found = {}
    for name, sha1 in _TARGET.findall(data):
        try:
            found[from_packet(name.decode("utf-8", "surrogateescape"))] = sha1.decode("ascii")
        except ValueError:
            continue
    return found


def recorded_verdict(packet: Glance) -> LastVerdict | None:
    """The verdict that the packet's last result block holds."""
    if "verdict" not in packet.result:
        return None
    return LastVerdict(packet.result.get("gate", "post-work"), packet.result["verdict"], None, "packet")
