"""From two trees to a change set: one ``git diff-tree`` for what changed, one ``git cat-file`` for the blobs."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from io import BufferedReader
from itertools import chain
from typing import NamedTuple

from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Endpoints
from gatekeeper.model.changes import BlobFacts, ChangeKind, ChangeSet, FileChange, Hunk, Side
from gatekeeper.model.errors import RepositoryError
from gatekeeper.model.names import decode, for_output

_ARGUMENTS = (
    "diff-tree",
    *("-r", "-z", "--raw", "--no-abbrev", "--full-index", "-p", "-U0", "--inter-hunk-context=0"),
    *("--diff-algorithm=myers", "--indent-heuristic", "-M50%", "-l1000", "--no-relative"),
    *("--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=none", "--submodule=short"),
)

_CHUNK = 1 << 17
# What git is asked at once fits into a pipe anywhere. A line that names no objects it prints as it is, and with it
# all that it held back; no line of a patch begins so.
_ASKED = 24
_END = b"= end\n"
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


def change_set(repo: Repository, endpoints: Endpoints, *, state: bool = True) -> ChangeSet:
    """What differs between the endpoints, with hunks and the facts of every blob (contract, sections 1 and 2).

    Two git processes whatever the number of files; without ``state``, which leaves ``unmerged``, ``unstaged`` and
    ``hidden`` empty, git isn't asked for these. Raises RepositoryError if git can't read an object.
    """
    changes = sorted(_changes(repo, endpoints), key=lambda change: change.path)
    sides = chain.from_iterable((change.base, change.head) for change in changes)
    oids = sorted({side.oid for side in sides if side is not None and not side.is_submodule})
    blobs = repo.blob_facts(oids)
    of_index = endpoints.source == "staged" or (endpoints.head is not None and endpoints.head == repo.head)
    judges_index = state and of_index
    judges_work = judges_index or (state and endpoints.source == "worktree")
    return ChangeSet(
        source=endpoints.source,
        reason=endpoints.reason,
        base=endpoints.base,
        head=endpoints.head,
        base_tree=endpoints.base_tree,
        head_tree=endpoints.head_tree,
        changes=tuple(completed(change, blobs) for change in changes),
        blobs=blobs,
        unmerged=repo.status().unmerged if judges_work else (),
        unstaged=repo.status().unstaged if judges_index else (),
        hidden=repo.status().hidden if judges_index else (),
    )


def read_ahead(repo: Repository, pairs: Iterable[tuple[str | None, str]]) -> None:
    """Have git tell in one go what differs within each pair of commits, which ``change_set`` will be asked for.

    A base of None is nothing at all. Two git processes whatever the number of pairs. What can't be told so is
    left to ``change_set``, which says why.
    """
    asked = list(dict.fromkeys(pairs))
    # A partial clone doesn't fetch for the sake of a guess: change_set fetches all that a change lacks at once.
    with suppress(RepositoryError):
        trees = (
            (repo.empty_tree if base is None else repo.tree_id(base), repo.tree_id(head)) for base, head in asked
        )
        wanted = [pair for pair in dict.fromkeys(trees) if pair[0] != pair[1] and pair not in repo.known_changes]
        for pair, changes in zip(wanted, _all_differences(repo, wanted), strict=True):
            repo.known_changes[pair] = tuple(changes)
        sides = (side for pair in wanted for c in repo.known_changes[pair] for side in (c.base, c.head))
        repo.blob_facts(dict.fromkeys(side.oid for side in sides if side is not None and not side.is_submodule))


def _all_differences(repo: Repository, pairs: Sequence[tuple[str, str]]) -> Iterator[list[FileChange]]:
    for start in range(0, len(pairs), _ASKED):
        headers = [f"{base} {head}\n".encode("ascii") for base, head in pairs[start : start + _ASKED]]
        with repo.plain_conversation(*_ARGUMENTS, "--stdin") as process:
            process.input.write(b"".join([*headers, _END]))
            process.input.flush()
            output = _Output(process.output)
            for header, following in zip(headers, [*headers[1:], _END], strict=True):
                if output.take(len(header)) != header:
                    raise _other_files()
                raw = output.records()
                changes = _with_hunks(raw, output.until(following))
                if changes is None:
                    raise _other_files()
                yield changes
            if output.take(len(_END)) != _END:
                raise _other_files()


def _changes(repo: Repository, endpoints: Endpoints) -> list[FileChange]:
    trees = (endpoints.base_tree, endpoints.head_tree)
    if trees[0] == trees[1]:
        return []
    if trees in repo.known_changes:
        return list(repo.known_changes[trees])
    try:
        return _differences(repo, trees)
    except RepositoryError:
        # A partial clone fetches what it lacks, all of it at once, only where it knows its remote; any other
        # repository says here once more what is wrong.
        repo.git.run("diff-tree", "-r", "--shortstat", "-M50%", "-l1000", "--no-ext-diff", "--no-textconv", *trees)
        return _differences(repo, trees)


def _differences(repo: Repository, trees: tuple[str, str]) -> list[FileChange]:
    # In an empty repository over the same objects no setting, attribute or driver can change the answer. There
    # only a file with a NUL is binary to git, and of such a file no line counts, so it costs nothing.
    with repo.plain_git.stream(*_ARGUMENTS, *trees) as stream:
        output = _Output(stream)
        changes = _with_hunks(output.records(), output.until(None))
    # Where git ended early, its own words were said as its output was closed.
    if changes is None:
        raise _other_files()
    return changes


def _with_hunks(raw: bytes, patches: Iterator[bytes]) -> list[FileChange] | None:
    """The changes with their hunks; None where the patches are not those of the records."""
    records = list(_records(raw))
    hunks = _hunks(patches, records)
    if hunks is None:
        return None
    return [_with(record.change, tuple(found)) for record, found in zip(records, hunks, strict=True)]


def _with(change: FileChange, hunks: tuple[Hunk, ...]) -> FileChange:
    return FileChange(change.path, change.change, change.base, change.head, change.old_path, hunks)


def _other_files() -> RepositoryError:
    return RepositoryError("git diff-tree printed other files as a patch than as records; this is a fault here.")


def completed(change: FileChange, blobs: Mapping[str, BlobFacts]) -> FileChange:
    """The change with the hunks that git leaves out of files longer than what it can compare (1023 MB).

    Raises RepositoryError where only a comparison could tell the lines.
    """
    if change.hunks and change.change is not ChangeKind.TYPE:
        return change
    sides = [side for side in (change.base, change.head) if side is not None]
    if any(side.is_submodule or blobs[side.oid].binary for side in sides):
        return change
    if len(sides) == 1 or change.change is ChangeKind.TYPE:
        old, new = (0 if side is None else blobs[side.oid].lines for side in (change.base, change.head))
        hunks = (Hunk(1, old, 0, 0), Hunk(0, 0, 1, new))
        return _with(change, tuple(hunk for hunk in hunks if hunk.old_count or hunk.new_count))
    if sides[0].oid == sides[1].oid:
        return change
    size = max(blobs[side.oid].size for side in sides) >> 20
    raise RepositoryError(
        f"{for_output(change.path)} is a text of {size} MB; git compares none of more than 1023 MB line by line.",
        hint="split the file, or keep it out of the change",
    )


class _Output:
    """What ``git diff-tree`` prints, read as it comes: for each pair of trees records, then patches."""

    def __init__(self, stream: BufferedReader) -> None:
        self._stream = stream
        self._held = b""

    def take(self, size: int) -> bytes:
        """The next bytes, fewer at the end."""
        while len(self._held) < size and (chunk := self._stream.read1(_CHUNK)):
            self._held += chunk
        taken, self._held = self._held[:size], self._held[size:]
        return taken

    def records(self) -> bytes:
        """The raw records of a pair, which an empty one ends; nothing where git printed none."""
        self._held = self._held or self._stream.read1(_CHUNK)
        if not self._held.startswith(b":"):
            return b""
        read = bytearray()
        while True:
            seen = max(len(read) - 1, 0)
            read += self._held
            end = read.find(b"\0\0", seen)
            if end >= 0:
                self._held = bytes(read[end + 2 :])
                return bytes(read[:end])
            self._held = self._stream.read1(_CHUNK)
            if not self._held:
                return bytes(read).removesuffix(b"\0")

    def until(self, header: bytes | None) -> Iterator[bytes]:
        """The patches of a pair, led by a line break, up to the header of the next pair, if any; in pieces.

        A header stands at the start of a line, where patches have their own words and never an id.
        """
        mark = None if header is None else b"\n" + header
        before = b"\n"
        while piece := self._held or self._stream.read1(_CHUNK):
            text = before + piece
            end = -1 if mark is None else text.find(mark)
            if end >= 0:
                self._held = text[end + 1 :]
                yield text[: end + 1]
                return
            tail = 0 if mark is None else len(mark) - 1
            cut = max(len(text) - tail, 0)
            self._held, before = b"", text[cut:]
            yield text[:cut]
        yield before


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


def _hunks(patches: Iterator[bytes], records: list[_Record]) -> list[list[Hunk]] | None:
    """Each record's hunks; ``patches`` is the patch text in pieces, led by a line break.

    None where the patches are not those of the records, as when git ended early.
    """
    hunks: list[list[Hunk]] = [[] for _ in records]
    owners = iter([i for i, record in enumerate(records) for _ in range(record.patches)])
    owner: int | None = None
    for header in _headers(patches):
        if header[1] is not None:
            owner = next(owners, None)
        if owner is None:
            return None
        if header[1] is None:
            old_start, old_count, new_start, new_count = (1 if n is None else int(n) for n in header.groups()[1:])
            hunks[owner].append(Hunk(old_start, old_count, new_start, new_count))
    return hunks if next(owners, None) is None else None


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
