"""``gate evidence`` on real repositories, as a user calls it."""

import hashlib
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from application import commit, gate, git, run
from cases import FILES, PACKET, PACKET_TEXT, WP_ID, edited
from small import findings, made, put

from gatekeeper.ledger import open_ledger
from gatekeeper.model.settings import LedgerSettings
from gatekeeper.packet.evidence_blocks import read_evidence
from gatekeeper.packet.parse import parse_packet

PLAN = f"""```bash
gate post-work {WP_ID}
grep -q TWO src/a.txt  # shows: 1
test -f src/b.txt
```"""


def repository(folder: Path, plan: str = PLAN, settings: str = "", packet: str = PACKET_TEXT) -> Path:
    base = FILES["gatekeeper.toml"]
    assert isinstance(base, str)
    text = edited(packet, f"- gate post-work {WP_ID}\n", f"{plan}\n")
    text = edited(text, "- The line is changed.", "- The line is changed.\n- `test -f src/b.txt` holds.\n- Third.")
    return made(folder / "repo", {PACKET: text, "gatekeeper.toml": f"{base}\n{settings}"})


def recorded(repo: Path) -> list[Any]:
    packet = parse_packet(PACKET, WP_ID, (repo / PACKET).read_bytes())
    scan = read_evidence(packet)
    assert scan.malformed == ()
    return [block.record for block in scan.blocks]


def events(repo: Path) -> list[dict[str, Any]]:
    with open_ledger(LedgerSettings(), repo / ".git") as ledger:
        return [event.data for event in ledger.events(WP_ID, "evidence")]


def test_what_was_run_is_in_the_packet_the_verdict_the_ledger_and_its_logs(tmp_path: Path) -> None:
    repo = repository(tmp_path)
    before = (repo / PACKET).read_bytes()

    code, verdict, err = gate(repo, "evidence", WP_ID, "--yes")

    (record,) = recorded(repo)
    told = verdict["evidence"]
    assert (code, verdict["gate"], verdict["status"], told["run"], told["unshown"]) == (
        0,
        "evidence",
        "PASS",
        1,
        [3],
    )
    assert [c.outcome for c in record.commands] == ["own", "passed", "passed"]
    assert [c.shows for c in record.commands] == [(), (1,), (2,)]
    assert record.change == verdict["change_set"]["digest"]
    assert [c["duration_ms"] is None for c in told["commands"]] == [True, False, False]
    assert findings(verdict, "done") == ["evidence.uncovered (warning)"]
    block = (repo / PACKET).read_text().split("<!-- gate:evidence")[1]
    assert "  2  grep -q TWO" in err
    assert "duration" not in block
    (event,) = events(repo)
    assert (event["run"], event["change_digest"], event["verdict"]) == (1, record.change, "PASS")
    assert event["record_sha256"] == told["record_sha256"]
    for command in record.commands[1:]:
        log = repo / ".git/gatekeeper/logs" / WP_ID / f"{command.log_sha256}.log"
        assert hashlib.sha256(log.read_bytes()).hexdigest() == command.log_sha256
    after = (repo / PACKET).read_bytes()
    assert after.replace(after[after.index(b"\n<!-- gate:evidence") :], b"") == before
    assert git(repo, "status", "--short").split() == ["M", PACKET]


def test_an_uncommitted_run_is_replaced_and_a_committed_one_stays(tmp_path: Path) -> None:
    repo = repository(tmp_path)

    assert gate(repo, "evidence", WP_ID, "--yes")[1]["evidence"]["replaces"] is False
    again = gate(repo, "evidence", WP_ID, "--yes")[1]["evidence"]
    first = (repo / PACKET).read_bytes()
    commit(repo, "evidence")
    later = gate(repo, "evidence", WP_ID, "--yes")[1]["evidence"]

    assert (again["run"], again["replaces"]) == (1, True)
    assert (later["run"], later["replaces"]) == (2, False)
    assert (repo / PACKET).read_bytes().startswith(first)
    assert [record.run for record in recorded(repo)] == [1, 2]


def test_a_failure_is_recorded_too_and_the_other_commands_run(tmp_path: Path) -> None:
    repo = repository(
        tmp_path, "```\ncd src\nexit 3 # x\ngrep -q NOWHERE src/a.txt\nnosuchprogram --x\ntest -d src\n```"
    )

    code, verdict, _ = gate(repo, "evidence", WP_ID, "--yes")

    assert (code, verdict["status"], verdict["evidence"]["written"]) == (1, "FAIL", True)
    assert [c["outcome"] for c in verdict["evidence"]["commands"]] == [
        *("not-started", "not-started", "failed", "not-started", "passed"),
    ]
    assert findings(verdict, "evidence") == [
        *("evidence.failed", "evidence.not-started", "evidence.shell-builtin", "evidence.shell-builtin"),
    ]
    (record,) = recorded(repo)
    assert record.verdict == "FAIL"


