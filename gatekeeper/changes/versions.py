"""Versions of files beside the two of a change: in earlier commits, in the index, in the work tree."""

import hashlib
import stat
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Endpoints
from gatekeeper.model.changes import BlobFacts, FileChange, Side
from gatekeeper.model.errors import GateError
from gatekeeper.model.manifest import Version
from gatekeeper.model.names import c_quoted, decode

COMMITS = 200
"""How many commits are looked through, back from the base and back from the head."""

# Hashing more than this, the nearest versions first, would keep somebody waiting for a mere explanation.
_BUDGET = 256 << 20
_CHUNK = 1 << 20

# What a partial clone lacks isn't worth a download (git since 2.44 knows how to do without).
_NO_FETCH = {"GIT_NO_LAZY_FETCH": "1"}

# Of a merge what it changes against its first parent. What a user's configuration could change is given outright.
_LOG = (
    *("log", f"--max-count={COMMITS}", "-z", "--raw", "--diff-merges=first-parent", "--root", "--no-abbrev"),
    *("--no-renames", "--no-color", "--no-decorate", "--no-ext-diff", "--no-notes", "--no-relative"),
    *("--no-show-signature", "--no-textconv", "--ignore-submodules=none", "--submodule=short"),
    "--format=tformat:%H %P",
)


@dataclass(frozen=True, slots=True)
class _Found:
    """A version that isn't hashed yet: ``lasting`` as in ``Version``; ``gitlink`` of a submodule's commit."""

    path: str
    where: str
    oid: str
    lasting: bool = False
    gitlink: bool = False


def known_versions(
    repo: Repository, endpoints: Endpoints, main: str, changes: Collection[FileChange]
) -> tuple[Version, ...]:
    """Other versions of the changed files, of a rename under either name; of a place the nearest first.

    ``main`` is the configured main branch. A fixed number of git processes. All of it only helps to explain, so
    what can't be read, or is too much to hash, is left out.
    """
    paths = {path for change in changes for path in (change.path, change.old_path) if path is not None}
    # Each apart, so that nothing about the place can take away what the base tells.
    before = _hashed(repo, lambda: _before(repo, endpoints, paths))
    elsewhere = _hashed(repo, lambda: _elsewhere(repo, endpoints, main, paths))
    return (*before, *elsewhere, *_on_disk(repo, paths))


def _before(repo: Repository, endpoints: Endpoints, paths: Collection[str]) -> Iterator[_Found]:
    """The base and the commits before it, which are the same wherever the change is judged."""
    if endpoints.base is not None:
        yield from _history(repo, endpoints.base, paths, lasting=True)


def _elsewhere(repo: Repository, endpoints: Endpoints, main: str, paths: Collection[str]) -> Iterator[_Found]:
    """What is uncommitted, the merge-base, and the commits up to the head."""
    yield from _uncommitted(repo, paths)
    yield from _fork(repo, endpoints, main, paths)
    head = endpoints.head or repo.head
    if head is not None and head != endpoints.base:
        yield from _history(repo, head, paths, lasting=False)


def _hashed(repo: Repository, find: Callable[[], Iterable[_Found]]) -> tuple[Version, ...]:
    try:
        found = list(find())
        facts = repo.blob_facts(_affordable(repo, dict.fromkeys(each.oid for each in found if not each.gitlink)))
    except (GateError, OSError):
        return ()
    return tuple(_versions(found, facts))


def _versions(found: Iterable[_Found], facts: Mapping[str, BlobFacts]) -> Iterator[Version]:
    for each in found:
        if each.gitlink:
            yield Version(each.path, each.where, each.oid, "", None, each.lasting)
        elif each.oid in facts:
            known = facts[each.oid]
            yield Version(each.path, each.where, known.sha1, known.sha256, each.oid, each.lasting)


def _uncommitted(repo: Repository, paths: Collection[str]) -> Iterator[_Found]:
    if repo.root is None:
        return
    yield from _in_tree(repo, repo.index_tree(), "the index", paths)
    files = [path for path in sorted(paths) if _size_on_disk(repo.root, path) is not None]
    if not files:
        return
    with tempfile.TemporaryFile() as names:
        names.write("".join(f"{c_quoted(path)}\n" for path in files).encode("ascii"))
        names.seek(0)
        # Written into the run's private folder, never into the repository.
        oids = repo.git.run("hash-object", "-w", "--stdin-paths", stdin=names).out.decode("ascii").split()
    for path, oid in zip(files, oids, strict=True):
        yield _Found(path, "the work tree", oid)


