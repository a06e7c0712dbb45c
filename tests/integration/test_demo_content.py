"""The repository that ``gate demo`` makes: its shape, its packet, and its migrations, held with plain tools."""

import hashlib
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gatekeeper import resources
from gatekeeper.model.errors import GateError

WP_ID = "WP-1-Migration-Framework"
DEMO = resources.templates() / "demo"

Schema = dict[str, str]


def layer(*names: str) -> dict[str, str]:
    """The files of the layers laid over each other: path to text."""
    files: dict[str, str] = {}
    for name in names:
        folder = DEMO / name
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            files[path.relative_to(folder).as_posix()] = path.read_text(encoding="utf-8")
    return files


BASE = layer("base")
CHANGED = layer("base", "change/1", "change/2")
PACKET = BASE[f"packets/{WP_ID}.md"]
REFINEMENT = BASE[f"packets/refinements/{WP_ID}.md"]


def ups(files: dict[str, str]) -> list[str]:
    return sorted(p for p in files if re.fullmatch(r"migrations/\d{4}_\w+\.sql", p))


def downs(files: dict[str, str]) -> list[str]:
    return sorted(p for p in files if p.endswith(".down.sql"))


def value(text: str, name: str) -> str:
    found = re.search(rf"^- (?:\*\*)?{name}:(?:\*\*)? (.+)$", text, re.MULTILINE)
    assert found, name
    return found.group(1)


def scope() -> list[str]:
    block = PACKET.split("- IN_SCOPE_PATHS:\n")[1].split("- OUT_OF_SCOPE:")[0]
    return [line.removeprefix("  - ").removesuffix(" (new)") for line in block.splitlines()]


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        yield connection


def schema(database: sqlite3.Connection) -> Schema:
    return dict(database.execute("SELECT name, COALESCE(sql, '') FROM sqlite_master"))


def rows(database: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: sorted(database.execute(f"SELECT * FROM {name}")) for name in tables}


def test_the_change_has_the_reference_packets_shape() -> None:
    """9 ups modified, 9 downs added, 6 sources and a script modified: 25 files."""
    changed = {path for path, text in CHANGED.items() if BASE.get(path) != text}
    added = changed - BASE.keys()

    assert len(changed) == 25
    assert added == set(downs(CHANGED))
    assert [p.removesuffix(".down.sql") for p in downs(CHANGED)] == [p.removesuffix(".sql") for p in ups(BASE)]
    assert changed >= set(ups(BASE))
    assert len(ups(BASE)) == 9
    assert len([p for p in changed - added if p.startswith("src/")]) == 6
    assert len([p for p in changed - added if p.startswith("scripts/")]) == 1


def test_the_first_commit_holds_the_migrations_and_the_second_the_rest() -> None:
    assert all(p.startswith("migrations/") for p in layer("change/1"))
    assert not any(p.startswith("migrations/") for p in layer("change/2"))
    assert not layer("change/1").keys() & layer("change/2").keys()


def test_no_file_of_a_change_repeats_what_was_there() -> None:
    changes = {**layer("change/1"), **layer("change/2")}
    assert [p for p, text in changes.items() if BASE.get(p) == text] == []


def test_the_scope_names_the_changed_files_and_no_other() -> None:
    changed = {path for path, text in CHANGED.items() if BASE.get(path) != text}
    assert len(scope()) == len(changed)
    assert set(scope()) == changed


def test_what_the_packet_opens_and_points_at_is_there() -> None:
    opened = PACKET.split("- FILES_TO_OPEN:\n")[1].split("- SEARCH_TERMS:")[0].splitlines()
    names = [re.sub(r" \(.*\)$", "", line.removeprefix("  - ")) for line in opened]
    names += [value(PACKET, name) for name in ("REFINEMENT_FILE", "SPEC_BASELINE", "SPEC_TARGET")]

    assert "migrations/*.sql" in names
    assert [n for n in names if n not in BASE and n != "migrations/*.sql"] == []


def test_packet_and_refinement_carry_the_same_id_and_signature() -> None:
    assert value(PACKET, "WP_ID") == value(PACKET, "TASK_ID") == value(REFINEMENT, "WP_ID") == WP_ID
    signature = value(PACKET, "USER_SIGNATURE")
    assert re.fullmatch(r"maintainer\d{12}", signature)
    assert value(REFINEMENT, "USER_SIGNATURE") == signature
    assert value(REFINEMENT, "USER_REVIEW_STATUS") == "APPROVED"
    assert value(REFINEMENT, "CLEARLY_COVERS_VERDICT") == "PASS"
    assert value(REFINEMENT, "ENRICHMENT_NEEDED") == "NO"


