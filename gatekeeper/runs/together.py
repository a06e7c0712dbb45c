"""Several files written together: all of them, or none."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from gatekeeper.packet.edit import write_atomically
from gatekeeper.runs.create import write_inside


class Together:
    """Within a ``with`` block: what was written is put back as it was, unless ``keep`` is called."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._before: dict[str, bytes | None] = {}

    def write(self, files: Mapping[str, bytes | None]) -> None:
        """Write files of the repository, by path; None removes one. Raises GateError if one can't be."""
        for path, data in files.items():
            file = self._root / path
            self._before[path] = file.read_bytes() if file.is_file() else None
            if data is None:
                file.unlink(missing_ok=True)
            else:
                write_inside(self._root, path, data)

    def keep(self) -> None:
        """Let everything stand as it is written."""
        self._before.clear()

    def undo(self) -> None:
        """Put every file back, the last one first."""
        while self._before:
            path, data = self._before.popitem()
            if data is None:
                (self._root / path).unlink(missing_ok=True)
            else:
                write_atomically(self._root / path, data)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.undo()
