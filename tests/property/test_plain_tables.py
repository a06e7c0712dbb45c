"""What is read of a configuration without pydantic is what pydantic reads."""

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from gatekeeper.model.plain import NotPlainError, plain
from gatekeeper.model.settings import MigrationSettings, Settings, dashed

WORDS = st.sampled_from(
    ["", ".", "a", "a/", "a/../b", "/a", "..", "a\\b", "sqlite", "postgres", "required", "off", "auto", "ledger"]
)
SCALARS = WORDS | st.booleans() | st.integers(-2, 90) | st.floats(0, 2) | st.none()
FOLDED = st.fixed_dictionaries({}, optional={"object": SCALARS, "reason": SCALARS, "paths": st.lists(WORDS)})
VALUES = SCALARS | st.lists(SCALARS | FOLDED, max_size=2) | st.dictionaries(WORDS, SCALARS, max_size=2)
TABLES = [each.name for each in fields(Settings)]
ADAPTER = TypeAdapter(Settings)


def table(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """A table with some of its own keys, underscored or dashed, and now and then a strange one."""
    own = sorted(vars(getattr(Settings(), name)))
    keys = st.sampled_from(own).map(dashed) | st.sampled_from([*own, "nothing"])
    return st.dictionaries(keys, VALUES, max_size=3)


@settings(deadline=None, max_examples=600)
@given(st.sampled_from(TABLES).flatmap(lambda name: st.fixed_dictionaries({name: table(name) | VALUES})))
def test_what_is_taken_as_plain_pydantic_takes_for_the_same(tables: dict[str, Any]) -> None:
    try:
        taken = plain(Settings, tables)
    except NotPlainError:
        return
    assert ADAPTER.validate_python(tables) == taken


@pytest.mark.parametrize(
    "tables",
    [
        {"git": {"main": "trunk"}, "audit": {"packs": ["hygiene"], "tests": True}},
        {"migrations": {"require-down": False, "sqlite-functions": {"slug": 1}, "statement-timeout": 5}},
        {"migrations": {"parity-exceptions": [{"object": "a", "reason": "b"}]}},
        {"packets": {"dir": "docs/packets/"}, "audit": {"trace": [{"paths": ["a"], "fields": ["b"]}]}},
    ],
    ids=str,
)
def test_a_usual_configuration_is_plain(tables: dict[str, Any]) -> None:
    assert plain(Settings, tables) == ADAPTER.validate_python(tables)


@pytest.mark.parametrize(
    "tables",
    [
        {"audit": {"pack": []}},
        {"audit": {"tests": 1}},
        {"migrations": {"statement-timeout": True}},
        {"migrations": {"statement-timeout": 0}},
        {"migrations": {"layout": "other"}},
        {"migrations": {"parity-exceptions": [{"object": "a"}]}},
        {"packets": {"dir": "../out"}},
        {"git": "main"},
        [],
    ],
    ids=str,
)
def test_what_pydantic_refuses_is_left_to_it(tables: Any) -> None:
    with pytest.raises(NotPlainError):
        plain(Settings, tables)
    with pytest.raises(ValidationError):
        ADAPTER.validate_python(tables)


def test_defaults_need_no_file() -> None:
    assert plain(MigrationSettings, {}) == MigrationSettings() == ADAPTER.validate_python({}).migrations
