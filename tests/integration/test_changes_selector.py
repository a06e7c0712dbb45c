"""Every selector and every case of the automatic choice (contract, section 2)."""

from collections.abc import Callable
from pathlib import Path

import pytest
from gitrepo import GitRepo

from gatekeeper.changes.diff import change_set
from gatekeeper.changes.repository import EMPTY_TREES, Repository
from gatekeeper.changes.selector import Endpoints, Selector, resolve
from gatekeeper.model.changes import TreeView
from gatekeeper.model.errors import NotRunError, UsageError

AUTO = Selector()


def ends(
    repo: GitRepo,
    selector: Selector = AUTO,
    *,
    recorded: str | None = None,
    others: Callable[[TreeView, TreeView], bool] = lambda *_: False,
    main: str = "main",
) -> Endpoints:
    with Repository.open(repo.path) as repository:
        found = resolve(repository, selector, main=main, recorded_base=lambda _: recorded, others_changed=others)
        change_set(repository, found)
    assert found.reason.endswith(".")
    assert "\n" not in found.reason
    return found


def commits(found: Endpoints) -> tuple[str, str | None, str | None]:
    return (found.source, found.base, found.head)


def tree(repo: GitRepo, rev: str) -> str:
    return repo.git("rev-parse", f"{rev}^{{tree}}")


# Explicit selectors


def test_staged_is_head_to_index(repo: GitRepo) -> None:
    head = repo.commit({"a": "1"})
    repo.stage({"a": "2"})
    repo.write({"a": "3"})
    found = ends(repo, Selector("staged"))
    assert commits(found) == ("staged", head, None)
    assert (found.base_tree, found.head_tree) == (tree(repo, "HEAD"), repo.git("write-tree"))


def test_worktree_is_head_to_work_tree_with_untracked_and_without_ignored_files(repo: GitRepo) -> None:
    head = repo.commit({"a": "1", ".gitignore": "ignored\n", "gone": "x"})
    repo.write({"a": "2", "new/file": "3", "ignored": "4"})
    (repo.path / "gone").unlink()
    found = ends(repo, Selector("worktree"))
    assert commits(found) == ("worktree", head, None)
    repo.stage()
    assert found.head_tree == repo.git("write-tree")


def test_rev_is_its_first_parent_to_it(repo: GitRepo) -> None:
    first = repo.commit({"a": "1"})
    second = repo.commit({"a": "2"})
    repo.commit({"a": "3"})
    assert commits(ends(repo, Selector("rev", "HEAD~1"))) == ("rev", first, second)


def test_rev_of_a_root_commit_starts_from_nothing(repo: GitRepo) -> None:
    first = repo.commit({"a": "1"})
    found = ends(repo, Selector("rev", first[:10]))
    assert (*commits(found), found.base_tree) == ("rev", None, first, EMPTY_TREES["sha1"])
    assert "root commit" in found.reason


def merged(repo: GitRepo) -> tuple[str, str]:
    """A merge on main; main's tip before it, and the merge."""
    repo.commit({"a": "1"})
    repo.git("switch", "-qc", "side")
    repo.commit({"b": "1"})
    repo.git("switch", "-q", "main")
    before = repo.commit({"c": "1"})
    repo.git("merge", "-q", "--no-edit", "side")
    return before, repo.head()


def test_rev_of_a_merge_takes_the_first_parent_and_says_so(repo: GitRepo) -> None:
    before, merge = merged(repo)
    found = ends(repo, Selector("rev", "HEAD"))
    assert commits(found) == ("rev", before, merge)
    assert "first parent" in found.reason
    assert "merge" in found.reason


@pytest.mark.parametrize(
    ("text", "base", "head"),
    [("v..HEAD", 0, 3), ("v..", 0, 3), ("..v", 3, 0), ("HEAD~1..HEAD", 1, 3), ("side...main", 0, 3)],
)
def test_range(repo: GitRepo, text: str, base: int, head: int) -> None:
    ids = [repo.commit({"a": "1"})]
    repo.git("tag", "-am", "annotated", "v")
    repo.git("branch", "side")
    ids.append(repo.commit({"a": "2"}))
    repo.git("switch", "-q", "side")
    ids.append(repo.commit({"b": "2"}))
    repo.git("switch", "-q", "main")
    ids.append(repo.commit({"a": "3"}))
    assert commits(ends(repo, Selector("range", text))) == ("range", ids[base], ids[head])


