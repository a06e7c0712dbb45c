"""Places where nothing more can be written: a disk that is full, a folder that is read-only; for root too."""

import ctypes
import errno
import os
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_CAPBSET_DROP, _DAC_OVERRIDE = 24, 1
_DISK, _BLOCK = 4 << 20, 4096

Before = Callable[[], None] | None
"""What a process does before it becomes the program under test."""


@dataclass(frozen=True, slots=True)
class FullDisk:
    """A folder with little room left once ``fill`` was called; ``before`` is for the processes that work there."""

    folder: Path
    mounted: bool

    def fill(self, left: int) -> Before:
        """Take all but so many bytes. Where no file system could be mounted no file grows beyond so many."""
        if not self.mounted:
            return lambda: _limit(left)
        self.empty()
        free = os.statvfs(self.folder).f_bavail * os.statvfs(self.folder).f_frsize
        self._filler.write_bytes(bytes(max(0, free - left) // _BLOCK * _BLOCK))
        return None

    def empty(self) -> None:
        """Give the room back."""
        self._filler.unlink(missing_ok=True)

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"


def _limit(size: int) -> None:
    # Python ignores the signal that comes with it, and so do the programs that it starts.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@contextmanager
def full_disk(folder: Path) -> Iterator[FullDisk]:
    """A disk of four megabytes where one may be mounted, else a folder whose files can't grow."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK}", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    try:
        yield FullDisk(folder, mounted)
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[Before]:
    """The folder and all in it without the right to write, also for root's processes that run ``before`` first."""
    paths = [folder, *folder.rglob("*")]
    modes = {path: path.stat().st_mode for path in paths if not path.is_symlink()}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    try:
        yield _without_override if os.geteuid() == 0 else None
    finally:
        for path, mode in modes.items():
            if path.exists():
                path.chmod(mode)


def _without_override() -> None:
    """Let the modes of files bind root as they bind everyone: without that capability after the next exec.

    Where root may not drop it, it has none.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_CAPBSET_DROP, _DAC_OVERRIDE, 0, 0, 0) and ctypes.get_errno() != errno.EPERM:
        raise OSError(ctypes.get_errno(), "prctl")
