"""A repository as one run sees it: where it lies, what is checked out, its trees and its commits."""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from gatekeeper.changes import objects
from gatekeeper.changes.commit_log import CommitLog
from gatekeeper.changes.git import OLDEST, Git, Process
from gatekeeper.changes.logged_tree import LoggedTree
from gatekeeper.changes.scratch import Scratch
from gatekeeper.changes.status import WorkState
from gatekeeper.changes.tree import Tree
from gatekeeper.changes.uncommitted import Uncommitted
from gatekeeper.model.changes import BlobFacts, FileChange
from gatekeeper.model.errors import NotRunError, RepositoryError, UsageError
from gatekeeper.model.value import Value

EMPTY_TREES = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}


class MainBranch(NamedTuple):
    """The main branch: its name as found (``main`` or ``origin/main``), its tip, its merge-base with a commit."""

    name: str
    commit: str
    merge_base: str


class _Places(Value):
    root: Path | None
    git_dir: Path
    common_dir: Path
    object_format: str
    is_apart: bool = False
    """Whether ``core.worktree`` puts the work tree where git wouldn't find the repository from."""

    @property
    def environment(self) -> dict[str, str]:
        """What git must be told, running in the work tree."""
        return {"GIT_DIR": str(self.git_dir), "GIT_WORK_TREE": str(self.root)} if self.is_apart else {}

    @property
    def settings(self) -> tuple[str, ...]:
        """What a configuration that came from another file system may have wrong."""
        tells_case = not os.path.lexists(self.common_dir / "CoNfIg")
        return ("core.ignoreCase=false",) if tells_case else ()


