"""Every kind of change on real repositories: what it is called, its hunks, its blobs, its manifest entry."""

import hashlib
import os
from pathlib import Path

import pytest
from gitrepo import GitRepo

from gatekeeper.changes.diff import change_set
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Selector, resolve
from gatekeeper.manifest.compute import compute, digest
from gatekeeper.model.changes import ChangeKind, ChangeSet, FileChange, Hunk
from gatekeeper.model.manifest import NO_SHA1, ManifestEntry

TEXT = "".join(f"line {n}\n" for n in range(1, 21))


def read(path: Path, selector: Selector) -> ChangeSet:
    with Repository.open(path) as repository:
        ends = resolve(
            repository, selector, main="main", recorded_base=lambda _: None, others_changed=lambda *_: False
        )
        return change_set(repository, ends)


def staged(repo: GitRepo) -> dict[str, FileChange]:
    return {change.path: change for change in read(repo.path, Selector("staged")).changes}


def entries(changes: ChangeSet) -> dict[str, ManifestEntry]:
    return {e.path: e for e in compute(changes, changes.changes, migration=[], storage=[])}


def staged_entry(repo: GitRepo) -> ManifestEntry:
    (entry,) = entries(read(repo.path, Selector("staged"))).values()
    return entry


def sha1(content: bytes | str) -> str:
    raw = content.encode() if isinstance(content, str) else content
    return hashlib.sha1(raw, usedforsecurity=False).hexdigest()


def facts(entry: ManifestEntry) -> tuple[ChangeKind, int, int, int, str, str]:
    return (entry.change.change, entry.start, entry.end, entry.line_delta, entry.pre_sha1, entry.post_sha1)


def test_added(repo: GitRepo) -> None:
    repo.commit()
    repo.stage({"a": TEXT})
    assert facts(staged_entry(repo)) == (ChangeKind.ADDED, 1, 20, 20, NO_SHA1, sha1(TEXT))


def test_modified_window_takes_in_both_numberings(repo: GitRepo) -> None:
    repo.commit({"a": TEXT})
    after = "new\nnew\n" + TEXT.replace("line 18\n", "")
    repo.stage({"a": after})
    entry = staged_entry(repo)
    assert entry.change.hunks == (Hunk(0, 0, 1, 2), Hunk(18, 1, 19, 0))
    assert facts(entry) == (ChangeKind.MODIFIED, 1, 18, 1, sha1(TEXT), sha1(after))
    assert entry.last_line == 21


def test_deleted(repo: GitRepo) -> None:
    repo.commit({"a": TEXT})
    repo.git("rm", "-q", "a")
    assert facts(staged_entry(repo)) == (ChangeKind.DELETED, 1, 20, -20, sha1(TEXT), NO_SHA1)


def test_renamed_without_edit_has_the_old_paths_hash_and_no_hunk(repo: GitRepo) -> None:
    repo.commit({"a": TEXT})
    repo.git("mv", "a", "b")
    entry = staged_entry(repo)
    assert (entry.path, entry.change.old_path) == ("b", "a")
    assert facts(entry) == (ChangeKind.RENAMED, 1, 1, 0, sha1(TEXT), sha1(TEXT))


def test_renamed_with_an_edit(repo: GitRepo) -> None:
    repo.commit({"a": TEXT})
    (repo.path / "a").unlink()
    after = TEXT + "more\n"
    repo.stage({"d/b": after})
    entry = staged_entry(repo)
    assert (entry.path, entry.change.old_path) == ("d/b", "a")
    assert facts(entry) == (ChangeKind.RENAMED, 21, 21, 1, sha1(TEXT), sha1(after))


def test_less_than_half_alike_is_a_deletion_and_an_addition(repo: GitRepo) -> None:
    repo.commit({"a": TEXT})
    (repo.path / "a").unlink()
    repo.stage({"b": "".join(f"other {n}\n" for n in range(30)) + "line 1\n"})
    assert {path: c.change.value for path, c in staged(repo).items()} == {"a": "deleted", "b": "added"}


def test_a_copy_is_an_addition(repo: GitRepo) -> None:
    repo.commit({"a": TEXT})
    repo.stage({"a": TEXT + "x\n", "b": TEXT})
    assert {path: c.change.value for path, c in staged(repo).items()} == {"a": "modified", "b": "added"}


def test_mode_alone(repo: GitRepo) -> None:
    repo.commit({"a": TEXT})
    (repo.path / "a").chmod(0o755)
    repo.stage()
    entry = staged_entry(repo)
    assert entry.mode == "100644 -> 100755"
    assert facts(entry) == (ChangeKind.MODE, 1, 1, 0, sha1(TEXT), sha1(TEXT))


