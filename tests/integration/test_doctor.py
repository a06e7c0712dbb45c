"""``gate doctor``: what there is to work with, really tried, and which settings are in force."""

import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest
from adoption import made, rust_sqlx
from application import git, run

from gatekeeper.config import variable_of

SQLITE_ONLY = '[migrations]\nengines = ["sqlite"]\n'
SECRET = "postgresql://somebody:hunter2@localhost:1/app?password=hunter3"  # noqa: S105 - a made one, to look for


def doctor(repo: Path, *arguments: str) -> tuple[int, dict[str, dict[str, Any]], dict[str, tuple[Any, str]]]:
    """Exit code, the checks by id, and each setting's value and origin."""
    code, out, err = run(repo, "doctor", "--format", "json", *arguments)
    assert err == ""
    body = json.loads(out)
    assert body["schema"] == "gatekeeper/doctor/v1"
    assert body["exit_code"] == code
    assert body["status"] == ("PASS" if code == 0 else "NOT_RUN")
    settings = {setting["key"]: (setting["value"], setting["origin"]) for setting in body["settings"]}
    return code, {check["id"]: check for check in body["checks"]}, settings


def test_all_that_is_needed_is_tried_and_told(tmp_path: Path) -> None:
    repo = made(tmp_path / "app", rust_sqlx())
    (repo / "gatekeeper.toml").write_text(
        '# ours\n[packets]\ndir = "docs/task_packets"\n\n[migrations]\npaths = ["src/backend/core/migrations"]\n'
    )
    code, checks, settings = doctor(repo)
    assert code == 0, checks
    ledger = checks.pop("ledger")
    assert {check["status"] for check in checks.values()} == {"PASS"}
    assert (ledger["status"], "none yet at " in ledger["reason"]) == ("NOT_APPLICABLE", True)
    assert checks["git"]["value"].split()[0] in git(repo, "version")
    assert "2.34 and newer" in checks["git"]["value"]
    assert checks["python"]["value"].startswith(".".join(map(str, sys.version_info[:3])))
    assert sqlite3.sqlite_version in checks["sqlite"]["value"]
    assert "embedded" in checks["postgres"]["value"]
    assert int(checks["postgres"]["value"].split(".")[0]) >= 14
    assert checks["configuration"]["value"] == "gatekeeper.toml"
    assert checks["main"]["value"] == "main"
    assert checks["packets"]["value"] == "1 in docs/task_packets/"
    assert checks["migrations"]["value"] == "2 for sqlite, 2 for postgres, layout suffix"
    assert settings["packets.dir"] == ("docs/task_packets", "gatekeeper.toml:3")
    assert settings["migrations.paths"] == (["src/backend/core/migrations"], "gatekeeper.toml:6")
    assert settings["packets.refinement"] == ("required", "default")
    assert settings["migrations.require-down"] == (True, "default")


def test_an_engine_that_is_not_configured_is_not_applicable(tmp_path: Path) -> None:
    repo = made(tmp_path / "app", {"pyproject.toml": '[tool.gatekeeper.migrations]\nengines = ["sqlite"]\n'})
    code, checks, settings = doctor(repo)
    assert (code, checks["postgres"]["status"]) == (0, "NOT_APPLICABLE")
    assert checks["configuration"]["value"] == "pyproject.toml"
    assert settings["migrations.engines"] == (["sqlite"], "pyproject.toml:2")
    _, out, _ = run(repo, "doctor")
    assert 'migrations.engines              ["sqlite"]  (pyproject.toml:2)\n' in out
    assert out.endswith("\nEverything that is needed works.\n")


def test_a_server_that_cannot_be_reached_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEKEEPER_POSTGRES_URL", SECRET)
    monkeypatch.setenv("GATEKEEPER_LEDGER_URL", SECRET)
    repo = made(tmp_path / "app", {"a.txt": "a\n"})
    code, checks, settings = doctor(repo)
    assert (code, checks["postgres"]["status"]) == (3, "NOT_RUN")
    assert "can't be reached" in checks["postgres"]["reason"]
    for key in ("postgres.url", "ledger.url"):
        table = key.partition(".")[0]
        assert settings[key] == ("localhost port 1, database app", f"environment {variable_of(table, 'url')}")
    _, out, err = run(repo, "doctor")
    assert "hunter" not in out + err
    assert out.endswith("\nSomething that should run can't.\n")


