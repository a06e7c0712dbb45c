"""A call that is read without typer comes to what typer makes of it."""

import functools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatekeeper.cli import parser
from gatekeeper.cli.commands import COMMANDS, command_of
from gatekeeper.cli.common import Common
from gatekeeper.cli.plainly import plain_call
from gatekeeper.model.errors import UsageError

FLAGS = (
    *(
        "--changed",
        "--tests",
        "--staged",
        "--worktree",
        "-q",
        "-v",
        "--quiet",
        "-qv",
        "--no-tests",
        "--help",
        "--",
    ),
    *("--format", "--output", "--repo", "--rev", "--range", "--base", "--baseline", "--color", "--config", "-"),
    *(
        "--format=json",
        "--rev=HEAD",
        "--changed=1",
        "--chang",
        "--all",
        "--since",
        "--log",
        "--write",
        "--version",
    ),
)
VALUES = ("json", "text", "xml", "dal", "all", "HEAD", "main..HEAD", "a/b", ".", "", "-x", "auto", "ä", "a\tb")
NAMES = ("audit", "status", "verify", "post-work", "sha", "ledger", "nothing")
CALLS = st.tuples(
    st.lists(st.sampled_from(FLAGS + VALUES), max_size=2),
    st.sampled_from(NAMES),
    st.lists(st.sampled_from(FLAGS + VALUES), max_size=4),
).map(lambda parts: [*parts[0], parts[1], *parts[2]])

Called = list[tuple[str, Common, dict[str, Any]]]


def recording(name: str, called: Called) -> Callable[..., int]:
    """The command of that name, which only says how it was called."""

    @functools.wraps(command_of(name))
    def command(common: Common, **values: Any) -> int:
        called.append((name, common, values))
        return 0

    return command


@settings(deadline=None, max_examples=250)
@given(CALLS)
def test_a_plain_call_is_what_typer_makes_of_it(words: list[str]) -> None:
    plainly: Called = []
    call = plain_call(words, lambda name: recording(name, plainly) if name in COMMANDS else None)
    if call is None:
        return
    call()
    parsed: Called = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parser, "command_of", lambda name: recording(name, parsed))
        parser.run_parsed(words, words)
    assert plainly == parsed


@pytest.mark.parametrize(
    "words",
    [
        ["audit", "--changed"],
        ["--repo", "x", "audit", "dal", "--rev=HEAD", "--format", "json", "-q"],
        ["post-work", "WP-1-Small", "--check"],
        ["status"],
    ],
)
def test_a_usual_call_is_plain(words: list[str]) -> None:
    assert plain_call(words, lambda name: command_of(name) if name in COMMANDS else None) is not None


@pytest.mark.parametrize("words", [["audit", "--nothing"], ["audit", "--format", "xml"], ["post-work"]])
def test_a_wrong_call_is_left_to_typer(words: list[str]) -> None:
    assert plain_call(words, lambda name: command_of(name) if name in COMMANDS else None) is None
    with pytest.raises(UsageError):
        parser.run_parsed(words, words)
