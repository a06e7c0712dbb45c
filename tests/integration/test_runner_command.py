"""``gate migrations apply``, ``undo``, ``status`` and ``new`` as a user calls them."""

import datetime as dt
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from application import gate, run, write

UP = "CREATE TABLE jobs (id BIGINT PRIMARY KEY);\n"
FILES = {
    "migrations/0001_init.sql": UP,
    "migrations/0001_init.down.sql": "DROP TABLE jobs;\n",
    "migrations/0002_kinds.sql": "CREATE TABLE kinds (id BIGINT PRIMARY KEY);\n",
    "migrations/0002_kinds.down.sql": "DROP TABLE kinds;\n",
}


@pytest.fixture(autouse=True)
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "GATEKEEPER_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with migrations and no git, as a place of deployment has it."""
    write(tmp_path, FILES)
    return tmp_path


def url(project: Path) -> str:
    return f"sqlite:{project / 'app.db'}"


def test_apply_status_and_undo_in_words(project: Path) -> None:
    code, out, err = run(project, "migrations", "apply", "--url", url(project))
    assert (code, err) == (0, "")
    assert "Applied 0001\nApplied 0002\nMigrations apply done: 2 versions applied\n" in out
    code, out, _ = run(project, "migrations", "status", "--database-url", url(project))
    assert code == 0
    assert "gatekeeper (table gate_migrations): 2 applied\n" in out
    assert out.endswith("Migrations status: every version is applied\n")
    code, out, err = run(project, "migrations", "undo", "--url", url(project))
    assert (code, out) == (2, "")
    assert "This would undo 0002" in err
    assert "--yes-destroy-data" in err
    code, out, _ = run(
        project, "migrations", "undo", "--steps", "2", "--yes-destroy-data", "--url", url(project), "-q"
    )
    assert (code, out) == (0, "Migrations undo done: 2 versions undone\n")
    code, out, _ = run(project, "migrations", "status", "--url", url(project))
    assert out.endswith("Migrations status: 2 versions to apply\n")


def test_the_result_as_json(project: Path) -> None:
    code, body, _ = gate(project, "migrations", "apply", "--to", "1", "--url", url(project))
    assert code == 0
    assert {name: body[name] for name in ("schema", "command", "engine", "status", "exit_code", "done")} == {
        "schema": "gatekeeper/migrations-run/v1",
        "command": "apply",
        "engine": "sqlite",
        "status": "PASS",
        "exit_code": 0,
        "done": ["0001"],
    }
    _, body, _ = gate(project, "migrations", "status", "--url", url(project))
    (tracked,) = body["tracked"]
    assert (tracked["tool"], tracked["table"]) == ("gatekeeper", "gate_migrations")
    assert [(v["version"], v["name"], v["path"], v["state"]) for v in tracked["versions"]] == [
        ("0001", "init", "migrations/0001_init.sql", "applied"),
        ("0002", "kinds", "migrations/0002_kinds.sql", "pending"),
    ]


def test_a_finding_is_exit_1_with_file_line_and_mend(project: Path) -> None:
    write(project, {"migrations/0002_kinds.sql": "SELECT 1;\nINSERT INTO nowhere VALUES (1);\n"})
    code, out, _ = run(project, "migrations", "apply", "--url", url(project))
    assert code == 1
    assert "error migration.up-fails [sqlite] migrations/0002_kinds.sql:2" in out
    assert "the database stands at version 0001" in out
    code, out, _ = run(project, "migrations", "apply", "--url", url(project), "--format", "github")
    assert code == 1
    assert out.startswith("::error file=migrations/0002_kinds.sql,line=2,title=migration.up-fails::")


def test_a_database_that_cannot_be_used_is_exit_3(project: Path) -> None:
    for target in (f"sqlite:{project}/no/app.db", "postgresql://u:hidden@127.0.0.1:1/d"):
        code, out, err = run(project, "migrations", "apply", "--url", target)
        assert code == 3
        assert "NOT RUN" in out
        assert "mend:" in out
        assert "hidden" not in out + err
        code, body, _ = gate(project, "migrations", "status" if "postgres" in target else "undo", "--url", target)
        assert (code, body["status"]) == (3, "NOT_RUN")