def test_a_url_that_cannot_be_read_is_not_shown(tmp_path: Path) -> None:
    text = f'{SQLITE_ONLY}[postgres]\nurl = "postgresql://somebody:hunter2@[::1/app"\n'
    repo = made(tmp_path / "app", {"gatekeeper.toml": text})
    code, _, settings = doctor(repo)
    assert (code, settings["postgres.url"]) == (0, ("a URL that can't be read", "gatekeeper.toml:4"))


def test_binaries_that_are_not_there_are_not_run(tmp_path: Path) -> None:
    repo = made(tmp_path / "app", {"gatekeeper.toml": '[postgres]\nbin = "/nowhere"\n'})
    code, checks, _ = doctor(repo)
    assert (code, checks["postgres"]["status"]) == (3, "NOT_RUN")
    assert "/nowhere" in checks["postgres"]["reason"]


@pytest.mark.parametrize(
    ("files", "item", "says"),
    [
        ({"gatekeeper.toml": f'[git]\nmain = "trunk"\n{SQLITE_ONLY}'}, "main", "git fetch origin trunk"),
        (
            {
                "gatekeeper.toml": SQLITE_ONLY,
                "migrations/0001_a.sql": "SELECT 1;\n",
                "migrations/0002_b.up.sql": "SELECT 1;\n",
            },
            "migrations",
            "mix layouts",
        ),
    ],
)
def test_what_keeps_a_gate_from_running_is_not_run(
    tmp_path: Path, files: dict[str, str], item: str, says: str
) -> None:
    code, checks, _ = doctor(made(tmp_path / "app", files))
    assert (code, checks[item]["status"]) == (3, "NOT_RUN")
    assert says in checks[item]["reason"]
    assert [check["id"] for check in checks.values() if check["status"] == "NOT_RUN"] == [item]


def test_before_the_first_commit_there_is_no_main(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--template=", "-b", "main")
    (tmp_path / "gatekeeper.toml").write_text(SQLITE_ONLY)
    code, checks, _ = doctor(tmp_path)
    assert (code, checks["main"]["reason"]) == (3, "there is no commit yet: make a first one")


def test_a_bare_repository_is_examined_at_its_head(tmp_path: Path) -> None:
    files = {"gatekeeper.toml": SQLITE_ONLY, "packets/WP-1-A.md": "# A\n"}
    git(tmp_path, "clone", "-q", "--bare", str(made(tmp_path / "app", files)), "bare")
    code, checks, settings = doctor(tmp_path / "bare")
    assert (code, checks["packets"]["value"]) == (0, "1 in packets/")
    assert settings["migrations.engines"] == (["sqlite"], "gatekeeper.toml:2")


def test_a_file_that_is_named_is_where_values_come_from(tmp_path: Path) -> None:
    repo = made(tmp_path / "app", {"gatekeeper.toml": "[git]\nmain = 'trunk'\n"})
    other = tmp_path / "other.toml"
    other.write_text(SQLITE_ONLY)
    code, _, settings = doctor(repo, "--config", str(other))
    assert (code, settings["git.main"]) == (0, ("main", "default"))
    assert settings["migrations.engines"] == (["sqlite"], f"{other}:2")


def test_without_git_the_rest_is_examined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    code, checks, _ = doctor(tmp_path)
    assert (code, checks["git"]["status"], checks["sqlite"]["status"]) == (3, "NOT_RUN", "PASS")
    assert "install git 2.34" in checks["git"]["reason"]


def test_a_wrong_configuration_is_wrong_usage(tmp_path: Path) -> None:
    code, out, err = run(made(tmp_path / "app", {"gatekeeper.toml": "[packets]\ndri = 'x'\n"}), "doctor")
    assert (code, out) == (2, "")
    assert "gatekeeper.toml:2" in err
    assert run(tmp_path, "doctor")[0] == 2
