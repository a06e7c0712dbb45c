"""Which files of a tree a rule looks at, and each of them read and parsed once."""

import re
from collections.abc import Collection, Iterator
from posixpath import basename, dirname, splitext

from gatekeeper.audit.rust import RustFile, read_rust
from gatekeeper.model.changes import LINK, TreeView
from gatekeeper.model.globs import matches_any
from gatekeeper.model.settings import MigrationSettings, Settings

_ENGINES = {"sqlite": "sqlite", "postgres": "postgres", "postgresql": "postgres", "pg": "postgres"}
_PARTS = re.compile(r"[/._-]")
_ROOTS = ("mod", "lib", "main")
TESTS = "tests"


def engine_of(path: str) -> str | None:
    """The engine that a path names in one of its parts: ``storage/sqlite.rs``, ``0002_a.postgres.sql``."""
    return next((_ENGINES[part] for part in _PARTS.split(path.lower()) if part in _ENGINES), None)


class Sources:
    """The audited files of one tree; ``changed`` leaves only those paths to be judged one by one (None: all)."""

    def __init__(self, tree: TreeView, settings: Settings, changed: Collection[str] | None) -> None:
        self.tree = tree
        self.settings = settings
        self.changed = changed
        self._texts: dict[str, str | None] = {}
        self._parsed: dict[str, RustFile] = {}
        self.paths = tuple(
            path
            for path, side in sorted(tree.entries.items())
            if not side.is_submodule and side.mode != LINK and self._is_source(path)
        )

    def _is_source(self, path: str) -> bool:
        return matches_any(self.settings.audit.sources, path) or _in_set(path, self.settings.migrations)

    def judged(self, extension: str) -> Iterator[str]:
        """The sources of a language that are to be judged."""
        for path in self.paths:
            if path.endswith(extension) and (self.changed is None or path in self.changed):
                yield path

    def is_storage(self, path: str) -> bool:
        """Whether the path is one that may reach the database (``[audit] storage``)."""
        return matches_any(self.settings.audit.storage, path)

    def is_shared_sql(self, path: str) -> bool:
        """Whether a script is one that both engines run: not in a set of one engine, nor named for one."""
        migrations = self.settings.migrations
        own = [*migrations.sqlite, *migrations.postgres]
        both = set(migrations.sqlite) & set(migrations.postgres)
        alone = any(_under(folder, path) for folder in own if folder not in both)
        return not alone and engine_of(path) is None

    def text(self, path: str) -> str | None:
        """The file's text, None where it isn't UTF-8."""
        if path not in self._texts:
            try:
                self._texts[path] = self.tree.read(path).decode("utf-8-sig")
            except UnicodeDecodeError:
                self._texts[path] = None
        return self._texts[path]

    def rust(self, path: str) -> RustFile | None:
        """The Rust file, test code told apart; None where it isn't UTF-8."""
        text = self.text(path)
        if text is None:
            return None
        if path not in self._parsed:
            self._parsed[path] = read_rust(text, test=self.is_test(path))
        return self._parsed[path]

    def is_test(self, path: str) -> bool:
        """Whether all of a Rust file is test code: it lies under ``tests/``, or what declares it is test code."""
        if TESTS in dirname(path).split("/"):
            return True
        for parent, module in _declared_by(path):
            if parent != path and parent in self.tree.entries and self._may_declare(parent, module):
                found = self.rust(parent)
                if found is not None and module in found.modules:
                    return found.modules[module]
        return False

    def _may_declare(self, path: str, module: str) -> bool:
        return f"mod {module}" in (self.text(path) or "")

    def rust_tests(self) -> Iterator[str]:
        """The Rust files that may hold test code: the sources, and what lies under ``tests/`` anywhere."""
        for path, side in sorted(self.tree.entries.items()):
            wanted = TESTS in dirname(path).split("/") or matches_any(self.settings.audit.sources, path)
            if wanted and path.endswith(".rs") and not side.is_submodule and side.mode != LINK:
                yield path


def _in_set(path: str, migrations: MigrationSettings) -> bool:
    """Whether the path is a script below a configured migration folder."""
    folders = (*migrations.paths, *migrations.sqlite, *migrations.postgres)
    return path.endswith(".sql") and any(_under(folder, path) for folder in folders)


def _under(folder: str, path: str) -> bool:
    plain = folder.removeprefix("./").rstrip("/")
    return plain in {"", "."} or path == plain or matches_any((f"{plain}/**", plain), path)


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
