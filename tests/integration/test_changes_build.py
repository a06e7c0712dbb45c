"""Repositories that the program makes itself, whatever the user's own configuration says."""

from pathlib import Path

import pytest
from gitrepo import run_git

from gatekeeper.changes.build import BuiltRepository
from gatekeeper.model.errors import UsageError

HOSTILE = """\
[commit]
\tgpgSign = true
\ttemplate = /nonexistent
[core]
\thooksPath = {hooks}
\tautocrlf = true
\tattributesFile = {hooks}/attributes
\texcludesFile = {hooks}/ignore
\teditor = false
[init]
\ttemplateDir = {hooks}
\tdefaultBranch = trunk
[gpg]
\tprogram = false
"""


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without an identity and with everything that could stop or change a commit."""
    hooks = tmp_path / "hooks"
    (hooks / "hooks").mkdir(parents=True)
    for hook in (hooks / "pre-commit", hooks / "hooks" / "pre-commit", hooks / "post-checkout"):
        hook.write_text("#!/bin/sh\nexit 1\n")
        hook.chmod(0o755)
    (hooks / "attributes").write_text("* text eol=crlf\n")
    (hooks / "ignore").write_text("*\n")
    config = tmp_path / "gitconfig"
    config.write_text(HOSTILE.format(hooks=hooks))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_AUTHOR_DATE", "not a date")
    return tmp_path


def test_it_commits_without_an_identity_and_against_a_hostile_configuration(hostile: Path) -> None:
    built = BuiltRepository.create(hostile / "a b" / "r")
    built.write({"a.txt": "one\ntwo\n", "d/b.bin": b"\0\r\n", "gone": "x"})
    built.add()
    first = built.commit("first\n\nbody")
    built.branch("work")
    built.write({"a.txt": "one\r\n", "left": "y"})
    (built.path / "gone").unlink()
    built.add("a.txt", "gone")
    second = built.commit("second")
    assert run_git(built.path, "log", "--format=%H %an %B", "main") == (
        f"{first} gatekeeper demo first\n\nbody\n\n".encode()
    )
    assert run_git(built.path, "rev-list", "work").decode().split() == [second, first]
    assert run_git(built.path, "symbolic-ref", "HEAD") == b"refs/heads/work\n"
    assert run_git(built.path, "show", "HEAD:a.txt") == b"one\r\n"
    assert run_git(built.path, "show", "HEAD:d/b.bin") == b"\0\r\n"
    assert run_git(built.path, "ls-tree", "-r", "--name-only", "HEAD") == b"a.txt\nd/b.bin\n"
    assert run_git(built.path, "status", "--porcelain") == b"?? left\n"


def test_the_branch_is_the_one_asked_for(tmp_path: Path) -> None:
    built = BuiltRepository.create(tmp_path / "r", "trunk")
    assert run_git(built.path, "symbolic-ref", "HEAD") == b"refs/heads/trunk\n"


def test_a_folder_that_holds_anything_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    with pytest.raises(UsageError, match="not an empty folder"):
        BuiltRepository.create(tmp_path)
    with pytest.raises(UsageError, match="not an empty folder"):
        BuiltRepository.create(tmp_path / "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
