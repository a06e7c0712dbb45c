"""What a change costs: a fixed number of git processes, and memory for a piece of a file, not for the files."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from application import gate
from cases import PACKET, PACKET_TEXT
from changesets import AUTO, STAGED, WORKTREE, entries, read_from
from gitrepo import GitRepo
from small import WP_ID, made

from gatekeeper.changes.diff import completed
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Selector
from gatekeeper.model.changes import REGULAR, BlobFacts, ChangeKind, FileChange, Hunk, Side
from gatekeeper.model.errors import RepositoryError

MEGABYTE = 1 << 20

# Prints the entries of what is staged and the most memory that this process, started for it alone, ever had.
_MEASURED = """\
import json, resource, sys
from pathlib import Path
from changesets import STAGED, entries, read
found = {
    path: [e.start, e.end, e.line_delta, e.content, e.pre_sha1, e.post_sha1]
    for path, e in entries(read(Path(sys.argv[1]), STAGED)).items()
}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
if Path("/proc/self/status").exists():
    # Linux lets a program inherit the peak of the one that started it; this line of the kernel's is its own.
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
print(json.dumps([found, peak]))
"""


def measured(path: Path) -> tuple[dict[str, list[object]], int]:
    """The staged entries, and the peak of memory in megabytes of a process that reads nothing else."""
    tests = Path(__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, str(path)], cwd=tests, capture_output=True, check=True, timeout=300
    )
    found, peak = json.loads(done.stdout)
    return found, peak // (MEGABYTE if sys.platform == "darwin" else 1024)


def write(file: Path, pieces: Iterator[bytes]) -> str:
    """Write a file piece by piece; its SHA1."""
    sha1 = hashlib.sha1(usedforsecurity=False)
    with file.open("wb") as out:
        for piece in pieces:
            out.write(piece)
            sha1.update(piece)
    return sha1.hexdigest()


def stage(repo: GitRepo) -> None:
    """Stage everything without the time that compression takes."""
    repo.git("-c", "core.compression=0", "add", "--all")


def test_200_megabytes_are_streamed(repo: GitRepo) -> None:
    repo.commit({"bin": b"\0"})
    line = b"some words " * 100 + b"\n"
    texts = write(repo.path / "text", (line * (MEGABYTE // len(line)) for _ in range(200)))
    lines = MEGABYTE // len(line) * 200
    binary = write(repo.path / "bin", (b"\0" + bytes(MEGABYTE - 1) for _ in range(40)))
    stage(repo)
    found, peak = measured(repo.path)
    assert found == {
        "bin": [1, 1, 0, "binary", hashlib.sha1(b"\0", usedforsecurity=False).hexdigest(), binary],
        "text": [1, lines, lines, None, "0" * 40, texts],
    }
    assert peak < 100


def test_a_line_of_50_megabytes_is_read_in_pieces(repo: GitRepo) -> None:
    before = write(repo.path / "a", (b"x" * MEGABYTE for _ in range(50)))
    stage(repo)
    repo.git("commit", "-qm", "a")
    after = write(repo.path / "a", (b"x" * MEGABYTE if n < 50 else b"y\n@@ -1 +9 @@\nz" for n in range(51)))
    stage(repo)
    found, peak = measured(repo.path)
    assert found == {"a": [1, 3, 2, None, before, after]}
    assert peak < 100


def test_memory_does_not_grow_with_the_number_of_files(repo: GitRepo) -> None:
    repo.commit()
    peaks = []
    for count in (2, 40):
        for n in range(count):
            (repo.path / f"f{n}").write_bytes(f"{n} {'x' * 500}\n".encode() * (MEGABYTE // 500))
        stage(repo)
        found, peak = measured(repo.path)
        assert len(found) == count
        peaks.append(peak)
    assert peaks[1] - peaks[0] < 10


def side(oid: str | None) -> Side | None:
    return None if oid is None else Side(REGULAR, oid)


def facts(lines: int, *, binary: bool = False) -> BlobFacts:
    return BlobFacts("1" * 40, "2" * 64, 1100 * MEGABYTE, lines, binary)


HUGE = {"old": facts(7), "new": facts(9), "empty": facts(0), "bin": facts(3, binary=True)}


@pytest.mark.parametrize(
    ("base", "head", "hunks"),
    [
        (None, "new", (Hunk(0, 0, 1, 9),)),
        ("old", None, (Hunk(1, 7, 0, 0),)),
        (None, "empty", ()),
        (None, "bin", ()),
        ("old", "bin", ()),
        ("old", "old", ()),
    ],
)
def test_of_a_file_too_long_for_git_the_lines_are_known_where_one_side_is_all(
    base: str | None, head: str | None, hunks: tuple[Hunk, ...]
) -> None:
    kind = ChangeKind.ADDED if base is None else ChangeKind.DELETED if head is None else ChangeKind.MODIFIED
    change = FileChange("a", kind, side(base), side(head))
    assert completed(change, HUGE).hunks == hunks


def test_a_file_too_long_for_git_that_became_a_link_is_removed_and_added() -> None:
    change = FileChange("a", ChangeKind.TYPE, side("old"), Side("120000", "new"), hunks=(Hunk(0, 0, 1, 9),))
    assert completed(change, HUGE).hunks == (Hunk(1, 7, 0, 0), Hunk(0, 0, 1, 9))


def test_two_sides_too_long_for_git_to_compare_are_an_error() -> None:
    with pytest.raises(RepositoryError, match="a is a text of 1100 MB; git compares none of more than 1023 MB"):
        completed(FileChange("a", ChangeKind.MODIFIED, side("old"), side("new")), HUGE)


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """A function that tells which git processes were started since it was called last.

    Those that git itself started are among them: a wrapper on the PATH makes every git write a trace.
    """
    trace, wrapper = tmp_path / "trace", tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    real = shutil.which("git")
    wrapper.write_text(f'#!/bin/sh\nGIT_TRACE2_EVENT="{trace}" exec "{real}" "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")

    def commands() -> list[str]:
        events = [json.loads(line) for line in trace.read_text().splitlines()] if trace.exists() else []
        trace.unlink(missing_ok=True)
        return [event["name"] for event in events if event["event"] == "cmd_name"]

    return commands


@pytest.mark.parametrize("selector", [AUTO, STAGED, WORKTREE])
def test_the_number_of_processes_does_not_grow_with_the_change(
    repo: GitRepo, started: Callable[[], list[str]], selector: Selector
) -> None:
    repo.commit()
    repo.commit()
    # GitPython asks git for its version when it is imported.
    Repository.open(repo.path).close()
    commands = []
    for size in (10, 2000):
        repo.stage({f"{size}/{n}": f"{n}\n" * 3 for n in range(size)})
        started()
        with Repository.open(repo.path) as repository:
            assert len(entries(read_from(repository, selector))) == size
            count = repository.processes
        commands.append(started())
        assert len(commands[-1]) == count + 3  # three to find the repository
        repo.commit()
    assert commands[0] == commands[1]
    assert len(commands[0]) < 16


def test_a_whole_run_starts_as_many_processes_for_2000_files_as_for_10(
    tmp_path: Path, started: Callable[[], list[str]]
) -> None:
    packet = PACKET_TEXT.replace("  - src/a.txt\n", "  - src/\n", 1)
    commands = []
    Repository.open(made(tmp_path / "first")).close()
    for size in (10, 2000):
        repo = made(tmp_path / str(size), {PACKET: packet}, {})
        GitRepo(repo).stage({f"src/f{n}.txt": f"{n}\n" for n in range(size)})
        for check in ((), ("--check",)):
            started()
            code, verdict, _ = gate(repo, "post-work", WP_ID, *check)
            commands.append(started())
            assert (code, len(verdict["manifest"])) == (0, size)
            GitRepo(repo).git("add", "packets")
    assert commands[:2] == commands[2:]
