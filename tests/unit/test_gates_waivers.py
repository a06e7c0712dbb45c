"""Waivers: what they cover, when they expire, and what they can't touch (contract, section 1, Waivers)."""

import datetime as dt

import pytest
from cases import PACKET, PACKET_TEXT, case, change, edited, rules, with_changes

from gatekeeper.gates.case import Case
from gatekeeper.gates.pipeline import Judgement, judge
from gatekeeper.gates.waivers import applied, check_waivers
from gatekeeper.model.finding import Finding


def waived(*lines: str, today: str = "2026-01-10", gate: str = "post-work") -> Case:
    text = edited(PACKET_TEXT, "- NONE\n", "".join(f"- {line}\n" for line in lines))
    built = case({PACKET: text}, gate=gate, today=dt.date.fromisoformat(today))
    return with_changes(built, {}, change("src/b.txt")) if gate == "post-work" else built


def record(rule: str = "scope.out-of-scope", paths: str = "src/b.txt", expiry: str = "2026-01-10") -> str:
    return f"W-1 | {rule} | {paths} | a reason | maintainers | 2026-01-01 | {expiry}"


def scope_of(judgement: Judgement) -> tuple[str, list[Finding]]:
    check = next(check for check in judgement.checks if check.id == "scope")
    return check.status, list(check.findings)


@pytest.mark.parametrize("rule", ["scope.out-of-scope", "scope", "scope.", "scope.*", "`scope.out-of-scope`"])
@pytest.mark.parametrize("paths", ["src/b.txt", "src/", "src/*.txt", "`**/b.txt`", "docs/x.md, src/b.txt"])
def test_a_waiver_covers_its_rule_or_prefix_on_its_paths(rule: str, paths: str) -> None:
    judgement = judge(waived(record(rule, paths)))
    status, findings = scope_of(judgement)
    assert status == "PASS"
    assert [(f.rule, f.severity, f.waiver) for f in findings] == [("scope.out-of-scope", "error", "W-1")]
    assert judgement.waived == {"W-1": 1}


@pytest.mark.parametrize(
    ("rule", "paths"),
    [
        ("scope.forbidden", "src/b.txt"),
        ("scop", "src/b.txt"),
        ("scope.ou", "src/b.txt"),
        ("*", "src/b.txt"),
        ("scope.out-of-scope", "src/a.txt"),
        ("scope.out-of-scope", "src/B.txt"),
        ("scope.out-of-scope", "*.txt"),
        ("scope.out-of-scope", "src"),
    ],
)
def test_another_rule_or_path_is_not_covered_and_the_waiver_is_unused(rule: str, paths: str) -> None:
    judgement = judge(waived(record(rule, paths)))
    assert scope_of(judgement)[0] == "FAIL"
    blanket = ["waiver.blanket (warning)"] if rule == "*" else []
    assert rules(check_waivers(waived(record(rule, paths)))) == [*blanket, "waiver.unused (warning)"]


def test_a_waiver_holds_on_its_last_day_and_not_the_day_after() -> None:
    assert scope_of(judge(waived(record(), today="2026-01-10")))[0] == "PASS"
    late = waived(record(), today="2026-01-11")
    assert scope_of(judge(late))[0] == "FAIL"
    assert rules(check_waivers(late)) == ["waiver.expired"]
    assert scope_of(judge(waived(record(expiry="NONE"), today="2036-01-01")))[0] == "PASS"


@pytest.mark.parametrize(
    "line",
    [
        "W-1 | scope | src/b.txt | reason | maintainers | 2026-01-01",
        "W-1 | scope | src/b.txt | reason | maintainers | soon | 2026-02-01",
        "W-1 | scope | src/b.txt | reason | maintainers | 2026-01-01 | 2026-02-31",
        "W-1 | scope | src/b.txt |  | maintainers | 2026-01-01 | 2026-02-01",
        "all of it, by agreement",
    ],
)
@pytest.mark.parametrize("gate", ["pre-work", "post-work"])
def test_a_malformed_waiver_is_an_error_of_its_line_and_covers_nothing(line: str, gate: str) -> None:
    judgement = judge(waived(line, gate=gate))
    check = next(check for check in judgement.checks if check.id == "waivers")
    assert [f.rule for f in check.findings] == ["waiver.malformed"]
    assert check.findings[0].line
    assert judgement.waived == {}


def test_none_and_parentheses_are_no_waivers() -> None:
    assert rules(check_waivers(waived("NONE", "(none so far)"))) == []


def test_an_unused_waiver_is_a_warning_after_the_work_only() -> None:
    assert rules(check_waivers(waived(record("lint")))) == ["waiver.unused (warning)"]
    assert rules(check_waivers(waived(record("lint"), gate="pre-work"))) == []


@pytest.mark.parametrize(
    "rule", ["packet.status", "phase.order", "manifest.missing", "authority.late", "waiver.expired"]
)
def test_what_protects_the_gate_cannot_be_waived(rule: str) -> None:
    prefix = rule.split(".", maxsplit=1)[0]
    finding = Finding(rule=rule, message="A fault.", path="src/b.txt")
    for pattern in (rule, prefix, f"{prefix}.", f"{prefix}.*"):
        packet = waived(record(pattern, "**")).packet
        assert packet is not None
        assert applied((finding,), packet.waivers, dt.date(2026, 1, 1)) == (finding,)
