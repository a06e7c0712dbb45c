"""``gate sha FILE…``."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from gatekeeper.cli import selectors
from gatekeeper.cli.common import Common, Format
from gatekeeper.cli.declared import Argument

if TYPE_CHECKING:  # as in show.py
    from gatekeeper.model.sha import FileShas

NAME = "sha"


def command(
    common: Common,
    files: Annotated[list[Path], Argument(metavar="FILE...")],
    base: selectors.Base = None,
) -> int:
    """Show the SHA1 of files at the base, in the index and in the work tree, and which to record."""
    from gatekeeper import runs

    common.offers(NAME, Format.TEXT, Format.JSON)
    rows = runs.shas_of(common.root, files, base=base, config=common.config)
    if common.format is Format.JSON:
        body = {"schema": "gatekeeper/sha/v1", "files": [row.model_dump(mode="json") for row in rows]}
        common.emit(json.dumps(body, indent=1) + "\n")
    else:
        common.emit("".join(_text(row) for row in rows))
    return 0


def _text(row: "FileShas") -> str:
    from gatekeeper.reports.plain import printable

    note = "  (the work tree has unstaged edits: git add, then ask again)" if row.unstaged else ""
    old = f"  (of {printable(row.renamed_from)}; record it as Renamed From)" if row.renamed_from else ""
    return (
        f"{printable(row.path)}\n"
        f"  base       {row.base or 'absent'}\n"
        f"  index      {row.index or 'absent'}\n"
        f"  work tree  {row.worktree or 'absent'}\n"
        f"  record     Pre-SHA1 {row.pre_sha1}{old}\n"
        f"             Post-SHA1 {row.post_sha1}{note}\n"
    )
