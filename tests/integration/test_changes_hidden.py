"""What git was told to overlook is judged as it lies, and what is sparse is no deletion."""

import os
from pathlib import Path

import pytest
from application import gate
from changesets import HEAD, STAGED, WORKTREE, paths, read
from gitrepo import GitRepo
from small import check_of, made

from gatekeeper.model.errors import RepositoryError

MARKS = ["--assume-unchanged", "--skip-worktree"]


@pytest.mark.parametrize("mark", MARKS)
def test_a_hidden_edit_is_part_of_the_work_tree(repo: GitRepo, mark: str) -> None:
    repo.commit({"a": "1\n", "b": "1\n", "new\nline": "1\n"})
    repo.git("update-index", mark, "a", "b", "new\nline")
    repo.write({"a": "2\n", "new\nline": "2\n"})
    assert paths(read(repo.path, WORKTREE)) == ["a", "new\nline"]


@pytest.mark.parametrize("mark", MARKS)
def test_a_hidden_edit_is_left_out_of_index_and_head_and_named(repo: GitRepo, mark: str) -> None:
    repo.commit({"a": "1\n", "b": "1\n"})
    repo.git("update-index", mark, "a")
    repo.write({"a": "2\n", "b": "2\n"})
    for selector in (STAGED, HEAD):
        changes = read(repo.path, selector)
        assert (changes.unstaged, changes.hidden) == (("a", "b"), ("a",))


def test_a_file_under_both_marks_is_seen(repo: GitRepo) -> None:
    repo.commit({"a": "1\n"})
    repo.git("update-index", "--assume-unchanged", "a")
    repo.git("update-index", "--skip-worktree", "a")
    repo.write({"a": "2\n"})
    assert paths(read(repo.path, WORKTREE)) == ["a"]


def test_an_absent_file_is_sparse_if_it_is_skipped_and_deleted_if_not(repo: GitRepo) -> None:
    repo.commit({"skipped": "1\n", "assumed": "2\n"})
    repo.git("update-index", "--skip-worktree", "skipped")
    repo.git("update-index", "--assume-unchanged", "assumed")
    (repo.path / "skipped").unlink()
    (repo.path / "assumed").unlink()
    assert paths(read(repo.path, WORKTREE)) == ["assumed"]
    assert read(repo.path, STAGED).hidden == ("assumed",)


def test_every_file_assumed_to_be_unchanged_by_a_setting(repo: GitRepo) -> None:
    repo.git("config", "core.ignoreStat", "true")
    repo.commit({"a": "1\n"})
    repo.write({"a": "2\n"})
    assert repo.git("status", "--short") == ""
    assert paths(read(repo.path, WORKTREE)) == ["a"]


def test_a_monitor_that_saw_nothing_is_not_believed(repo: GitRepo, tmp_path: Path) -> None:
    monitor = tmp_path / "monitor"
    monitor.write_text("#!/bin/sh\nprintf 'token\\0'\n")
    monitor.chmod(0o755)
    repo.commit({"a": "1\n"})
    repo.git("config", "core.fsmonitor", str(monitor))
    repo.git("update-index", "--fsmonitor")
    repo.git("status")
    repo.write({"a": "2\n"})
    assert repo.git("status", "--short") == ""
    assert paths(read(repo.path, WORKTREE)) == ["a"]
    assert read(repo.path, STAGED).unstaged == ("a",)


@pytest.mark.parametrize("index", ["--sparse-index", "--no-sparse-index"])
def test_a_run_in_a_sparse_checkout_takes_nothing_for_deleted(tmp_path: Path, index: str) -> None:
    repo = made(tmp_path / "r", change={})
    GitRepo(repo).git("sparse-checkout", "set", "--cone", index, "src")
    assert not (repo / "packets").exists()
    GitRepo(repo).git("sparse-checkout", "add", "packets")
    (repo / "src" / "a.txt").write_text("one\nTWO\nthree\n")
    for selector in ("--worktree", "--staged"):
        code, verdict, _ = gate(repo, "post-work", "WP-1-Small", selector)
        assert (code, [row["target_file"] for row in verdict["manifest"]]) == (0, ["src/a.txt"])
        GitRepo(repo).git("add", "src", "packets")


def test_a_link_in_place_of_a_sparse_folder_brings_no_files(repo: GitRepo) -> None:
    repo.commit({"in/a": "1\n", "out/b": "1\n"})
    repo.git("update-index", "--skip-worktree", "out/b")
    (repo.path / "out" / "b").unlink()
    (repo.path / "out").rmdir()
    (repo.path / "out").symlink_to("in")
    repo.write({"in/b": "2\n", ".git/info/exclude": "/out\n"})
    assert paths(read(repo.path, WORKTREE)) == ["in/b"]
    assert read(repo.path, STAGED).hidden == ()


def test_the_marks_themselves_stay(repo: GitRepo) -> None:
    repo.commit({"a": "1\n", "b": "1\n"})
    repo.git("update-index", "--assume-unchanged", "a")
    repo.git("update-index", "--skip-worktree", "b")
    repo.write({"a": "2\n", "b": "2\n"})
    read(repo.path, WORKTREE)
    read(repo.path, STAGED)
    assert repo.git("ls-files", "-v") == "h a\nS b"


