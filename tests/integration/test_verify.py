"""``gate verify``: VERIFIED, STALE and BROKEN, whatever became of the commits that recorded a packet."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from application import gate, git, run
from cases import PACKET_TEXT
from gitrepo import GitRepo
from small import committed, edited, made
from verified import PACKET, WP_ID, copied, edit, errors, recorded, rules_of, word

THREE = "one\nTWO\nthree\n"


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A change of one line on ``work``, proven and recorded; main is where it left."""
    return recorded(tmp_path_factory.mktemp("proven") / "r")


@pytest.fixture
def repo(proven: Path, tmp_path: Path) -> Path:
    """A copy of that, to do something to."""
    return copied(proven, tmp_path / "r")


def on_main(repo: Path, *arguments: str) -> None:
    """Switch to main and call git."""
    git(repo, "switch", "-q", "main")
    git(repo, *arguments)


def commits(_: Path) -> None:
    """Leave everything as it was committed."""


def amends(repo: Path) -> None:
    git(repo, "commit", "-q", "--amend", "-m", "said otherwise")


def squashes(repo: Path) -> None:
    on_main(repo, "merge", "-q", "--squash", "work")
    git(repo, "commit", "-q", "-m", "squashed")


def rebases(repo: Path) -> None:
    git(repo, "switch", "-q", "main")
    committed(repo, {"src/b.txt": "two\n"})
    git(repo, "switch", "-q", "work")
    git(repo, "rebase", "-q", "main")


def rebases_onto_main(repo: Path) -> None:
    rebases(repo)
    on_main(repo, "merge", "-q", "--ff-only", "work")


def merges(repo: Path) -> None:
    git(repo, "switch", "-q", "main")
    committed(repo, {"src/b.txt": "two\n"})
    git(repo, "merge", "-q", "--no-ff", "-m", "merged", "work")


def merges_main_into_it(repo: Path) -> None:
    git(repo, "switch", "-q", "main")
    committed(repo, {"src/b.txt": "two\n"})
    git(repo, "switch", "-q", "work")
    git(repo, "merge", "-q", "-m", "main merged", "main")
    assert gate(repo, "post-work", WP_ID)[0] == 0
    committed(repo, {})
    on_main(repo, "merge", "-q", "--no-ff", "-m", "merged", "work")


def goes_on(repo: Path) -> None:
    merges(repo)
    for number in range(3):
        committed(repo, {"src/c.txt": f"{number}\n"})


def cherry_picks(repo: Path) -> None:
    git(repo, "switch", "-q", "main")
    committed(repo, {"src/b.txt": "two\n"})
    git(repo, "cherry-pick", "main~1..work")


LANDINGS = [
    *(commits, amends, squashes, rebases, rebases_onto_main, merges, merges_main_into_it, goes_on, cherry_picks)
]


@pytest.mark.parametrize("lands", LANDINGS, ids=lambda f: f.__name__)
def test_a_record_is_verified_however_it_lands(repo: Path, lands: Callable[[Path], None]) -> None:
    lands(repo)
    assert word(repo) == "VERIFIED"


@pytest.mark.parametrize("lands", LANDINGS, ids=lambda f: f.__name__)
def test_a_record_is_stale_once_its_file_moves_on(repo: Path, lands: Callable[[Path], None]) -> None:
    lands(repo)
    committed(repo, {"src/a.txt": "ONE\nTWO\nthree\n"})
    committed(repo, {"src/c.txt": "elsewhere\n"})
    code, verdict, _ = gate(repo, "verify", WP_ID)
    assert (code, verdict["state"], verdict["status"]) == (0, "STALE", "PASS")
    (since,) = [check for check in verdict["checks"] if check["id"] == "since"]
    notes = [f for f in since["findings"] if f["severity"] == "note"]
    (warning,) = [f for f in since["findings"] if f["severity"] == "warning"]
    assert warning["rule"] == "report.stale"
    assert "src/a.txt no longer has the content" in warning["message"]
    assert "1 commit changes it;" in warning["message"]
    (note,) = notes
    assert git(repo, "rev-parse", "HEAD~1")[:12] in note["message"]
    assert gate(repo, "verify", WP_ID, "--fresh")[0] == 1


