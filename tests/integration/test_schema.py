"""``gate schema``: what every command prints as JSON is what its schema says, no more and no less."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
from application import commit, git, run
from cases import PACKET, REFINEMENT, WP_ID
from reviews import PASS, reviewable
from small import made

from gatekeeper.cli.parser import build_app
from gatekeeper.cli.schemas import SCHEMAS, schema_of

ROOT = Path(__file__).resolve().parents[2]
OF_COMMANDS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "verdict": (
        ("pre-work", WP_ID),
        ("post-work", WP_ID, "--check"),
        ("check",),
        ("audit",),
        ("migrations", "lint"),
        ("migrations", "prove"),
    ),
    "verify": (("verify", WP_ID), ("verify", "--all")),
    "review": (("review", WP_ID, *PASS), ("review", WP_ID, "--fail", "--reason", "no", "--rev", "HEAD~1")),
    "evidence": (("evidence", WP_ID, "--yes"),),
    "evidence-plan": (("evidence", WP_ID, "--list"),),
    "manifest": (("manifest", WP_ID), ("manifest", WP_ID, "--diff"), ("manifest", WP_ID, "--write")),
    "sha": (("sha", "src/a.txt"),),
    "status": (("status",),),
    "status-packet": (("status", WP_ID),),
    "status-log": (("status", "--log"),),
    "ledger-status": (("ledger", "status"),),
    "ledger-report": (("ledger", "verify"), ("ledger", "import", "events.jsonl")),
    "migrations-new": (("migrations", "new", "tables"),),
    "migrations-run": (
        ("migrations", "apply", "--url", "sqlite:made.db"),
        ("migrations", "status", "--url", "sqlite:made.db"),
        ("migrations", "undo", "--url", "sqlite:made.db", "--yes-destroy-data"),
    ),
    "init": (("init", "--dry-run", "--no-prove"), ("init", "--no-prove")),
    "doctor": (("doctor",),),
    "rules": (("explain",), ("explain", "scope.window")),
    "new": (("new", "WP-9-New"),),
}
"""What each schema is held against, in an order in which each command has what it needs."""
OF_THEIR_OWN = {"sign", "approve", "ledger export"}
WITHOUT_JSON = {"demo", "schema"}
UP = "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY);\n"


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small application with migrations, ready for review, and an export of its ledger."""
    base = {
        "migrations/0001_t.sql": UP,
        "migrations/0001_t.down.sql": "DROP TABLE IF EXISTS t;\n",
        "gatekeeper.toml": '[spec]\npointer = "docs/SPEC_CURRENT.md"\n[migrations]\nengines = ["sqlite"]\n',
    }
    repo = reviewable(tmp_path_factory.mktemp("schema") / "app", base)
    assert run(repo, "ledger", "export", "--output", str(repo / "events.jsonl"))[0] == 0
    return repo


def validate(name: str, text: str) -> None:
    """Hold JSON against the schema of that name, closed, so that a field that it doesn't name is found too."""
    schema = schema_of(name, closed=True)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(text))


@pytest.mark.parametrize("name", OF_COMMANDS)
def test_what_a_command_prints_is_what_its_schema_says(
    repo: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo)
    for arguments in OF_COMMANDS[name]:
        code, out, err = run(repo, *arguments, "--format", "json")
        assert out, (code, err)
        validate(name, out)


def test_each_line_of_an_export_is_an_event(repo: Path) -> None:
    lines = run(repo, "ledger", "export")[1].splitlines()
    assert lines
    for line in lines:
        validate("ledger-event", line)


def test_what_signing_and_approving_print_is_what_their_schemas_say(tmp_path: Path) -> None:
    repo = made(tmp_path / "app", change={})
    text = (repo / PACKET).read_text().replace("\nSKELETON APPROVED\n", "")
    commit(repo, "unapproved", {PACKET: text.replace("**Status:** In Progress", "**Status:** Ready for Dev")})
    commit(repo, "to be signed", {REFINEMENT: (repo / REFINEMENT).read_text() + "\nA later thought.\n"})
    validate("sign", run(repo, "sign", WP_ID, "--again", "--format", "json")[1])
    commit(repo, "signed")
    validate("signature-check", run(repo, "sign", WP_ID, "--verify", "--format", "json")[1])
    validate("approve", run(repo, "approve", WP_ID, "--format", "json")[1])


def test_a_baseline_is_what_its_schema_says(repo: Path, tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    run(repo, "audit", "--baseline", str(file), "--update-baseline")
    validate("baseline", file.read_text())


def test_every_command_is_held_against_a_schema() -> None:
    app: Any = typer.main.get_command(build_app())
    names = set()
    for name, command in app.commands.items():
        names |= {f"{name} {inner}" for inner in getattr(command, "commands", {})} or {name}
    groups = {name.split()[0] for name in names if " " in name}
    calls = [call for calls in OF_COMMANDS.values() for call in calls]
    held = {" ".join(call[:2] if call[0] in groups else call[:1]) for call in calls}
    assert names == held | OF_THEIR_OWN | WITHOUT_JSON
    assert set(SCHEMAS) == set(OF_COMMANDS) | {
        *("sign", "signature-check", "approve", "ledger-event", "baseline", "config")
    }


def test_a_schema_requires_what_is_always_there_and_allows_what_may_come() -> None:
    schema = schema_of("verdict")
    assert schema["properties"]["schema"] == {"const": "gatekeeper/verdict/v1"}
    assert {"schema", "gate", "checks", "migrations", "change_set"} <= set(schema["required"])
    assert "packets" in schema["properties"].keys() - set(schema["required"])
    assert "additionalProperties" not in schema
    assert schema_of("review")["properties"]["gate"] == {"const": "review"}


def test_the_configuration_has_one_too() -> None:
    validator = jsonschema.Draft202012Validator(schema_of("config"))
    example = (ROOT / "docs" / "contract.md").read_text().split("```toml\n")[1].split("```")[0]
    validator.validate(tomllib.loads(example))
    validator.validate(tomllib.loads((ROOT / "gatekeeper.toml").read_text()))
    validator.validate({})
    wrong: tuple[dict[str, Any], ...] = (
        {"packets": {"dirs": "x"}},
        {"authority": {"strict": "yes"}},
        {"pakets": {}},
    )
    for table in wrong:
        assert not validator.is_valid(table)


def test_the_command_lists_them_and_prints_one(tmp_path: Path) -> None:
    code, out, err = run(tmp_path, "schema")
    assert (code, [line.split()[0] for line in out.splitlines()], err) == (0, list(SCHEMAS), "")
    code, out, _ = run(tmp_path, "schema", "sha")
    assert (code, json.loads(out)) == (0, schema_of("sha"))
    code, out, err = run(tmp_path, "schema", "verdikt")
    assert (code, out) == (2, "")
    assert "the nearest is verdict" in err
    listed = json.loads(run(tmp_path, "schema", "--format", "json")[1])
    assert [row["name"] for row in listed["schemas"]] == list(SCHEMAS)


def test_a_repository_is_left_as_it_was_by_all_that_only_tell(repo: Path) -> None:
    before = git(repo, "status", "--porcelain")
    run(repo, "schema", "verdict")
    assert git(repo, "status", "--porcelain") == before
