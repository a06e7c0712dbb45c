"""A write that fails, or is killed on the way, leaves the old packet or the new one, never a part of one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from application import gate, git
from cases import PACKET, PACKET_TEXT
from small import WP_ID, edited, made

from gatekeeper.packet.edit import write_atomically

pytestmark = pytest.mark.skipif(os.name == "nt", reason="limits and signals of the child are those of POSIX")

LONG = edited(PACKET_TEXT, "(None yet.)\n", ("Evidence " * 100 + "\n") * 700)

LIMITED = """
import resource, sys
from gatekeeper.cli.main import main
resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
sys.exit(main(sys.argv[1:]))
"""

KILLED = """
import os, pathlib, signal, sys
from gatekeeper.packet.edit import write_atomically

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

place, name = {"sync": (os, "fsync"), "before": (pathlib.Path, "replace")}.get(sys.argv[2], (None, ""))
if place is not None:
    setattr(place, name, die)
write_atomically(pathlib.Path(sys.argv[1]), b"new" * 100_000)
die()
"""


def test_a_disk_that_takes_no_more_leaves_the_packet_as_it_was(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", base={PACKET: LONG})
    for arguments in (["manifest", WP_ID, "--write"], ["post-work", WP_ID]):
        command = [sys.executable, "-c", LIMITED, "--repo", str(repo), *arguments]
        done = subprocess.run(command, capture_output=True, check=False, text=True)
        assert done.returncode == 2, done.stderr
        assert "could not be written: File too large. The file is as it was." in done.stderr
        assert "mend: " in done.stderr
    assert (repo / PACKET).read_text() == LONG
    assert git(repo, "status", "--porcelain", "--untracked-files=all") == ""


@pytest.mark.parametrize(("point", "content"), [("sync", b"old"), ("before", b"old"), ("after", b"new" * 100_000)])
def test_a_run_that_is_killed_leaves_the_old_file_or_the_new_one(
    tmp_path: Path, point: str, content: bytes
) -> None:
    file = tmp_path / "p.md"
    file.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", KILLED, str(file), point], capture_output=True, check=False)
    assert done.returncode == -9, done.stderr
    assert file.read_bytes() == content
    assert write_atomically(file, b"next")
    assert file.read_bytes() == b"next"


def test_a_packet_that_is_a_link_within_the_repository_is_told_and_left_alone(tmp_path: Path) -> None:
    repo = made(tmp_path / "r")
    (repo / PACKET).rename(repo / "docs" / "packet.md")
    (repo / PACKET).symlink_to("../docs/packet.md")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "link")
    for arguments in (["post-work", WP_ID], ["manifest", WP_ID, "--write"]):
        code, told, _ = gate(repo, *arguments)
        assert code == 1
        found = told.get("findings") or told["checks"][0]["findings"]
        assert "packet.unreadable" in [finding["rule"] for finding in found]
    assert git(repo, "status", "--porcelain") == ""
