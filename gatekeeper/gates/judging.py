"""What a step changed in the plan (contract, section 2, Authority)."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_

from gatekeeper.model.history import APPROVAL, PARTS, Plan, Step

_RENEWED = "SKELETON APPROVED (amended"


@dataclass(frozen=True, slots=True)
class PartChange:
    """A judging part that changed, with the lines that came and went; neither where lines changed places."""

    part: str
    came: tuple[str, ...]
    went: tuple[str, ...]


def part_changes(step: Step) -> tuple[PartChange, ...]:
    """The judging parts that a step changed, of a merge by lines that no parent, or every parent, holds."""
    if any(plan is step.after for plan in step.before):
        return ()
    return tuple(_changes(step.before or (None,), step.after))


def approved(plan: Plan | None) -> bool:
    """Whether the plan's skeleton is approved."""
    return plan is not None and bool(plan[APPROVAL])


def renews(changes: Sequence[PartChange]) -> bool:
    """Whether a new line approves an amendment."""
    return any(line.startswith(_RENEWED) for c in changes if c.part == APPROVAL for line in c.came)


def _changes(before: Sequence[Plan | None], after: Plan | None) -> Iterator[PartChange]:
    for part in PARTS:
        now = _lines(after, part)
        thens = [_lines(plan, part) for plan in before]
        if now in thens:
            continue
        came = reduce(and_, (Counter(now) - Counter(then) for then in thens))
        went = reduce(and_, (Counter(then) - Counter(now) for then in thens))
        if came or went or len(thens) == 1:
            yield PartChange(part, tuple(came.elements()), tuple(went.elements()))


def _lines(plan: Plan | None, part: str) -> tuple[str, ...]:
    return () if plan is None else plan[part]
