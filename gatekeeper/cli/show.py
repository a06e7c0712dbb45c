"""Show a verdict in the format asked for."""

from typing import TYPE_CHECKING

from gatekeeper.cli.common import Common, Format

if TYPE_CHECKING:  # the verdict's classes cost half of what a command takes to start
    from gatekeeper.model.verdict import Verdict


def show(common: Common, verdict: "Verdict") -> int:
    """Put the verdict out and return its exit code."""
    common.emit(_rendered(common, verdict))
    return verdict.exit_code


def _rendered(common: Common, verdict: "Verdict") -> str:
    match common.format:
        case Format.JSON:
            from gatekeeper.reports.json import render_json

            return render_json(verdict)
        case Format.SARIF:
            from gatekeeper.reports.sarif import render_sarif

            return render_sarif(verdict)
        case Format.JUNIT:
            from gatekeeper.reports.junit import render_junit

            return render_junit(verdict)
        case Format.GITHUB:
            from gatekeeper.reports.github import render_github

            return render_github(verdict)
        case _:
            from gatekeeper.reports.text import render_text
            from gatekeeper.resources import template

            return render_text(verdict, template("verdict.txt.j2"), color=common.colored, detail=common.detail)
