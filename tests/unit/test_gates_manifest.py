"""Gates of an entry that rest on other trees: the path, and what main holds (contract, The ten gates)."""

import pytest
from cases import Files, case, change, settings

from gatekeeper.gates.case import MainTip
from gatekeeper.gates.manifest import matches_main, openable
from gatekeeper.gates.migrations import migration_globs
from gatekeeper.model.changes import REGULAR, ChangeKind, FileChange, Side
from gatekeeper.model.globs import matches_any

BASE, HEAD, OTHER = (Files({"f": text}).entries["f"].oid for text in ("base", "head", "other"))


def at(
    main: dict[str, str | bytes | None], path: str, old: str | None = None, kind: str = "modified"
) -> bool | None:
    base = None if kind == "added" else Side(REGULAR, BASE)
    head = None if kind == "deleted" else Side(REGULAR, HEAD)
    moved = FileChange(path, ChangeKind.RENAMED if old else ChangeKind(kind), base, head, old)
    return matches_main(moved, MainTip("main", Files(main), contains_head=False))


def test_main_holds_the_base_or_the_head_of_the_file_or_something_else_landed() -> None:
    assert at({"f": "base"}, "f") is True
    assert at({"f": "head"}, "f") is True
    assert at({"f": "other"}, "f") is False
    assert at({}, "f") is False
    assert at({"f": "base", "g": "other"}, "f") is True


def test_an_added_file_may_not_have_landed_otherwise_and_a_deleted_one_not_be_edited() -> None:
    assert at({}, "f", kind="added") is True
    assert at({"f": "head"}, "f", kind="added") is True
    assert at({"f": "other"}, "f", kind="added") is False
    assert at({"f": "base"}, "f", kind="deleted") is True
    assert at({}, "f", kind="deleted") is True
    assert at({"f": "other"}, "f", kind="deleted") is False


def test_a_rename_is_looked_for_under_both_names() -> None:
    assert at({"old": "base"}, "f", "old") is True
    assert at({"f": "head"}, "f", "old") is True
    assert at({"old": "other"}, "f", "old") is False
    assert at({"old": "base", "f": "other"}, "f", "old") is False


def test_main_that_contains_head_proves_it_and_no_main_is_not_applicable() -> None:
    contains = MainTip("main", Files({"f": "other"}), contains_head=True)
    assert matches_main(change("f"), contains) is True
    assert matches_main(change("f"), None) is None


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../b", "a//b", "./a", ".git/config"])
def test_a_path_that_is_not_canonical_is_not_openable(path: str) -> None:
    assert openable(change(path), case()) is False


@pytest.mark.parametrize(
    ("folders", "path", "counts"),
    [
        (["db"], "db/0001.sql", True),
        (["./db/"], "db/0001.sql", True),
        (["."], "0001.sql", True),
        (["db"], "dbs/0001.sql", False),
    ],
)
def test_everything_in_a_migration_folder_is_a_migration(folders: list[str], path: str, counts: bool) -> None:
    assert matches_any(migration_globs(settings(migrations={"paths": folders})), path) is counts
