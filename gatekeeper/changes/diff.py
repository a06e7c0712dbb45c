"""From two trees to a change set: one ``git diff-tree`` for what changed, one ``git cat-file`` for the blobs."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import BinaryIO, NamedTuple

from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Endpoints
from gatekeeper.model.changes import ChangeKind, ChangeSet, FileChange, Hunk, Side
from gatekeeper.model.errors import RepositoryError
from gatekeeper.model.names import decode

_ARGUMENTS = (
    "diff-tree",
    *("-r", "-z", "--raw", "--no-abbrev", "--full-index", "-p", "-U0", "--inter-hunk-context=0"),
    *("--diff-algorithm=myers", "--indent-heuristic", "-M50%", "-l1000", "--no-relative"),
    *("--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=none", "--submodule=short"),
)

_CHUNK = 1 << 20
_ABSENT = "000000"
_KINDS = {
    "A": ChangeKind.ADDED,
    "D": ChangeKind.DELETED,
    "M": ChangeKind.MODIFIED,
    "R": ChangeKind.RENAMED,
    "T": ChangeKind.TYPE,
}

# Lines of content begin with +, - or \, so these stand at the start of a line in headers only.
_HEADER = re.compile(rb"\n(?:(diff --git )|@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@)")


class _Record(NamedTuple):
    """A file of the raw output, and how many patches follow for it: two (delete, add) for a change of type."""

    change: FileChange
    patches: int


def change_set(repo: Repository, endpoints: Endpoints) -> ChangeSet:
    """What differs between the endpoints, with hunks and the facts of every blob (contract, sections 1 and 2).

    Two git processes whatever the number of files. Raises RepositoryError if git can't read an object.
    """
    changes = tuple(sorted(_changes(repo, endpoints), key=lambda change: change.path))
    sides = chain.from_iterable((change.base, change.head) for change in changes)
    oids = sorted({side.oid for side in sides if side is not None and not side.is_submodule})
    judges_index = endpoints.source == "staged" or (endpoints.head is not None and endpoints.head == repo.head)
    judges_work = judges_index or endpoints.source == "worktree"
    return ChangeSet(
        source=endpoints.source,
        reason=endpoints.reason,
        base=endpoints.base,
        head=endpoints.head,
        base_tree=endpoints.base_tree,
        head_tree=endpoints.head_tree,
        changes=changes,
        blobs=repo.blob_facts(oids),
        unmerged=repo.status().unmerged if judges_work else (),
        unstaged=repo.status().unstaged if judges_index else (),
    )


def _changes(repo: Repository, endpoints: Endpoints) -> list[FileChange]:
    trees = (endpoints.base_tree, endpoints.head_tree)
    if trees[0] == trees[1]:
        return []
    try:
        # In an empty repository over the same objects no setting, attribute or driver can change the answer. There
        # only a file with a NUL is binary to git, and of such a file no line counts, so it costs nothing.
        with repo.plain_git.stream(*_ARGUMENTS, *trees) as stream:
            return _parsed(stream)
    except RepositoryError:
        # A partial clone fetches what it lacks only where it knows its remote.
        with repo.git.stream(*_ARGUMENTS, "--text", *trees) as stream:
            return _parsed(stream)


def _parsed(stream: BinaryIO) -> list[FileChange]:
    raw, rest = _raw_part(stream)
    records = list(_records(raw))
    hunks = _hunks(chain((b"\n" + rest,), iter(lambda: stream.read(_CHUNK), b"")), records)
    return [replace(record.change, hunks=tuple(found)) for record, found in zip(records, hunks, strict=True)]


def _raw_part(stream: BinaryIO) -> tuple[bytes, bytes]:
    """The raw records, and what was read of the patches; an empty record stands between them."""
    read = bytearray()
    while True:
        seen = max(len(read) - 1, 0)
        chunk = stream.read(_CHUNK)
        read += chunk
        end = read.find(b"\0\0", seen)
        if end >= 0:
            return bytes(read[:end]), bytes(read[end + 2 :])
        if not chunk:
            return bytes(read).removesuffix(b"\0"), b""


def _records(raw: bytes) -> Iterator[_Record]:
    words = iter(raw.split(b"\0")) if raw else iter(())
    for facts in words:
        old_mode, new_mode, old_oid, new_oid, status = facts[1:].decode("ascii").split(" ")
        letter, path = status[0], decode(next(words))
        old_path = path if letter == "R" else None
        if letter == "R":
            path = decode(next(words))
        kind = _KINDS[letter]
        if kind is ChangeKind.MODIFIED and old_oid == new_oid:
            kind = ChangeKind.MODE
        base = None if old_mode == _ABSENT else Side(old_mode, old_oid)
        head = None if new_mode == _ABSENT else Side(new_mode, new_oid)
        yield _Record(FileChange(path, kind, base, head, old_path), 2 if kind is ChangeKind.TYPE else 1)


def _hunks(patches: Iterator[bytes], records: list[_Record]) -> list[list[Hunk]]:
    """Each record's hunks; ``patches`` is the patch text in pieces, led by a line break."""
    hunks: list[list[Hunk]] = [[] for _ in records]
    owners = iter([i for i, record in enumerate(records) for _ in range(record.patches)])
    owner = -1
    for header in _headers(patches):
        if header[1] is not None:
            owner = next(owners, -1)
            if owner < 0:
                break
        else:
            old_start, old_count, new_start, new_count = (1 if n is None else int(n) for n in header.groups()[1:])
            hunks[owner].append(Hunk(old_start, old_count, new_start, new_count))
    if (owner < 0 and records) or next(owners, None) is not None:
        raise RepositoryError(
            "git diff-tree printed other files as a patch than as records; this is a fault here."
        )
    return hunks


def _headers(pieces: Iterator[bytes]) -> Iterator[re.Match[bytes]]:
    """Every header of the patches, in order, with one piece in memory whatever the length of a line."""
    tail = b""
    for piece in pieces:
        text = tail + piece
        whole = text.rfind(b"\n")
        yield from _HEADER.finditer(text, 0, whole)
        tail = text[whole:] if whole >= 0 else text
        if tail[1:2] in {b"+", b"-", b"\\"}:
            tail = tail[:2]
