"""``shas_of``: base, index and work-tree SHA1 of files, and which to record."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gatekeeper.changes.diff import change_set
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Endpoints, Selector
from gatekeeper.model.changes import BlobFacts, Side, TreeView
from gatekeeper.model.errors import UsageError
from gatekeeper.model.manifest import NO_SHA1
from gatekeeper.model.names import for_output
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
        names = [_inside(repository.root, repo, file) for file in files]
        settings = settings_from_disk(repository, config).settings
        endpoints = endpoints_without_packet(repository, Selector(base=base), settings)
        index = repository.index_tree()
        trees = [repository.tree(tree) for tree in (endpoints.base_tree, index, repository.worktree_tree())]
        for name in names:
            _require_file(name, trees)
        renames = _renames(repository, replace(endpoints, head=None, head_tree=index), names, trees)
        sides = [tree.entries.get(name) for tree in trees for name in (*names, *renames.values())]
        facts = repository.blob_facts(sorted({side.oid for side in sides if side and not side.is_submodule}))
        return tuple(_shas(name, renames.get(name), trees, facts) for name in names)


def _inside(root: Path, start: Path, file: Path) -> str:
    """The file's path relative to the repository; the file itself may be gone, and links aren't followed."""
    named = start / file
    # Only a last segment that is no name, as in "..", has to be resolved to know where it leads.
    place = named.parent.resolve() / named.name if named.name not in {"", ".."} else named.resolve()
    try:
        return place.relative_to(root.resolve()).as_posix()
    except ValueError:
        raise UsageError(
            f"{for_output(str(file))} lies outside the repository {root}.",
            hint="name a file below it, or another --repo DIR",
        ) from None


def _require_file(name: str, trees: Sequence[TreeView]) -> None:
    if any(name in tree.entries for tree in trees):
        return
    if name == "." or any(tree.is_folder(name) for tree in trees):
        raise UsageError(f"{for_output(name)} is a folder.", hint="name the files in it")
    raise UsageError(
        f"{for_output(name)} is no file at the base, in the index or in the work tree, ignored files aside.",
        hint="paths are relative to the present directory, or to --repo",
    )


def _renames(
    repository: Repository, endpoints: Endpoints, names: Sequence[str], trees: Sequence[TreeView]
) -> Mapping[str, str]:
    """Old names by new of those of the files that the base lacks; asked of git only where there are any."""
    if all(name in trees[0].entries for name in names):
        return {}
    changes = change_set(repository, endpoints).changes
    return {change.path: change.old_path for change in changes if change.old_path and change.path in names}


def _shas(name: str, old: str | None, trees: Sequence[TreeView], facts: Mapping[str, BlobFacts]) -> FileShas:
    base, index, worktree = (_sha1(tree.entries.get(name), facts) for tree in trees)
    before = _sha1(trees[0].entries.get(old), facts) if old else base
    return FileShas(
        path=for_output(name),
        base=base,
        index=index,
        worktree=worktree,
        pre_sha1=before or NO_SHA1,
        post_sha1=index or NO_SHA1,
        unstaged=index != worktree,
        renamed_from=for_output(old) if old else None,
    )


def _sha1(side: Side | None, facts: Mapping[str, BlobFacts]) -> str | None:
    if side is None:
        return None
    return side.oid if side.is_submodule else facts[side.oid].sha1
