"""Net changes back from a commit along its first parents, from one ``git log --raw``."""

from collections.abc import Generator, Iterator, Mapping
from typing import NamedTuple

from gatekeeper.changes.repository import Repository
from gatekeeper.model.changes import Side
from gatekeeper.model.names import decode

# What a user's configuration could change is given outright.
_ARGUMENTS = (
    *(
        "log",
        "--first-parent",
        "-z",
        "--raw",
        "--diff-merges=first-parent",
        "--root",
        "--no-abbrev",
        "--no-renames",
    ),
    *("--no-color", "--no-decorate", "--no-ext-diff", "--no-notes", "--no-relative", "--no-show-signature"),
    *("--no-textconv", "--ignore-submodules=none", "--format=tformat:%H %P"),
)
_ABSENT = "000000"
_CHUNK = 1 << 16


class Net(NamedTuple):
    """What differs between a base (None for nothing at all) and the commit: each path's two sides.

    ``changes`` is updated as the next one is asked for.
    """

    base: str | None
    changes: Mapping[str, tuple[Side | None, Side | None]]


def net_changes(repo: Repository, commit: str) -> Generator[Net, None, None]:
    """The net change from each commit of the chain of first parents, the nearest first.

    A rename is a deletion and an addition. Where a shallow clone was cut the chain ends without its last base.
    """
    net: dict[str, tuple[Side | None, Side | None]] = {}
    with repo.git.stream(*_ARGUMENTS, commit) as stream:
        parents: list[str] | None = None
        name = ""
        for token, path in _records(iter(lambda: stream.read(_CHUNK), b"")):
            if path is not None:
                _compose(net, decode(path), token)
                continue
            if parents is not None and name not in repo.boundary:
                yield Net(next(iter(parents), None), net)
            name, *parents = token.split()
        if parents is not None and name not in repo.boundary:
            yield Net(next(iter(parents), None), net)


def _compose(net: dict[str, tuple[Side | None, Side | None]], path: str, raw: str) -> None:
    """Put an older change before what is known of the path since."""
    modes_and_oids = raw[1:].split(" ")
    before, after = (
        None if mode == _ABSENT else Side(mode, oid)
        for mode, oid in zip(modes_and_oids[:2], modes_and_oids[2:4], strict=True)
    )
    now = net[path][1] if path in net else after
    if before == now:
        net.pop(path, None)
    else:
        net[path] = (before, now)


def _records(pieces: Iterator[bytes]) -> Iterator[tuple[str, bytes | None]]:
    """Each commit's line with None, and each raw record with its path."""
    raw: str | None = None
    for token in _tokens(pieces):
        if raw is not None:
            yield raw, token
            raw = None
            continue
        text = token.lstrip(b"\n")
        if text.startswith(b":"):
            raw = text.decode("ascii")
        elif text:
            yield text.decode("ascii"), None


def _tokens(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\0")
        yield from whole
    if rest:
        yield rest
