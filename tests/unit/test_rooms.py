"""The project's own shape: what its files promise to each other."""

import re
import tomllib
from pathlib import Path

import typer

from gatekeeper import __version__
from gatekeeper.cli.parser import build_app

ROOT = Path(__file__).resolve().parents[2]


def test_every_room_stands_in_the_import_rules_and_in_the_architecture() -> None:
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]["layers"]
    rooms = {
        p.name.removesuffix(".py") for p in (ROOT / "gatekeeper").iterdir() if p.suffix == ".py" or p.is_dir()
    }
    assert rooms - {"__init__", "__pycache__", "py.typed"} == set(layers)
    text = (ROOT / "docs" / "architecture.md").read_text()
    for room in set(layers) - {"__main__"}:
        assert re.search(rf"`gatekeeper/{room}(/|\.py)`", text), room


def test_the_changelog_names_the_version() -> None:
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_every_command_is_described_in_the_readme() -> None:
    rows = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| `gate ")]
    commands = typer.main.get_command(build_app()).commands  # type: ignore[attr-defined]  # a group
    names = {
        name if inner is None else f"{name} {inner}"
        for name, command in commands.items()
        for inner in getattr(command, "commands", {None: None})
    }
    assert {name for name in names if not any(f"`gate {name}" in row for row in rows)} == set()


def test_every_recipe_calls_a_command_that_exists() -> None:
    called = re.findall(r"\}\}/gate ([a-z-]+)", (ROOT / "justfile").read_text())
    known = {command.name for command in build_app().registered_commands}
    known |= {group.name for group in build_app().registered_groups}
    assert called
    assert set(called) <= known


def test_every_package_is_named_without_the_host_it_comes_from() -> None:
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "pyproject.toml", ROOT / "justfile"]:
        assert not re.search(r"https?://(?!no-color)", path.read_text()), path
