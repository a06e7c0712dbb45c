"""A tree's files are read from the work tree only where they lie there byte for byte; else from git."""

import os
from pathlib import Path

import pytest
from gitrepo import GitRepo

from gatekeeper.changes.ondisk import blob_on_disk
from gatekeeper.changes.repository import Repository
from gatekeeper.model.errors import RepositoryError

LIMIT = 1000


@pytest.mark.parametrize("kind", ["sha1", "sha256"])
@pytest.mark.parametrize("content", [b"", b"text\n", b"\0\xff" * 400])
def test_a_file_is_its_blob_by_the_id_that_git_gives_it(tmp_path: Path, kind: str, content: bytes) -> None:
    repo = GitRepo.init(tmp_path / "repo", f"--object-format={kind}")
    repo.write({"file": content})
    oid = repo.git("hash-object", "file")
    file = str(repo.path / "file")
    assert blob_on_disk(file, oid, LIMIT) == content
    repo.write({"file": content + b"x"})
    assert blob_on_disk(file, oid, LIMIT) is None


def test_what_is_no_such_file_is_not_read(tmp_path: Path) -> None:
    repo = GitRepo.init(tmp_path / "repo")
    repo.write({"file": "text\n", "folder/file": "text\n"})
    oid = repo.git("hash-object", "file")
    (repo.path / "link").symlink_to("file")
    os.mkfifo(repo.path / "pipe")
    for name in ("link", "pipe", "folder", "missing", "nul\0"):
        assert blob_on_disk(f"{repo.path}/{name}", oid, LIMIT) is None, name
    assert blob_on_disk(f"{repo.path}/file", oid, 4) is None


def test_a_tree_gives_the_same_bytes_whatever_lies_in_the_work_tree(tmp_path: Path) -> None:
    files = {
        "same": b"same\n",
        "changed": b"old\n",
        "gone": b"gone\n",
        "large": b"x" * 2000,
        "crlf.txt": b"a\nb\n",
    }
    repo = GitRepo.init(tmp_path / "repo")
    repo.write({**files, ".gitattributes": "*.txt text eol=crlf\n"})
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--message=Files")
    (repo.path / "crlf.txt").unlink()
    repo.git("checkout", "crlf.txt")
    assert (repo.path / "crlf.txt").read_bytes() == b"a\r\nb\r\n"
    repo.write({"changed": "new\n"})
    (repo.path / "gone").unlink()
    expected = {**files, "large": None}
    with Repository.open(repo.path) as opened:
        assert dict(opened.tree("HEAD").read_each(files, LIMIT)) == expected
        # An answer that was passed over leaves nothing behind.
        assert opened.tree("HEAD").read("changed") == b"old\n"
    bare = GitRepo.clone(repo.path, tmp_path / "bare.git", "--bare")
    with Repository.open(bare.path) as opened:
        assert dict(opened.tree("HEAD").read_each(files, LIMIT)) == expected


def test_an_object_that_is_missing_is_an_error_unless_its_file_lies_there(tmp_path: Path) -> None:
    repo = GitRepo.init(tmp_path / "repo")
    repo.write({"file": "text\n"})
    repo.git("add", "file")
    repo.git("commit", "--quiet", "--message=File")
    oid = repo.git("hash-object", "file")
    (repo.path / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    with Repository.open(repo.path) as opened:
        assert list(opened.tree("HEAD").read_each(["file"], LIMIT)) == [("file", b"text\n")]
        repo.write({"file": "other\n"})
        with pytest.raises(RepositoryError, match=f"{oid} is missing"):
            list(opened.tree("HEAD").read_each(["file"], LIMIT))
