"""The ``packet`` check: the packet is there, readable, complete and in a status that allows this gate."""

from collections.abc import Iterator

from gatekeeper.gates.case import Case, Outcome
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.packet import Packet
from gatekeeper.packet.structure import State, required_fields, status_word

_STATUSES = {
    "pre-work": ("READY FOR DEV", "IN PROGRESS"),
    "post-work": ("READY FOR DEV", "IN PROGRESS", "DONE", "VALIDATED"),
}


def check_packet(case: Case) -> Outcome:
    """Rules: packet.missing, .ambiguous, .unreadable, .field-missing, .placeholder, .status, .non-ascii.

    A gate without statuses of its own (check, of a packet that isn't at work) takes any.
    """
    findings = list(case.packet_problems)
    if case.packet is not None:
        findings += [*_required(case.packet), *_status(case), *_non_ascii(case.packet)]
    return Outcome(tuple(findings))


def _required(packet: Packet) -> Iterator[Finding]:
    for required in required_fields(packet):
        name = required.name
        if required.state is State.MISSING:
            yield Finding(
                rule="packet.field-missing",
                message=f"{packet.path} has no {name}, or it is empty.",
                path=packet.path,
                line=required.line,
                hint=f"add {name} and fill it",
            )
        elif required.state is State.PLACEHOLDER:
            yield Finding(
                rule="packet.placeholder",
                message=f"{packet.path}: {name} still holds a placeholder.",
                path=packet.path,
                line=required.line,
                hint=f"fill {name}",
            )
        elif required.state is State.MISMATCH:
            yield Finding(
                rule="packet.field-missing",
                message=f"{name} is {required.value}, but the file is that of {packet.wp_id}.",
                path=packet.path,
                line=required.line,
                hint=f"set {name} to {packet.wp_id}, or rename the file",
            )


def _status(case: Case) -> Iterator[Finding]:
    assert case.packet is not None  # noqa: S101 - check_packet has seen to it; this tells the type checker
    field = case.packet.field("Status", section="METADATA") or case.packet.field("Status")
    if field is None or not field.value.strip():
        return
    allowed = _STATUSES.get(case.gate)
    if allowed is not None and status_word(field.value) not in allowed:
        wanted = " or ".join(word.title().replace(" For ", " for ") for word in allowed)
        yield Finding(
            rule="packet.status",
            message=f"Status is {field.value.strip()!r}; {case.gate} wants {wanted}.",
            path=case.packet.path,
            line=field.line,
            hint="set the packet's Status to what is true of it",
        )


def _non_ascii(packet: Packet) -> Iterator[Finding]:
    if packet.non_ascii:
        # No line numbers here: the result block holds this message and moves the lines below it.
        yield Finding(
            rule="packet.non-ascii",
            severity=Severity.WARNING,
            message=f"{packet.path} holds characters beyond ASCII in {len(packet.non_ascii)} line(s).",
            path=packet.path,
            line=packet.non_ascii[0],
            hint="write them as \\uXXXX escapes; the line is that of the first",
        )
