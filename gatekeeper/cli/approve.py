"""``gate approve WP-ID``."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from gatekeeper.cli.common import Common, Format
from gatekeeper.cli.declared import Argument, Option
from gatekeeper.cli.sign import Actor

if TYPE_CHECKING:  # as in show.py
    from gatekeeper.runs.approving import Approved

NAME = "approve"


def command(
    common: Common,
    wp_id: Annotated[str, Argument(metavar="WP-ID")],
    commit: Annotated[
        bool, Option("--commit", help="Commit the approval by itself, whatever else is staged.")
    ] = False,
    amended: Annotated[
        str | None, Option("--amended", help="Approve a change of the approved plan.", metavar="WHY")
    ] = None,
    actor: Actor = None,
) -> int:
    """Approve a signed packet's skeleton, so that work may begin; or an amendment to its plan."""
    common.offers(NAME, Format.TEXT, Format.JSON)
    from gatekeeper.runs.approving import approve

    approved = approve(common.root, wp_id, config=common.config, actor=actor, reason=amended, commit=commit)
    common.tell(approved.warnings)
    if common.format is Format.JSON:
        common.emit(json.dumps({"schema": "gatekeeper/approve/v1", **asdict(approved)}, indent=1) + "\n")
    else:
        common.emit("".join(f"{line}\n" for line in _lines(approved)))
    return 0


def _lines(approved: "Approved") -> list[str]:
    where = f"commit {approved.commit[:12]}" if approved.commit else "not committed yet"
    lines = [
        f"Approved {approved.wp_id} as {approved.actor}",
        f"{approved.line!r} in {approved.packet}, {where}",
    ]
    if approved.amends:
        lines.append(f"Amended: {', '.join(approved.amends)}")
    if approved.superseded:
        lines.append(f"It takes the place of {approved.superseded}")
    lines.append(f"Recorded as event {approved.seq} of the ledger")
    commit = [] if approved.commit else [f"  git add -- {approved.packet} && git commit"]
    return [*lines, "", "Next: commit it without any work, then" if commit else "Next:", *commit, _next(approved)]


def _next(approved: "Approved") -> str:
    return f"  gate {'post-work' if approved.amends else 'pre-work'} {approved.wp_id}"
