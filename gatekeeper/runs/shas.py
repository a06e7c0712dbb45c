"""``shas_of``: base, index and work-tree SHA1 of files, and which to record."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Selector
from gatekeeper.model.changes import TreeView
from gatekeeper.model.errors import UsageError
from gatekeeper.model.manifest import NO_SHA1
from gatekeeper.model.sha import FileShas
from gatekeeper.runs.load import endpoints_without_packet, settings_from_disk


def shas_of(
    repo: Path, files: Sequence[Path], *, base: str | None = None, config: Path | None = None
) -> tuple[FileShas, ...]:
    """The SHA1 values of each file; a relative path is relative to ``repo``.

    The base is ``base``, else that of the automatic choice without a packet (contract, section 2). Raises
    UsageError for a file that is on no side or outside the repository, NotRunError where main isn't there.
    """
    with Repository.open(repo) as repository:
        if repository.root is None:
            raise UsageError("A bare repository has neither index nor work tree.", hint="run it in a clone")
        settings = settings_from_disk(repository, config).settings
        endpoints = endpoints_without_packet(repository, Selector(base=base), settings)
        trees = [
            repository.tree(tree)
            for tree in (endpoints.base_tree, repository.index_tree(), repository.worktree_tree())
        ]
        names = [_inside(repository.root, repo, file) for file in files]
        return tuple(_shas(name, trees) for name in names)


def _inside(root: Path, start: Path, file: Path) -> str:
    """The file's path relative to the repository; the file itself may be gone, and links aren't followed."""
    folder = (start / file).parent.resolve()
    try:
        return (folder / file.name).relative_to(root.resolve()).as_posix()
    except ValueError:
        raise UsageError(
            f"{file} lies outside the repository {root}.", hint="name a file below it, or another --repo DIR"
        ) from None


def _shas(name: str, trees: Sequence[TreeView]) -> FileShas:
    if not any(name in tree.entries for tree in trees):
        raise UsageError(
            f"{name} is no file at the base, in the index or in the work tree.",
            hint="paths are relative to the present directory, or to --repo",
        )
    base, index, worktree = (_sha1(tree, name) for tree in trees)
    return FileShas(
        path=name,
        base=base,
        index=index,
        worktree=worktree,
        pre_sha1=base or NO_SHA1,
        post_sha1=index or NO_SHA1,
        unstaged=index != worktree,
    )


def _sha1(tree: TreeView, name: str) -> str | None:
    side = tree.entries.get(name)
    if side is None:
        return None
    if side.is_submodule:
        return side.oid
    return hashlib.sha1(tree.read(name), usedforsecurity=False).hexdigest()
