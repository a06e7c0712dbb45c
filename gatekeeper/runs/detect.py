"""What a repository looks like: packets, migrations, storage, languages, spec, main (for ``gate init``)."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from posixpath import basename, dirname, splitext

from gatekeeper.changes.repository import Repository
from gatekeeper.changes.tree import Tree
from gatekeeper.gates.spec import current_spec
from gatekeeper.migrate.discover import version_of
from gatekeeper.packet.lookup import packet_paths

LANGUAGES: Mapping[str, str] = {
    ".c": "C",
    ".cc": "C++",
    ".cpp": "C++",
    ".cs": "C#",
    ".go": "Go",
    ".java": "Java",
    ".js": "JavaScript",
    ".jsx": "JavaScript",
    ".kt": "Kotlin",
    ".mjs": "JavaScript",
    ".php": "PHP",
    ".py": "Python",
    ".rb": "Ruby",
    ".rs": "Rust",
    ".swift": "Swift",
    ".ts": "TypeScript",
    ".tsx": "TypeScript",
}
_MANIFESTS = frozenset({".toml", ".json", ".cfg", ".ini", ".txt", ".mod", ".yml", ".yaml", ".gradle", ".xml"})
_LOCKS = re.compile(r"(?:^|[-.])lock(?:\.|$)|gatekeeper\.toml$", re.IGNORECASE)
_ASIDE = frozenset(
    {
        "__tests__",
        "build",
        "dist",
        "doc",
        "docs",
        "example",
        "examples",
        "fixture",
        "fixtures",
        "node_modules",
        "target",
        "template",
        "templates",
        "test",
        "testdata",
        "tests",
        "third_party",
        "vendor",
        "venv",
    }
)
_PACKET_FOLDERS = ("docs/task_packets", "packets", "docs/packets", "task_packets", "work_packets")
_NO_PACKETS = frozenset({"archive", "evidence", "refinements", "stubs", "templates"})
_STORAGE_FOLDERS = ("storage", "persistence", "database", "dal", "db")
_MAIN_NAMES = ("main", "master", "trunk", "develop")
_GREP = ("-l", "-z", "-i", "-I", "-F", "--no-color", "--full-name", "--no-recurse-submodules")
_ENGINE_FOLDERS = {"sqlite": "sqlite", "postgres": "postgres", "postgresql": "postgres", "pg": "postgres"}


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that was found, and the reason in words that follow "because"."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class MigrationFolders:
    """Folders of migrations: ``shared`` by all engines, or one set an engine; ``others`` were not taken."""

    shared: str | None
    by_engine: Mapping[str, str]
    others: tuple[str, ...]


def is_aside(path: str) -> bool:
    """Whether the path lies where tests, documents, examples and foreign code lie."""
    return any(part.lower() in _ASIDE or part.startswith(".") for part in path.split("/")[:-1])


def paths_of(tree: Tree) -> Iterator[str]:
    """The files that a line of configuration can name: UTF-8, without control characters."""
    return (path for path in tree.entries if path.isprintable())


def packet_folder(tree: Tree) -> Folder | None:
    """Where the work packets lie: the folder that holds most of them, else one with a usual name."""
    folders = {dirname(path) for path in paths_of(tree) if "WP-" in path}
    folders |= {dirname(folder) for folder in folders}
    counts = {
        folder: len(packet_paths(paths_of(tree), folder or "."))
        for folder in folders
        if not _NO_PACKETS & set(folder.split("/")) and not basename(folder).startswith("WP-")
    }
    best = max(sorted(counts), key=lambda folder: counts[folder], default=None)
    if best is not None and counts[best]:
        count = counts[best]
        return Folder(best or ".", f"{count} work packet{'s lie' if count > 1 else ' lies'} there")
    named = next((f for f in _PACKET_FOLDERS if tree.is_folder(f) and not holds_sources(tree, f)), None)
    return Folder(named, "a folder of that name is there") if named else None


def holds_sources(tree: Tree, folder: str) -> bool:
    """Whether sources lie there; a packets folder must not hold any, for its files need no manifest entry."""
    return any(path.startswith(f"{folder}/") and splitext(path)[1] in LANGUAGES for path in tree.entries)


def refinement_folder(tree: Tree) -> Folder | None:
    """Where the refinements lie: a folder ``refinements`` with files of packets' names, else an empty one."""
    folders = {dirname(path) for path in paths_of(tree) if basename(dirname(path)) == "refinements"}
    counts = {folder: sum(1 for p in paths_of(tree) if p.startswith(f"{folder}/WP-")) for folder in folders}
    best = max(sorted(counts), key=lambda folder: counts[folder], default=None)
    if best is None:
        return None
    count = counts[best]
    return Folder(best, f"{count} refinement{'s lie' if count != 1 else ' lies'} there")


