"""``gate migrations lint`` and the lint of post-work on real repositories."""

import importlib.metadata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from application import commit, gate, git, rules, run, write
from cases import PACKET, PACKET_TEXT, WP_ID, edited
from small import check_of, findings, made, put

from gatekeeper.engines.server import running_server

UP = "CREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY, kind TEXT);\n"
DOWN = "DROP TABLE IF EXISTS jobs;\n"
CLEAN = {"migrations/0001_jobs.sql": UP, "migrations/0001_jobs.down.sql": DOWN}
BAD = "UPDATE jobs SET kind = datetime('now') WHERE id = ?;\n"


def repository(path: Path) -> Path:
    path.mkdir()
    git(path, "init", "-q", "-b", "main")
    commit(path, "Clean", CLEAN)
    return path


def test_the_work_tree_is_linted_whole_without_a_database(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    code, verdict, _ = gate(repo, "migrations", "lint")
    assert (code, verdict["status"], verdict["gate"]) == (0, "PASS", "migrations lint")
    assert (verdict["wp_id"], verdict["packet"], verdict["migrations"]) == (None, None, None)
    assert (verdict["schema"], [c["id"] for c in verdict["checks"]]) == ("gatekeeper/verdict/v1", ["migrations"])
    write(
        repo, {"migrations/0003_kinds.sql": BAD, "gatekeeper.toml": '[postgres]\nurl = "postgresql://nowhere/x"\n'}
    )
    code, verdict, _ = gate(repo, "migrations", "lint")
    assert (code, verdict["status"], verdict["exit_code"]) == (1, "FAIL", 1)
    assert findings(verdict, "migrations") == [
        "lint.engine-specific",
        "lint.not-run (note)",
        "lint.placeholder",
        "migration.gap",
        "migration.missing-down",
    ]
    assert check_of(verdict, "migrations")["reason"] == (
        "lint.engine-specific, lint.placeholder, migration.gap, migration.missing-down"
    )


def test_a_selector_names_the_tree(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    write(
        repo, {"migrations/0002_kinds.sql": BAD, "migrations/0002_kinds.down.sql": "-- the old kinds are gone\n"}
    )
    git(repo, "add", "-A")
    write(repo, {"migrations/0002_kinds.sql": "SELECT 1;\n"})
    assert gate(repo, "migrations", "lint", "--worktree")[0] == 0
    assert gate(repo, "migrations", "lint", "--staged")[0] == 1
    assert gate(repo, "migrations", "lint", "--rev", "HEAD")[0] == 0
    git(repo, "commit", "-q", "-m", "Bad")
    assert gate(repo, "migrations", "lint", "--rev", "HEAD")[0] == 1
    assert gate(repo, "migrations", "lint", "--range", "HEAD..HEAD~1")[0] == 0


def test_warnings_pass_and_the_text_shows_the_rewritten_statement_on_lines_of_its_own(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    write(repo, {"migrations/0002_a.sql": "CREATE TABLE a (\n    id BIGINT PRIMARY KEY\n);\n"})
    write(repo, {"migrations/0002_a.down.sql": "DROP TABLE IF EXISTS a;\n"})
    code, out, _ = run(repo, "migrations", "lint")
    assert code == 0
    assert "    mend: Add IF NOT EXISTS:\n            CREATE TABLE IF NOT EXISTS a (\n" in out
    assert out.rstrip().endswith("Migrations lint validation PASSED with 1 warning")
    annotation = run(repo, "migrations", "lint", "--format", "github")[1]
    assert "::warning file=migrations/0002_a.sql,line=1,title=lint.if-not-exists::" in annotation


def test_without_migrations_nothing_applies(tmp_path: Path) -> None:
    repo = tmp_path / "r"
    repo.mkdir()
    git(repo, "init", "-q", "-b", "main")
    code, verdict, _ = gate(repo, "migrations", "lint")
    assert (code, verdict["status"], check_of(verdict, "migrations")["status"]) == (0, "PASS", "NOT_APPLICABLE")
    assert "no migrations" in check_of(verdict, "migrations")["reason"]


def test_mixed_layouts_and_a_wrong_since_are_wrong_usage(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    write(repo, {"gatekeeper.toml": '[migrations]\nsince = "first"\n'})
    assert gate(repo, "migrations", "lint")[0] == 2
    write(repo, {"gatekeeper.toml": "", "migrations/0002_a.up.sql": UP})
    assert gate(repo, "migrations", "lint")[0] == 2


def test_a_squawk_that_cannot_run_is_not_run_and_a_missing_one_is_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = repository(tmp_path / "r")
    broken = tmp_path / "squawk"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    file = importlib.metadata.PackagePath("squawk")
    file.dist = importlib.metadata.PathDistribution(tmp_path / "none.dist-info")
    monkeypatch.setattr(importlib.metadata, "files", lambda _: [file])
    code, verdict, _ = gate(repo, "migrations", "lint")
    assert (code, verdict["status"]) == (3, "NOT_RUN")
    assert "squawk could not run" in check_of(verdict, "migrations")["reason"]
    monkeypatch.setattr(importlib.metadata, "files", lambda _: None)
    code, verdict, _ = gate(repo, "migrations", "lint")
    assert (code, findings(verdict, "migrations")) == (0, ["lint.not-run (note)"])
    assert "gatekeeper[lint]" in run(repo, "migrations", "lint")[1]


@pytest.fixture(scope="module")
def configuration() -> Iterator[str]:
    """Settings that let every proof of the module use one server."""
    with running_server("", sockets=True) as running:
        host = running.connect["host"]
        yield f'[spec]\npointer = "docs/SPEC_CURRENT.md"\n[postgres]\nurl = "postgresql://postgres@/postgres?host={host}"\n'


WORK = edited(PACKET_TEXT, "  - src/a.txt\n- OUT", "  - migrations/\n- OUT")


def worked(path: Path, configuration: str, change: dict[str, str], packet: str = WORK) -> dict[str, Any]:
    """The verdict of post-work on a repository whose first version has an old fault, and on that change."""
    base = {PACKET: packet, "gatekeeper.toml": configuration, **CLEAN}
    base["migrations/0001_jobs.sql"] = UP + "CREATE INDEX jobs_kind ON jobs (kind);\n"
    repo = made(path, base, {})
    put(repo, change)
    commit(repo, "Work")
    return gate(repo, "post-work", WP_ID)[1]


def test_post_work_lints_the_changed_files_and_an_error_fails_it(tmp_path: Path, configuration: str) -> None:
    change = {"migrations/0002_a.sql": BAD, "migrations/0002_a.down.sql": "DROP INDEX gone;\n"}
    verdict = worked(tmp_path / "r", configuration, change)
    found = [f for f in check_of(verdict, "migrations")["findings"] if f["rule"].startswith("lint.")]
    assert [(f["rule"], f["path"]) for f in found if f["severity"] != "note"] == [
        ("lint.if-exists", "migrations/0002_a.down.sql"),
        ("lint.engine-specific", "migrations/0002_a.sql"),
        ("lint.placeholder", "migrations/0002_a.sql"),
    ]
    assert {"lint.engine-specific", "lint.placeholder"} <= rules(verdict)


def test_a_waiver_covers_the_lint_and_the_proof_by_itself_lints_no_statements(
    tmp_path: Path, configuration: str
) -> None:
    change = {
        "migrations/0002_a.postgres.sql": "SELECT 1;\n",
        "migrations/0002_a.postgres.down.sql": "-- nothing\n",
    }
    change["migrations/0002_a.sqlite.sql"] = "CREATE TABLE a (id BIGINT PRIMARY KEY);\n"
    change["migrations/0002_a.sqlite.down.sql"] = "DROP TABLE a;\n"
    record = "- W-1 | lint | migrations/** | a reason | maintainers | 2026-01-01 | -\n"
    verdict = worked(tmp_path / "r", configuration, change, edited(WORK, "- NONE\n", record))
    found = [f for f in check_of(verdict, "migrations")["findings"] if f["rule"].startswith("lint.")]
    assert {(f["rule"], f["waiver"]) for f in found} == {("lint.if-exists", "W-1"), ("lint.if-not-exists", "W-1")}
    proven = gate(tmp_path / "r", "migrations", "prove")[1]
    assert not any(rule.startswith("lint.") for s in ("error", "warning", "note") for rule in rules(proven, s))
