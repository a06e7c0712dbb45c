"""``gate demo [DIR]``."""

from pathlib import Path
from typing import Annotated

import typer

from gatekeeper.cli.common import Common, Format

NAME = "demo"


def command(
    common: Common,
    directory: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="A new or an empty folder.")] = None,
) -> int:
    """Gate a real change in a repository made for it, and catch three planted faults."""
    from gatekeeper.cli.story import run_demo

    common.offers(NAME, Format.TEXT)
    return run_demo(directory, lambda line: common.emit(f"{line}\n"))
