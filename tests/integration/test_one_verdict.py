"""The same change gives the same verdict, wherever it stands in its life (contract, sections 2 and 3)."""

from pathlib import Path

import pytest
from application import (
    PACKET,
    WP_ID,
    change,
    commit,
    comparable,
    gate,
    git,
    layer,
    planned,
    rules,
    worked,
    write,
)


def test_a_change_of_25_files_has_one_verdict_staged_committed_by_range_and_in_a_clone(tmp_path: Path) -> None:
    repo = planned(tmp_path / "app")
    start = git(repo, "rev-parse", "HEAD").strip()
    write(repo, change())
    git(repo, "add", "-A")
    assert gate(repo, "post-work", WP_ID)[0] == 0  # writes the manifest
    git(repo, "add", PACKET)
    verdicts = {"staged": gate(repo, "post-work", WP_ID, "--staged"), "auto": gate(repo, "post-work", WP_ID)}
    verdicts["staged --check"] = gate(repo, "post-work", WP_ID, "--staged", "--check")
    commit(repo, "The work")
    verdicts["rev"] = gate(repo, "post-work", WP_ID, "--rev", "HEAD")
    verdicts["range"] = gate(repo, "post-work", WP_ID, "--range", f"{start}..HEAD")
    git(tmp_path, "clone", "-q", str(repo), "clone")
    verdicts["clone"] = gate(tmp_path / "clone", "post-work", WP_ID, "--check")
    for name, (code, verdict, err) in verdicts.items():
        assert code == 0, f"{name}: {verdict} {err}"
        assert verdict["status"] == "PASS", name
    texts = {name: comparable(verdict) for name, (_, verdict, _) in verdicts.items()}
    assert texts == dict.fromkeys(texts, texts["staged"])
    kinds = [row["kind"] for row in verdicts["clone"][1]["manifest"]]
    assert len(kinds) == 25
    assert kinds.count("migration") == 18
    assert verdicts["clone"][1]["migrations"]["engines"][1]["steps"]["replay-all"] == "PASS"
    assert git(repo, "status", "--porcelain") == ""


def test_a_squash_onto_main_has_the_verdict_of_the_branch(tmp_path: Path) -> None:
    repo = worked(tmp_path / "app")
    before = gate(repo, "post-work", WP_ID, "--check")
    git(repo, "switch", "-q", "main")
    git(repo, "merge", "-q", "--squash", "work")
    git(repo, "commit", "-q", "-m", "Squashed")
    after = gate(repo, "post-work", WP_ID, "--check")
    assert (before[0], after[0]) == (0, 0), after
    assert comparable(before[1]) == comparable(after[1])


def test_a_rebase_onto_an_unrelated_commit_keeps_the_verdict(tmp_path: Path) -> None:
    repo = worked(tmp_path / "app")
    before = gate(repo, "post-work", WP_ID, "--check")
    git(repo, "switch", "-q", "main")
    commit(repo, "Unrelated", {"docs/NOTES.md": "Unrelated.\n"})
    git(repo, "switch", "-q", "work")
    git(repo, "rebase", "-q", "main")
    after = gate(repo, "post-work", WP_ID, "--check")
    assert (before[0], after[0]) == (0, 0), after
    assert comparable(before[1]) == comparable(after[1])


def test_three_commits_with_main_merged_in_between_have_one_manifest(tmp_path: Path) -> None:
    repo = planned(tmp_path / "app")
    steps = [layer("change/1"), {"src/main.rs": layer("change/2")["src/main.rs"]}, layer("change/2")]
    for number, files in enumerate(steps, start=1):
        if number == 2:
            git(repo, "switch", "-q", "main")
            commit(repo, "Somebody else's work", {"docs/OTHER.md": "Not in the packet's scope.\n"})
            git(repo, "switch", "-q", "work")
            git(repo, "merge", "-q", "--no-edit", "main")
        write(repo, files)
        git(repo, "add", "-A")
        code, verdict, _ = gate(repo, "post-work", WP_ID)
        assert code == 0, verdict
        commit(repo, f"Step {number}")
        code, verdict, _ = gate(repo, "post-work", WP_ID, "--check")
        assert code == 0, verdict
        assert "docs/OTHER.md" not in {row["target_file"] for row in verdict["manifest"]}
    assert verdict["change_set"]["files"] == 25


def test_a_writing_run_replaces_a_wrong_hash_and_says_so_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    repo = worked(tmp_path / "app")
    packet = repo / PACKET
    good = packet.read_bytes()
    at = good.index(b"**Post-SHA1**: `") + len(b"**Post-SHA1**: `")
    packet.write_bytes(good[:at] + (b"0" if good[at : at + 1] != b"0" else b"1") + good[at + 1 :])
    code, verdict, _ = gate(repo, "post-work", WP_ID)
    notes = [f["message"] for c in verdict["checks"] for f in c["findings"] if f["severity"] == "note"]
    assert code == 0
    assert len(notes) == 1
    assert "Post-SHA1" in notes[0]
    assert packet.read_bytes() == good
    assert gate(repo, "post-work", WP_ID)[0] == 0
    assert packet.read_bytes() == good


# A form feed, a next-line and a line separator, which some editors and languages take for line ends.
ODD = b"Odd: \x0c \xc2\x85 \xe2\x80\xa8 \t."


@pytest.mark.parametrize(
    "disguise",
    [
        pytest.param(lambda data: data.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(lambda data: b"\xef\xbb\xbf" + data, id="byte order mark"),
        pytest.param(lambda data: data.rstrip(b"\n"), id="no final newline"),
        pytest.param(lambda data: data.replace(b"## SKELETON", ODD + b"\n\n## SKELETON"), id="odd"),
    ],
)
def test_a_write_changes_no_byte_outside_the_machine_blocks(tmp_path: Path, disguise: object) -> None:
    assert callable(disguise)
    repo = planned(tmp_path / "app")
    git(repo, "switch", "-q", "main")
    packet = repo / PACKET
    before: bytes = disguise(packet.read_bytes())
    commit(repo, "Disguise", {PACKET: before})
    git(repo, "switch", "-q", "-C", "work")
    write(repo, change())
    git(repo, "add", "-A")
    code, verdict, _ = gate(repo, "post-work", WP_ID)
    assert code == 0, verdict
    after = packet.read_bytes()
    start = after.index(b"<!-- gate:manifest")
    end = after.index(b"<!-- /gate:result -->") + len(b"<!-- /gate:result -->")
    assert before.startswith(after[:start].rstrip(b"\r\n"))
    assert before.endswith(after[end:].lstrip(b"\r\n"))
    if b"\r\n" in before:
        assert b"\n" not in after.replace(b"\r\n", b"")
    assert gate(repo, "post-work", WP_ID)[0] == 0
    assert packet.read_bytes() == after
    assert "packet.non-ascii" in rules(verdict, "warning") or b"Odd" not in before
