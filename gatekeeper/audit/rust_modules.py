"""Which Rust files are test code because of what declares them: ``#[cfg(test)] mod helpers;`` in another file."""

from collections.abc import Iterator
from posixpath import basename, dirname, splitext

from gatekeeper.audit.languages import is_test_file
from gatekeeper.audit.parsed import Parsed
from gatekeeper.audit.sources import Sources

_ROOTS = ("mod", "lib", "main")


class RustModules:
    """Answers for one tree; each declaring file is read once."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._declared: dict[str, dict[str, bool]] = {}
        self._asked: dict[str, bool] = {}

    def is_test(self, path: str) -> bool:
        """Whether all of a file is test code: it lies under ``tests/``, or what declares it is test code."""
        if path not in self._asked:
            self._asked[path] = False  # a declaration that leads in a circle declares nothing
            self._asked[path] = is_test_file(path) or (path.endswith(".rs") and self._by_declaration(path))
        return self._asked[path]

    def _by_declaration(self, path: str) -> bool:
        for parent, module in _declared_by(path):
            if parent != path and parent in self._sources.tree.entries:
                declared = self._modules(parent)
                if module in declared:
                    return declared[module]
        return False

    def _modules(self, path: str) -> dict[str, bool]:
        """The modules that a file declares without a body, each with whether it is test code."""
        if path not in self._declared:
            text = self._sources.text(path) or ""
            found = {}
            if "mod " in text:
                file = Parsed(path, text, test=self.is_test(path))
                for node in file.all("mod_item"):
                    name = node.field("name")
                    if name is not None and node.field("body") is None:
                        found[name.text()] = file.is_test(node)
            self._declared[path] = found
        return self._declared[path]


def _declared_by(path: str) -> Iterator[tuple[str, str]]:
    """The files that may declare a Rust file as a module, each with the module's name."""
    folder, name = dirname(path), splitext(basename(path))[0]
    if name == "mod":
        folder, name = dirname(folder), basename(folder)
    elif name in _ROOTS:
        return
    if not name:
        return
    for root in _ROOTS:
        yield (f"{folder}/{root}.rs" if folder else f"{root}.rs"), name
    if folder:
        yield f"{folder}.rs", name
