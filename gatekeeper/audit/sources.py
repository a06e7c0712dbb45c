"""One tree as the rules see it: which of its files are judged, and of those which lines."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain

import re2

from gatekeeper.audit.hints import HINTS
from gatekeeper.audit.parsed import Parsed
from gatekeeper.model.changes import LINK, SUBMODULE, ChangeSet, TreeView
from gatekeeper.model.globs import any_of, matches_any
from gatekeeper.model.names import is_sql
from gatekeeper.model.settings import MigrationSettings, Settings
from gatekeeper.model.value import Value

_ENGINES = {"sqlite": "sqlite", "postgres": "postgres", "postgresql": "postgres", "pg": "postgres"}
_PARTS = re.compile(r"[._-]")
_VERSIONED = re.compile(r"[vV]?\d")
_HINTS = {name: re2.compile(hint.encode()) for name, hint in HINTS.items()}
ANY_HINT = "|".join(HINTS.values()).encode()
"""What a file matches that holds any hint."""
_ANY_HINT = re2.compile(ANY_HINT)
# A change of fewer files is kept in memory as it was parsed.
_FEW = 100
LARGEST = 8 * 1024 * 1024
"""The largest file that is read, in bytes."""

Lines = tuple[tuple[int, int], ...]
"""First and last line of each range, 1-based."""


class Selection(Value):
    """What is judged: ``paths`` None for every file, else the lines of each file; None for all of its lines."""

    paths: Mapping[str, Lines | None] | None = None

    @classmethod
    def of(cls, change_set: ChangeSet, *, lines: bool) -> "Selection":
        """The files that the change leaves at its head, with ``lines`` only what it adds or changes in them.

        Of a file whose content is another and that has no hunks, for it is binary, that is every line.
        """
        found: dict[str, Lines | None] = {}
        for change in change_set.changes:
            if change.head is not None:
                hunks = ((h.new_start, h.new_start + h.new_count - 1) for h in change.hunks if h.new_count)
                written = change.base is None or change.base.oid != change.head.oid
                found[change.path] = tuple(hunks) if lines and (change.hunks or not written) else None
        return cls(found)

    def holds(self, path: str, line: int | None = None) -> bool:
        """Whether a finding there counts; one that stands on no line counts where its file does."""
        if self.paths is None:
            return True
        if path not in self.paths:
            return False
        ranges = self.paths[path]
        return ranges is None or line is None or any(first <= line <= last for first, last in ranges)


EVERYTHING = Selection()


def engine_of(path: str) -> str | None:
    """The engine that a path names in one of its parts: ``storage/sqlite.rs``, ``0002_a.postgres.sql``.

    Between dots alone where a version begins the name, for ``0003_pg_stats.sql`` only says what it is about.
    """
    names = path.lower().split("/")
    parts = (
        part for name in names for part in (name.split(".") if _VERSIONED.match(name) else _PARTS.split(name))
    )
    return next((_ENGINES[part] for part in parts if part in _ENGINES), None)


class Sources:
    """The audited files of one tree.

    ``base`` is the tree that a change begins at and ``change`` what differs, None where nothing is compared.
    ``index`` gives the index of a work tree that is judged. ``paths`` are the sources, links and submodules left
    out; ``selection`` says which of them are judged.
    """

    def __init__(
        self,
        tree: TreeView,
        settings: Settings,
        selection: Selection = EVERYTHING,
        *,
        base: TreeView | None = None,
        change: ChangeSet | None = None,
        index: Callable[[], TreeView] | None = None,
    ) -> None:
        self.tree = tree
        self.settings = settings
        self.selection = selection
        self.base = base
        self.change = change
        self._index = index
        self.parsed: dict[str, Parsed] | None = {} if change is not None and len(change.changes) < _FEW else None
        """Files of a small change, as far as they were parsed in this process."""
        self._texts: dict[str, str | None] = {}
        self._hints: dict[str, frozenset[str]] = {}

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Every regular file of the tree, sorted."""
        return tuple(filter(self.is_file, sorted(self.tree.entries)))

    def is_file(self, path: str) -> bool:
        """Whether the tree holds a regular file there."""
        side = self.tree.entries.get(path)
        return side is not None and side.mode not in {LINK, SUBMODULE}

    @cached_property
    def judged_files(self) -> tuple[str, ...]:
        """Those of the files that are to be judged."""
        wanted = self.selection.paths
        return self.files if wanted is None else tuple(filter(self.is_file, sorted(wanted)))

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The sources: what ``[audit] sources`` names, and the scripts of ``[migrations]``."""
        return tuple(filter(self._is_named, self.files))

    @cached_property
    def storage_paths(self) -> tuple[str, ...]:
        """Those of the sources that may reach the database."""
        named = self.tree.named(any_of(self.settings.audit.storage).fullmatch)
        return tuple(filter(self.is_source, named))

    def holds_any(self, is_wanted: Callable[[str], object]) -> bool:
        """Whether the tree holds a source that is wanted, judged or not; as few as possible are asked about."""
        if any(map(is_wanted, self.judged())):
            return True
        named = (self.tree.named(self._sources.fullmatch), self.tree.named(is_sql))
        return any(map(is_wanted, filter(self.is_source, chain.from_iterable(named))))

    def is_source(self, path: str) -> bool:
        """Whether it is one of ``paths``."""
        return self.is_file(path) and self._is_named(path)

    @cached_property
    def _sources(self) -> re.Pattern[str]:
        return any_of(self.settings.audit.sources)

    def _is_named(self, path: str) -> bool:
        return self._sources.fullmatch(path) is not None or _in_set(path, self.settings.migrations)

    def is_tracked(self, path: str) -> bool:
        """Whether git tracks the file; only of a work tree, whose ``index`` is given, may one be untracked."""
        return self._tracked is None or path in self._tracked.entries

    @cached_property
    def _tracked(self) -> TreeView | None:
        return self._index() if self._index is not None else None

    def judged(self) -> Iterator[str]:
        """The sources that are to be judged one by one."""
        return iter(self.paths) if self.selection.paths is None else filter(self._is_named, self.judged_files)

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

    def read(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """Each file with its bytes, in order, one at a time; None for one that is too large to be read."""
        for path, data in self.tree.read_each(paths, LARGEST):
            self._notice(path, data or b"")
            yield path, data

    def holding(
        self, paths: Iterable[str], pattern: Callable[[str], "re2._Regexp[bytes] | None"]
    ) -> Iterator[tuple[str, bytes | None, bool]]:
        """As ``read``, with whether the file may hold what is looked for.

        ``pattern`` gives an expression for each path that also matches what ``ANY_HINT`` does, so that one search
        tells both; None where every file may.
        """
        for path, data in self.tree.read_each(paths, LARGEST):
            wanted = pattern(path)
            found = wanted is None or data is None or wanted.search(data) is not None
            if found:
                self._notice(path, data or b"")
            else:
                self._hints.setdefault(path, frozenset())
            yield path, data, found

    def hinted(self, name: str, paths: Iterable[str]) -> list[str]:
        """Those of the paths that are judged and hold the hint (``hints.HINTS``); a file is read once for that."""
        judged = [path for path in paths if self.selection.holds(path)]
        for _ in self.read(path for path in judged if path not in self._hints):
            pass
        return [path for path in judged if name in self._hints[path]]

    def _notice(self, path: str, data: bytes) -> None:
        if path not in self._hints:
            found = _ANY_HINT.search(data) is not None
            self._hints[path] = frozenset(name for name, hint in _HINTS.items() if found and hint.search(data))

    def text(self, path: str) -> str | None:
        """The file's text, None where it isn't UTF-8 or too large; kept, so for few files."""
        if path not in self._texts:
            data = self.tree.read(path)
            self._notice(path, data)
            self._texts[path] = decoded(data) if len(data) <= LARGEST else None
        return self._texts[path]


def decoded(data: bytes | None) -> str | None:
    """The bytes as text without a byte order mark, None where they aren't UTF-8."""
    try:
        return None if data is None else data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _in_set(path: str, migrations: MigrationSettings) -> bool:
    """Whether the path is a script below a configured migration folder."""
    if not path.endswith(".sql"):
        return False
    folders = (*migrations.paths, *migrations.sqlite, *migrations.postgres)
    return any(_under(folder, path) for folder in folders)


def _under(folder: str, path: str) -> bool:
    plain = folder.removeprefix("./").rstrip("/")
    return plain in {"", "."} or path == plain or matches_any((f"{plain}/**", plain), path)
