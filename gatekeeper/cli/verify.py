"""``gate verify WP-ID|--all``."""

from typing import Annotated

from gatekeeper.cli.common import Common
from gatekeeper.cli.declared import Argument, Option
from gatekeeper.cli.show import show_run
from gatekeeper.model.errors import UsageError

NAME = "verify"


def command(
    common: Common,
    wp_id: Annotated[str | None, Argument(metavar="[WP-ID]", show_default=False)] = None,
    every: Annotated[bool, Option("--all", help="Verify every packet of HEAD.")] = False,
    since: Annotated[str | None, Option(help="Of all, those recorded after this revision.", metavar="REV")] = None,
    changed: Annotated[bool, Option("--changed", help="Of all, those whose files differ from main's.")] = False,
    shard: Annotated[
        str | None, Option(help="Of all, every N-th by name, from the I-th on.", metavar="I/N")
    ] = None,
    jobs: Annotated[int | None, Option(help="How many processes; a core each by default.", metavar="N")] = None,
    prove: Annotated[bool, Option("--prove", help="Run the proof of the migrations anew.")] = False,
    fresh: Annotated[bool, Option("--fresh", help="Fail where the record is stale, too.")] = False,
) -> int:
    """Is what packets record still true? Recomputes it from git, offline: VERIFIED, STALE or BROKEN."""
    from gatekeeper import runs

    ask = runs.Ask(prove=prove, fresh=fresh)
    several = every or changed or since is not None or shard is not None
    if wp_id is None:
        if not several:
            raise UsageError("gate verify wants a packet's id, or --all.", hint="gate verify --all")
        which = runs.Which(since=since, changed=changed, shard=shard)
        verdict = runs.verify_all(
            common.root, which=which, ask=ask, jobs=jobs, config=common.config, progress=common.progress
        )
    elif several:
        raise UsageError(
            f"{wp_id} names one packet, and --all, --since, --changed and --shard choose among all.",
            hint=f"gate verify {wp_id}, or gate verify --all",
        )
    else:
        verdict = runs.verify(common.root, wp_id, ask=ask, config=common.config, progress=common.progress)
    return show_run(common, verdict)
