"""Show a verdict in the format asked for, and let the ledger know of the run."""

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from gatekeeper.changes.ahead import Ahead
from gatekeeper.cli.common import Common, Format

if TYPE_CHECKING:  # the verdict's classes cost half of what a command takes to start
    from gatekeeper.model.verdict import Verdict


def load_ahead(common: Common) -> None:
    """Begin to load what shows the verdict, for while git is waited for there is time."""
    if common.format in {None, Format.TEXT}:
        Ahead(lambda: import_module("gatekeeper.reports.text"))


def show(common: Common, verdict: "Verdict") -> int:
    """Put the verdict out and return its exit code."""
    common.emit(_rendered(common, verdict))
    return verdict.exit_code


def show_run(common: Common, verdict: "Verdict") -> int:
    """Put a gate's verdict out, then record the run: whatever comes of that, verdict and exit code stand."""
    code = show(common, verdict)
    from gatekeeper.runs.record import record_run

    try:
        record_run(common.root, verdict, config=common.config)
    except Exception as error:  # noqa: BLE001 - no fault of the ledger's may take back what was judged
        message = getattr(error, "message", "") or f"An unexpected {type(error).__name__}: {error}"
        hint = getattr(error, "hint", "")
        line = " ".join(f"{message}{f' (mend: {hint})' if hint else ''}".split())
        sys.stderr.write(f"gate: the ledger missed this run: {line}\n")
    return code


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
        case _ if verdict.gate == "verify":
            from gatekeeper.reports import verify

            return verify.render_text(verdict, color=common.colored, detail=common.detail)
        case _:
            from gatekeeper.reports.text import render_text

            return render_text(verdict, color=common.colored, detail=common.detail)
