"""Run one command with limits on time and output, its output kept in a log."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO, Any, Literal, cast

from gatekeeper.model.errors import NotRunError

LOG_LIMIT = 50_000_000
"""Bytes of output that a command may write."""
_CHUNK = 1 << 16
_PATIENCE_SECONDS = 1.0
_KEEPER = Path(__file__).with_name("keeper.py")

USUAL = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_*", "TZ", "TMPDIR", "XDG_*"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "PKG_CONFIG_PATH"),
    *("VIRTUAL_ENV", "CONDA_PREFIX", "PYENV_ROOT", "CARGO_HOME", "CARGO_TARGET_DIR", "RUSTUP_HOME"),
    *("RUSTUP_TOOLCHAIN", "GOPATH", "GOROOT", "GOCACHE", "GOMODCACHE", "GOPROXY", "NVM_DIR", "NODE_PATH"),
    *("PNPM_HOME", "JAVA_HOME", "MAVEN_HOME", "GRADLE_USER_HOME", "DOTNET_ROOT", "GEM_HOME", "GEM_PATH"),
    *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP", "USERPROFILE", "APPDATA"),
    *("LOCALAPPDATA", "PROGRAMFILES*", "PROGRAMDATA", "COMMONPROGRAMFILES*", "NUMBER_OF_PROCESSORS"),
    *("PROCESSOR_*", "OS", "HOMEDRIVE", "HOMEPATH"),
)
"""The variables that commands get where they are set: what programs need to be found, and to find files."""

_SET = {"CI": "1", "TERM": "dumb"}
"""Nobody watches: tools that heed these ask no questions, start no watch mode, and draw nothing."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended.

    ``code`` is None where it was stopped, ``stopped`` says for what. ``left`` are processes that it left running
    and that were ended. ``log_sha256`` is the SHA-256 (hex) of the kept log, ``duration_ms`` in milliseconds.
    """

    code: int | None
    stopped: Literal["", "time", "output"]
    left: int
    log_sha256: str
    duration_ms: int


def clean_environment(environ: Mapping[str, str], more: Sequence[str] = ()) -> dict[str, str]:
    """The variables that commands get: the usual ones and those of ``more``, names or globs, and CI and TERM."""
    globs = (*USUAL, *more)
    kept = {n: v for n, v in environ.items() if any(fnmatchcase(n, glob) for glob in globs)}
    return {**kept, **_SET}


def shell() -> tuple[str, ...]:
    """The shell that runs a line, with the options that CI services give it. Raises NotRunError without one."""
    if bash := shutil.which("bash"):
        return (bash, "--noprofile", "--norc", "-eo", "pipefail", "-c")
    if plain := shutil.which("sh"):
        return (plain, "-e", "-c")
    raise NotRunError("No shell is installed to run the TEST_PLAN's commands.", hint="install bash")


def run_command(
    command: str,
    folder: Path,
    log: Path,
    *,
    environment: Mapping[str, str],
    timeout: float,
    limit: int = LOG_LIMIT,
) -> Ran:
    """Run one line in a shell, in a session of its own, its whole output into ``log`` (CRLF as LF).

    When it ends, takes longer than ``timeout`` seconds or writes more than ``limit`` bytes, it is ended with all
    that it started; so it is where this process is interrupted or dies. Raises NotRunError where no shell can be
    started, OSError where the log can't be written.
    """
    spec = {"command": [*shell(), command], "environment": dict(environment), "timeout": timeout}
    began = time.monotonic()
    with log.open("wb") as file, _keeper(folder) as keeper:
        kept = _Kept(file.write, limit)
        keeper.ask(spec)
        for chunk in keeper.output():
            kept.take(chunk)
            if kept.full:
                keeper.stop()
        kept.end()
        answer = keeper.answer()
    stopped: Literal["", "time", "output"] = "output" if kept.full else "time" if answer.stopped else ""
    return Ran(
        code=None if stopped else answer.code,
        stopped=stopped,
        left=0 if stopped else answer.left,
        log_sha256=kept.sha256,
        duration_ms=round(1000 * (answer.seconds or time.monotonic() - began)),
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    """How the command ended, as its keeper tells."""

    code: int | None = None
    stopped: str = ""
    left: int = 0
    seconds: float = 0.0


class _Keeper:
    """The running program that runs the command."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._command: int | None = None  # its process, which is the leader of its group
        self._done = threading.Event()
        pipes = process.stdin, process.stdout, process.stderr
        assert None not in pipes  # noqa: S101 - they are pipes; this tells the type checker
        self._stdin, self._stdout, self._stderr = (cast("IO[bytes]", pipe) for pipe in pipes)
        self._watch = threading.Thread(target=self._bury, daemon=True)
        self._watch.start()

    def ask(self, spec: Mapping[str, object]) -> None:
        """Have the command started. Raises NotRunError where it can't be."""
        self._stdin.write(json.dumps(spec).encode("ascii") + b"\n")
        self._stdin.flush()
        said = _read(self._stderr.readline())
        if "error" in said:
            raise NotRunError(f"The shell can't be started: {said['error']}.", hint="install bash")
        self._command = said.get("pid")

    def output(self) -> Iterator[bytes]:
        """The command's output as it comes, to its end."""
        while chunk := os.read(self._stdout.fileno(), _CHUNK):
            yield chunk

    def stop(self) -> None:
        """Have the command ended now."""
        if not self._stdin.closed:
            self._stdin.close()

    def answer(self) -> _Answer:
        """How it ended; a keeper that the command killed counts as killed with it."""
        said = _read(self._stderr.read())
        return _Answer(**said) if said else _Answer(code=-9)

    def close(self) -> None:
        """End the command, if it still runs, and the program."""
        with suppress(BrokenPipeError):
            self.stop()
        while self._stdout.read(_CHUNK) or self._stderr.read(_CHUNK):
            pass  # a command can't end while its pipe is full
        self._done.set()
        self._watch.join()
        self._process.wait()
        self._stdout.close()
        self._stderr.close()

    def _bury(self) -> None:
        """Kill the command's group where the keeper is gone and the command isn't: it killed its own keeper."""
        self._process.wait()
        if not self._done.wait(_PATIENCE_SECONDS) and self._command is not None and hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._command, signal.SIGKILL)


