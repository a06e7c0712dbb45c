"""``gate ledger status``, ``verify``, ``export`` and ``import``."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from gatekeeper.cli.common import Common, Format, WritingOut
from gatekeeper.cli.declared import Argument, Option
from gatekeeper.model.errors import ExitCode, UsageError

if TYPE_CHECKING:  # as in show.py
    from gatekeeper.ledger.transfer import Exported
    from gatekeeper.model.ledger import LedgerReport

_SCHEMA = "gatekeeper/ledger/v1"


def status(common: Common) -> int:
    """Where the ledger is, the version of its schema, how many events it holds, and the last one's digest."""
    common.offers("ledger status", Format.TEXT, Format.GITHUB, Format.JSON)
    from gatekeeper.reports.json import table
    from gatekeeper.reports.ledger import render_status
    from gatekeeper.runs.ledger import ledger_status

    found = ledger_status(common.root, config=common.config)
    if common.format is Format.JSON:
        common.emit(_json({"command": "status", **table(found)}))
    else:
        common.emit(render_status(found))
    return ExitCode.PASS


def verify(
    common: Common,
    tip: Annotated[
        str | None,
        Option(help="The digest of an event that the ledger must still hold.", metavar="DIGEST"),
    ] = None,
    against: Annotated[
        Path | None, Option(help="An export of which it must still hold every event.", metavar="FILE")
    ] = None,
) -> int:
    """Is the chain whole? Names what was changed, taken out, swapped or added; repairs nothing."""
    common.offers("ledger verify", Format.TEXT, Format.GITHUB, Format.JSON)
    from gatekeeper.runs.ledger import verify_ledger

    return _shown(common, verify_ledger(common.root, tip=tip, against=against, config=common.config))


def export(common: Common) -> int:
    """Write every event as a line of JSON; of a damaged ledger every one that can still be read."""
    common.offers("ledger export", Format.TEXT, Format.JSON)
    done = None
    with WritingOut():
        done = _exported(common)
        sys.stdout.flush()
    if done is None:
        return ExitCode.FAIL
    for finding in done.findings:
        sys.stderr.write(f"gate: {finding.message}\n      mend: {finding.hint}\n")
    if not common.quiet:
        sys.stderr.write(f"gate: {done.events} event{'' if done.events == 1 else 's'} exported.\n")
    return ExitCode.FAIL if done.findings else ExitCode.PASS


def _exported(common: Common) -> "Exported":
    from gatekeeper.runs.ledger import export_ledger

    if common.output is None:
        return export_ledger(common.root, sys.stdout.write, config=common.config)
    try:
        with common.output.open("w", encoding="ascii", newline="\n") as file:
            return export_ledger(common.root, file.write, config=common.config)
    except OSError as error:
        raise UsageError(
            f"{common.output} can't be written: {error.strerror}.", hint="name another file with --output"
        ) from error


def import_(common: Common, file: Annotated[Path, Argument(metavar="FILE")]) -> int:
    """Append the events of an export that continue this ledger's chain: all of them, or none."""
    common.offers("ledger import", Format.TEXT, Format.GITHUB, Format.JSON)
    from gatekeeper.runs.ledger import import_ledger

    return _shown(common, import_ledger(common.root, file, config=common.config))


def _shown(common: Common, report: "LedgerReport") -> int:
    if common.format is Format.JSON:
        from gatekeeper.reports.json import table

        common.emit(_json(table(report)))
    elif common.format is Format.GITHUB:
        from gatekeeper.reports.ledger import render_report_github

        common.emit(render_report_github(report))
    else:
        from gatekeeper.reports.ledger import render_report

        common.emit(render_report(report, detail=common.detail))
    return report.exit_code


def _json(body: dict[str, object]) -> str:
    return json.dumps({"schema": _SCHEMA, **body}, indent=1) + "\n"
