"""What kind of line a command of TEST_PLAN is: one of this tool's own, one that shows nothing, or one to run."""

import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

# Recipes of the justfile that ``gate init`` writes (templates/adopt/justfile); a test holds the two together.
RECIPES = frozenset(
    {
        "pre-work",
        "post-work",
        "cor701-sha",
        "validator-dal-audit",
        "migrations-prove",
        "gate-check",
    }
)
JUSTFILES = ("justfile", "Justfile", ".justfile", "JUSTFILE")

_RUNNERS = (("uv", "run"), ("poetry", "run"), ("pdm", "run"), ("hatch", "run"), ("pipenv", "run"))
_PYTHON = re.compile(r"(?:python(?:\d(?:\.\d+)?)?|py)(?:\.exe)?")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_OPERATORS = re.compile(r"[;&|()<>]+")
# Builtins that change only the shell they run in, or come out the same whatever the work is like.
_IDLE = frozenset(
    {
        "cd",
        "pushd",
        "popd",
        "export",
        "unset",
        "source",
        ".",
        "set",
        "shopt",
        "alias",
        "unalias",
        "umask",
        "ulimit",
    }
    | {"declare", "typeset", "local", "readonly", "exit", "return", "true", "false", ":", "echo", "printf", "pwd"}
    | {"hash", "history", "jobs", "bg", "fg", "disown", "trap", "wait", "read", "let", "shift", "enable", "help"}
    | {"dirs", "bind", "complete", "logout", "times", "type"}
)
_POWERSHELL = re.compile(
    r"\$(?:env:)?\w+\s*\+?=|(?:if|foreach|while)\s*\(\$|(?:Set|Get|New|Remove|Write)-[A-Z]\w+"
)

Words = list[list[str]]
"""The simple commands of a line, each as its words, with the operators between them left out."""


def is_own(command: str, recipe: Callable[[str], str | None]) -> bool:
    """Whether the line runs this tool alone, directly or by a recipe of just.

    ``recipe`` gives the body of a recipe of the justfile, None where there is no such recipe.
    """
    parts = _parts(command)
    if parts is None or len(parts[0]) != 1 or parts[1]:
        return False
    words = _without_prefix(parts[0][0])
    if not words:
        return False
    if _is_gate(words):
        return True
    if PurePosixPath(words[0]).name not in {"just", "just.exe"} or len(words) < 2 or words[1].startswith("-"):
        return False
    body = recipe(words[1])
    if body is None:
        return words[1] in RECIPES
    lines = [line.strip().lstrip("@-") for line in body.splitlines() if line.strip()]
    return bool(lines) and all(is_own(line, lambda _: "") for line in lines)


def recipe_of(justfile: str, name: str) -> str | None:
    """The body of a justfile's recipe; None where it has no such recipe."""
    head = re.search(rf"^@?{re.escape(name)}(?:[ \t][^:\n]*)?:(?!=).*$", justfile, re.MULTILINE)
    if head is None:
        return None
    body: list[str] = []
    for line in justfile[head.end() :].split("\n")[1:]:
        if line.strip() and not line[0].isspace():
            break
        body.append(line)
    return "\n".join(body)


def shows_nothing(command: str) -> tuple[str, str] | None:
    """Why a line shows nothing whatever the work is like, and how to write it; None for any other."""
    if _POWERSHELL.match(command):
        return (
            "is a line of PowerShell, and lines are run by bash",
            "write pwsh -NoProfile -Command '...', or a script",
        )
    parts = _parts(command)
    if parts is None or not parts[0]:
        return None
    named = [_named(words) for words in parts[0]]
    if all(name is None or name in _IDLE for name in named):
        what = f"is only the shell's own {named[0]}" if named[0] else "only sets a variable"
        mend = "write what belongs together on one line: cd src && cargo test"
        return f"{what}, and each line runs in a shell of its own", mend
    return None


def always_passes(command: str) -> bool:
    """Whether the line's exit code is 0 whatever happens, because its last part is that of an idle builtin."""
    parts = _parts(command)
    if parts is None or len(parts[0]) < 2 or not parts[1]:
        return False
    name = _named(parts[0][-1])
    plain = parts[0][-1] in (["exit", "0"], ["exit"]) or name in {"true", ":", "echo", "printf"}
    return plain and parts[1][-1] == "||"


def _named(words: Sequence[str]) -> str | None:
    """The program or builtin of a simple command; None where it holds assignments alone."""
    return next((word for word in words if not _ASSIGNMENT.match(word)), None)


def _parts(command: str) -> tuple[Words, list[str]] | None:
    """The simple commands and the operators between them; None for a line that is no whole one, or is grouped."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        tokens = list(lexer)
    except ValueError:
        return None
    commands: Words = [[]]
    operators: list[str] = []
    for token in tokens:
        if not _OPERATORS.fullmatch(token):
            commands[-1].append(token)
        elif any(char in token for char in "()"):
            return None
        elif any(char in token for char in "<>"):
            commands[-1].append(token)  # a redirection and its file belong to the command
        else:
            operators.append(token)
            commands.append([])
    return [words for words in commands if words], operators


def _without_prefix(words: list[str]) -> list[str]:
    while words and _ASSIGNMENT.match(words[0]):
        words = words[1:]
    for prefix in _RUNNERS:
        if tuple(words[: len(prefix)]) == prefix:
            words = words[len(prefix) :]
    return words


def _is_gate(words: Sequence[str]) -> bool:
    name = words[0].replace("\\", "/").rsplit("/", 1)[-1]
    if name in {"gate", "gate.exe"}:
        return True
    return _PYTHON.fullmatch(name) is not None and list(words[1:3]) == ["-m", "gatekeeper"]
