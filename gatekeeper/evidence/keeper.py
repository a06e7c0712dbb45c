"""A program of its own that runs one command and ends all that it started, whatever becomes of its caller.

Started as ``python -I -S keeper.py``, on the standard library alone. It reads one line of JSON from standard input
(``command``, ``environment``, ``timeout`` in seconds). The command's output goes to standard output; on standard
error one line of JSON names the command's process, and one tells how it ended. That standard input ends, because
its caller closed it or is gone, is the sign to end the command at once.
"""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of Linux: who lost its parent becomes our child, and so can be found
_LOOK_SECONDS = 0.02
_GRACE_SECONDS = 1.0
"""How long processes have to end when they are asked to, before they are killed."""
_KILL_SECONDS = 20.0


def main() -> int:
    """Run the command; the exit code is 0 whatever the command's was."""
    spec = json.loads(sys.stdin.readline())
    stop = threading.Event()
    threading.Thread(target=_listen, args=(stop,), daemon=True).start()
    _adopt_orphans()
    _hear_interrupts()
    began = time.monotonic()
    try:
        child = _started(spec)
    except OSError as error:
        _tell({"error": error.strerror or str(error)})
        return 0
    _tell({"pid": child.pid})
    stopped = _wait(child, stop, began + spec["timeout"])
    duration = time.monotonic() - began
    left = _end_all(child, ask=not stopped)
    code = None if stopped else child.returncode
    _tell({"code": code, "stopped": stopped, "left": left, "seconds": duration})
    return 0


def _listen(stop: threading.Event) -> None:
    while sys.stdin.readline():
        pass
    stop.set()


def _adopt_orphans() -> None:
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def _hear_interrupts() -> None:
    """A shell that runs something in the background has it ignore these, and a command would inherit that."""
    for name in ("SIGINT", "SIGQUIT"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)


def _started(spec: dict[str, object]) -> subprocess.Popen[bytes]:
    """The command in a session of its own: without a terminal, in a group that can be ended as one."""
    command, environment = spec["command"], spec["environment"]
    assert isinstance(command, list)  # noqa: S101 - tells the type checker what the caller sends
    assert isinstance(environment, dict)  # noqa: S101 - as above
    flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    return subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=sys.stdout.fileno(),
        stderr=subprocess.STDOUT,
        start_new_session=True,
        creationflags=flags,
    )


def _wait(child: subprocess.Popen[bytes], stop: threading.Event, deadline: float) -> str:
    """Wait for the command's end; why it has to be stopped, empty where it ended by itself."""
    while child.poll() is None:
        if stop.is_set():
            return "told"
        if time.monotonic() > deadline:
            return "time"
        stop.wait(_LOOK_SECONDS)
    return ""


def _end_all(child: subprocess.Popen[bytes], *, ask: bool) -> int:
    """End the command and all that it left; how many processes were left when it had ended by itself."""
    if os.name == "nt":
        return _end_tree(child)
    left = _survivors(child) if ask else 0
    _signal_all(child, signal.SIGTERM)
    deadline = time.monotonic() + _GRACE_SECONDS
    while _survivors(child) and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
    deadline = time.monotonic() + _KILL_SECONDS
    while _survivors(child) and time.monotonic() < deadline:
        # Stopped first, so that none can start another while its parent is being killed.
        _signal_all(child, signal.SIGSTOP)
        _signal_all(child, signal.SIGKILL)
        time.sleep(_LOOK_SECONDS)
    return left


def _survivors(child: subprocess.Popen[bytes]) -> int:
    """How many processes are left of what the command started; the dead ones among our children are buried."""
    child.poll()
    return len(_left(child.pid))


def _signal_all(child: subprocess.Popen[bytes], which: signal.Signals) -> None:
    for process in _left(child.pid):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process, which)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, which)


def _left(leader: int) -> set[int]:
    """The living processes that descend from here or are of the command's group."""
    listed = _processes()
    if listed is None:
        return {leader} if _group_lives(leader) else set()
    me = os.getpid()
    family = {me}
    while more := {pid for pid, (parent, _, _) in listed.items() if parent in family} - family:
        family |= more
    for pid in family - {me, leader}:
        if listed[pid][2] == "Z" and listed[pid][0] == me:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
    grouped = {pid for pid, (_, group, _) in listed.items() if group == leader}
    return {pid for pid in (family | grouped) - {me} if listed[pid][2] not in "ZX"}


def _processes() -> dict[int, tuple[int, int, str]] | None:
    """Parent, group and state of every process, from Linux's /proc; None where there is none."""
    found: dict[int, tuple[int, int, str]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            # The name stands in parentheses and may hold anything.
            state, parent, group = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[:3]
            found[int(folder.name)] = int(parent), int(group), state
    return found or None


def _group_lives(leader: int) -> bool:
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _end_tree(child: subprocess.Popen[bytes]) -> int:
    subprocess.run(
        ["taskkill", "/T", "/F", "/PID", str(child.pid)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    child.wait()
    return 0


def _tell(answer: dict[str, object]) -> None:
    os.write(2, json.dumps(answer).encode("ascii") + b"\n")


if __name__ == "__main__":
    sys.exit(main())
