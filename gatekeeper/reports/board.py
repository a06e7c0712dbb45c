"""The board: packets by state, and which revision of each base id is active, as Markdown."""

import difflib
import itertools
import posixpath
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from gatekeeper.model.names import encode
from gatekeeper.model.status import STATES, PacketStatus, traced


def render_board(packets: Sequence[PacketStatus], folder: str = ".") -> str:
    """The board in ASCII with LF, its links relative to ``folder`` (of the repository, POSIX)."""
    rows = tuple(packets)
    return "\n".join(
        ["## Board", "", *_columns(rows, folder), "", "## Traceability", "", *_traces(rows, folder), ""]
    )


def _columns(rows: Sequence[PacketStatus], folder: str) -> list[str]:
    columns = {state: [_link(row, folder) for row in rows if row.state == state] for state in STATES}
    shown = {f"{state} ({len(cells)})": cells for state, cells in columns.items() if cells}
    if not shown:
        return ["No work packets."]
    body = itertools.zip_longest(*shown.values(), fillvalue="")
    return [_line(shown), _line(["---"] * len(shown)), *(_line(cells) for cells in body)]


def _traces(rows: tuple[PacketStatus, ...], folder: str) -> list[str]:
    by_id = {row.wp_id: row for row in rows}
    lines = [_line(["base id", "active revision", "state", "all revisions"]), _line(["---"] * 4)]
    for trace in traced(rows):
        active = by_id[trace.active] if trace.active else None
        shown = _link(active, folder) if active else "none"
        lines.append(_line([trace.base_id, shown, active.state if active else "-", ", ".join(trace.revisions)]))
    return lines if rows else ["No work packets."]


def _link(row: PacketStatus, folder: str) -> str:
    return f"[{row.wp_id}]({quote(encode(posixpath.relpath(row.path, folder)))})"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def difference(found: str, expected: str, name: str) -> str:
    """What has to change for the file to hold the board, as a unified diff."""
    lines = difflib.unified_diff(
        found.splitlines(), expected.splitlines(), name, f"{name} (as it should be)", lineterm=""
    )
    return "".join(f"{line}\n" for line in lines)
