"""The reference packet, its refinement and real packets of many shapes, read by the contract.

The files lie beside the project's root, in ``../shared/packets``, and are no part of it: where that folder is
absent these tests step aside. ``facts.jsonl`` tells what another reader found; where it is wrong by the contract,
the tables below name the packet and say why.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gatekeeper.model.manifest import Gate, RecordedEntry
from gatekeeper.model.packet import Packet
from gatekeeper.packet.edit import NoValidationSection, with_blocks
from gatekeeper.packet.parse import parse_packet, parse_refinement

PACKETS = Path(__file__).parents[3] / "shared" / "packets"
REFERENCE = "WP-1-Migration-Framework-v2"

pytestmark = pytest.mark.skipif(
    not PACKETS.is_dir(), reason="the shared packets are not part of the project and not beside it here"
)

# Why a fact is wrong by the contract (section 1, "The work packet").
OTHER_FORM = "the fact reads **Status:** only; the packet has an older form, - STATUS: or - **STATUS**:"
FIRST_STATUS = "the fact reads a later line, as the first Status has an older form; the first of a name wins"
OLD_SCOPE = "the fact reads a plain - IN_SCOPE_PATHS: only; the packet's is bold or a heading of its own"
SCOPE_NOTE = "the fact counts '- Scope note:', which is a field of its own, as a path"
OLD_MANIFEST = "the fact reads bold labels only; the packet has the old form - Target File: without it"
UNFILLED = "the fact leaves out the template's block, which stands in VALIDATION and counts as recorded"


@dataclass(frozen=True)
class Wrong:
    """The right value and the reason for which the fact isn't it."""

    value: object
    reason: str


def _same(value: object, reason: str, ids: str) -> dict[str, Wrong]:
    return {f"WP-1-{name}": Wrong(value, reason) for name in ids.split()}


STATUS = {
    **_same(
        "Ready for Dev",
        OTHER_FORM,
        "ACE-RAG-Plumbing AI-Job-Model Atelier-Lens Bundle-Export Capability-SSoT-Validator Debug-Bundle-v2 "
        "Distillation MCP-Skeleton-Gate MEX-Observability MEX-Safety-Gates MEX-v1.2-Runtime PDF-Pipeline "
        "Migration-Framework Model-Profiles Operator-Consoles-v1 RAG-Iterative Terminal-LAW Workspace-Bundle "
        "Storage-Abstraction-Layer Supply-Chain-MEX Workflow-Engine",
    ),
    **_same("Ready for Dev", FIRST_STATUS, "Retention-GC"),
    **_same(
        "Done",
        FIRST_STATUS,
        "AI-Job-Model-v3 AppState-Refactoring-v2 Flight-Recorder-v2 Operator-Consoles-v2 "
        "Tokenization-Service-20251228",
    ),
}
IN_SCOPE = {
    **_same(2, OLD_SCOPE, "Gate-Check-Tool Storage-Foundation Tokenization-Service-20251228"),
    **_same(3, OLD_SCOPE, "LLM-Core Retention-GC"),
    **_same(4, OLD_SCOPE, "AI-Job-Model-v2 Flight-Recorder-v2 Storage-Abstraction-Layer-v2"),
    **_same(5, OLD_SCOPE, "AppState-Refactoring-v2 Migration-Framework"),
    **_same(6, OLD_SCOPE, "AI-Job-Model-v3 Dual-Backend-Tests Terminal-LAW-v2"),
    **_same(9, OLD_SCOPE, "MEX-v1.2-Runtime-v2"),
    **_same(11, OLD_SCOPE, "Flight-Recorder"),
    **_same(13, OLD_SCOPE, "Operator-Consoles-v1"),
    **_same(23, OLD_SCOPE, "Debug-Bundle-v2"),
    **_same(4, SCOPE_NOTE, "Flight-Recorder-UI-v3"),
    "WP-Test-Sample": Wrong(1, OLD_SCOPE),
}
CORE = "src/backend/handshake_core/src"
MANIFESTS = {
    **_same([f"{CORE}/capabilities.rs"], OLD_MANIFEST, "Capability-SSoT-Validator"),
    **_same([f"{CORE}/bundles/exporter.rs".replace("/", "\\")], OLD_MANIFEST, "Debug-Bundle-v2"),
    **_same([f"{CORE}/bundles/exporter.rs"], OLD_MANIFEST, "Debug-Bundle-v3"),
    **_same([f"{CORE}/flight_recorder/duckdb.rs"], OLD_MANIFEST, "Operator-Consoles-v1 Operator-Consoles-v2"),
    **_same([f"{CORE}/tokenization.rs"], OLD_MANIFEST, "Tokenization-Service-v3"),
    **_same([".GOV/scripts/validation/validator-error-codes.mjs"], OLD_MANIFEST, "Validator-Error-Codes-v1"),
    **_same(["path/to/file"], UNFILLED, "Spec-Enrichment-LLM-Core-v1"),
    **_same(["N/A (fill after implementation)"], UNFILLED, "Structured-Collaboration-Schema-Registry-v2"),
}


def facts() -> list[dict[str, Any]]:
    path = PACKETS / "corpus" / "facts.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []


def load(wp_id: str) -> tuple[bytes, Packet]:
    folder = PACKETS if wp_id == REFERENCE else PACKETS / "corpus"
    data = (folder / f"{wp_id}.md").read_bytes()
    return data, parse_packet(f"packets/{wp_id}.md", wp_id, data)


def told(entry: RecordedEntry) -> dict[str, object]:
    """An entry in the shape of a fact; its gates are those ticked."""
    values = {name: getattr(entry, name) for name in ("start", "end", "line_delta", "pre_sha1", "post_sha1")}
    return {
        "target_file": entry.target_file.text,
        **{name: value and value.text for name, value in values.items()},
        "gates": sum(gate.ticked for gate in entry.gates),
    }


