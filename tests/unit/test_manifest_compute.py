"""Windows, deltas, hashes and the digest, from values alone."""

import hashlib

import pytest

from gatekeeper.manifest import line_ends
from gatekeeper.manifest.compute import compute, digest, window
from gatekeeper.model.changes import BlobFacts, ChangeKind, ChangeSet, FileChange, Hunk, Side
from gatekeeper.model.manifest import NO_SHA1, ManifestEntry

BLOBS = {
    "1" * 40: BlobFacts("a" * 40, "a" * 64, 10, 8, False),
    "2" * 40: BlobFacts("b" * 40, "b" * 64, 12, 9, False),
    "3" * 40: BlobFacts("c" * 40, "c" * 64, 12, 4, True),
}
OLD, NEW, BINARY = Side("100644", "1" * 40), Side("100755", "2" * 40), Side("100644", "3" * 40)
COMMIT = Side("160000", "9" * 40)
HUNKS = (Hunk(3, 2, 3, 1), Hunk(7, 0, 7, 3))


def entry_of(change: FileChange) -> ManifestEntry:
    change_set = ChangeSet("rev", "", None, None, "", "", (change,), BLOBS)
    (entry,) = compute(change_set, change_set.changes, migration=["migrations/**"], storage=["**/storage/**"])
    return entry


@pytest.mark.parametrize(
    ("hunks", "expected"),
    [
        ((), (1, 1)),
        ((Hunk(0, 0, 1, 3),), (1, 3)),
        ((Hunk(1, 3, 0, 0),), (1, 3)),
        ((Hunk(10, 0, 11, 2),), (11, 12)),
        ((Hunk(20, 5, 19, 0),), (20, 24)),
        ((Hunk(5, 1, 5, 1), Hunk(50, 1, 10, 1)), (5, 50)),
        ((Hunk(5, 2, 90, 4),), (5, 93)),
    ],
)
def test_the_window_is_the_smallest_over_both_numberings(
    hunks: tuple[Hunk, ...], expected: tuple[int, int]
) -> None:
    assert window(hunks) == expected


def test_delta_counts_added_minus_removed_lines_of_the_hunks() -> None:
    entry = entry_of(FileChange("a", ChangeKind.MODIFIED, OLD, NEW, None, HUNKS))
    assert (entry.start, entry.end, entry.line_delta, entry.last_line) == (3, 9, 2, 9)
    assert entry.mode == "100644 -> 100755"


@pytest.mark.parametrize(("base", "head"), [(BINARY, NEW), (OLD, BINARY), (BINARY, None), (None, BINARY)])
def test_a_nul_on_either_side_makes_it_binary_without_lines(base: Side | None, head: Side | None) -> None:
    entry = entry_of(FileChange("a", ChangeKind.MODIFIED, base, head, None, HUNKS))
    assert (entry.content, entry.start, entry.end, entry.line_delta) == ("binary", 1, 1, 0)


def test_hashes_of_an_absent_side_are_forty_zeros() -> None:
    added = entry_of(FileChange("a", ChangeKind.ADDED, None, NEW))
    deleted = entry_of(FileChange("a", ChangeKind.DELETED, OLD, None))
    assert (added.pre_sha1, added.post_sha1, added.post_sha256) == (NO_SHA1, "b" * 40, "b" * 64)
    assert (deleted.pre_sha1, deleted.post_sha1, deleted.post_sha256) == ("a" * 40, NO_SHA1, None)
    assert added.mode is None


def test_a_submodule_has_commit_ids() -> None:
    entry = entry_of(FileChange("a", ChangeKind.TYPE, OLD, COMMIT))
    assert (entry.content, entry.pre_sha1, entry.post_sha1) == ("submodule", "a" * 40, COMMIT.oid)
    assert entry.post_sha256 is None


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("migrations/1.sql", "migration"),
        ("migrations/storage/1.sql", "migration"),
        ("src/storage/a.py", "storage"),
        ("src/migrations.py", "other"),
    ],
)
def test_the_kind_is_told_by_the_first_globs_that_match(path: str, kind: str) -> None:
    assert entry_of(FileChange(path, ChangeKind.MODIFIED, OLD, NEW)).kind == kind


def entries(*changes: FileChange) -> list[ManifestEntry]:
    return [entry_of(change) for change in changes]


A = FileChange("a", ChangeKind.MODIFIED, OLD, NEW)
B = FileChange("b", ChangeKind.RENAMED, OLD, NEW, "c", HUNKS)


def test_the_digest_is_independent_of_order_kind_and_hunks() -> None:
    assert digest(entries(A, B)) == digest(entries(B, A))
    assert digest(entries(A)) == digest(entries(A._replace(hunks=HUNKS, change=ChangeKind.TYPE)))
    assert len(digest([])) == 64


@pytest.mark.parametrize(
    "other",
    [
        B._replace(path="bc", old_path=""),
        B._replace(path="d"),
        B._replace(old_path="d"),
        B._replace(old_path=None),
        B._replace(base=NEW),
        B._replace(head=OLD),
        B._replace(head=NEW._replace(mode="100644")),
        B._replace(base=None),
        B._replace(base=None, head=OLD),
    ],
)
def test_the_digest_tells_every_part_of_an_entry(other: FileChange) -> None:
    assert digest(entries(A, B)) != digest(entries(A, other))


@pytest.mark.parametrize("size", [1, 2, 3, 99])
@pytest.mark.parametrize("text", [b"", b"\r", b"a\r\nb\nc\r", b"\r\r\n\n\r\n", b"no end", b"\n\r\n\r"])
def test_the_hashes_with_other_line_ends_do_not_depend_on_the_pieces(text: bytes, size: int) -> None:
    unix = text.replace(b"\r\n", b"\n")
    pieces = [text[n : n + size] for n in range(0, len(text), size)]
    forms = (unix, unix.replace(b"\n", b"\r\n"))
    assert line_ends.sha1s(pieces) == {hashlib.sha1(form, usedforsecurity=False).hexdigest() for form in forms}
