"""The lint over sets: names, downs, directives, since, the engines' own files, and squawk."""

import importlib.metadata
import subprocess
from pathlib import Path

import pytest
from linting import lint_files, linted, rules_in

from gatekeeper.migrate.linting import squawk as squawk_rules
from gatekeeper.migrate.linting.reading import read
from gatekeeper.migrate.scripts import Script
from gatekeeper.model.finding import Severity

TABLE = "CREATE TABLE IF NOT EXISTS t (a TEXT);\n"
INDEX = "CREATE INDEX IF NOT EXISTS i ON t (a);"
RENAME = "ALTER TABLE t RENAME TO u;"
RENAMING = "lint.squawk.renaming-table"


def told(files: dict[str, str], **settings: object) -> list[tuple[str, str | None]]:
    return [(f.rule.removeprefix("lint."), f.path) for f in lint_files(files, **settings).findings]


def test_findings_before_since_are_notes() -> None:
    files = {"0001_a.sql": "CREATE TABLE `t` (a TEXT);", "0002_b.sql": "CREATE TABLE u (a TEXT);"}
    found = lint_files(files, since="0002").findings
    assert {(f.path, f.severity) for f in found} == {
        ("migrations/0001_a.sql", Severity.NOTE),
        ("migrations/0002_b.sql", Severity.WARNING),
    }


def test_what_one_engine_runs_is_told_for_it_and_what_both_run_for_neither() -> None:
    text = "CREATE TABLE t (a TEXT);"
    found = lint_files({"0001_a.sql": text, "0002_b.sqlite.sql": text, "0002_b.postgres.sql": text}).findings
    assert [(f.path, f.engine) for f in found] == [
        ("migrations/0001_a.sql", None),
        ("migrations/0002_b.postgres.sql", "postgres"),
        ("migrations/0002_b.sqlite.sql", "sqlite"),
    ]


def test_an_up_and_a_down_in_one_file_are_told_apart() -> None:
    text = "-- +goose Up\nCREATE TABLE t (a TEXT);\n\n-- +goose Down\nDROP TABLE t;\n"
    assert rules_in(text) == ["if-not-exists:2", "if-exists:5"]


@pytest.mark.parametrize(
    ("up", "down", "expected"),
    [
        (TABLE, "-- nothing", ["empty-down"]),
        (TABLE, "DROP TABLE IF EXISTS t;", []),
        (TABLE, " \n;", []),
        ("UPDATE t SET a = 1 WHERE b = 2;", "-- the old values are gone", []),
        ("-- gate: when column-missing t.a\nALTER TABLE t ADD COLUMN a TEXT;", "-- stays", ["empty-down"]),
        (TABLE, "-- gate: when engine sqlite\nDROP TABLE IF EXISTS t;", []),
    ],
)
def test_a_down_of_comments_is_found_where_the_up_makes_something(up: str, down: str, expected: list[str]) -> None:
    files = {"0001_a.sql": up, "0001_a.down.sql": down}
    assert [rule for rule, _ in told(files)] == expected
    assert told(files, require_down=False) == []


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("0001.sql", True),
        ("0001_.sql", True),
        ("0001.sqlite.sql", True),
        ("0001_add users.sql", True),
        ("0001_größe.sql", True),
        ("V1__AddUsers.sql", False),
        ("20240101120000_a.sql", False),
        ("0001-a.sql", False),
        ("0001_a.postgres.sql", False),
        ("0001.a.up.sql", False),
        ("0001_init/up.sql", False),
        ("0001/up.sql", True),
    ],
)
def test_a_name_says_what_the_migration_is_for_in_safe_characters(name: str, found: bool) -> None:
    files = {f"migrations/{name}": TABLE}
    assert ([rule for rule, _ in told(files)] == ["name"]) is found


def test_a_number_is_as_wide_as_others_where_that_changes_the_order() -> None:
    assert told({"9_a.sql": "", "10_b.sql": ""}) == [("numbering", "migrations/9_a.sql")]
    (finding,) = lint_files({"9_a.sql": "", "10_b.sql": ""}).findings
    assert finding.hint is not None
    assert finding.hint.endswith("git mv migrations/9_a.sql migrations/09_a.sql")
    assert told({"1_a.sql": "", "2_b.sql": ""}) == []
    assert told({"0001_a.sql": "", "20240101_b.sql": "", "20240101120000_c.sql": ""}) == []


ALLOWED = "-- gate: allow {} the rows are in u\nDROP TABLE IF EXISTS t;\n"


