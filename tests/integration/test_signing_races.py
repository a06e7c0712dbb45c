"""Two that sign or approve at once, and kills between the steps: one wins, and what stands there is whole."""

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from application import git
from ledgers import DurableServer, durable_server
from migrators import forked

from gatekeeper.changes.commit import commit_only
from gatekeeper.ledger.sqlite import FILE
from gatekeeper.runs.create import write_inside
from packets import CODER, PACKET, REFINEMENT, REVIEWER, WP_ID, Call, as_person, commit_as, drafted, fill, signed

APPROVED = "SKELETON APPROVED\n"
"""A line of its own."""


@pytest.fixture(scope="module")
def server() -> Iterator[DurableServer]:
    with durable_server() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def ledger(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The backend in force for a test."""
    if request.param == "postgres":
        running: DurableServer = request.getfixturevalue("server")
        monkeypatch.setenv("GATEKEEPER_LEDGER_URL", running.new_database(f"race{os.getpid()}_{tmp_path.name}"))
    return str(request.param)


def at_once(folder: Path, *calls: tuple[str, Path, tuple[str, ...]]) -> list[Call]:
    """Calls of the command line by people in their repositories, each a process of its own, begun together."""
    go_on, go = os.pipe()

    def work(number: int) -> None:
        os.close(go)
        os.read(go_on, 1)
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = as_person(calls[number][0], calls[number][1], *calls[number][2])
        (folder / f"call{number}").write_text(f"{code.code}\0{code.out}\0{code.err}")

    children = [forked(lambda number=number: work(number)) for number in range(len(calls))]  # type: ignore[misc] # its own
    os.close(go_on)
    os.close(go)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * len(calls)
    ended = [(folder / f"call{number}").read_text().split("\0") for number in range(len(calls))]
    return [Call(int(code), out, err) for code, out, err in ended]


def killed(work: Callable[[], object]) -> None:
    """Run something in a process that is killed on its way."""
    child = forked(lambda: (work(), None)[1])
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def log_of(repo: Path) -> str:
    return as_person(CODER, repo, "status", "--log").out


# At once


def test_of_many_that_sign_a_packet_one_wins(ledger: str, tmp_path: Path) -> None:
    """Two people in each of two linked work trees."""
    coder = drafted(tmp_path / "coder")
    reviewer = tmp_path / "reviewer"
    git(coder, "worktree", "add", "-q", "-b", "review", str(reviewer))
    places = [(person, repo) for repo in (coder, reviewer) for person in (CODER, REVIEWER)]
    calls = at_once(tmp_path, *((person, repo, ("sign", WP_ID)) for person, repo in places))
    assert sorted(call.code for call in calls) == [0, 1, 1, 1], calls
    (winner,) = [place for place, call in zip(places, calls, strict=True) if call.code == 0]
    person, repo = winner
    stands = as_person(person, repo, "sign", WP_ID, "--verify")
    assert (stands.code, f"by {person}" in stands.out) == (0, True), stands
    other = reviewer if repo == coder else coder
    assert git(other, "status", "--porcelain") == ""
    assert git(repo, "status", "--porcelain").split() == ["M", PACKET, "M", REFINEMENT]
    assert log_of(coder).count(" signed with ") == 1
    assert as_person(CODER, coder, "ledger", "verify").code == 0
    late = as_person(CODER, other, "sign", WP_ID)
    assert (late.code, f"by {person}, but packet and refinement here don't hold that" in late.err) == (1, True)
    assert as_person(CODER, other, "sign", WP_ID, "--again").code == 0


def test_packets_signed_in_one_moment_by_one_person_get_tokens_of_their_own(ledger: str, tmp_path: Path) -> None:
    repo = drafted(tmp_path / "app")
    ids = [WP_ID, *(f"WP-{number}-Other" for number in (8, 9))]
    for wp_id in ids[1:]:
        assert as_person(CODER, repo, "new", wp_id).code == 0
        fill(repo, wp_id)
    commit_as(CODER, repo, "Plan more")
    calls = at_once(tmp_path, *((CODER, repo, ("sign", wp_id)) for wp_id in ids))
    assert [call.code for call in calls] == [0, 0, 0], calls
    assert len({call.out.split("Token ")[1].split()[0] for call in calls}) == 3
    for wp_id in ids:
        assert as_person(CODER, repo, "sign", wp_id, "--verify").code == 0


def test_of_many_that_approve_a_packet_one_wins(ledger: str, tmp_path: Path) -> None:
    repo = signed(tmp_path / "app")
    before = git(repo, "rev-parse", "HEAD").strip()
    calls = at_once(tmp_path, *((REVIEWER, repo, ("approve", WP_ID, "--commit")) for _ in range(3)))
    assert sorted(call.code for call in calls) == [0, 1, 1], calls
    assert (repo / PACKET).read_text().count(APPROVED) == 1
    assert git(repo, "status", "--porcelain") == ""
    assert git(repo, "rev-list", f"{before}..").count("\n") == 1
    assert log_of(repo).count(" approved: ") == 1


# Killed, or left alone by the ledger


def test_an_approval_whose_event_was_never_written_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after the commit: git tells who approved, and nobody approves a second time."""
    repo = signed(tmp_path / "app")

    def dying(*given: Any) -> None:
        commit_only(*given)
        die()

    monkeypatch.setattr("gatekeeper.runs.approving.commit_only", dying)
    killed(lambda: as_person(REVIEWER, repo, "approve", WP_ID, "--commit"))
    monkeypatch.undo()
    shown = as_person(CODER, repo, "status", WP_ID).out
    assert shown.startswith(f"{WP_ID}: approved\n")
    assert "approved: SKELETON APPROVED" in shown
    assert "Reviewer" in shown
    assert "approved" not in log_of(repo)
    again = as_person(REVIEWER, repo, "approve", WP_ID, "--commit")
    assert (again.code, f"{WP_ID} is approved already: {PACKET}:" in again.err) == (1, True)
    assert git(repo, "status", "--porcelain") == ""
    assert as_person(CODER, repo, "pre-work", WP_ID).code == 0
    assert as_person(CODER, repo, "ledger", "verify").code == 0


def test_an_approval_that_the_ledger_missed_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger loses its table after the commit."""
    repo = signed(tmp_path / "app")

    def lost(*given: Any) -> str:
        oid = commit_only(*given)
        with closing(sqlite3.connect(repo / ".git" / FILE)) as connection:
            connection.execute("DROP TABLE events")
        return oid

    monkeypatch.setattr("gatekeeper.runs.approving.commit_only", lost)
    call = as_person(REVIEWER, repo, "approve", WP_ID, "--commit")
    head = git(repo, "rev-parse", "HEAD").strip()
    assert call.code == 3
    assert f"The approval is committed ({head}), but the ledger missed it: The ledger" in call.err
    assert git(repo, "status", "--porcelain") == ""
    assert (repo / PACKET).read_text().count(APPROVED) == 1


@pytest.mark.parametrize("written", [0, 1, 2])
def test_a_signing_that_was_killed_is_begun_anew_or_stands(
    written: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before it wrote a file, after the first, and after both but before the event."""
    repo = drafted(tmp_path / "app")
    monkeypatch.setattr("gatekeeper.runs.together.write_inside", _dying_after(written))
    killed(lambda: as_person(CODER, repo, "sign", WP_ID))
    monkeypatch.undo()
    assert len(git(repo, "status", "--porcelain").splitlines()) == written
    again = as_person(CODER, repo, "sign", WP_ID)
    assert (again.code, "signed already" in again.err) == ((1, True) if written == 2 else (0, False)), again
    commit_as(CODER, repo, "Sign")
    assert as_person(CODER, repo, "sign", WP_ID, "--verify").code == 0
    assert as_person(CODER, repo, "ledger", "verify").code == 0
    assert as_person(REVIEWER, repo, "approve", WP_ID, "--commit").code == 0


def _dying_after(count: int) -> Callable[..., None]:
    """Writes so many files of a signature, then dies: after both at their end, else before the next."""
    done: list[Any] = []

    def writing(*given: Any) -> None:
        if len(done) == count:
            die()
        write_inside(*given)
        done.append(given)
        if len(done) == 2:
            die()

    return writing
