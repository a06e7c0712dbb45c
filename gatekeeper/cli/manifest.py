"""``gate manifest WP-ID``."""

import sys
from typing import TYPE_CHECKING, Annotated

from gatekeeper.cli import selectors
from gatekeeper.cli.common import Common, Format
from gatekeeper.cli.declared import Argument, Option
from gatekeeper.model.errors import UsageError

if TYPE_CHECKING:  # as in show.py
    from gatekeeper.model.manifest_report import ManifestReport

NAME = "manifest"


def command(
    common: Common,
    wp_id: Annotated[str, Argument(metavar="WP-ID")],
    staged: selectors.Staged = False,
    worktree: selectors.Worktree = False,
    rev: selectors.Rev = None,
    range_: selectors.Range = None,
    base: selectors.Base = None,
    write: Annotated[bool, Option("--write", help="Put the manifest, and nothing else, into the packet.")] = False,
    diff: Annotated[
        bool, Option("--diff", help="Show recorded beside computed; exit 1 where they differ.")
    ] = False,
) -> int:
    """Show the computed manifest, write it, or compare it with the recorded one; nothing else is judged."""
    from gatekeeper import runs
    from gatekeeper.changes.selector import Selector

    common.offers(NAME, Format.TEXT, Format.GITHUB, Format.JSON)
    if write and diff:
        raise UsageError("--diff never writes and --write does.", hint="give one of them")
    selector = Selector.of(staged=staged, worktree=worktree, rev=rev, range_=range_, base=base)
    mode = runs.ManifestMode.WRITE if write else runs.ManifestMode.DIFF if diff else runs.ManifestMode.SHOW
    report = runs.manifest(common.root, wp_id, selector=selector, mode=mode, config=common.config)
    _show(common, report)
    return report.exit_code


def _show(common: Common, report: "ManifestReport") -> None:
    from gatekeeper.reports import manifest as reports
    from gatekeeper.reports.json import render_json
    from gatekeeper.reports.plain import printable

    if common.format is Format.JSON:
        common.emit(render_json(report))
        return
    if common.format is Format.GITHUB:
        common.emit(reports.render_github(report))
        return
    shows_block = report.differences is None and report.written is None
    if shows_block:
        # The block alone is the result, to be pasted or piped.
        reason = () if common.quiet else (printable(report.change_set.reason),)
        sys.stderr.write("".join(f"{line}\n" for line in (*reason, *reports.notes(report, common.detail))))
    common.emit(reports.render_text(report, color=common.colored, detail=common.detail))
