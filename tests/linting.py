"""Linting migrations given as text, for the tests of the lint."""

from collections.abc import Mapping
from typing import Any

from gatekeeper.migrate.discover import discover
from gatekeeper.migrate.linting.run import lint_statements
from gatekeeper.model.finding import Finding
from gatekeeper.model.proof import LintResult, SourceFile
from gatekeeper.model.settings import MigrationSettings

_HEAD = "-- file: "


def files_of(example: str) -> dict[str, str]:
    """The files that an example's ``-- file: NAME`` lines name; without one, the first up."""
    files: dict[str, str] = {}
    name = "0001_example.sql"
    for line in example.split("\n"):
        if line.startswith(_HEAD):
            name = line.removeprefix(_HEAD)
            files[name] = ""
        else:
            files[name] = files.get(name, "") + line + "\n"
    return files


def lint_files(files: Mapping[str, str | bytes], **settings: Any) -> LintResult:
    """The lint of these files below ``migrations/``, guards honoured unless the settings say otherwise."""
    chosen = MigrationSettings(**{"guards": True, **settings})
    folder = "" if any("/" in name for name in files) else "migrations/"
    sources = [
        SourceFile(f"{folder}{name}", text.encode() if isinstance(text, str) else text)
        for name, text in files.items()
    ]
    return lint_statements(discover(sources, chosen), chosen)


def linted(text: str, name: str = "0001_a.sql", **settings: Any) -> list[Finding]:
    """The findings on one up, squawk's aside."""
    return [f for f in lint_files({name: text}, **settings).findings if not f.rule.startswith("lint.squawk")]


def rules_in(text: str, name: str = "0001_a.sql", **settings: Any) -> list[str]:
    """Rule and line of what is found in one up, without the prefix and without what squawk says."""
    found = linted(text, name, **settings)
    return [f"{f.rule.removeprefix('lint.')}:{f.line}" for f in found if f.rule != "lint.not-run"]