def test_the_url_comes_from_the_environment(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, _, err = run(project, "migrations", "status")
    assert code == 2
    assert "GATEKEEPER_DATABASE_URL" in err
    monkeypatch.setenv("DATABASE_URL", "mysql://u:hidden@h/d")
    code, _, err = run(project, "migrations", "status")
    assert code == 2
    assert "hidden" not in err
    monkeypatch.setenv("GATEKEEPER_DATABASE_URL", url(project))
    assert run(project, "migrations", "apply")[0] == 0
    assert (project / "app.db").exists()


def test_an_engine_that_the_configuration_leaves_out_is_refused(project: Path) -> None:
    write(project, {"gatekeeper.toml": '[migrations]\nengines = ["postgres"]\n'})
    code, _, err = run(project, "migrations", "apply", "--url", url(project))
    assert code == 2
    assert "engines names postgres" in err
    assert not (project / "app.db").exists()


def test_a_folder_below_the_repositorys_root_finds_the_same_files(project: Path) -> None:
    (project / ".git").mkdir()
    (project / "src" / "deep").mkdir(parents=True)
    code, body, _ = gate(project / "src" / "deep", "migrations", "status", "--url", url(project))
    assert code == 0
    assert len(body["tracked"][0]["versions"]) == 2


def test_options_that_exclude_each_other_are_refused(project: Path) -> None:
    assert run(project, "migrations", "undo", "--steps", "1", "--to", "0", "--url", url(project))[0] == 2
    assert run(project, "migrations", "undo", "--steps", "0", "--url", url(project))[0] == 2


def test_sqlite_alone_loads_no_driver_of_postgresql(project: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from gatekeeper.migrate.runner import apply; "
        f"apply({url(project)!r}, []); print('psycopg' in sys.modules, 'git' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"


# New migrations


def made(project: Path, *arguments: str) -> list[str]:
    code, body, err = gate(project, "migrations", "new", *arguments)
    assert code == 0, err
    assert body["schema"] == "gatekeeper/migrations-new/v1"
    return [str(path) for path in body["files"]]


def test_new_makes_the_next_pair_and_both_run(project: Path) -> None:
    assert made(project, "add job names") == [
        "migrations/0003_add_job_names.down.sql",
        "migrations/0003_add_job_names.sql",
    ]
    text = (project / "migrations/0003_add_job_names.sql").read_text()
    assert text.isascii()
    assert "IF NOT EXISTS" in text
    assert "guards = true" in text
    assert run(project, "migrations", "apply", "--url", url(project))[0] == 0
    assert run(project, "migrations", "undo", "--to", "0", "--yes-destroy-data", "--url", url(project))[0] == 0


def test_new_begins_at_one_in_an_empty_project(tmp_path: Path) -> None:
    write(tmp_path, {"gatekeeper.toml": '[migrations]\npaths = ["db/changes"]\nguards = true\n'})
    assert made(tmp_path, "init") == ["db/changes/0001_init.down.sql", "db/changes/0001_init.sql"]
    assert "-- gate: when column-missing" in (tmp_path / "db/changes/0001_init.sql").read_text()


STYLES = {
    "up-down": (["003_a.up.sql", "003_a.down.sql"], ["004_b.down.sql", "004_b.up.sql"]),
    "folder": (["7_a/up.sql", "7_a/down.sql"], ["8_b/down.sql", "8_b/up.sql"]),
    "flyway": (["V9__a.sql"], ["V10__b.down.sql", "V10__b.sql"]),
}


@pytest.mark.parametrize("style", STYLES)
def test_new_follows_the_layout_and_numbering_that_it_finds(tmp_path: Path, style: str) -> None:
    there, wanted = STYLES[style]
    write(tmp_path, {f"migrations/{name}": UP for name in there})
    assert made(tmp_path, "b") == [f"migrations/{name}" for name in wanted]


def test_new_follows_sections_and_timestamps(tmp_path: Path) -> None:
    write(tmp_path, {"migrations/20240102030405_a.sql": f"-- +goose Up\n{UP}-- +goose Down\nDROP TABLE jobs;\n"})
    (path,) = made(tmp_path, "b")
    stamp = path.removeprefix("migrations/").removesuffix("_b.sql")
    age = dt.datetime.now(dt.UTC) - dt.datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=dt.UTC)
    assert abs(age) < dt.timedelta(minutes=5)
    text = (tmp_path / path).read_text()
    assert text.index("-- +goose Up") < text.index("-- +goose Down")


def test_new_writes_dashed_timestamps_where_they_are_used(tmp_path: Path) -> None:
    write(tmp_path, {"migrations/2024-01-02-030405_a/up.sql": UP, "migrations/2024-01-02-030405_a/down.sql": ""})
    down, up = made(tmp_path, "b")
    assert dt.datetime.strptime(up, "migrations/%Y-%m-%d-%H%M%S_b/up.sql").year >= 2024
    assert down == up.replace("up.sql", "down.sql")


def test_new_makes_a_pair_for_each_set(tmp_path: Path) -> None:
    write(tmp_path, {"gatekeeper.toml": '[migrations]\nsqlite = ["lite"]\npostgres = ["pg"]\n'})
    write(tmp_path, {"lite/0001_a.sql": UP, "pg/0001_a.sql": UP, "pg/0002_b.sql": UP})
    made_files = made(tmp_path, "c")
    assert made_files == ["lite/0003_c.down.sql", "lite/0003_c.sql", "pg/0003_c.down.sql", "pg/0003_c.sql"]


def test_new_refuses_what_is_no_name(project: Path) -> None:
    for name in ("../x", "a/b", "", "é", "a.b"):
        code, out, err = run(project, "migrations", "new", name)
        assert (code, out) == (2, "")
        assert "no name for a migration" in err


def test_new_overwrites_nothing(project: Path) -> None:
    write(project, {"migrations/0003_x.down.sql": "-- mine\n"})
    before = sorted(path.name for path in (project / "migrations").iterdir())
    code, body, _ = gate(project, "migrations", "new", "x")
    assert (code, body["version"]) == (0, "0004")
    assert (project / "migrations/0003_x.down.sql").read_text() == "-- mine\n"
    assert len(list((project / "migrations").iterdir())) == len(before) + 2


def test_new_refuses_a_place_that_is_taken(project: Path) -> None:
    (project / "migrations/0003_x.sql").symlink_to("0001_init.sql")
    code, _, err = run(project, "migrations", "new", "x")
    assert code == 2
    assert "migrations/0003_x.sql is there already" in err
    assert not (project / "migrations/0003_x.down.sql").exists()
    assert (project / "migrations/0001_init.sql").read_text() == UP


def test_a_state_that_a_person_can_read_stands_in_the_table(project: Path) -> None:
    run(project, "migrations", "apply", "--url", url(project))
    with closing(sqlite3.connect(project / "app.db")) as connection:
        rows = connection.execute("SELECT version, name, state FROM gate_migrations ORDER BY 1").fetchall()
    assert rows == [("0001", "init", "applied"), ("0002", "kinds", "applied")]
    assert json.dumps(rows)
