"""The ``refinement`` check: the signed refinement, its spec anchors, and the packet's (contract, Refinement)."""

import hashlib
from collections.abc import Iterator

from gatekeeper.gates.case import Case, Outcome, not_applicable
from gatekeeper.gates.spec import Spec, current_spec, find_spec_file, lines_of
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.manifest import Gate
from gatekeeper.model.packet import Anchor, Field, Packet, Refinement
from gatekeeper.packet.structure import placeholder, spec_anchor_parts

_CONSISTENT = {("PASS", "NO"), ("FAIL", "YES")}


def check_refinement(case: Case) -> Outcome:
    """Rules: refinement.missing, .unsigned, .mismatch, .spec, .anchor."""
    spec = current_spec(case.head, case.settings.spec.pointer)
    required = case.settings.packets.refinement != "off"
    findings = list(_pointer(spec))
    if case.refinement is not None:
        findings += _refinement(case, case.refinement, spec)
    elif required:
        findings.append(
            Finding(
                rule="refinement.missing",
                message=f"{case.wp_id} has no refinement: {case.refinement_path} doesn't exist.",
                path=case.refinement_path,
                hint='write and sign the refinement, or set [packets] refinement = "off"',
            )
        )
    anchor = spec_anchor(case.packet)
    if case.packet is not None and anchor is not None:
        findings += _packet_anchor(case, case.packet, anchor, spec)
    if not findings and not required and case.refinement is None and anchor is None and spec is None:
        return not_applicable("refinements are off, and there is neither a spec pointer nor a SPEC_ANCHOR")
    return Outcome(tuple(findings))


def anchors_apply(case: Case) -> bool:
    """Whether the gate anchors_present has anything to prove: a spec pointer or a SPEC_ANCHOR."""
    return bool(case.settings.spec.pointer) or spec_anchor(case.packet) is not None


def anchors_gate(findings: tuple[Finding, ...]) -> bool:
    """Gate C701-G01: no anchor finding stands."""
    return not any(f.rule == "refinement.anchor" and f.waiver is None for f in findings)


def spec_anchor(packet: Packet | None) -> Field | None:
    """The packet's SPEC_ANCHOR (in AUTHORITY, else anywhere), None where it has no filled one."""
    if packet is None:
        return None
    field = packet.field("SPEC_ANCHOR", section="AUTHORITY") or packet.field("SPEC_ANCHOR")
    if field is None or not field.value.strip() or placeholder(field.value):
        return None
    return field


def _pointer(spec: Spec | None) -> Iterator[Finding]:
    if spec is not None and spec.path is None:
        problem = f"names {spec.name}, which doesn't exist" if spec.name else "names no Markdown file"
        yield _anchor_finding(f"The spec pointer {spec.pointer} {problem}.", spec.pointer, None)


def _refinement(case: Case, refinement: Refinement, spec: Spec | None) -> Iterator[Finding]:
    yield from _same_packet(case, refinement)
    yield from _verdicts(refinement)
    yield from _signature(case, refinement)
    target, path = _target(case, refinement, spec)
    if spec is not None and spec.name is not None and target != spec.name:
        field = refinement.field("SPEC_TARGET_RESOLVED")
        yield _mismatch(
            refinement,
            field,
            f"SPEC_TARGET_RESOLVED names {target or 'no spec file'}, but {spec.pointer} names {spec.name}.",
            "renew the refinement against the current spec",
        )
    yield from _spec_sha1(case, refinement, path)
    yield from _anchors(case, refinement, path)


def _same_packet(case: Case, refinement: Refinement) -> Iterator[Finding]:
    field = refinement.field("WP_ID")
    if field is None or field.value.strip("` ") != case.wp_id:
        found = field.value if field else "nothing"
        yield _mismatch(
            refinement, field, f"WP_ID is {found}, expected {case.wp_id}.", "refine the packet that it belongs to"
        )


def _verdicts(refinement: Refinement) -> Iterator[Finding]:
    """CLEARLY_COVERS_VERDICT and ENRICHMENT_NEEDED are filled and don't contradict each other."""
    words = []
    for name, allowed in (("CLEARLY_COVERS_VERDICT", ("PASS", "FAIL")), ("ENRICHMENT_NEEDED", ("YES", "NO"))):
        field = refinement.field(name)
        word = field.value.strip("` ").split(" ")[0].upper() if field else ""
        words.append(word)
        if word not in allowed:
            yield _mismatch(
                refinement,
                field,
                f"{name} is {word or 'missing'}, expected {' or '.join(allowed)}.",
                f"fill {name}",
            )
    covers, enrichment = words
    filled = covers in {"PASS", "FAIL"} and enrichment in {"YES", "NO"}
    if filled and (covers, enrichment) not in _CONSISTENT:
        yield _mismatch(
            refinement,
            refinement.field("ENRICHMENT_NEEDED"),
            f"CLEARLY_COVERS_VERDICT is {covers} and ENRICHMENT_NEEDED is {enrichment}: a contradiction.",
            "a spec that clearly covers the work (PASS) needs no enrichment (NO), and the other way round",
        )


def _signature(case: Case, refinement: Refinement) -> Iterator[Finding]:
    status = refinement.field("USER_REVIEW_STATUS")
    if status is None or status.value.strip("` ").upper() != "APPROVED":
        yield _unsigned(refinement, status, f"USER_REVIEW_STATUS is {_shown(status)}, expected APPROVED.")
    signature = refinement.field("USER_SIGNATURE")
    signed = _token(signature)
    if not signed:
        yield _unsigned(
            refinement, signature, f"USER_SIGNATURE is {_shown(signature)}, expected a signature token."
        )
        return
    own = case.packet.field("USER_SIGNATURE") if case.packet else None
    if case.packet is not None and _token(own) != signed:
        yield _mismatch(
            refinement,
            signature,
            f"USER_SIGNATURE is {signed}, but the packet's is {_shown(own)}.",
            "refinement and packet carry the same signature token",
        )


