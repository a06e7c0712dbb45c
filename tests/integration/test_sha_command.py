"""``gate sha``: base, index and work-tree SHA1 of files, and which to record."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from application import commit, git, run
from small import made, put


def sha1(text: str | bytes) -> str:
    data = text.encode() if isinstance(text, str) else text
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


NONE = "0" * 40
ODD = [
    "a b.txt",
    "-lead.txt",
    "back`tick.txt",
    ":(glob)x.txt",
    "t\tab.txt",
    "\u00fc.txt",
    "$(x).txt",
    "new\nline.txt",
]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return made(tmp_path / "r", base=dict.fromkeys(ODD, "x\n"), change={})


def shas(repo: Path, *files: str) -> list[dict[str, Any]]:
    code, out, err = run(repo, "--format", "json", "sha", "--", *files)
    assert code == 0, err
    told = json.loads(out)
    assert told["schema"] == "gatekeeper/sha/v1"
    return list(told["files"])


def recorded(row: dict[str, Any]) -> tuple[str, str]:
    return row["pre_sha1"], row["post_sha1"]


def test_the_three_sides_are_told_apart_and_base_and_index_are_to_be_recorded(repo: Path) -> None:
    put(repo, {"src/a.txt": "staged\n"})
    git(repo, "add", "src/a.txt")
    put(repo, {"src/a.txt": "edited\n"})
    (row,) = shas(repo, "src/a.txt")
    base = sha1("one\ntwo\nthree\n")
    assert row == {
        "path": "src/a.txt",
        "base": base,
        "index": sha1("staged\n"),
        "worktree": sha1("edited\n"),
        "pre_sha1": base,
        "post_sha1": sha1("staged\n"),
        "unstaged": True,
        "renamed_from": None,
    }
    assert "unstaged edits" in run(repo, "sha", "src/a.txt")[1]


def test_odd_names_are_files_like_others(repo: Path) -> None:
    assert [(row["path"], row["base"]) for row in shas(repo, *ODD)] == [(name, sha1("x\n")) for name in ODD]


def test_a_name_that_is_not_utf_8_is_shown_c_quoted(repo: Path) -> None:
    name = os.fsdecode(b"bad\xff.txt")
    commit(repo, "bad", {name: b"z\n"})
    (row,) = shas(repo, name)
    assert (row["path"], row["index"]) == ('"bad\\377.txt"', sha1("z\n"))


def test_added_deleted_and_untracked_files_have_forty_zeros_where_they_are_not(repo: Path) -> None:
    put(repo, {"new.txt": "one\ntwo\nthree\nfour\n", "free.txt": "f\n"})
    git(repo, "add", "new.txt")
    git(repo, "rm", "-q", "src/b.txt")
    new, gone, free = shas(repo, "new.txt", "src/b.txt", "free.txt")
    assert recorded(new) == (NONE, sha1("one\ntwo\nthree\nfour\n"))
    assert recorded(gone) == (sha1("one\n"), NONE)
    assert (free["worktree"], free["unstaged"], recorded(free)) == (sha1("f\n"), True, (NONE, NONE))


def test_a_renamed_file_records_the_sha1_of_its_old_name(repo: Path) -> None:
    git(repo, "mv", "src/a.txt", "src/moved.txt")
    put(repo, {"src/moved.txt": "one\ntwo\nthree\nfour\n"})
    git(repo, "add", "-A")
    (row,) = shas(repo, "src/moved.txt")
    assert (row["base"], row["renamed_from"]) == (None, "src/a.txt")
    assert recorded(row) == (sha1("one\ntwo\nthree\n"), sha1("one\ntwo\nthree\nfour\n"))
    assert "record it as Renamed From" in run(repo, "sha", "src/moved.txt")[1]


def test_a_link_has_the_sha1_of_its_text_and_a_submodule_its_commit(repo: Path, tmp_path: Path) -> None:
    inner = made(tmp_path / "inner", change={})
    oid = git(inner, "rev-parse", "HEAD").strip()
    (repo / "link").symlink_to("../outside")
    git(repo, "add", "link")
    git(repo, "update-index", "--add", "--cacheinfo", f"160000,{oid},module")
    link, module = shas(repo, "link", "module")
    assert (link["index"], module["index"]) == (sha1("../outside"), oid)


def test_a_filtered_file_has_the_sha1_of_what_git_stores(repo: Path) -> None:
    git(repo, "config", "core.autocrlf", "true")
    put(repo, {"src/a.txt": "one\r\n"})
    git(repo, "add", "src/a.txt")
    (row,) = shas(repo, "src/a.txt")
    assert (row["index"], row["worktree"], row["unstaged"]) == (sha1("one\n"), sha1("one\n"), False)


def test_paths_are_relative_to_the_present_directory(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gatekeeper.cli.main import main

    monkeypatch.chdir(repo / "src")
    for name in ("a.txt", "./a.txt", "../src/a.txt", str(repo / "src" / "a.txt")):
        assert main(["sha", name, "--output", str(repo / "out")]) == 0
        assert (repo / "out").read_text().startswith("src/a.txt\n")


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("src", "src is a folder"),
        ("src/", "src is a folder"),
        (".", ". is a folder"),
        ("../x", "outside the repository"),
        ("/etc/passwd", "outside the repository"),
        ("out/x", "outside the repository"),
        ("nowhere", "is no file"),
        ("SRC/a.txt", "is no file"),
        (".git/HEAD", "is no file"),
    ],
)
def test_what_is_no_file_of_the_repository_is_refused(repo: Path, file: str, words: str) -> None:
    (repo / "out").symlink_to("..")
    code, out, err = run(repo, "sha", file)
    assert (code, out) == (2, "")
    assert words in err
