"""``gate init``: from a repository that has never heard of the gate to one that it judges."""

import json
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from adoption import (
    DOWN,
    REPOSITORIES,
    UP,
    made,
    no_migrations,
    packets_only,
    python_two_sets,
    rust_sqlx,
    typescript,
)
from application import commit, gate, git, rules, run, write

from gatekeeper.cli.parser import build_app
from gatekeeper.config import parse

ALL = ("--just", "--pre-commit", "--ci", "github", "--agents")
TO_FILL = {"packet.placeholder", "scope.empty", "refinement.unsigned", "refinement.mismatch", "refinement.anchor"}


def snapshot(repo: Path) -> dict[str, bytes]:
    files = (path for path in repo.rglob("*") if path.is_file() and ".git/" not in path.as_posix())
    return {path.relative_to(repo).as_posix(): path.read_bytes() for path in files}


def adopted(repo: Path, *arguments: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run init: what it says as JSON, and the configuration in the file."""
    code, out, err = run(repo, "init", *arguments, "--format", "json")
    assert (code, err) == (0, "")
    said = json.loads(out)
    assert said["schema"] == "gatekeeper/init/v1"
    text = (repo / "gatekeeper.toml").read_text()
    assert parse(text.encode(), "gatekeeper.toml") is not None
    return said, tomllib.loads(text)


def actions(said: Mapping[str, Any]) -> dict[str, str]:
    return {file["path"]: file["action"] for file in said["files"]}


@pytest.mark.parametrize("name", REPOSITORIES)
def test_a_repository_is_ready_in_six_commands(tmp_path: Path, name: str) -> None:
    files, main = REPOSITORIES[name]
    repo = made(tmp_path / "app", files(), main)
    before = snapshot(repo)
    said, _ = adopted(repo, *ALL)
    after = snapshot(repo)
    assert all(after[path].startswith(data) for path, data in before.items())
    assert after.keys() - before.keys() <= actions(said).keys()
    git(repo, "add", "--", *(path for path, action in actions(said).items() if action in {"create", "append"}))
    git(repo, "commit", "-q", "-m", "Adopt gate")
    assert git(repo, "status", "--porcelain") == ""

    assert run(repo, "init", *ALL)[1].endswith("Nothing was changed: all of it is there.\n")
    assert snapshot(repo) == after
    assert run(repo, "doctor")[0] == 0
    assert run(repo, "new", "WP-9-First")[0] == 0
    commit(repo, "Plan WP-9-First")
    code, verdict, _ = gate(repo, "pre-work", "WP-9-First")
    assert code == 1
    assert rules(verdict) <= TO_FILL
    assert "packet.placeholder" in rules(verdict)
    code, verdict, _ = gate(repo, "migrations", "prove")
    assert code == 0, verdict
    has_migrations = any(path.endswith(".sql") for path in before)
    assert verdict["checks"][0]["status"] == ("PASS" if has_migrations else "NOT_APPLICABLE")
    code, verdict, _ = gate(repo, "check")
    assert code == 1
    assert rules(verdict) <= TO_FILL
    assert [packet["wp_id"] for packet in verdict["packets"]] == ["WP-9-First"]


def test_the_reference_layout_is_found(tmp_path: Path) -> None:
    said, config = adopted(made(tmp_path / "app", rust_sqlx()))
    assert config["packets"] == {"dir": "docs/task_packets", "refinements": "docs/refinements"}
    assert config["spec"] == {"pointer": "docs/SPEC_CURRENT.md"}
    assert config["authority"] == {"strict": True}
    assert config["migrations"] == {"paths": ["src/backend/core/migrations"], "layout": "suffix"}
    assert config["kinds"]["migration"] == ["src/backend/core/migrations/**"]
    assert config["kinds"]["storage"] == ["src/backend/core/src/storage/**"]
    assert "audit" not in config
    assert (said["languages"], said["notes"]) == (["Rust"], [])


def test_two_sets_of_migrations_are_told_apart(tmp_path: Path) -> None:
    _, config = adopted(made(tmp_path / "app", python_two_sets()))
    assert config["migrations"]["sqlite"] == ["app/migrations/sqlite"]
    assert config["migrations"]["postgres"] == ["app/migrations/postgres"]
    assert "paths" not in config["migrations"]
    assert "engines" not in config["migrations"]
    assert config["audit"] == {"sources": ["app/**", "**/migrations/**"], "storage": ["app/db/**"]}


def test_old_migrations_that_cannot_pass_become_notes(tmp_path: Path) -> None:
    repo = made(tmp_path / "app", typescript())
    said, config = adopted(repo)
    assert config["migrations"]["layout"] == "up-down"
    assert config["migrations"]["engines"] == ["postgres"]
    assert config["migrations"]["since"] == "20240215093000"
    assert any("migration.replay-fails" in note for note in said["notes"])
    code, verdict, _ = gate(repo, "migrations", "prove")
    assert (code, rules(verdict, "note")) == (0, {"migration.replay-fails"})


def test_a_newest_migration_that_cannot_pass_is_told(tmp_path: Path) -> None:
    files = {
        "migrations/0001_a.sql": UP.format("a"),
        "migrations/0002_b.sql": UP.format("b"),
        "gate.toml": "x = 'sqlite'\n",
    }
    repo = made(tmp_path / "app", files)
    said, config = adopted(repo)
    assert (config["migrations"]["since"], config["migrations"]["engines"]) == ("0002", ["sqlite"])
    assert any("Errors are left on migrations/0002_b.sql." in note for note in said["notes"])
    assert rules(gate(repo, "migrations", "prove")[1]) == {"migration.missing-down"}
    commit(repo, "Down", {"migrations/0002_b.down.sql": DOWN.format("b")})
    code, verdict, _ = gate(repo, "migrations", "prove")
    assert (code, rules(verdict, "note")) == (0, {"migration.missing-down"})


def test_what_cannot_be_run_is_not_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEKEEPER_POSTGRES_URL", "postgresql://somebody:hunter2@localhost:1/app")
    said, config = adopted(made(tmp_path / "app", typescript()))
    assert "since" not in config["migrations"]
    (note,) = said["notes"]
    assert "could not run on every engine" in note
    assert "hunter2" not in json.dumps(said)


def test_without_a_proof_nothing_is_said_of_old_migrations(tmp_path: Path) -> None:
    said, config = adopted(made(tmp_path / "app", typescript()), "--no-prove")
    assert "since" not in config["migrations"]
    assert said["notes"] == ["The migrations weren't proven (--no-prove), so [migrations] since isn't set."]


def test_mixed_layouts_and_further_sets_are_left_to_a_person(tmp_path: Path) -> None:
    files = {
        "db/migrations/0001_a.sql": UP.format("a"),
        "db/migrations/0002_b.up.sql": UP.format("b"),
        "billing/migrations/0001_c.sql": UP.format("c"),
        "tests/migrations/0001_d.sql": UP.format("d"),
    }
    said, config = adopted(made(tmp_path / "app", files))
    assert config["migrations"]["paths"] == ["db/migrations"]
    assert "layout" not in config["migrations"]
    notes = " ".join(said["notes"])
    assert "more folders of migrations: billing/migrations." in notes
    assert "mix layouts" in notes


def test_each_line_has_its_reason(tmp_path: Path) -> None:
    repo = made(tmp_path / "app", rust_sqlx())
    code, out, _ = run(repo, "init", "--dry-run", "--no-prove")
    assert code == 0
    said = [line.strip() for line in out.splitlines()]
    keys = [number for number, line in enumerate(said) if re.match(r"[a-z-]+ = ", line)]
    assert len(keys) >= 8
    assert all(
        re.fullmatch(r"# [A-Z0-9].*\.", said[number - 1]) or "lies there" in said[number - 1] for number in keys
    )


@pytest.mark.parametrize("files", [rust_sqlx, typescript, packets_only])
def test_a_dry_run_shows_it_all_and_writes_nothing(tmp_path: Path, files: Any) -> None:
    repo = made(tmp_path / "app", files())
    before = snapshot(repo)
    code, dry, _ = run(repo, "init", "--dry-run", "--no-prove", *ALL)
    assert code == 0
    assert dry.endswith("Nothing was written (--dry-run).\n")
    assert snapshot(repo) == before
    wet = run(repo, "init", "--no-prove", *ALL)[1]
    assert dry.partition("\nNothing was")[0] == wet.partition("\nNext:")[0]
    shown = "".join(f"  {line}".rstrip() + "\n" for line in (repo / "gatekeeper.toml").read_text().splitlines())
    assert shown in wet


def test_it_says_to_commit_alone_on_main_before_the_first_packet(tmp_path: Path) -> None:
    repo = made(tmp_path / "app", no_migrations(), "master")
    git(repo, "switch", "-q", "-c", "work")
    out = run(repo, "init")[1]
    assert "commit these files alone, on master, before the first packet:\n  git switch master\n" in out
    added = re.search(r"git add -- (.*)", out)
    assert added
    written = set(added[1].split())
    assert written == set(git(repo, "ls-files", "--others").split())


def test_a_configuration_that_is_there_stays(tmp_path: Path) -> None:
    text = '[tool.gatekeeper.packets]\ndir = "plans"\n'
    repo = made(tmp_path / "app", {"pyproject.toml": text})
    code, out, _ = run(repo, "init")
    assert code == 0
    assert "keep     pyproject.toml" in out
    assert not (repo / "gatekeeper.toml").exists()
    assert (repo / "plans/templates/packet.md.j2").is_file()
    assert (repo / "pyproject.toml").read_text() == text


def test_recipes_of_its_own_stay_and_none_comes_twice(tmp_path: Path) -> None:
    repo = made(tmp_path / "app", typescript())
    run(repo, "init", "--no-prove", "--just")
    text = (repo / "justfile").read_text()
    assert text.startswith(typescript()["justfile"] + "\n\n# begin: written by gate init\n")
    names = re.findall(r"^([a-z0-9-]+)(?: [^:\n]*)?:$", text, re.MULTILINE)
    assert len(names) == len(set(names))
    assert {"build", "post-work", "pre-work", "cor701-sha"} <= set(names)


def test_every_recipe_hook_and_workflow_calls_a_command_that_exists(tmp_path: Path) -> None:
    repo = made(tmp_path / "app", no_migrations())
    run(repo, "init", *ALL)
    app = build_app()
    known = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    for path in ("justfile", ".pre-commit-config.yaml", ".github/workflows/gate.yml", "AGENTS.md"):
        called = re.findall(r"(?:^ +|entry: |run: |`)gate ([a-z-]+)", (repo / path).read_text(), re.MULTILINE)
        assert called, path
        assert set(called) <= known, path


@pytest.mark.parametrize(
    ("there", "action"),
    [
        ("repos:\n- repo: local\n  hooks: []\n", "append"),
        ("default_stages: [commit]\nrepos:\n    - repo: local\n      hooks: []", "append"),
        ("repos: []\n", "by hand"),
        ("repos:\n- repo: local\n  hooks: []\nfail_fast: true\n", "by hand"),
    ],
)
def test_a_hook_is_added_only_where_it_fits(tmp_path: Path, there: str, action: str) -> None:
    repo = made(tmp_path / "app", {".pre-commit-config.yaml": there})
    said, _ = adopted(repo, "--pre-commit")
    assert actions(said)[".pre-commit-config.yaml"] == action
    text = (repo / ".pre-commit-config.yaml").read_text()
    if action == "by hand":
        assert text == there
        assert "gate check --staged" in json.dumps(said)
        return
    depths = {len(line) - len(line.lstrip()) for line in text.splitlines() if line.lstrip().startswith("- repo:")}
    assert text.startswith(there)
    assert len(depths) == 1
    assert text.count("- repo: local") == 2


def test_a_file_keeps_its_own_line_ends(tmp_path: Path) -> None:
    repo = made(tmp_path / "app", typescript())
    run(repo, "init", "--no-prove", "--agents")
    data = (repo / "AGENTS.md").read_bytes()
    assert data.startswith(typescript()["AGENTS.md"].encode())
    assert data.count(b"\n") == data.count(b"\r\n")


def test_a_preset_names_what_is_not_there_yet(tmp_path: Path) -> None:
    _, config = adopted(made(tmp_path / "app", {"README.md": "Soon.\n"}), "--preset", "task-packets")
    assert config["packets"] == {"dir": "docs/task_packets", "refinements": "docs/refinements"}
    assert config["migrations"]["paths"] == ["src/**/migrations"]
    assert config["kinds"] == {"migration": ["src/**/migrations/**"], "storage": ["src/**/storage/**"]}
    code, _, err = run(tmp_path / "app", "init", "--preset", "other")
    assert (code, "--preset task-packets" in err) == (2, True)


@pytest.mark.parametrize("pointed", ["nothing at all\n", "See Gone.md.\n"])
def test_a_pointer_to_no_spec_is_not_taken(tmp_path: Path, pointed: str) -> None:
    said, config = adopted(made(tmp_path / "app", {"docs/SPEC_CURRENT.md": pointed}))
    assert "spec" not in config
    assert said["notes"] == [
        "docs/SPEC_CURRENT.md names no specification that exists, so it isn't taken for the spec pointer."
    ]


def test_main_is_what_origin_says(tmp_path: Path) -> None:
    made(tmp_path / "app", {"README.md": "Here.\n", "src/a.rs": "fn a() {}\n"}, "trunk-of-ours")
    git(tmp_path, "clone", "-q", str(tmp_path / "app"), "clone")
    git(tmp_path / "clone", "switch", "-q", "-c", "main")
    assert adopted(tmp_path / "clone")[1]["git"] == {"main": "trunk-of-ours"}


def test_odd_names_make_a_configuration_that_can_be_read(tmp_path: Path) -> None:
    folder = 'src/a "quoted" \\ folder\u00e9/migrations'
    files = {f"{folder}/0001_a.sql": UP.format("a"), f"{folder}/0001_a.down.sql": DOWN.format("a")}
    repo = made(tmp_path / "app", files)
    assert adopted(repo)[1]["migrations"]["paths"] == [folder]
    assert gate(repo, "migrations", "prove")[1]["checks"][0]["status"] == "PASS"


def test_a_name_that_no_configuration_can_hold_is_passed_over(tmp_path: Path) -> None:
    repo = made(tmp_path / "app", {"a.txt": "a\n"})
    for folder in (b"migrations \xff", b"migrations \n"):
        write(repo, {os.fsdecode(folder + b"/0001_a.sql"): "SELECT 1;\n"})
    assert adopted(repo)[1]["migrations"] == {"paths": ["migrations"]}


def test_sources_that_are_called_packets_stay_sources(tmp_path: Path) -> None:
    _, config = adopted(made(tmp_path / "app", {"packets/tcp.rs": "fn a() {}\n"}))
    assert config["packets"] == {"dir": "docs/packets", "refinements": "docs/packets/refinements"}


def test_a_repository_without_a_commit_can_be_made_ready(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--template=", "-b", "trunk")
    assert adopted(tmp_path)[1]["git"] == {"main": "trunk"}


def test_it_needs_a_work_tree(tmp_path: Path) -> None:
    git(made(tmp_path / "app", {"a": "a\n"}), "clone", "-q", "--bare", ".", str(tmp_path / "bare"))
    code, _, err = run(tmp_path / "bare", "init")
    assert (code, "no work tree" in err) == (2, True)
    write(tmp_path / "none", {"a": "a\n"})
    assert run(tmp_path / "none", "init")[0] == 2
