"""Folders to keep and to run things in: private ones, and for root such that its unprivileged helper can reach."""

import errno
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatekeeper import clock

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_NOBODY = 65534
_PLENTY = 1 << 30  # bytes
_ABANDONED = 3600  # seconds after which a builder was killed
# The environment may hold options of tar's, and macOS adds files to archives.
_PLAIN = {"PATH": os.defpath, "LC_ALL": "C", "COPYFILE_DISABLE": "1"}
MEMORY = Path("/dev/shm")  # noqa: S108 - what is made there is private and checked


@dataclass(frozen=True, slots=True)
class Account:
    """The user that runs servers for root, which PostgreSQL refuses to do itself."""

    uid: int
    gid: int

    @property
    def process(self) -> dict[str, Any]:
        """Keyword arguments for subprocess."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def helper_account() -> Account | None:
    """``nobody`` for root, None for everybody else."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    import pwd  # noqa: PLC0415 - Windows has none

    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return Account(_NOBODY, _NOBODY)
    return Account(entry.pw_uid, entry.pw_gid)


def reachable(folder: Path, account: Account | None) -> bool:
    """Whether the account (None: this process) may pass through the folder and all its parents."""
    if account is None:
        return os.access(folder, os.X_OK)
    try:
        found = [parent.stat() for parent in (folder, *folder.parents)]
    except OSError:
        return False
    return all(
        entry.st_mode & stat.S_IXOTH or (entry.st_uid == account.uid and entry.st_mode & stat.S_IXUSR)
        for entry in found
    )


def tamper_proof(folder: Path) -> bool:
    """Whether nobody but this user and root can change the folder or put another in its place."""
    if sys.platform == "win32":
        return True
    try:
        if folder.is_symlink() or folder.stat().st_uid != os.geteuid() or folder.stat().st_mode & _OTHERS_WRITE:
            return False
        parents = [parent.stat() for parent in folder.resolve().parents]
    except OSError:
        return False
    return all(
        entry.st_uid in {0, os.geteuid()} and (not entry.st_mode & _OTHERS_WRITE or entry.st_mode & stat.S_ISVTX)
        for entry in parents
    )


def cache_folder(account: Account | None) -> Path | None:
    """The folder in which this user's servers are kept between runs; None if no place is safe."""
    for candidate in _cache_candidates():
        parent = next(p for p in candidate.parents if p.exists())
        if not reachable(parent, account):
            continue
        try:
            candidate.mkdir(parents=True, exist_ok=True, mode=0o755)
        except OSError:
            continue
        if os.access(candidate, os.W_OK) and tamper_proof(candidate) and reachable(candidate, account):
            return candidate
    return None


def _cache_candidates() -> Iterator[Path]:
    environment = os.environ
    if wanted := environment.get("GATEKEEPER_CACHE_DIR"):
        yield Path(wanted).absolute()
    home = environment.get("HOME") or environment.get("USERPROFILE")
    if local := environment.get("LOCALAPPDATA"):
        yield Path(local) / "gatekeeper" / "Cache"
    if xdg := environment.get("XDG_CACHE_HOME"):
        yield Path(xdg).absolute() / "gatekeeper"
    elif home and Path(home).is_dir():
        caches = Path(home, "Library", "Caches") if sys.platform == "darwin" else Path(home, ".cache")
        yield caches.absolute() / "gatekeeper"
    user = "user"
    if sys.platform != "win32":
        user = str(os.geteuid())
        if user == "0":
            yield Path("/var/cache/gatekeeper")
    for base in temporary_bases():
        yield base / f"gatekeeper-cache-{user}"


def temporary_bases() -> Iterator[Path]:
    """Folders for what lives as long as a run, the configured one first."""
    yield Path(tempfile.gettempdir()).absolute()
    if sys.platform != "win32":
        yield from (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - what is made there is private and checked


def run_bases() -> Iterator[Path]:
    """Folders for a server's data: memory where there is plenty of it, else where temporary files go.

    A data directory is a thousand small files, which some disks take a second to copy and memory a tenth of that.
    A temporary folder that the environment names goes first: someone chose it.
    """
    if sys.platform == "linux" and not any(os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP")):
        if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= _PLENTY:
            yield MEMORY
    yield from temporary_bases()


def kept(folder: Path, build: Callable[[Path], None]) -> Path:
    """The folder, built first if it isn't there; of several builders at once the first to finish wins.

    ``build`` fills the folder that it is given; what it raises leaves nothing behind.
    """
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    for old in folder.parent.glob("building-*"):
        with suppress(OSError):
            if clock.seconds() - old.stat().st_mtime > _ABANDONED:
                shutil.rmtree(old, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix="building-", dir=folder.parent))
    try:
        made.chmod(0o755)
        build(made)
        try:
            made.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return folder


def by_system(program: str, *arguments: Path | str, account: Account | None = None) -> bool:
    """Whether a program of the system did what it was told, as the account if one is given.

    A thread that works through a thousand files waits at each of them until the others let go of the interpreter;
    a program doesn't. False also where the system doesn't have it: callers can do its work themselves.
    """
    found = None if sys.platform == "win32" else shutil.which(program, path=os.defpath)
    if found is None:
        return False
    try:
        done = subprocess.run(
            [found, *map(str, arguments)],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",  # which everybody can enter
            env=_PLAIN,
            start_new_session=True,  # what a terminal sends to the run's processes is for the run to deal with
            **(account.process if account else {}),
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def make_readable(folder: Path) -> None:
    """Let everybody read the folder and all below, and run what its owner may run."""
    if by_system("chmod", "-R", "u+rwX,go=rX", folder):
        return
    for at, folders, files in os.walk(folder):
        for name in folders:
            Path(at, name).chmod(0o755)
        for name in files:
            path = Path(at, name)
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def pack(folder: Path, archive: Path) -> None:
    """Write the folder's content into an archive that everybody can read."""
    if not by_system("tar", "-cf", archive, "-C", folder, "."):
        import tarfile  # noqa: PLC0415 - hardly ever needed

        with tarfile.open(archive, "w") as file:
            file.add(folder, ".")
    archive.chmod(0o644)


def unpack(archive: Path, folder: Path, account: Account | None) -> None:
    """Make the folder with the archive's content, for the account if there is one. Raises OSError."""
    made_for(account, folder)
    if by_system("tar", "-xf", archive, "-C", folder, account=account):
        return
    import tarfile  # noqa: PLC0415 - hardly ever needed

    try:
        with tarfile.open(archive, "r:") as file:
            file.extraction_filter = lambda member, _: member  # our own archive, as nobody else can change it
            file.extractall(folder)  # noqa: S202 - the same; to root it gives the owners that were packed
    except tarfile.TarError as error:
        raise OSError(errno.EIO, f"{error}; remove it", str(archive)) from error


def made_for(account: Account | None, folder: Path) -> None:
    """Make the folder, which nobody but the account (None: this process) can enter."""
    folder.mkdir(mode=0o700)
    if account:
        hand_over(folder, account)


def hand_over(folder: Path, account: Account) -> None:
    """Make the account the owner of the folder and everything below."""
    if sys.platform == "win32":
        return
    for at, folders, files in os.walk(folder):
        os.chown(at, account.uid, account.gid)
        for name in (*folders, *files):
            os.chown(os.path.join(at, name), account.uid, account.gid, follow_symlinks=False)  # noqa: PTH118 - thousands of files
