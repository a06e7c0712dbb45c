"""Every state a repository can be in: it is read as it is, and left as it was."""

import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from gitrepo import GitRepo, run_git

from gatekeeper.changes.diff import change_set
from gatekeeper.changes.history import history
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Selector, resolve
from gatekeeper.model.changes import ChangeSet
from gatekeeper.model.errors import RepositoryError, UsageError


def read(path: Path, selector: Selector = Selector()) -> ChangeSet:  # noqa: B008 - a frozen value
    with Repository.open(path) as repository:
        ends = resolve(
            repository, selector, main="main", recorded_base=lambda _: None, others_changed=lambda *_: False
        )
        return change_set(repository, ends)


def paths(changes: ChangeSet) -> list[str]:
    return [change.path for change in changes.changes]


STAGED, WORKTREE = Selector("staged"), Selector("worktree")


def test_facts_of_a_branch(repo: GitRepo) -> None:
    head = repo.commit({"a": "1"})
    with Repository.open(repo.path) as repository:
        assert (repository.root, repository.git_dir, repository.common_dir) == (
            repo.path,
            repo.path / ".git",
            repo.path / ".git",
        )
        assert (repository.head, repository.branch, repository.merge_heads) == (head, "main", ())


def test_facts_before_the_first_commit(repo: GitRepo) -> None:
    with Repository.open(repo.path) as repository:
        assert (repository.head, repository.branch) == (None, "main")
        assert repository.index_tree() == repository.worktree_tree() == repository.empty_tree


def test_facts_of_a_detached_head(repo: GitRepo) -> None:
    head = repo.commit({"a": "1"})
    repo.git("switch", "-q", "--detach")
    with Repository.open(repo.path) as repository:
        assert (repository.head, repository.branch) == (head, None)


def test_a_subdirectory_sees_the_whole(repo: GitRepo) -> None:
    repo.commit({"d/e/f": "1", "a": "1"})
    repo.write({"d/e/f": "2", "a": "2", "d/new": "3"})
    assert paths(read(repo.path / "d" / "e", WORKTREE)) == ["a", "d/e/f", "d/new"]
    with Repository.open(repo.path / "d" / "e") as repository:
        assert repository.root == repo.path
        assert sorted(repository.tree("HEAD").entries) == ["a", "d/e/f"]


