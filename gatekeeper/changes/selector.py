"""Which two trees a change set lies between (contract, section 2)."""

import re
from collections.abc import Callable
from typing import Literal, NamedTuple, Self

from gatekeeper.changes.repository import MainBranch, Repository
from gatekeeper.model.changes import TreeView
from gatekeeper.model.errors import NotRunError, UsageError
from gatekeeper.model.value import Value

Kind = Literal["auto", "committed", "staged", "worktree", "rev", "range"]

RecordedBase = Callable[[TreeView], str | None]
"""Given the head's tree, the packet's MERGE_BASE_SHA as written, None where it has none."""

OthersChanged = Callable[[TreeView, TreeView], bool]
"""Given the trees of base and head, whether another packet's manifest differs between them."""


class Selector(Value):
    """What the caller asked for: ``value`` is the REV or the A..B, ``base`` the REV of --base.

    ``committed`` is the automatic choice with HEAD as its head, whatever is staged or half merged.
    """

    kind: Kind = "auto"
    value: str | None = None
    base: str | None = None

    @classmethod
    def of(cls, staged: bool, worktree: bool, rev: str | None, range_: str | None, base: str | None) -> Self:
        """The selector that the options stand for; UsageError where two of them contradict each other."""
        given: list[tuple[Kind, str | None]] = []
        if staged:
            given.append(("staged", None))
        if worktree:
            given.append(("worktree", None))
        if rev is not None:
            given.append(("rev", rev))
        if range_ is not None:
            given.append(("range", range_))
        if len(given) > 1:
            names = " and ".join(f"--{kind}" for kind, _ in given)
            raise UsageError(f"{names} can't be given together: a change has one head.", hint="give one of them")
        kind, value = given[0] if given else ("auto", None)
        return cls(kind, value, base)


class Endpoints(Value):
    """The two sides of a change set.

    ``base`` and ``head`` are commit ids, None where that side is no commit; ``base_tree`` is the empty tree where
    there is no base. ``reason`` is the sentence that says how they were chosen.
    """

    source: str
    reason: str
    base: str | None
    head: str | None
    base_tree: str
    head_tree: str


class _Base(NamedTuple):
    """A base, None for nothing at all: what it is, in a phrase, and why that was chosen, in a clause."""

    commit: str | None
    name: str
    because: str = ""


def resolve(
    repo: Repository,
    selector: Selector,
    *,
    main: str,
    recorded_base: RecordedBase,
    others_changed: OthersChanged,
) -> Endpoints:
    """The endpoints of what was selected (contract, section 2); ``main`` is the configured main branch.

    Raises UsageError for a revision that names nothing; NotRunError where the automatic choice finds no main
    branch, or a shallow clone lacks what it needs.
    """
    if selector.kind in {"auto", "committed"}:
        return _automatic(repo, selector, main, recorded_base, others_changed)
    if selector.kind == "staged":
        head = _Head("staged", None, repo.index_tree(), "the index (--staged)")
        return _uncommitted(repo, head, selector.base)
    if selector.kind == "worktree":
        head = _Head("worktree", None, repo.worktree_tree(), "the work tree (--worktree)")
        return _uncommitted(repo, head, selector.base)
    if selector.kind == "rev":
        return _revision(repo, selector.value or "", selector.base)
    return _range(repo, selector.value or "", selector.base)


def _short(commit: str) -> str:
    return commit[:12]


class _Head(NamedTuple):
    """The head: a commit id or None, its tree, and the words for it."""

    source: str
    commit: str | None
    tree: str
    name: str


def _endpoints(repo: Repository, base: _Base, head: _Head) -> Endpoints:
    base_tree = repo.empty_tree if base.commit is None else repo.tree_id(base.commit)
    start = base.name if base.commit is None else f"{base.name} ({_short(base.commit)})"
    because = f", {base.because}," if base.because else ""
    reason = f"From {start}{because} to {head.name}."
    return Endpoints(head.source, reason, base.commit, head.commit, base_tree, head.tree)


def _given(repo: Repository, base: str) -> _Base:
    return _Base(repo.resolve_commit(base), f"--base {base}")


def _head_base(repo: Repository) -> _Base:
    return _Base(repo.head, "HEAD") if repo.head else _Base(None, "nothing", "as there is no commit yet")


def _uncommitted(repo: Repository, head: _Head, base: str | None) -> Endpoints:
    return _endpoints(repo, _head_base(repo) if base is None else _given(repo, base), head)


def _first_parent(repo: Repository, commit: str, name: str) -> _Base:
    parents = repo.parents(commit)
    if not parents:
        return _Base(None, "nothing", f"as {name} is a root commit")
    merge = f", a merge of {len(parents)} parents" if len(parents) > 1 else ""
    return _Base(repo.first_parent(commit), f"the first parent of {name}{merge}")


def _revision(repo: Repository, rev: str, base: str | None) -> Endpoints:
    head = repo.resolve_commit(rev)
    chosen = _first_parent(repo, head, rev) if base is None else _given(repo, base)
    return _endpoints(repo, chosen, _Head("rev", head, repo.tree_id(head), f"{_short(head)} (--rev {rev})"))