@pytest.mark.parametrize("lands", LANDINGS, ids=lambda f: f.__name__)
def test_a_record_is_broken_when_a_value_is_edited(repo: Path, lands: Callable[[Path], None]) -> None:
    lands(repo)
    edit(repo, r"^- \*\*Line Delta\*\*: 0$", "- **Line Delta**: 1")
    assert word(repo) == "BROKEN"
    assert "manifest.line-delta" in rules_of(repo)


def test_a_reverted_change_is_stale_and_the_revert_is_named(repo: Path) -> None:
    squash = copied(repo, repo.parent / "s")
    on_main(repo, "merge", "-q", "--no-ff", "-m", "merged", "work")
    git(repo, "revert", "--no-edit", "HEAD^2~1")
    code, verdict, _ = gate(repo, "verify", WP_ID)
    assert (code, verdict["state"]) == (0, "STALE")
    assert any('Revert "change"' in f["message"] for check in verdict["checks"] for f in check["findings"])
    squashes(squash)
    git(squash, "revert", "--no-edit", "HEAD")
    code, verdict, _ = gate(squash, "verify", WP_ID)
    assert (code, verdict["state"], verdict["status"]) == (3, None, "NOT_RUN")


def test_the_place_is_where_the_record_came_whatever_is_done_to_the_packet_later(repo: Path) -> None:
    at = git(repo, "rev-parse", "HEAD").strip()
    goes_on(repo)
    edit(repo, r"^- \*\*Status:\*\* In Progress$", "- **Status:** Done")
    edit(repo, "^- Done.$", "- Done, and told.")
    _, verdict, _ = gate(repo, "verify", WP_ID)
    assert (verdict["state"], verdict["change_set"]["head"]) == ("VERIFIED", at)
    assert verdict["change_set"]["base"] == git(repo, "merge-base", "main~6", "work").strip()


def test_a_packet_that_is_brought_back_without_its_work_is_stale(repo: Path) -> None:
    on_main(repo, "merge", "-q", "-s", "ours", "-m", "not that way", "work")
    git(repo, "checkout", "-q", "work", "--", PACKET)
    git(repo, "commit", "-q", "-m", "the packet again")
    code, verdict, _ = gate(repo, "verify", WP_ID)
    assert (code, verdict["state"], errors(verdict)) == (0, "STALE", [])
    assert "a merge took another side" in str(verdict["checks"])


def test_main_that_moved_under_an_unmerged_packet_makes_it_stale(repo: Path) -> None:
    git(repo, "switch", "-q", "main")
    committed(repo, {"src/a.txt": "one\ntwo\nTHREE\n"})
    git(repo, "switch", "-q", "work")
    code, verdict, _ = gate(repo, "verify", WP_ID)
    assert (code, verdict["state"], errors(verdict)) == (0, "STALE", [])
    assert "main moved on meanwhile" in str(verdict["checks"])


def test_a_range_that_is_gone_from_history_is_broken_and_says_what_differs(repo: Path) -> None:
    on_main(repo, "checkout", "-q", "work", "--", PACKET)
    git(repo, "commit", "-q", "-m", "the packet alone")
    git(repo, "branch", "-q", "-D", "work")
    code, verdict, _ = gate(repo, "verify", WP_ID)
    assert (code, verdict["state"]) == (1, "BROKEN")
    assert {"changes.gone", "manifest.stale"} <= rules_of(repo)


def test_a_fresh_clone_and_a_bare_one_say_the_same(repo: Path, tmp_path: Path) -> None:
    merges(repo)
    for name, options in {"clone": (), "bare": ("--bare",)}.items():
        GitRepo.clone(repo, tmp_path / name, *options)
        assert word(tmp_path / name) == "VERIFIED"
    assert not (tmp_path / "bare" / "packets").exists()


