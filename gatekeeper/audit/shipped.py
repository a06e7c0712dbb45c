"""The rules that come with the program, as data that is quickly read.

``rules/compiled.json`` holds what the TOML files beside it say, examples aside; to parse and validate these takes
as long as to examine fifty files. ``python -m gatekeeper.audit.shipped`` writes it anew after a rule was changed.
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from gatekeeper.audit.rule import (
    AuditRule,
    CheckMatcher,
    CodeMatcher,
    Embedded,
    EnginesMatcher,
    FormGroup,
    Matcher,
    MigrationsMatcher,
    NamesMatcher,
    SqlMatcher,
    TextMatcher,
)
from gatekeeper.model.severity import Severity

FOLDER = Path(__file__).parent / "rules"
COMPILED = FOLDER / "compiled.json"
T = TypeVar("T")
_KINDS: dict[str, type[Matcher]] = {
    "code": CodeMatcher,
    "text": TextMatcher,
    "check": CheckMatcher,
    "names": NamesMatcher,
    "sql": SqlMatcher,
    "migrations": MigrationsMatcher,
    "engines": EnginesMatcher,
}


@cache
def shipped() -> tuple[AuditRule, ...]:
    """Every rule that comes with the program, sorted by id and without its examples.

    The TOML files are parsed where ``compiled.json`` isn't made of them as they are.
    """
    sources = rule_files()
    compiled = json.loads(COMPILED.read_bytes()) if COMPILED.exists() else {}
    current = compiled.get("sources") == _digest(sources)
    return tuple(map(_rule, compiled["rules"] if current else _parsed(sources)))


def compile_rules() -> str:
    """What ``compiled.json`` has to hold: the digest of the TOML files, and their tables, one a line."""
    sources = rule_files()
    tables = ",\n".join(json.dumps(table) for table in _parsed(sources))
    return f'{{"sources": "{_digest(sources)}", "rules": [\n{tables}\n]}}\n'


def rule_files() -> dict[str, bytes]:
    """The TOML file of each rule by its name, sorted, with the line ends that they have in the repository."""
    return {file.name: file.read_bytes().replace(b"\r\n", b"\n") for file in sorted(FOLDER.glob("*.toml"))}


def _parsed(sources: Mapping[str, bytes]) -> list[dict[str, Any]]:
    tables = [tomllib.loads(data.decode("utf-8")) for data in sources.values()]
    for table in tables:
        for matcher in table["matcher"]:
            del matcher["examples"]
    return tables


def _digest(sources: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, data in sources.items():
        digest.update(f"{name} {len(data)}\n".encode())
        digest.update(data)
    return digest.hexdigest()


def _rule(table: dict[str, Any]) -> AuditRule:
    return _made(AuditRule, {**table, "matcher": [_matcher(each) for each in table["matcher"]]})


def _matcher(table: dict[str, Any]) -> Matcher:
    parts: dict[str, Any] = {"examples": ()}
    if "groups" in table:
        parts["groups"] = [_made(FormGroup, each) for each in table["groups"]]
    if "embedded" in table:
        parts["embedded"] = {language: _made(Embedded, each) for language, each in table["embedded"].items()}
    return _made(_KINDS[table["kind"]], {**table, **parts})


def _made(kind: type[T], table: Mapping[str, Any]) -> T:
    """The value that a table stands for: lists are tuples in it."""
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
    }
    if "severity" in values:
        values["severity"] = Severity(values["severity"])
    return kind(**values)


if __name__ == "__main__":
    COMPILED.write_text(compile_rules(), encoding="utf-8", newline="\n")