def migration_folders(tree: Tree) -> MigrationFolders:
    """The folders with versioned SQL files: named for migrations, else with more than one such file."""
    counts = Counter(
        _migration_base(path) for path in paths_of(tree) if path.endswith(".sql") and not is_aside(path)
    )
    del counts[None]
    bases = {base: count for base, count in counts.items() if base is not None}
    named = {base: count for base, count in bases.items() if "migrat" in base.lower()}
    found = named or {base: count for base, count in bases.items() if count > 1}
    ranked = sorted(found, key=lambda base: (-found[base], base))
    by_engine: dict[str, str] = {}
    for base in ranked:
        if engine := _engine_of(base):
            by_engine.setdefault(engine, base)
    shared = next((base for base in ranked if not _engine_of(base)), None)
    if len(by_engine) == 2 or shared is None:
        shared = None
    else:
        by_engine = {}
    taken = {shared, *by_engine.values()}
    return MigrationFolders(shared, by_engine, tuple(base for base in ranked if base not in taken))


def _migration_base(path: str) -> str | None:
    """The folder of the set that an SQL file belongs to; None for a file without a version."""
    folder, name = dirname(path), basename(path)
    if name in {"up.sql", "down.sql"}:
        return (dirname(folder) or ".") if version_of(basename(folder)) else None
    return (folder or ".") if version_of(name) else None


def _engine_of(folder: str) -> str | None:
    return next((_ENGINE_FOLDERS[p] for p in reversed(folder.lower().split("/")) if p in _ENGINE_FOLDERS), None)


def named_engines(repository: Repository, tree: Tree) -> dict[str, str]:
    """The engines that sources or package manifests name, each with a file that does."""
    words = {"sqlite": ("sqlite",), "postgres": ("postgres", "psycopg", "asyncpg", '"pg"')}
    found = {}
    for engine, names in words.items():
        patterns = [argument for name in names for argument in ("-e", name)]
        answer = repository.git.run("grep", *_GREP, *patterns, tree.oid, ok=(0, 1))
        files = [os.fsdecode(raw).partition(":")[2] for raw in answer.out.split(b"\0") if raw]
        named = next((path for path in sorted(files) if _is_source(path) or _is_manifest(path)), None)
        if named is not None:
            found[engine] = named
    return found


def _is_source(path: str) -> bool:
    return splitext(path)[1] in LANGUAGES and not is_aside(path)


def _is_manifest(path: str) -> bool:
    return splitext(path)[1] in _MANIFESTS and not is_aside(path) and not _LOCKS.search(basename(path))


def languages(tree: Tree) -> tuple[str, ...]:
    """The languages of the sources, most files first."""
    counts = Counter(LANGUAGES[splitext(path)[1]] for path in paths_of(tree) if _is_source(path))
    return tuple(language for language, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def storage_folders(tree: Tree) -> tuple[str, ...]:
    """The folders that hold the storage code, by the first of the usual names that is there."""
    sources = [path for path in paths_of(tree) if _is_source(path)]
    for name in _STORAGE_FOLDERS:
        found = {above for path in sources for above in _above(path) if basename(above) == name}
        outer = {folder for folder in found if not any(folder.startswith(f"{other}/") for other in found)}
        if outer:
            return tuple(sorted(outer))
    return ()


def _above(path: str) -> Iterator[str]:
    folder = dirname(path)
    while folder:
        yield folder
        folder = dirname(folder)


def source_folders(tree: Tree) -> tuple[str, ...]:
    """The top folders that hold sources."""
    return tuple(sorted({p.split("/", 1)[0] for p in paths_of(tree) if "/" in p and _is_source(p)}))


def spec_pointers(tree: Tree) -> Iterable[tuple[str, str | None]]:
    """Each file SPEC_CURRENT.md with the spec that it names, None where that doesn't exist."""
    for path in sorted(paths_of(tree), key=lambda path: (path.count("/"), path)):
        if basename(path) == "SPEC_CURRENT.md":
            spec = current_spec(tree, path)
            yield path, spec.path if spec else None


def main_branch(repository: Repository) -> Folder:
    """The name of the main branch: what origin says, else a usual name, else the branch that is checked out."""
    answer = repository.git.run("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD", ok=(0, 1, 128))
    said = os.fsdecode(answer.out).strip().removeprefix("refs/remotes/origin/")
    if answer.code == 0 and said:
        return Folder(said, "origin names it as its main branch")
    usual = next((name for name in _MAIN_NAMES if repository.tips(name)), None)
    if usual is not None:
        return Folder(usual, "a branch of that name is there")
    if repository.branch is not None:
        return Folder(repository.branch, "it is checked out, and there is no branch of a usual name")
    return Folder("main", "there is no branch at all, so this is the usual name")