def _size_on_disk(root: Path, path: str) -> int | None:
    """The size of a regular file of the work tree that isn't too big; None where no link leads out of it."""
    file = root / path
    try:
        facts = file.lstat()
        inside = file.parent.resolve().is_relative_to(root.resolve())
    except (OSError, ValueError):
        return None
    return facts.st_size if inside and stat.S_ISREG(facts.st_mode) and facts.st_size <= _BUDGET else None


def _on_disk(repo: Repository, paths: Collection[str]) -> Iterator[Version]:
    """The files' bytes as they lie in the work tree, where a filter makes others of them."""
    for path in sorted(paths) if repo.root is not None else ():
        if repo.root is None or _size_on_disk(repo.root, path) is None:
            continue
        sha1, sha256 = hashlib.sha1(usedforsecurity=False), hashlib.sha256()
        try:
            with (repo.root / path).open("rb") as file:
                while chunk := file.read(_CHUNK):
                    sha1.update(chunk)
                    sha256.update(chunk)
        except OSError:
            continue
        where = "the work tree's file as it lies on disk, before git's filters"
        yield Version(path, where, sha1.hexdigest(), sha256.hexdigest(), None, lasting=False)


def _in_tree(repo: Repository, tree: str, where: str, paths: Collection[str]) -> Iterator[_Found]:
    entries = repo.tree(tree).entries
    for path in sorted(paths):
        if path in entries:
            yield _Found(path, where, entries[path].oid, gitlink=entries[path].is_submodule)


def _fork(repo: Repository, endpoints: Endpoints, main: str, paths: Collection[str]) -> Iterator[_Found]:
    """The merge-base with main, where the change doesn't start from it."""
    head = endpoints.head or repo.head
    try:
        found = repo.main(main, head) if head is not None else None
    except GateError:
        return
    if found is not None and found.merge_base not in {endpoints.base, head}:
        where = f"the merge-base with {found.name} ({found.merge_base[:7]})"
        yield from _in_tree(repo, found.merge_base, where, paths)


def _history(repo: Repository, tip: str, paths: Collection[str], *, lasting: bool) -> Iterator[_Found]:
    """Each version that the paths had in a commit, once, with the last commit that had it."""
    order: dict[str, int] = {}
    last: dict[tuple[str, Side], str] = {}
    records = list(_records(repo.git.run(*_LOG, tip, environment=_NO_FETCH).out))
    for record in records:
        order.setdefault(record.commit, len(order))
    for record in records:
        for holder, side in ((record.commit, record.after), (record.parent, record.before)):
            if record.path in paths and holder in order and side.oid.strip("0"):
                known = last.setdefault((record.path, side), holder)
                if order[holder] < order[known]:
                    last[record.path, side] = holder
    for (path, side), commit in sorted(last.items(), key=lambda item: order[item[1]]):
        ago = order[commit]
        where = f"{ago} commit{'s' if ago > 1 else ''} ago ({commit[:7]})" if ago else f"commit {commit[:7]}"
        yield _Found(path, where, side.oid, lasting, side.is_submodule)


class _Record(NamedTuple):
    """What a commit did to a file, against its first parent (empty for a root commit)."""

    commit: str
    parent: str
    path: str
    before: Side
    after: Side


_NO_SIDE = Side("", "")


def _records(output: bytes) -> Iterator[_Record]:
    """Every record, those of each commit led by one without a path."""
    commit = parent = ""
    tokens = iter(output.split(b"\0"))
    for token in tokens:
        text = token.lstrip(b"\n").decode("ascii")
        if text.startswith(":"):
            modes_and_oids = text[1:].split(" ")
            before, after = (Side(*pair) for pair in zip(modes_and_oids[:2], modes_and_oids[2:4], strict=True))
            yield _Record(commit, parent, decode(next(tokens)), before, after)
        elif text:
            commit, _, parents = text.partition(" ")
            parent = parents.partition(" ")[0]
            yield _Record(commit, parent, "", _NO_SIDE, _NO_SIDE)


def _affordable(repo: Repository, oids: Iterable[str]) -> list[str]:
    """The blobs of these, in order, as far as the budget goes; one process."""
    with tempfile.TemporaryFile() as names:
        names.write("".join(f"{oid}\n" for oid in oids).encode("ascii"))
        names.seek(0)
        answer = repo.git.run("cat-file", "--batch-check", "--buffer", stdin=names, environment=_NO_FETCH)
    told = answer.out.decode("utf-8", "replace")
    chosen, total = [], 0
    for line in told.splitlines():
        oid, kind, *size = line.split(" ")
        if kind != "blob":
            continue
        total += int(size[0])
        if total > _BUDGET:
            break
        chosen.append(oid)
    return chosen
