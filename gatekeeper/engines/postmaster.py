"""The programs of PostgreSQL: run to their end, or the server itself for as long as a context lasts."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import IO, Any

from gatekeeper.engines.base import EngineUnavailable
from gatekeeper.engines.binaries import Binaries
from gatekeeper.engines.folders import Account

PID_FILE = "postmaster.pid"
_LONGEST_CALL = 120  # seconds
_START_SECONDS = 60
_END_SECONDS = 20
_LOOK_SECONDS = 0.003


@dataclass(frozen=True, slots=True)
class Home:
    """A run's folder: ``data`` and ``s`` (the socket) belong to whoever runs the server."""

    folder: Path
    account: Account | None

    @property
    def data(self) -> Path:
        """The server's data."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.socket / "server.log"

    @property
    def socket(self) -> Path:
        """Where its socket lies, if it has one."""
        return self.folder / "s"


@contextmanager
def started(binaries: Binaries, home: Home) -> Iterator[None]:
    """The server, ready for sessions while the context lasts; ended at once after it, for its data goes too."""
    if sys.platform == "win32":
        # Only pg_ctl gives up an administrator's rights there, which the server refuses to run with.
        with _started_by_pg_ctl(binaries.program("pg_ctl"), home):
            yield
        return
    command = [binaries.program("postgres"), "-D", str(home.data)]
    with home.log.open("wb") as log, _process(command, home, log) as process:
        try:
            _await_ready(process, home)
            yield
        finally:
            _end(process)


@contextmanager
def _started_by_pg_ctl(pg_ctl: str, home: Home) -> Iterator[None]:
    command = [pg_ctl, "-D", str(home.data)]
    try:
        done = run([*command, "-l", str(home.log), "-w", "-t", str(_START_SECONDS), "start"], home)
        if done.returncode:
            raise _not_started(home)
        yield
    finally:
        if (home.data / PID_FILE).is_file():
            with suppress(EngineUnavailable):
                run([*command, "-m", "immediate", "-w", "-t", str(_END_SECONDS), "stop"], home)


def _await_ready(process: "subprocess.Popen[bytes]", home: Home) -> None:
    """Wait until the server's pid file says that it is ready, as pg_ctl does, which looks ten times a second."""
    end = time.monotonic() + _START_SECONDS
    while not _is_ready(home):
        if process.poll() is not None or time.monotonic() > end:
            raise _not_started(home)
        time.sleep(_LOOK_SECONDS)


def _is_ready(home: Home) -> bool:
    try:
        return (home.data / PID_FILE).read_text(encoding="ascii").rstrip().endswith("\nready")
    except OSError:
        return False


def _not_started(home: Home) -> EngineUnavailable:
    text = home.log.read_text(encoding="utf-8", errors="replace") if home.log.is_file() else ""
    told = [line for line in text.splitlines() if "FATAL" in line or "PANIC" in line] or [text]
    return EngineUnavailable(f"The PostgreSQL server didn't start: {last_line(told[0])}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """The immediate shutdown: the server ends its own children and frees what it holds."""
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGQUIT)
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def run(command: list[str], home: Home, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program as the server's user to its end; its output goes through a file, which a server may keep open.

    Raises EngineUnavailable if it can't be run.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace", dir=home.folder) as out:
        with _process(command, home, out, subprocess.PIPE) as process:
            # A wait with a time-out looks every twentieth of a second, which adds up to the most of a start.
            guard = Timer(_LONGEST_CALL, process.kill)
            guard.start()
            try:
                process.communicate(stdin.encode())
            except BaseException:
                process.kill()
                raise
            finally:
                guard.cancel()
        out.seek(0)
        return subprocess.CompletedProcess(command, process.returncode, out.read(), "")


@contextmanager
def _process(
    command: list[str], home: Home, out: IO[Any], stdin: int = subprocess.DEVNULL
) -> "Iterator[subprocess.Popen[bytes]]":
    """A program that runs as the server's user, waited for at the end of the context."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    # Where no zone is named, initdb looks for the machine's among all that it knows.
    environment |= {"LC_ALL": "C", "TZ": "UTC", "HOME": str(home.folder)}
    user = home.account.process if home.account else {}
    try:
        process = subprocess.Popen(
            command,
            stdin=stdin,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=home.folder,
            # What a terminal sends to the run's processes is for the run to deal with, not for the server.
            start_new_session=True,
            **user,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineUnavailable(f"{Path(command[0]).name} can't be run: {error}.") from error
    with process:
        yield process


def last_line(text: str) -> str:
    """The last line of a program's output that says anything."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing."
