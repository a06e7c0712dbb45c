"""Repositories that lack something, or that git refuses to read: what is said, and what mends them."""

import json
import os
from pathlib import Path

import pytest
from changesets import HEAD, STAGED, WORKTREE, paths, read
from gitrepo import GitRepo, run_git

from gatekeeper.changes.selector import Selector
from gatekeeper.model.errors import RepositoryError

FILES = 12


@pytest.fixture
def partial(repo: GitRepo, tmp_path: Path) -> GitRepo:
    """A clone without old blobs; each of the files is changed in its last commit, and one renamed."""
    repo.commit({f"f{n}": f"{n}\n" * 50 for n in range(FILES)})
    repo.git("mv", "f0", "moved")
    repo.commit({f"f{n}": f"{n}\n" * 49 + "x\n" for n in range(1, FILES)} | {"moved": "0\n" * 49 + "y\n"})
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
    clone = GitRepo.clone(repo.path, tmp_path / "clone", "--filter=blob:none")
    clone.git("config", "protocol.file.allow", "always")
    return clone


def test_a_partial_clone_fetches_all_that_it_lacks_at_once(
    repo: GitRepo, partial: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (partial.path / ".git" / "info").mkdir(exist_ok=True)
    (partial.path / ".git" / "info" / "attributes").write_text("* -diff\n")
    (tmp_path / "config").write_text(f'[trace2]\n\teventTarget = "{tmp_path / "trace"}"\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    found = read(partial.path, HEAD)
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    whole = read(repo.path, HEAD)
    assert (found.changes, found.blobs) == (whole.changes, whole.blobs)
    started = [json.loads(line) for line in (tmp_path / "trace").read_text().splitlines()]
    assert [event["argv"][0] for event in started if event["event"] == "start"].count("git-upload-pack") == 1


def test_a_partial_clone_whose_remote_is_gone_names_what_mends_it(repo: GitRepo, partial: GitRepo) -> None:
    elsewhere = repo.path.with_name("elsewhere")
    repo.path.rename(elsewhere)
    with pytest.raises(RepositoryError, match="from promisor remote") as error:
        read(partial.path, HEAD)
    mend = (error.value.hint or "").partition("complete it: git ")[2]
    elsewhere.rename(repo.path)
    partial.git(*mend.split())
    whole = read(repo.path, HEAD)
    repo.path.rename(elsewhere)
    assert read(partial.path, HEAD).changes == whole.changes


@pytest.mark.parametrize("relative", [False, True])
def test_a_clone_that_borrows_objects(repo: GitRepo, tmp_path: Path, relative: bool) -> None:
    repo.commit({"a": "1\n"})
    repo.commit({"a": "2\n"})
    run_git(tmp_path, "clone", "-q", "--shared", str(repo.path), "clone")
    if relative:
        borrowed = os.path.relpath(repo.path / ".git" / "objects", tmp_path / "clone" / ".git" / "objects")
        (tmp_path / "clone" / ".git" / "objects" / "info" / "alternates").write_text(f"# a comment\n{borrowed}\n")
    (tmp_path / "clone" / "a").write_text("3\n")
    assert paths(read(tmp_path / "clone", HEAD)) == ["a"]
    assert paths(read(tmp_path / "clone", WORKTREE)) == ["a"]


def test_index_and_work_tree_of_a_partial_clone(partial: GitRepo) -> None:
    partial.write({"f1": "new\n"})
    assert paths(read(partial.path, WORKTREE)) == ["f1"]
    partial.stage()
    assert paths(read(partial.path, STAGED)) == ["f1"]


def test_a_bare_repository_that_a_setting_forbids_names_the_setting(
    repo: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"a": "1"})
    run_git(tmp_path, "clone", "-q", "--bare", str(repo.path), "bare")
    (tmp_path / "config").write_text("[safe]\n\tbareRepository = explicit\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    with pytest.raises(RepositoryError, match="cannot use bare repository") as error:
        read(tmp_path / "bare", Selector("range", "HEAD..HEAD"))
    assert error.value.hint == "git config --global safe.bareRepository all"


def test_an_extension_that_git_does_not_know_is_named(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    repo.git("config", "extensions.fromTheFuture", "1")
    repo.git("config", "core.repositoryFormatVersion", "1")
    with pytest.raises(RepositoryError, match="unknown repository extension found: fromthefuture"):
        read(repo.path)


@pytest.mark.parametrize("selector", [STAGED, WORKTREE])
def test_an_index_that_is_damaged_is_an_error_in_gits_words(repo: GitRepo, selector: Selector) -> None:
    repo.commit({"a": "1"})
    (repo.path / ".git" / "index").write_bytes(b"garbage")
    with pytest.raises(RepositoryError, match="index file"):
        read(repo.path, selector)
