"""The outward formats on real runs: which commands have which, and what a refused one leaves undone."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import typer
from application import git, run
from cases import PACKET
from reviews import REVIEWABLE
from small import WP_ID, committed, made, put

from gatekeeper.cli.parser import build_app

SCHEMA = Path(__file__).resolve().parents[1] / "data" / "schemas" / "sarif-2.1.0-rtm.5.json"
ODD = "src/a b%ä.txt"
VERDICTS = [
    ["pre-work", WP_ID],
    ["post-work", WP_ID, "--check"],
    ["verify", WP_ID],
    ["check"],
    ["audit"],
    ["migrations", "prove"],
    ["migrations", "lint"],
    ["evidence", WP_ID, "--yes", "--quiet"],
    ["review", WP_ID, "--fail", "--reason=no"],
]
OTHERS = {
    "doctor": [],
    "sha": ["src/a.txt"],
    "demo": ["made"],
    "init": [],
    "new": ["WP-9-New"],
    "explain": [],
    "manifest": [WP_ID, "--write"],
    "sign": [WP_ID],
    "approve": [WP_ID],
    "schema": ["sha"],
    "status": [],
    "ledger status": [],
    "ledger verify": [],
    "ledger export": [],
    "ledger import": ["events.jsonl"],
    "migrations apply": ["--url", "sqlite:made.db"],
    "migrations undo": ["--url", "sqlite:made.db"],
    "migrations status": ["--url", "sqlite:made.db"],
    "migrations new": ["more"],
}
ANNOTATES = {
    *("manifest", "migrations apply", "migrations undo", "migrations status"),
    *("ledger status", "ledger verify", "ledger import"),
}
"""Commands without a verdict whose findings can be shown as annotations."""


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small application with a change out of scope under an odd name, and no manifest."""
    repo = made(tmp_path_factory.mktemp("formats") / "app", {PACKET: REVIEWABLE}, {ODD: "one\n"})
    put(repo, {"src/b.txt": "two\n"})
    return repo


@pytest.mark.parametrize("arguments", VERDICTS, ids=" ".join)
def test_every_verdict_is_valid_sarif_and_junit_with_the_same_exit_code(repo: Path, arguments: list[str]) -> None:
    schema = json.loads(SCHEMA.read_text())
    text_code, _, _ = run(repo, *arguments)
    code, out, err = run(repo, *arguments, "--format", "sarif")
    assert (code, err) == (text_code, "")
    body = json.loads(out)
    jsonschema.Draft4Validator(schema).validate(body)
    assert body["runs"][0]["invocations"][0]["exitCode"] == code
    code, out, err = run(repo, *arguments, "--format", "junit")
    assert (code, err) == (text_code, "")
    root = ET.fromstring(out)  # noqa: S314 - our own output
    broken = int(root.get("failures", "0")) + int(root.get("errors", "0"))
    assert (broken > 0) is (code != 0)
    assert int(root.get("tests", "0")) == len(root.findall(".//testcase")) > 0


def test_a_finding_is_at_its_file_in_both(repo: Path) -> None:
    arguments = ["post-work", WP_ID, "--check"]
    (sarif,) = json.loads(run(repo, *arguments, "--format", "sarif")[1])["runs"]
    places = {
        (result["ruleId"], location["physicalLocation"]["artifactLocation"]["uri"])
        for result in sarif["results"]
        for location in result.get("locations", [])
    }
    assert ("scope.out-of-scope", "src/a%20b%25%C3%A4.txt") in places
    root = ET.fromstring(run(repo, *arguments, "--format", "junit")[1])  # noqa: S314 - our own output
    failure = root.find(".//testcase[@name='Scope']/failure")
    assert failure is not None
    assert (failure.text or "").startswith(f"error scope.out-of-scope {ODD}\n")


def test_a_name_that_is_not_utf_8_is_told_by_its_bytes(tmp_path: Path) -> None:
    repo = made(tmp_path / "app")
    (repo / "src" / "b\udcff.txt").write_bytes(b"x\n")
    committed(repo, {})
    (sarif,) = json.loads(run(repo, "check", "--format", "sarif")[1])["runs"]
    assert "src/b%FF.txt" in {
        location["physicalLocation"]["artifactLocation"]["uri"]
        for result in sarif["results"]
        for location in result.get("locations", [])
    }
    ET.fromstring(run(repo, "check", "--format", "junit")[1])  # noqa: S314 - our own output


def test_output_takes_every_format(repo: Path, tmp_path: Path) -> None:
    for name in ("sarif", "junit"):
        file = tmp_path / name
        code, out, _ = run(repo, "pre-work", WP_ID, "--format", name, "--output", str(file))
        assert (out, file.read_bytes()[:1]) == ("", b"{" if name == "sarif" else b"<")
        assert code == run(repo, "pre-work", WP_ID)[0]


@pytest.mark.parametrize(
    ("command", "form"),
    [(c, f) for c in OTHERS for f in ("sarif", "junit", "github") if f != "github" or c not in ANNOTATES],
)
def test_a_command_without_a_verdict_refuses_and_does_nothing(repo: Path, command: str, form: str) -> None:
    before = git(repo, "status", "--porcelain", "--untracked-files=all")
    code, out, err = run(repo, *command.split(), *OTHERS[command], "--format", form)
    assert (code, out) == (2, "")
    assert err.startswith(f"gate: gate {command} has no format {form}, which is for verdicts; it has text")
    assert git(repo, "status", "--porcelain", "--untracked-files=all") == before


def test_every_command_stands_in_one_of_these_lists() -> None:
    names = set()
    app = typer.main.get_command(build_app())
    for name, command in app.commands.items():  # type: ignore[attr-defined]  # the program is a group
        names |= {f"{name} {inner}" for inner in getattr(command, "commands", {})} or {name}
    verdicts = {
        " ".join(word for word in arguments if word.islower() and word[0] != "-") for arguments in VERDICTS
    }
    assert names == verdicts | set(OTHERS)
