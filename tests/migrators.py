"""Migrators as processes of their own: alone, many at once, or dying by SIGKILL before their Nth statement.

Started as a program by the tests: ``alone FOLDER URL``, ``together FOLDER COUNT URL``, and ``killed FOLDER URL``,
which reads the Ns from its input.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from gatekeeper.engines import postgres_live, sqlite_live
from gatekeeper.engines.live import LiveSession
from gatekeeper.migrate.runner import Limits, apply, status
from gatekeeper.model.proof import SourceFile


def files(folder: Path) -> list[SourceFile]:
    return [SourceFile(f"migrations/{path.name}", path.read_bytes()) for path in sorted(folder.iterdir())]


def forked(work: Callable[[], None]) -> int:
    """A process that does the work and ends; its id."""
    child = os.fork()
    if child:
        return child
    try:
        work()
        os._exit(0)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent is told
        sys.stderr.write(f"{error!r}\n")
        os._exit(1)


def together(count: int, url: str, folder: Path) -> None:
    """Start so many at one moment; print what each applied, and how it ended."""
    begin = time.monotonic() + 0.3
    read, write = os.pipe()

    def work() -> None:
        time.sleep(max(0.0, begin - time.monotonic()))
        result = apply(url, files(folder), limits=Limits(lock=60))
        (tracked,) = status(url, files(folder)).tracked
        left = [version.version for version in tracked.versions if version.state != "applied"]
        line = {"status": result.status, "done": result.done, "reason": result.reason, "left": left}
        os.write(write, (json.dumps(line) + "\n").encode())

    children = [forked(work) for _ in range(count)]
    os.close(write)
    with os.fdopen(read) as lines:
        sys.stdout.write(lines.read())
    for child in children:
        os.waitpid(child, 0)


def killed(url: str, folder: Path, at: int) -> None:
    """Apply, and die before the Nth statement that goes to the database; without dying if there are fewer."""
    seen = 0

    def counted(kind: type[LiveSession], name: str) -> None:
        whole = getattr(kind, name)

        def query(*arguments: object, **named: object) -> object:
            nonlocal seen
            seen += 1
            if seen == at:
                os.kill(os.getpid(), signal.SIGKILL)
            return whole(*arguments, **named)

        setattr(kind, name, query)

    counted(sqlite_live.SqliteSession, "_rows")
    counted(postgres_live.PostgresSession, "_run")
    apply(url, files(folder))


def main(arguments: list[str]) -> None:
    """The mode's work."""
    mode, folder, *rest = arguments
    if mode == "together":
        together(int(rest[0]), rest[1], Path(folder))
        return
    if mode == "alone":
        apply(rest[0], files(Path(folder)))
        return
    # One process for each N that comes in, one after the other; what goes out is how it ended.
    for line in sys.stdin:
        child = forked(lambda at=int(line): killed(rest[0], Path(folder), at))  # type: ignore[misc] # the N of now
        _, state = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(state)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