def test_mode_with_an_edit_is_a_modification_with_a_mode(repo: GitRepo) -> None:
    repo.commit({"a": TEXT})
    (repo.path / "a").chmod(0o755)
    repo.stage({"a": TEXT + "x\n"})
    entry = staged_entry(repo)
    assert (entry.change.change, entry.mode, entry.start) == (ChangeKind.MODIFIED, "100644 -> 100755", 21)


def test_file_to_link_and_back(repo: GitRepo) -> None:
    repo.commit({"a": "1\n2\n3\n"})
    (repo.path / "a").unlink()
    (repo.path / "a").symlink_to("nowhere/at all")
    repo.stage()
    entry = staged_entry(repo)
    assert facts(entry) == (ChangeKind.TYPE, 1, 3, -2, sha1("1\n2\n3\n"), sha1("nowhere/at all"))
    assert entry.mode == "100644 -> 120000"
    repo.commit()
    (repo.path / "a").unlink()
    repo.stage({"a": "1\n2\n3\n"})
    assert facts(staged_entry(repo))[:4] == (ChangeKind.TYPE, 1, 3, 2)


def test_a_type_change_stands_between_other_files_without_shifting_their_hunks(repo: GitRepo) -> None:
    repo.commit({"a": "1\n", "b": "1\n2\n", "c": "1\n2\n3\n"})
    (repo.path / "b").unlink()
    (repo.path / "b").symlink_to("x")
    repo.stage({"a": "one\n", "c": "1\n2\nthree\n"})
    changes = staged(repo)
    assert changes["a"].hunks == (Hunk(1, 1, 1, 1),)
    assert changes["b"].hunks == (Hunk(1, 2, 0, 0), Hunk(0, 0, 1, 1))
    assert changes["c"].hunks == (Hunk(3, 1, 3, 1),)


def test_a_link_out_of_the_repository_is_never_followed(repo: GitRepo, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    repo.commit()
    (repo.path / "l").symlink_to(secret)
    repo.stage()
    assert staged_entry(repo).post_sha1 == sha1(os.fsencode(secret))
    with Repository.open(repo.path) as repository:
        assert repository.tree(repository.worktree_tree()).read("l") == os.fsencode(secret)


def test_a_directory_replaced_by_a_file(repo: GitRepo) -> None:
    repo.commit({"d/x": "1\n", "d/y": "2\n"})
    repo.git("rm", "-qr", "d")
    repo.stage({"d": "flat\nfile\n"})
    assert {path: c.change.value for path, c in staged(repo).items()} == {
        "d": "added",
        "d/x": "deleted",
        "d/y": "deleted",
    }


@pytest.mark.parametrize("content", ["", "\n", "no end"])
def test_small_files(repo: GitRepo, content: str) -> None:
    repo.commit()
    repo.stage({"a": content})
    lines = 1 if content else 0
    entry = staged_entry(repo)
    assert facts(entry) == (ChangeKind.ADDED, 1, 1, lines, NO_SHA1, sha1(content))
    assert entry.last_line == lines


def test_a_lost_final_newline_is_a_hunk(repo: GitRepo) -> None:
    repo.commit({"a": "1\n2\n"})
    repo.stage({"a": "1\n2"})
    assert facts(staged_entry(repo))[:4] == (ChangeKind.MODIFIED, 2, 2, 0)


@pytest.mark.parametrize("before", [b"\0\n1\n", b"1\n"])
@pytest.mark.parametrize("after", [b"1\n" * 9000 + b"\0", "4\n5\n".encode("utf-16")])
def test_binary_on_either_side_has_no_lines(repo: GitRepo, before: bytes, after: bytes) -> None:
    repo.commit({"a": before})
    repo.stage({"a": after})
    entry = staged_entry(repo)
    assert entry.content == "binary"
    assert facts(entry) == (ChangeKind.MODIFIED, 1, 1, 0, sha1(before), sha1(after))


def test_bytes_that_look_like_a_patch_are_content(repo: GitRepo) -> None:
    fake = b"@@ -1 +1 @@\ndiff --git a/x b/x\n\xff\xfe\r@@ -9,9 +9,9 @@\r\n"
    repo.commit({"a": b"1\n" + fake, "b": b"1\n"})
    repo.stage({"a": b"2\n" + fake + b"diff --git \n@@ -7 +7 @@\n", "b": b"2\n"})
    changes = staged(repo)
    assert changes["a"].hunks == (Hunk(1, 1, 1, 1), Hunk(4, 0, 5, 2))
    assert changes["b"].hunks == (Hunk(1, 1, 1, 1),)


def test_lines_longer_than_what_is_read_at_once(repo: GitRepo) -> None:
    long = b"x" * (3 << 20)
    repo.commit({"a": b"1\n" + long + b"\n3\n", "b": b"1\n"})
    repo.stage({"a": b"1\n" + long + b"y\n3\nfour\n", "b": b"2\n"})
    changes = staged(repo)
    assert changes["a"].hunks == (Hunk(2, 1, 2, 1), Hunk(3, 0, 4, 1))
    assert changes["b"].hunks == (Hunk(1, 1, 1, 1),)


def test_more_hunks_than_fit_into_what_is_read_at_once(repo: GitRepo) -> None:
    lines = [f"{n} {'x' * 40}\n" for n in range(40_000)]
    repo.commit({"a": "".join(lines)})
    repo.stage({"a": "".join("changed\n" if n % 2 else line for n, line in enumerate(lines))})
    assert staged(repo)["a"].hunks == tuple(Hunk(n, 1, n, 1) for n in range(2, 40_001, 2))


def submodule_of(repo: GitRepo, tmp_path: Path) -> GitRepo:
    other = GitRepo.init(tmp_path / "other")
    other.commit({"x": "1"})
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.path), "sub")
    return GitRepo(repo.path / "sub")


