"""Where the specification lies: the pointer, what it points at, and the files that anchors name."""

import posixpath
import re
from dataclasses import dataclass
from functools import lru_cache

from gatekeeper.model.changes import TreeView

_KEPT = 1 << 20  # bytes; what may be cited is of any size
_MARKDOWN_NAME = re.compile(r"[^\s`'\"<>()\[\]|,;]+\.md\b")


@dataclass(frozen=True, slots=True)
class Spec:
    """The current spec as the pointer names it: ``name`` as written, ``path`` None where no such file is."""

    pointer: str
    name: str | None
    path: str | None

    @property
    def target(self) -> str | None:
        """``pointer -> name``, as a packet records it."""
        return f"{self.pointer} -> {self.name}" if self.name else None


def current_spec(tree: TreeView, pointer: str) -> Spec | None:
    """What the configured pointer names; None where no pointer is configured."""
    if not pointer:
        return None
    try:
        text = tree.read(posixpath.normpath(pointer)).decode("utf-8", "replace")
    except KeyError:
        return Spec(pointer, None, None)
    name = _named(text)
    return Spec(pointer, name, None if name is None else find_spec_file(tree, name, pointer))


# A run reads the same few specs for many packets, and for a packet several times.
@lru_cache(maxsize=8)
def _named(text: str) -> str | None:
    found = _MARKDOWN_NAME.search(text)
    return found.group() if found else None


def find_spec_file(tree: TreeView, name: str, pointer: str) -> str | None:
    """The path of a spec file: relative to the root, else to the pointer's folder (contract, section 4)."""
    for folder in ("", posixpath.dirname(pointer)):
        path = posixpath.normpath(posixpath.join(folder, name))
        side = tree.entries.get(path)
        if side is not None and not side.is_submodule:
            return path
    return None


def lines_of(tree: TreeView, path: str) -> tuple[str, ...]:
    """The file's lines, decoded with replacement; a last line without a newline counts."""
    data = tree.read(path)
    return _known_lines(data) if len(data) <= _KEPT else _lines_in(data)


def _lines_in(data: bytes) -> tuple[str, ...]:
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    return tuple(text.removesuffix("\n").split("\n")) if text else ()


_known_lines = lru_cache(maxsize=8)(_lines_in)
