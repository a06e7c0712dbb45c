"""From a change set to manifest entries (contract, section 1, Manifest) and to the change digest (section 2)."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from gatekeeper.model.changes import SUBMODULE as SUBMODULE_MODE
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
    entries = [_entry(change, change_set.blobs, _kind(change.path, migration, storage)) for change in changes]
    return tuple(sorted(entries, key=lambda entry: entry.change.path))


def _kind(path: str, migration: Sequence[str], storage: Sequence[str]) -> str:
    if matches_any(migration, path):
        return "migration"
    return "storage" if matches_any(storage, path) else "other"


def _entry(change: FileChange, blobs: Mapping[str, BlobFacts], kind: str) -> ManifestEntry:
    base, head = _facts(change.base, blobs), _facts(change.head, blobs)
    binary = (base is not None and base.binary) or (head is not None and head.binary)
    hunks = () if binary else change.hunks
    start, end = window(hunks)
    return ManifestEntry(
        change=change,
        kind=kind,
        start=start,
        end=end,
        line_delta=sum([hunk.new_count - hunk.old_count for hunk in hunks]),
        last_line=max(base.lines if base else 0, head.lines if head else 0) if base or head else 1,
        pre_sha1=base.sha1 if base else _without_bytes(change.base),
        post_sha1=head.sha1 if head else _without_bytes(change.head),
        post_sha256=head.sha256 if head else None,
        content=SUBMODULE if _is_submodule(change) else BINARY if binary else None,
        mode=_mode(change),
    )


def _facts(side: Side | None, blobs: Mapping[str, BlobFacts]) -> BlobFacts | None:
    """What is known of a side's bytes, None where it has none."""
    return None if side is None or side.mode == SUBMODULE_MODE else blobs[side.oid]


def _is_submodule(change: FileChange) -> bool:
    return any(side is not None and side.is_submodule for side in (change.base, change.head))


def _without_bytes(side: Side | None) -> str:
    """What stands for the SHA1 of a submodule, and of nothing."""
    return NO_SHA1 if side is None else side.oid


def window(hunks: Iterable[Hunk]) -> tuple[int, int]:
    """The first and the last line that any hunk removes (old numbering) or adds (new numbering); 1, 1 for none."""
    firsts, lasts = [], []
    for old_start, old_count, new_start, new_count in hunks:
        if old_count:
            firsts.append(old_start)
            lasts.append(old_start + old_count - 1)
        if new_count:
            firsts.append(new_start)
            lasts.append(new_start + new_count - 1)
    return (min(firsts), max(lasts)) if firsts else (1, 1)


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
