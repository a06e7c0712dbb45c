"""What `gate verify --all` costs on a thousand packets, as a ratio in one run against git's look at their commits.

Usage: python benchmarks/verify.py [PACKETS]   (default: 1000)

The repository holds PACKETS packets, averaging ten files of 150 lines each. A packet is two commits on main: the
plan, which its approval ends, and the work with the manifest and the result that the gate writes.
`gate verify --all` without `--prove` is held against one `git log --raw --numstat -p -U0` over the same commits,
whole processes both, in turn, three rounds, medians.
"""

import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gatekeeper.manifest.compute import compute, digest
from gatekeeper.model.changes import BlobFacts, ChangeKind, ChangeSet, FileChange, Hunk, Side
from gatekeeper.model.finding import CheckResult, Status
from gatekeeper.model.manifest import Gate, ManifestEntry
from gatekeeper.packet.blocks import render_manifest, render_result
from gatekeeper.resources import templates
from gatekeeper.runs.gates import post_work

ROUNDS = 3
DEMO = "WP-1-Migration-Framework"
LINES = 150
AREAS = 100
PER_AREA = 20
GATE = [sys.executable, "-m", "gatekeeper"]
LOG = ["git", "log", "--raw", "--numstat", "-p", "-U0"]
CONFIG = '[spec]\npointer = "docs/SPEC_CURRENT.md"\n\n[authority]\nstrict = true\n'
NOBODY = "maintainers <maintainers@example.invalid>"

Files = dict[str, bytes]


@dataclass(frozen=True)
class Work:
    """A packet: its id, its text before the gate wrote into it, its refinement's, and what its work changes."""

    wp_id: str
    packet: str
    refinement: str
    changes: tuple[FileChange, ...]
    contents: Mapping[str, bytes]
    blobs: Mapping[str, BlobFacts] = field(default_factory=dict)

    @property
    def packet_path(self) -> str:
        """Where the packet lies."""
        return f"packets/{self.wp_id}.md"

    @property
    def plan(self) -> Files:
        """The files of the commit that plans the work."""
        return {
            self.packet_path: self.packet.encode(),
            f"packets/refinements/{self.wp_id}.md": self.refinement.encode(),
        }


def original(area: int, number: int) -> list[str]:
    """The lines of a source file as the first commit has them."""
    name = f"area{area}.part{number}"
    return [f"value_{line} = compute('{name}', {line})\n" for line in range(LINES)]


def base_files() -> Files:
    """The files of the first commit."""
    demo = templates() / "demo" / "base" / "docs"
    files = {f"docs/{name}": (demo / name).read_bytes() for name in ("SPEC_CURRENT.md", "SPEC_v1.md")}
    files["gatekeeper.toml"] = CONFIG.encode()
    for area in range(AREAS):
        for number in range(PER_AREA):
            files[f"src/area{area}/part{number}.py"] = "".join(original(area, number)).encode()
    return files


def edited(path: str, lines: list[str], stamp: int) -> tuple[bytes, tuple[Hunk, ...]]:
    """A line replaced, and two added further down; ``stamp`` makes them different from every other line."""
    place = stamp % 60
    lines[place] = f"changed_{stamp} = compute({path!r}, {stamp})\n"
    after = place + 30 + stamp % 40
    lines[after:after] = [f"added_{stamp}_{n} = compute({path!r})\n" for n in (1, 2)]
    return "".join(lines).encode(), (
        Hunk(place + 1, 1, place + 1, 1),
        Hunk(after, 0, after + 1, 2),
    )


