"""``gate verify --all``: which packets, in how many processes, and what it all comes to."""

import json
from pathlib import Path

import pytest
from application import gate, git, run
from cases import PACKET_TEXT, REFINEMENT_TEXT
from small import committed, made, put
from verified import PACKET, WP_ID, copied, edit, recorded

from gatekeeper.runs.verifying import crew

OTHER = "WP-2-Other"
IDLE = "WP-3-Idle"


def packet_of(wp_id: str, path: str) -> dict[str, str | bytes | None]:
    """Another packet like the small one, about another file."""
    text = PACKET_TEXT.replace(WP_ID, wp_id).replace("src/a.txt", path)
    return {
        f"packets/{wp_id}.md": text,
        f"packets/refinements/{wp_id}.md": REFINEMENT_TEXT.replace(WP_ID, wp_id),
    }


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """On main: the small packet, another one proven after it, and one at which nobody works."""
    repo = recorded(tmp_path_factory.mktemp("three") / "r", packet_of(IDLE, "src/c.txt"))
    git(repo, "switch", "-q", "main")
    git(repo, "merge", "-q", "--no-ff", "-m", "first", "work")
    committed(repo, packet_of(OTHER, "src/b.txt"))
    git(repo, "switch", "-q", "-c", "other")
    committed(repo, {"src/b.txt": "two\n"})
    assert gate(repo, "post-work", OTHER)[0] == 0
    committed(repo, {})
    git(repo, "switch", "-q", "main")
    git(repo, "merge", "-q", "--no-ff", "-m", "second", "other")
    return repo


def words(repo: Path, *arguments: str) -> dict[str, str]:
    """Each packet's word."""
    _, verdict, err = gate(repo, "verify", *arguments)
    assert err == ""
    return {packet["wp_id"]: packet["state"] or packet["status"] for packet in verdict["packets"]}


def test_every_packet_gets_its_word_and_the_worst_counts(three: Path, tmp_path: Path) -> None:
    repo = copied(three, tmp_path / "r")
    code, verdict, _ = gate(repo, "verify", "--all")
    assert (code, verdict["state"], verdict["status"], verdict["wp_id"]) == (0, "VERIFIED", "PASS", None)
    assert words(repo, "--all") == {WP_ID: "VERIFIED", OTHER: "VERIFIED", IDLE: "NOT_APPLICABLE"}
    committed(repo, {"src/b.txt": "three\n"})
    assert gate(repo, "verify", "--all")[1]["state"] == "STALE"
    assert gate(repo, "verify", "--all", "--fresh")[0] == 1
    edit(repo, r"^- \*\*Line Delta\*\*: 0$", "- **Line Delta**: 1")
    code, verdict, _ = gate(repo, "verify", "--all")
    assert (code, verdict["state"]) == (1, "BROKEN")
    assert words(repo, "--all") == {WP_ID: "BROKEN", OTHER: "STALE", IDLE: "NOT_APPLICABLE"}


def test_each_packet_stands_on_a_line_with_what_is_wrong_below(three: Path, tmp_path: Path) -> None:
    repo = copied(three, tmp_path / "r")
    committed(repo, {"src/b.txt": "three\n"})
    _, out, _ = run(repo, "verify", "--all")
    lines = out.splitlines()
    assert lines[0].startswith(f"VERIFIED {WP_ID}: 1 file, ")
    assert lines[1].startswith(f"STALE    {OTHER}: 1 file, ")
    assert "warning report.stale" in lines[2]
    assert any(line.startswith(f"NOT_APPLICABLE {IDLE}: the packet records no proof") for line in lines)
    assert lines[-1] == "3 packets: 1 VERIFIED, 1 STALE, 1 NOT_APPLICABLE"
    assert run(repo, "verify", "--all", "-q")[1] == "3 packets: 1 VERIFIED, 1 STALE, 1 NOT_APPLICABLE\n"


def test_all_says_of_a_packet_what_is_said_of_it_alone(three: Path, tmp_path: Path) -> None:
    repo = copied(three, tmp_path / "r")
    committed(repo, {"src/b.txt": "three\n"})
    edit(repo, r"^- \*\*End\*\*: 2$", "- **End**: 3")
    whole = {packet["wp_id"]: packet for packet in gate(repo, "verify", "--all")[1]["packets"]}
    for wp_id in (WP_ID, OTHER):
        assert untimed(gate(repo, "verify", wp_id)[1]) == untimed(whole[wp_id])


def untimed(value: object) -> str:
    """JSON text without times."""

    def kept(part: object) -> object:
        if isinstance(part, dict):
            return {name: kept(each) for name, each in part.items() if name not in {"started_at", "duration_ms"}}
        return [kept(each) for each in part] if isinstance(part, list) else part

    return json.dumps(kept(value), sort_keys=True)


def test_processes_and_shards_change_nothing_but_who_does_it(three: Path) -> None:
    alone = gate(three, "verify", "--all", "--jobs", "1")[1]
    assert untimed(gate(three, "verify", "--all", "--jobs", "3")[1]) == untimed(alone)
    parts = [words(three, "--all", "--shard", f"{number}/2") for number in (1, 2)]
    assert parts[0] | parts[1] == words(three, "--all")
    assert not parts[0].keys() & parts[1].keys()


