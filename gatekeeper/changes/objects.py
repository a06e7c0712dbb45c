"""Objects by name, one or many at once, through one long-lived ``git cat-file --batch``."""

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeVar

from gatekeeper.changes.git import Git, Process
from gatekeeper.model.changes import BlobFacts
from gatekeeper.model.errors import RepositoryError

_CHUNK = 1 << 20
_LONGEST_KEPT = 1 << 18
# As many bytes as fit into a pipe anywhere: more might wait for git while git waits for its answers to be read.
_FITTING = 4000
_BYTES_KEPT = 64 << 20


T = TypeVar("T")


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

    def keep(self, oids: Iterable[str]) -> None:
        """Read blobs that will be asked for again. Raises RepositoryError for one that isn't there."""
        wanted = [oid for oid in dict.fromkeys(oids) if self.kept.get(oid) is None]
        self._each(wanted, lambda oid, header, output: self.kept.add(oid, _whole(output, header.size)))

    def facts(self, oids: Sequence[str], *, keep: bool) -> dict[str, BlobFacts]:
        """What a manifest needs of each blob, by id; one megabyte in memory whatever a blob's size.

        With ``keep`` what is short is kept. Raises RepositoryError for what isn't there or is no blob.
        """
        kept = self.kept if keep else None
        return self._each(oids, lambda oid, header, output: _facts_and_bytes(output, oid, header, kept))

    def _each(self, oids: Sequence[str], read: Callable[[str, "_Header", BinaryIO], T]) -> dict[str, T]:
        """What ``read`` makes of the answer for each id, which it reads whole."""
        found: dict[str, T] = {}
        if not oids:
            return found
        process = self._conversation()
        at_once = _FITTING // (len(oids[0]) + 1)
        try:
            for start in range(0, len(oids), at_once):
                asked = oids[start : start + at_once]
                process.input.write("".join(f"{oid}\n" for oid in asked).encode("ascii"))
                process.input.flush()
                for oid in asked:
                    found[oid] = read(oid, _next(process.output, oid), process.output)
        except BaseException as error:
            # What is left of the answers would be taken for others.
            self._process = None
            ended = process.close(kill=not isinstance(error, _EndedError | BrokenPipeError))
            if isinstance(error, _EndedError | BrokenPipeError):
                raise self._git.refusal(("cat-file",), ended.err) from error
            raise
        return found

    def _conversation(self) -> Process:
        if self._process is None:
            self._process = self._git.converse("cat-file", "--batch")
        return self._process

    def _ask(self, name: str) -> tuple["_Header", BinaryIO] | None:
        if not name or "\n" in name or "\0" in name:
            return None
        process = self._conversation()
        process.input.write(name.encode("utf-8", "surrogateescape") + b"\n")
        process.input.flush()
        header = _header(process.output)
        return None if header is None else (header, process.output)

    def close(self) -> None:
        """End the process, if one was needed."""
        if self._process is not None:
            self._process.close()
            self._process = None


class _EndedError(RepositoryError):
    """Git ended where it had more to say."""


class _Header(NamedTuple):
    oid: str
    type: str
    size: int


def _header(stream: BinaryIO) -> _Header | None:
    """The header of the next answer; None where git says that the name is missing or ambiguous."""
    line = stream.readline()
    words = line.split(b" ")
    if not line:
        raise _EndedError("git cat-file ended before it had answered.")
    if len(words) != 3 or not words[2].strip().isdigit():
        return None
    return _Header(words[0].decode("ascii"), words[1].decode("ascii"), int(words[2]))


def _next(stream: BinaryIO, oid: str) -> _Header:
    header = _header(stream)
    if header is None:
        raise missing(oid)
    return header


def missing(oid: str) -> RepositoryError:
    """The error for an object that isn't there."""
    return RepositoryError(
        f"The object {oid} is missing from the repository.", hint="git fetch --refetch, or git fsck to see more"
    )


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


def _facts_and_bytes(stream: BinaryIO, oid: str, header: _Header, kept: Kept | None) -> BlobFacts:
    size = header.size
    if header.type != "blob":
        raise RepositoryError(
            f"The object {oid} is a {header.type} where a file is expected.", hint="git fsck names the broken tree"
        )
    if kept is None or size > _LONGEST_KEPT:
        return _facts(_pieces(stream, size), size)
    content = _whole(stream, size)
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


def _whole(stream: BinaryIO, size: int) -> bytes:
    """The bytes of an object, the line break that ends the answer read, too."""
    content = stream.read(size + 1)
    if len(content) <= size:
        raise _cut_short()
    return content[:-1]


def _cut_short() -> RepositoryError:
    return _EndedError("git cat-file ended in the middle of an object.")


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