def works(count: int, files: Files) -> Iterator[Work]:
    """The packets in order; between five and fifteen files each, every fifth of them new."""
    base = templates() / "demo" / "base" / "packets"
    packet, refinement = ((base / name).read_text() for name in (f"{DEMO}.md", f"refinements/{DEMO}.md"))
    now: dict[str, list[str]] = {}
    for number in range(count):
        changes, contents, facts = [], {}, {}
        for n in range(5 + number % 11):
            area = (number * 7 + n // 3) % AREAS
            path = f"src/area{area}/part{(number * 3 + n * 5) % PER_AREA}.py"
            if n % 5 == 4:
                path = f"src/area{area}/new{number}_{n}.py"
                data = "".join(original(number, 1000 + n)).encode()
                change = FileChange(path, ChangeKind.ADDED, None, side(data), None, (Hunk(0, 0, 1, LINES),))
            elif path in contents:
                continue
            else:
                before = files[path]
                lines = now.setdefault(path, before.decode().splitlines(keepends=True))
                data, hunks = edited(path, lines, number * 20 + n)
                change = FileChange(path, ChangeKind.MODIFIED, side(before), side(data), None, hunks)
                facts[side(before).oid] = facts_of(before)
            facts[side(data).oid] = facts_of(data)
            changes.append(change)
            contents[path] = data
        files.update(contents)
        yield Work(
            f"WP-{number}-Work",
            packet_text(packet, f"WP-{number}-Work", sorted(contents)),
            refinement.replace(DEMO, f"WP-{number}-Work"),
            tuple(sorted(changes, key=lambda change: change.path)),
            contents,
            facts,
        )


def side(data: bytes) -> Side:
    """The file as a tree holds it."""
    return Side("100644", hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest())


def facts_of(data: bytes) -> BlobFacts:
    """What a manifest needs of the bytes."""
    sha1 = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    return BlobFacts(sha1, hashlib.sha256(data).hexdigest(), len(data), data.count(b"\n"), binary=False)


def packet_text(demo: str, wp_id: str, paths: Sequence[str]) -> str:
    """The demonstration's packet with these paths in place of its own."""
    listed = "".join(f"  - {path}\n" for path in paths)
    before, _, rest = demo.partition("- IN_SCOPE_PATHS:\n")
    rest = rest.partition("- OUT_OF_SCOPE:\n")[2]
    scope, _, rest = rest.partition("- FILES_TO_OPEN:\n")
    after = rest.partition("- SEARCH_TERMS:\n")[2]
    opened = "  - docs/SPEC_CURRENT.md\n  - docs/SPEC_v1.md (sections 3 and 4)\n" + listed
    text = (
        f"{before}- IN_SCOPE_PATHS:\n{listed}- OUT_OF_SCOPE:\n{scope}"
        f"- FILES_TO_OPEN:\n{opened}- SEARCH_TERMS:\n{after}"
    )
    return text.replace(DEMO, wp_id)


@dataclass(frozen=True)
class Verdict:
    """What the gate says of one packet's work and so of all: they differ in nothing that it judges."""

    checks: tuple[CheckResult, ...]
    gates: Mapping[Gate, bool | None]
    spec: str = "docs/SPEC_CURRENT.md -> SPEC_v1.md"


def with_blocks(work: Work, verdict: Verdict) -> bytes:
    """The packet with the manifest and the result that the gate writes."""
    entries = entries_of(work)
    gates = {entry.path: verdict.gates for entry in entries}
    manifest = render_manifest(entries, gates, verdict.spec, digest(entries))
    result = render_result(work.wp_id, "post-work", Status.PASS, digest(entries), verdict.checks)
    head, marker, rest = work.packet.partition("## STATUS_HANDOFF\n")
    return f"{head}{manifest}\n\n{result}\n\n{marker}{rest}".encode()


def entries_of(work: Work) -> tuple[ManifestEntry, ...]:
    """The manifest's entries, computed from what was edited rather than by git."""
    change_set = ChangeSet("rev", "", None, None, "", "", work.changes, work.blobs)
    return compute(change_set, work.changes, migration=(), storage=())


def judged(folder: Path, files: Files, work: Work) -> Verdict:
    """What the gate itself comes to on one packet, which has to be what this file computed."""
    imported(folder, [("Base", files), ("Plan", work.plan), ("Work", work.contents)])
    verdict = post_work(folder, work.wp_id)
    assert verdict.change_set is not None
    assert verdict.change_set.digest == digest(entries_of(work))
    gates = {Gate(name): value for name, value in verdict.manifest[0].gates.items()}
    made = Verdict(verdict.checks, gates)
    assert (folder / work.packet_path).read_bytes() == with_blocks(work, made)
    return made


def imported(repo: Path, commits: Sequence[tuple[str, Mapping[str, bytes]]]) -> None:
    """A repository of these commits on main, each a message and the files that it writes."""
    git(repo.parent, "init", "-q", "--template=", "-b", "main", str(repo))
    git(repo, "fast-import", "--quiet", stdin=b"".join(stream(commits)))
    git(repo, "repack", "-q", "-a", "-d")
    git(repo, "reset", "-q", "--hard")


def stream(commits: Sequence[tuple[str, Mapping[str, bytes]]]) -> Iterator[bytes]:
    """The commits in the form of git-fast-import(1)."""
    for number, (message, files) in enumerate(commits):
        yield f"commit refs/heads/main\ncommitter {NOBODY} {1767600000 + number * 60} +0000\n".encode()
        yield b"data %d\n%s\n" % (len(message.encode()), message.encode())
        for path, data in files.items():
            yield f"M 100644 inline {path}\n".encode() + b"data %d\n%s\n" % (len(data), data)


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> None:
    """Plain git, quietly."""
    subprocess.run(["git", *arguments], cwd=folder, input=stdin, check=True, capture_output=True)


def made(folder: Path, count: int) -> Path:
    """The repository of that many packets."""
    start = base_files()
    planned = list(works(count, dict(start)))
    verdict = judged(folder / "one", start, planned[0])
    commits: list[tuple[str, Mapping[str, bytes]]] = [("Base", start)]
    for work in planned:
        commits.append((f"Plan of {work.wp_id}", work.plan))
        commits.append((f"Work of {work.wp_id}", {**work.contents, work.packet_path: with_blocks(work, verdict)}))
    imported(folder / "all", commits)
    return folder / "all"


def seconds(command: Sequence[str], repo: Path) -> float:
    """One whole process, which finds its modules compiled after the first, as those of an installation are."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(repo.parent / "compiled")
    started = time.perf_counter()
    subprocess.run(command, cwd=repo, check=True, capture_output=True, env=environment)
    return time.perf_counter() - started


def main() -> None:
    """Print both times and their ratio."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        repo = made(Path(folder), count)
        ways = (LOG, [*GATE, "verify", "--all"])
        rounds = [[seconds(command, repo) for command in ways] for _ in range(ROUNDS + 1)][1:]
    log, verify = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"{count} packets: git log {log:.2f} s, gate verify --all {verify:.2f} s, ratio {verify / log:.2f}")


if __name__ == "__main__":
    main()
