"""PostgreSQL's lock and safety rules, from squawk (the extra ``lint``), under its own rule ids.

squawk runs on copies in a folder of its own, with an empty configuration and without variables of its own, so that
neither a file of the judged tree nor one above it says what is judged.
"""

import importlib.metadata
import json
import os
import subprocess
import tempfile
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gatekeeper.migrate.linting.hit import Hit, excerpt
from gatekeeper.migrate.linting.objects import actions, passing
from gatekeeper.migrate.linting.reading import Reading
from gatekeeper.migrate.statements import Statement

_PACKAGE = "squawk-cli"
_SECONDS = 60
_FILES = 200
# Variables that would change what it prints, or that it would take options from.
_SCRUBBED = ("SQUAWK_", "GITHUB_")
# What a rule of the lint says for both engines, and preferences for types, which are no matter of safety.
_LEFT_OUT = (
    "ban-char-field",
    "ban-drop-column",
    "ban-drop-database",
    "ban-drop-table",
    "ban-drop-view",
    "ban-uncommitted-transaction",
    "prefer-bigint-over-int",
    "prefer-bigint-over-smallint",
    "prefer-identity",
    "prefer-robust-stmts",
    "prefer-text-field",
    "prefer-timestamp-tz",
    "require-enum-value-ordering",
    "transaction-nesting",
)
# What would mend these SQLite refuses: SET, where the runner sets both time-outs itself, and CONCURRENTLY.
_LEFT_OUT_OF_SHARED = (
    "require-concurrent-index-creation",
    "require-concurrent-index-deletion",
    "require-lock-timeout",
    "require-statement-timeout",
)


@dataclass(frozen=True, slots=True)
class Squawked:
    """What squawk found, by path; ``missing`` where it isn't installed, ``problem`` where it could not run.

    ``unread`` are the paths whose SQL it doesn't understand, with the line.
    """

    hits: Mapping[str, Sequence[Hit]] = field(default_factory=dict)
    unread: Mapping[str, int] = field(default_factory=dict)
    missing: bool = False
    problem: str | None = None


def squawk(readings: Sequence[Reading], *, seconds: float = _SECONDS) -> Squawked:
    """Apply squawk's rules to scripts as PostgreSQL reads them."""
    program = _program()
    if program is None:
        return Squawked(missing=True)
    hits: dict[str, list[Hit]] = {}
    unread: dict[str, int] = {}
    groups: dict[tuple[bool, bool], list[Reading]] = {}
    for reading in readings:
        groups.setdefault((reading.shared, _in_transaction(reading)), []).append(reading)
    try:
        for (shared, wrapped), group in sorted(groups.items()):
            for at in range(0, len(group), _FILES):
                part = group[at : at + _FILES]
                for reading, entry in _run(program, part, shared=shared, wrapped=wrapped, seconds=seconds):
                    _sort_in(reading, entry, hits, unread)
    except (OSError, subprocess.SubprocessError, ValueError, LookupError, TypeError) as error:
        return Squawked(problem=_told(error))
    return Squawked({path: tuple(found) for path, found in hits.items()}, unread)


def _program() -> Path | None:
    """The program that the extra brought along; what lies on the search path is somebody else's."""
    try:
        files = importlib.metadata.files(_PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    found = (Path(str(file.locate())) for file in files if file.name in {"squawk", "squawk.exe"})
    return next((path.resolve() for path in found if path.is_file()), None)


def _in_transaction(reading: Reading) -> bool:
    own = any(r.statement.is_transaction or r.statement.refuses_transaction for r in reading.reads)
    return not (own or reading.no_transaction)


def _run(
    program: Path, readings: Sequence[Reading], *, shared: bool, wrapped: bool, seconds: float
) -> Iterator[tuple[Reading, dict[str, Any]]]:
    left_out = (*_LEFT_OUT, *(_LEFT_OUT_OF_SHARED if shared else ()))
    with tempfile.TemporaryDirectory(prefix="gate-lint-", ignore_cleanup_errors=True) as folder:
        place = Path(folder)
        (place / "squawk.toml").write_text("", encoding="utf-8")
        names = {f"{number}.sql": reading for number, reading in enumerate(readings)}
        for name, reading in names.items():
            (place / name).write_text(_text(reading), encoding="utf-8", newline="")
        options = ["--config", "squawk.toml", "--reporter", "json", "--exclude", ",".join(left_out)]
        options += ["--assume-in-transaction"] if wrapped else []
        done = subprocess.run(
            [str(program), *options, *names],
            cwd=place,
            env={name: value for name, value in os.environ.items() if not name.startswith(_SCRUBBED)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
        if done.returncode not in {0, 1} or not done.stdout.strip():
            raise subprocess.SubprocessError(done.stderr.decode("utf-8", "replace").strip() or "it said nothing")
        for entry in json.loads(done.stdout.decode("utf-8")):
            yield names[Path(entry["file"]).name], entry


def _text(reading: Reading) -> str:
    """The statements that run on PostgreSQL, each on the lines where it stands."""
    text, line = "", 1
    for one in reading.reads:
        text += "\n" * (one.statement.line - line) + one.statement.text
        line = one.statement.line + one.statement.text.count("\n")
    return f"{text}\n"


def _sort_in(
    reading: Reading, entry: Mapping[str, Any], hits: dict[str, list[Hit]], unread: dict[str, int]
) -> None:
    path, line, rule = reading.script.path, int(entry["line"]) + 1, str(entry["rule_name"])
    if rule == "syntax-error":
        unread.setdefault(path, line)
        return
    statement = _statement_at(reading, line)
    if rule == "renaming-table" and statement and _ends_rebuild(reading, statement):
        return
    shown = f": {excerpt(statement)}" if statement else ""
    message = " ".join(str(entry["message"]).split()).rstrip(".")
    remedy = " ".join(str(entry["help"] or "").split())
    where = statement.line if statement else None
    hint = remedy or f"squawk's documentation of {rule} shows the way around."
    if reading.shared:
        hint += " SQLite runs this file too: what it doesn't know goes into a file of PostgreSQL's own."
    hits.setdefault(path, []).append(Hit(f"lint.squawk.{rule}", line, f"{message}{shown}", hint, where))


def _statement_at(reading: Reading, line: int) -> Statement | None:
    at = bisect_right(reading.reads, line, key=lambda one: one.statement.line)
    return reading.reads[at - 1].statement if at else None


def _ends_rebuild(reading: Reading, statement: Statement) -> bool:
    """Whether the statement gives a table that the file made the name that the table before it had."""
    every = actions(reading)
    brief = passing(every)
    renamed = (a for a in every if a.verb == "rename-table" and a.read.statement is statement)
    return any((a.kind, a.name) in brief for a in renamed)


def _told(error: Exception) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"squawk was stopped after {error.timeout:g} seconds."
    text = " ".join(str(error).split())
    return f"squawk could not run: {text[:200].rstrip('.') or type(error).__name__}."