def _target(case: Case, refinement: Refinement, spec: Spec | None) -> tuple[str | None, str | None]:
    """The spec file that the refinement resolved, as it names it and as a path at head."""
    field = refinement.field("SPEC_TARGET_RESOLVED")
    if field is None or not field.value.strip() or placeholder(field.value):
        return None, spec.path if spec else None
    left, _, right = field.value.replace("`", "").rpartition("->")
    name = right.strip().split(" ")[0] if right.strip() else ""
    pointer = left.strip() or (spec.pointer if spec else "")
    return name, find_spec_file(case.head, name, pointer)


def _spec_sha1(case: Case, refinement: Refinement, path: str | None) -> Iterator[Finding]:
    field = refinement.field("SPEC_TARGET_SHA1")
    if path is None or field is None:
        return
    text = case.head.read(path).replace(b"\r\n", b"\n")
    actual = hashlib.sha1(text, usedforsecurity=False).hexdigest()
    recorded = field.value.strip("` ").lower()
    if recorded != actual:
        yield Finding(
            rule="refinement.spec",
            severity=Severity.WARNING,
            message=f"SPEC_TARGET_SHA1 is {recorded or 'empty'}, but {path} now has {actual} (over LF text).",
            path=refinement.path,
            line=field.line,
            hint="see what changed in the spec since the refinement, and renew the SHA1",
        )


def _anchors(case: Case, refinement: Refinement, path: str | None) -> Iterator[Finding]:
    if path is None:
        yield _anchor_finding(
            "The spec file that SPEC_TARGET_RESOLVED names doesn't exist at head.",
            refinement.path,
            line_of(refinement.field("SPEC_TARGET_RESOLVED")),
        )
        return
    if not refinement.anchors:
        yield _anchor_finding("The refinement names no SPEC_ANCHOR.", refinement.path, None)
        return
    lines = lines_of(case.head, path)
    for anchor in refinement.anchors:
        problem = _anchor_problem(anchor, lines, path)
        if problem:
            yield _anchor_finding(problem, refinement.path, anchor.line)


def _anchor_problem(anchor: Anchor, lines: list[str], path: str) -> str | None:
    if not anchor.token or anchor.start is None or anchor.end is None:
        return f"Anchor {anchor.anchor!r} needs CONTEXT_START_LINE, CONTEXT_END_LINE and CONTEXT_TOKEN."
    if not 1 <= anchor.start <= anchor.end <= len(lines):
        return f"The window {anchor.start}-{anchor.end} isn't within {path}, which has {len(lines)} lines."
    window = "\n".join(lines[anchor.start - 1 : anchor.end])
    if anchor.token not in window:
        return f"The token {anchor.token!r} doesn't stand in lines {anchor.start}-{anchor.end} of {path}."
    return None


def _packet_anchor(case: Case, packet: Packet, field: Field, spec: Spec | None) -> Iterator[Finding]:
    """In a packet: the spec file exists, each CX id occurs in it, each :LINE is within it (gate C701-G01)."""
    text = " ".join([field.value, *(item.text for item in field.items)])
    files, ids, lines = spec_anchor_parts(text)
    pointer = case.settings.spec.pointer
    named = list(files) or ([spec.name] if spec and spec.name else [])
    if not named:
        yield _anchor_finding("SPEC_ANCHOR names no spec file.", packet.path, field.line)
        return
    found = {name: find_spec_file(case.head, name, pointer) for name in named}
    for name, path in found.items():
        if path is None:
            yield _anchor_finding(f"SPEC_ANCHOR names {name}, which doesn't exist.", packet.path, field.line)
    texts = {name: lines_of(case.head, path) for name, path in found.items() if path is not None}
    if not texts:
        return
    whole = "\n".join(line for content in texts.values() for line in content)
    for cx in ids:
        if cx not in whole:
            yield _anchor_finding(f"{cx} doesn't occur in {', '.join(texts)}.", packet.path, field.line)
    for name, number in lines:
        if name in texts and not 1 <= number <= len(texts[name]):
            yield _anchor_finding(
                f"{name}:{number} is past the end of the file ({len(texts[name])} lines).", packet.path, field.line
            )


def gate_of(findings: tuple[Finding, ...]) -> dict[Gate, bool]:
    """What this check knows of every entry's gates."""
    return {Gate.ANCHORS: anchors_gate(findings)}


def line_of(field: Field | None) -> int | None:
    """The field's line, None where there is no field."""
    return field.line if field else None


def _token(field: Field | None) -> str:
    value = field.value.strip("` ") if field else ""
    return "" if placeholder(value) or value.upper() in {"NONE", "N/A", "PENDING"} else value


def _shown(field: Field | None) -> str:
    return field.value.strip("` ") if field and field.value.strip("` ") else "missing"


def _anchor_finding(message: str, path: str, line: int | None) -> Finding:
    return Finding(
        rule="refinement.anchor",
        message=message,
        path=path,
        line=line,
        hint="point the anchor at the spec's present text: file, CX id, line window and token",
    )


def _unsigned(refinement: Refinement, field: Field | None, message: str) -> Finding:
    return Finding(
        rule="refinement.unsigned",
        message=message,
        path=refinement.path,
        line=line_of(field),
        hint="have the refinement reviewed and signed before work starts",
    )


def _mismatch(refinement: Refinement, field: Field | None, message: str, hint: str) -> Finding:
    return Finding(
        rule="refinement.mismatch", message=message, path=refinement.path, line=line_of(field), hint=hint
    )