@pytest.mark.parametrize("mark", MARKS)
def test_a_run_names_the_hidden_file_and_how_to_show_it(tmp_path: Path, mark: str) -> None:
    repo = made(tmp_path / "r")
    GitRepo(repo).git("update-index", mark, "src/b.txt")
    (repo / "src" / "b.txt").write_text("hidden\n")
    code, verdict, _ = gate(repo, "post-work", "WP-1-Small")
    (finding,) = check_of(verdict, "changes")["findings"]
    assert (code, finding["rule"], finding["severity"]) == (0, "changes.unstaged", "warning")
    assert "told to overlook" in finding["message"]
    assert "src/b.txt" in finding["message"]
    assert f"git update-index --no-{mark.removeprefix('--')} FILE" in finding["hint"]


def test_a_hidden_edit_alone_is_no_empty_change(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", change={})
    GitRepo(repo).git("update-index", "--assume-unchanged", "src/a.txt")
    (repo / "src" / "a.txt").write_text("hidden\n")
    code, verdict, _ = gate(repo, "post-work", "WP-1-Small")
    assert (code, [f["rule"] for f in check_of(verdict, "changes")["findings"]]) == (1, ["changes.unstaged"])


def test_an_inner_repository_without_a_commit_is_named(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    GitRepo.init(repo.path / "in ner").write({"x": "1"})
    assert paths(read(repo.path, STAGED)) == []
    with pytest.raises(RepositoryError, match="in ner is a repository of its own without a commit") as error:
        read(repo.path, WORKTREE)
    assert ".gitignore" in (error.value.hint or "")
    repo.write({".gitignore": "in ner/\n"})
    assert paths(read(repo.path, WORKTREE)) == [".gitignore"]


def test_a_required_filter_that_fails_is_an_error_that_names_the_file(repo: GitRepo) -> None:
    repo.git("config", "filter.bad.clean", "false")
    repo.git("config", "filter.bad.required", "true")
    repo.commit({".gitattributes": "*.bad filter=bad\n"})
    repo.write({"f.bad": "1\n"})
    with pytest.raises(RepositoryError, match=r"f\.bad: clean filter 'bad' failed"):
        read(repo.path, WORKTREE)


def test_a_filter_runs_in_the_users_locale(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LC_ALL": "C.UTF-8", "LC_CTYPE": "ignored", "LANG": "ignored", "LANGUAGE": "de"}.items():
        monkeypatch.setenv(name, value)
    repo.git("config", "filter.locale.clean", 'printf "%s %s %s" "$LANG" "$LC_CTYPE" "$LC_ALL"')
    repo.commit({".gitattributes": "f filter=locale\n"})
    repo.write({"f": "x"})
    changes = read(repo.path, WORKTREE)
    assert changes.changes[0].head is not None
    assert changes.blobs[changes.changes[0].head.oid].size == len("C.UTF-8  ")


def test_a_work_tree_apart_from_its_repository(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit({"a": "1\n"})
    apart = tmp_path / "apart"
    apart.mkdir()
    repo.git("config", "core.worktree", str(apart))
    (apart / "a").write_text("2\n")
    changes = read(repo.path, WORKTREE)
    assert paths(changes) == ["a"]
    assert read(repo.path, STAGED).unstaged == ("a",)


def test_a_runs_own_files_are_no_part_of_the_work_tree(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit({"a": "1\n"})
    (repo.path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(repo.path / "tmp"))
    assert paths(read(repo.path, WORKTREE)) == []


def test_a_pipe_is_no_part_of_the_work_tree(repo: GitRepo) -> None:
    repo.commit({"a": "1\n"})
    os.mkfifo(repo.path / "odd")
    assert paths(read(repo.path, WORKTREE)) == []


def test_a_submodule_that_is_ignored_is_seen(repo: GitRepo, tmp_path: Path) -> None:
    other = GitRepo.init(tmp_path / "other")
    other.commit({"x": "1"})
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.path), "sub")
    repo.git("config", "-f", ".gitmodules", "submodule.sub.ignore", "all")
    repo.git("config", "diff.ignoreSubmodules", "all")
    repo.commit()
    GitRepo(repo.path / "sub").commit({"x": "2"})
    assert paths(read(repo.path, WORKTREE)) == ["sub"]
    assert read(repo.path, STAGED).unstaged == ("sub",)


def test_a_gitlink_without_gitmodules(repo: GitRepo) -> None:
    repo.commit()
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},link")
    (repo.path / "link").mkdir()
    changes = read(repo.path, STAGED)
    assert [(c.path, c.head and c.head.oid) for c in changes.changes] == [("link", "1" * 40)]
    repo.git("commit", "-qm", "link")
    assert paths(read(repo.path, WORKTREE)) == []
    (repo.path / "link").rmdir()
    assert paths(read(repo.path, WORKTREE)) == ["link"]
