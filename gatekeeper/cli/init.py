"""``gate init``."""

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from gatekeeper.cli.common import Common, Format
from gatekeeper.cli.declared import Option

if TYPE_CHECKING:  # as in show.py
    from gatekeeper.runs.adoption import Adoption

NAME = "init"


class Ci(StrEnum):
    """The CI systems that a workflow can be written for."""

    GITHUB = "github"


def command(
    common: Common,
    dry_run: Annotated[bool, Option("--dry-run", help="Show everything and write nothing.")] = False,
    just: Annotated[bool, Option("--just", help="Add recipes to the justfile.")] = False,
    pre_commit: Annotated[bool, Option("--pre-commit", help="Add a hook for pre-commit.")] = False,
    ci: Annotated[Ci | None, Option("--ci", help="Add a workflow that runs gate check.")] = None,
    agents: Annotated[bool, Option("--agents", help="Tell coding agents in AGENTS.md.")] = False,
    preset: Annotated[str | None, Option("--preset", help="A layout: task-packets.")] = None,
    no_prove: Annotated[bool, Option("--no-prove", help="Don't try the migrations.")] = False,
) -> int:
    """Make a repository ready: find what is there, write gatekeeper.toml and templates, overwrite nothing."""
    from gatekeeper.runs.adoption import Extras, adopt

    common.offers(NAME, Format.TEXT, Format.JSON)
    adoption = adopt(
        common.root,
        wanted=Extras(just=just, pre_commit=pre_commit, github=ci is Ci.GITHUB, agents=agents),
        preset=preset,
        run_proof=not no_prove,
        dry_run=dry_run,
        progress=common.progress,
    )
    common.emit(_json(adoption) if common.format is Format.JSON else _text(adoption))
    return 0


def _json(adoption: "Adoption") -> str:
    body = {
        "schema": "gatekeeper/init/v1",
        "dry_run": adoption.dry_run,
        "configuration": adoption.configuration,
        "files": [{"path": f.path, "action": f.action, "reason": f.reason} for f in adoption.files],
        "languages": list(adoption.languages),
        "notes": list(adoption.notes),
        "main": adoption.main,
        "branch": adoption.branch,
    }
    return json.dumps(body, indent=1) + "\n"


def _text(adoption: "Adoption") -> str:
    lines = [f"Languages: {', '.join(adoption.languages) or 'none found'}", ""]
    if adoption.configuration is not None:
        lines += ["gatekeeper.toml", *(f"  {line}".rstrip() for line in adoption.configuration.splitlines()), ""]
    width = max(len(file.path) for file in adoption.files)
    lines += [f"{file.action:<8} {file.path:<{width}}  {file.reason}" for file in adoption.files]
    lines += ["", *(f"Note: {note}" for note in adoption.notes)] if adoption.notes else []
    return "\n".join([*lines, "", *_next(adoption)]) + "\n"


def _next(adoption: "Adoption") -> list[str]:
    if not adoption.written:
        return ["Nothing was changed: all of it is there."]
    if adoption.dry_run:
        return ["Nothing was written (--dry-run)."]
    switch = [] if adoption.branch == adoption.main else [f"  git switch {adoption.main}"]
    return [
        f"Next: commit these files alone, on {adoption.main}, before the first packet:",
        *switch,
        f"  git add -- {' '.join(_quoted(path) for path in adoption.written)}",
        "  git commit -m 'Adopt gate'",
        "Then gate doctor, and gate new WP-ID for the first packet.",
        "No packet answers for that one commit: gate check names its files as check.uncovered, and judges later",
        "changes by what it brought.",
    ]


def _quoted(path: str) -> str:
    import shlex

    return shlex.quote(path)
