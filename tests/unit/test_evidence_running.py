"""Commands run for real: limits kept, everything ended, everything kept in the log."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gatekeeper.evidence.running import Ran, clean_environment, run_command

ENVIRONMENT = clean_environment(os.environ)


def run(folder: Path, command: str, timeout: float = 30, limit: int = 1_000_000) -> tuple[Ran, bytes]:
    log = folder / "log"
    ran = run_command(command, folder, log, environment=ENVIRONMENT, timeout=timeout, limit=limit)
    return ran, log.read_bytes()


def alive(pause: str) -> bool:
    """Whether a process whose command line holds the pause still lives."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if pause.encode() in (folder / "cmdline").read_bytes():
                return True
        except OSError:
            continue
    return False


def test_exit_code_output_and_digest_are_those_of_the_command(tmp_path: Path) -> None:
    ran, log = run(tmp_path, "printf 'a\\r\\nb'; echo err >&2; printf '\\r'; exit 3")

    assert (ran.code, ran.stopped, ran.left) == (3, "", 0)
    assert log == b"a\nberr\n\r"
    assert ran.log_sha256 == hashlib.sha256(log).hexdigest()


def test_a_failure_within_a_pipe_or_before_the_end_is_the_lines_failure(tmp_path: Path) -> None:
    assert run(tmp_path, "false | true")[0].code == 1
    assert run(tmp_path, "false; true")[0].code == 1


def test_a_command_has_no_input_and_no_terminal(tmp_path: Path) -> None:
    ran, log = run(tmp_path, "cat; [ ! -t 0 ] && [ ! -t 1 ] && ! (: < /dev/tty) 2>/dev/null && echo none")

    assert (ran.code, log) == (0, b"none\n")


def test_a_command_can_be_interrupted_where_gate_itself_was_started_to_ignore_that(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        ran, log = run(tmp_path, "trap 'echo heard; exit 7' INT; kill -INT $$; echo went on")
    finally:
        signal.signal(signal.SIGINT, before)

    assert (ran.code, log) == (7, b"heard\n")


def test_a_command_that_never_ends_is_stopped_with_all_it_started(tmp_path: Path) -> None:
    pause = "31.0417"  # seconds that nobody else sleeps
    ran, _ = run(tmp_path, f"trap '' TERM; setsid sleep {pause} & sleep {pause}", timeout=0.2)

    assert (ran.code, ran.stopped) == (None, "time")
    assert not alive(pause)


def test_what_a_command_leaves_running_is_counted_and_ended(tmp_path: Path) -> None:
    pause = "31.0418"
    command = f"(setsid env -i sleep {pause} >/dev/null 2>&1 &) ; sleep {pause} & echo done"
    ran, log = run(tmp_path, command)

    assert (ran.code, ran.left, log) == (0, 2, b"done\n")
    assert not alive(pause)


def test_a_flood_is_stopped_at_the_limit(tmp_path: Path) -> None:
    ran, log = run(tmp_path, "yes", limit=100_000)

    assert (ran.code, ran.stopped, len(log)) == (None, "output", 100_000)
    assert ran.log_sha256 == hashlib.sha256(log).hexdigest()


def test_a_command_that_kills_its_keeper_is_ended_all_the_same(tmp_path: Path) -> None:
    pause = "31.0419"
    ran, _ = run(tmp_path, f"kill -9 $PPID; sleep {pause}")

    assert ran.code == -9
    deadline = time.monotonic() + 20
    while alive(pause):  # what was killed is gone a moment later
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_command_ends_with_the_program_that_runs_it(tmp_path: Path) -> None:
    pause = "31.0420"
    code = (
        "import sys; from pathlib import Path; from gatekeeper.evidence.running import run_command\n"
        f"run_command('echo begun > begun; sleep {pause}', Path('.'), Path('log'), environment={{}}, timeout=60)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=environment)
    while not (tmp_path / "begun").exists():
        assert process.poll() is None
        time.sleep(0.02)

    process.send_signal(signal.SIGKILL)
    process.wait()

    for _ in range(200):
        if not alive(pause):
            return
        time.sleep(0.05)
    pytest.fail("the command outlived its caller")


def test_commands_get_the_usual_variables_the_configured_ones_and_no_others() -> None:
    given = {"PATH": "/bin", "LC_ALL": "C", "SECRET_TOKEN": "x", "APP_A": "1", "APP_B": "2", "TERM": "xterm"}

    assert clean_environment(given, ["APP_*"]) == {
        "PATH": "/bin",
        "LC_ALL": "C",
        "APP_A": "1",
        "APP_B": "2",
        "CI": "1",
        "TERM": "dumb",
    }
