"""Verify packets in several processes, this one among them.

A process is started as a program and not forked: the caller may have threads, and no main module to import.
"""

import gc
import os
import pickle
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gatekeeper.changes.repository import Repository
from gatekeeper.model.errors import NotRunError
from gatekeeper.model.verdict import Verdict
from gatekeeper.runs.verifying.asked import Ask
from gatekeeper.runs.verifying.run import Verifier

_RARELY = (1_000_000, 50, 1000)
# Git tells a hundred packets' changes as quickly as one's.
_AT_ONCE = 100
_FEWEST = 5
# To take apart all that was made takes half a second, for which the others would wait: so the program just ends.
_PROGRAM = "import os; from gatekeeper.runs.verifying.crew import serve; serve(); os._exit(0)"


@dataclass(frozen=True, slots=True)
class Start:
    """What another process is told first. ``told`` is what git told of history, read once for all of them."""

    repo: Path
    ask: Ask
    config: Path | None
    told: bytes


def in_parts(repo: Path, verifier: Verifier, ids: Sequence[str], count: int) -> Iterator[Verdict]:
    """The verdicts by this process and others, ``count`` in all; each takes the next packets when done with some.

    Raises what a process raised. When this one is interrupted, the others are ended.
    """
    with ExitStack() as running, ThreadPoolExecutor(max_workers=count) as pool:
        others = [running.enter_context(_started()) for _ in range(count - 1)]
        try:
            # History is read while the others load their modules.
            start = _pickled(Start(repo, verifier.ask, verifier.config, verifier.told))
            work = _Work(verifier.by_history(ids), count)
            answers = [pool.submit(_answers, process, start, work) for process in others]
            with rarely_collected():
                for part in iter(work.oldest, []):
                    yield from verifier.packets(part)
            for answer in answers:
                yield from answer.result()
        except BaseException:
            for process in others:
                process.kill()  # or the threads would wait for them
            raise


class _Work:
    """What is left to do, by history; several threads may take of it at once.

    One process takes the oldest and the others the newest, for the neighbours of what was read share most with it.
    Less is taken the less there is, so that all end at about the same time.
    """

    def __init__(self, ids: Sequence[str], count: int) -> None:
        self._left = deque(ids)
        self._count = count
        self._lock = threading.Lock()

    def oldest(self) -> list[str]:
        """The next packets from the beginning of history; none where nothing is left."""
        with self._lock:
            return [self._left.popleft() for _ in range(self._size())]

    def newest(self) -> list[str]:
        """The next packets from the end of history, the oldest of them first."""
        with self._lock:
            return [self._left.pop() for _ in range(self._size())][::-1]

    def _size(self) -> int:
        fair = len(self._left) // (2 * self._count)
        return min(max(fair, _FEWEST), _AT_ONCE, len(self._left))


def _started() -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    # Without -P a module that lies in the present folder would be taken for one of ours.
    command = [sys.executable, "-P", "-c", _PROGRAM]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)


def _answers(process: subprocess.Popen[bytes], start: bytes, work: _Work) -> list[Verdict]:
    """The verdicts on what another process took of the work."""
    found: list[Verdict] = []
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - both are pipes
    try:
        _say(start, process.stdin)
        for part in iter(work.newest, []):
            _say(_pickled(part), process.stdin)
            answer: list[Verdict] | Exception = pickle.load(process.stdout)  # noqa: S301 - our own process
            if isinstance(answer, Exception):
                raise answer
            found += answer
        process.stdin.close()
    except (EOFError, BrokenPipeError) as error:
        with suppress(BrokenPipeError):
            process.stdin.close()
        raise NotRunError(
            f"A process that verified packets ended with {process.wait()}.", hint="gate verify --all --jobs 1"
        ) from error
    return found


def _pickled(value: object) -> bytes:
    return pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)


def _say(value: bytes, stream: IO[bytes]) -> None:
    stream.write(value)
    stream.flush()


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Look for cycles rarely meanwhile: nearly all that a packet takes is freed with it.

    Looking for them again and again cost a third of the time.
    """
    before = gc.get_threshold()
    _collect_rarely()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _collect_rarely() -> None:
    gc.freeze()
    gc.set_threshold(*_RARELY)


def serve() -> None:
    """What another process does: verify packets as long as it is given some, and hand the verdicts back."""
    try:
        _collect_rarely()
        _serve(pickle.load(sys.stdin.buffer))  # noqa: S301 - from the process that started this one
    except KeyboardInterrupt:
        return  # told by the process that started this one
    except Exception as error:  # noqa: BLE001 - raised again where the answer is read
        _say(_pickled(error), sys.stdout.buffer)


def _serve(start: Start) -> None:
    with Repository.open(start.repo) as repository, suppress(EOFError):
        verifier = Verifier(repository, start.config, start.ask, None, many=True, told=lambda: start.told)
        while True:
            part: list[str] = pickle.load(sys.stdin.buffer)  # noqa: S301 - as above
            _say(_pickled([*verifier.packets(part)]), sys.stdout.buffer)