@pytest.mark.parametrize("rule", ["lint.destructive", "destructive", "LINT.Destructive", "lint.destructive:"])
def test_an_allowed_rule_is_silent_on_that_statement(rule: str) -> None:
    assert rules_in(ALLOWED.format(rule)) == []
    assert rules_in(ALLOWED.format(rule) + "DROP TABLE IF EXISTS u;") == ["destructive:3"]


def test_several_rules_can_be_allowed_and_errors_too() -> None:
    text = (
        "-- gate: allow lint.if-not-exists applied once, by hand\n\n-- a comment between\n"
        "-- gate: allow lint.engine-specific PostgreSQL alone runs it so far\nCREATE TABLE t (a SERIAL);"
    )
    assert rules_in(text) == []
    inside = "DROP TABLE IF EXISTS\n-- gate: allow lint.destructive the rows are in u\nt;"
    assert rules_in(inside) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-- gate: allow lint.destructive\nDROP TABLE IF EXISTS t;", ["allow-reason:1", "destructive:2"]),
        ("-- gate: allow lint.destructive  -- \nDROP TABLE IF EXISTS t;", ["allow-reason:1", "destructive:2"]),
        ("-- gate: allow\nSELECT 1;", ["allow-reason:1"]),
        ("-- gate: allow lint.destructive gone\nSELECT 1;", ["allow-unused:1"]),
        ("SELECT 1;\n-- gate: allow lint.destructive gone", ["allow-unused:2"]),
        ("-- gate: allow lint.if-not-exists no\nDROP TABLE IF EXISTS t;", ["allow-unused:1", "destructive:2"]),
        ("-- gate: allow lint.destructiv gone\nDROP TABLE IF EXISTS t;", ["allow-unused:1", "destructive:2"]),
        ("SELECT '\n-- gate: allow lint.destructive gone\n';", []),
        ("-- gate: alow lint.destructive gone\nDROP TABLE IF EXISTS t;", ["directive:1", "destructive:2"]),
        ("-- gate: when column-missing t\nSELECT 1;", ["directive:1"]),
        ("SELECT 1;\n-- gate: when table-missing t", ["directive:2"]),
    ],
)
def test_a_directive_without_reason_or_use_is_itself_a_finding(text: str, expected: list[str]) -> None:
    assert rules_in(text) == expected


def test_a_misspelt_rule_is_told_the_nearest() -> None:
    (unused,) = [f for f in linted("-- gate: allow destructve x\nSELECT 1;") if f.rule == "lint.allow-unused"]
    assert unused.hint == "Did you mean lint.destructive?"


def test_guards_that_nobody_honours_are_a_finding() -> None:
    text = "-- gate: when column-missing t.a\nALTER TABLE t ADD COLUMN a TEXT;"
    assert rules_in(text, guards=False) == ["guards-off:1"]
    assert rules_in(text, guards=True) == []


@pytest.mark.parametrize("content", [b"SELECT '\xff';", b"SELECT 1;\0", b"-- " + b"x" * (10 * 1024 * 1024)])
def test_a_file_that_is_no_text_is_not_passed_in_silence(content: bytes) -> None:
    (finding,) = lint_files({"0001_a.sql": content}).findings
    assert (finding.rule, finding.severity) == ("lint.unread", Severity.WARNING)


def test_a_name_that_is_no_utf_8_is_told_in_quoted_form() -> None:
    (finding,) = lint_files({"0001_a\udcff.sql": TABLE}).findings
    assert (finding.rule, finding.path) == ("lint.name", '"migrations/0001_a\\377.sql"')
    assert finding.message.encode()


def test_squawk_judges_ups_that_run_on_postgres() -> None:
    files = {"0001_t.sql": TABLE, "0002_i.sql": RENAME}
    (finding,) = lint_files(files).findings
    assert (finding.rule, finding.path, finding.line) == (RENAMING, "migrations/0002_i.sql", 1)
    assert finding.severity is Severity.WARNING
    assert finding.message.endswith(RENAME.removesuffix(";"))
    assert finding.hint is not None
    assert "file of PostgreSQL's own" in finding.hint
    assert told({"0001_t.sql": TABLE, "0002_i.sql": RENAME}, engines=("sqlite",)) == []
    assert told({"0001_t.sql": TABLE, "0002_i.sqlite.sql": RENAME, "0002_i.postgres.sql": TABLE}) == []
    assert told({"0001_t.sql": TABLE, "0001_t.down.sql": "DROP TABLE IF EXISTS t;\n" + RENAME}) == []
    own = {"0001_t.postgres.sql": TABLE, "0002_i.postgres.sql": INDEX}
    assert ("squawk.require-concurrent-index-creation", "migrations/0002_i.postgres.sql") in told(own)


