"""Spread the examination of files over the cores: processes of their own, where there is enough to do.

A process is started as a program and not forked: the caller may have threads, and no main module to import.
"""

import gc
import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import BinaryIO

from gatekeeper.audit.examine import Examiner, Hit, Job

# Fewer files than this are examined sooner than a process starts.
_WORTHWHILE = 96
# Of so many files that are read, enough will have to be examined; the processes start while others are read.
_MANY = 4000
_CHUNK = 16
_MOST = 8
# What a file is read into goes away by itself; to look for more takes a tenth of the time.
_GARBAGE = 50_000
_PROGRAM = "from gatekeeper.audit.crew import serve; serve()"


def examine_all(examiner: Examiner, jobs: Iterable[Job], *, read: int = 0) -> Iterator[Hit]:
    """What is found in all of the files, in no particular order; ``read`` is how many are read to find them."""
    jobs = iter(jobs)
    enough = _CHUNK if read >= _MANY else _WORTHWHILE
    first = list(islice(jobs, enough))
    cores = min(_cores(), _MOST)
    if len(first) < enough or cores < 2 or not sys.executable:
        for job in (*first, *jobs):
            yield from examiner.examine(job)
        return
    crew = _Crew(examiner, cores)
    try:
        for chunk in _chunks(iter([*first]), jobs):
            crew.give(chunk)
        yield from crew.finish()
    finally:
        crew.close()


def _cores() -> int:
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable is not None else os.cpu_count() or 1


def _chunks(*parts: Iterator[Job]) -> Iterator[list[Job]]:
    for part in parts:
        while chunk := list(islice(part, _CHUNK)):
            yield chunk


class _Crew:
    """Some processes, each fed by a thread."""

    def __init__(self, examiner: Examiner, size: int) -> None:
        self._todo: queue.Queue[list[Job] | None] = queue.Queue(maxsize=4 * size)
        self._hits: list[Hit] = []
        self._failed: list[BaseException] = []
        self._threads = [threading.Thread(target=self._work, args=(examiner,), daemon=True) for _ in range(size)]
        for thread in self._threads:
            thread.start()

    def give(self, chunk: list[Job]) -> None:
        """Have a chunk examined; waits while all have enough to do."""
        self._todo.put(chunk)

    def finish(self) -> Iterator[Hit]:
        """Wait for what was given, and what was found in it."""
        self.close()
        if self._failed:
            raise self._failed[0]
        yield from self._hits

    def close(self) -> None:
        """End the processes."""
        for _ in self._threads:
            self._todo.put(None)
        for thread in self._threads:
            thread.join()
        self._threads = []

    def _work(self, examiner: Examiner) -> None:
        member = _Member(examiner)
        while (chunk := self._todo.get()) is not None:
            try:
                if not self._failed:
                    self._hits += member.examine(chunk)
            except Exception as error:  # noqa: BLE001 - raised again where it is waited for
                self._failed.append(error)
        member.close()


class _Member:
    """One process; started when first needed, and again after it died."""

    def __init__(self, examiner: Examiner) -> None:
        self._examiner = examiner
        self._process: subprocess.Popen[bytes] | None = None

    def examine(self, chunk: list[Job]) -> list[Hit]:
        """What is found in a chunk. A file that ends the process is noted, the others are examined."""
        try:
            return self._asked(chunk)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError):
            self.close()
        if len(chunk) > 1:
            return [hit for job in chunk for hit in self.examine([job])]
        job = chunk[0]
        return [Hit(job.path, job.indexes[0], None, "stopped the parser and wasn't audited", note=True)]

    def _asked(self, chunk: list[Job]) -> list[Hit]:
        process = self._started()
        _send(process.stdin, chunk)
        answer: list[Hit] | Exception = pickle.load(process.stdout)  # type: ignore[arg-type]  # noqa: S301 - our own process
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            # -P: else a module of the audited tree, where this runs, would be taken for one of ours.
            command = [sys.executable, "-P", "-c", _PROGRAM]
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
            )
            _send(self._process.stdin, self._examiner)
        return self._process

    def close(self) -> None:
        """End the process."""
        if self._process is None:
            return
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(BrokenPipeError):
                stream.close()  # type: ignore[union-attr]  # both are pipes
        self._process.wait()
        self._process = None


def _send(stream: object, value: object) -> None:
    pickle.dump(value, stream, protocol=pickle.HIGHEST_PROTOCOL)  # type: ignore[arg-type]  # a pipe
    stream.flush()  # type: ignore[attr-defined]


def serve(source: BinaryIO | None = None, target: BinaryIO | None = None) -> None:
    """What a process of the crew does: take the examiner, then chunks until there are no more."""
    source, target = source or sys.stdin.buffer, target or sys.stdout.buffer
    gc.set_threshold(_GARBAGE)
    examiner: Examiner = pickle.load(source)  # noqa: S301 - from the process that started this one
    while True:
        try:
            chunk: list[Job] = pickle.load(source)  # noqa: S301 - as above
        except EOFError:
            return
        try:
            answer: list[Hit] | Exception = [hit for job in chunk for hit in examiner.examine(job)]
        except Exception as error:  # noqa: BLE001 - raised again where the answer is read
            answer = error
        _send(target, answer)
