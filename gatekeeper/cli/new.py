"""``gate new WP-ID``."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from gatekeeper.cli.common import Common, Format
from gatekeeper.cli.declared import Argument

if TYPE_CHECKING:  # as in show.py
    from gatekeeper.runs.create import Created

NAME = "new"


def command(common: Common, wp_id: Annotated[str, Argument(metavar="WP-ID")]) -> int:
    """Make a packet and its refinement from templates; a -vN names its earlier revisions."""
    from gatekeeper.runs.create import new_packet

    common.offers(NAME, Format.TEXT, Format.JSON)
    created = new_packet(common.root, wp_id, config=common.config)
    if common.format is Format.JSON:
        common.emit(json.dumps({"schema": "gatekeeper/new/v1", **asdict(created)}, indent=1) + "\n")
    else:
        common.emit("".join(f"{line}\n" for line in _lines(created)))
    return 0


def _lines(created: "Created") -> list[str]:
    lines = [f"Made {created.packet}"]
    if created.refinement:
        lines.append(f"Made {created.refinement}")
    if created.kept:
        lines.append(f"Kept {created.kept}, which was there")
    if created.superseded:
        lines.append(f"Marked {created.superseded} as superseded, in its Status line alone")
    signed = ", have the refinement signed" if created.refinement or created.kept else ""
    return [
        *lines,
        *created.notes,
        "",
        f"Next: fill what stands in <angle brackets>{signed}, commit the plan by itself, then",
        f"  gate pre-work {created.wp_id}",
    ]