def test_squawk_asks_for_no_concurrent_index_where_sqlite_reads_the_file_too() -> None:
    assert told({"0001_t.sql": TABLE, "0002_i.sql": INDEX}) == []


def test_squawk_is_not_shown_what_runs_on_sqlite_alone() -> None:
    pragma = "-- gate: when engine sqlite\nPRAGMA foreign_keys = ON;\n"
    found = lint_files({"0001_t.sql": TABLE, "0002_i.sql": pragma + RENAME}).findings
    assert [(f.rule, f.line) for f in found] == [(RENAMING, 3)]


def test_squawk_asks_for_time_outs_only_where_they_can_be_set() -> None:
    text = "ALTER TABLE t ADD COLUMN IF NOT EXISTS a BIGINT;"
    own = {rule for rule, _ in told({"0001_a.postgres.sql": text})}
    assert "squawk.require-lock-timeout" in own
    shared = {rule for rule, _ in told({"0001_a.sql": text.replace(" IF NOT EXISTS", "")})}
    assert not any(rule.endswith("timeout") for rule in shared)


def test_a_file_outside_a_transaction_is_judged_as_one() -> None:
    text = "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a);"
    assert not any("transaction" in rule for rule, _ in told({"0001_a.postgres.sql": text}))


@pytest.mark.parametrize("rule", [RENAMING, RENAMING.removeprefix("lint."), RENAMING.rpartition(".")[2]])
def test_a_rule_of_squawks_is_allowed_by_its_own_id(rule: str) -> None:
    allowed = f"-- gate: allow {rule} the table is small\n{RENAME}"
    assert told({"0001_t.sql": TABLE, "0002_i.sql": allowed}) == []
    assert told({"0001_t.sql": allowed.replace(RENAME, "SELECT 1;")}) == [
        ("allow-unused", "migrations/0001_t.sql")
    ]


def test_what_squawk_does_not_understand_is_a_note() -> None:
    found = lint_files({"0001_a.postgres.sql": f"{INDEX}\nSELECT FROM WHERE;"}).findings
    assert [(f.rule, f.severity) for f in found] == [("lint.not-run", Severity.NOTE)]


def test_a_table_made_anew_is_not_taken_for_one_renamed() -> None:
    rebuild = (
        "DROP TABLE IF EXISTS t_new;\nCREATE TABLE t_new (a TEXT);\nINSERT INTO t_new (a) SELECT a FROM t;\n"
        "DROP TABLE t;\nALTER TABLE t_new RENAME TO t;"
    )
    assert told({"0001_a.sql": rebuild}) == []
    renamed = [rule for rule, _ in told({"0001_a.sql": "ALTER TABLE t RENAME TO u;"})]
    assert renamed == ["squawk.renaming-table"]


def test_without_squawk_a_note_says_so_and_its_rules_may_be_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_: str) -> None:
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "files", none)
    allowed = f"-- gate: allow {RENAMING} the table is small\n{RENAME}"
    (finding,) = lint_files({"0001_t.sql": TABLE, "0002_i.sql": allowed}).findings
    assert (finding.rule, finding.severity, finding.path) == ("lint.not-run", Severity.NOTE, None)
    assert "gatekeeper[lint]" in finding.message
    assert lint_files({"0001_t.sql": TABLE}, engines=("sqlite",)).findings == ()


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("#!/bin/sh\nexec sleep 60\n", "stopped after 0.5 seconds"),
        ("#!/bin/sh\necho broken >&2\nexit 2\n", "broken"),
        ("#!/bin/sh\necho no json\n", "could not run"),
        ("#!/bin/sh\nexit 0\n", "it said nothing"),
        ("not a program", "could not run"),
    ],
)
def test_a_squawk_that_fails_is_a_problem_and_not_a_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, problem: str
) -> None:
    program = tmp_path / "squawk"
    program.write_text(script)
    program.chmod(0o755)
    file = importlib.metadata.PackagePath("squawk")
    file.dist = importlib.metadata.PathDistribution(tmp_path / "none.dist-info")
    monkeypatch.setattr(importlib.metadata, "files", lambda _: [file])
    reading = read(Script("a.sql", RENAME), "postgres", "up", shared=False)
    result = squawk_rules.squawk([reading], seconds=0.5)
    assert result.hits == {}
    assert problem in (result.problem or "")


def test_no_configuration_of_the_project_tells_squawk_what_to_judge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".squawk.toml").write_text('excluded_paths = ["*.sql"]\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert [rule for rule, _ in told({"0001_i.sql": RENAME})] == [RENAMING.removeprefix("lint.")]
    assert subprocess.run(["ls", str(tmp_path)], capture_output=True, check=True).stdout == b""
