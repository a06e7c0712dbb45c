"""What `gate status` and the board cost with five hundred packets, as ratios in one run.

Held against git's own log of the packets folder, and against starting `gate` alone.

Usage: python benchmarks/status.py [PACKETS]
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gatekeeper.changes.repository import Repository
from gatekeeper.ledger import open_ledger
from gatekeeper.model.ledger import NewEvent
from gatekeeper.model.settings import Settings
from gatekeeper.resources import templates

ROUNDS = 5
DEMO = "WP-1-Migration-Framework"
GATE = [sys.executable, "-m", "gatekeeper"]
STATES = ("Ready for Dev", "In Progress", "Done", "Validated")


def git(repo: Path, *arguments: str) -> None:
    """Plain git, quietly."""
    who = ["-c", "user.name=maintainers", "-c", "user.email=maintainers@example.invalid"]
    subprocess.run(["git", *who, *arguments], cwd=repo, check=True, capture_output=True)


def made(repo: Path, count: int) -> None:
    """A repository with that many packets of every state, ten a commit, and three events each in its ledger."""
    repo.mkdir()
    git(repo, "init", "-q", "-b", "main")
    source = templates() / "demo" / "base" / "packets"
    texts = {p: (source / p).read_text() for p in (f"{DEMO}.md", f"refinements/{DEMO}.md")}
    (repo / "packets/refinements").mkdir(parents=True)
    for number in range(count):
        wp_id = f"WP-{number}-Work"
        for path, template in texts.items():
            status = STATES[number % len(STATES)]
            text = template.replace("**Status:** In Progress", f"**Status:** {status}")
            if number % 3 == 0:
                text = text.replace("SKELETON APPROVED", "")
            (repo / "packets" / path.replace(DEMO, wp_id)).write_text(text.replace(DEMO, wp_id))
        if number % 10 == 9 or number == count - 1:
            git(repo, "add", "-A")
            git(repo, "commit", "-q", "-m", f"Plans up to {wp_id}")
    with Repository.open(repo) as repository, open_ledger(Settings().ledger, repository.common_dir) as ledger:
        for number in range(count):
            payload = {"gate": "post-work", "status": "PASS"}
            ledger.append_all(
                tuple(NewEvent("gate-run", f"WP-{number}-Work", "ci", None, payload) for _ in range(3))
            )


def seconds(command: list[str], repo: Path) -> float:
    """One whole process."""
    started = time.perf_counter()
    subprocess.run(command, cwd=repo, check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    """Print a row for each way."""
    # Compiled, as an installed package is, whatever this environment says of its own files.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as folder:
        repo = Path(folder) / "repo"
        made(repo, count)
        ways = {
            "git log -- packets": ["git", "log", "--name-only", "--", "packets"],
            "gate --version": [*GATE, "--version"],
            "gate status": [*GATE, "status"],
            "gate status --board": [*GATE, "status", "--board"],
        }
        rounds = [[seconds(command, repo) for command in ways.values()] for _ in range(ROUNDS + 1)][1:]
    medians = [statistics.median(column) for column in zip(*rounds, strict=True)]
    print(f"{count} packets")
    for name, median in zip(ways, medians, strict=True):
        print(f"{name:<22} {median:6.2f} s {median / medians[1]:>6.1f} x gate --version")


if __name__ == "__main__":
    main()
