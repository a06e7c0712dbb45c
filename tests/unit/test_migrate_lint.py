"""The structural lint: gaps, duplicates, missing and orphaned downs."""

import pytest

from gatekeeper.migrate.discover import discover
from gatekeeper.migrate.lint import lint
from gatekeeper.model.errors import ConfigError
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.proof import SourceFile
from gatekeeper.model.settings import MigrationSettings


def linted(
    names: list[str], settings: MigrationSettings | None = None, down: bytes = b"SELECT 1;"
) -> list[Finding]:
    settings = settings or MigrationSettings(require_down=False)
    files = [SourceFile(f"migrations/{name}", down if "down" in name else b"SELECT 1;") for name in names]
    return list(lint(discover(files, settings), settings))


def told(findings: list[Finding]) -> list[tuple[str, str | None, str]]:
    return [(f.rule.removeprefix("migration."), f.path, f.message) for f in findings]


def test_a_whole_set_has_no_findings() -> None:
    names = ["0001_a.sql", "0001_a.down.sql", "0002_b.sql", "0002_b.down.sql"]
    assert linted(names, MigrationSettings()) == []


def test_a_gap_names_what_is_missing() -> None:
    assert told(linted(["0001_a.sql", "0003_c.sql", "0007_d.sql"])) == [
        ("gap", "migrations/0003_c.sql", "Version 0003 follows 0001: 0002 is missing."),
        ("gap", "migrations/0007_d.sql", "Version 0007 follows 0003: 0004 to 0006 are missing."),
    ]


def test_gaps_are_allowed_where_numbers_are_not_contiguous_and_between_timestamps() -> None:
    names = ["0001_a.sql", "0003_c.sql"]
    assert linted(names, MigrationSettings(require_down=False, contiguous=False)) == []
    assert linted(["20240101_a.sql", "20240301_b.sql"]) == []


def test_a_duplicate_is_one_however_the_number_is_written() -> None:
    findings = linted(["0002_b.sql", "2_c.sql", "1_a.sql"])
    message = "Version 2 is there twice: migrations/0002_b.sql and migrations/2_c.sql."
    assert told(findings) == [("duplicate", "migrations/2_c.sql", message)]
    assert findings[0].engine is None


def test_a_missing_down_is_told_on_the_up_unless_none_is_required() -> None:
    findings = linted(["0001_a.sql"], MigrationSettings())
    assert told(findings) == [
        ("missing-down", "migrations/0001_a.sql", "Version 0001 has no down for migrations/0001_a.sql.")
    ]
    assert linted(["0001_a.sql"]) == []


def test_an_empty_down_is_missing_and_a_comment_is_enough() -> None:
    names = ["0001_a.sql", "0001_a.down.sql"]
    assert [f.rule for f in linted(names, MigrationSettings(), b" \r\n;")] == ["migration.missing-down"]
    assert linted(names, MigrationSettings(), b"-- nothing to take back") == []


def test_an_orphaned_down_is_told_on_itself() -> None:
    findings = linted(["0001_a.sql", "0002_b.down.sql"])
    message = "The down migrations/0002_b.down.sql has no up of version 0002."
    assert told(findings) == [("orphan-down", "migrations/0002_b.down.sql", message)]


def test_findings_before_since_are_notes() -> None:
    findings = linted(["0001_a.sql", "0003_b.sql"], MigrationSettings(since="0003"))
    assert [(f.rule, f.severity) for f in findings] == [
        ("migration.missing-down", Severity.NOTE),
        ("migration.gap", Severity.ERROR),
        ("migration.missing-down", Severity.ERROR),
    ]


def test_what_one_engine_lacks_is_told_for_it_alone() -> None:
    findings = linted(["1_a.sql", "1_a.postgres.down.sql", "2_b.postgres.sql", "3_c.sql"], MigrationSettings())
    assert {(f.path, f.engine) for f in findings} == {
        ("migrations/1_a.sql", "sqlite"),
        ("migrations/2_b.postgres.sql", "postgres"),
        ("migrations/3_c.sql", None),
    }


def test_a_since_that_is_no_version_is_an_error_of_the_configuration() -> None:
    with pytest.raises(ConfigError, match="since = 'first' is no version"):
        linted(["0001_a.sql"], MigrationSettings(since="first"))
