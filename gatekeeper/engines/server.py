"""A PostgreSQL server of our own for the length of a run.

It listens on a socket in a private folder (on the loopback address with a random password where sockets don't
exist or no path is short enough), forgets durability, and leaves nothing behind: what a killed run left, the next
one finds by its lock, stops and removes.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gatekeeper import clock
from gatekeeper.engines.base import EngineUnavailable
from gatekeeper.engines.binaries import Binaries, usable_binaries
from gatekeeper.engines.folders import (
    MEMORY,
    Account,
    cache_folder,
    helper_account,
    kept,
    made_for,
    pack,
    reachable,
    run_bases,
    temporary_bases,
    unpack,
)
from gatekeeper.engines.postmaster import PID_FILE, Home, last_line, run, started

_RUNS = "gate-pg-"
_STARTED = "gate-new-"
_ARCHIVE = "data.tar"
_ABANDONED = 3600  # seconds after which nobody is still about to take a lock
_LONGEST_SOCKET = 100
_PORT = 5432
_SEGMENT_LINE = 6  # of postmaster.pid: the key and the number of its System V segment
_REMOVE = 0  # IPC_RMID
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "max_connections": "20",
    "max_locks_per_transaction": "1024",
    "checkpoint_timeout": "1h",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: what psycopg needs to connect to it, and what is known of it."""

    connect: dict[str, str]
    version: str
    source: str


@contextmanager
def running_server(configured_bin: str, *, sockets: bool | None = None) -> Iterator[Server]:
    """Start a server, stop and remove it at the end of the context, whatever happens in it.

    ``configured_bin`` is ``[postgres] bin``; ``sockets`` forces the kind of connection (None: what fits).
    Raises EngineUnavailable with the reason if it can't be started.
    """
    account = helper_account()
    remove_leftovers(account)
    with _home(account) as home:
        cache = cache_folder(account)
        binaries = usable_binaries(configured_bin, account, cache or home.folder / "cache")
        try:
            _make_data(binaries, home, cache)
            connect = _configure(binaries, home, sockets)
        except OSError as error:
            raise EngineUnavailable(f"A PostgreSQL server can't be set up in {home.folder}: {error}.") from error
        try:
            with started(binaries, home):
                yield Server(connect, binaries.version, binaries.source)
        finally:
            _end_postmaster(home)  # one that its user stopped and started anew


@contextmanager
def starting_server(configured_bin: str) -> Iterator[Callable[[], Server]]:
    """A server as ``running_server`` gives it, which starts while its user is busy with other things.

    What the context gives waits until it runs, and raises then what its start raised.
    """
    with ExitStack() as stack, ThreadPoolExecutor(1, thread_name_prefix="server") as pool:
        # The pool is left first, so that a start that nobody waited for has come to its end before it is undone.
        yield pool.submit(stack.enter_context, running_server(configured_bin)).result


