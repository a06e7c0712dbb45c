"""The lint's rules as data: each rule's examples are its tests and its documentation."""

from collections.abc import Iterator

import pytest
from linting import files_of, lint_files

from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.rules.engine_forms import ENGINE_FORMS
from gatekeeper.model.rules.lint import LINT
from gatekeeper.model.rules.rule import Case, Rule

# What they show is no SQL.
_SITUATIONS = {"lint.unread", "lint.not-run"}
_ERRORS = {"lint.placeholder", "lint.engine-specific"}


def examples() -> Iterator[tuple[Rule, Case]]:
    for rule in LINT:
        if rule.id not in _SITUATIONS:
            yield rule, Case(title=rule.title, bad=rule.bad, good=rule.good)
            for case in rule.cases:
                yield rule, case


def found(rule: Rule, example: str) -> list[Finding]:
    result = lint_files(files_of(example), guards="guards = false" not in example)
    family = rule.id.removesuffix("*")
    return [f for f in result.findings if f.rule == rule.id or (family != rule.id and f.rule.startswith(family))]


@pytest.mark.parametrize(("rule", "case"), [pytest.param(r, c, id=f"{r.id}: {c.title}") for r, c in examples()])
def test_what_breaks_a_rule_is_found_once_and_what_keeps_it_is_not(rule: Rule, case: Case) -> None:
    (finding,) = {f.rule: f for f in found(rule, case.bad)}.values()
    assert finding.severity is (Severity.ERROR if rule.id in _ERRORS else Severity.WARNING)
    assert finding.path
    assert finding.line
    assert finding.hint
    assert found(rule, case.good) == []


@pytest.mark.parametrize("rule", [r for r in LINT if r.id not in _SITUATIONS], ids=lambda rule: rule.id)
def test_what_keeps_a_rule_breaks_no_other(rule: Rule) -> None:
    ours = [f for f in lint_files(files_of(rule.good)).findings if not f.rule.startswith("lint.squawk")]
    assert ours == []


def test_every_form_of_one_engine_is_an_example_of_its_rule() -> None:
    (rule,) = [rule for rule in LINT if rule.id == "lint.engine-specific"]
    assert [case.title for case in rule.cases] == [form.title for form in ENGINE_FORMS]
    assert len({form.title for form in ENGINE_FORMS}) == len(ENGINE_FORMS)


def test_a_finding_shows_the_statement_and_how_to_write_it() -> None:
    (finding,) = lint_files(
        {"0001_a.sql": "\n\nCREATE  TABLE jobs (\n  id BIGINT PRIMARY KEY -- key\n);"}
    ).findings
    assert (finding.path, finding.line) == ("migrations/0001_a.sql", 3)
    assert finding.message.endswith(": CREATE TABLE jobs ( id BIGINT PRIMARY KEY )")
    assert finding.hint is not None
    assert finding.hint.split("\n")[1:] == [
        "  CREATE  TABLE IF NOT EXISTS jobs (",
        "    id BIGINT PRIMARY KEY -- key",
        "  );",
    ]


def test_the_remedy_for_an_added_column_is_the_guard_and_the_rebuild() -> None:
    text = "ALTER TABLE jobs ADD COLUMN kind TEXT NOT NULL DEFAULT 'a';"
    (finding,) = [f for f in lint_files({"0001_a.sql": text}).findings if f.rule == "lint.if-not-exists"]
    assert finding.hint is not None
    lines = [line.strip() for line in finding.hint.split("\n")]
    assert lines[1:3] == ["-- gate: when column-missing jobs.kind", text]
    assert (
        "CREATE TABLE jobs_new (..., kind TEXT NOT NULL DEFAULT 'a');  -- with the columns that jobs has" in lines
    )
    assert lines[-1] == "ALTER TABLE jobs_new RENAME TO jobs;"
    (own,) = [f for f in lint_files({"0001_a.postgres.sql": text}).findings if f.rule == "lint.if-not-exists"]
    assert own.hint is not None
    assert "ADD COLUMN IF NOT EXISTS kind TEXT" in own.hint
