"""Where the specification lies: the pointer, what it points at, and the files that anchors name."""

import posixpath
import re
from dataclasses import dataclass

from gatekeeper.model.changes import TreeView

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
    found = _MARKDOWN_NAME.search(text)
    if found is None:
        return Spec(pointer, None, None)
    return Spec(pointer, found.group(), find_spec_file(tree, found.group(), pointer))


def find_spec_file(tree: TreeView, name: str, pointer: str) -> str | None:
    """The path of a spec file: relative to the root, else to the pointer's folder (contract, section 4)."""
    for folder in ("", posixpath.dirname(pointer)):
        path = posixpath.normpath(posixpath.join(folder, name))
        side = tree.entries.get(path)
        if side is not None and not side.is_submodule:
            return path
    return None


def lines_of(tree: TreeView, path: str) -> list[str]:
    """The file's lines, decoded with replacement; a last line without a newline counts."""
    text = tree.read(path).decode("utf-8", "replace").replace("\r\n", "\n")
    return text.removesuffix("\n").split("\n") if text else []
