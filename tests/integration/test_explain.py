"""``gate explain``: a rule in words, on the command line."""

import json
from pathlib import Path

from application import run

from gatekeeper.model.rules import RULES


def test_a_rule_is_shown_with_all_its_words(tmp_path: Path) -> None:
    code, out, err = run(tmp_path, "explain", "scope.window")
    assert (code, err) == (0, "")
    (rule,) = [rule for rule in RULES if rule.id == "scope.window"]
    assert out.startswith(f"scope.window: {rule.title}\nSeverity: error\n")
    flat = " ".join(out.split())
    for text in (rule.what, rule.why, rule.bad, rule.good, rule.mend):
        assert " ".join(text.split()) in flat


def test_a_prefix_lists_its_rules_and_nothing_lists_all(tmp_path: Path) -> None:
    code, out, _ = run(tmp_path, "explain", "waiver")
    assert (code, [line.split()[0] for line in out.splitlines()]) == (
        0,
        [f"waiver.{name}" for name in ("malformed", "expired", "unused", "unrecorded", "blanket")],
    )
    code, out, _ = run(tmp_path, "explain")
    assert (code, [line.split()[0] for line in out.splitlines()]) == (0, [rule.id for rule in RULES])


def test_an_unknown_rule_names_the_nearest(tmp_path: Path) -> None:
    code, out, err = run(tmp_path, "explain", "scope.out-of-scop")
    assert (code, out) == (2, "")
    assert err == (
        "gate: There is no rule 'scope.out-of-scop'; the nearest is scope.out-of-scope.\n"
        "      mend: gate explain scope.out-of-scope\n"
    )


def test_json_holds_the_catalogue(tmp_path: Path) -> None:
    code, out, _ = run(tmp_path, "explain", "--format", "json")
    body = json.loads(out)
    assert (code, body["schema"]) == (0, "gatekeeper/rules/v1")
    assert body["rules"] == [rule.model_dump(mode="json") for rule in RULES]


def test_the_page_of_the_documentation_is_made_here(tmp_path: Path) -> None:
    page = tmp_path / "rules.md"
    assert run(tmp_path, "explain", "--markdown", "--output", str(page))[0] == 0
    ids = [rule.id for rule in RULES]
    assert [line[3:] for line in page.read_text().splitlines() if line[3:] in ids] == ids