def test_zero_tests_and_failed_tests_behind_exit_code_0_are_no_pass(tmp_path: Path) -> None:
    python = shlex.quote(sys.executable)
    plan = f"- `{python} -m unittest discover -s docs`\n- `printf '1 failed, 2 passed in 0.10s\\n'; test -d src`"
    repo = repository(tmp_path, plan)

    code, verdict, _ = gate(repo, "evidence", WP_ID, "--yes")

    outcomes = [(c["outcome"], c["tests"]["passed"]) for c in verdict["evidence"]["commands"]]
    assert (code, outcomes) == (1, [("no-tests", 0), ("failed", 2)])
    assert findings(verdict, "evidence") == ["evidence.failed", "evidence.no-tests"]


def test_a_command_over_its_time_is_stopped_and_named(tmp_path: Path) -> None:
    repo = repository(tmp_path, "- `sleep 30`", "[evidence]\ntimeout = 1\n")

    code, verdict, _ = gate(repo, "evidence", WP_ID, "--yes", "--timeout", "0.2")

    assert (code, findings(verdict, "evidence")) == (1, ["evidence.timeout"])
    (finding,) = (f for c in verdict["checks"] for f in c["findings"] if f["rule"] == "evidence.timeout")
    assert "it took longer than 0.2 s" in finding["message"]


def test_nothing_runs_unasked(tmp_path: Path) -> None:
    repo = repository(tmp_path, "- `touch ran`")

    code, out, err = run(repo, "evidence", WP_ID)
    listed = run(repo, "evidence", WP_ID, "--list")

    assert (code, out) == (2, "")
    assert "1  touch ran" in err
    assert "--yes" in err
    assert (listed[0], "1  touch ran" in listed[1]) == (0, True)
    assert not (repo / "ran").exists()
    assert git(repo, "status", "--short") == ""