def test_submodule_added_moved_on_and_removed(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit()
    sub = submodule_of(repo, tmp_path)
    first = sub.head()
    added = entries(read(repo.path, Selector("staged")))["sub"]
    assert (added.content, facts(added)) == ("submodule", (ChangeKind.ADDED, 1, 1, 1, NO_SHA1, first))
    repo.commit()
    second = sub.commit({"x": "2"})
    moved = entries(read(repo.path, Selector("worktree")))["sub"]
    assert (moved.content, facts(moved)) == ("submodule", (ChangeKind.MODIFIED, 1, 1, 0, first, second))
    repo.commit()
    repo.git("rm", "-qf", "sub")
    removed = entries(read(repo.path, Selector("staged")))["sub"]
    assert (removed.content, facts(removed)) == ("submodule", (ChangeKind.DELETED, 1, 1, -1, second, NO_SHA1))


def test_a_submodule_that_is_moved_is_renamed(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit()
    first = submodule_of(repo, tmp_path).head()
    repo.commit()
    (repo.path / "lib").mkdir()
    repo.git("mv", "sub", "lib/sub")
    moved = entries(read(repo.path, Selector("staged")))["lib/sub"]
    assert (moved.content, moved.change.old_path) == ("submodule", "sub")
    assert facts(moved) == (ChangeKind.RENAMED, 1, 1, 0, first, first)


def test_a_dirty_submodule_is_no_edit_of_ours(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit()
    sub = submodule_of(repo, tmp_path)
    repo.commit()
    sub.write({"x": "dirty", "new": "untracked"})
    changes = read(repo.path, Selector("staged"))
    assert (changes.changes, changes.unstaged) == ((), ())
    with Repository.open(repo.path) as repository:
        assert not repository.status().staged


def test_every_source_of_one_change_gives_one_digest(repo: GitRepo) -> None:
    repo.commit({"a": TEXT, "b": TEXT[:70], "c": "1\n"})
    repo.git("mv", "a", "z")
    repo.write({"b": "2\n", "new": "3\n"})
    work = read(repo.path, Selector("worktree"))
    repo.stage()
    index = read(repo.path, Selector("staged"))
    repo.commit()
    commit = read(repo.path, Selector("rev", "HEAD"))
    span = read(repo.path, Selector("range", "HEAD~1..HEAD"))
    for other in (index, commit, span):
        assert (other.base_tree, other.head_tree) == (work.base_tree, work.head_tree)
        assert (other.changes, other.blobs) == (work.changes, work.blobs)
        assert digest(entries(other).values()) == digest(entries(work).values())
    assert {work.source, index.source, commit.source, span.source} == {"worktree", "staged", "rev", "range"}


def test_half_alike_is_a_rename(repo: GitRepo) -> None:
    repo.commit({"a": "".join(f"same {n:03}\n" for n in range(55)) + "".join(f"then {n:03}\n" for n in range(45))})
    (repo.path / "a").unlink()
    repo.stage({"b": "".join(f"same {n:03}\n" for n in range(55)) + "".join(f"now! {n:03}\n" for n in range(45))})
    assert [(c.change, c.old_path) for c in staged(repo).values()] == [(ChangeKind.RENAMED, "a")]


def test_a_rename_alone_is_something_staged(repo: GitRepo) -> None:
    repo.commit({"a": TEXT})
    repo.git("mv", "a", "b")
    assert read(repo.path, Selector()).source == "staged"