@pytest.mark.parametrize("kind", ["staged", "worktree", "rev", "range", "auto"])
def test_base_replaces_the_base_of_any(repo: GitRepo, kind: str) -> None:
    first = repo.commit({"a": "1"})
    repo.commit({"a": "2"})
    head = repo.commit({"a": "3"})
    repo.stage({"a": "4"})
    value = {"rev": "HEAD", "range": "HEAD~1..HEAD"}.get(kind)
    found = ends(repo, Selector(kind, value, "HEAD~2"))  # type: ignore[arg-type]  # a str of the parameters
    assert found.base == first
    assert found.head == (head if value else None)
    assert "--base HEAD~2" in found.reason


def test_base_needs_no_main_branch(repo: GitRepo) -> None:
    repo.git("switch", "-q", "--orphan", "trunk")
    first = repo.commit({"a": "1"})
    head = repo.commit({"a": "2"})
    assert commits(ends(repo, Selector(base=first))) == ("range", first, head)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((True, True, None, None), "--staged and --worktree"),
        ((True, False, "HEAD", None), "--staged and --rev"),
        ((False, False, "HEAD", "A..B"), "--rev and --range"),
    ],
)
def test_two_selectors_contradict_each_other(
    arguments: tuple[bool, bool, str | None, str | None], named: str
) -> None:
    with pytest.raises(UsageError, match=named):
        Selector.of(*arguments, None)


def test_a_selector_is_what_its_options_say() -> None:
    assert Selector.of(False, False, None, None, "x") == Selector("auto", None, "x")
    assert Selector.of(True, False, None, None, None) == Selector("staged")
    assert Selector.of(False, True, None, None, None) == Selector("worktree")
    assert Selector.of(False, False, "r", None, None) == Selector("rev", "r")
    assert Selector.of(False, False, None, "a..b", "x") == Selector("range", "a..b", "x")


@pytest.mark.parametrize(
    "selector",
    [
        Selector("rev", "nonsense"),
        Selector("rev", "--all"),
        Selector("rev", ""),
        Selector("rev", "HEAD:a"),
        Selector("rev", "HEAD^{tree}"),
        Selector("rev", "HEAD\nHEAD"),
        Selector("rev", "HEAD\0"),
        Selector("rev", "HEAD~5"),
        Selector("rev", "0" * 40),
        Selector("range", "HEAD"),
        Selector("range", "HEAD..nonsense"),
        Selector("range", "--output=x..HEAD"),
        Selector("staged", None, "nonsense"),
        Selector("auto", None, "nonsense"),
    ],
)
def test_a_revision_that_names_no_commit_is_wrong_usage_that_names_it(repo: GitRepo, selector: Selector) -> None:
    repo.commit({"a": "1"})
    with pytest.raises(UsageError) as error:
        ends(repo, selector)
    wrong = (selector.base or selector.value or "").removesuffix("..HEAD").removeprefix("HEAD..")
    assert repr(wrong) in error.value.message
    assert sorted(p.name for p in repo.path.iterdir()) == [".git", "a"]


