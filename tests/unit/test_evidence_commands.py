"""What kind of line a command of TEST_PLAN is."""

import re

import pytest

from gatekeeper import resources
from gatekeeper.evidence.commands import RECIPES, always_passes, is_own, recipe_of, shows_nothing

_JUSTFILE = """\
python := "python3"
post-work wp-id *arguments:
    @gate post-work {{wp-id}} {{arguments}}
    # a comment
pre-work wp-id:
    cargo test

gates:
    gate check
    python -m gatekeeper audit
"""


def recipe(name: str) -> str | None:
    return recipe_of(_JUSTFILE, name)


@pytest.mark.parametrize(
    "command",
    [
        "gate post-work WP-1-X",
        ".venv/bin/gate check",
        "A=1 gate check > out.txt",
        "python -m gatekeeper pre-work WP-1-X",
        "python3.12 -m gatekeeper check",
        "uv run gate check",
        "just gates",
        "just validator-dal-audit",
    ],
)
def test_this_tools_own_commands_are_known(command: str) -> None:
    assert is_own(command, recipe)


@pytest.mark.parametrize(
    "command",
    [
        "gate check && cargo test",
        "cargo test; gate check",
        "gates",
        "investigate check",
        "python -m gatekeeperx",
        "just pre-work WP-1-X",  # this justfile's recipe does something else
        "just test",
        "just --list",
        "just",
        "(gate check)",
        "gate check 'unclosed",
        "",
    ],
)
def test_other_commands_are_not_taken_for_own(command: str) -> None:
    assert not is_own(command, recipe)


def test_the_recipes_that_init_writes_are_known_without_a_justfile() -> None:
    text = resources.template("adopt/justfile")

    assert set(re.findall(r"^([\w-]+)[^:\n]*:$", text, re.MULTILINE)) == RECIPES
    assert all(is_own(f"just {name}", lambda _: None) for name in RECIPES)


@pytest.mark.parametrize(
    "command",
    [
        "cd src",
        "cd src; cd ..",
        "export A=1",
        "A=1",
        "source env.sh",
        ". env",
        "set -e",
        "alias x=y",
        "exit 0",
        "true",
        ":",
        "echo done",
        "true && true",
        "$env:URL='x'",
        '$hits = rg -n "x"',
        "if ($x) { throw }",
        "Set-Location a",
    ],
)
def test_lines_that_only_touch_their_own_shell_show_nothing(command: str) -> None:
    assert shows_nothing(command)


@pytest.mark.parametrize(
    "command",
    [
        "cd src && cargo test",
        "cd src; cargo test",
        "test -f x",
        "[ -f x ]",
        "A=1 cargo test",
        "echo x | grep x",
        "echod",
        "./cd",
        "! true",
        "(cd src)",
        "for i in 1 2; do",
        "$HOME/run",
    ],
)
def test_lines_that_may_show_something_are_run(command: str) -> None:
    assert shows_nothing(command) is None


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("cargo test || true", True),
        ("cargo test || echo failed", True),
        ("cargo test || exit 0", True),
        ("cargo test || exit 1", False),
        ("cargo test && echo fine", False),
        ("cargo test", False),
        ("true || cargo test", False),
    ],
)
def test_a_last_part_that_is_always_true_is_seen(command: str, expected: bool) -> None:
    assert always_passes(command) is expected
