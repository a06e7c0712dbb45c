"""The order of a timeline where git, which tells time to the second, doesn't tell it."""

import json

from gatekeeper.changes.log import Touch
from gatekeeper.model.ledger import Event
from gatekeeper.model.status import Moment
from gatekeeper.runs.timelines import in_order

SECOND = "2026-01-05T09:30:01"


def commit(oid: str) -> Touch:
    return Touch(oid, (), 0, "", "", "", ())


def told(oid: str, second: str = SECOND) -> Moment:
    return Moment(f"{second}Z", "git", oid, "", oid)


def event(seq: int, at: str, head: str | None = None) -> Event:
    payload = json.dumps({"head": head} if head else {})
    return Event(seq, "reviewed", None, "", f"{at}Z", "", None, payload, "", "")


def order(commits: list[Moment], *events: Event) -> list[str]:
    moments = in_order([commit(moment.what) for moment in commits], commits, events)
    return [moment.reference for moment in moments]


def test_what_is_signed_is_committed_next() -> None:
    assert order([told("a")], event(1, f"{SECOND}.900")) == ["event 1", "a"]


def test_what_judges_a_commit_comes_after_it_and_before_what_is_committed_then() -> None:
    review, run = event(1, f"{SECOND}.100", "b"), event(2, f"{SECOND}.200")
    assert order([told("a"), told("b"), told("c")], review, run) == ["a", "b", "event 1", "event 2", "c"]


def test_events_keep_the_order_of_their_chain() -> None:
    signed, review = event(1, f"{SECOND}.100"), event(2, f"{SECOND}.200", "a")
    assert order([told("a")], signed, review) == ["event 1", "a", "event 2"]


def test_seconds_go_before_all_else() -> None:
    later = "2026-01-05T09:30:02"
    assert order([told("a"), told("b", later)], event(1, f"{later}.5"), event(2, f"{later}.6", "a")) == [
        "a",
        "event 1",
        "event 2",
        "b",
    ]