def _range(repo: Repository, text: str, base: str | None) -> Endpoints:
    found = re.fullmatch(r"(.*?)(\.{2,3})(.*)", text, re.DOTALL)
    if found is None:
        raise UsageError(f"--range {text!r} is not of the form A..B.", hint="--range main..HEAD, or --rev REV")
    left, dots, right = found[1] or "HEAD", found[2], found[3] or "HEAD"
    head = repo.resolve_commit(right)
    if base is not None:
        chosen = _given(repo, base)
    elif dots == "..":
        chosen = _Base(repo.resolve_commit(left), left)
    else:
        fork = repo.merge_base(repo.resolve_commit(left), head)
        if fork is None:
            raise UsageError(f"{left} and {right} share no history, so {text} has no merge-base.", hint="A..B")
        chosen = _Base(fork, f"the merge-base of {left} and {right}")
    return _endpoints(repo, chosen, _Head("range", head, repo.tree_id(head), f"{_short(head)} (--range {text})"))


def _automatic(
    repo: Repository,
    selector: Selector,
    main: str,
    recorded_base: RecordedBase,
    others_changed: OthersChanged,
) -> Endpoints:
    committed = selector.kind == "committed"
    head = _committed_head(repo) if committed else _automatic_head(repo)
    if selector.base is not None:
        return _endpoints(repo, _given(repo, selector.base), head)
    if repo.head is None:
        return _endpoints(repo, _head_base(repo), head)
    base = (None if committed else _unfinished_merge(repo, main)) or _branch_base(repo, main)
    if base is None:
        recorded = _recorded(repo, head.tree, recorded_base, others_changed)
        base = recorded if recorded.commit else _last(repo, head, recorded.because)
    return _endpoints(repo, base, head)


def _automatic_head(repo: Repository) -> _Head:
    if repo.head is None:
        return _Head("staged", None, repo.index_tree(), "the index")
    if repo.status().staged:
        return _Head("staged", None, repo.index_tree(), "the index (something is staged)")
    name = f"HEAD ({_short(repo.head)}; nothing is staged)"
    return _Head("range", repo.head, repo.tree_id(repo.head), name)


def _committed_head(repo: Repository) -> _Head:
    if repo.head is None:
        raise UsageError("There is no commit yet, so there is nothing to judge.", hint="git commit, or --staged")
    return _Head("range", repo.head, repo.tree_id(repo.head), f"HEAD ({_short(repo.head)})")


def _last(repo: Repository, head: _Head, because: str) -> _Base:
    """HEAD for what is staged, else its first parent; ``because`` says why the packet's own base doesn't serve."""
    base = _first_parent(repo, head.commit, "HEAD") if head.commit else _head_base(repo)
    return base._replace(because=", ".join(filter(None, (base.because, because))))


def _main(repo: Repository, name: str, commit: str) -> MainBranch:
    found = repo.main(name, commit)
    if found is None:
        # The whole refspec, because a clone of a single branch fetches a bare name into FETCH_HEAD only.
        fetch = f"git fetch origin {name}:refs/remotes/origin/{name}" + (" --unshallow" if repo.is_shallow else "")
        raise NotRunError(
            f"There is neither a branch {name} nor origin/{name}, so where the change begins can't be known.",
            hint=f"{fetch}, or name the main branch in [git] main, or the base with --base REV",
        )
    return found


def _unfinished_merge(repo: Repository, name: str) -> _Base | None:
    if repo.head is None or not repo.merge_heads:
        return None
    later, whose = _main(repo, name, repo.head), "HEAD"
    for head in repo.merge_heads:
        theirs = _main(repo, name, head)
        if repo.later(later.merge_base, theirs.merge_base) != later.merge_base:
            later, whose = theirs, "MERGE_HEAD"
    return _Base(later.merge_base, f"the merge-base of {whose} and {later.name} in an unfinished merge")


def _branch_base(repo: Repository, name: str) -> _Base | None:
    """The base that main or the branch's name tells; None on main, or detached within it."""
    found = _main(repo, name, repo.head or "")
    if found.merge_base != repo.head:
        return _Base(found.merge_base, f"the merge-base of HEAD and {found.name}")
    if repo.branch is not None and repo.branch != name:
        return _Base(repo.head, "HEAD", f"as {found.name} holds all of branch {repo.branch}")
    return None


def _recorded(
    repo: Repository, head_tree: str, recorded_base: RecordedBase, others_changed: OthersChanged
) -> _Base:
    """The packet's MERGE_BASE_SHA if it serves; else no commit, and why it doesn't."""
    head = repo.tree(head_tree)
    recorded = recorded_base(head)
    if not recorded:
        return _Base(None, "nothing")
    written = f"MERGE_BASE_SHA {recorded}"
    if not re.fullmatch(r"[0-9a-fA-F]{7,64}", recorded):
        return _Base(None, "nothing", f"as {written} is no commit id")
    try:
        # In a shallow clone that lacks it, this raises NotRunError: another base would give another verdict.
        commit = repo.resolve_commit(recorded)
    except UsageError:
        return _Base(None, "nothing", f"as {written} isn't in this repository")
    if not repo.contains(repo.head or "", commit):
        return _Base(None, "nothing", f"as {written} is no ancestor of HEAD")
    if others_changed(repo.tree(commit), head):
        return _Base(None, "nothing", f"as another packet's manifest changed since {written}")
    return _Base(commit, "the packet's MERGE_BASE_SHA")