class Repository:
    """An open repository; close it, or use it as a context manager.

    Facts are asked once and kept: open a new one to see later changes. Nothing here writes into the repository.
    ``root`` is None for a bare repository.
    """

    def __init__(self, places: _Places) -> None:
        self.root = places.root
        self.git_dir = places.git_dir
        self.common_dir = places.common_dir
        self.object_format = places.object_format
        self._scratch = Scratch(places.common_dir / "objects", places.object_format)
        self.git = Git(
            self.root or self.git_dir,
            environment={**self._scratch.environment, **places.environment},
            settings=places.settings,
        )
        self._objects = objects.Objects(self.git)
        self._trees: dict[str, Tree] = {}
        self._tree_ids = {self.empty_tree: self.empty_tree}
        self.log: CommitLog | None = None
        """What is known of the commits up to HEAD where many of them are looked into (``know``)."""
        self._facts: dict[str, BlobFacts] = {}
        self._conversations: dict[tuple[str, ...], Process] = {}
        self._commits: dict[str, list[list[str]]] = {}
        self._histories: dict[str, frozenset[str]] = {}
        self._tips: dict[str, dict[str, str]] = {}
        self.known_changes: dict[tuple[str, str], tuple[FileChange, ...]] = {}
        """What was read ahead of what differs between two trees, by their ids (``diff.read_ahead``)."""

    @classmethod
    def open(cls, start: Path) -> Self:
        """The repository that ``start`` lies in, whatever the depth.

        Raises RepositoryError if there is none, if git is missing or too old, or refuses to read it.
        """
        return cls(_places(start))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End git's processes and remove the private folder."""
        if "_uncommitted" in vars(self):
            self._uncommitted.close()
        self._objects.close()
        for process in self._conversations.values():
            process.close()
        self._scratch.close()

    @property
    def processes(self) -> int:
        """How many git processes were started since it was opened."""
        return self.git.processes + self._scratch.plain.processes

    @property
    def empty_tree(self) -> str:
        """The id of the tree without files."""
        return EMPTY_TREES[self.object_format]

    @property
    def is_shallow(self) -> bool:
        """Whether history was cut when it was fetched."""
        return (self.common_dir / "shallow").exists()

    @cached_property
    def boundary(self) -> frozenset[str]:
        """The commits whose parents a shallow clone lacks."""
        if not self.is_shallow:
            return frozenset()
        return frozenset((self.common_dir / "shallow").read_text(encoding="ascii").split())

    @cached_property
    def head(self) -> str | None:
        """HEAD's commit id, None before the first commit."""
        return self._commit("HEAD")

    @cached_property
    def branch(self) -> str | None:
        """The name of the branch that HEAD is on, also before its first commit; None if detached."""
        answer = self.git.run("symbolic-ref", "--quiet", "HEAD", ok=(0, 1))
        name = os.fsdecode(answer.out).removesuffix("\n")
        return name.removeprefix("refs/heads/") if answer.code == 0 else None

    @cached_property
    def merge_heads(self) -> tuple[str, ...]:
        """The commits that an unfinished merge brings in, several of an octopus; none if no merge is going on."""
        file = self.git_dir / "MERGE_HEAD"
        return tuple(file.read_text(encoding="ascii").split()) if file.exists() else ()

    # Commits

    def _commit(self, name: str) -> str | None:
        found = self._objects.get(name + "^{commit}")
        return None if found is None else found.oid

    def resolve_commit(self, rev: str) -> str:
        """The commit id that a revision names.

        Raises UsageError if it names none; NotRunError if it may lie beyond what a shallow clone has fetched.
        """
        found = self._commit(rev)
        if found is not None:
            return found
        stem = re.split(r"[~^]", rev, maxsplit=1)[0]
        beyond = re.fullmatch(r"[0-9a-fA-F]{7,64}", stem) or (stem != rev and self._commit(stem))
        if self.is_shallow and beyond:
            raise self.cut_off(rev)
        raise UsageError(f"{rev!r} names no commit here.", hint="git log --oneline --all shows what there is")

    def cut_off(self, name: str) -> NotRunError:
        """The error for what a shallow clone lacks, with the fetch that mends it."""
        return NotRunError(
            f"{name} isn't here, because this clone is shallow: its history was cut when it was fetched.",
            hint="git fetch --unshallow",
        )

    def _headers(self, commit: str) -> list[list[str]]:
        """A commit's header lines as words; read raw, so that neither a shallow cut nor a graft hides a parent."""
        if commit in self._commits:
            return self._commits[commit]
        found = self._objects.get(commit)
        if found is None or found.type != "commit":
            raise UsageError(f"{commit!r} names no commit here.", hint="git fetch, or name another commit")
        headers = _headers_of(found.content)
        if found.oid == commit:
            self._commits[commit] = headers
        return headers

    def parents(self, commit: str) -> tuple[str, ...]:
        """The parents that a commit names, whether or not they were fetched."""
        if self.log is not None and commit in self.log.commits and commit not in self.boundary:
            return self.log.commits[commit].parents
        return tuple(words[1] for words in self._headers(commit) if words[0] == "parent")

    def first_parent(self, commit: str) -> str | None:
        """The first parent, None of a root commit; NotRunError if a shallow clone lacks it."""
        parents = self.parents(commit)
        if not parents:
            return None
        if self._commit(parents[0]) is None:
            raise self.cut_off(f"The first parent of {commit[:12]}")
        return parents[0]

    def committed_at(self, commit: str) -> int:
        """The committer's date in seconds since 1970."""
        if self.log is not None and commit in self.log.commits:
            return self.log.commits[commit].at
        return next(int(words[-2]) for words in self._headers(commit) if words[0] == "committer")

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor of two commits, None if they share no history that is here."""
        if one == other:
            return one
        answer = self.git.run("merge-base", one, other, ok=(0, 1))
        return answer.out.decode("ascii").strip() or None

    def contains(self, descendant: str, ancestor: str) -> bool:
        """Whether ``ancestor`` is the same commit as ``descendant`` or lies in its history."""
        if descendant in self._histories:
            return ancestor in self._histories[descendant]
        return self.git.run("merge-base", "--is-ancestor", ancestor, descendant, ok=(0, 1)).code == 0

    def later(self, one: str, other: str) -> str:
        """The later of two commits: the one that contains the other, else the one committed last."""
        if one == other or self.contains(one, other):
            return one
        if self.contains(other, one):
            return other
        return max(one, other, key=lambda commit: (self.committed_at(commit), commit))

    def main(self, name: str, commit: str) -> MainBranch | None:
        """The main branch as seen from a commit: ``name`` or ``origin/`` it, whichever merge-base is later.

        None if neither exists. Raises NotRunError if one exists but shares no history with the commit.
        """
        found = self.tips(name)
        best: MainBranch | None = None
        for branch, tip in found.items():
            base = commit if self._leads_to(tip, commit) else self.merge_base(tip, commit)
            if base is not None and (best is None or self.later(best.merge_base, base) != best.merge_base):
                best = MainBranch(branch, tip, base)
        if best is None and found:
            if self.is_shallow:
                raise self.cut_off(f"The merge-base of {commit[:12]} and {next(iter(found))}")
            raise NotRunError(
                f"{commit[:12]} and {next(iter(found))} share no history, so there is no merge-base.",
                hint="name the base: --base REV",
            )
        return best

    def _leads_to(self, tip: str, commit: str) -> bool:
        """Whether a commit is known to lie in a tip's history, which is read whole where many are asked about."""
        if self.log is not None and tip not in self._histories:
            self._histories[tip] = frozenset(self.git.run("rev-list", tip).out.decode("ascii").split())
        return commit in self._histories.get(tip, ())

    def tips(self, name: str) -> dict[str, str]:
        """The tips of the branches that may be main, by name: the configured one and ``origin/`` it."""
        if name not in self._tips:
            self._tips[name] = self._found_tips(name)
        return self._tips[name]

    def _found_tips(self, name: str) -> dict[str, str]:
        refs = {
            name: f"refs/heads/{name}",
            f"origin/{name}": f"refs/remotes/origin/{name}",
        }
        if "/" in name:
            refs[f"remotes/{name}"] = f"refs/remotes/{name}"
        tips = {short: self._commit(ref) for short, ref in refs.items()}
        return {short: tip for short, tip in tips.items() if tip is not None}

    # Trees and blobs

    def tree_id(self, rev: str) -> str:
        """The id of the tree that a commit, tag or tree id names; UsageError if it names none."""
        if rev not in self._tree_ids:
            told = self.log.commits.get(rev) if self.log is not None else None
            oid = self._asked_tree_id(rev) if told is None else told.tree
            self._tree_ids |= {rev: oid, oid: oid}
        return self._tree_ids[rev]

    def _asked_tree_id(self, rev: str) -> str:
        found = self._objects.get(rev + "^{tree}")
        if found is None:
            raise UsageError(f"{rev!r} names no tree here.", hint="git fetch, or name another revision")
        return found.oid

    def tree(self, rev: str) -> Tree:
        """The tree that a commit, tag or tree id names, to look into; UsageError if it names none."""
        oid = self.tree_id(rev)
        if oid not in self._trees:
            own = (oid, self.git, self._objects, self._scratch.folder, self.root)
            told = self.log is not None and oid in self.log.trees
            self._trees[oid] = LoggedTree(*own, self.log) if self.log and told else Tree(*own)
        return self._trees[oid]

    def know(self, log: CommitLog) -> None:
        """From now on take what the trees of many commits hold from a log of all their files."""
        self.log = log

    def file_at(self, rev: str, path: str) -> bytes | None:
        """The bytes of a file in a commit or tree, the text of a link; None where there is no such file."""
        if path.startswith(("./", "../")):
            return None  # git would take it as relative to the present directory
        if self.log is not None:
            with suppress(UsageError, KeyError):
                return self.tree(rev).read(path)
            return None
        found = self._objects.get(f"{rev}:{path}")
        return found.content if found is not None and found.type == "blob" else None

    def keep(self, oids: Iterable[str]) -> None:
        """Read blobs that will be asked for one by one. RepositoryError for one that isn't here."""
        self._objects.keep(oids)

    def read_blob(self, oid: str) -> Iterator[bytes]:
        """A blob's bytes by its id, in pieces to be read before anything else is; KeyError if it isn't here."""
        return self._objects.pieces(oid)

    def let_go(self) -> None:
        """Forget changes and blobs that were read ahead, once nobody will ask for them again."""
        self.known_changes.clear()
        self._objects.kept.clear()

    def blob_facts(self, oids: Iterable[str]) -> dict[str, BlobFacts]:
        """What a manifest needs of each blob, by id. Memory is bounded, whatever the length of a blob."""
        wanted = list(oids)
        new = [oid for oid in wanted if oid not in self._facts]
        self._facts |= self._objects.facts(new, keep=self.log is not None)
        return {oid: self._facts[oid] for oid in wanted}

    @property
    def plain_git(self) -> Git:
        """A git over the same objects that no setting, attribute or driver of this repository reaches."""
        return self._scratch.plain

    @contextmanager
    def plain_conversation(self, *arguments: str) -> Iterator[Process]:
        """A ``plain_git`` that is asked and answers, the same at each time; ended by what goes wrong meanwhile."""
        if arguments not in self._conversations:
            self._conversations[arguments] = self.plain_git.converse(*arguments)
        try:
            yield self._conversations[arguments]
        except BaseException:
            self._conversations.pop(arguments).close(kill=True)
            raise

    # The uncommitted state

    @property
    def _index(self) -> Path:
        """The index in use: a commit hook is given its own, which counts if it lies in the git directory."""
        given = os.environ.get("GIT_INDEX_FILE")
        own = self.git_dir / "index"
        if not given or self.root is None:
            return own
        path = (self.root / given).resolve()
        inside = path.is_relative_to(self.git_dir.resolve()) or path.is_relative_to(self.common_dir.resolve())
        return path if inside else own

    @cached_property
    def _uncommitted(self) -> Uncommitted:
        if self.root is None:
            raise UsageError(
                f"{self.git_dir} is a bare repository: it has no index and no work tree.",
                hint="name commits: --rev REV or --range A..B",
            )
        return Uncommitted(self.git, self._scratch, self.root, self._index)

    def look_ahead(self) -> None:
        """Have git look at the work tree while the caller does something else; nothing in a bare repository."""
        if self.root is not None:
            self._uncommitted.look_ahead()

    def status(self) -> WorkState:
        """What is staged, what isn't, what is in conflict; nothing of it in a bare repository."""
        return WorkState() if self.root is None else self._uncommitted.state

    def index_tree(self) -> str:
        """The id of the index's tree; a conflicted path is there with our version, intended additions aren't."""
        return self._uncommitted.index_tree

    def worktree_tree(self) -> str:
        """The id of the work tree's tree: tracked and untracked files, not ignored ones; conflicts as they lie.

        RepositoryError where no tree can hold it.
        """
        return self._uncommitted.worktree_tree


