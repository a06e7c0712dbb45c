"""What a packet records at HEAD: its machine blocks, or the entries that somebody filled by hand."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from gatekeeper.changes.ondisk import blob_on_disk
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.tree import Tree
from gatekeeper.gates.pipeline import overall
from gatekeeper.model.finding import Finding
from gatekeeper.model.manifest import RecordedEntry
from gatekeeper.model.names import from_packet
from gatekeeper.model.packet import MalformedLine, Marker, Packet
from gatekeeper.model.settings import Settings
from gatekeeper.packet.record_blocks import block_text, first_difference
from gatekeeper.packet.result_blocks import (
    RecordedResult,
    render_manifest_again,
    render_result_again,
    results_of,
)
from gatekeeper.packet.structure import status_word
from gatekeeper.runs.load import find_packet, read_packet

_MOST = 1 << 24
_MEND = "gate post-work {} writes both blocks anew, where the change is as it should be"


@dataclass(frozen=True)
class Record:
    """A packet's record. ``packet`` is None where it can't be read; ``problems`` say what is wrong with it.

    ``blob`` is the packet's blob id at HEAD. ``manifest`` marks the machine's block, None for entries without one;
    ``change`` is the change digest that the blocks name. ``texts`` are the recorded texts, LF between lines: a
    version of the packet that holds them all holds this record.
    """

    wp_id: str
    path: str
    blob: str
    packet: Packet | None
    entries: tuple[RecordedEntry, ...] = ()
    manifest: Marker | None = None
    result: RecordedResult | None = None
    change: str | None = None
    texts: tuple[str, ...] = ()
    problems: tuple[Finding, ...] = ()

    @property
    def is_there(self) -> bool:
        """Whether anything of a proof is recorded."""
        return bool(self.entries) or self.manifest is not None or self.result is not None

    @property
    def claims_to_be_done(self) -> bool:
        """Whether the packet's Status says that the work is done."""
        if self.packet is None:
            return False
        field = self.packet.field("Status", section="METADATA") or self.packet.field("Status")
        return status_word(field.value if field else "") in {"DONE", "VALIDATED"}

    @cached_property
    def targets(self) -> frozenset[str]:
        """The names that the entries give: of a rename both."""
        values = [value for entry in self.entries for value in (entry.target_file, entry.renamed_from) if value]
        return frozenset(name for value in values if (name := named(value.text)) is not None)

    @property
    def renames(self) -> bool:
        """Whether an entry is that of a renamed file."""
        return any(entry.renamed_from is not None for entry in self.entries)

    def held_by(self, data: bytes) -> bool:
        """Whether a version of the packet holds this record."""
        text = data.replace(b"\r\n", b"\n").decode("utf-8", "replace")
        return all(part in text for part in self.texts)


def named(text: str) -> str | None:
    """The path that a recorded text stands for; None for a placeholder and for what is no name."""
    if text.startswith("<") and text.endswith(">"):
        return None
    try:
        return from_packet(text) or None
    except ValueError:
        return None


def record_of(repository: Repository, tree: Tree, wp_id: str, settings: Settings) -> Record:
    """What the packet of that id records in the tree of HEAD.

    Rules: packet.missing, .ambiguous, .unreadable, manifest.malformed, report.mismatch, checkpoint.uncommitted.
    """
    found = find_packet(wp_id, tree, settings)
    if found.packet is None:
        return Record(wp_id, found.path, "", None, problems=found.problems)
    record = record_in(found.packet, tree.entries[found.path].oid)
    open_edit = uncommitted(repository, record, found.packet)
    problems = (*found.problems, *record.problems, *((open_edit,) if open_edit else ()))
    return replace(record, problems=problems)


def record_in(packet: Packet, blob: str) -> Record:
    """What a packet, which is that blob, records; ``problems`` are those of the record itself."""
    manifests = [marker for marker in packet.markers if marker.name == "manifest"]
    results = results_of(packet)
    manifest, result = next(iter(manifests), None), next(iter(results), None)
    entries = tuple(entry for entry in packet.recorded if named(entry.target_file.text) is not None)
    changes = [dict(marker.attributes).get("change") for marker in manifests] + [each.change for each in results]
    problems = (
        *_doubled(packet, manifests, results),
        *(_malformed(packet, line) for line in packet.malformed_manifest),
        *(_edited_manifest(packet, marker) for marker in manifests),
        *(_edited_result(packet, each) for each in results),
        *(finding for each in results for finding in _contradictions(packet, each, changes)),
    )
    return Record(
        packet.wp_id,
        packet.path,
        blob,
        packet,
        entries=entries,
        manifest=manifest,
        result=result,
        change=next(iter(changes), None),
        texts=tuple(_texts(packet, entries, manifests, results)),
        problems=tuple(finding for finding in problems if finding is not None),
    )


