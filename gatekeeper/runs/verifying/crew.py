"""Verify packets in several processes.

A process is started as a program and not forked: the caller may have threads, and no main module to import.
"""

import gc
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from gatekeeper.changes.repository import Repository
from gatekeeper.model.errors import NotRunError
from gatekeeper.model.verdict import Verdict
from gatekeeper.runs.verifying.run import Ask, Verifier

_RARELY = (100_000, 50, 1000)
_PROGRAM = "from gatekeeper.runs.verifying.crew import serve; serve()"


@dataclass(frozen=True, slots=True)
class Part:
    """What one process does."""

    repo: Path
    ids: tuple[str, ...]
    ask: Ask
    config: Path | None


def in_parts(parts: Sequence[Part]) -> Iterator[Verdict]:
    """The verdicts of all parts, each done by a process of its own. Raises what a process raised."""
    with ThreadPoolExecutor(max_workers=len(parts)) as pool:
        for verdicts in pool.map(_done, parts):
            yield from verdicts


def _done(part: Part) -> list[Verdict]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", _PROGRAM]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        out, _ = process.communicate(pickle.dumps(part))
    if not out:
        raise NotRunError(
            f"A process that verified {len(part.ids)} packets ended with {process.returncode}.",
            hint="gate verify --all --jobs 1",
        )
    answer: list[Verdict] | Exception = pickle.loads(out)  # noqa: S301 - our own process
    if isinstance(answer, Exception):
        raise answer
    return answer


def serve() -> None:
    """What a process does: take a part, verify its packets, and hand the verdicts back."""
    # Nearly all that a packet takes is freed with it; looking for cycles again and again cost a third of the time.
    gc.freeze()
    gc.set_threshold(*_RARELY)
    part: Part = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that started this one
    answer: list[Verdict] | Exception
    try:
        with Repository.open(part.repo) as repository:
            verifier = Verifier(repository, part.config, part.ask, None, many=True)
            answer = [*verifier.packets(part.ids)]
    except KeyboardInterrupt:
        return  # told by the process that started this one
    except Exception as error:  # noqa: BLE001 - raised again where the answer is read
        answer = error
    pickle.dump(answer, sys.stdout.buffer, protocol=pickle.HIGHEST_PROTOCOL)
    sys.stdout.flush()
