"""``gate status``: where every packet stands, what comes next, and the board."""

import json
import re
from pathlib import Path

import pytest
from application import commit, git, run

from gatekeeper.changes.repository import Repository
from gatekeeper.model.status import STATES
from gatekeeper.runs.status import overview
from packets import CODER, PACKET, REVIEWER, WP_ID, as_person, commit_as, drafted, signed

BOARD = "packets/BOARD.md"


def state(repo: Path, wp_id: str = WP_ID) -> tuple[str, str | None]:
    """The packet's state and the command that comes next, as JSON tells them."""
    code, out, err = run(repo, "status", "--format", "json")
    assert code == 0, err
    (row,) = [row for row in json.loads(out)["packets"] if row["wp_id"] == wp_id]
    return row["state"], row["next"]


def edit(repo: Path, old: str, new: str, path: str = PACKET) -> None:
    text = (repo / path).read_bytes().decode()
    assert old in text, old
    (repo / path).write_bytes(text.replace(old, new).encode())


def test_a_packet_goes_through_every_state(tmp_path: Path) -> None:
    repo = drafted(tmp_path / "app")
    edit(repo, "Search finds more.", "<what>")
    assert state(repo) == ("draft", f"gate pre-work {WP_ID}")
    edit(repo, "<what>", "Search finds more.")
    assert state(repo) == ("refined", f"gate sign {WP_ID}")
    as_person(CODER, repo, "sign", WP_ID)
    assert state(repo) == ("signed", f"gate approve {WP_ID} --commit")
    edit(repo, "Search finds more.", "Search finds all.")
    assert state(repo) == ("signed", f"gate sign {WP_ID} --again")
    assert f"{WP_ID}: Since it was signed, SCOPE changed." in run(repo, "status")[1]
    edit(repo, "Search finds all.", "Search finds more.")
    commit_as(CODER, repo, "Sign")
    as_person(REVIEWER, repo, "approve", WP_ID, "--commit")
    assert state(repo) == ("approved", f"gate pre-work {WP_ID}")
    edit(repo, "Ready for Dev", "In Progress")
    assert state(repo) == ("in-progress", f"gate post-work {WP_ID}")
    commit(repo, "Work", {"src/search.txt": "two\n"})
    assert run(repo, "post-work", WP_ID)[0] == 0
    assert state(repo)[0] == "proven"
    (repo / "src/search.txt").write_text("three\n")
    commit(repo, "More")
    (repo / "src/search.txt").write_text("four\n")
    assert state(repo) == ("stale", f"gate post-work {WP_ID}")
    commit(repo, "Out of scope", {"other.txt": "1\n"})
    assert run(repo, "post-work", WP_ID)[0] == 1
    assert state(repo) == ("failed", f"gate post-work {WP_ID}")
    for status in ("Done", "Validated", "Superseded (by WP-9)"):
        edit(repo, re.findall(r"\*\*Status:\*\* .*", (repo / PACKET).read_text())[0], f"**Status:** {status}")
        assert state(repo) == (status.split()[0].lower(), None)
    (repo / PACKET).write_bytes(b"\0")
    assert state(repo) == ("unreadable", f"gate pre-work {WP_ID}")


def test_a_state_needs_no_ledger_and_a_table_fits_a_hundred_columns(tmp_path: Path) -> None:
    repo = signed(tmp_path / "app")
    long = "WP-9-" + "Long-" * 20 + "Name"
    run(repo, "new", long)
    edit(repo, "<who does the work>", "somebody with a long name of many words", f"packets/{long}.md")
    for file in (repo / ".git/gatekeeper").iterdir():
        file.unlink()
    code, out, _ = run(repo, "status")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 100
    assert re.search(rf"^{WP_ID} +signed +\S+ +coder +- +gate approve --commit$", out, re.MULTILINE)
    assert out.endswith("2 packets: 1 draft, 1 signed\n")
    assert not any((repo / ".git/gatekeeper").iterdir())


def test_what_can_t_be_read_is_listed_and_stubs_are_not(tmp_path: Path) -> None:
    repo = drafted(tmp_path / "app")
    files = {
        "packets/stubs/WP-3-Stub.md": "x",
        f"packets/{WP_ID}/packet.md": "y",
        "packets/WP-4-Folder/packet.md": "z",
    }
    commit(repo, "Odd", files)
    (repo / "packets/WP-5-Link.md").symlink_to("/etc/hostname")
    (repo / "packets/WP-6-Wide.md").write_bytes("# x".encode("utf-16"))
    code, out, _ = run(repo, "status", "--format", "json")
    rows = {row["wp_id"]: row for row in json.loads(out)["packets"]}
    assert code == 0
    assert {wp_id: row["state"] for wp_id, row in rows.items()} == {
        "WP-4-Folder": "draft",
        "WP-5-Link": "unreadable",
        "WP-6-Wide": "unreadable",
        WP_ID: "unreadable",
    }
    assert "has 2 packets" in rows[WP_ID]["notes"][0]


