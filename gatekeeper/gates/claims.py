"""Claims in source, ``WAIVER [ID]: reason`` in a comment, held against the records that they name."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from gatekeeper.audit.hints import CLAIM
from gatekeeper.audit.languages import is_test_file, language_of
from gatekeeper.audit.parsed import Parsed
from gatekeeper.audit.sources import Sources, decoded
from gatekeeper.model.changes import TreeView
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.names import for_output
from gatekeeper.model.settings import Settings

if TYPE_CHECKING:  # an audit without a packet needs neither
    from gatekeeper.gates.case import Case
    from gatekeeper.model.packet import Waiver

_CLAIM = re.compile(r"\bWAIVER \[([^\]\n]*)\](?:: *([^\s*/][^\n]*))?")
_RECORD = "- ID | rule or prefix | paths | reason | approver | YYYY-MM-DD | YYYY-MM-DD"


class Claim(NamedTuple):
    """A marker in a comment of a judged source; ``reason`` is empty where it gives none."""

    path: str
    line: int
    waiver: str
    reason: str


def claims_in(sources: Sources) -> Iterator[Claim]:
    """Every marker in the comments of the judged sources, in order."""
    paths = [path for path in sources.judged() if language_of(path) is not None]
    for path, data in sources.read(sources.hinted(CLAIM, paths)):
        text = decoded(data)
        if text is None:
            continue
        for comment, first, _ in Parsed(path, text, test=is_test_file(path)).comments():
            for found in _CLAIM.finditer(comment):
                line = first + comment.count("\n", 0, found.start())
                if sources.selection.holds(path, line):
                    yield Claim(path, line, found[1].strip(), found[2] or "")


def unfounded(claims: Iterable[Claim], tree: TreeView, settings: Settings) -> Iterator[Finding]:
    """Of claims judged without a packet, those without a reason and those that no packet of the tree records.

    Rules: waiver.malformed, .unrecorded.
    """
    holders: Mapping[str, str] | None = None
    for claim in claims:
        if not (claim.waiver and claim.reason):
            yield _malformed(claim)
            continue
        if holders is None:
            holders = _holders(tree, settings)
        if claim.waiver not in holders:
            yield _unrecorded(claim, "no packet holds")


def judged(
    claims: Iterable[Claim], case: "Case", waivers: Mapping[str, "Waiver"], used: frozenset[str]
) -> Iterator[Finding]:
    """The claims of a packet's change that its records don't bear out, and those that nothing needed.

    ``waivers`` are the packet's that haven't expired, by id; ``used`` the places, as ``path:line:id``, of the
    findings that each covers. Rules: waiver.malformed, .unrecorded, .expired, .unused.
    """
    records = {waiver.id for waiver in (case.packet.waivers if case.packet else ())}
    holders: Mapping[str, str] | None = None
    for claim in claims:
        place = f"{for_output(claim.path)}:{claim.line}"
        if not (claim.waiver and claim.reason):
            yield _malformed(claim)
        elif claim.waiver not in records:
            holders = _holders(case.head, case.settings) if holders is None else holders
            other = holders.get(claim.waiver)
            whose = f"this packet doesn't hold ({other} does)" if other else "no packet holds"
            yield _unrecorded(claim, whose, Severity.WARNING if other else Severity.ERROR)
        elif claim.waiver not in waivers:
            yield _finding(
                claim,
                "waiver.expired",
                f"{place} names the waiver {claim.waiver}, which has expired.",
                "mend the line",
            )
        elif not any(
            f"{for_output(claim.path)}:{line}:{claim.waiver}" in used for line in (claim.line, claim.line + 1)
        ):
            yield _finding(
                claim,
                "waiver.unused",
                f"{place} names the waiver {claim.waiver}, and nothing there needs it.",
                "remove the marker",
                Severity.WARNING,
            )


def _malformed(claim: Claim) -> Finding:
    lacks = "reason" if claim.waiver else "waiver's id"
    message = f"{for_output(claim.path)}:{claim.line} marks a waiver and gives no {lacks}, so it relaxes nothing."
    return _finding(claim, "waiver.malformed", message, "WAIVER [ID]: reason")


def _unrecorded(claim: Claim, whose: str, severity: Severity = Severity.ERROR) -> Finding:
    message = f"{for_output(claim.path)}:{claim.line} names the waiver {claim.waiver}, which {whose}."
    mend = f"mend the line and remove the marker, or have the waiver recorded in WAIVERS GRANTED: {_RECORD}"
    return _finding(claim, "waiver.unrecorded", message, mend, severity)


def _finding(claim: Claim, rule: str, message: str, hint: str, severity: Severity = Severity.ERROR) -> Finding:
    path = for_output(claim.path)
    return Finding(rule=rule, severity=severity, message=message, path=path, line=claim.line, hint=hint)


def _holders(tree: TreeView, settings: Settings) -> dict[str, str]:
    """The id of the first packet of the tree that records each waiver, by the waiver's id."""
    # Loaded here, for few sources hold a claim.
    from gatekeeper.packet.lookup import packet_paths  # noqa: PLC0415
    from gatekeeper.packet.parse import PacketUnreadable, parse_packet  # noqa: PLC0415

    found: dict[str, str] = {}
    for wp_id, paths in packet_paths(tree.entries, settings.packets.dir).items():
        for path in paths:
            side = tree.entries[path]
            try:
                packet = None if side.is_submodule else parse_packet(path, wp_id, tree.read(path))
            except PacketUnreadable:
                continue
            for waiver in packet.waivers if packet else ():
                found.setdefault(waiver.id, wp_id)
    return found
