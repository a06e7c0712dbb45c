"""The rules as data: each rule's examples are its tests, and the rest of the project knows each rule."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cases import Files, settings

from gatekeeper.audit.rule import AuditRule, Example, rules
from gatekeeper.gates.audit import audit_tree
from gatekeeper.model.rules import RULES

ROOT = Path(__file__).resolve().parents[2]


def examples() -> Iterator[tuple[AuditRule, Example]]:
    for rule in rules():
        for matcher in rule.matcher:
            for example in matcher.examples:
                yield rule, example


@pytest.mark.parametrize(
    ("rule", "example"),
    [pytest.param(r, e, id=f"{r.id}-{n}") for n, (r, e) in enumerate(examples())],
)
def test_an_example_is_found_where_it_says_and_nowhere_else(rule: AuditRule, example: Example) -> None:
    outcome = audit_tree(Files(example.files), settings())
    found = [f for f in outcome.findings if f.rule == rule.id]
    assert sorted({f"{f.path}:{f.line}" if f.line else str(f.path) for f in found}) == sorted(example.found)
    assert all(f.severity == "error" and f.hint for f in found)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_every_matcher_shows_what_it_finds_and_what_it_leaves(rule: AuditRule) -> None:
    for matcher in rule.matcher:
        assert {bool(example.found) for example in matcher.examples} == {True, False}


def test_every_rule_stands_in_the_catalogue_and_in_its_documentation() -> None:
    catalogue = {entry.id: entry for entry in RULES}
    text = (ROOT / "docs" / "audit.md").read_text()
    for rule in rules():
        assert catalogue[rule.id].severity == "error"
        assert rule.id in text
        for matcher in rule.matcher:
            assert f"`{matcher.pack}`" in text
