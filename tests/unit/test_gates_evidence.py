"""Recorded evidence judged: what is missing, stale, failed, contradictory, and what a careful forger writes."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from cases import PACKET, PACKET_TEXT, WP_ID, case, edited, rules

from gatekeeper import resources
from gatekeeper.evidence.output import tail_of
from gatekeeper.gates.case import Case, Outcome
from gatekeeper.gates.evidence import Witnesses, check_done, check_evidence, record_digest
from gatekeeper.model.evidence import CommandEvidence, EvidenceRecord, TestCounts
from gatekeeper.model.finding import Status
from gatekeeper.model.ledger import NO_EVENT, Event
from gatekeeper.packet.evidence_blocks import TEMPLATE, render_evidence

CHANGE, OTHER = "ab" * 32, "cd" * 32
LOG = b"collected 3 items\n==== 2 passed, 1 skipped in 0.10s ====\n"
LOG_SHA = "b5b1b7ee0dbe1e1c07d4e7b1f7ea1a9f7c9a6f9a2c4b5a5b3a3f2b1c0d9e8f70"
_TEMPLATE = resources.template(TEMPLATE)

PYTEST = CommandEvidence(
    command="pytest -q",
    outcome="passed",
    exit_code=0,
    log_sha256=LOG_SHA,
    tests=TestCounts(runner="pytest", passed=2, failed=0, skipped=1),
    shows=(1,),
    tail=tail_of(LOG),
)
OWN = CommandEvidence(command=f"gate post-work {WP_ID}", outcome="own")
PLAN = f"- `pytest -q` # shows: 1\n- `gate post-work {WP_ID}`"


def record(*commands: CommandEvidence, run: int = 1, change: str = CHANGE, **fields: Any) -> EvidenceRecord:
    values: dict[str, Any] = {"wp_id": WP_ID, "run": run, "change": change, "verdict": Status.PASS} | fields
    return EvidenceRecord(**{**values, "commands": commands or (PYTEST, OWN)})


def text_of(*records: EvidenceRecord) -> str:
    return "\n\n".join(render_evidence(each, _TEMPLATE) for each in records)


def judged_case(blocks: str, plan: str = PLAN, done: str = "- The line is changed.") -> Case:
    text = edited(PACKET_TEXT, f"- gate post-work {WP_ID}\n", f"{plan}\n")
    text = edited(edited(text, "- The line is changed.", done), "(None yet.)", f"(None yet.)\n\n{blocks}\n")
    return case({PACKET: text})


def judged(*records: EvidenceRecord, witnesses: Witnesses | None = None, plan: str = PLAN) -> Outcome:
    return check_evidence(
        judged_case(text_of(*records), plan), change=CHANGE, template=_TEMPLATE, witnesses=witnesses
    )


def test_evidence_for_this_change_and_this_plan_stands() -> None:
    assert rules(judged(record())) == []


def test_a_packet_without_evidence_has_none() -> None:
    outcome = judged()

    assert rules(outcome) == ["evidence.missing"]
    assert f"gate evidence {WP_ID}" in (outcome.findings[0].hint or "")


def test_evidence_for_another_change_is_stale_and_only_the_latest_run_counts() -> None:
    assert rules(judged(record(change=OTHER))) == ["evidence.stale"]
    assert rules(judged(record(change=OTHER), record(run=2))) == []
    assert rules(judged(record(), record(run=2, change=OTHER))) == ["evidence.stale"]


def test_evidence_copied_from_another_packet_shows_nothing() -> None:
    assert rules(judged(record(wp_id="WP-9-Other"))) == ["evidence.missing", "evidence.stale (warning)"]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"outcome": "failed", "exit_code": 1}, "evidence.failed"),
        ({"outcome": "timed-out", "exit_code": None}, "evidence.timeout"),
        ({"outcome": "not-started", "exit_code": 127, "tests": None, "tail": ()}, "evidence.not-started"),
        (
            {
                "outcome": "no-tests",
                "tests": TestCounts(runner="pytest", passed=0, failed=0, skipped=1),
                "tail": (),
            },
            "evidence.no-tests",
        ),
    ],
)
def test_a_command_that_did_not_pass_is_named(change: dict[str, object], rule: str) -> None:
    outcome = judged(record(PYTEST.model_copy(update=change), OWN, verdict=Status.FAIL))

    assert rules(outcome) == [rule]
    assert outcome.findings[0].message.startswith("pytest -q ")
    assert outcome.findings[0].line == PACKET_TEXT.split("\n").index(f"- gate post-work {WP_ID}") + 1


def test_a_run_that_changed_files_fails_though_its_commands_passed() -> None:
    assert rules(judged(record(verdict=Status.FAIL))) == ["evidence.changed"]


@pytest.mark.parametrize(
    "change",
    [
        {"exit_code": 1},
        {"exit_code": None},
        {"log_sha256": None},
        {"tests": TestCounts(runner="pytest", passed=1, failed=0, skipped=1)},
        {"tests": None},
        {"tests": TestCounts(runner="pytest", passed=2, failed=1, skipped=1)},
        {"tail": ("1 failed, 2 passed, 1 skipped in 0.10s",)},
        {"outcome": "own"},
    ],
)
def test_a_record_that_contradicts_itself_is_forged(change: dict[str, object]) -> None:
    assert rules(judged(record(PYTEST.model_copy(update=change), OWN))) == ["evidence.forged"]


def test_a_pass_over_a_failed_command_is_forged() -> None:
    failed = PYTEST.model_copy(update={"outcome": "failed", "exit_code": 1})

    assert rules(judged(record(failed, OWN))) == ["evidence.failed", "evidence.forged"]


def test_a_run_that_was_taken_out_is_missed() -> None:
    assert rules(judged(record(run=2))) == ["evidence.forged"]
    assert rules(judged(record(), record(run=3))) == ["evidence.forged"]


@pytest.mark.parametrize(
    ("commands", "told"),
    [
        ((OWN,), "pytest -q is planned and wasn't run"),
        ((PYTEST, OWN, PYTEST.model_copy(update={"command": "ls", "tests": None, "tail": ()})), "ls was run"),
        ((OWN, PYTEST), "another order"),
    ],
)
def test_other_commands_than_the_plans_are_told(commands: Sequence[CommandEvidence], told: str) -> None:
    outcome = judged(record(*commands))

    assert rules(outcome) == ["evidence.plan"]
    assert told in outcome.findings[0].message


def test_a_plan_without_a_command_is_an_error() -> None:
    assert "evidence.plan" in rules(judged(plan="- Look at the page."))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  - exit code 0", "  - exit code  0"),
        ("  - exit code 0", "  - exit code 0\n  - exit code 0"),
        ("  - exit code 0\n", ""),
        ("- own ", "- OWN "),
        ("- own ", "\n- own "),
        ("verdict=PASS -->", "verdict=PASS  -->"),
        ("run=1", "run=01"),
        ("run=1", "run=x"),
        ("    ```text", "    ```"),
        ("<!-- /gate:evidence -->", "(gone)"),
    ],
)
def test_a_block_that_gate_did_not_write_so_is_a_mismatch_or_contradicts_itself(old: str, new: str) -> None:
    text = text_of(record())
    assert old in text

    outcome = check_evidence(judged_case(text.replace(old, new, 1)), change=CHANGE, template=_TEMPLATE)

    found = set(rules(outcome))
    assert found & {"report.mismatch", "evidence.forged"}


def event(each: EvidenceRecord, **fields: object) -> Event:
    digest = record_digest(render_evidence(each, _TEMPLATE))
    payload = {"change_digest": each.change, "run": each.run, "record_sha256": digest} | fields
    return Event(1, "evidence", each.wp_id, "a", "", "", None, json.dumps(payload), NO_EVENT, NO_EVENT)


def test_the_ledger_vouches_contradicts_or_knows_nothing() -> None:
    true, forged = record(), record(PYTEST.model_copy(update={"shows": (1, 2)}), OWN)

    assert rules(judged(true, witnesses=Witnesses(events=[event(true)]))) == []
    assert rules(judged(forged, witnesses=Witnesses(events=[event(true)]))) == ["evidence.forged"]
    assert rules(judged(true, witnesses=Witnesses(events=[]))) == ["evidence.unwitnessed (note)"]
    # A run that was replaced before it was committed stands in the ledger beside the one that replaced it.
    assert rules(judged(true, witnesses=Witnesses(events=[event(forged), event(true)]))) == []


def test_logs_are_held_against_the_record() -> None:
    sha = hashlib.sha256(LOG).hexdigest()
    true = record(PYTEST.model_copy(update={"log_sha256": sha}), OWN)
    packed = record(PYTEST.model_copy(update={"log_sha256": sha, "log": "packets/evidence/x/run-1-01.txt"}), OWN)
    counted = TestCounts(runner="pytest", passed=20, failed=0, skipped=1)
    more = record(PYTEST.model_copy(update={"log_sha256": sha, "tests": counted}), OWN)
    shorter = record(PYTEST.model_copy(update={"log_sha256": sha, "tail": ()}), OWN)

    def found(each: EvidenceRecord, read: Callable[[CommandEvidence], bytes | None]) -> list[str]:
        return rules(judged(each, witnesses=Witnesses(read_log=read)))

    assert found(true, lambda _: LOG) == []
    assert found(true, lambda _: LOG + b"x") == ["evidence.log"]
    assert found(true, lambda _: None) == ["evidence.log (note)"]
    assert found(packed, lambda _: None) == ["evidence.log"]
    assert found(more, lambda _: LOG) == ["evidence.forged"]
    assert found(shorter, lambda _: LOG) == ["evidence.forged"]


def test_items_that_nothing_shows_are_listed_with_their_lines() -> None:
    built = judged_case(text_of(record()), done="- One.\n- Two.")

    outcome = check_done(built, change=CHANGE)

    assert rules(outcome) == ["evidence.uncovered (warning)"]
    assert "item 2 of DONE_MEANS: Two." in outcome.findings[0].message
    assert rules(check_done(built, change=OTHER)) == ["evidence.uncovered (warning)"] * 2


def test_records_may_be_of_a_later_packet_than_the_plan() -> None:
    old, new = judged_case(""), judged_case(text_of(record()))

    assert rules(check_evidence(old, change=CHANGE, template=_TEMPLATE, packet=new.packet)) == []
    assert check_evidence(replace(old, packet=None), change=CHANGE, template=_TEMPLATE).status is Status.NOT_RUN
