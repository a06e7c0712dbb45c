"""The authority check on steps as values: order in branching histories, merges, renewal, difference."""

from collections.abc import Mapping, Sequence

import pytest
from cases import case, settings

from gatekeeper.gates.authority import check_authority
from gatekeeper.gates.case import Outcome
from gatekeeper.model.finding import Severity, Status
from gatekeeper.model.history import APPROVAL, PARTS, SCOPE, Plan, Step

DRAFT: Plan = dict.fromkeys(PARTS, ())
SIGNED: Plan = {**DRAFT, SCOPE: ("a", "b"), APPROVAL: ("SKELETON APPROVED",)}
AMENDED = "SKELETON APPROVED (amended: why)"


def plan(base: Plan = SIGNED, **parts: Sequence[str]) -> Plan:
    names: Mapping[str, str] = {"scope": SCOPE, "approval": APPROVAL}
    return {**base, **{names[name]: tuple(lines) for name, lines in parts.items()}}


def judged(*steps: Step, strict: bool = True) -> list[str]:
    """The rules found, in order."""
    return [finding.rule for finding in outcome(*steps, strict=strict).findings]


def outcome(*steps: Step, strict: bool = True) -> Outcome:
    return check_authority(case(steps=steps, settings=settings(authority={"strict": strict})))


def work(*parents: int, at: Plan = SIGNED) -> Step:
    return Step(parents, ("src/a.txt",), (at,) * max(len(parents), 1), at)


def change(*parents: int, before: Plan | None = SIGNED, after: Plan | None, files: tuple[str, ...] = ()) -> Step:
    return Step(parents, files, (before,) * max(len(parents), 1), after)


WIDER = plan(scope=("a", "b", "c"))


def test_a_change_before_all_work_is_free_and_one_after_any_work_is_not() -> None:
    assert judged(change(after=WIDER), work(0, at=WIDER)) == []
    assert judged(work(), change(0, after=WIDER)) == ["authority.changed"]


def test_work_on_a_parallel_branch_counts_as_begun_in_whatever_order_the_two_stand() -> None:
    merge = Step((0, 1), (), (SIGNED, WIDER), WIDER)
    assert judged(work(), change(after=WIDER), merge) == ["authority.changed"]
    merge = Step((0, 1), (), (WIDER, SIGNED), WIDER)
    assert judged(change(after=WIDER), work(), merge) == ["authority.changed"]


def test_work_that_follows_through_a_merge_had_not_begun() -> None:
    side = Step((0,), (), (WIDER,), WIDER)
    merge = Step((1, 0), (), (WIDER, WIDER), WIDER)
    assert judged(change(after=WIDER), side, merge, work(2, at=WIDER)) == []


@pytest.mark.parametrize(
    ("scope", "rules"),
    [
        (("a", "b", "c", "d"), []),  # each line is from one of the parents
        (("b", "c", "d"), []),  # one of them took it out
        (("a", "b", "c", "d", "e"), ["authority.changed"]),
        (("a", "c", "d"), ["authority.changed"]),  # both held it
        (("a", "b", "c", "d", "d"), ["authority.changed"]),
    ],
)
def test_of_a_merge_counts_only_what_differs_from_every_parent(scope: tuple[str, ...], rules: list[str]) -> None:
    ours, theirs = plan(scope=("a", "b", "c")), plan(scope=("b", "d"))
    merge = Step((0,), (), (ours, theirs), plan(scope=scope))
    assert judged(work(at=ours), merge) == rules


@pytest.mark.parametrize(
    ("before", "after", "rules"),
    [
        ((), (AMENDED,), []),
        ((AMENDED,), (AMENDED, AMENDED), []),
        ((AMENDED,), (AMENDED,), ["authority.changed"]),
        ((AMENDED,), ("SKELETON APPROVED (amended: once more)",), []),
        ((AMENDED,), (), ["authority.changed", "authority.changed"]),
        ((), ("SKELETON APPROVED: again",), ["authority.changed", "authority.changed"]),
    ],
)
def test_only_a_new_line_of_amendment_renews(
    before: tuple[str, ...], after: tuple[str, ...], rules: list[str]
) -> None:
    first = ("SKELETON APPROVED",)
    old = plan(approval=first + before)
    assert judged(work(at=old), change(0, before=old, after=plan(WIDER, approval=first + after))) == rules


def test_the_first_approval_after_work_is_late_and_nothing_else() -> None:
    draft = plan(approval=())
    assert judged(work(at=draft), change(0, before=draft, after=SIGNED)) == ["authority.late"]
    amended = plan(approval=(AMENDED,))
    assert judged(work(at=draft), change(0, before=draft, after=amended)) == ["authority.late"]
    wider = change(0, before=draft, after=WIDER)
    assert judged(work(at=draft), wider) == ["authority.late", "authority.changed"]


def test_an_approval_that_changes_after_a_late_one_is_a_change() -> None:
    draft = plan(approval=())
    late = (work(at=draft), change(0, before=draft, after=SIGNED))
    signed = plan(approval=("SKELETON APPROVED by the maintainers",))
    assert judged(*late, change(1, after=signed)) == ["authority.late", "authority.changed"]


def test_work_that_was_approved_when_it_was_done_is_not_late() -> None:
    draft = plan(approval=())
    steps = (work(), change(0, after=draft), change(1, before=draft, after=SIGNED))
    assert judged(*steps) == ["authority.changed", "authority.changed"]


def test_a_packet_that_arrives_with_work_is_mixed_and_after_work_late() -> None:
    assert judged(change(before=None, after=SIGNED, files=("src/a.txt",))) == ["authority.mixed"]
    before = Step((), ("src/a.txt",), (None,), None)
    assert judged(before, change(0, before=None, after=SIGNED)) == ["authority.late"]
    assert judged(before, change(0, before=None, after=plan(approval=()))) == []


def test_a_packet_that_goes_after_work_takes_its_plan_with_it() -> None:
    assert set(judged(work(), change(0, after=None))) == {"authority.changed"}


def test_lines_in_another_order_are_another_plan() -> None:
    (finding,) = outcome(work(), change(0, after=plan(scope=("b", "a")))).findings
    assert "its lines stand in another order" in finding.message


def test_a_long_difference_is_cut_and_says_how_much() -> None:
    many = tuple(f"line {n}" for n in range(30))
    (finding,) = outcome(work(), change(0, after=plan(scope=many))).findings
    assert '"line 9" and 20 more; went: "a", "b".' in finding.message
    (finding,) = outcome(work(), change(0, after=plan(scope=("a", "b", "c" * 400)))).findings
    assert f'came: "{"c" * 300}..."; went: nothing.' in finding.message


def test_the_severity_is_the_settings() -> None:
    steps = (work(), change(0, after=WIDER))
    assert [f.severity for f in outcome(*steps, strict=True).findings] == [Severity.ERROR]
    assert [f.severity for f in outcome(*steps, strict=False).findings] == [Severity.WARNING]


def test_without_packet_or_history_nothing_was_judged() -> None:
    assert check_authority(case(packet=None)).status is Status.NOT_RUN
    cut = check_authority(case(steps=None))
    assert (cut.status, "git fetch --unshallow" in (cut.reason or "")) == (Status.NOT_RUN, True)
