"""Lossless edits of a packet's bytes, and files written whole or not at all."""

import itertools
import os
import secrets
import stat
from collections import Counter
from pathlib import Path

from gatekeeper.model.errors import GateError
from gatekeeper.model.packet import Packet
from gatekeeper.packet.manifest_blocks import ManifestScan, scan_manifest
from gatekeeper.packet.markdown import BOM, Document, RawLine, document, split_lines, text_lines
from gatekeeper.packet.sections import manifest_zone, sections_of


class NoValidationSection(GateError):  # noqa: N818 - says what is missing, as in a sentence
    """The packet has no VALIDATION section, so there is no place for machine blocks."""


def _removed(doc: Document, scan: ManifestScan, *, keep_result: bool) -> set[int]:
    """The lines that go: the manifest's and the machine's own, and blank lines with nothing else between them."""
    gone = set(scan.owned)
    for marker in scan.markers:
        if keep_result and marker.name == "result":
            gone -= set(range(marker.start, marker.end + 1))
    ordered = sorted(gone)
    for before, after in itertools.pairwise(ordered):
        between = range(before + 1, after)
        if all(doc.is_blank(number) for number in between):
            gone.update(between)
    return gone


def _common_end(lines: list[RawLine], gone: set[int]) -> bytes:
    """The line end that most of the lines that stay have; LF on a tie."""
    counts = Counter(line.end for number, line in enumerate(lines, 1) if number not in gone)
    del counts[b""]
    return max(counts, key=lambda end: (counts[end], end == b"\n"), default=b"\n")


def _place_for_new(doc: Document, zone: tuple[int, int]) -> int:
    """The line after which new blocks stand: the last with text in the zone, before a fence left open."""
    first, last = zone
    if doc.unclosed is not None and first <= doc.unclosed <= last:
        last = doc.unclosed - 1
    while last >= first and doc.is_blank(last):
        last -= 1
    return last


def _assemble(lines: list[RawLine], gone: set[int], after: int, block: list[bytes], end: bytes) -> bytes:
    """The lines that stay, with the block after line ``after``; only the last one may lack its end."""
    numbered = [(number, line) for number, line in enumerate(lines, 1) if number not in gone]
    head = [line.body + (line.end or end) for number, line in numbered if number <= after]
    tail = [line.body + line.end for number, line in numbered if number > after]
    text = end.join(block)
    unended = not tail and not lines[-1].end
    return b"".join([*head, text, b"" if unended else end, *tail])


def with_blocks(data: bytes, packet: Packet, manifest: str, result: str | None) -> bytes:
    """The packet's bytes with these machine blocks in VALIDATION in place of every block recorded there.

    Replaced are machine blocks, hand-filled and template blocks (their labelled lines and gates; what a person
    wrote between them stays), stray and unclosed markers. The new blocks stand where the first of these
    stood, else at the section's end, with the file's own line end. Every other byte stays as it is, and a
    second run changes nothing. ``data`` is read anew, so that it may be newer than ``packet``, which names it
    in errors. With ``result`` None a result block stays as it is.

    Raises NoValidationSection; PacketUnreadable if the bytes are no text.
    """
    doc = document(text_lines(data, packet.path))
    zone = manifest_zone(sections_of(doc))
    if zone is None:
        raise NoValidationSection(
            f"{packet.path} has no VALIDATION section for the manifest.",
            hint="Add a line '## VALIDATION' to the packet.",
        )
    mark = BOM if data.startswith(BOM) else b""
    lines = split_lines(data.removeprefix(BOM))
    gone = _removed(doc, scan_manifest(doc, zone), keep_result=result is None)
    end = _common_end(lines, gone)
    text = manifest if result is None else f"{manifest}\n\n{result}"
    block = [line.encode("ascii") for line in text.split("\n")]
    if gone:
        return mark + _assemble(lines, gone, min(gone) - 1, block, end)
    after = _place_for_new(doc, zone)
    followed = after < len(lines) and not doc.is_blank(after + 1)
    block = [b"", *block, b""] if followed else [b"", *block]
    return mark + _assemble(lines, gone, after, block, end)


def _mode_to_keep(target: Path) -> int | None:
    """The mode of the file that will be replaced, None where there is none. Raises OSError if it may not be."""
    if target.is_symlink():
        raise OSError("it is a symbolic link that leads to itself")
    if not target.exists():
        return None
    if not os.access(target, os.W_OK):
        raise PermissionError("it is read-only")
    return stat.S_IMODE(target.stat().st_mode)


def _replace(target: Path, data: bytes, mode: int | None) -> None:
    temporary = target.with_name(f".gate-{secrets.token_hex(8)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            temporary.chmod(mode)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def write_atomically(path: Path, data: bytes) -> bool:
    """Write the bytes so that a crash leaves the old file or the new one; whether anything was to write.

    The file's mode stays; a symbolic link stays one and its target is written. Raises GateError if the file
    is read-only, or the folder, the disk or a lock forbids it; the old file then stands untouched.
    """
    target = Path(os.path.realpath(path))
    try:
        if target.exists() and target.read_bytes() == data:
            return False
        _replace(target, data, _mode_to_keep(target))
    except OSError as error:
        reason = error.strerror or str(error)
        raise GateError(
            f"{path} could not be written: {reason}. The file is as it was.",
            hint="Make the file and its folder writable, see that the disk has room, and run the command again.",
        ) from error
    return True
