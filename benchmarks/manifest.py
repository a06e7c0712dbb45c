"""What a manifest costs, as ratios in one run: against git's own two passes, and against git called file by file.

Usage: python benchmarks/manifest.py [FILES ...]   (default: 25 100 1000 10000)

Each row changes FILES files of 200 lines, stages them and reads the change set three ways, in turn, five rounds,
medians: (a) gatekeeper computes every field of every entry; (b) git alone prints what (a) needs, in two processes
(`git diff --cached --raw --numstat -p -U0`, `git cat-file --batch`), with nothing parsed or hashed; (c) a script's
way, four git processes a file (`show HEAD:`, `show :`, `diff --numstat`, `diff -U0`), with SHA1 taken in Python.
Beyond 1,000 files (c) takes minutes and is left out.
"""

import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gatekeeper.changes.build import BuiltRepository
from gatekeeper.changes.diff import change_set
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Selector, resolve
from gatekeeper.manifest.compute import compute

ROUNDS = 5
FILE_BY_FILE = 1000
"""The most files for which git is called file by file."""


def repository(path: Path, files: int) -> Path:
    """A repository in which ``files`` files of 200 lines are changed and staged."""
    built = BuiltRepository.create(path)
    lines = [f"line {number} of a file\n" for number in range(200)]
    built.write({f"src/{n // 100}/file{n}.txt": f"{n}\n" + "".join(lines) for n in range(files)})
    built.add()
    built.commit("Files")
    lines[40:42] = ["changed\n"]
    lines[150:150] = ["added\n", "added\n"]
    built.write({f"src/{n // 100}/file{n}.txt": f"{n}\n" + "".join(lines) for n in range(files)})
    built.add()
    return path


def ours(path: Path) -> int:
    """All fields of all entries."""
    with Repository.open(path) as repo:
        endpoints = resolve(
            repo,
            Selector(kind="staged"),
            main="main",
            recorded_base=lambda _: None,
            others_changed=lambda _base, _head: False,
        )
        changes = change_set(repo, endpoints)
        return len(compute(changes, changes.changes, migration=(), storage=()))


def git(path: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """Git's output."""
    return subprocess.run(["git", *arguments], cwd=path, input=stdin, capture_output=True, check=True).stdout


def git_alone(path: Path) -> int:
    """Git's own two passes over the same change."""
    out = git(path, "diff", "--cached", "--raw", "--numstat", "--no-abbrev", "-p", "-U0")
    raw = [line.split() for line in out.split(b"\n") if line.startswith(b":")]
    git(path, "cat-file", "--batch", stdin=b"".join(row[2] + b"\n" + row[3] + b"\n" for row in raw))
    return len(raw)


def file_by_file(path: Path) -> int:
    """Four git processes a file."""
    names = git(path, "diff", "--cached", "--name-only", "-z").split(b"\0")[:-1]
    for raw in names:
        name = os.fsdecode(raw)
        for side in (f"HEAD:{name}", f":{name}"):
            hashlib.sha1(git(path, "show", side), usedforsecurity=False).hexdigest()
        git(path, "diff", "--cached", "--numstat", "--", name)
        git(path, "diff", "--cached", "-U0", "--", name)
    return len(names)


def seconds(work: Callable[[Path], int], path: Path, files: int) -> float:
    """How long one call takes; it must have seen every file."""
    started = time.perf_counter()
    assert work(path) == files
    return time.perf_counter() - started


def main(counts: list[int]) -> None:
    """Print a row for each count."""
    # Compiled, as an installed package is, whatever this environment says of its own files.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    print(
        f"{'files':>6} {'gatekeeper':>11} {'git alone':>10} {'file by file':>13} {'ours/git':>9} {'files/us':>9}"
    )
    for files in counts:
        with tempfile.TemporaryDirectory() as folder:
            path = repository(Path(folder) / "repo", files)
            ways = (ours, git_alone, file_by_file) if files <= FILE_BY_FILE else (ours, git_alone)
            for way in (ours, git_alone):
                way(path)
            times = [[seconds(way, path, files) for way in ways] for _ in range(ROUNDS)]
            a, b, *rest = (statistics.median(column) for column in zip(*times, strict=True))
            columns = f"{a * 1000:>8.0f} ms {b * 1000:>7.0f} ms"
            loop = (
                f"{rest[0] * 1000:>10.0f} ms {a / b:>9.2f} {rest[0] / a:>9.1f}"
                if rest
                else f"{'-':>13} {a / b:>9.2f}"
            )
            print(f"{files:>6} {columns} {loop}", flush=True)


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [25, 100, 1000, 10_000])
