"""Which commits touch which files, newest first; of a merge only what differs from every parent."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from gatekeeper.changes.repository import Repository
from gatekeeper.model.names import decode

# What a user's configuration could change is given outright.
_ARGUMENTS = (
    *("log", "--topo-order", "-z", "--raw", "-c", "--root", "--no-abbrev", "--no-renames", "--no-color"),
    *("--no-decorate", "--no-ext-diff", "--no-notes", "--no-relative", "--no-show-signature", "--no-textconv"),
    *("--ignore-submodules=none", "--encoding=UTF-8", "--full-history", "--format=tformat:%H %ct %s"),
)
# More names than this may be too long for a command line.
_MOST = 400


class Touching(NamedTuple):
    """A commit, its committer's date in seconds since 1970, its subject, and the files that it changes."""

    oid: str
    at: int
    subject: str
    paths: frozenset[str]


def touching(repo: Repository, tip: str, since: str | None, paths: Collection[str]) -> tuple[Touching, ...]:
    """The commits up to ``tip``, those aside that ``since`` holds, that touch any of the paths; none given: all.

    One process.
    """
    without = () if since is None else (f"^{since}",)
    limits = sorted(paths) if len(paths) <= _MOST else []
    commits = _parsed(repo.git.run(*_ARGUMENTS, tip, *without, "--", *limits).out)
    wanted = frozenset(paths)
    return tuple(commit for commit in commits if not wanted or commit.paths & wanted)


def _parsed(output: bytes) -> Iterator[Touching]:
    header = b""
    files: set[str] = set()
    tokens = iter(output.split(b"\0"))
    for token in tokens:
        text = token.lstrip(b"\n")
        if text.startswith(b":"):
            files.add(decode(next(tokens)))
        elif text:
            yield from _commit(header, files)
            header, files = text, set()
    yield from _commit(header, files)


def _commit(header: bytes, files: set[str]) -> Iterator[Touching]:
    if header and files:
        oid, at, subject = header.decode("utf-8", "replace").split(" ", 2)
        yield Touching(oid, int(at), subject, frozenset(files))
