"""The ``phase`` check: BOOTSTRAP, then SKELETON, then its approval, before IMPLEMENTATION (contract, Phase)."""

import itertools
from collections.abc import Iterator, Sequence

from gatekeeper.gates.case import Case, Outcome, not_run
from gatekeeper.model.finding import Finding
from gatekeeper.model.packet import Packet

Headings = Sequence[tuple[str, int | None]]
"""Phases in their order, each with its heading's line, None where it has none."""


def check_phase(case: Case) -> Outcome:
    """Rules: phase.bootstrap-missing, .skeleton-missing, .order; for post-work .not-approved too."""
    if case.packet is None:
        return not_run("there is no packet to read the phases from")
    phase = case.packet.phase
    headings = [("BOOTSTRAP", phase.bootstrap), ("SKELETON", phase.skeleton)]
    findings = list(_missing(case.packet, headings))
    if case.gate == "pre-work":
        return Outcome((*findings, *_order(case.packet, headings)))
    headings.append(("IMPLEMENTATION", phase.implementation))
    return Outcome((*findings, *_order(case.packet, headings), *_approval(case.packet)))


def _missing(packet: Packet, headings: Headings) -> Iterator[Finding]:
    for name, line in headings:
        if line is None:
            yield Finding(
                rule=f"phase.{name.lower()}-missing",
                message=f"{packet.path} has no {name} heading outside code fences.",
                path=packet.path,
                hint=f"add a '## {name}' section and fill it before work starts",
            )


def _order(packet: Packet, headings: Headings) -> Iterator[Finding]:
    standing = [(name, line) for name, line in headings if line is not None]
    for (earlier, first), (later, second) in itertools.pairwise(standing):
        if first > second:
            yield Finding(
                rule="phase.order",
                message=f"{packet.path}: {later} stands before {earlier}.",
                path=packet.path,
                line=second,
                hint="the order is BOOTSTRAP, SKELETON, IMPLEMENTATION",
            )


def _approval(packet: Packet) -> Iterator[Finding]:
    phase = packet.phase
    if phase.skeleton is None:
        return
    before = [line for line in phase.approvals if phase.implementation is None or line < phase.implementation]
    if not before:
        yield Finding(
            rule="phase.not-approved",
            message=(
                f"{packet.path}: the SKELETON section holds no line 'SKELETON APPROVED' "
                "outside code fences and before IMPLEMENTATION."
            ),
            path=packet.path,
            line=phase.skeleton,
            hint="have the skeleton approved: a line 'SKELETON APPROVED' in the SKELETON section, committed alone",
        )
