"""The rules as data: each rule's examples are its tests, and the documentation knows each rule."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from audits import SHIPPED, places, tried

from gatekeeper.audit import shipped
from gatekeeper.audit.load import own_rules
from gatekeeper.audit.rule import AuditRule, Example, Matcher
from gatekeeper.model.rules import RULES

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "gatekeeper" / "audit" / "rules"


def examples() -> Iterator[tuple[AuditRule, Matcher, Example]]:
    for rule in SHIPPED:
        for matcher in rule.matcher:
            for example in matcher.examples:
                yield rule, matcher, example


@pytest.mark.parametrize(
    ("rule", "matcher", "example"),
    [pytest.param(r, m, e, id=f"{r.id}-{m.pack}-{n}") for n, (r, m, e) in enumerate(examples())],
)
def test_an_example_is_found_where_it_says_and_nowhere_else(
    rule: AuditRule, matcher: Matcher, example: Example
) -> None:
    outcome = tried(rule, matcher.pack, example)
    assert places(outcome) == sorted(example.found)
    assert all(finding.hint for finding in outcome.findings if finding.severity != "note")


@pytest.mark.parametrize("rule", SHIPPED, ids=lambda rule: rule.id)
def test_every_matcher_shows_what_it_finds_and_what_it_leaves(rule: AuditRule) -> None:
    for matcher in rule.matcher:
        assert {bool(example.found) for example in matcher.examples} == {True, False}


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.toml")), ids=lambda file: file.stem)
def test_a_shipped_rule_compiles_as_a_projects_own_must(file: Path) -> None:
    text = file.read_text()
    if 'kind = "check"' not in text:
        (rule,) = own_rules({file.name: text.encode()})
        assert rule.id == file.stem


def test_every_rule_stands_in_the_catalogue_and_in_its_documentation() -> None:
    catalogue = {entry.id: entry for entry in RULES}
    text = "".join((ROOT / "docs" / name).read_text() for name in ("audit.md", "hygiene.md"))
    for rule in SHIPPED:
        assert catalogue[rule.id].severity == rule.severity
        assert f"`{rule.id}`" in text
        for matcher in rule.matcher:
            assert f"`{matcher.pack}`" in text


@pytest.mark.parametrize("number", [0, 1])
def test_the_documentation_of_the_form_shows_rules_that_are_some(number: int) -> None:
    page = (ROOT / "docs" / "audit-rules.md").read_text()
    block = page.split("```toml\n")[number + 1].partition("```\n")[0]
    (rule,) = own_rules({"audit/rule.toml": block.encode()})
    for matcher in rule.matcher:
        for example in matcher.examples:
            assert places(tried(rule, matcher.pack, example)) == sorted(example.found)


def test_the_compiled_rules_are_those_of_the_toml_files() -> None:
    mend = "python -m gatekeeper.audit.shipped writes it anew"
    assert shipped.COMPILED.read_text(encoding="utf-8") == shipped.compile_rules(), mend
    without = [
        replace(rule, matcher=tuple(replace(matcher, examples=()) for matcher in rule.matcher)) for rule in SHIPPED
    ]
    assert list(shipped.shipped()) == without


@pytest.mark.parametrize("compiled", [None, '{"sources": "of other files", "rules": []}'])
def test_rules_that_were_compiled_of_other_files_are_not_used(
    compiled: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "compiled.json"
    if compiled is not None:
        file.write_text(compiled)
    monkeypatch.setattr(shipped, "COMPILED", file)
    assert shipped.shipped.__wrapped__() == shipped.shipped()
