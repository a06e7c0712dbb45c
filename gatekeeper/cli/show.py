"""Show a verdict in the format asked for."""

from typing import TYPE_CHECKING

from gatekeeper.cli.common import Common, Format

if TYPE_CHECKING:  # the verdict's classes cost half of what a command takes to start
    from gatekeeper.model.verdict import Verdict


def show(common: Common, verdict: "Verdict") -> int:
    """Put the verdict out and return its exit code."""
    if common.format is Format.JSON:
        from gatekeeper.reports.json import render_json

        common.emit(render_json(verdict))
    elif common.format is Format.GITHUB:
        from gatekeeper.reports.github import render_github

        common.emit(render_github(verdict))
    else:
        from gatekeeper.reports.text import render_text
        from gatekeeper.resources import template

        text = render_text(verdict, template("verdict.txt.j2"), color=common.colored, detail=common.detail)
        common.emit(text)
    return verdict.exit_code