def test_a_timeline_tells_commits_and_events(tmp_path: Path) -> None:
    repo = signed(tmp_path / "app")
    as_person(REVIEWER, repo, "approve", WP_ID, "--commit")
    edit(repo, "Ready for Dev", "In Progress")
    commit_as(CODER, repo, "Begin")
    as_person(CODER, repo, "pre-work", WP_ID)
    code, out, _ = run(repo, "status", WP_ID, "--format", "json")
    body = json.loads(out)
    told = [(moment["source"], re.sub(r"\d{12}", "N", moment["what"])) for moment in body["timeline"]]
    assert code == 0
    assert [what for source, what in told if source == "git"] == [
        "made",
        "signed with coderN",
        "approved: SKELETON APPROVED",
        "Status In Progress",
    ]
    assert [what for source, what in told if source == "ledger"] == [
        "signed with coderN",
        "approved: SKELETON APPROVED",
        "pre-work PASS",
    ]
    assert body["signature"]["signer"] == CODER
    assert body["packet"]["verdict"]["status"] == "PASS"
    assert run(repo, "status", "WP-7-Serch")[0] == 2


def test_a_ledger_that_can_t_be_read_costs_only_what_it_knows(tmp_path: Path) -> None:
    repo = signed(tmp_path / "app")
    for file in (repo / ".git/gatekeeper").iterdir():
        file.write_bytes(b"no database at all, and long enough to be none" * 50)
    code, out, err = run(repo, "status")
    assert code == 3
    assert "The ledger could not be read" in err
    assert re.search(rf"^{WP_ID} +signed", out, re.MULTILINE)


def test_the_board_is_written_between_its_markers_and_checked(tmp_path: Path) -> None:
    repo = signed(tmp_path / "app")
    file = repo / BOARD
    assert run(repo, "status", "--board", "--check", str(file))[0] == 1
    assert run(repo, "status", "--board", "--write", str(file))[0] == 0
    board = file.read_text()
    assert f"| signed (1) |\n| --- |\n| [{WP_ID}]({WP_ID}.md) |" in board
    assert f"| {WP_ID} | [{WP_ID}]({WP_ID}.md) | signed | {WP_ID} |" in board
    assert run(repo, "status", "--board", "--check", str(file))[0] == 0
    text = b"\xef\xbb\xbf# Ours\r\n\r\n" + board.replace("\n", "\r\n").encode() + b"\r\ncaf\xe9"
    file.write_bytes(text)
    assert run(repo, "status", "--board", "--check", str(file))[0] == 0
    run(repo, "new", f"{WP_ID}-v2")
    code, out, _ = run(repo, "status", "--board", "--check", str(file))
    assert code == 1
    assert f"+| {WP_ID} | [{WP_ID}-v2]({WP_ID}-v2.md) | draft | {WP_ID}, {WP_ID}-v2 |" in out
    assert file.read_bytes() == text
    assert run(repo, "status", "--board", "--write", str(file))[0] == 0
    head, _, rest = file.read_bytes().partition(b"<!-- gate:board -->")
    assert (head, rest.split(b"<!-- /gate:board -->")[1]) == (b"\xef\xbb\xbf# Ours\r\n\r\n", b"\r\n\r\ncaf\xe9")
    assert b"\n" not in file.read_bytes().replace(b"\r\n", b"")
    assert "[WP-7-Search](packets/WP-7-Search.md)" in run(repo, "status", "--board")[1]


def test_the_board_leaves_a_file_without_a_place_alone(tmp_path: Path) -> None:
    repo = drafted(tmp_path / "app")
    for text in ("# Mine\n", "<!-- gate:board -->\n", "```\n<!-- gate:board -->\n<!-- /gate:board -->\n```\n"):
        (repo / "NOTES.md").write_text(text)
        code, _, err = run(repo, "status", "--board", "--write", str(repo / "NOTES.md"))
        assert (code, "there is no place for the board" in err) == (2, True)
        assert (repo / "NOTES.md").read_text() == text


def test_the_board_is_the_same_in_a_clone_without_the_ledger(tmp_path: Path) -> None:
    repo = signed(tmp_path / "app")
    git(tmp_path, "clone", "-q", str(repo), "clone")
    assert run(repo, "status", "--board")[1] == run(tmp_path / "clone", "status", "--board")[1]


@pytest.mark.parametrize("count", [2, 30])
def test_git_is_asked_the_same_number_of_questions_for_any_number_of_packets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    repo = signed(tmp_path / "app")
    text = (repo / PACKET).read_text()
    commit(repo, "Many", {f"packets/WP-{n}-X.md": text.replace(WP_ID, f"WP-{n}-X") for n in range(count)})
    opened: list[Repository] = []
    close = Repository.close

    def closing(self: Repository) -> None:
        opened.append(self)
        close(self)

    monkeypatch.setattr(Repository, "close", closing)
    assert len(overview(repo).packets) == count + 1
    assert [repository.processes for repository in opened] == [2]


def test_every_state_is_described() -> None:
    text = (Path(__file__).parents[2] / "docs/status.md").read_text()
    assert re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE) == list(STATES)
