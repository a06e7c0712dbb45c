"""What doesn't belong into a repository: build artefacts, large new files, and what keeps them out of it."""

import posixpath
import re
from collections.abc import Iterable, Iterator

from gatekeeper.audit.found import Found
from gatekeeper.audit.languages import is_test_file
from gatekeeper.audit.sources import Sources
from gatekeeper.model.globs import compiled
from gatekeeper.model.names import for_output

LARGE = 1024 * 1024
"""The size in bytes above which a new file is large."""
_FOLDERS = (
    *("node_modules", "__pycache__", ".venv", ".tox", ".gradle", ".next", ".nuxt", ".terraform"),
    *(".mypy_cache", ".pytest_cache", ".ruff_cache", ".parcel-cache", ".turbo"),
)
_ENDINGS = (".pyc", ".pyo", ".class", ".o", ".obj", ".rlib", ".rmeta", ".tsbuildinfo")
_NAMES = (".DS_Store", "Thumbs.db", ".coverage")
_JOURNAL = r"\.(?:db|sqlite|sqlite3)-(?:journal|wal|shm)"
_MADE_FOLDER = re.compile(rf"(?:^|/)(?:{'|'.join(map(re.escape, _FOLDERS))}|[^/]+\.egg-info|target)(?=/)")
_MADE_FILE = re.compile(
    rf"(?:{'|'.join(map(re.escape, _ENDINGS))}|(?:^|/)(?:{'|'.join(map(re.escape, _NAMES))})|{_JOURNAL})$"
)
_MADE_ANYWHERE = re.compile(f"{_MADE_FOLDER.pattern}|{_MADE_FILE.pattern}", re.MULTILINE)
# A file that shows which tools work in its folder, the paths that they make there, and how to ignore each.
_MADE = {
    "Cargo.toml": (("target/debug/app", "target/"),),
    "package.json": (("node_modules/x/index.js", "node_modules/"),),
    "pyproject.toml": (("__pycache__/x.pyc", "__pycache__/"), (".venv/pyvenv.cfg", ".venv/")),
    "requirements.txt": (("__pycache__/x.pyc", "__pycache__/"),),
    "setup.py": (("__pycache__/x.pyc", "__pycache__/"),),
    ".env.example": ((".env", ".env"),),
    ".env.sample": ((".env", ".env"),),
}


def artefacts(sources: Sources) -> Iterator[Found]:
    """What a build, an interpreter or a tool made and can make again: each folder once, each other file once."""
    by_folder: dict[str, list[str]] = {}
    # Nearly no change holds any: what no line of all of them together is, none of the paths is.
    judged = sources.judged_files if _MADE_ANYWHERE.search("\n".join(sources.judged_files)) else ()
    for path in judged:
        made = _artefact(path, sources)
        if made is not None and not is_test_file(path) and sources.is_tracked(path):
            by_folder.setdefault(made, []).append(path)
    for made, paths in by_folder.items():
        name = for_output(made)
        if made in paths:
            mend = f"git rm --cached {name}, and ignore it"
            yield Found(made, None, "is made by a tool and was committed", mend)
        else:
            told = f"is one of {len(paths)} files under" if len(paths) > 1 else "lies in"
            mend = f"git rm -r --cached {name}, and ignore it"
            yield Found(paths[0], None, f"{told} {name}/, which a tool makes", mend)


def _artefact(path: str, sources: Sources) -> str | None:
    """The folder of artefacts that the path lies in, or the path itself where it is one; None for neither."""
    for found in _MADE_FOLDER.finditer(path):
        above, name = posixpath.split(path[: found.end()])
        # Other things than Cargo's are called target too.
        if name != "target" or posixpath.join(above, "Cargo.toml") in sources.tree.entries:
            return path[: found.end()]
    return path if _MADE_FILE.search(path) else None


def untracked(sources: Sources) -> Iterator[Found]:
    """Files of more than a megabyte that the change would add, untracked ones of the work tree among them."""
    if sources.base is None:
        return
    if sources.change is not None:
        added = {c.path for c in sources.change.changes if c.base is None or c.old_path is not None}
        new = [path for path in sources.judged_files if path in added]
    else:
        new = [path for path in sources.judged_files if path not in sources.base.entries]
    for path, data in sources.tree.read_each(new, LARGE):
        if data is None:
            yield Found(path, None, "is new and larger than a megabyte")


def _has_tools(path: str) -> bool:
    """Whether the file is one of a tool that makes others."""
    return path.rpartition("/")[2] in _MADE


def ignore_files(sources: Sources) -> Iterator[Found]:
    """What the tools of each folder make and no .gitignore names; judged where that file or the tool's changed."""
    for path in sources.tree.named(_has_tools):
        if not sources.is_file(path):
            continue
        folder, name = posixpath.split(path)
        made = _MADE[name]
        judged = (path, ".gitignore", posixpath.join(folder, ".gitignore"))
        if not _is_worked_in(folder, sources) or not any(map(sources.selection.holds, judged)):
            continue
        open_to = [said for probe, said in made if not ignored(posixpath.join(folder, probe), sources)]
        if open_to:
            near = posixpath.join(folder, ".gitignore")
            ignore = near if near in sources.tree.entries else ".gitignore"
            yield Found(
                path,
                None,
                f"is here, and no .gitignore names {' and '.join(open_to)}",
                f"add {' and '.join(open_to)} to {for_output(ignore)}",
            )


def _is_worked_in(folder: str, sources: Sources) -> bool:
    """Whether it is the root or holds an audited source: a template's or a fixture's tools don't run here."""
    return not folder or sources.holds_any(lambda path: path.startswith(f"{folder}/"))


def ignored(path: str, sources: Sources) -> bool:
    """Whether the tree's ignore files name the path or a folder above it (gitignore(5)); the last line wins."""
    parts = path.split("/")
    for depth in range(1, len(parts) + 1):
        here, named = "/".join(parts[:depth]), False
        for level in range(depth):
            folder = "/".join(parts[:level])
            inside = "/".join(parts[level:depth])
            for pattern, keeps in _patterns(_ignore_file(folder, sources)):
                if _names(pattern, inside, is_folder=depth < len(parts)):
                    named = not keeps
        if named:
            return bool(here)
    return False


def _ignore_file(folder: str, sources: Sources) -> str:
    path = posixpath.join(folder, ".gitignore")
    return (sources.text(path) or "") if path in sources.tree.entries else ""


def _patterns(text: str) -> Iterable[tuple[str, bool]]:
    """The patterns of an ignore file, each with whether it takes back an earlier one."""
    for line in text.splitlines():
        pattern = line.rstrip()
        if pattern and not pattern.startswith("#"):
            yield pattern.removeprefix("!").removeprefix("\\"), pattern.startswith("!")


def _names(pattern: str, path: str, *, is_folder: bool) -> bool:
    if pattern.endswith("/") and not is_folder:
        return False
    plain = pattern.rstrip("/")
    anywhere = "/" not in plain
    plain = f"**/{plain}" if anywhere else plain.removeprefix("/")
    return compiled(plain).fullmatch(path) is not None
