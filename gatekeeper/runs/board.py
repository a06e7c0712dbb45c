"""The board of all packets, and the file that holds it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gatekeeper.changes.repository import Repository
from gatekeeper.model.errors import UsageError
from gatekeeper.model.status import PacketStatus
from gatekeeper.packet.edit import write_atomically
from gatekeeper.packet.markdown import PacketUnreadable
from gatekeeper.packet.marked import NoMarkedPlace, with_marked
from gatekeeper.runs.status import packets_alone

Render = Callable[[Sequence[PacketStatus], str], str]
OPENING = "<!-- gate:board -->"
CLOSING = "<!-- /gate:board -->"


@dataclass(frozen=True, slots=True)
class Board:
    """The board's text, what the file holds (None where there is none), and what it should hold."""

    text: str
    found: bytes | None
    expected: bytes | None


def board_for(repo: Path, file: Path | None, render: Render, *, config: Path | None = None) -> Board:
    """The board by packets and refinements alone, with links as they are written in ``file``.

    Raises UsageError for a file that holds other text and no marked place, or can't be read; ConfigError,
    RepositoryError.
    """
    rows = packets_alone(repo, config=config)
    if file is None:
        return Board(render(rows, "."), None, None)
    text = render(rows, _folder(repo, file))
    try:
        found = file.read_bytes()
    except FileNotFoundError:
        found = None
    except OSError as error:
        raise UsageError(f"{file} can't be read: {error.strerror}.", hint="name another file") from error
    try:
        expected = with_marked(found or b"", OPENING, CLOSING, text)
    except (NoMarkedPlace, PacketUnreadable) as error:
        raise UsageError(
            f"{file} {error}, so there is no place for the board.",
            hint=f"put the lines {OPENING} and {CLOSING} where it belongs, or name another file",
        ) from error
    return Board(text, found, expected)


def write_board(file: Path, board: Board) -> bool:
    """Put the board in its file; whether there was anything to write. Raises GateError."""
    if not file.parent.is_dir():
        raise UsageError(f"There is no folder {file.parent}.", hint="make it first, or name another file")
    return write_atomically(file, board.expected or b"")


def _folder(repo: Path, file: Path) -> str:
    """The file's folder relative to the work tree's root, POSIX; the root where the file lies outside."""
    with Repository.open(repo) as repository:
        root = repository.root
    folder = file.resolve().parent
    if root is None or not folder.is_relative_to(root.resolve()):
        return "."
    return folder.relative_to(root.resolve()).as_posix()
