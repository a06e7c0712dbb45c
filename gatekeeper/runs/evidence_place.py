"""Where a run of evidence goes: its block in the packet, its logs beside it or beside the ledger."""

from dataclasses import dataclass
from pathlib import Path

from gatekeeper.changes.repository import Repository
from gatekeeper.gates.case import Case
from gatekeeper.model.errors import RefusedError, UsageError
from gatekeeper.model.packet import Packet
from gatekeeper.packet.edit import write_atomically
from gatekeeper.packet.evidence_blocks import SECTION, EvidenceBlock, read_evidence
from gatekeeper.packet.parse import PacketUnreadable, parse_packet
from gatekeeper.packet.record_blocks import with_record
from gatekeeper.runs.plan import file_inside
from gatekeeper.runs.witnesses import log_folder


@dataclass(frozen=True, slots=True)
class EvidencePlace:
    """The packet in the work tree, the run's number, the uncommitted block that it replaces, and its logs' folder.

    ``in_packet`` is that folder relative to the repository where it is the packet's evidence folder, else None.
    """

    file: Path
    packet: Packet
    number: int
    replaced: EvidenceBlock | None
    logs: Path
    in_packet: str | None

    def log_name(self, number: int, sha256: str) -> str:
        """The name of the log of the command of that number."""
        # Not .log, which many a repository ignores: these are to be committed.
        return f"run-{self.number}-{number:02}.txt" if self.in_packet else f"{sha256}.log"


def evidence_place(repository: Repository, root: Path, case: Case) -> EvidencePlace:
    """Where the next run goes.

    Raises RefusedError for a packet without EVIDENCE, UsageError for one that can't be written or read.
    """
    file = file_inside(root, case.packet_path)
    packet = _parsed(case, file.read_bytes())
    if packet.section(SECTION) is None:
        raise RefusedError(
            f"{packet.path} has no section {SECTION}, so there is no place for what the commands come to.",
            hint=f"add a line '## {SECTION}' to the packet",
        )
    own = read_evidence(packet).own
    kept = _committed(case)
    replaced = own[-1] if own and own[-1].text not in kept else None
    number = replaced.record.run if replaced else max((block.record.run for block in own), default=0) + 1
    in_packet = _evidence_folder(case) if case.settings.evidence.logs == "packet" else None
    logs = root / in_packet if in_packet else log_folder(repository.common_dir, case.wp_id)
    return EvidencePlace(file, packet, number, replaced, logs, in_packet)


def write_evidence(place: EvidencePlace, text: str) -> int:
    """Put the block into the packet as it lies there now, every other byte as it is; the line where it begins.

    Raises RefusedError where another run was recorded, or the place is gone, while the commands took their time.
    """
    path, wp_id = place.packet.path, place.packet.wp_id
    data = place.file.read_bytes()
    packet = parse_packet(path, wp_id, data)
    section, own = packet.section(SECTION), read_evidence(packet).own
    before = place.replaced.text if place.replaced else None
    replaced = next((block for block in own if block.text == before), None)
    others = [block for block in own if block is not replaced and block.record.run >= place.number]
    if section is None or others or (before is not None and replaced is None):
        raise RefusedError(
            f"The evidence in {path} was changed while the commands ran, so nothing was written into it.",
            hint=f"gate evidence {wp_id} again",
        )
    written = with_record(data, packet, section, text, replaced.marker if replaced else None)
    write_atomically(place.file, written)
    blocks = read_evidence(parse_packet(path, wp_id, written)).blocks
    return next(block.marker.start for block in blocks if block.text == text)


def _committed(case: Case) -> frozenset[str]:
    """The texts of the blocks that HEAD's packet holds."""
    path = case.packet_path
    if case.committed is None or path not in case.committed.entries:
        return frozenset()
    try:
        packet = _parsed(case, case.committed.read(path))
    except UsageError:
        return frozenset()
    return frozenset(block.text for block in read_evidence(packet).blocks)


def _parsed(case: Case, data: bytes) -> Packet:
    try:
        return parse_packet(case.packet_path, case.wp_id, data)
    except PacketUnreadable as error:
        raise UsageError(
            f"{case.packet_path} can't be read: {error}", hint="save the packet as a file of UTF-8 text"
        ) from error


def _evidence_folder(case: Case) -> str:
    packets, wp_id = case.settings.packets.dir, case.wp_id
    folder = "" if packets == "." else f"{packets}/"
    in_own = case.packet_path == f"{folder}{wp_id}/packet.md"
    return f"{folder}{wp_id}/evidence" if in_own else f"{folder}evidence/{wp_id}"
