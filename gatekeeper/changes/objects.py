"""Objects by name, through one long-lived ``git cat-file --batch``; and many at once, through one more."""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from gatekeeper.changes.git import Git, Process
from gatekeeper.model.changes import BlobFacts
from gatekeeper.model.errors import RepositoryError

_CHUNK = 1 << 20
_LONGEST_KEPT = 1 << 18
_BYTES_KEPT = 64 << 20


class GitObject(NamedTuple):
    """An object: its id, its type (blob, tree, commit, tag) and its bytes."""

    oid: str
    type: str
    content: bytes


class Kept:
    """The bytes of blobs that will be asked for again, by id; none is long, and all are forgotten at once."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}
        self._bytes = 0

    def get(self, oid: str) -> bytes | None:
        """The blob's bytes, None where they weren't kept."""
        return self._blobs.get(oid)

    def add(self, oid: str, content: bytes) -> None:
        """Keep a blob, if it isn't too long for that."""
        if len(content) > _LONGEST_KEPT:
            return
        if self._bytes > _BYTES_KEPT:
            self.clear()
        self._blobs[oid] = content
        self._bytes += len(content)

    def clear(self) -> None:
        """Forget them all."""
        self._blobs.clear()
        self._bytes = 0


class Objects:
    """Looks objects up by any name that git understands. Not for several threads at once.

    ``kept`` are blobs that needn't be asked for.
    """

    def __init__(self, git: Git) -> None:
        self._git = git
        self._process: Process | None = None
        self.kept = Kept()

    def get(self, name: str) -> GitObject | None:
        """The object of that name, None if there is none. A name is no argument, so never an option."""
        kept = self.kept.get(name)
        if kept is not None:
            return GitObject(name, "blob", kept)
        asked = self._ask(name)
        if asked is None:
            return None
        header, output = asked
        content = output.read(header.size)
        output.read(1)
        return GitObject(header.oid, header.type, content)

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of the object of that name, to be read before another is asked for; KeyError without one."""
        kept = self.kept.get(name)
        if kept is not None:
            yield kept
            return
        asked = self._ask(name)
        if asked is None:
            raise KeyError(name)
        header, output = asked
        yield from _pieces(output, header.size)

    def up_to(self, oid: str, limit: int) -> bytes | None:
        """The bytes of the object with that id, None for one larger than ``limit`` bytes.

        Raises RepositoryError for an object that isn't there.
        """
        kept = self.kept.get(oid)
        if kept is not None:
            return kept if len(kept) <= limit else None
        asked = self._ask(oid)
        if asked is None:
            raise missing(oid)
        header, output = asked
        content = output.read(header.size) if header.size <= limit else None
        _skip(output, 1 if content is not None else header.size + 1)
        return content

    def keep(self, oids: Iterable[str], folder: Path) -> None:
        """Read blobs that will be asked for again; one process, and ``folder`` is for the list of ids.

        Raises RepositoryError for one that isn't there.
        """
        wanted = [oid for oid in dict.fromkeys(oids) if self.kept.get(oid) is None]
        for oid, content in read_many(self._git, wanted, folder):
            self.kept.add(oid, content)

    def _ask(self, name: str) -> tuple["_Header", BinaryIO] | None:
        if not name or "\n" in name or "\0" in name:
            return None
        if self._process is None:
            self._process = self._git.converse("cat-file", "--batch")
        self._process.input.write(name.encode("utf-8", "surrogateescape") + b"\n")
        self._process.input.flush()
        header = _header(self._process.output)
        return None if header is None else (header, self._process.output)

    def close(self) -> None:
        """End the process, if one was needed."""
        if self._process is not None:
            self._process.close()
            self._process = None


class _Header(NamedTuple):
    oid: str
    type: str
    size: int


def _header(stream: BinaryIO) -> _Header | None:
    """The header of the next answer; None where git says that the name is missing or ambiguous."""
    line = stream.readline()
    words = line.split(b" ")
    if not line:
        raise RepositoryError("git cat-file ended before it had answered.")
    if len(words) != 3 or not words[2].strip().isdigit():
        return None
    return _Header(words[0].decode("ascii"), words[1].decode("ascii"), int(words[2]))


@contextmanager
def _batch(git: Git, oids: Iterable[str], folder: Path) -> Iterator[BinaryIO]:
    """The answers for all ids, in order; the ids go in as a file, so that neither side waits for the other."""
    ids = folder / "ids"
    ids.write_text("".join(f"{oid}\n" for oid in oids), encoding="ascii")
    with ids.open("rb") as stdin, git.stream("cat-file", "--batch", "--buffer", stdin=stdin) as output:
        yield output


def _next(stream: BinaryIO, oid: str) -> _Header:
    header = _header(stream)
    if header is None:
        raise missing(oid)
    return header


def _next_blob(stream: BinaryIO, oid: str) -> _Header:
    header = _next(stream, oid)
    if header.type != "blob":
        raise RepositoryError(
            f"The object {oid} is a {header.type} where a file is expected.", hint="git fsck names the broken tree"
        )
    return header


def missing(oid: str) -> RepositoryError:
    """The error for an object that isn't there."""
    return RepositoryError(
        f"The object {oid} is missing from the repository.", hint="git fetch --refetch, or git fsck to see more"
    )