def test_the_refinement_names_the_spec_in_force_with_its_sha1() -> None:
    pointed = re.search(r"\S+\.md", BASE["docs/SPEC_CURRENT.md"])
    assert pointed
    assert value(REFINEMENT, "SPEC_TARGET_RESOLVED") == f"docs/SPEC_CURRENT.md -> {pointed.group()}"
    spec = BASE[f"docs/{pointed.group()}"]
    assert value(REFINEMENT, "SPEC_TARGET_SHA1") == hashlib.sha1(spec.encode(), usedforsecurity=False).hexdigest()


def test_every_anchor_stands_within_its_window() -> None:
    spec = BASE["docs/SPEC_v1.md"].splitlines()
    anchors = REFINEMENT.split("#### ANCHOR ")[1:]
    assert len(anchors) == 5
    for anchor in anchors:
        start, end = (int(value(anchor, f"CONTEXT_{side}_LINE")) for side in ("START", "END"))
        window = "\n".join(spec[start - 1 : end])
        assert value(anchor, "CONTEXT_TOKEN") in window
        excerpt = anchor.split("```text\n")[1].split("  ```")[0]
        assert [line.removeprefix("  ") for line in excerpt.splitlines()] == window.splitlines()


def test_the_packets_anchor_names_ids_and_a_line_of_the_spec() -> None:
    anchor = value(PACKET, "SPEC_ANCHOR")
    spec = BASE["docs/SPEC_v1.md"]
    ids = re.findall(r"CX-[A-Z]+-\d+", anchor)
    assert len(ids) == 4
    assert all(f"[{i}]" in spec for i in ids)
    line = re.search(r"docs/SPEC_v1\.md:(\d+)", anchor)
    assert line
    assert "Migrations validated" in spec.splitlines()[int(line.group(1)) - 1]


def test_everything_shipped_is_ascii_with_plain_line_ends() -> None:
    texts = [p.read_bytes() for p in DEMO.rglob("*") if p.is_file()]
    assert texts
    assert all(text.isascii() and text.endswith(b"\n") for text in texts)


@pytest.mark.parametrize("path", ups(BASE))
def test_before_the_change_an_up_fails_on_its_second_run(database: sqlite3.Connection, path: str) -> None:
    for earlier in ups(BASE):
        database.executescript(BASE[earlier])
        if earlier == path:
            break
    with pytest.raises(sqlite3.DatabaseError):
        database.executescript(BASE[path])


def test_the_change_leaves_the_schema_as_it_was() -> None:
    schemas = []
    for files in (BASE, CHANGED):
        with closing(sqlite3.connect(":memory:")) as database:
            for path in ups(files):
                database.executescript(files[path].replace("IF NOT EXISTS ", ""))
            schemas.append((schema(database), rows(database)))
    assert schemas[0] == schemas[1]


def test_after_the_change_each_up_replays(database: sqlite3.Connection) -> None:
    for path in ups(CHANGED):
        database.executescript(CHANGED[path])
        once = schema(database), rows(database)
        database.executescript(CHANGED[path])
        assert (schema(database), rows(database)) == once, path
    for path in ups(CHANGED):
        database.executescript(CHANGED[path])
    assert (schema(database), rows(database)) == once
    assert len(once[1]["job_kinds"]) == 3


def test_each_down_returns_to_the_schema_before_its_up(database: sqlite3.Connection) -> None:
    before = []
    for path in ups(CHANGED):
        before.append((schema(database), rows(database)))
        database.executescript(CHANGED[path])
    for path in reversed(downs(CHANGED)):
        database.executescript(CHANGED[path])
        assert (schema(database), rows(database)) == before.pop(), path
    assert schema(database) == {}


def test_the_planted_migration_differs_from_a_good_one_only_by_failing_twice(database: sqlite3.Connection) -> None:
    ((path, text),) = layer("faults/replay").items()
    for earlier in ups(CHANGED)[:-1]:
        database.executescript(CHANGED[earlier])
    assert path == ups(CHANGED)[-1]
    database.executescript(text)
    with pytest.raises(sqlite3.DatabaseError, match="already exists"):
        database.executescript(text)


def test_the_planted_file_is_out_of_scope_and_changed() -> None:
    ((path, text),) = layer("faults/out-of-scope").items()
    assert path not in scope()
    assert BASE[path] != text


def test_the_changed_script_wants_a_down_for_every_up(tmp_path: Path) -> None:
    for path, text in CHANGED.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8", newline="\n")
    command = ["sh", "scripts/check-migrations.sh"]

    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    missing = downs(CHANGED)[3]
    (tmp_path / missing).unlink()
    refused = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert missing in refused.stderr


def test_a_missing_template_is_a_sentence_that_names_it() -> None:
    with pytest.raises(GateError, match=r"no-such\.j2 is missing") as caught:
        resources.template("no-such.j2")
    assert caught.value.hint


def test_a_template_is_read_by_its_path() -> None:
    assert resources.template(f"demo/base/packets/{WP_ID}.md") == PACKET


def test_the_ledgers_migrations_ship() -> None:
    assert any(resources.migrations().glob("0001_*.sql"))
