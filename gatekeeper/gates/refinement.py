"""The ``refinement`` check: the signed refinement, its spec anchors, and the packet's (contract, Refinement)."""

import hashlib
import posixpath
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from gatekeeper.gates.case import Case, Outcome, not_applicable
from gatekeeper.gates.links import values_of
from gatekeeper.gates.spec import Spec, current_spec, find_spec_file, lines_of
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.manifest import Gate
from gatekeeper.model.packet import Anchor, Field, Packet, Refinement
from gatekeeper.packet.fields import fence_free
from gatekeeper.packet.markdown import without_backticks, without_note
from gatekeeper.packet.structure import placeholder, spec_anchor_parts

_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_CONSISTENT = {("PASS", "NO"), ("FAIL", "YES")}


def check_refinement(case: Case) -> Outcome:
    """Rules: refinement.missing, .unreadable, .unsigned, .mismatch, .spec, .anchor."""
    spec = current_spec(case.head, case.settings.spec.pointer)
    required = case.settings.packets.refinement != "off"
    findings = [*_pointer(case, spec), *case.refinement_problems]
    if case.refinement is not None:
        findings += _refinement(case, case.refinement, spec)
    elif required and not case.refinement_problems:
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
    in_refinement = case.refinement is not None and bool(case.refinement.anchors)
    return bool(case.settings.spec.pointer) or in_refinement or spec_anchor(case.packet) is not None


def anchors_gate(findings: tuple[Finding, ...]) -> bool:
    """Gate C701-G01: no anchor finding stands."""
    return not any(f.rule == "refinement.anchor" and f.waiver is None for f in findings)


def spec_anchor(packet: Packet | None) -> Field | None:
    """The packet's SPEC_ANCHOR (in AUTHORITY, else anywhere), None where it has no filled one."""
    if packet is None:
        return None
    field = packet.field("SPEC_ANCHOR", section="AUTHORITY") or packet.field("SPEC_ANCHOR")
    return field if field is not None and any(values_of(packet, field)) else None


def _pointer(case: Case, spec: Spec | None) -> Iterator[Finding]:
    if spec is None or spec.path is not None:
        return
    problem = "names no Markdown file"
    if spec.name:
        problem = f"names {spec.name}, which doesn't exist"
    elif posixpath.normpath(spec.pointer) not in case.head.entries:
        problem = "doesn't exist"
    yield _anchor_finding(f"The spec pointer {spec.pointer} {problem}.", spec.pointer, None)


def _refinement(case: Case, refinement: Refinement, spec: Spec | None) -> Iterator[Finding]:
    yield from _same_packet(case, refinement)
    yield from _verdicts(refinement)
    yield from _signature(case, refinement)
    target, path = _target(case, refinement, spec)
    same = spec is None or spec.name is None or target == spec.name or (path is not None and path == spec.path)
    if spec is not None and not (target and same):
        yield _mismatch(
            refinement,
            refinement.field("SPEC_TARGET_RESOLVED"),
            f"SPEC_TARGET_RESOLVED names {target or 'no spec file'}, but {spec.pointer} names {spec.name}.",
            "renew the refinement against the current spec",
        )
    yield from _spec_sha1(case, refinement, path)
    yield from _anchors(case, refinement, target, path)


def _same_packet(case: Case, refinement: Refinement) -> Iterator[Finding]:
    field = refinement.field("WP_ID")
    if _value(field) != case.wp_id:
        message = f"WP_ID is {_shown(field)}, expected {case.wp_id}."
        yield _mismatch(refinement, field, message, "refine the packet that it belongs to")


def _verdicts(refinement: Refinement) -> Iterator[Finding]:
    """CLEARLY_COVERS_VERDICT and ENRICHMENT_NEEDED are filled and don't contradict each other."""
    words = []
    for name, allowed in (("CLEARLY_COVERS_VERDICT", ("PASS", "FAIL")), ("ENRICHMENT_NEEDED", ("YES", "NO"))):
        field = refinement.field(name)
        word = _value(field).upper()
        words.append(word)
        if word not in allowed:
            message = f"{name} is {_shown(field)}, expected {' or '.join(allowed)}."
            yield _mismatch(refinement, field, message, f"fill {name}")
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
    if _value(status).upper() != "APPROVED":
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
    left, _, right = without_note(field.value.replace("`", ""))[0].rpartition("->")
    name, pointer = right.strip(), left.strip() or (spec.pointer if spec else "")
    return name or None, find_spec_file(case.head, name, pointer)