def _texts(
    packet: Packet,
    entries: tuple[RecordedEntry, ...],
    manifests: list[Marker],
    results: tuple[RecordedResult, ...],
) -> Iterator[str]:
    if not manifests and entries:
        lines = packet.lines[min(e.line for e in entries) - 1 : max(e.end_line for e in entries)]
        yield "\n".join(lines)
    for marker in manifests:
        yield block_text(packet, marker)
    for result in results:
        yield result.text


def mismatch(packet: Packet, line: int | None, message: str) -> Finding:
    """The finding report.mismatch about a line of the packet."""
    return Finding(
        rule="report.mismatch",
        message=message,
        path=packet.path,
        line=line,
        hint=_MEND.format(packet.wp_id),
    )


def _doubled(packet: Packet, manifests: list[Marker], results: tuple[RecordedResult, ...]) -> Iterator[Finding]:
    for marker in (*manifests[1:], *(result.marker for result in results[1:])):
        yield mismatch(
            packet,
            marker.start,
            f"A second gate:{marker.name} block stands here; a run of the gate leaves one.",
        )


def _malformed(packet: Packet, line: MalformedLine) -> Finding:
    return Finding(
        rule="manifest.malformed",
        message=line.problem,
        path=packet.path,
        line=line.line,
        hint=_MEND.format(packet.wp_id),
    )


def _edited_manifest(packet: Packet, marker: Marker) -> Finding | None:
    made = render_manifest_again(packet, marker)
    if isinstance(made, MalformedLine):
        return mismatch(packet, made.line, f"The manifest was edited: {made.problem}")
    return _edited(packet, marker, made)


def _edited_result(packet: Packet, result: RecordedResult) -> Finding | None:
    return _edited(packet, result.marker, render_result_again(result))


def _edited(packet: Packet, marker: Marker, made: str) -> Finding | None:
    line = first_difference(packet, marker, made)
    if line is None:
        return None
    texts = made.split("\n")
    place = line - marker.start
    rendered = f"; its data renders to {texts[place]!r}" if place < len(texts) else ""
    message = f"The gate:{marker.name} block was edited: here stands {packet.lines[line - 1]!r}{rendered}."
    return mismatch(packet, line, message)


def _contradictions(packet: Packet, result: RecordedResult, changes: list[str | None]) -> Iterator[Finding]:
    """What a result block says against itself, its packet or the other block."""
    line = result.marker.start
    if result.wp_id != packet.wp_id:
        yield mismatch(packet, line, f"The result is recorded for {result.wp_id}, but this is {packet.wp_id}.")
    if result.gate != "post-work":
        yield mismatch(
            packet, line, f"The result is recorded of the gate {result.gate!r}; only post-work writes one."
        )
    if result.change != changes[0]:
        yield mismatch(
            packet, line, f"The result is recorded for the change {result.change}, the manifest for {changes[0]}."
        )
    told = overall(check.status for check in result.checks)
    if result.verdict is not told:
        yield mismatch(
            packet, line, f"The result is recorded as {result.verdict}, but its checks amount to {told}."
        )


def uncommitted(repository: Repository, record: Record, packet: Packet) -> Finding | None:
    """Rule checkpoint.uncommitted: the work tree's packet holds other machine blocks than HEAD's."""
    if repository.root is None:
        return None
    file = repository.root / record.path
    if file.is_symlink() or not file.is_file() or blob_on_disk(str(file), record.blob, _MOST) is not None:
        return None
    there = read_packet(record.path, packet.wp_id, file.read_bytes()).packet
    if there is not None and _blocks(there) == _blocks(packet):
        return None
    return Finding(
        rule="checkpoint.uncommitted",
        message=f"{record.path} records something else in the work tree than HEAD does; HEAD is what is verified.",
        path=record.path,
        hint=f"git add -- {record.path} && git commit, or git checkout -- {record.path}",
    )


def _blocks(packet: Packet) -> list[str]:
    return [block_text(packet, marker) for marker in packet.markers]


def nothing_recorded(record: Record) -> Finding:
    """The finding about a packet that says it is done and records no proof."""
    return Finding(
        rule="manifest.missing",
        message=f"{record.path} says that the work is done, but records no manifest, so nothing of it is proven.",
        path=record.path,
        hint=f"gate post-work {record.wp_id} writes the manifest",
    )
