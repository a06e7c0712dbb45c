"""A packet's bytes as a ``Packet`` (contract, section 1)."""

import hashlib

from gatekeeper.model.packet import Packet
from gatekeeper.packet.fields import fields_of
from gatekeeper.packet.manifest_blocks import scan_manifest
from gatekeeper.packet.markdown import PacketUnreadable, document, non_ascii_lines, text_lines
from gatekeeper.packet.phase import phase_of
from gatekeeper.packet.record_blocks import scan_records
from gatekeeper.packet.refinement import parse_refinement
from gatekeeper.packet.scope import scope_of
from gatekeeper.packet.sections import first_sections, manifest_zone, sections_of
from gatekeeper.packet.waivers import waivers_of

__all__ = ["PacketUnreadable", "parse_packet", "parse_refinement"]


def parse_packet(path: str, wp_id: str, data: bytes) -> Packet:
    """The packet in these bytes; ``path`` is relative to the repository, ``wp_id`` comes from the file's name.

    What is malformed becomes part of the value. Raises PacketUnreadable for what can't be text, nothing else.
    """
    doc = document(text_lines(data, path))
    sections = sections_of(doc)
    named = first_sections(sections)
    manifest = scan_manifest(doc, manifest_zone(sections))
    records = scan_records(doc)
    markers = (*manifest.markers, *records.closed)
    fields = fields_of(doc, sections, markers)
    waivers, malformed_waivers = waivers_of(doc, named.get("WAIVERS GRANTED"))
    return Packet(
        path=path,
        wp_id=wp_id,
        lines=doc.lines,
        fenced=doc.fenced,
        comments=doc.comments,
        sections=sections,
        fields=fields,
        scope=scope_of(fields, named.get("SCOPE"), doc.fenced),
        waivers=waivers,
        malformed_waivers=malformed_waivers,
        phase=phase_of(doc, named),
        recorded=manifest.entries,
        malformed_manifest=manifest.malformed,
        markers=markers,
        malformed_records=records.malformed,
        non_ascii=non_ascii_lines(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )
