"""The one funnel to git: every process is started here, from a list of arguments, never through a shell."""

import os
import re
import subprocess
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, NamedTuple

from gatekeeper.model.errors import RepositoryError

OLDEST = (2, 34)
"""The oldest git that answers every question asked here (``git add --sparse`` came with it)."""

# What a caller may decide about how git is found and reached. Every other GIT_ variable would change which
# repository, index, objects or diff are read.
_KEPT = re.compile(
    r"GIT_(?:EXEC_PATH|SSL_.*|SSH.*|ASKPASS|CONFIG_COUNT|CONFIG_KEY_\d+|CONFIG_VALUE_\d+|CONFIG_GLOBAL|CONFIG_SYSTEM"
    r"|CONFIG_NOSYSTEM|ATTR_NOSYSTEM|ALLOW_PROTOCOL|NO_LAZY_FETCH|CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM"
    r"|PYTHON_.*)"
)

_ALWAYS = {
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
}

# Some of these keep a reading call from writing or running something: the file system monitor is a daemon or a
# hook, hooks run when an index is written, and a split index writes its shared half beside the real index.
_OPTIONS = (
    "--no-optional-locks",
    "--no-pager",
    *("-c", "advice.addEmbeddedRepo=false"),
    *("-c", "advice.graftFileDeprecated=false"),
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.quotePath=true"),
    *("-c", "core.safecrlf=false"),
    *("-c", "core.splitIndex=false"),
    *("-c", f"diff.orderFile={os.devnull}"),
    *("-c", "gc.auto=0"),
    *("-c", "maintenance.auto=false"),
)

# What is taken of a pipe at once, in bytes: as much as one holds, for each turn costs both sides.
_AT_ONCE = 1 << 16


class Answer(NamedTuple):
    """What a finished git said: its exit code, its output as bytes and its complaints as text."""

    code: int
    out: bytes
    err: str


class Process:
    """A running git whose output is read as it comes; ``input`` is there only if it was asked for."""

    def __init__(self, started: subprocess.Popen[bytes]) -> None:
        self._popen = started
        self._complaints: list[bytes] = []
        # A pipe that nobody reads would stop git once it is full of warnings.
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        if self._popen.stderr is not None:
            self._complaints.append(self._popen.stderr.read())

    @property
    def output(self) -> BufferedReader:
        """Git's standard output."""
        if self._popen.stdout is None:
            raise RepositoryError("git was started without an output to read.")
        return self._popen.stdout  # type: ignore[return-value]  # typeshed says IO[bytes], which it is here

    @property
    def input(self) -> BinaryIO:
        """Git's standard input."""
        if self._popen.stdin is None:
            raise RepositoryError("git was started without an input to write to.")
        return self._popen.stdin  # type: ignore[return-value]  # as above

    def close(self, *, kill: bool = False) -> Answer:
        """End the process and say how it ended; ``kill`` doesn't wait for the rest of its work."""
        if kill:
            self._popen.kill()
        if self._popen.stdin is not None:
            # A git that has died can't take what is still buffered for it; its exit code tells the tale.
            with suppress(BrokenPipeError):
                self._popen.stdin.close()
        self.output.close()
        code = self._popen.wait()
        self._listener.join()
        if self._popen.stderr is not None:
            self._popen.stderr.close()
        return Answer(code, b"", _text(b"".join(self._complaints)))


class Git:
    """Git in one folder, with one environment.

    ``environment`` is added to what is left of the process's own after every ``GIT_`` variable that could change
    an answer was taken out; ``settings`` replace those of the configuration. With ``writes`` it is GitPython that
    starts it. ``processes`` counts what was started, for the promise of a fixed number.
    """

    def __init__(
        self,
        folder: Path,
        *,
        environment: Mapping[str, str] | None = None,
        settings: Sequence[str] = (),
        writes: bool = False,
    ) -> None:
        self.folder = folder
        self.processes = 0
        self._settings = [word for setting in settings for word in ("-c", setting)]
        self._environment = {**_ALWAYS, **(environment or {})}
        self._start_process = _started_by_gitpython if writes or os.name == "nt" else _started

    def run(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        stdin: BinaryIO | None = None,
        ok: Collection[int] = (0,),
    ) -> Answer:
        """Run git to its end.

        Raises RepositoryError, in git's own words, if it can't be started or its exit code isn't in ``ok``.
        """
        process = self._start(arguments, environment, stdin)
        try:
            out = process.output.read()
        except BaseException:
            process.close(kill=True)
            raise
        code, _, err = process.close()
        if code not in ok:
            raise self.refusal(arguments, err)
        return Answer(code, out, err)

    @contextmanager
    def stream(
        self, *arguments: str, environment: Mapping[str, str] | None = None, stdin: BinaryIO | None = None
    ) -> Iterator[BufferedReader]:
        """Git's output, to be read whole within the block; raises as ``run`` does when the block ends."""
        process = self._start(arguments, environment, stdin)
        try:
            yield process.output
        except BaseException:
            process.close(kill=True)
            raise
        code, _, err = process.close()
        if code:
            raise self.refusal(arguments, err)

    def converse(self, *arguments: str) -> Process:
        """Start a git that is asked and answers until it is closed."""
        return self._start(arguments, None, subprocess.PIPE)

    def refusal(self, arguments: Collection[str], err: str) -> RepositoryError:
        """The error for a git that failed, with the command that mends it where git's words tell."""
        name = next(iter(arguments), "")
        lines = [line.strip() for line in err.replace(":\n\t", ": ").splitlines() if line.strip()]
        reasons = [line for line in lines if line.startswith(("fatal: ", "error: "))] or lines
        said = "; ".join(line.removeprefix("fatal: ") for line in reasons) or "it gave no reason"
        return RepositoryError(f"git {name} failed in {self.folder}: {said}", hint=_mend(lines))

    def _start(
        self, arguments: tuple[str, ...], environment: Mapping[str, str] | None, stdin: BinaryIO | int | None
    ) -> Process:
        self.processes += 1
        # The folder goes in as -C, so that git itself says why it can't enter it.
        command = ["-C", str(self.folder), *_OPTIONS, *self._settings, *arguments]
        whole = {**_inherited(), **self._environment, **(environment or {})}
        try:
            started = self._start_process(command, whole, stdin)
        except (OSError, ImportError) as error:
            raise RepositoryError(
                f"git can't be started: {error}", hint=f"install git {OLDEST[0]}.{OLDEST[1]} or newer"
            ) from error
        return Process(started)


def _mend(complaints: Sequence[str]) -> str | None:
    """The command that mends what git complains about, where there is one."""
    for line in complaints:
        # Git itself names the folder to trust, quoted for a shell; it needn't be the one that git was started in.
        if line.startswith("git config --global --add safe.directory "):
            return line
        if "safe.bareRepository" in line:
            return "git config --global safe.bareRepository all"
        if "promisor remote" in line:
            return "connect to the remote of this partial clone, or complete it: git fetch --refetch --no-filter"
    return None


def _started(
    arguments: Sequence[str], environment: Mapping[str, str], stdin: BinaryIO | int | None
) -> subprocess.Popen[bytes]:
    """Git, found as GitPython finds it and started without it, which takes a fifth of an audit to load."""
    command = [os.environ.get("GIT_PYTHON_GIT_EXECUTABLE") or "git", *arguments]
    stdin = subprocess.DEVNULL if stdin is None else stdin
    pipe = subprocess.PIPE
    return subprocess.Popen(command, _AT_ONCE, env=environment, stdin=stdin, stdout=pipe, stderr=pipe)


def _started_by_gitpython(
    arguments: Sequence[str], environment: Mapping[str, str], stdin: BinaryIO | int | None
) -> subprocess.Popen[bytes]:
    """Git, found and started as GitPython does (on Windows never in the present folder), in this environment.

    GitPython's own ``execute`` can only add to the environment of this process, and a variable taken out of that
    for a moment would be missed by every other thread.
    """
    # Imported here for it takes 70 ms that few commands need; it looks for git at once, hence ImportError.
    from git.cmd import Git as GitPython  # noqa: PLC0415
    from git.cmd import safer_popen  # noqa: PLC0415

    command = [str(GitPython.GIT_PYTHON_GIT_EXECUTABLE), *arguments]
    stdin = subprocess.DEVNULL if stdin is None else stdin
    pipe = subprocess.PIPE
    return safer_popen(command, env=environment, stdin=stdin, stdout=pipe, stderr=pipe)


def _inherited() -> dict[str, str]:
    """This process's environment without what could change git's answers or the language of its complaints.

    Filters run in the user's own locale, as they do when the user stages: only the messages are in English.
    """
    kept = {n: v for n, v in os.environ.items() if not n.startswith("GIT_") or _KEPT.fullmatch(n)}
    if everything := kept.pop("LC_ALL", ""):
        kept = {name: value for name, value in kept.items() if not name.startswith("LC_")}
        kept["LANG"] = everything
    return {**kept, "LC_MESSAGES": "C", "LANGUAGE": "C"}


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