@pytest.mark.parametrize("fact", facts(), ids=lambda fact: fact["wp_id"])
def test_a_real_packet_agrees_with_its_facts(fact: dict[str, Any]) -> None:
    wp_id = fact["wp_id"]
    data, packet = load(wp_id)
    assert (len(data), not packet.non_ascii) == (fact["bytes"], fact["ascii"])
    status = packet.field("Status")
    assert (status.value if status else None) == (STATUS[wp_id].value if wp_id in STATUS else fact["status"])
    paths = len(packet.scope.in_scope)
    assert paths == (IN_SCOPE[wp_id].value if wp_id in IN_SCOPE else fact["in_scope"])
    assert packet.scope.malformed == ()
    if wp_id in MANIFESTS:
        assert [entry.target_file.text for entry in packet.recorded] == MANIFESTS[wp_id].value
    else:
        assert [told(entry) for entry in packet.recorded] == fact["manifests"]
    assert packet.malformed_manifest == ()


def test_every_exception_is_one() -> None:
    by_id = {fact["wp_id"]: fact for fact in facts()}
    for name, table in (("status", STATUS), ("in_scope", IN_SCOPE)):
        for wp_id, wrong in table.items():
            assert by_id[wp_id][name] != wrong.value, f"{wp_id}: {name} needs no exception"
    assert all(by_id[wp_id]["manifests"] == [] for wp_id in MANIFESTS)


@pytest.mark.parametrize("fact", [*facts(), {"wp_id": REFERENCE}], ids=lambda fact: fact["wp_id"])
def test_writing_blocks_keeps_every_line_that_is_no_manifest(fact: dict[str, Any]) -> None:
    data, packet = load(fact["wp_id"])
    manifest = "<!-- gate:manifest change=0 -->\n<!-- /gate:manifest -->"
    result = "<!-- gate:result verdict=PASS -->\n<!-- /gate:result -->"
    section = packet.section("VALIDATION")
    if section is None:
        with pytest.raises(NoValidationSection):
            with_blocks(data, packet, manifest, result)
        return
    once = with_blocks(data, packet, manifest, result)
    after = parse_packet(packet.path, packet.wp_id, once)
    new_section = after.section("VALIDATION")
    assert new_section is not None
    assert packet.lines[: section.start] == after.lines[: section.start]
    assert packet.lines[section.end :] == after.lines[new_section.end :]
    assert after.recorded == ()
    assert with_blocks(once, after, manifest, result) == once


def test_the_reference_packet_is_read_whole() -> None:
    _, packet = load(REFERENCE)
    assert len(packet.scope.in_scope) == 26
    assert packet.scope.in_scope[0].pattern.endswith("migrations/0001_init.sql")
    assert (packet.scope.in_scope[24].pattern, packet.scope.in_scope[24].note) == (
        "docs/MIGRATION_GUIDE.md",
        "reference; update only if required",
    )
    assert packet.scope.out_of_scope == ()
    assert len(packet.recorded) == 25
    for entry in packet.recorded:
        fields = (entry.start, entry.end, entry.line_delta, entry.pre_sha1, entry.post_sha1)
        assert None not in (*fields, entry.spec_target_resolved)
        assert [(gate.name, gate.ticked) for gate in entry.gates] == [(gate.value, True) for gate in Gate]
        assert entry.end_line - entry.line == 17
    phase = packet.phase
    assert (phase.bootstrap, phase.skeleton, phase.implementation, phase.approvals) == (118, 150, 164, (162,))
    assert (packet.waivers, packet.malformed_waivers, packet.malformed_manifest) == ((), (), ())
    assert packet.non_ascii == (734, 743, 779, 801)
    known = [section.name for section in packet.sections if section.level == 2]
    assert known == [
        "METADATA",
        "TECHNICAL_REFINEMENT",
        "SCOPE",
        "WAIVERS GRANTED",
        "QUALITY_GATE",
        "AUTHORITY",
        "LINEAGE_AUDIT",
        "BOOTSTRAP",
        "SKELETON",
        "IMPLEMENTATION",
        "HYGIENE",
        "VALIDATION",
        "STATUS_HANDOFF",
        "EVIDENCE",
        "VALIDATION_REPORTS",
    ]


def test_the_reference_refinement_is_read_whole() -> None:
    data = (PACKETS / f"{REFERENCE}.refinement.md").read_bytes()
    refinement = parse_refinement("packets/refinements/r.md", data)
    assert [(anchor.line, anchor.start, anchor.end, anchor.token) for anchor in refinement.anchors] == [
        (62, 3086, 3119, "Migration Framework Requirements"),
        (77, 3120, 3150, "WP-1-Migration-Framework"),
        (89, 20699, 20703, "Migrations validated:"),
    ]
    assert refinement.anchors[0].anchor == "Handshake_Master_Spec_v02.106.md 2.3.12.4 [CX-DBP-022]"
    values = {
        "WP_ID": REFERENCE,
        "SPEC_TARGET_RESOLVED": "docs/SPEC_CURRENT.md -> Handshake_Master_Spec_v02.106.md",
        "SPEC_TARGET_SHA1": "ffa0e7b5469d2ccba2c56ef62be9cbd4be4256a3",
        "CLEARLY_COVERS_VERDICT": "PASS",
        "ENRICHMENT_NEEDED": "NO",
        "USER_REVIEW_STATUS": "APPROVED",
    }
    for name, value in values.items():
        field = refinement.field(name)
        assert field is not None
        assert field.value == value
