"""No setting, attribute, driver or environment variable changes what is computed."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from gitrepo import GitRepo

from gatekeeper.changes.diff import change_set
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Selector, resolve
from gatekeeper.model.changes import ChangeSet
from gatekeeper.model.errors import RepositoryError

BEFORE: dict[str, str | bytes] = {
    "a.txt": "".join(f"line {n}\n" for n in range(30)),
    "m.txt": "".join(f"move {n}\n" for n in range(30)),
    "crlf.txt": b"one\r\ntwo\r\n",
    "s p.bin": "not really binary\n",
}
AFTER: dict[str, str | bytes] = {
    "a.txt": "".join(f"line {n}  \n" if n % 7 == 3 else f"line {n}\n" for n in range(30)),
    "copy.txt": BEFORE["a.txt"],
    "crlf.txt": b"one\r\ntwo\r\nthree\r\n",
    "s p.bin": "changed\n",
}


def change(path: Path, kind: str) -> ChangeSet:
    with Repository.open(path) as repository:
        selector = Selector.of(kind == "staged", kind == "worktree", "HEAD" if kind == "rev" else None, None, None)
        ends = resolve(
            repository, selector, main="main", recorded_base=lambda _: None, others_changed=lambda *_: False
        )
        return change_set(repository, ends)


def made(repo: GitRepo) -> GitRepo:
    repo.commit(BEFORE)
    repo.git("mv", "m.txt", "moved.txt")
    repo.commit(AFTER)
    repo.stage({"a.txt": "staged\n"})
    return repo


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def attributes(text: str) -> Callable[[GitRepo, Path], None]:
    def put(repo: GitRepo, _: Path) -> None:
        info = repo.path / ".git" / "info"
        info.mkdir(exist_ok=True)
        (info / "attributes").write_text(text)

    return put


def config(*pairs: str) -> Callable[[GitRepo, Path], None]:
    def put(repo: GitRepo, _: Path) -> None:
        for pair in pairs:
            repo.git("config", *pair.split("=", 1))

    return put


def driver(repo: GitRepo, tmp_path: Path) -> None:
    evil = script(tmp_path / "driver", f"touch '{tmp_path}/ran'; echo fooled")
    attributes("* diff=evil filter=evil\n")(repo, tmp_path)
    config(f"diff.evil.textconv={evil}", f"diff.evil.command={evil}", f"diff.external={evil}")(repo, tmp_path)


def hooks(repo: GitRepo, tmp_path: Path) -> None:
    folder = tmp_path / "hooks"
    folder.mkdir()
    for name in ("post-index-change", "pre-commit", "fsmonitor"):
        script(folder / name, f"touch '{tmp_path}/ran'")
    config(f"core.hooksPath={folder}", f"core.fsmonitor={folder}/fsmonitor")(repo, tmp_path)


def replaced(repo: GitRepo, _: Path) -> None:
    repo.git("replace", repo.git("rev-parse", "HEAD:a.txt"), repo.git("rev-parse", "HEAD:copy.txt"))


def grafted(repo: GitRepo, _: Path) -> None:
    info = repo.path / ".git" / "info"
    info.mkdir(exist_ok=True)
    (info / "grafts").write_text(repo.head() + "\n")


SETTINGS = [
    config("diff.algorithm=patience", "diff.indentHeuristic=false", "diff.context=9", "diff.interHunkContext=9"),
    config("diff.renames=copies", "diff.renameLimit=1", "diff.mnemonicPrefix=true", "diff.noprefix=true"),
    config("color.ui=always", "color.diff=always", "core.quotePath=false", "core.pager=false"),
    config("diff.wsErrorHighlight=all", "core.whitespace=cr-at-eol", "diff.ignoreSubmodules=all"),
    config("diff.relative=true", "diff.orderFile=nowhere", "core.bigFileThreshold=1", "status.renames=copies"),
    config("alias.diff-tree=version", "alias.cat-file=version", "status.branch=true", "status.showStash=true"),
    config("core.safecrlf=true", "core.splitIndex=true", "core.untrackedCache=true", "index.version=4"),
    config("core.fileMode=false", "core.symlinks=false", "core.ignoreCase=true", "core.checkStat=minimal"),
    config("merge.renames=false", "diff.x.binary=true", "diff.x.algorithm=histogram", "log.follow=true"),
    attributes("* -diff\n"),
    attributes("* diff=x\n"),
    attributes("* binary\n"),
    attributes("*.txt diff=python\n"),
    driver,
    hooks,
    replaced,
    grafted,
]


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_changes_nothing_and_runs_nothing(
    repo: GitRepo, tmp_path: Path, setting: Callable[[GitRepo, Path], None]
) -> None:
    made(repo)
    plain = {kind: change(repo.path, kind) for kind in ("staged", "rev", "worktree")}
    assert len(plain["rev"].changes) == 5
    setting(repo, tmp_path)
    assert {kind: change(repo.path, kind) for kind in plain} == plain
    assert not (tmp_path / "ran").exists()


def test_no_driver_runs_from_a_committed_attributes_file(repo: GitRepo) -> None:
    made(repo)
    plain = change(repo.path, "rev").changes
    repo.write({".gitattributes": "* -diff -text\n", "x/.gitattributes": "* binary\n"})
    assert change(repo.path, "rev").changes == plain


@pytest.mark.parametrize("value", ["true", "input"])
def test_autocrlf_judges_what_git_stores(repo: GitRepo, value: str) -> None:
    repo.commit({"a": "one\ntwo\n"})
    repo.git("config", "core.autocrlf", value)
    repo.git("config", "core.safecrlf", "true")
    # Neither file would come back as it is; where that is forbidden, git refuses to add one of them.
    repo.write({"a": b"one\r\ntwo\r\nthree\r\n", "b": b"one\n"})
    found, other = change(repo.path, "worktree").changes
    assert found.head is not None
    repo.git("config", "core.safecrlf", "false")
    repo.stage()
    assert repo.git("cat-file", "blob", found.head.oid) == "one\ntwo\nthree"
    assert change(repo.path, "staged").changes == (found, other)


def test_filters_and_encodings_judge_what_git_stores(repo: GitRepo) -> None:
    repo.git("config", "filter.upper.clean", "tr a-z A-Z")
    repo.git("config", "filter.upper.smudge", "tr A-Z a-z")
    repo.commit({".gitattributes": "*.up filter=upper\n*.u16 working-tree-encoding=UTF-16LE\n"})
    repo.write({"x.up": "hello\n", "y.u16": "w\u00f6rd\n".encode("utf-16-le")})
    found = {c.path: c for c in change(repo.path, "worktree").changes}
    assert change(repo.path, "worktree").blobs[found["x.up"].head.oid].binary is False  # type: ignore[union-attr]
    repo.stage()
    assert {c.path: c for c in change(repo.path, "staged").changes} == found
    with Repository.open(repo.path) as repository:
        tree = repository.tree(repository.index_tree())
        assert (tree.read("x.up"), tree.read("y.u16")) == (b"HELLO\n", "w\u00f6rd\n".encode())


def test_hostile_environment_variables_are_not_seen(
    repo: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(repo)
    other = GitRepo.init(tmp_path / "other")
    other.commit({"x": "1"})
    plain = {kind: change(repo.path, kind) for kind in ("staged", "rev", "worktree")}
    evil = script(tmp_path / "evil", f"touch '{tmp_path}/ran'")
    hostile = {
        "GIT_DIR": str(other.path / ".git"),
        "GIT_WORK_TREE": str(other.path),
        "GIT_INDEX_FILE": str(other.path / ".git" / "index"),
        "GIT_OBJECT_DIRECTORY": str(other.path / ".git" / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(tmp_path),
        "GIT_COMMON_DIR": str(other.path / ".git"),
        "GIT_NAMESPACE": "x",
        "GIT_EXTERNAL_DIFF": evil,
        "GIT_DIFF_OPTS": "-u9",
        "GIT_CONFIG_PARAMETERS": "'diff.noprefix'='true'",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "diff.external",
        "GIT_CONFIG_VALUE_0": evil,
        "GIT_TRACE": "1",
        "GIT_GLOB_PATHSPECS": "1",
        "GIT_SHALLOW_FILE": str(tmp_path / "evil"),
        "GIT_REPLACE_REF_BASE": "refs/heads/",
        "GIT_DEFAULT_HASH": "sha256",
        "GIT_PREFIX": "nowhere/",
        "GIT_PAGER": evil,
        "LC_ALL": "de_DE.UTF-8",
    }
    for name, value in hostile.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    assert {kind: change(repo.path, kind) for kind in plain} == plain
    assert dict(os.environ) == before
    assert not (tmp_path / "ran").exists()


def test_the_index_that_a_hook_was_given_is_the_index(repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit({"a": "1"})
    repo.stage({"a": "2"})
    (repo.path / ".git" / "index").rename(repo.path / ".git" / "next-index-1.lock")
    repo.git("read-tree", "HEAD")
    assert change(repo.path, "staged").changes == ()
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/next-index-1.lock")
    assert [c.path for c in change(repo.path, "staged").changes] == ["a"]


def test_git_that_is_missing_or_too_old_is_one_sentence(
    repo: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path / "git", "echo git version 2.25.1")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(RepositoryError, match=r"git version 2\.25\.1 is too old: expected git 2\.34 or newer"):
        Repository.open(repo.path)
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    with pytest.raises(RepositoryError, match="git can't be started") as error:
        Repository.open(repo.path)
    assert "install git" in (error.value.hint or "")