def test_a_range_without_a_common_commit_has_no_merge_base(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    repo.git("switch", "-q", "--orphan", "other")
    repo.commit({"b": "1"})
    with pytest.raises(UsageError, match="share no history"):
        ends(repo, Selector("range", "main...other"))


# The automatic choice


def branched(repo: GitRepo) -> str:
    """A branch with two commits of its own, main merged in between; main's tip, which is the merge-base."""
    repo.commit({"a": "1"})
    repo.git("switch", "-qc", "work")
    repo.commit({"b": "1"})
    repo.git("switch", "-q", "main")
    tip = repo.commit({"c": "1"})
    repo.git("switch", "-q", "work")
    repo.git("merge", "-q", "--no-edit", "main")
    repo.commit({"b": "2"})
    return tip


def test_a_branch_is_judged_from_its_merge_base_whatever_was_merged(repo: GitRepo) -> None:
    base = branched(repo)
    found = ends(repo, recorded="1" * 40)
    assert commits(found) == ("range", base, repo.head())
    assert "merge-base of HEAD and main" in found.reason


def test_a_branch_is_judged_to_the_index_if_anything_is_staged(repo: GitRepo) -> None:
    base = branched(repo)
    repo.stage({"b": "3"})
    assert commits(ends(repo)) == ("staged", base, None)


def test_a_graft_does_not_move_the_merge_base(repo: GitRepo) -> None:
    base = branched(repo)
    info = repo.path / ".git" / "info"
    info.mkdir()
    (info / "grafts").write_text(f"{repo.head()} {repo.git('rev-parse', 'main~1')}\n")
    assert commits(ends(repo)) == ("range", base, repo.head())


def test_a_detached_head_outside_main_is_judged_from_its_merge_base(repo: GitRepo) -> None:
    base = branched(repo)
    repo.git("switch", "-q", "--detach")
    assert commits(ends(repo)) == ("range", base, repo.head())


def test_a_branch_without_commits_of_its_own_is_judged_from_head(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    head = repo.commit({"a": "2"})
    repo.git("switch", "-qc", "work")
    assert commits(ends(repo, recorded=repo.git("rev-parse", "HEAD~1"))) == ("range", head, head)
    repo.stage({"a": "3"})
    assert commits(ends(repo)) == ("staged", head, None)


def test_on_main_without_a_recorded_base(repo: GitRepo) -> None:
    first = repo.commit({"a": "1"})
    head = repo.commit({"a": "2"})
    assert commits(ends(repo)) == ("range", first, head)
    repo.stage({"a": "3"})
    assert commits(ends(repo)) == ("staged", head, None)


@pytest.mark.parametrize("detached", [False, True])
def test_on_main_or_detached_in_it_the_recorded_base_counts(repo: GitRepo, detached: bool) -> None:
    first = repo.commit({"a": "1"})
    repo.commit({"a": "2"})
    head = repo.commit({"a": "3"})
    if detached:
        repo.git("switch", "-q", "--detach")
    found = ends(repo, recorded=first)
    assert commits(found) == ("range", first, head)
    assert "MERGE_BASE_SHA" in found.reason
    repo.stage({"a": "4"})
    assert commits(ends(repo, recorded=first.upper()[:12])) == ("staged", first, None)


def test_a_recorded_base_before_another_packets_manifest_does_not_count(repo: GitRepo) -> None:
    first = repo.commit({"a": "1"})
    second = repo.commit({"other": "2"})
    head = repo.commit({"a": "3"})

    def other_changed(base: TreeView, now: TreeView) -> bool:
        return base.entries.get("other") != now.entries.get("other")

    found = ends(repo, recorded=first, others=other_changed)
    assert commits(found) == ("range", second, head)
    assert "another packet's manifest" in found.reason
    assert commits(ends(repo, recorded=second, others=other_changed)) == ("range", second, head)


@pytest.mark.parametrize(
    ("recorded", "why"),
    [("1" * 40, "isn't in this repository"), ("<fill>", "no commit id"), ("side", "no commit id")],
)
def test_a_recorded_base_that_does_not_serve_is_passed_over_with_the_reason(
    repo: GitRepo, recorded: str, why: str
) -> None:
    first = repo.commit({"a": "1"})
    repo.git("branch", "side")
    head = repo.commit({"a": "2"})
    found = ends(repo, recorded=recorded)
    assert commits(found) == ("range", first, head)
    assert why in found.reason


def test_a_recorded_base_that_is_no_ancestor_is_passed_over(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    repo.git("switch", "-qc", "side")
    side = repo.commit({"b": "1"})
    repo.git("switch", "-q", "main")
    repo.commit({"a": "2"})
    found = ends(repo, recorded=side)
    assert found.base == repo.git("rev-parse", "HEAD~1")
    assert "no ancestor" in found.reason


def test_the_first_parent_of_a_merge_on_main_is_stated(repo: GitRepo) -> None:
    before, merge = merged(repo)
    found = ends(repo)
    assert commits(found) == ("range", before, merge)
    assert "first parent" in found.reason


def test_a_root_commit_on_main_is_judged_from_nothing(repo: GitRepo) -> None:
    head = repo.commit({"a": "1"})
    found = ends(repo)
    assert (*commits(found), found.base_tree) == ("range", None, head, EMPTY_TREES["sha1"])


@pytest.mark.parametrize("kind", ["auto", "staged"])
def test_before_the_first_commit_the_index_is_judged_from_nothing(repo: GitRepo, kind: str) -> None:
    repo.stage({"a": "1"})
    selector = Selector.of(kind == "staged", False, None, None, None)
    found = ends(repo, selector)
    assert (*commits(found), found.base_tree) == ("staged", None, None, EMPTY_TREES["sha1"])
    assert found.head_tree == repo.git("write-tree")


def test_before_the_first_file_there_is_nothing(repo: GitRepo) -> None:
    found = ends(repo)
    assert found.base_tree == found.head_tree == EMPTY_TREES["sha1"]


# Which main branch


def cloned(repo: GitRepo, tmp_path: Path) -> GitRepo:
    return GitRepo.clone(repo.path, tmp_path / "clone")


@pytest.mark.parametrize("behind", ["local", "remote"])
def test_of_main_and_origins_the_later_merge_base_counts(repo: GitRepo, tmp_path: Path, behind: str) -> None:
    first = repo.commit({"a": "1"})
    clone = cloned(repo, tmp_path)
    second = clone.commit({"a": "2"})
    if behind == "local":
        clone.git("push", "-q", "origin", "HEAD:refs/heads/other")
        clone.git("update-ref", "refs/remotes/origin/main", second)
        clone.git("switch", "-qc", "work")
        clone.git("branch", "-f", "main", first)
    else:
        clone.git("switch", "-qc", "work")
    clone.commit({"b": "1"})
    found = ends(clone)
    assert found.base == second
    assert ("origin/main" in found.reason) is (behind == "local")


def test_only_origins_main(repo: GitRepo, tmp_path: Path) -> None:
    base = repo.commit({"a": "1"})
    clone = cloned(repo, tmp_path)
    clone.git("switch", "-qc", "work")
    clone.git("branch", "-qD", "main")
    clone.commit({"b": "1"})
    found = ends(clone)
    assert found.base == base
    assert "origin/main" in found.reason


def test_the_configured_branch_is_main(repo: GitRepo) -> None:
    base = repo.commit({"a": "1"})
    repo.git("branch", "trunk/stable")
    repo.commit({"b": "1"})
    assert ends(repo, main="trunk/stable").base == base


def test_without_main_the_fetch_is_named(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    repo.git("branch", "-m", "work")
    with pytest.raises(NotRunError) as error:
        ends(repo)
    assert "main" in error.value.message
    assert (error.value.hint or "").startswith("git fetch origin main")


def test_the_named_fetch_mends_a_clone_of_one_branch(repo: GitRepo, tmp_path: Path) -> None:
    base = repo.commit({"a": "1"})
    repo.git("switch", "-qc", "work")
    head = repo.commit({"b": "1"})
    clone = GitRepo.clone(repo.path, tmp_path / "clone", "--single-branch", "--branch=work")
    with pytest.raises(NotRunError) as error:
        ends(clone)
    command = (error.value.hint or "").split(",")[0].split(" ")
    clone.git("-c", "protocol.file.allow=always", *command[1:])
    assert commits(ends(clone)) == ("range", base, head)


@pytest.mark.parametrize("both", [False, True])
def test_the_named_fetches_mend_a_shallow_clone(repo: GitRepo, tmp_path: Path, both: bool) -> None:
    base = repo.commit({"a": "1"})
    repo.git("switch", "-qc", "work")
    repo.commit({"b": "1"})
    head = repo.commit({"b": "2"})
    options = ("--no-single-branch",) if both else ()
    clone = GitRepo.clone(repo.path, tmp_path / "clone", "--depth=1", "--branch=work", *options)
    with pytest.raises(NotRunError) as error:
        ends(clone)
    command = (error.value.hint or "").split(",")[0].split(" ")
    clone.git("-c", "protocol.file.allow=always", *command[1:])
    assert commits(ends(clone)) == ("range", base, head)


@pytest.mark.parametrize("selector", [Selector("rev", "HEAD"), Selector("range", "HEAD~1..HEAD"), AUTO])
def test_a_missing_parent_in_a_shallow_clone_names_the_fetch(
    repo: GitRepo, tmp_path: Path, selector: Selector
) -> None:
    repo.commit({"a": "1"})
    repo.commit({"a": "2"})
    clone = GitRepo.clone(repo.path, tmp_path / "clone", "--depth=1")
    with pytest.raises(NotRunError) as error:
        ends(clone, selector)
    assert error.value.hint == "git fetch --unshallow"
    clone.git("-c", "protocol.file.allow=always", "fetch", "-q", "--unshallow")
    assert ends(clone, selector).base == clone.git("rev-parse", "HEAD~1")


def test_a_typing_error_in_a_shallow_clone_is_wrong_usage(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit({"a": "1"})
    repo.commit({"a": "2"})
    clone = GitRepo.clone(repo.path, tmp_path / "clone", "--depth=1")
    with pytest.raises(UsageError):
        ends(clone, Selector("rev", "mian"))


# Unfinished merges


def test_a_merge_of_main_into_a_branch_is_judged_from_mains_tip(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    repo.git("switch", "-qc", "work")
    repo.commit({"b": "1"})
    repo.git("switch", "-q", "main")
    tip = repo.commit({"c": "1"})
    repo.git("switch", "-q", "work")
    repo.git("merge", "-q", "--no-commit", "main")
    found = ends(repo)
    assert commits(found) == ("staged", tip, None)
    assert "MERGE_HEAD" in found.reason
    repo.git("commit", "-q", "--no-edit")
    after = ends(repo)
    assert (after.base, after.base_tree, after.head_tree) == (found.base, found.base_tree, found.head_tree)


def test_a_merge_of_a_branch_into_main_is_judged_from_head(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    repo.git("switch", "-qc", "work")
    repo.commit({"b": "1"})
    repo.git("switch", "-q", "main")
    head = repo.commit({"c": "1"})
    repo.git("merge", "-q", "--no-commit", "--no-ff", "work")
    assert commits(ends(repo, recorded="1" * 40)) == ("staged", head, None)
