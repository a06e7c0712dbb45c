"""Waivers: records that relax a finding, and the check that holds them (contract, Waivers)."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gatekeeper.gates.case import Case, Outcome, not_run
from gatekeeper.gates.claims import claims_in, judged
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.globs import matches_any
from gatekeeper.model.packet import Packet, Waiver

# What protects the gate itself can't be waived (contract, Waivers).
PROTECTED = ("packet.", "phase.", "manifest.", "authority.", "waiver.")


def applied(findings: tuple[Finding, ...], waivers: Iterable[Waiver], today: dt.date) -> tuple[Finding, ...]:
    """The findings, those that a valid waiver covers marked with its id."""
    known = valid(waivers, today)
    return tuple(waived(finding, known) for finding in findings) if known else findings


def valid(waivers: Iterable[Waiver], today: dt.date) -> list[Waiver]:
    """The waivers that haven't expired."""
    return [waiver for waiver in waivers if not expired(waiver, today)]


def uses(findings: Iterable[Finding]) -> Mapping[str, int]:
    """How many findings each waiver covers, by waiver id."""
    return Counter(finding.waiver for finding in findings if finding.waiver is not None)


def expired(waiver: Waiver, today: dt.date) -> bool:
    """Whether the waiver's last day has passed; one without an expiry never expires."""
    return bool(waiver.expires) and dt.date.fromisoformat(waiver.expires) < today


def check_waivers(case: Case, findings: Sequence[Finding] = ()) -> Outcome:
    """The records against the findings of all other checks, and the claims in the change's sources against both.

    Rules: waiver.malformed, .expired, .blanket (a warning), and after work .unused (a warning) and .unrecorded.
    """
    if case.packet is None:
        return not_run("there is no packet to read waivers from")
    records = (*_malformed(case.packet), *_judged(case, case.packet, uses(findings)))
    return Outcome((*records, *_claimed(case, findings)))


def _claimed(case: Case, findings: Sequence[Finding]) -> Iterator[Finding]:
    if case.sources is None or case.packet is None:
        return
    places = frozenset(f"{f.path}:{f.line}:{f.waiver}" for f in findings if f.waiver is not None)
    known = {waiver.id: waiver for waiver in valid(case.packet.waivers, case.today)}
    yield from judged(claims_in(case.sources), case, known, places)


def _malformed(packet: Packet) -> Iterator[Finding]:
    for line in packet.malformed_waivers:
        yield Finding(
            rule="waiver.malformed",
            message=line.problem,
            path=packet.path,
            line=line.line,
            hint="- ID | rule or prefix | paths | reason | approver | YYYY-MM-DD | YYYY-MM-DD",
        )


def _judged(case: Case, packet: Packet, used: Mapping[str, int]) -> Iterator[Finding]:
    for waiver in packet.waivers:
        if expired(waiver, case.today):
            yield Finding(
                rule="waiver.expired",
                message=f"Waiver {waiver.id} expired on {waiver.expires}.",
                path=packet.path,
                line=waiver.line,
                hint="mend what it waived, or have a new waiver approved",
            )
        elif case.gate != "pre-work" and not used.get(waiver.id):
            protected = waiver.rule.startswith(PROTECTED) or f"{waiver.rule}." in PROTECTED
            why = "what protects the gate can't be waived" if protected else "no finding needed it"
            yield Finding(
                rule="waiver.unused",
                severity=Severity.WARNING,
                message=f"Waiver {waiver.id} for {waiver.rule} is unused: {why}.",
                path=packet.path,
                line=waiver.line,
                hint="remove the waiver",
            )
        if _is_blanket(waiver):
            yield Finding(
                rule="waiver.blanket",
                severity=Severity.WARNING,
                message=f"Waiver {waiver.id} for {waiver.rule} in {', '.join(waiver.paths)} has no limit.",
                path=packet.path,
                line=waiver.line,
                hint="name the rule and the files that the waiver is for",
            )


def _is_blanket(waiver: Waiver) -> bool:
    """Whether one of its paths names any file there could be, or its rule any rule."""
    return waiver.rule.strip("*.-") in {"", "CX"} or any(not pattern.strip("*?/.") for pattern in waiver.paths)


def waived(finding: Finding, waivers: Iterable[Waiver], *, claimed: bool = False) -> Finding:
    """The finding, marked with the first of the waivers that covers its rule and path.

    ``claimed``: the source names these waivers where the finding is, so their paths don't matter.
    """
    if finding.rule.startswith(PROTECTED) or finding.path is None or finding.waiver is not None:
        return finding
    for waiver in waivers:
        if _covers_rule(waiver.rule, finding.rule) and (claimed or matches_any(waiver.paths, finding.path)):
            return finding.model_copy(update={"waiver": waiver.id})
    return finding


def _covers_rule(pattern: str, rule: str) -> bool:
    """A rule id, or a prefix that ends where a part of the id does: ``scope``, ``scope.``, ``scope.*``."""
    prefix = pattern.removesuffix("*").rstrip(".-")
    return rule == pattern or (bool(prefix) and (rule == prefix or rule.startswith((f"{prefix}.", f"{prefix}-"))))