def _read(said: bytes) -> dict[str, Any]:
    """The last line of what a keeper said, nothing where it said nothing that can be read."""
    try:
        answer: dict[str, Any] = json.loads(said.splitlines()[-1])
    except (ValueError, IndexError):
        return {}
    return answer


@contextmanager
def _keeper(folder: Path) -> Iterator[_Keeper]:
    """The program that runs the command; whatever ends the block ends both."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-I", "-S", str(_KEEPER)]
    # A session of its own, because an interrupt at the terminal is this process's alone to pass on.
    process = subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
    keeper = _Keeper(process)
    try:
        yield keeper
    finally:
        keeper.close()


class _Kept:
    """The log as it grows: LF for CRLF, no more than the limit, and its SHA-256."""

    def __init__(self, write: Callable[[bytes], object], limit: int) -> None:
        self._write = write
        self._limit = limit
        self._hash = hashlib.sha256()
        self._size = 0
        self._held = b""  # a carriage return at a chunk's end, until the next byte is known
        self.full = False

    def take(self, chunk: bytes) -> None:
        data = self._held + chunk
        self._held = b"\r" if data.endswith(b"\r") else b""
        self._put(data[: len(data) - len(self._held)].replace(b"\r\n", b"\n"))

    def end(self) -> None:
        self._put(self._held)

    def _put(self, data: bytes) -> None:
        room = self._limit - self._size
        self.full = self.full or len(data) > room
        data = data[:room]
        self._size += len(data)
        self._hash.update(data)
        self._write(data)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()
