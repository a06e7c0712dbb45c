"""The chain and its encoding: what an event's digest covers, and which fault is named how."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from gatekeeper.ledger.chain import MOST, Chain
from gatekeeper.ledger.encoding import MalformedEvent, canonical, covered, digest_of, from_line, to_line
from gatekeeper.model.ledger import NO_EVENT, Event

DOCS = Path(__file__).resolve().parents[2] / "docs" / "ledger.md"


def event(seq: int, previous: str, **other: object) -> Event:
    """A sound event."""
    fields = {
        "seq": seq,
        "kind": "gate-run",
        "wp_id": "WP-1",
        "actor": "Ada <ada@example.invalid>",
        "at": f"2026-01-31T12:00:{seq % 60:02}.000Z",
        "tool_version": "1",
        "packet_digest": None,
        "payload": canonical({"n": seq}),
        "previous_digest": previous,
        "digest": "",
    } | other
    made = Event(**fields)  # type: ignore[arg-type] # the fields above
    return made._replace(digest=digest_of(made))


def chain(length: int, *, first: int = 1, previous: str = NO_EVENT, **other: object) -> list[Event]:
    """That many events, each following the one before it."""
    events: list[Event] = []
    for seq in range(first, first + length):
        events.append(event(seq, events[-1].digest if events else previous, **other))
    return events


def judged(events: Iterable[Event]) -> list[tuple[str, int]]:
    """What is wrong, by rule and the number of the event that the message names first."""
    held = list(events)
    judge = Chain(lambda digest: next((e for e in held if e.digest == digest), None))
    for one in held:
        judge.follow(one)
    found = [*judge.findings, *judge.notes()]
    return [(f.rule, int((re.search(r"[Ee]vent (\d+)", f.message) or [0, 0])[1])) for f in found]


def swapped(events: list[Event]) -> list[Event]:
    """The numbers of the third and the fourth event exchanged, as an UPDATE would do it, read by number."""
    third, fourth = events[2], events[3]
    return [*events[:2], fourth._replace(seq=3), third._replace(seq=4), *events[4:]]


def swapped_apart(events: list[Event]) -> list[Event]:
    """Two events that aren't neighbours."""
    return [events[0], events[5]._replace(seq=2), *events[2:5], events[1]._replace(seq=6), *events[6:]]


def written_anew(events: list[Event]) -> list[Event]:
    """The third event replaced by another one, whose digest fits its content."""
    other = event(3, events[1].digest, actor="Eve <eve@example.invalid>")
    return [*events[:2], other, *events[3:]]


def forked(events: list[Event]) -> list[Event]:
    """A second branch after the third event, as an import past the schema's constraints would leave it."""
    branch = chain(2, first=4, previous=events[2].digest, actor="Eve <eve@example.invalid>")
    return sorted([*events, *branch], key=lambda e: e.seq)


