"""Cited places: path:line, told from addresses, times and tags, and looked up."""

from collections.abc import Mapping

import pytest
from cases import PACKET, PACKET_TEXT, case, edited, rules, with_changes

from gatekeeper.gates.citations import check_citations


def found(text: str, files: Mapping[str, str | None] | None = None) -> list[str]:
    packet = edited(PACKET_TEXT, "(None yet.)", text)
    return [f.message for f in check_citations(case({PACKET: packet, **(files or {})})).findings]


@pytest.mark.parametrize(
    "text",
    [
        "- `src/a.txt:1` and src/a.txt:3, `src/a.txt:1-3`, (src/a.txt:2)",
        "- `src/a.txt:2:14` with a column",
        "- http://example.com:80/x:3, localhost:5432, 127.0.0.1:80, db.example.com:99, 12:30, a::b:3",
        "- postgres:16, library/postgres:16, `ghcr.io/some/image:3`",
        "- ~~~\n```text\nsrc/nowhere.rs:99\n```",
        "- `cargo test`: 3 passed",
        "- version 1.2:3",
    ],
)
def test_places_that_are_there_and_what_is_no_place_pass(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- `src/nowhere.rs:9`", "there is no such file"),
        ("- see src/nowhere.rs:9.", "there is no such file"),
        ("- `a.txt:1`", "there is no such file"),
        ("- `Makefile:4`", "there is no such file"),
        ("- `src/a.txt:4`", "has 3 lines"),
        ("- `src/a.txt:2-9`", "has 3 lines"),
        ("- `src/a.txt:0`", "has 3 lines"),
        ("- `src/a.txt:3-2`", "has 3 lines"),
    ],
)
def test_places_that_are_not_there_are_told(text: str, told: str) -> None:
    (message,) = found(text)

    assert told in message


def test_a_path_that_is_nearly_right_gets_the_right_one_as_its_hint() -> None:
    outcome = check_citations(case({PACKET: edited(PACKET_TEXT, "(None yet.)", "- `a.txt:1`")}))

    assert outcome.findings[0].hint == "did you mean src/a.txt?"


def test_a_deleted_file_is_looked_up_at_base() -> None:
    packet = edited(PACKET_TEXT, "(None yet.)", "- `src/gone.txt:2`")
    built = with_changes(case({PACKET: packet}), {"src/gone.txt": "a\nb\n"})

    assert rules(check_citations(built)) == []


def test_what_a_report_is_going_to_say_is_looked_up_too() -> None:
    outcome = check_citations(case(), more=["Guarded at `src/a.txt:30`."])

    assert rules(outcome) == ["evidence.citation"]
    assert outcome.findings[0].line is None


def test_other_sections_may_cite_what_they_like() -> None:
    packet = edited(PACKET_TEXT, "## EVIDENCE", "- `src/nowhere.rs:9`\n\n## EVIDENCE")

    assert rules(check_citations(case({PACKET: packet}))) == []


def test_evidence_mapping_is_read_too() -> None:
    packet = edited(PACKET_TEXT, "(None yet.)", "(None yet.)\n\n## EVIDENCE_MAPPING\n- one -> `src/nowhere.rs:9`")
    assert rules(check_citations(case({PACKET: packet}))) == ["evidence.citation"]