@contextmanager
def _home(account: Account | None) -> Iterator[Home]:
    base = _base(account)
    made = Path(tempfile.mkdtemp(prefix=_STARTED, dir=base))
    # Only a folder whose lock is held bears the name by which leftovers are found.
    folder = made.with_name(made.name.replace(_STARTED, _RUNS))
    try:
        with (made / "lock").open("w", encoding="ascii") as lock:
            _lock(lock)
            made_for(account, made / "s")
            if account:
                made.chmod(0o711)
            made.rename(folder)
            yield Home(folder, account)
    finally:
        shutil.rmtree(made, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def _base(account: Account | None) -> Path:
    """A folder for the run: writable, reachable, and short enough for a socket if there is one."""
    usable = [
        base for base in run_bases() if base.is_dir() and os.access(base, os.W_OK) and reachable(base, account)
    ]
    if not usable:
        raise EngineUnavailable("No temporary folder can be written to: set TMPDIR to one that can.")
    return next((base for base in usable if _socket_fits(base / f"{_RUNS}12345678")), usable[0])


def _socket_fits(folder: Path) -> bool:
    return len(os.fsencode(folder / "s" / f".s.PGSQL.{_PORT}")) <= _LONGEST_SOCKET


def _make_data(binaries: Binaries, home: Home, cache: Path | None) -> None:
    """The run's own data: unpacked from the cache, else made anew and then packed into it."""
    template = cache / f"data-{binaries.version}-{binaries.source}-packed" if cache else None
    if template and template.is_dir():
        unpack(template / _ARCHIVE, home.data, home.account)
        return
    _initdb(binaries, home)
    if template:
        # The run has what it needs: that nothing can be kept, say on a full disk, costs the next run time.
        with suppress(OSError):
            kept(template, lambda made: pack(home.data, made / _ARCHIVE))


def _initdb(binaries: Binaries, home: Home) -> None:
    """Initialise the run's data directory."""
    made_for(home.account, home.data)
    command = [binaries.program("initdb"), "-D", str(home.data), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    done = run([*command, "--no-locale", "--no-sync", "--wal-segsize=1"], home)
    if done.returncode:
        raise EngineUnavailable(f"PostgreSQL's initdb failed: {last_line(done.stdout)}")


def _configure(binaries: Binaries, home: Home, sockets: bool | None) -> dict[str, str]:
    """Write the server's configuration; returns how to connect."""
    by_socket = sockets
    if by_socket is None:
        by_socket = sys.platform != "win32" and hasattr(socket, "AF_UNIX") and _socket_fits(home.folder)
    settings = dict(_SETTINGS)
    if binaries.major >= 18:
        settings["io_method"] = "sync"
    if sys.platform != "win32":
        # Files in the data folder, which go away with it also when the server was killed.
        settings["dynamic_shared_memory_type"] = "mmap"
    connect = {"user": "postgres", "dbname": "postgres"}
    if by_socket:
        settings |= {"listen_addresses": "", "unix_socket_directories": str(home.socket), "port": str(_PORT)}
        rule = "local all all trust"
        connect |= {"host": str(home.socket), "port": str(_PORT)}
    else:
        port, password = str(_free_port()), secrets.token_hex(16)
        settings |= {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "port": port}
        rule = "host all all 127.0.0.1/32 scram-sha-256"
        connect |= {"host": "127.0.0.1", "port": port, "password": password}
    lines = [f"{name} = '{value}'\n" for name, value in settings.items()]
    with (home.data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.writelines(lines)
    (home.data / "pg_hba.conf").write_text(rule + "\n", encoding="utf-8")
    if not by_socket:
        _set_password(binaries, home, connect["password"])
    return connect


def _set_password(binaries: Binaries, home: Home, password: str) -> None:
    command = [binaries.program("postgres"), "--single", "-D", str(home.data), "postgres"]
    done = run(command, home, f"ALTER ROLE postgres PASSWORD '{password}'\n")
    if done.returncode:
        raise EngineUnavailable(f"The PostgreSQL server can't be given a password: {last_line(done.stdout)}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def remove_leftovers(account: Account | None) -> None:
    """Stop the servers and remove the folders of runs that were killed; runs that live hold their lock."""
    for base in dict.fromkeys((MEMORY, *temporary_bases())):
        for folder in (*base.glob(f"{_RUNS}*"), *base.glob(f"{_STARTED}*")):
            with suppress(OSError):
                if sys.platform != "win32" and folder.lstat().st_uid != os.geteuid():
                    continue
                if (folder / "lock").exists():
                    with (folder / "lock").open("r+", encoding="ascii") as lock:
                        _lock(lock)
                        _end_postmaster(Home(folder, account))
                elif clock.seconds() - folder.stat().st_mtime < _ABANDONED:
                    continue
                shutil.rmtree(folder, ignore_errors=True)


def _end_postmaster(home: Home) -> None:
    """End the server of a killed run, if the process that its pid file names still is that server."""
    pid_file = home.data / PID_FILE
    if not pid_file.is_file():
        return
    lines = pid_file.read_text(encoding="ascii").splitlines()
    pid = abs(int(lines[0]))  # negative of one without sessions, as initdb runs it
    # The immediate shutdown: the server ends its own children and frees what it holds.
    for number in ("SIGQUIT", "SIGKILL"):
        if _works_in(pid, home.data):
            os.kill(pid, getattr(signal, number, signal.SIGTERM))
            _wait_for_end(pid, home.data)
    if pid_file.is_file() and len(lines) > _SEGMENT_LINE:
        _free_segment(lines[_SEGMENT_LINE])


def _wait_for_end(pid: int, data: Path) -> None:
    for _ in range(200):
        if not _works_in(pid, data):
            return
        time.sleep(0.05)


def _free_segment(line: str) -> None:
    """Free the System V segment that a server which was killed itself left, if its key still names it."""
    words = line.split()
    if sys.platform == "win32" or len(words) != 2:
        return
    import ctypes  # noqa: PLC0415 - hardly ever needed

    key, number = (int(word) for word in words)
    library = ctypes.CDLL(None)
    if library.shmget(ctypes.c_int(key), ctypes.c_size_t(0), 0) == number:
        library.shmctl(number, _REMOVE, None)


def _works_in(pid: int, data: Path) -> bool:
    """Whether the process lives and works in that folder, as a PostgreSQL server does in its data."""
    link = Path(f"/proc/{pid}/cwd")
    if Path("/proc/self/cwd").exists():
        with suppress(OSError):
            return link.resolve(strict=True) == data.resolve()
        return False
    try:
        done = subprocess.run(
            ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
    except OSError:
        return False
    return str(data) in done.stdout


def _lock(file: IO[str]) -> None:
    """Hold an exclusive lock on the file until it is closed; OSError at once if another process holds it."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - Windows only

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # noqa: PLC0415 - not on Windows

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
