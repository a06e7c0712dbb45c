"""From a change set to manifest entries (contract, section 1, Manifest) and to the change digest (section 2)."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from gatekeeper.model.changes import BlobFacts, ChangeSet, FileChange, Hunk, Side
from gatekeeper.model.globs import matches_any
from gatekeeper.model.manifest import NO_SHA1, ManifestEntry
from gatekeeper.model.names import encode

BINARY = "binary"
SUBMODULE = "submodule"


def compute(
    change_set: ChangeSet, changes: Sequence[FileChange], *, migration: Sequence[str], storage: Sequence[str]
) -> tuple[ManifestEntry, ...]:
    """The entries for those of the change set's ``changes`` that need one, sorted by path.

    ``migration`` and ``storage`` are the globs of the configuration's ``[kinds]``; the first that matches counts.
    """
    entries = (_entry(change, change_set.blobs, _kind(change.path, migration, storage)) for change in changes)
    return tuple(sorted(entries, key=lambda entry: entry.path))


def _kind(path: str, migration: Sequence[str], storage: Sequence[str]) -> str:
    if matches_any(migration, path):
        return "migration"
    return "storage" if matches_any(storage, path) else "other"


def _entry(change: FileChange, blobs: Mapping[str, BlobFacts], kind: str) -> ManifestEntry:
    sides = [side for side in (change.base, change.head) if side is not None]
    facts = [blobs[side.oid] for side in sides if not side.is_submodule]
    binary = any(fact.binary for fact in facts)
    hunks = () if binary else change.hunks
    start, end = window(hunks)
    head = change.head
    return ManifestEntry(
        change=change,
        kind=kind,
        start=start,
        end=end,
        line_delta=sum(hunk.new_count - hunk.old_count for hunk in hunks),
        last_line=max((fact.lines for fact in facts), default=1),
        pre_sha1=_sha1(change.base, blobs),
        post_sha1=_sha1(head, blobs),
        post_sha256=None if head is None or head.is_submodule else blobs[head.oid].sha256,
        content=SUBMODULE if any(side.is_submodule for side in sides) else BINARY if binary else None,
        mode=_mode(change),
    )


def window(hunks: Iterable[Hunk]) -> tuple[int, int]:
    """The first and the last line that any hunk removes (old numbering) or adds (new numbering); 1, 1 for none."""
    spans = [(hunk.old_start, hunk.old_count) for hunk in hunks]
    spans += [(hunk.new_start, hunk.new_count) for hunk in hunks]
    touched = [(first, first + count - 1) for first, count in spans if count]
    if not touched:
        return 1, 1
    return min(first for first, _ in touched), max(last for _, last in touched)


def _sha1(side: Side | None, blobs: Mapping[str, BlobFacts]) -> str:
    if side is None:
        return NO_SHA1
    return side.oid if side.is_submodule else blobs[side.oid].sha1


def _mode(change: FileChange) -> str | None:
    if change.base is None or change.head is None or change.base.mode == change.head.mode:
        return None
    return f"{change.base.mode} -> {change.head.mode}"


def digest(entries: Iterable[ManifestEntry]) -> str:
    """The change digest of what has these entries."""
    return digest_of(entry.change for entry in entries)


def digest_of(changes: Iterable[FileChange]) -> str:
    """The change digest, 64 hex digits: SHA-256 over path, old path, modes and object ids of every change.

    Every field ends in a NUL, which none of them can hold, and what isn't there is empty; the order of the changes
    doesn't count.
    """
    records = sorted(_record(change) for change in changes)
    return hashlib.sha256(b"".join(records)).hexdigest()


def _record(change: FileChange) -> bytes:
    base, head = change.base, change.head
    fields = (
        change.path,
        change.old_path or "",
        base.mode if base else "",
        head.mode if head else "",
        base.oid if base else "",
        head.oid if head else "",
    )
    return b"".join(encode(field) + b"\0" for field in fields)
