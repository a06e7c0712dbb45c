"""Evidence and reports are only ever added: what a commit of the packet's history holds must stand in it still."""

import re
from collections.abc import Iterable, Iterator, Mapping

from gatekeeper.changes.repository import Repository
from gatekeeper.model.finding import Finding
from gatekeeper.model.packet import Packet
from gatekeeper.packet.record_blocks import block_text
from gatekeeper.runs.load import read_packet

_MARKS = (b"gate:evidence", b"gate:report")
_BLOCK = re.compile(r"<!--[ \t]*gate:(evidence|report)[ \t].*?<!--[ \t]*/gate:\1[ \t]*-->", re.DOTALL)


def rewritten(repository: Repository, packet: Packet, versions: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Every block of a version that the packet doesn't hold as it was; a version is a commit and a blob's id.

    Rules: evidence.rewritten, report.rewritten.
    """
    now = {block_text(packet, marker) for marker in packet.markers}
    told: set[str] = set()
    for commit, blob in versions:
        data = b"".join(repository.read_blob(blob))
        if not any(mark in data for mark in _MARKS):
            continue
        text = data.replace(b"\r\n", b"\n").decode("utf-8", "replace")
        if all(match[0] in now for match in _BLOCK.finditer(text)):
            continue
        then = read_packet(packet.path, packet.wp_id, data).packet
        for marker in then.markers if then else ():
            block = block_text(then, marker) if then else ""
            own = dict(marker.attributes).get("wp") == packet.wp_id
            if marker.name in {"evidence", "report"} and own and block not in now and block not in told:
                told.add(block)
                yield _finding(packet, marker.name, dict(marker.attributes), commit)


def packet_names(path: str) -> tuple[str, str]:
    """Both names that a packet's file may have (contract, section 1), whichever of them it has now."""
    stem = path.removesuffix("/packet.md").removesuffix(".md")
    return f"{stem}.md", f"{stem}/packet.md"


def _finding(packet: Packet, name: str, attributes: Mapping[str, str], commit: str) -> Finding:
    number = attributes.get("run" if name == "evidence" else "report")
    which = f"Run {number} of the evidence" if name == "evidence" else f"Report {number}"
    return Finding(
        rule=f"{name}.rewritten",
        message=f"{which}, which commit {commit[:12]} holds, was changed or taken away since.",
        path=packet.path,
        hint=f"put it back as it was: git show {commit[:12]}:{packet.path}",
    )