def _headers_of(commit: bytes) -> list[list[str]]:
    """A commit's header lines as words; the first names its tree."""
    head = commit.partition(b"\n\n")[0].decode("utf-8", "replace")
    return [line.split(" ") for line in head.split("\n")]


def _places(start: Path) -> _Places:
    """Where the repository around ``start`` lies; in three questions."""
    folder = Path(os.path.abspath(start))  # noqa: PTH100 - links stay as the user wrote them, git follows them
    if not folder.is_dir():
        raise RepositoryError(f"{folder} is not a folder.", hint="--repo names a folder inside a git repository")
    git = Git(folder)
    require_version(git)
    answer = git.run(
        *("rev-parse", "--path-format=absolute", "--is-bare-repository", "--is-inside-work-tree"),
        *("--show-object-format", "--absolute-git-dir", "--git-common-dir"),
        ok=(0, 128),
    )
    if answer.code:
        if "not a git repository" in answer.err:
            raise RepositoryError(f"{folder} is not inside a git repository.", hint="git init, or --repo DIR")
        raise git.refusal(("rev-parse",), answer.err)
    bare, inside, object_format, directories = os.fsdecode(answer.out).split("\n", 3)
    git_dir, common_dir = _halves(directories.removesuffix("\n"))
    if bare == "true":
        return _Places(None, git_dir, common_dir, object_format)
    if inside != "true" and folder.resolve().is_relative_to(git_dir.resolve()):
        raise RepositoryError(
            f"{folder} lies in the git directory, outside the work tree.", hint="run it from the work tree"
        )
    top = os.fsdecode(git.run("rev-parse", "--path-format=absolute", "--show-toplevel").out)
    return _Places(Path(top.removesuffix("\n")), git_dir, common_dir, object_format, inside != "true")


def _halves(text: str) -> tuple[Path, Path]:
    """Two paths that stand on lines of their own; a path that holds line breaks itself holds as many in both."""
    lines = text.split("\n")
    for cut in range(1, len(lines)):
        first, second = Path("\n".join(lines[:cut])), Path("\n".join(lines[cut:]))
        if first.is_dir() and second.is_dir():
            return first, second
    raise RepositoryError(f"git names a git directory that can't be read: {text}")


def require_version(git: Git) -> None:
    """Raise RepositoryError if git is missing or older than what the questions asked here need."""
    said = git.run("version").out.decode("utf-8", "replace").strip()
    found = re.search(r"(\d+)\.(\d+)", said)
    if found is None or (int(found[1]), int(found[2])) < OLDEST:
        wanted = f"{OLDEST[0]}.{OLDEST[1]}"
        raise RepositoryError(f"{said} is too old: expected git {wanted} or newer.", hint=f"install git {wanted}")
