"""The commits between base and head, and the uncommitted state: one ``git log`` for all of them."""

from collections.abc import Iterator

from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Endpoints
from gatekeeper.model.history import Commit
from gatekeeper.model.names import decode

# Everything that a user's configuration could change is given outright.
_ARGUMENTS = (
    *("log", "--topo-order", "--reverse", "-z", "--raw", "-c", "--root", "--no-abbrev", "--no-renames"),
    *("--no-color", "--no-decorate", "--no-ext-diff", "--no-notes", "--no-relative", "--no-show-signature"),
    *("--no-textconv", "--ignore-submodules=none", "--submodule=short", "--format=tformat:%H %P"),
)


def history(repo: Repository, endpoints: Endpoints) -> tuple[Commit, ...] | None:
    """What lies between the endpoints, parents before children; an uncommitted head comes last, if it changes any.

    Of a merge, an unfinished one included, only what differs from every parent (contract, section 2, Authority).
    None where a shallow clone lacks part of it. Raises RepositoryError if git can't read an object.
    """
    committed = endpoints.head is not None
    tips = (endpoints.head,) if committed else (repo.head, *repo.merge_heads)
    heads = tuple(tip for tip in tips if tip is not None)
    commits = _commits(repo, endpoints.base, heads)
    if repo.boundary & {commit.oid for commit in commits}:
        return None
    paths = () if committed else _changed_from_all(repo, endpoints.head_tree, heads)
    return (*commits, Commit(None, heads, paths)) if paths else commits


def _commits(repo: Repository, base: str | None, heads: tuple[str, ...]) -> tuple[Commit, ...]:
    if all(head == base for head in heads):
        return ()
    known = _known(repo, base, heads[0]) if len(heads) == 1 and base is not None else None
    if known is not None:
        return known
    without = () if base is None else (f"^{base}",)
    return tuple(_parsed(repo.git.run(*_ARGUMENTS, *heads, *without).out))


def _known(repo: Repository, base: str, head: str) -> tuple[Commit, ...] | None:
    """The commits of a line without merges that a log tells of; None for any other."""
    told = repo.log.commits if repo.log is not None else {}
    found: list[Commit] = []
    at = head
    while at != base:
        parents = () if at in repo.boundary else repo.parents(at)
        if at not in told or len(parents) != 1 or told[at].parents != parents:
            return None
        found.append(Commit(at, parents, tuple(sorted(told[at].paths))))
        at = parents[0]
    return tuple(reversed(found))


def _parsed(output: bytes) -> Iterator[Commit]:
    """The commits of a NUL-separated log: its id and parents, then for each file a raw record and a path."""
    words: list[str] = []
    paths: list[str] = []
    tokens = iter(output.split(b"\0"))
    for token in tokens:
        text = token.lstrip(b"\n")
        if text.startswith(b":"):
            paths.append(decode(next(tokens)))
        elif text:
            yield from _commit(words, paths)
            words, paths = text.decode("ascii").split(), []
    yield from _commit(words, paths)


def _commit(words: list[str], paths: list[str]) -> Iterator[Commit]:
    if words:
        yield Commit(words[0], tuple(words[1:]), tuple(sorted(paths)))


def _changed_from_all(repo: Repository, tree: str, parents: tuple[str, ...]) -> tuple[str, ...]:
    after = repo.tree(tree).entries.items()
    changed = [{path for path, _ in after ^ repo.tree(parent).entries.items()} for parent in parents]
    return tuple(sorted(set.intersection(*changed) if changed else {path for path, _ in after}))