def _spec_sha1(case: Case, refinement: Refinement, path: str | None) -> Iterator[Finding]:
    if path is None:
        return
    field = refinement.field("SPEC_TARGET_SHA1")
    text = case.head.read(path).replace(b"\r\n", b"\n")
    actual = hashlib.sha1(text, usedforsecurity=False).hexdigest()
    if _value(field).lower() != actual:
        yield Finding(
            rule="refinement.spec",
            severity=Severity.WARNING,
            message=f"SPEC_TARGET_SHA1 is {_shown(field)}, but {path} now has {actual} (over LF text).",
            path=refinement.path,
            line=line_of(field),
            hint="see what changed in the spec since the refinement, and renew the SHA1",
        )


def _anchors(case: Case, refinement: Refinement, target: str | None, path: str | None) -> Iterator[Finding]:
    """Without any spec there is nothing to anchor; with one, at least one anchor, each proven."""
    if path is None:
        if target or refinement.anchors:
            yield _anchor_finding(
                f"SPEC_TARGET_RESOLVED names {target or 'no spec file'}, which doesn't exist at head.",
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


def _anchor_problem(anchor: Anchor, lines: Sequence[str], path: str) -> str | None:
    if not anchor.token or anchor.start is None or anchor.end is None:
        return f"Anchor {anchor.anchor!r} needs CONTEXT_START_LINE, CONTEXT_END_LINE and CONTEXT_TOKEN."
    if not 1 <= anchor.start <= anchor.end <= len(lines):
        return f"The window {anchor.start}-{anchor.end} isn't within {path}, which has {len(lines)} lines."
    window = "\n".join(lines[anchor.start - 1 : anchor.end])
    # A refinement is ASCII: a token of other characters is written with \uXXXX.
    unescaped = _ESCAPE.sub(lambda code: chr(int(code[1], 16)), anchor.token)
    if anchor.token not in window and unescaped not in window:
        return f"The token {anchor.token!r} doesn't stand in lines {anchor.start}-{anchor.end} of {path}."
    return None


def _packet_anchor(case: Case, packet: Packet, field: Field, spec: Spec | None) -> Iterator[Finding]:
    """In a packet: the spec file exists, each CX id occurs in it, each :LINE is within it (gate C701-G01)."""
    text = " ".join(line.text for line in fence_free(field, packet.fenced))
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
        if not _whole_id(cx).search(whole):
            yield _anchor_finding(f"{cx} doesn't occur in {', '.join(texts)}.", packet.path, field.line)
    for name, number in lines:
        if name in texts and not 1 <= number <= len(texts[name]):
            yield _anchor_finding(
                f"{name}:{number} is past the end of the file ({len(texts[name])} lines).", packet.path, field.line
            )


@lru_cache(maxsize=256)
def _whole_id(cx: str) -> re.Pattern[str]:
    """The id, not as part of a longer one. It leads the expression, for only then its letters are searched for."""
    name = re.escape(cx)
    return re.compile(rf"{name}(?<![A-Za-z0-9-]{name})(?![A-Za-z0-9]|[-.][A-Za-z0-9])")


def gate_of(findings: tuple[Finding, ...]) -> dict[Gate, bool]:
    """What this check knows of every entry's gates."""
    return {Gate.ANCHORS: anchors_gate(findings)}


def line_of(field: Field | None) -> int | None:
    """The field's line, None where there is no field."""
    return field.line if field else None


def _value(field: Field | None) -> str:
    """The field's value without the note behind it and without backticks."""
    return without_backticks(without_note(field.value)[0]) if field else ""


def _token(field: Field | None) -> str:
    value = _value(field)
    return "" if placeholder(value) or value.upper() in {"NONE", "N/A", "PENDING"} else value


def _shown(field: Field | None) -> str:
    return _value(field) or "missing"


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
