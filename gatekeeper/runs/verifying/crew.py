"""Verify packets in several processes, this one among them.

A process is started as a program and not forked: the caller may have threads, and no main module to import.
"""

import gc
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gatekeeper.changes.repository import Repository
from gatekeeper.model.errors import NotRunError
from gatekeeper.model.verdict import Verdict
from gatekeeper.runs.verifying.past import Past
from gatekeeper.runs.verifying.run import Ask, Verifier

_RARELY = (1_000_000, 50, 1000)
_PROGRAM = "from gatekeeper.runs.verifying.crew import serve; serve()"


@dataclass(frozen=True, slots=True)
class Part:
    """What another process does. ``past`` is what was read of history for all of them."""

    repo: Path
    ids: tuple[str, ...]
    ask: Ask
    config: Path | None
    past: Past


def in_parts(repo: Path, verifier: Verifier, parts: Sequence[Sequence[str]]) -> Iterator[Verdict]:
    """The verdicts of all parts: the first is done here, each other by a process of its own.

    Raises what a process raised. When this one is interrupted, the others are ended.
    """
    others = [_started() for _ in parts[1:]]
    try:
        with ThreadPoolExecutor(max_workers=len(parts)) as pool:
            # History is read while the others load their modules.
            past = verifier.past
            answers = [
                pool.submit(_answered, process, Part(repo, tuple(ids), verifier.ask, verifier.config, past))
                for process, ids in zip(others, parts[1:], strict=True)
            ]
            try:
                with rarely_collected():
                    yield from verifier.packets(parts[0])
                for answer in answers:
                    yield from answer.result()
            except BaseException:
                _end(others)  # or the pool would wait for them
                raise
    finally:
        _end(others)


def _started() -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    # Without -P a module that lies in the present folder would be taken for one of ours.
    command = [sys.executable, "-P", "-c", _PROGRAM]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)


def _answered(process: subprocess.Popen[bytes], part: Part) -> list[Verdict]:
    out, _ = process.communicate(pickle.dumps(part, protocol=pickle.HIGHEST_PROTOCOL))
    if not out:
        raise NotRunError(
            f"A process that verified {len(part.ids)} packets ended with {process.returncode}.",
            hint="gate verify --all --jobs 1",
        )
    answer: list[Verdict] | Exception = pickle.loads(out)  # noqa: S301 - our own process
    if isinstance(answer, Exception):
        raise answer
    return answer


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """End those that haven't ended themselves."""
    for process in processes:
        if process.poll() is None:
            process.kill()
            process.wait()


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Look for cycles rarely meanwhile: nearly all that a packet takes is freed with it.

    Looking for them again and again cost a third of the time.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def serve() -> None:
    """What another process does: take a part, verify its packets, and hand the verdicts back."""
    part: Part = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that started this one
    answer: list[Verdict] | Exception
    try:
        with Repository.open(part.repo) as repository, rarely_collected():
            verifier = Verifier(repository, part.config, part.ask, None, many=True, past=part.past)
            answer = [*verifier.packets(part.ids)]
    except KeyboardInterrupt:
        return  # told by the process that started this one
    except Exception as error:  # noqa: BLE001 - raised again where the answer is read
        answer = error
    pickle.dump(answer, sys.stdout.buffer, protocol=pickle.HIGHEST_PROTOCOL)
    sys.stdout.flush()
