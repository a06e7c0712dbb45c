"""Names that git can hold come through unchanged, and none is taken for a pattern, an option or a command."""

import os
import sys

import pytest
from gitrepo import GitRepo

from gatekeeper.changes.diff import change_set
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Selector, resolve
from gatekeeper.model.changes import ChangeKind
from gatekeeper.model.names import decode

NAMES = [
    "a b",
    " edges ",
    'quote"d',
    "'single'",
    "back\\slash",
    "new\nline",
    "tab\tbed",
    "bell\x07",
    "-n",
    "--all",
    ":(glob)*",
    ":!x",
    "*",
    "[ab]",
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned",
    "Readme",
    "readme",
    "\u00e9",
    "e\u0301",
    "\u65e5\u672c/\U0001f600",
    "diff --git a",
    "d/" * 60 + "deep",
]
if sys.platform == "linux":
    NAMES.append(os.fsdecode(b"latin-\xe9"))


@pytest.mark.parametrize("kind", ["staged", "worktree", "rev"])
def test_all_names_at_once(repo: GitRepo, kind: str) -> None:
    before = {name: f"{n}\n" * 9 for n, name in enumerate(NAMES)}
    repo.commit(before)
    repo.write({name: text + "more\n" for name, text in before.items()})
    if kind != "worktree":
        repo.stage()
    if kind == "rev":
        repo.commit()
    with Repository.open(repo.path) as repository:
        selector = Selector.of(kind == "staged", kind == "worktree", "HEAD" if kind == "rev" else None, None, None)
        ends = resolve(
            repository, selector, main="main", recorded_base=lambda _: None, others_changed=lambda *_: False
        )
        changes = change_set(repository, ends)
        head = repository.tree(ends.head_tree)
        read = {change.path: head.read(change.path) for change in changes.changes}
    wanted = {decode(os.fsencode(name)): text for name, text in before.items()}
    assert read == {name: f"{text}more\n".encode() for name, text in wanted.items()}
    assert [change.path for change in changes.changes] == sorted(wanted)
    assert all(len(change.hunks) == 1 for change in changes.changes)
    assert not (repo.path / "pwned").exists()


@pytest.mark.parametrize("name", NAMES)
def test_renamed_from_and_to_it(repo: GitRepo, name: str) -> None:
    text = "".join(f"{n}\n" for n in range(20))
    path = decode(os.fsencode(name))
    repo.commit({"plain": text})
    (repo.path / "plain").unlink()
    repo.commit({name: text})
    with Repository.open(repo.path) as repository:
        ends = resolve(
            repository,
            Selector("rev", "HEAD"),
            main="main",
            recorded_base=lambda _: None,
            others_changed=lambda *_: False,
        )
        (change,) = change_set(repository, ends).changes
        assert repository.tree("HEAD").is_folder("d") is path.startswith("d/")
    assert (change.change, change.old_path, change.path) == (ChangeKind.RENAMED, "plain", path)


def test_a_tree_knows_folders_links_and_what_is_absent(repo: GitRepo) -> None:
    repo.write({"d/e/f": "1", "d-x": "2", "d.y": "3"})
    (repo.path / "l").symlink_to("d")
    repo.commit()
    with Repository.open(repo.path) as repository:
        tree = repository.tree("HEAD")
        assert {p for p in ("d", "d/e", "d/e/f", "l", "d-x", "", "x") if tree.is_folder(p)} == {"d", "d/e"}
        assert tree.read("l") == b"d"
        assert tree.entries["l"].mode == "120000"
        with pytest.raises(KeyError):
            tree.read("d")
        assert list(repository.tree(repository.empty_tree).entries) == []
        blobs = [tree.entries[p].oid for p in ("d-x", "d/e/f", "d-x")]
        assert [b"".join(repository.read_blob(blob)) for blob in blobs] == [b"2", b"1", b"2"]


@pytest.mark.parametrize("setting", ["core.ignoreCase", "core.precomposeUnicode"])
@pytest.mark.parametrize("kind", ["staged", "worktree", "rev"])
def test_names_that_differ_in_case_or_normalisation_stay_apart(repo: GitRepo, kind: str, setting: str) -> None:
    names = ["Readme", "readme", "d/X", "d/x", "\u00e9", "e\u0301"]
    repo.commit({name: f"{n}\n" for n, name in enumerate(names)})
    repo.write({name: f"{n}\nmore\n" for n, name in enumerate(names)})
    if kind != "worktree":
        repo.stage()
    if kind == "rev":
        repo.commit()
    # A clone that was copied from another file system says so, though the names are apart here.
    repo.git("config", setting, "true")
    with Repository.open(repo.path) as repository:
        ends = resolve(
            repository,
            Selector.of(kind == "staged", kind == "worktree", "HEAD" if kind == "rev" else None, None, None),
            main="main",
            recorded_base=lambda _: None,
            others_changed=lambda *_: False,
        )
        changes = change_set(repository, ends).changes
        read = {change.path: repository.tree(ends.head_tree).read(change.path) for change in changes}
    assert read == {name: f"{n}\nmore\n".encode() for n, name in enumerate(names)}
