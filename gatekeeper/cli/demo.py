"""``gate demo [DIR]``."""

from pathlib import Path
from typing import Annotated

from gatekeeper.cli.common import Common, Format
from gatekeeper.cli.declared import Argument

NAME = "demo"


def command(
    common: Common,
    directory: Annotated[Path | None, Argument(metavar="[DIR]", help="A new or an empty folder.")] = None,
) -> int:
    """Gate a real change in a repository made for it, and catch three planted faults."""
    from gatekeeper.cli.story import run_demo

    common.offers(NAME, Format.TEXT)
    return run_demo(directory, lambda line: common.emit(f"{line}\n"))
