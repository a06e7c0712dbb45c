"""The ``links`` check: everything that the packet points at is there (gate all_links_resolvable)."""

import posixpath
import re
from collections.abc import Iterator

from gatekeeper.gates.case import Case, Outcome, not_run
from gatekeeper.model.finding import Finding
from gatekeeper.model.globs import is_glob, matches
from gatekeeper.model.names import for_output, from_packet
from gatekeeper.model.packet import Field, Line, Packet
from gatekeeper.packet.structure import list_values, markdown_links, placeholder

_NOTE = re.compile(r"\s*\([^()]*\)\s*$")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def check_links(case: Case) -> Outcome:
    """Rule: links.unresolved, with the line of the packet that holds the link.

    A path of IN_SCOPE_PATHS is by definition in scope and may be yet to be made, so none of them is unresolved.
    """
    packet = case.packet
    if packet is None:
        return not_run("there is no packet to read links from")
    findings = [
        Finding(
            rule="links.unresolved",
            message=f"{origin} names {for_output(target)}, which {_why(target)}.",
            path=packet.path,
            line=line,
            hint="mend the path, or add it to IN_SCOPE_PATHS if this packet makes it",
        )
        for origin, target, line in _targets(case, packet)
        if not _resolves(case, packet, target, relative=origin == "A Markdown link")
    ]
    return Outcome(tuple(findings))


def _why(target: str) -> str:
    return "matches no file" if is_glob(target) else "exists neither at head nor in scope"


def _targets(case: Case, packet: Packet) -> Iterator[tuple[str, str, int]]:
    """Origin, target and line of everything that must resolve."""
    opened = packet.field("FILES_TO_OPEN")
    for value in list_values(opened) if opened else ():
        if not placeholder(value.text):
            yield "FILES_TO_OPEN", value.text, value.line
    refinement = packet.field("REFINEMENT_FILE")
    if refinement is not None and (file := _plain(refinement)) and not placeholder(file):
        yield "REFINEMENT_FILE", file, refinement.line
    for value in _authority(case, packet):
        yield "AUTHORITY", value.text, value.line
    for value in _prior_packets(packet):
        yield "LINEAGE_AUDIT", value.text, value.line
    yield from _target_files(case, packet)
    for link in markdown_links(packet):
        yield "A Markdown link", link.text, link.line


def _plain(field: Field) -> str:
    return _NOTE.sub("", field.value.strip()).strip("` ")


def _authority(case: Case, packet: Packet) -> Iterator[Line]:
    """Values that, whole and note removed, name an existing file or hold no white space and a ``/``."""
    for field in _fields_of(packet, "AUTHORITY"):
        value = _plain(field)
        looks_like_path = "/" in value and not re.search(r"\s", value) and not _SCHEME.match(value)
        if value and (looks_like_path or value in case.head.entries) and not placeholder(value):
            yield Line(text=value, line=field.line)


def _prior_packets(packet: Packet) -> Iterator[Line]:
    for field in _fields_of(packet, "LINEAGE_AUDIT"):
        value = _plain(field)
        if field.name.lower().startswith("prior packet") and value.endswith(".md") and not re.search(r"\s", value):
            yield Line(text=value, line=field.line)


def _target_files(case: Case, packet: Packet) -> Iterator[tuple[str, str, int]]:
    """Recorded Target Files; a writing run replaces them all by files that are there."""
    if case.writing or case.gate == "pre-work":
        return
    for entry in packet.recorded:
        text = entry.target_file.text
        try:
            yield "Target File", from_packet(text), entry.line
        except ValueError:
            continue  # the manifest check reports the name as malformed


def _fields_of(packet: Packet, name: str) -> Iterator[Field]:
    section = packet.section(name)
    if section is not None:
        yield from (field for field in packet.fields if section.start <= field.line <= section.end)


def _resolves(case: Case, packet: Packet, target: str, *, relative: bool) -> bool:
    candidates = [posixpath.normpath(target.lstrip("/")) if target.strip("/") else target]
    if relative and not target.startswith("/"):
        candidates.append(posixpath.normpath(posixpath.join(posixpath.dirname(packet.path), target)))
    return any(_exists(case, packet, path) for path in candidates)


def _exists(case: Case, packet: Packet, path: str) -> bool:
    if path == ".":
        return True
    for tree in (case.head, case.base):
        if tree is None:
            continue
        if path in tree.entries or tree.is_folder(path):
            return True
        if is_glob(path) and any(matches(path, name) for name in tree.entries):
            return True
    return any(matches(entry.pattern, path) or entry.pattern == path for entry in packet.scope.in_scope)
