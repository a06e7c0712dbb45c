"""The ``links`` check: everything that the packet points at is there (gate all_links_resolvable)."""

import posixpath
import re
from collections.abc import Callable, Iterator

from gatekeeper.gates.case import Case, Outcome, not_run
from gatekeeper.manifest.fields import target_of
from gatekeeper.model.finding import Finding
from gatekeeper.model.globs import is_glob, matches
from gatekeeper.model.names import for_output
from gatekeeper.model.packet import Field, Line, Packet
from gatekeeper.packet.structure import list_values, markdown_links, placeholder

_SPACE = re.compile(r"\s")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_PLACE = re.compile(r"#.*|:\d+(?:-\d+)?$")
_POINTS = re.compile("[#:]")
_NOTHING = frozenset({"NONE", "N/A"})


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
        for origin, target, line, places in _targets(case, packet)
        if not any(_exists(case, packet, path) for path in places(packet, target))
    ]
    return Outcome(tuple(findings))


def _why(target: str) -> str:
    return "matches no file" if is_glob(target) else "exists neither at head nor in scope"


Places = Callable[[Packet, str], list[str]]
"""Where a link's target may lie, as normalised paths."""


def _at_root(_: Packet, target: str) -> list[str]:
    """The path itself, and without the ``#fragment`` or ``:lines`` that point into the file."""
    paths = dict.fromkeys((target, _PLACE.sub("", target))) if _POINTS.search(target) else (target,)
    return [posixpath.normpath(path) for path in paths if path]


def _beside(packet: Packet, target: str) -> list[str]:
    """From the root, or from the packet's folder."""
    folder = posixpath.dirname(packet.path)
    return [*_at_root(packet, target.lstrip("/")), posixpath.normpath(posixpath.join(folder, target))]


def _targets(case: Case, packet: Packet) -> Iterator[tuple[str, str, int, Places]]:
    """Origin, target, line and places of everything that must resolve."""
    for name in ("FILES_TO_OPEN", "REFINEMENT_FILE"):
        field = packet.field(name)
        for value in values_of(packet, field) if field else ():
            yield name, value.text, value.line, _at_root
    for value in _authority(case, packet):
        yield "AUTHORITY", value.text, value.line, _at_root
    for value in _prior_packets(packet):
        yield "LINEAGE_AUDIT", value.text, value.line, _beside
    for path, line in _target_files(case, packet):
        yield "Target File", path, line, lambda _, target: [target]
    for link in markdown_links(packet):
        yield "A Markdown link", link.text, link.line, _beside


def values_of(packet: Packet, field: Field) -> Iterator[Line]:
    """The field's values outside fences, without backticks and notes, that are no placeholder and not NONE."""
    for value in list_values(field, packet.fenced):
        if not placeholder(value.text) and value.text.rstrip(".").upper() not in _NOTHING:
            yield value


def _authority(case: Case, packet: Packet) -> Iterator[Line]:
    """Values that, whole and note removed, name an existing file or hold no white space and a ``/``."""
    for field in _fields_of(packet, "AUTHORITY"):
        for value in values_of(packet, field):
            looks_like_path = "/" in value.text and not _SPACE.search(value.text)
            if (looks_like_path and not _SCHEME.match(value.text)) or value.text in case.head.entries:
                yield value


def _prior_packets(packet: Packet) -> Iterator[Line]:
    for field in _fields_of(packet, "LINEAGE_AUDIT"):
        if field.name.lower().startswith("prior packet"):
            for value in values_of(packet, field):
                if value.text.endswith(".md") and not _SPACE.search(value.text):
                    yield value


def _target_files(case: Case, packet: Packet) -> Iterator[tuple[str, int]]:
    """Recorded Target Files; a writing run replaces them all by files that are there."""
    if case.writing or case.gate == "pre-work":
        return
    for entry in packet.recorded:
        path = target_of(entry)  # None is a name that the manifest check reports as malformed
        if path is not None:
            yield path, entry.line


def _fields_of(packet: Packet, name: str) -> Iterator[Field]:
    section = packet.section(name)
    if section is not None:
        yield from (field for field in packet.fields if section.start <= field.line <= section.end)


def _exists(case: Case, packet: Packet, path: str) -> bool:
    """Whether the path is there at head, or at base where it was deleted, or in scope and yet to be made."""
    if path == ".":
        return True
    for tree in (case.head, case.base):
        if tree is None:
            continue
        if path in tree.entries or tree.is_folder(path):
            return True
        if is_glob(path) and any(matches(path, name) for name in tree.entries):
            return True
    planned = [entry.pattern for entry in packet.scope.in_scope]
    return any(matches(p, path) or p.startswith(f"{path}/") or matches(path, p) for p in planned)