def read_many(git: Git, oids: Iterable[str], folder: Path) -> Iterator[tuple[str, bytes]]:
    """Each id with its object's bytes, in order, one object in memory at a time; one process.

    Raises RepositoryError for an object that isn't there. ``folder`` is for the list of ids.
    """
    wanted = list(oids)
    if not wanted:
        return
    with _batch(git, wanted, folder) as stream:
        for oid in wanted:
            header = _next(stream, oid)
            content = stream.read(header.size)
            stream.read(1)
            yield oid, content


def read_each(git: Git, oids: Iterable[str], folder: Path, limit: int) -> Iterator[bytes | None]:
    """The bytes of each object, in order, one in memory at a time; None for one larger than ``limit`` bytes.

    One process. Raises RepositoryError for an object that isn't there. ``folder`` is for the list of ids.
    """
    wanted = list(oids)
    if not wanted:
        return
    with tempfile.TemporaryFile(dir=folder) as ids:
        ids.write("".join(f"{oid}\n" for oid in wanted).encode("ascii"))
        ids.seek(0)
        with git.stream("cat-file", "--batch", "--buffer", stdin=ids) as stream:
            for oid in wanted:
                size = _next(stream, oid).size
                content = stream.read(size) if size <= limit else None
                _skip(stream, 1 if content is not None else size + 1)
                yield content


def _skip(stream: BinaryIO, size: int) -> None:
    """Read on by that many bytes."""
    while size > 0:
        size -= len(stream.read(min(size, _CHUNK))) or size


def facts_of(git: Git, oids: Iterable[str], folder: Path, kept: Kept | None = None) -> dict[str, BlobFacts]:
    """What a manifest needs of each blob, by id; one process, one megabyte in memory whatever a blob's size.

    What is short is added to ``kept``, if given. Raises RepositoryError for what isn't there or is no blob.
    ``folder`` is for the list of ids.
    """
    wanted = list(oids)
    if not wanted:
        return {}
    with _batch(git, wanted, folder) as stream:
        return {oid: _facts_and_bytes(stream, oid, kept) for oid in wanted}


def _facts_and_bytes(stream: BinaryIO, oid: str, kept: Kept | None) -> BlobFacts:
    size = _next_blob(stream, oid).size
    if kept is None or size > _LONGEST_KEPT:
        return _facts(_pieces(stream, size), size)
    content = stream.read(size + 1)[:-1]
    if len(content) != size:
        raise _cut_short()
    kept.add(oid, content)
    return BlobFacts(
        sha1=hashlib.sha1(content, usedforsecurity=False).hexdigest(),
        sha256=hashlib.sha256(content).hexdigest(),
        size=size,
        lines=content.count(b"\n") + (content[-1:] not in {b"", b"\n"}),
        binary=b"\0" in content,
    )


def _pieces(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """The bytes of an object, and after them the line break that ends an answer."""
    left = size
    while left:
        chunk = stream.read(min(left, _CHUNK))
        if not chunk:
            raise _cut_short()
        left -= len(chunk)
        yield chunk
    stream.read(1)


def _cut_short() -> RepositoryError:
    return RepositoryError("git cat-file ended in the middle of an object.")


def _facts(pieces: Iterable[bytes], size: int) -> BlobFacts:
    sha1, sha256 = hashlib.sha1(usedforsecurity=False), hashlib.sha256()
    ends, binary, last = 0, False, b"\n"
    for chunk in pieces:
        sha1.update(chunk)
        sha256.update(chunk)
        ends += chunk.count(b"\n")
        binary = binary or b"\0" in chunk
        last = chunk[-1:]
    return BlobFacts(
        sha1=sha1.hexdigest(),
        sha256=sha256.hexdigest(),
        size=size,
        lines=ends + (last != b"\n"),
        binary=binary,
    )