def test_a_module_in_the_present_folder_is_not_taken_for_a_part_of_gate(
    three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("gatekeeper", "pickle", "git"):
        put(tmp_path, {f"{module}/__init__.py": f"raise RuntimeError({module!r})\n"})
    monkeypatch.chdir(tmp_path)
    assert words(three, "--all", "--jobs", "3") == words(three, "--all", "--jobs", "1")


def test_a_process_that_dies_is_told_and_nothing_is_called_verified(
    three: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "_PROGRAM", "import os; os._exit(7)")
    code, out, err = run(three, "verify", "--all", "--jobs", "3")
    assert (code, out) == (3, "")
    assert "ended with 7" in err
    assert "gate verify --all --jobs 1" in err


@pytest.mark.parametrize("arguments", [("--shard", "0/2"), ("--shard", "3/2"), ("--shard", "x"), ("--jobs", "0")])
def test_what_is_no_shard_or_number_is_wrong_usage(three: Path, arguments: tuple[str, ...]) -> None:
    code, verdict, err = gate(three, "verify", "--all", *arguments)
    assert (code, verdict) == (2, {})
    assert arguments[0] in err


def test_since_chooses_those_recorded_later(three: Path) -> None:
    first = git(three, "log", "--format=%H", "--grep=^first$").strip()
    assert words(three, "--since", first) == {OTHER: "VERIFIED"}
    assert words(three, "--since", "HEAD") == {}
    assert words(three, "--all", "--since", f"{first}~1").keys() == {WP_ID, OTHER}
    assert gate(three, "verify", "--since", "nowhere")[0] == 2


def test_changed_chooses_those_whose_files_differ_from_main(three: Path, tmp_path: Path) -> None:
    repo = copied(three, tmp_path / "r")
    git(repo, "switch", "-q", "-c", "later")
    committed(repo, {"src/a.txt": "one\nTWO\nTHREE\n"})
    assert words(repo, "--changed") == {WP_ID: "STALE"}
    edit(repo, "^- Done.$", "- Done and done.", path=f"packets/{OTHER}.md")
    assert words(repo, "--changed") == {WP_ID: "STALE", OTHER: "VERIFIED"}


def test_a_packet_that_can_not_be_read_is_broken_and_the_others_are_verified(three: Path, tmp_path: Path) -> None:
    repo = copied(three, tmp_path / "r")
    (repo / "packets" / f"{IDLE}.md").write_bytes(b"\0")
    committed(repo, {})
    assert words(repo, "--all") == {WP_ID: "VERIFIED", OTHER: "VERIFIED", IDLE: "BROKEN"}


def test_the_ledger_hears_of_each_packet(three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GATEKEEPER_LEDGER", raising=False)
    repo = copied(three, tmp_path / "r")
    committed(repo, {"src/b.txt": "three\n"})
    assert gate(repo, "verify", "--all", "--fresh")[0] == 1
    events = [json.loads(line) for line in run(repo, "ledger", "export")[1].splitlines()]
    payloads = [(event["wp_id"], json.loads(event["payload"])) for event in events]
    told = [(wp_id, payload["status"]) for wp_id, payload in payloads if payload.get("gate") == "verify"]
    assert told[-4:] == [(WP_ID, "PASS"), (OTHER, "FAIL"), (IDLE, "NOT_APPLICABLE"), (None, "FAIL")]


def test_a_repository_without_packets_has_nothing_to_verify(three: Path, tmp_path: Path) -> None:
    repo = copied(three, tmp_path / "r")
    git(repo, "rm", "-q", "-r", "packets")
    committed(repo, {})
    code, verdict, _ = gate(repo, "verify", "--all")
    assert (code, verdict["packets"], verdict["state"]) == (0, [], None)
    assert PACKET not in run(repo, "verify", "--all")[1]


def two_at_once(repo: Path) -> Path:
    """Two packets at work on one branch, each recorded with its own commit."""
    made(repo, packet_of(OTHER, "src/b.txt"))
    assert gate(repo, "post-work", WP_ID)[0] == 0
    committed(repo, {})
    put(repo, {"src/b.txt": "two\n"})
    git(repo, "add", "-A")
    assert gate(repo, "post-work", OTHER, "--staged")[0] == 0
    committed(repo, {})
    return repo


def test_packets_that_share_a_change_are_verified_each_on_its_own_files(tmp_path: Path) -> None:
    repo = two_at_once(tmp_path / "r")
    assert words(repo, "--all") == {WP_ID: "VERIFIED", OTHER: "VERIFIED"}
    git(repo, "switch", "-q", "main")
    git(repo, "merge", "-q", "--squash", "work")
    git(repo, "commit", "-q", "-m", "both at once")
    assert words(repo, "--all") == {WP_ID: "VERIFIED", OTHER: "VERIFIED"}
    edit(repo, r"src/b.txt`$", "src/c.txt`", path=f"packets/{OTHER}.md")
    assert words(repo, "--all") == {WP_ID: "BROKEN", OTHER: "BROKEN"}