def test_a_relative_start_is_taken_from_the_current_folder(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit({"d/f": "1"})
    monkeypatch.chdir(repo.path / "d")
    with Repository.open(Path()) as repository:
        assert repository.root == repo.path


@pytest.mark.parametrize("name", ["$HOME", "~", "new\nline", "a:b", 'quo"te', "-C", "back\\slash", "w\u00f6rd"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    repo = GitRepo.init(tmp_path / name / "r")
    repo.commit({"a": "1"})
    repo.write({"a": "2", "b": "3"})
    assert paths(read(repo.path, WORKTREE)) == ["a", "b"]


def test_a_linked_work_tree_has_its_own_index_and_head(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit({"a": "1"})
    repo.git("worktree", "add", "-q", "-b", "work", str(tmp_path / "linked"))
    linked = GitRepo(tmp_path / "linked")
    linked.stage({"b": "1"})
    repo.stage({"c": "1"})
    assert paths(read(linked.path)) == ["b"]
    assert paths(read(repo.path)) == ["c"]
    with Repository.open(linked.path) as repository:
        assert repository.root == linked.path
        assert repository.common_dir == repo.path / ".git"
        assert repository.git_dir == repo.path / ".git" / "worktrees" / "linked"


def test_a_bare_repository_answers_for_ranges_only(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit({"a": "1"})
    repo.commit({"a": "2"})
    run_git(tmp_path, "clone", "-q", "--bare", str(repo.path), "bare")
    assert paths(read(tmp_path / "bare", Selector("range", "HEAD~1..HEAD"))) == ["a"]
    assert paths(read(tmp_path / "bare")) == ["a"]
    with Repository.open(tmp_path / "bare") as repository:
        assert repository.root is None
    for selector in (STAGED, WORKTREE):
        with pytest.raises(UsageError, match="bare repository"):
            read(tmp_path / "bare", selector)


def test_where_no_repository_is_the_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="not inside a git repository"):
        Repository.open(tmp_path)
    with pytest.raises(RepositoryError, match="not a folder"):
        Repository.open(tmp_path / "nowhere")


def test_the_git_directory_is_no_work_tree(repo: GitRepo) -> None:
    with pytest.raises(RepositoryError, match="outside the work tree"):
        Repository.open(repo.path / ".git")


def test_another_users_repository_names_the_command_that_trusts_it(
    repo: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"d/a": "1"})
    # Only root can give a folder away; git's own tests make it believe so in this way.
    wrapper = tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec "{shutil.which("git")}" "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
    with pytest.raises(RepositoryError, match="dubious ownership") as error:
        Repository.open(repo.path / "d")
    assert error.value.hint == f"git config --global --add safe.directory '{repo.path}'"
    assert "\n" not in error.value.message


def conflicted(repo: GitRepo) -> None:
    repo.commit({"both": "1\n", "ours": "1\n", "theirs": "1\n", "other": "1\n"})
    repo.git("switch", "-qc", "work")
    repo.write({"both": "work\n", "ours": "work\n"})
    (repo.path / "theirs").unlink()
    repo.commit()
    repo.git("switch", "-q", "main")
    repo.write({"both": "main\n", "theirs": "main\n", "other": "main\n"})
    (repo.path / "ours").unlink()
    repo.commit()
    repo.git("switch", "-q", "work")
    repo.git("merge", "-q", "main", check=False)


@pytest.mark.parametrize("selector", [Selector(), STAGED, WORKTREE])
def test_conflicts_are_listed_and_the_rest_is_judged_all_the_same(repo: GitRepo, selector: Selector) -> None:
    conflicted(repo)
    changes = read(repo.path, selector)
    assert changes.unmerged == ("both", "ours", "theirs")
    assert "other" in paths(changes) or selector.kind == "auto"
    with Repository.open(repo.path) as repository:
        index = repository.tree(repository.index_tree())
        assert repository.merge_heads == (repo.git("rev-parse", "main"),)
        assert (index.read("both"), index.read("ours"), index.read("other")) == (b"work\n", b"work\n", b"main\n")
        assert "theirs" not in index.entries
        assert b"<<<<<<<" in repository.tree(repository.worktree_tree()).read("both")


def test_conflicts_do_not_concern_other_commits(repo: GitRepo) -> None:
    conflicted(repo)
    assert read(repo.path, Selector("rev", "HEAD~1")).unmerged == ()
    assert read(repo.path, Selector("rev", "HEAD")).unmerged == ("both", "ours", "theirs")


def test_edits_that_are_not_staged_are_listed_while_head_or_index_is_judged(repo: GitRepo) -> None:
    repo.commit({"a": "1", "b": "1", "c": "1", "d": "1"})
    repo.commit({"d": "2"})
    repo.stage({"a": "2"})
    repo.write({"b": "2", "untracked": "x"})
    (repo.path / "c").unlink()
    for selector in (Selector(), STAGED, Selector("rev", "HEAD"), Selector("range", "HEAD~1..HEAD")):
        assert read(repo.path, selector).unstaged == ("b", "c")
    for selector in (WORKTREE, Selector("rev", "HEAD~1"), Selector("range", "..HEAD~1")):
        assert read(repo.path, selector).unstaged == ()


def test_an_edit_that_only_touches_the_time_is_none(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    os.utime(repo.path / "a", (1, 1))
    assert read(repo.path, Selector("rev", "HEAD")).unstaged == ()


def test_an_edit_of_the_same_size_right_after_staging_is_seen(repo: GitRepo) -> None:
    repo.git("config", "core.trustctime", "false")
    repo.commit({"a": "1"})
    # As if index and both versions of the file had been written within one tick of the clock.
    moment = (1_000_000_000, 1_000_000_000)
    repo.write({"a": "2"})
    os.utime(repo.path / "a", moment)
    repo.git("add", "a")
    repo.write({"a": "3"})
    os.utime(repo.path / "a", moment)
    os.utime(repo.path / ".git" / "index", moment)
    changes = read(repo.path, WORKTREE)
    assert changes.changes[0].head is not None
    assert changes.blobs[changes.changes[0].head.oid].sha1 == hashlib.sha1(b"3", usedforsecurity=False).hexdigest()


def test_an_intended_addition_is_not_staged(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    repo.write({"b": "1"})
    repo.git("add", "--intent-to-add", "b")
    assert paths(read(repo.path, STAGED)) == []
    assert read(repo.path, STAGED).unstaged == ("b",)
    assert paths(read(repo.path, WORKTREE)) == ["b"]
    with Repository.open(repo.path) as repository:
        assert repository.status().staged is False


def test_a_rebase_in_progress_is_a_detached_head(repo: GitRepo) -> None:
    conflicted_base = repo.commit({"a": "1\n"})
    repo.git("switch", "-qc", "work")
    repo.commit({"a": "work\n"})
    repo.git("switch", "-q", "main")
    tip = repo.commit({"a": "main\n"})
    repo.git("switch", "-q", "work")
    repo.git("rebase", "-q", "main", check=False)
    assert tip != conflicted_base
    changes = read(repo.path)
    assert (changes.source, changes.base, changes.unmerged) == ("staged", tip, ("a",))


def test_sparse_files_stay_and_present_ones_count(repo: GitRepo) -> None:
    repo.commit({"in/a": "1", "out/b": "1", "out/c": "1"})
    repo.git("sparse-checkout", "set", "--sparse-index", "in")
    repo.write({"in/a": "2", "out/b": "2", "out/new": "3"})
    assert paths(read(repo.path, WORKTREE)) == ["in/a", "out/b", "out/new"]
    repo.git("add", "in/a")
    assert paths(read(repo.path, STAGED)) == ["in/a"]


def test_a_split_index(repo: GitRepo) -> None:
    repo.commit({"a": "1", "b": "1"})
    repo.git("update-index", "--split-index")
    repo.stage({"a": "2"})
    repo.write({"b": "2"})
    assert list((repo.path / ".git").glob("sharedindex.*"))
    assert (paths(read(repo.path, STAGED)), paths(read(repo.path, WORKTREE))) == (["a"], ["a", "b"])


def test_no_index_is_split_in_the_repository(repo: GitRepo) -> None:
    repo.commit({"a": "1", "b": "1"})
    repo.stage({"a": "2"})
    repo.write({"b": "2"})
    repo.git("config", "core.splitIndex", "true")
    assert (paths(read(repo.path, STAGED)), paths(read(repo.path, WORKTREE))) == (["a"], ["a", "b"])
    assert list((repo.path / ".git").glob("sharedindex.*")) == []


def test_an_octopus_is_judged_from_its_first_parent(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    for name in ("x", "y"):
        repo.git("switch", "-qc", name, "main")
        repo.commit({name: "1"})
    repo.git("switch", "-q", "main")
    before = repo.commit({"b": "1"})
    repo.git("merge", "-q", "--no-edit", "x", "y")
    changes = read(repo.path, Selector("rev", "HEAD"))
    assert (changes.base, paths(changes)) == (before, ["x", "y"])
    assert "a merge of 3 parents" in changes.reason


def test_an_octopus_in_progress_is_judged_from_the_latest_merge_base(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    for name in ("x", "y"):
        repo.git("switch", "-qc", name, "main")
        repo.commit({name: "1"})
    repo.git("switch", "-q", "main")
    later = repo.commit({"b": "1"})
    repo.git("switch", "-qc", "z")
    repo.commit({"z": "1"})
    repo.git("switch", "-q", "x")
    repo.git("merge", "-q", "--no-commit", "y", "z", check=False)
    changes = read(repo.path)
    assert (changes.base, paths(changes)) == (later, ["x", "y", "z"])
    assert "the merge-base of MERGE_HEAD and main in an unfinished merge" in changes.reason


def test_an_unfinished_octopus_brings_in_all_its_parents(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    tips = []
    for name in ("x", "y", "z"):
        repo.git("switch", "-qc", name, "main")
        tips.append(repo.commit({name: "1"}))
    repo.git("merge", "-q", "--no-commit", "x", "y", check=False)
    with Repository.open(repo.path) as repository:
        ends = resolve(
            repository, STAGED, main="main", recorded_base=lambda _: None, others_changed=lambda *_: False
        )
        # Each file comes from one of the parents, so the merge itself changes none.
        assert {commit.oid for commit in history(repository, ends) or ()} == set(tips[:2])


def test_the_sha256_object_format(tmp_path: Path) -> None:
    repo = GitRepo.init(tmp_path / "r", "--object-format=sha256")
    repo.stage({"a": "1\n"})
    assert paths(read(repo.path)) == ["a"]
    repo.commit()
    repo.write({"a": "2\n", "b": "3\n"})
    changes = read(repo.path, WORKTREE)
    assert paths(changes) == ["a", "b"]
    assert changes.changes[0].base is not None
    assert changes.blobs[changes.changes[0].base.oid].sha1 == hashlib.sha1(b"1\n").hexdigest()  # noqa: S324 - git's


def test_a_partial_clone_fetches_what_it_lacks(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit({"a": "1\n" * 50, "b": "2\n" * 50})
    repo.git("mv", "b", "c")
    repo.commit({"a": "1\n" * 49 + "x\n"})
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
    clone = GitRepo.clone(repo.path, tmp_path / "clone", "--filter=blob:none", "--no-checkout")
    clone.git("config", "protocol.file.allow", "always")
    (clone.path / ".git" / "info").mkdir(exist_ok=True)
    (clone.path / ".git" / "info" / "attributes").write_text("* -diff\n")
    whole, partial = read(repo.path, Selector("rev", "HEAD")), read(clone.path, Selector("rev", "HEAD"))
    assert (partial.changes, partial.blobs) == (whole.changes, whole.blobs)


def test_a_missing_object_is_an_error_in_gits_words(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    oid = repo.git("rev-parse", "HEAD:a")
    (repo.path / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    with pytest.raises(RepositoryError, match=oid):
        read(repo.path, Selector("rev", "HEAD"))


def test_a_missing_object_of_the_index_is_named_where_it_is_read(repo: GitRepo) -> None:
    repo.stage({"a": "1"})
    oid = repo.git("rev-parse", ":a")
    (repo.path / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    with pytest.raises(RepositoryError, match=oid):
        read(repo.path, STAGED)


def test_what_is_looked_at_ahead_is_what_is_seen_when_asked(repo: GitRepo) -> None:
    repo.commit({"a": "1\n", "b": "1\n"})
    repo.write({"a": "2\n", "c": "3\n"})
    with Repository.open(repo.path) as repository:
        expected = (repository.worktree_tree(), repository.status(), repository.index_tree())
    with Repository.open(repo.path) as repository:
        repository.look_ahead()
        found = (repository.status(), repository.index_tree())
        assert (repository.worktree_tree(), *found) == expected


def test_a_fault_that_is_seen_ahead_is_told_where_it_matters(repo: GitRepo) -> None:
    repo.commit({"a": "1\n"})
    repo.git("init", "-q", "inside")
    with Repository.open(repo.path) as repository:
        repository.look_ahead()
        assert repository.head is not None
        with pytest.raises(RepositoryError, match="inside is a repository of its own without a commit"):
            repository.worktree_tree()
    with Repository.open(repo.path) as repository:
        repository.look_ahead()  # nobody asks, and closing waits
        folder = repository.plain_git.folder
    assert not folder.exists()


def test_a_change_is_read_without_the_state_around_it(repo: GitRepo) -> None:
    repo.commit({"a": "1\n", "b": "1\n"})
    repo.stage({"a": "2\n"})
    repo.write({"b": "2\n"})
    whole = read(repo.path, STAGED)
    with Repository.open(repo.path) as repository:
        ends = resolve(
            repository, STAGED, main="main", recorded_base=lambda _: None, others_changed=lambda *_: False
        )
        without = change_set(repository, ends, state=False)
    assert whole.unstaged == ("b",)
    assert without == replace(whole, unstaged=())


def test_a_tree_that_calls_a_folder_a_file_is_an_error_that_names_the_object(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    tree = repo.git("rev-parse", "HEAD^{tree}")
    broken = repo.git(
        *("hash-object", "-t", "tree", "-w", "--literally", "--stdin"), stdin=b"100644 f\0" + bytes.fromhex(tree)
    )
    commit = repo.git("commit-tree", "-m", "broken", broken)
    with pytest.raises(RepositoryError, match=f"{tree} is a tree where a file is expected"):
        read(repo.path, Selector("rev", commit))


def test_a_repository_inside_is_not_looked_into(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    inner = GitRepo.init(repo.path / "inner")
    head = inner.commit({"secret": "1"})
    changes = read(repo.path, WORKTREE)
    assert [(c.path, c.head and c.head.oid) for c in changes.changes] == [("inner", head)]


def everything(repo: GitRepo) -> tuple[str, ...]:
    git = repo.path / ".git"
    index = hashlib.sha256((git / "index").read_bytes()).hexdigest()
    files = sorted(str(p.relative_to(git)) for p in git.rglob("*"))
    status = run_git(repo.path, "--no-optional-locks", "status", "--porcelain=v2", "--ignored")
    counted = repo.git("count-objects", "-v")
    return (status.decode(), index, repo.git("stash", "list"), counted, repo.git("for-each-ref"), *files)


def test_reading_leaves_no_trace(repo: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    repo.commit({"a": "1", "b": "1", "c": "1", ".gitignore": "*.o\n"})
    repo.write({"a": "stashed"})
    repo.git("stash", "-q")
    repo.stage({"a": "2"})
    repo.write({"a": "3", "b": "2", "new": "4", "x.o": "5"})
    repo.git("add", "--intent-to-add", "new")
    # A touched file makes git want to refresh the index.
    os.utime(repo.path / "c", (1, 1))
    before = everything(repo)
    for selector in (Selector(), STAGED, WORKTREE, Selector("rev", "HEAD"), Selector("range", "HEAD..HEAD")):
        read(repo.path, selector)
    assert everything(repo) == before
    assert list((tmp_path / "tmp").iterdir()) == []


def test_reading_leaves_no_trace_in_a_conflict(repo: GitRepo) -> None:
    conflicted(repo)
    before = everything(repo)
    for selector in (Selector(), STAGED, WORKTREE):
        read(repo.path, selector)
    assert everything(repo) == before


def test_a_read_only_repository_can_be_read(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    repo.write({"a": "2"})
    folders = [repo.path, *(p for p in repo.path.rglob("*") if p.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    try:
        assert paths(read(repo.path, WORKTREE)) == ["a"]
    finally:
        for folder in folders:
            folder.chmod(0o755)
