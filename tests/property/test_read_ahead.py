"""What is read ahead of many commits, and told by one log of them, is what git tells of each alone."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from gitrepo import GitRepo
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatekeeper.changes.commit_log import CommitLog, read_log
from gatekeeper.changes.diff import change_set, read_ahead
from gatekeeper.changes.history import history
from gatekeeper.changes.recorded import FileHistory, file_history
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Endpoints
from gatekeeper.changes.touching import touching
from gatekeeper.model.changes import PathTest

# Names that sort around the slash, that begin one another, and that hold what separates a tree's entries.
NAMES = ("a", "a b", "a-b", "a.b", "ab", "100644 a", "x 100644 a", "40000 d", "d", "é", "packets")
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)
FILES = st.dictionaries(PATHS, st.sampled_from(("", "one\n", "one\ntwo\n", "no end", "nul\0")), max_size=6)


class Drawn(NamedTuple):
    """A commit: what it writes, how far back its first parent stands and what it merges (0: nothing)."""

    files: dict[str, str]
    back: int
    merged: int


COMMITS = st.lists(
    st.builds(Drawn, FILES, st.integers(1, 3), st.sampled_from((0, 0, 2, 3))), min_size=1, max_size=7
)
TESTS: tuple[PathTest, ...] = (str.isascii, re.compile(r".*a.*").fullmatch, re.compile(r"packets/.*").fullmatch)
ASKED = ("", "/", "a/", "a", "a/d", "d", "packets", "packets/a", "100644 a", "\ud800", "a\0b", ".", "..")


def committed(repo: GitRepo, commits: Sequence[Drawn]) -> list[str]:
    """Commits, each of which writes its files over its first parent's; a file may take a folder's place.

    The last merges whatever no other commit leads to, so that all are its history.
    """
    stream, trees, leads = [], list[dict[str, str]](), set[int]()
    for number, drawn in enumerate(commits):
        first = max(number - drawn.back, 0)
        parents = [first] if number else []
        parents += [number - drawn.merged] if 0 <= number - drawn.merged < number else []
        if number == len(commits) - 1:
            parents += [each for each in range(number) if each not in leads]
        parents = list(dict.fromkeys(parents))
        leads.update(parents)
        held = dict(trees[first]) if number else {}
        for path in drawn.files:
            above = {path[:i] for i, char in enumerate(path) if char == "/"}
            held = {p: t for p, t in held.items() if p not in above and not p.startswith(f"{path}/")} | {
                path: drawn.files[path]
            }
        trees.append(held)
        lines = [f"commit refs/heads/main\nmark :{number + 1}\ncommitter m <m@example.invalid> {number} +0000\n"]
        lines += ["data 1\nm\n"]
        lines += [f"{word} :{each + 1}\n" for word, each in zip(("from", *["merge"] * 9), parents, strict=False)]
        lines += ["deleteall\n"]
        lines += [f'M 100644 inline "{path}"\ndata {len(text)}\n{text}\n' for path, text in held.items()]
        stream.append("".join(lines))
    repo.git("fast-import", "--quiet", "--force", stdin="".join(stream).encode())
    return repo.git("rev-list", "--reverse", "--topo-order", "main").split()


def ends(repo: Repository, base: str | None, head: str) -> Endpoints:
    """The two commits as a range."""
    base_tree = repo.empty_tree if base is None else repo.tree_id(base)
    return Endpoints("range", "", base, head, base_tree, repo.tree_id(head))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(commits=COMMITS)
def test_changes_trees_and_history_are_those_that_git_tells_of_each_alone(
    tmp_path_factory: pytest.TempPathFactory, commits: list[Drawn]
) -> None:
    repo = GitRepo.init(tmp_path_factory.mktemp("repo") / "r")
    oids = committed(repo, commits)
    with Repository.open(repo.path) as many, Repository.open(repo.path) as each:
        log = CommitLog(read_log(many.git, oids[-1]))
        many.know(log)
        pairs = [(next(iter(log.commits[oid].parents), None), oid) for oid in oids]
        pairs += [(oids[0], oids[-1])] if len(oids) > 1 else []
        read_ahead(many, pairs)
        for base, head in pairs:
            place = ends(each, base, head)
            assert change_set(many, ends(many, base, head)) == change_set(each, place)
            assert history(many, place) == history(each, place)
        for oid in oids:
            shared, alone = many.tree(oid), each.tree(oid)
            assert type(shared) is not type(alone)
            assert dict(shared.entries) == dict(alone.entries)
            assert len(shared.entries) == len(alone.entries)
            assert [shared.named(test) for test in TESTS] == [alone.named(test) for test in TESTS]
            asked = (*ASKED, *alone.entries)
            assert [shared.entries.get(path) for path in asked] == [alone.entries.get(path) for path in asked]
            assert [path in shared.entries for path in asked] == [path in alone.entries for path in asked]
            assert [shared.is_folder(path) for path in asked] == [alone.is_folder(path) for path in asked]
            read = [(path, shared.read(path)) for path in alone.entries]
            assert read == [(path, alone.read(path)) for path in alone.entries]
            assert dict(shared.read_each(list(alone.entries), 4)) == dict(alone.read_each(list(alone.entries), 4))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(commits=COMMITS)
def test_a_log_of_all_files_tells_of_each_what_a_log_of_that_one_does(
    tmp_path_factory: pytest.TempPathFactory, commits: list[Drawn]
) -> None:
    repo = GitRepo.init(tmp_path_factory.mktemp("repo") / "r")
    tip = committed(repo, commits)[-1]
    with Repository.open(repo.path) as opened:
        log = CommitLog(read_log(opened.git, tip))
        files = FileHistory(log, frozenset())
        told = {each.oid: each.paths for each in touching(opened, tip, None, ())}
        for oid, commit in log.commits.items():
            found = {path for path in commit.paths if log.differs_from_all(oid, path)}
            assert found == told.get(oid, frozenset())
        for path, side in opened.tree(tip).entries.items():
            alone = file_history(opened, tip, [path])
            assert set(files.came(path)) == set(alone.came(path))
            assert files.came(path)[0] in alone.came(path)
            for held in ({side.oid}, {blob for _, blob in alone.came(path)}):
                since = files.since(path, side.oid, held.__contains__)
                assert since == alone.since(path, side.oid, held.__contains__)