@pytest.mark.parametrize("depth", [1, 2])
def test_a_shallow_clone_names_the_fetch_that_mends_it(repo: Path, tmp_path: Path, depth: int) -> None:
    committed(repo, {"src/c.txt": "later\n"})
    clone = GitRepo.clone(repo, tmp_path / "clone", f"--depth={depth}").path
    code, verdict, _ = gate(clone, "verify", WP_ID)
    assert (code, verdict["state"], verdict["status"]) == (3, None, "NOT_RUN")
    assert "git fetch --unshallow" in run(clone, "verify", WP_ID)[1]
    assert gate(clone, "verify", "--all")[0] == 3
    git(clone, "-c", "protocol.file.allow=always", "fetch", "-q", "--unshallow")
    assert word(clone) == "VERIFIED"


def test_a_shallow_clone_that_holds_enough_is_verified(repo: Path, tmp_path: Path) -> None:
    clone = GitRepo.clone(repo, tmp_path / "clone", "--depth=3").path
    assert git(clone, "rev-parse", "--is-shallow-repository").strip() == "true"
    assert word(clone) == "VERIFIED"


def test_uncommitted_edits_of_the_record_are_broken_and_others_are_not(repo: Path) -> None:
    edit(repo, "^- Done.$", "- Done, later.", commit=False)
    assert word(repo) == "VERIFIED"
    edit(repo, r"^- \*\*End\*\*: 2$", "- **End**: 3", commit=False)
    assert rules_of(repo) == {"checkpoint.uncommitted"}
    git(repo, "checkout", "-q", "--", PACKET)
    (repo / "src" / "a.txt").write_text("uncommitted\n")
    assert word(repo) == "VERIFIED"


def test_a_packet_without_a_record_has_nothing_to_verify_unless_it_says_that_it_is_done(tmp_path: Path) -> None:
    repo = made(tmp_path / "r")
    code, verdict, _ = gate(repo, "verify", WP_ID)
    assert (code, verdict["state"], verdict["status"]) == (3, None, "NOT_RUN")
    code, verdict, _ = gate(repo, "verify", "--all")
    assert (code, verdict["state"], verdict["packets"][0]["status"]) == (0, None, "NOT_APPLICABLE")
    edit(repo, r"^- \*\*Status:\*\* In Progress$", "- **Status:** Done")
    assert rules_of(repo) == {"manifest.missing"}
    assert gate(repo, "verify", "--all")[0] == 1


def test_an_unknown_id_is_wrong_usage_and_an_uncommitted_packet_is_missing(repo: Path) -> None:
    code, _, err = gate(repo, "verify", "WP-1-Smal")
    assert (code, "WP-1-Small" in err) == (2, True)
    (repo / "packets" / "WP-2-New.md").write_text("# New\n")
    assert rules_of(repo, "WP-2-New") == {"packet.missing"}
    assert gate(repo, "verify")[0] == 2
    assert gate(repo, "verify", WP_ID, "--all")[0] == 2


def test_a_failed_run_that_is_recorded_as_failed_is_verified(tmp_path: Path) -> None:
    repo = recorded(tmp_path / "r", None, {"src/a.txt": THREE, "src/b.txt": "out of scope\n"})
    assert "verdict=FAIL" in (repo / PACKET).read_text()
    code, verdict, _ = gate(repo, "verify", WP_ID)
    assert (code, verdict["state"], errors(verdict)) == (0, "VERIFIED", [])