FAULTS: dict[str, tuple[Callable[[list[Event]], list[Event]], list[tuple[str, int]]]] = {
    "whole": (lambda e: e, []),
    "payload changed": (lambda e: [*e[:2], e[2]._replace(payload="{}"), *e[3:]], [("ledger.digest", 3)]),
    "actor changed in the last": (lambda e: [*e[:7], e[7]._replace(actor="Eve")], [("ledger.digest", 8)]),
    "digest changed": (
        lambda e: [*e[:2], e[2]._replace(digest="f" * 64), *e[3:]],
        [("ledger.digest", 3), ("ledger.chain", 4)],
    ),
    "written anew": (written_anew, [("ledger.chain", 4)]),
    "taken out": (lambda e: [*e[:2], *e[3:]], [("ledger.gap", 4)]),
    "two taken out": (lambda e: [*e[:2], *e[4:]], [("ledger.gap", 5)]),
    "first taken out": (lambda e: e[1:], [("ledger.gap", 2)]),
    "taken out and renumbered": (
        lambda e: [*e[:2], *(x._replace(seq=x.seq - 1) for x in e[3:])],
        [("ledger.order", n) for n in range(3, 8)],
    ),
    "swapped": (swapped, [("ledger.order", 3), ("ledger.order", 4)]),
    "swapped apart": (swapped_apart, [("ledger.order", 2), ("ledger.digest", 6)]),
    "lines swapped": (lambda e: [*e[:2], e[3], e[2], *e[4:]], [("ledger.order", 4)]),
    "two heads": (forked, [("ledger.fork", 4)]),
    "a second head with the next number": (
        lambda e: [*e, event(8, e[6].digest, actor="Eve")._replace(seq=9)],
        [("ledger.fork", 9)],
    ),
    "a second beginning": (lambda e: [*e, event(9, NO_EVENT)], [("ledger.fork", 9)]),
    "an event twice": (lambda e: [*e[:3], e[2], *e[3:]], [("ledger.fork", 3)]),
    "unknown kind": (lambda e: [*e, event(9, e[7].digest, kind="revoked")], [("ledger.unknown-kind", 9)]),
    "no text": (lambda e: [*e[:2], e[2]._replace(payload=b"x"), *e[3:]], [("ledger.digest", 3)]),  # type: ignore[arg-type] # as SQLite may give it
    "clock back": (lambda e: [*e, event(9, e[7].digest, at="2025-01-01T00:00:00.000Z")], [("ledger.time", 9)]),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_of_a_chain_is_named(name: str) -> None:
    fault, expected = FAULTS[name]
    found = judged(fault(chain(8)))
    if name in {"swapped apart", "no text"}:  # what follows from the same fault may be told as well
        assert expected[0] in found
    else:
        assert found == expected


def test_a_chain_that_is_wrong_throughout_is_told_of_within_bounds() -> None:
    found = judged(e._replace(payload="{}") for e in chain(MOST + 50))
    assert len(found) == MOST


def test_any_field_changes_the_digest() -> None:
    one = event(1, NO_EVENT)
    others = [
        one._replace(**{name: 7 if name == "seq" else "x"})  # type: ignore[arg-type] # every field in turn
        for name in Event._fields
        if name != "digest"
    ]
    assert len({digest_of(other) for other in [one, *others]}) == len(Event._fields)
    assert digest_of(one._replace(wp_id=None)) != digest_of(one._replace(wp_id="null"))


def test_a_line_is_the_event_again() -> None:
    one = event(
        3, "a" * 64, actor='Zoë "Z" <z@example.invalid>\n', payload=canonical({"ü": "\udc80", "a": [1, None]})
    )
    line = to_line(one)
    assert line.isascii()
    assert "\n" not in line
    assert from_line(line.encode()) == one


def test_the_digest_is_that_of_the_line_without_its_digest() -> None:
    one = event(3, "a" * 64, actor="Zoë")
    fields = json.loads(to_line(one))
    del fields["digest"]
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    assert covered(one) == text.encode()
    assert hashlib.sha256(text.encode()).hexdigest() == one.digest


def test_the_documented_example_holds() -> None:
    block = re.search(r"```json\n(.*?)\n```", DOCS.read_text(), re.DOTALL)
    text = re.search(r"```text\n(.*?)\n```", DOCS.read_text(), re.DOTALL)
    assert block
    assert text
    one = from_line(block[1].encode())
    assert digest_of(one) == one.digest
    assert covered(one) == text[1].encode()
    assert to_line(one) == block[1]


GOOD = event(1, NO_EVENT)
BAD = {
    "no JSON": "{",
    "no object": "[]",
    "a field missing": to_line(GOOD).replace('"actor"', '"actors"'),
    "a field too many": to_line(GOOD)[:-1] + ',"zzz":1}',
    "a number as text": to_line(GOOD).replace('"seq":1', '"seq":"1"'),
    "a number below one": to_line(GOOD).replace('"seq":1', '"seq":0'),
    "a number no column holds": to_line(GOOD).replace('"seq":1', '"seq":9223372036854775808'),
    "true as a number": to_line(GOOD).replace('"seq":1', '"seq":true'),
    "no text": to_line(GOOD).replace('"kind":"gate-run"', '"kind":null'),
    "a NUL": to_line(GOOD).replace("Ada", "A\\u0000"),
    "half a character": to_line(GOOD).replace("Ada", "\\udc80"),
    "a short digest": to_line(GOOD).replace(NO_EVENT, "0"),
    "no time": to_line(GOOD).replace("T12:00", " 12:00"),
    "a field twice": to_line(GOOD).replace('"kind":', '"kind":"signed","kind":'),
    "in another form": to_line(GOOD).replace(":", ": "),
}


@pytest.mark.parametrize("name", BAD)
def test_a_line_that_is_no_event_is_refused(name: str) -> None:
    assert BAD[name] != to_line(GOOD)
    with pytest.raises(MalformedEvent):
        from_line(BAD[name].encode())
