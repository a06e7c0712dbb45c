"""``gate pre-work WP-ID``."""

from typing import Annotated

from gatekeeper.cli.common import Common
from gatekeeper.cli.declared import Argument
from gatekeeper.cli.show import show_run

NAME = "pre-work"


def command(common: Common, wp_id: Annotated[str, Argument(metavar="WP-ID")]) -> int:
    """May work start? Phase, packet, refinement, links; packet and refinement committed."""
    from gatekeeper import runs

    return show_run(common, runs.pre_work(common.root, wp_id, config=common.config))