def test_a_person_at_a_terminal_is_asked(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    repo = repository(tmp_path, "- `test -d src`")
    answers = {b"n\n": 1, b"y\n": 0}
    for answer, expected in answers.items():
        terminal, other = pty.openpty()
        command = [sys.executable, "-m", "gatekeeper", "--repo", str(repo), "evidence", WP_ID]
        os.write(terminal, answer)
        done = subprocess.run(command, stdin=other, capture_output=True, check=False)
        os.close(terminal)
        os.close(other)

        assert (done.returncode, b"Run them?" in done.stderr) == (expected, True), done.stderr
        assert bool(recorded(repo)) is (expected == 0)


def test_what_is_staged_runs_only_on_a_work_tree_that_holds_it(tmp_path: Path) -> None:
    repo = repository(tmp_path)
    put(repo, {"src/a.txt": "one\nTWO\nTHREE\n"})
    git(repo, "add", "src/a.txt")

    staged = gate(repo, "evidence", WP_ID, "--yes")
    put(repo, {"src/a.txt": "one\nTWO\n"})
    dirty = gate(repo, "evidence", WP_ID, "--yes")

    assert (staged[0], staged[1]["evidence"]["place"]) == (0, "the work tree")
    assert (dirty[0], dirty[1]["evidence"]["written"]) == (1, False)
    assert findings(dirty[1], "evidence") == ["evidence.changed"]


def test_a_commit_that_is_not_checked_out_runs_in_a_checkout_of_its_own(tmp_path: Path) -> None:
    repo = repository(tmp_path, "- `grep -q TWO src/a.txt && pwd`")
    put(repo, {"src/a.txt": "unfinished\n"})

    code, verdict, _ = gate(repo, "evidence", WP_ID, "--yes")

    (command,) = verdict["evidence"]["commands"]
    assert (code, command["outcome"]) == (0, "passed")
    assert verdict["evidence"]["place"].startswith("a checkout of ")
    assert not Path(command["tail"][0]).exists()
    assert (repo / "src/a.txt").read_text() == "unfinished\n"


def test_commands_that_change_tracked_files_show_nothing(tmp_path: Path) -> None:
    repo = repository(tmp_path, "- `echo more >> src/b.txt && touch src/new.txt`")

    code, verdict, _ = gate(repo, "evidence", WP_ID, "--yes")

    assert (code, findings(verdict, "evidence")) == (1, ["evidence.changed"])
    assert recorded(repo)[0].verdict == "FAIL"


def test_files_beside_what_is_judged_are_a_warning(tmp_path: Path) -> None:
    repo = repository(tmp_path)
    put(repo, {"src/new.txt": "x\n"})

    code, verdict, _ = gate(repo, "evidence", WP_ID, "--yes")

    assert (code, findings(verdict, "evidence")) == (0, ["evidence.changed (warning)"])


def test_logs_in_the_packets_folder_are_committed_with_it(tmp_path: Path) -> None:
    repo = repository(tmp_path, settings='[evidence]\nlogs = "packet"\n')

    assert gate(repo, "evidence", WP_ID, "--yes")[0] == 0
    commit(repo, "evidence")

    logs = [command.log for command in recorded(repo)[0].commands]
    assert logs == [None, *(f"packets/evidence/{WP_ID}/run-1-{n:02}.txt" for n in (2, 3))]
    assert set(logs[1:]) <= set(git(repo, "ls-files").split())
    assert gate(repo, "post-work", WP_ID)[1]["change_set"]["files"] == 1


def test_line_ends_and_the_mark_of_the_packet_stay(tmp_path: Path) -> None:
    repo = repository(tmp_path)
    data = b"\xef\xbb\xbf" + (repo / PACKET).read_bytes().replace(b"\n", b"\r\n")
    (repo / PACKET).write_bytes(data)
    commit(repo, "as Windows has it")

    assert gate(repo, "evidence", WP_ID, "--yes")[0] == 0

    after = (repo / PACKET).read_bytes()
    assert after.startswith(data)
    assert after.replace(b"\r\n", b"").count(b"\n") == 0
    assert len(recorded(repo)) == 1


def test_output_that_looks_like_a_packet_does_the_packet_no_harm(tmp_path: Path) -> None:
    lines = [
        "## SKELETON",
        "<!-- gate:manifest change=ab -->",
        "- **Target File**: `x`",
        "```",
        "<!-- ",
        "- Status: Done",
    ]
    put(tmp_path, {"say.txt": "\n".join(lines) + "\n"})
    repo = repository(tmp_path, f"- `cat {tmp_path}/say.txt`")
    before = gate(repo, "post-work", WP_ID, "--check")[1]

    assert gate(repo, "evidence", WP_ID, "--yes")[0] == 0
    commit(repo, "evidence")
    after = gate(repo, "post-work", WP_ID, "--check")[1]

    assert recorded(repo)[0].commands[0].tail[0] == "## SKELETON"
    assert [c["findings"] for c in after["checks"]] == [c["findings"] for c in before["checks"]]


def test_a_packet_without_evidence_section_and_an_empty_change_are_told_before_anything_runs(
    tmp_path: Path,
) -> None:
    repo = repository(tmp_path, "- `touch ran`")
    text = (repo / PACKET).read_text()
    put(repo, {PACKET: text.replace("## EVIDENCE", "## PROOF")})
    commit(repo, "no section")
    code, _, err = run(repo, "evidence", WP_ID, "--yes")
    git(repo, "switch", "-q", "main")
    on_main = gate(repo, "evidence", WP_ID, "--yes", "--staged")

    assert (code, "add a line '## EVIDENCE'" in err) == (1, True)
    assert (on_main[0], findings(on_main[1], "changes")) == (1, ["changes.empty"])
    assert on_main[1]["evidence"] == {**on_main[1]["evidence"], "written": False, "commands": []}
    assert not (repo / "ran").exists()


def test_shows_names_what_the_plan_holds(tmp_path: Path) -> None:
    repo = repository(tmp_path)

    code, verdict, _ = gate(repo, "evidence", WP_ID, "--yes", "--shows", "3,2=grep  -q TWO src/a.txt")
    wrong = [
        run(repo, "evidence", WP_ID, "--yes", "--shows", given) for given in ("9=test -f src/b.txt", "1=ls", "x")
    ]

    assert (code, verdict["evidence"]["commands"][1]["shows"]) == (0, [1, 2, 3])
    assert [w[0] for w in wrong] == [2, 2, 2]
    assert "item 9" in wrong[0][2]


def test_commands_get_no_more_of_the_environment_than_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    monkeypatch.setenv("APP_URL", "here")
    plan = '- `env | grep -c SECRET; env | grep APP_URL`\n- `test "$CI" = 1 && test -z "$SECRET_TOKEN"`'
    repo = repository(tmp_path, plan, '[evidence]\nenvironment = ["APP_*"]\n')

    code, verdict, _ = gate(repo, "evidence", WP_ID, "--yes")

    first, second = verdict["evidence"]["commands"]
    assert (first["exit_code"], second["outcome"]) == (1, "passed")
    assert code == 1


def test_an_interrupt_ends_the_command_and_writes_nothing(tmp_path: Path) -> None:
    repo = repository(tmp_path, "- `touch begun; sleep 33.0421`")
    process = subprocess.Popen(
        [sys.executable, "-m", "gatekeeper", "--repo", str(repo), "evidence", WP_ID, "--yes"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while not (repo / "begun").exists():
        assert process.poll() is None
        time.sleep(0.05)

    process.send_signal(2)
    process.communicate(timeout=30)

    assert process.returncode == 130
    assert recorded(repo) == []
    assert subprocess.run(["pgrep", "-f", "sleep 33.0421"], check=False, capture_output=True).stdout == b""
