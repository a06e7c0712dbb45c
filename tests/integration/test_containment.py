"""No input makes a run read or write outside the repository, its own cache and the packet."""

import hashlib
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from application import commit, git, run
from cases import PACKET, PACKET_TEXT, REFINEMENT
from small import WP_ID, edited, made

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes, which Windows hasn't got")

COMMANDS = (
    ["post-work", WP_ID],
    ["post-work", WP_ID, "--check"],
    ["post-work", WP_ID, "--worktree"],
    ["pre-work", WP_ID],
    ["manifest", WP_ID, "--diff"],
    ["manifest", WP_ID, "--write"],
    ["sha", "src/a.txt"],
)


def outside(tmp_path: Path) -> Path:
    """A folder beside the repository: whoever opens one of its pipes waits for ever, and so is found out."""
    folder = tmp_path / "outside"
    folder.mkdir()
    for name in ("secret.md", "gatekeeper.toml", "SPEC_v1.md"):
        os.mkfifo(folder / name)
    (folder / f"{WP_ID}.md").write_text(PACKET_TEXT)
    return folder


class WaitedError(Exception):
    """A run waited: it had opened a pipe that nobody writes to."""


@contextmanager
def no_waiting() -> Iterator[None]:
    def wake(_signal: int, _frame: object) -> None:
        raise WaitedError

    earlier = signal.signal(signal.SIGALRM, wake)
    signal.alarm(60)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, earlier)


def run_all(repo: Path, folder: Path) -> dict[str, tuple[int, str]]:
    """Every command's exit code and words; none may wait, crash or change the folder outside."""
    before = sorted((path.name, path.lstat().st_mtime_ns) for path in folder.iterdir())
    told = {}
    for arguments in COMMANDS:
        with no_waiting():
            code, out, err = run(repo, *arguments)
        assert code in {0, 1, 2, 3}, err
        told[" ".join(arguments)] = (code, out + err)
    assert sorted((path.name, path.lstat().st_mtime_ns) for path in folder.iterdir()) == before
    return told


def test_a_packet_that_points_outside_is_judged_without_a_look_there(tmp_path: Path) -> None:
    folder = outside(tmp_path)
    up, absolute = "../outside/secret.md", f"{folder}/secret.md"
    pointers = {
        f"REFINEMENT_FILE: {REFINEMENT}": f"REFINEMENT_FILE: {up}",
        "SPEC_ANCHOR: docs/SPEC_v1.md section 1": f"SPEC_ANCHOR: {up} section 1, `{up}:1`, `{absolute}`",
        "- FILES_TO_OPEN:\n  - src/a.txt": f"- FILES_TO_OPEN:\n  - {up}\n  - {absolute}\n  - ../outside/*.md",
        "- Done.": f"- [x]({up}) ![y](../{up}) [z]({absolute})",
        "  - src/a.txt\n- OUT": f"  - src/a.txt\n  - {up}\n  - {absolute}\n- OUT",
        "## VALIDATION\n": f"## VALIDATION\n- **Target File**: `{up}`\n- **Target File**: `{absolute}`\n",
    }
    text = PACKET_TEXT
    for old, new in pointers.items():
        text = edited(text, old, new)
    told = run_all(made(tmp_path / "r", base={PACKET: text}), folder)
    code, words = told[f"post-work {WP_ID} --check"]
    assert code == 1
    for rule in ("links.unresolved", "refinement.missing", "scope.malformed", "manifest.stale"):
        assert rule in words


def linked(tmp_path: Path, **links: str) -> Path:
    """The small repository with links in place of files, committed on the branch."""
    repo = made(tmp_path / "r", change={})
    for name, target in links.items():
        file = repo / name
        file.unlink()
        file.symlink_to(target)
    commit(repo, "links")
    return repo


def test_links_that_lead_outside_are_not_followed(tmp_path: Path) -> None:
    folder = outside(tmp_path)
    links = {
        REFINEMENT: "../../../outside/secret.md",
        "docs/SPEC_CURRENT.md": "../../outside/secret.md",
        "docs/SPEC_v1.md": "../../outside/SPEC_v1.md",
        "src/a.txt": "../../outside/secret.md",
    }
    told = run_all(linked(tmp_path, **links), folder)
    assert told[f"post-work {WP_ID} --check"][0] == 1


def test_a_configuration_that_is_a_link_outside_is_refused(tmp_path: Path) -> None:
    told = run_all(linked(tmp_path, **{"gatekeeper.toml": "../outside/gatekeeper.toml"}), outside(tmp_path))
    code, words = told[f"pre-work {WP_ID}"]
    assert code == 2
    assert "leads out of the repository" in words


def test_a_packet_that_is_a_link_outside_is_neither_read_nor_written(tmp_path: Path) -> None:
    folder = outside(tmp_path)
    repo = linked(tmp_path, **{PACKET: f"../../outside/{WP_ID}.md"})
    told = run_all(repo, folder)
    assert told[f"manifest {WP_ID} --write"][0] == 2
    assert "leads out of the repository" in told[f"manifest {WP_ID} --write"][1]


def test_a_folder_of_packets_that_lies_outside_is_neither_read_nor_written(tmp_path: Path) -> None:
    folder = outside(tmp_path)
    repo = made(tmp_path / "r")
    (repo / "packets").rename(tmp_path / "kept")
    (repo / "packets").symlink_to(folder)
    told = run_all(repo, folder)
    assert told[f"post-work {WP_ID}"][0] == 2
    assert "leads out of the repository" in told[f"post-work {WP_ID}"][1]


def test_a_source_folder_that_becomes_a_link_outside_is_not_entered(tmp_path: Path) -> None:
    folder = outside(tmp_path)
    (folder / "a.txt").write_text("told to nobody\n")
    repo = made(tmp_path / "r")
    run_all(repo, folder)
    for file in (repo / "src").iterdir():
        file.unlink()
    (repo / "src").rmdir()
    (repo / "src").symlink_to(folder)
    packet = repo / PACKET
    theirs = hashlib.sha1(b"told to nobody\n", usedforsecurity=False).hexdigest()
    packet.write_text(re.sub("(Post-SHA1.*: `)[0-9a-f]{40}", rf"\g<1>{theirs}", packet.read_text()))
    words = run(repo, "manifest", WP_ID, "--diff")[1]
    assert f"Post-SHA1 of src/a.txt is recorded as '{theirs}'" in words
    assert "is that of" not in words
    assert run_all(repo, folder)["sha src/a.txt"][0] == 2


def test_a_run_writes_nothing_in_the_repository_but_the_packet(tmp_path: Path) -> None:
    repo = made(tmp_path / "r")

    def state() -> dict[str, bytes]:
        files = (path for path in repo.rglob("*") if path.is_file())
        return {str(path.relative_to(repo)): path.read_bytes() for path in files}

    before = state()
    run_all(repo, outside(tmp_path))
    after = state()
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    # The ledger of runs lies in git's own folder (docs/ledger.md).
    assert {name for name in changed if not name.startswith(".git/gatekeeper/ledger.sqlite3")} == {PACKET}
    assert git(repo, "status", "--porcelain") == f" M {PACKET}\n"