def test_a_preimage_that_was_recorded_as_failed_is_a_true_record(tmp_path: Path) -> None:
    repo = made(tmp_path / "r")
    git(repo, "switch", "-q", "main")
    committed(repo, {"src/a.txt": "one\nelse\nthree\n"})
    git(repo, "switch", "-q", "work")
    assert gate(repo, "post-work", WP_ID)[0] == 1
    committed(repo, {})
    assert "[ ] current_file_matches_preimage" in (repo / PACKET).read_text()
    code, verdict, _ = gate(repo, "verify", WP_ID)
    assert (code, verdict["state"], errors(verdict)) == (0, "STALE", [])


def test_entries_filled_by_hand_are_verified_by_themselves(repo: Path) -> None:
    text = (repo / PACKET).read_text()
    head, rest = text.split("<!-- gate:manifest", 1)
    block, rest = rest.split("<!-- /gate:manifest -->", 1)
    tail = rest.split("<!-- /gate:result -->", 1)[1]
    (repo / PACKET).write_text(head + block.split("-->\n", 1)[1] + tail)
    git(repo, "commit", "-q", "-a", "--amend", "--no-edit")
    merges(repo)
    assert word(repo) == "VERIFIED"
    edit(repo, r"^- \*\*Post-SHA1\*\*: `.", "- **Post-SHA1**: `0")
    assert {"changes.gone", "manifest.post-sha1"} <= rules_of(repo)


def test_nothing_is_written(repo: Path) -> None:
    before = git(repo, "status", "--porcelain"), git(repo, "rev-parse", "HEAD")
    objects = sorted(path.name for path in (repo / ".git" / "objects").rglob("*"))
    assert word(repo) == "VERIFIED"
    assert (git(repo, "status", "--porcelain"), git(repo, "rev-parse", "HEAD")) == before
    assert sorted(path.name for path in (repo / ".git" / "objects").rglob("*")) == objects


def test_every_kind_of_change_is_found_again_after_it_was_squashed(tmp_path: Path) -> None:
    text = edited(PACKET_TEXT, "  - src/a.txt\n- OUT_OF_SCOPE", "  - src/\n- OUT_OF_SCOPE")
    lines = "".join(f"line {number}\n" for number in range(40))
    repo = made(tmp_path / "r", {PACKET: text, "src/old.txt": lines, "src/gone.txt": "x\n", "src/run": "#!\n"}, {})
    git(repo, "mv", "src/old.txt", "src/n\u00e4w.txt")
    git(repo, "rm", "-q", "src/gone.txt")
    (repo / "src" / "run").chmod(0o755)
    committed(repo, {"src/a.txt": "one\nTWO\n", "src/blob": b"\0\1", "src/empty": ""})
    committed(repo, {"src/a.txt": THREE})
    assert gate(repo, "post-work", WP_ID)[0] == 0
    committed(repo, {})
    for lands in (commits, squashes):
        lands(repo)
        assert word(repo) == "VERIFIED"
    git(repo, "mv", "src/n\u00e4w.txt", "src/newer.txt")
    committed(repo, {"src/gone.txt": "back\n"})
    code, verdict, _ = gate(repo, "verify", WP_ID)
    assert (code, verdict["state"]) == (0, "STALE")
    assert "src/gone.txt, src/n\u00e4w.txt no longer have" in str(verdict["checks"])


def test_the_two_commands_of_the_readme_are_a_strangers_check(repo: Path, tmp_path: Path) -> None:
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    section = readme.split("## Evidence, review, verify\n")[1].split("\n## ")[0]
    (script,) = re.findall(r"```sh\n(git clone (\S+) .*&& cd (\S+)\ngate verify --all\n)```", section)
    commands, url, folder = script
    merges(repo)
    bare = GitRepo.clone(repo, tmp_path / f"{folder}.git", "--bare").path
    (tmp_path / "bin").mkdir()
    gate_program = tmp_path / "bin" / "gate"
    gate_program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gatekeeper "$@"\n')
    gate_program.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "GATEKEEPER_LEDGER": "off"}
    script = f"set -e\n{commands.replace(url, f'file://{bare}')}"
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().splitlines()[0].startswith(f"VERIFIED {WP_ID}: 1 file, ")
