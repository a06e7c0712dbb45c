"""What is read ahead of many commits is what git tells of each alone."""

import re
from collections.abc import Sequence
from itertools import pairwise

import pytest
from gitrepo import GitRepo
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatekeeper.changes.diff import change_set, read_ahead
from gatekeeper.changes.history import history
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Endpoints
from gatekeeper.model.changes import PathTest

# Names that sort around the slash, that begin one another, and that hold what separates a tree's entries.
NAMES = ("a", "a b", "a-b", "a.b", "ab", "100644 a", "x 100644 a", "40000 d", "d", "é", "packets")
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)
FILES = st.dictionaries(PATHS, st.sampled_from(("", "one\n", "one\ntwo\n", "no end", "nul\0")), max_size=6)
COMMITS = st.lists(FILES, min_size=1, max_size=5)
TESTS: tuple[PathTest, ...] = (str.isascii, re.compile(r".*a.*").fullmatch, re.compile(r"packets/.*").fullmatch)
ASKED = ("", "/", "a/", "a", "a/d", "d", "packets", "packets/a", "100644 a", "\ud800", "a\0b", ".", "..")


def committed(repo: GitRepo, commits: Sequence[dict[str, str]]) -> list[str]:
    """A line of commits, each of which writes its files over what there was; a file may take a folder's place."""
    stream, held = [], dict[str, str]()
    for number, files in enumerate(commits):
        for path in files:
            above = {path[:i] for i, char in enumerate(path) if char == "/"}
            held = {p: t for p, t in held.items() if p not in above and not p.startswith(f"{path}/")} | {
                path: files[path]
            }
        lines = [f"commit refs/heads/main\nmark :{number + 1}\ncommitter m <m@example.invalid> {number} +0000\n"]
        lines += ["data 1\nm\n", "deleteall\n"]
        lines += [f'M 100644 inline "{path}"\ndata {len(text)}\n{text}\n' for path, text in held.items()]
        stream.append("".join(lines))
    repo.git("fast-import", "--quiet", "--force", stdin="".join(stream).encode())
    return repo.git("rev-list", "--reverse", "main").split()


def ends(repo: Repository, base: str | None, head: str) -> Endpoints:
    """The two commits as a range."""
    base_tree = repo.empty_tree if base is None else repo.tree_id(base)
    return Endpoints("range", "", base, head, base_tree, repo.tree_id(head))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(commits=COMMITS)
def test_changes_trees_and_history_are_those_that_git_tells_of_each_alone(
    tmp_path_factory: pytest.TempPathFactory, commits: list[dict[str, str]]
) -> None:
    repo = GitRepo.init(tmp_path_factory.mktemp("repo") / "r")
    oids = committed(repo, commits)
    pairs: list[tuple[str | None, str]] = [
        (None, oids[0]),
        *pairwise(oids),
        (oids[0], oids[-1]),
    ]
    with Repository.open(repo.path) as many, Repository.open(repo.path) as each:
        read_ahead(many, pairs)
        for base, head in pairs:
            place = ends(each, base, head)
            assert change_set(many, ends(many, base, head)) == change_set(each, place)
            assert history(many, place) == history(each, place)
        for oid in oids:
            shared, alone = many.tree(oid), each.tree(oid)
            assert type(shared) is not type(alone)
            assert dict(shared.entries) == dict(alone.entries)
            assert [shared.named(test) for test in TESTS] == [alone.named(test) for test in TESTS]
            asked = (*ASKED, *alone.entries)
            assert [shared.entries.get(path) for path in asked] == [alone.entries.get(path) for path in asked]
            assert [shared.is_folder(path) for path in asked] == [alone.is_folder(path) for path in asked]
            read = [(path, shared.read(path)) for path in alone.entries]
            assert read == [(path, alone.read(path)) for path in alone.entries]
            assert dict(shared.read_each(list(alone.entries), 4)) == dict(alone.read_each(list(alone.entries), 4))
