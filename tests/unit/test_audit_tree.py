"""What is audited, what is not and why, and how a line of source claims a waiver (contract, sections 1 and 3)."""

from typing import Any

import pytest
from audits import audited
from cases import PACKET, PACKET_TEXT, case, change, edited, with_changes

from gatekeeper.gates.audit import check_audit
from gatekeeper.gates.case import Outcome
from gatekeeper.gates.pipeline import judge
from gatekeeper.model.errors import ConfigError
from gatekeeper.model.finding import Status

REACH = 'fn f() {\n    sqlx::query("SELECT 1");\n}\n'
STORE = 'pub fn f(pool: &sqlx::SqlitePool) { sqlx::query("SELECT 1"); }\n'
BOTH = '#[test]\nfn runs() { on(["sqlite::memory:", "postgres://localhost"]); }\n'


def found(outcome: Outcome, rule: str = "CX-DBP-VAL-") -> list[tuple[str, str | None, int | None]]:
    return [(f.rule[-3:], f.path, f.line) for f in outcome.findings if f.rule.startswith(rule)]


def test_without_sources_and_migrations_there_is_nothing_to_audit() -> None:
    outcome = audited({"README.md": "text", "src/a.txt": "text", "lib/b.rs": REACH})
    assert (outcome.status, outcome.findings) == (Status.NOT_APPLICABLE, ())
    assert "no source" in str(outcome.reason)


def test_a_pack_that_there_is_not_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="'rust-sqlxx', which there isn't; the nearest is 'rust-sqlx'"):
        audited({"src/a.rs": REACH}, audit={"packs": ["rust-sqlxx"]})


def test_without_a_pack_nothing_is_judged() -> None:
    assert audited({"src/a.rs": REACH}, audit={"packs": []}).status is Status.NOT_APPLICABLE
    assert audited({"src/a.rs": REACH}, audit={"packs": ["hygiene"]}).status is Status.NOT_APPLICABLE


def test_only_the_configured_packs_run() -> None:
    files = {"src/a.rs": 'fn f() { sqlx::query("SELECT ?1"); }'}
    assert found(audited(files, audit={"packs": ["rust-sqlx"]})) == [("010", "src/a.rs", 1)]
    assert found(audited(files, audit={"packs": ["sql-portability"]})) == [("011", "src/a.rs", 1)]


def test_storage_and_sources_are_those_of_the_configuration() -> None:
    files = {"src/db/a.rs": REACH, "src/storage/b.rs": REACH, "lib/c.rs": REACH, "tests/both.rs": BOTH}
    own = {"sources": ["src/**", "lib/**"], "storage": ["src/db/**"]}
    assert found(audited(files, audit=own)) == [("010", "lib/c.rs", 2), ("010", "src/storage/b.rs", 2)]
    assert found(audited(files)) == [("010", "src/db/a.rs", 2)]


def test_changed_files_alone_are_judged_but_the_set_as_a_whole() -> None:
    files = {
        "src/a.rs": REACH,
        "src/b.rs": REACH,
        "src/storage/mod.rs": STORE,
        "migrations/0001_a.sql": "SELECT ?1;",
        "migrations/0003_b.sql": "SELECT ?1;",
    }
    assert found(audited(files, {"src/b.rs", "migrations/0003_b.sql"})) == [
        ("013", "migrations/0001_a.sql", None),
        ("013", "migrations/0003_b.sql", None),
        ("013", "migrations/0003_b.sql", None),
        ("011", "migrations/0003_b.sql", 1),
        ("010", "src/b.rs", 2),
        ("014", "src/storage/mod.rs", None),
    ]


def test_migration_hygiene_follows_the_settings_of_the_migrations() -> None:
    files = {"migrations/0001_a.sql": "SELECT 1;", "migrations/0003_b.sql": "SELECT 1;"}
    assert found(audited(files, migrations={"require-down": False, "contiguous": False})) == []
    older = audited(files, migrations={"since": "0009"})
    assert {f.severity for f in older.findings} == {"note"}


@pytest.mark.parametrize(("script", "severity"), [("0008_a.sql", "note"), ("0009_a/up.sql", "error")])
def test_sql_of_versions_that_are_settled_is_only_noted(script: str, severity: str) -> None:
    files = {f"migrations/{script}": "SELECT ?1;", "src/storage/a.rs": 'fn f() { sqlx::query("SELECT ?1"); }'}
    older = audited(files, migrations={"since": "9", "require-down": False})
    told = {(f.path, str(f.severity)) for f in older.findings if f.rule.endswith("-011")}
    assert told == {(f"migrations/{script}", severity), ("src/storage/a.rs", "error")}


def test_mixed_layouts_are_a_finding_and_not_an_error_of_the_call() -> None:
    files = {"migrations/0001_a.sql": "SELECT 1;", "migrations/0002_b/up.sql": "SELECT 1;"}
    assert ("013", "migrations/0001_a.sql", None) in found(audited(files))


def test_sql_of_one_engine_alone_need_not_be_portable() -> None:
    text = "CREATE TRIGGER a AFTER INSERT ON b BEGIN SELECT NEW.id; END;"
    files = {"db/sqlite/0001_a.sql": text, "db/pg/0001_a.sql": "SELECT now();", "src/a.rs": ""}
    own = {"paths": [], "sqlite": ["db/sqlite"], "postgres": ["db/pg"], "require-down": False}
    assert found(audited(files, migrations=own)) == []
    shared = {"db/one/0001_a.sql": text}
    assert (
        found(audited(shared, migrations={"paths": ["db/one"], "require-down": False}))
        == [("011", "db/one/0001_a.sql", 1)] * 2
    )
    alone = {"paths": ["db/one"], "engines": ["sqlite"], "require-down": False}
    outcome = audited(shared, migrations=alone)
    assert found(outcome) == []
    assert "only one engine" in str(outcome.reason)


TRIGGER = "CREATE TRIGGER a AFTER INSERT ON b BEGIN\n  SELECT 1;\n  SELECT NEW.id;\nEND;\n"
ROUTINE = "CREATE FUNCTION f() RETURNS int AS $$ BEGIN;\n RETURN now(); END $$ LANGUAGE plpgsql;\n"


@pytest.mark.parametrize(
    ("script", "lines"),
    [
        (f"-- gate: when engine sqlite\n{TRIGGER}SELECT now();\n", [6]),
        (f"SELECT 1;\n  --gate: WHEN Engine postgres\r\n\n-- Why.\n/* so */ {ROUTINE}SELECT ?1;", [7]),
        ("-- gate: when engine sqlite\n-- gate: when table-missing a\nSELECT ?1; SELECT ?2;\n", [3]),
        ("-- gate: when table-missing a\nSELECT ?1;\n", [2]),
        ("-- gate: when engine mysql\nSELECT ?1;\n", [2]),
        ("-- gate: when engine sqlite please\nSELECT ?1;\n", [2]),
        ("SELECT 1,\n-- gate: when engine sqlite\n?1; SELECT 2;\n", [3]),
        ("SELECT '\n-- gate: when engine sqlite\n' , ?1;\n", [3]),
        ("/*\n-- gate: when engine sqlite\n*/ SELECT ?1;\n", [3]),
        ("SELECT ?1;\n-- gate: when engine sqlite\n", [1]),
        ("-- gate: when engine sqlite\n;\nSELECT ?1;\n", []),
        ("-- gate: when engine sqlite\nSELECT ?1", []),
    ],
)
def test_a_statement_under_the_guard_of_an_engine_need_not_be_portable(script: str, lines: list[int]) -> None:
    outcome = audited({"migrations/0001_a.sql": script}, migrations={"require-down": False})
    assert sorted({line for _, _, line in found(outcome, "CX-DBP-VAL-011")}, key=str) == lines


@pytest.mark.parametrize(
    ("path", "shared"),
    [
        ("migrations/0001_a.sqlite.sql", False),
        ("migrations/postgres/0001_a.sql", False),
        ("migrations/sqlite/0001_a/up.sql", False),
        ("src/store/schema_sqlite.sql", False),
        ("migrations/0001_pg_stats.sql", True),
        ("migrations/0001_import_sqlite/up.sql", True),
        ("migrations/V1__sqlite_ids.sql", True),
    ],
)
def test_a_script_is_one_engines_where_its_name_or_folder_says_so(path: str, shared: bool) -> None:
    outcome = audited({path: "SELECT ?1;"}, audit={"sources": ["**"]}, migrations={"require-down": False})
    assert found(outcome, "CX-DBP-VAL-011") == ([("011", path, 1)] if shared else [])


@pytest.mark.parametrize(
    ("test", "missing"),
    [
        (BOTH, False),
        ('#[test]\n#[ignore = "needs POSTGRES_URL"]\nfn on_sqlite() {}\n', False),
        ("#[test]\nfn f() { check::<SqliteStore>(); check::<PgStore>(); }\n", False),
        ("#[test]\nfn f() { for_each_engine!(Sqlite, pg); }\n", False),
        ("// postgres\n#[test]\nfn on_sqlite() {}\n", True),
        ('/// On postgres.\n#[doc = "postgres"]\n#[test]\nfn on_sqlite() { /* postgres */ }\n', True),
        ("#[test]\nfn f() {}\n", True),
        ("#[test]\nfn sqlite_pages_of_upgrade() {}\n", True),
    ],
)
@pytest.mark.parametrize("place", ["src/storage/checks.rs", "tests/checks.rs", "crates/x/tests/checks.rs"])
def test_tests_name_both_engines_in_code(test: str, missing: bool, place: str) -> None:
    outcome = audited({"src/storage/mod.rs": STORE, place: test})
    assert found(outcome, "CX-DBP-VAL-014") == ([("014", "src/storage/mod.rs", None)] if missing else [])


def test_production_code_that_names_an_engine_is_no_test_of_it() -> None:
    production = 'fn f() { on("postgres"); }\n#[cfg(test)]\nmod tests { fn sqlite() {} }\n'
    outcome = audited({"src/storage/mod.rs": STORE, "src/storage/b.rs": production})
    assert [f.message.count("PostgreSQL") for f in outcome.findings if f.rule.endswith("014")] == [1]


@pytest.mark.parametrize(
    ("files", "tables", "reason"),
    [
        ({"src/a.rs": "fn f() {}"}, {}, "no storage code"),
        ({"src/storage/a.rs": "fn f() { files(); } // sqlx"}, {}, "no storage code"),
        ({"src/storage/a.rs": STORE}, {"migrations": {"engines": ["sqlite"]}}, "only one engine"),
    ],
)
def test_readiness_does_not_apply_without_storage_or_with_one_engine(
    files: dict[str, Any], tables: dict[str, Any], reason: str
) -> None:
    outcome = audited(files, **tables)
    assert found(outcome, "CX-DBP-VAL-014") == []
    assert f"CX-DBP-VAL-014 doesn't apply: {reason}" in str(outcome.reason)


def test_what_cannot_be_read_is_a_note_with_its_name() -> None:
    files: dict[str, Any] = {
        "src/latin.rs": b'fn f() { sqlx::query("\xe9"); }',
        "src/odd.rs": 'fn f() { let = ; }\nfn g() { sqlx::query("SELECT 1"); }\n',
        "migrations/0001_a.sql": b"SELECT '\xe9';",
    }
    outcome = audited(files, migrations={"require-down": False})
    notes = {(f.path, f.line) for f in outcome.findings if f.severity == "note"}
    assert notes == {("src/latin.rs", None), ("src/odd.rs", 1), ("migrations/0001_a.sql", None)}
    assert [(f.path, f.line) for f in outcome.findings if f.severity == "error"] == [("src/odd.rs", 2)]


@pytest.mark.parametrize(
    ("path", "source", "line"),
    [
        ("src/a.py", "import sqlite3\ndef f(:\n    sqlite3.connect()\n", 2),
        ("src/a.py", "import sqlite3\ndef f():\n", 2),
        ("src/a.rs", "use sqlx;\nfn main( {\n}\n", 2),
        ("src/a.go", 'package a\nimport "database/sql"\nfunc f( {\n}\n', 3),
        ("src/a.ts", "import pg from 'pg';\nlet x = (1;\n", 2),
        ("src/a.js", "import pg from 'pg';\nfunction f( {\n", 2),
        ("src/b.ts", "import pg from 'pg';\nexport const f = () => sql<Row[]>`SELECT 1`;\n", None),
        ("src/b.py", "\n", None),
    ],
)
def test_what_cannot_be_parsed_is_a_note_at_its_line(path: str, source: str, line: int | None) -> None:
    packs = {"packs": ["rust-sqlx", "python-dbapi", "go-sql", "typescript-sql"]}
    notes = [(f.path, f.line) for f in audited({path: source}, audit=packs).findings if f.severity == "note"]
    assert notes == ([(path, line)] if line else [])


def test_a_line_with_two_forms_has_two_findings_and_a_form_twice_has_one() -> None:
    outcome = audited(
        {"migrations/0001_a.sql": "SELECT ?1, ?1, ifnull(?2, '');\n"}, migrations={"require-down": False}
    )
    texts = sorted(f.message.split(" holds ")[1].split(",")[0] for f in outcome.findings)
    assert texts == ["?1", "?2", "ifnull("]


def test_a_form_within_a_form_is_told_once() -> None:
    outcome = audited({"migrations/0001_a.sql": "INSERT OR REPLACE INTO a VALUES (1);"})
    assert [f.message.split(" holds ")[1].split(",")[0] for f in outcome.findings if "-011" in f.rule] == [
        "INSERT OR REPLACE"
    ]


def test_a_dot_import_stands_for_what_it_may_hold_alone() -> None:
    source = """package api

import . "github.com/jmoiron/sqlx"

type Own struct{ Name string }

func Named(ctx Context) Own { return Own{Name: ctx.Value(Field)} }

func f(url string) (*DB, error) {
	Named(nil)
	return Connect("postgres", url)
}
"""
    outcome = audited({"internal/api.go": source}, audit={"packs": ["go-sql"], "sources": ["**"]})
    assert found(outcome) == [("012", "internal/api.go", 9), ("010", "internal/api.go", 11)]


@pytest.mark.parametrize(
    "argument", ['"SELECT a FROM {} WHERE ?".format(x)', '("SELECT a " "FROM {} WHERE ?").format(x).strip()']
)
def test_sql_that_a_method_of_its_text_fills_in_is_found(argument: str) -> None:
    source = f"def f(cursor, x):\n    cursor.execute({argument})\n"
    outcome = audited({"src/a.py": source}, audit={"packs": ["python-dbapi", "sql-portability"]})
    assert sorted(rule for rule, _, _ in found(outcome)) == ["010", "011"]


def judged(source: str, *waivers: str) -> Outcome:
    text = edited(PACKET_TEXT, "- NONE\n", "".join(f"- {line}\n" for line in waivers) or "- NONE\n")
    built = case({PACKET: text, "src/a.rs": source})
    return check_audit(with_changes(built, {}, change("src/a.rs")))


RECORD = "W-1 | CX-DBP-VAL-010 | src/a.rs | a reason | maintainers | 2026-01-01 | 2026-12-31"
ELSEWHERE = RECORD.replace("src/a.rs", "src/elsewhere.rs")
ABOVE = REACH.replace("    sqlx", "    // WAIVER [W-1]: until the port is done\n    sqlx")
SAME = REACH.replace(";\n", "; // WAIVER [W-1]: until the port is done\n", 1)


@pytest.mark.parametrize("source", [ABOVE, SAME])
@pytest.mark.parametrize(
    "record", [RECORD, RECORD.replace("VAL-010", "VAL"), RECORD.replace("src/a.rs", "src/elsewhere.rs")]
)
def test_a_marked_line_is_relaxed_by_the_waiver_that_the_packet_holds(source: str, record: str) -> None:
    outcome = judged(source, record)
    assert [(f.rule, f.severity, f.waiver) for f in outcome.findings] == [("CX-DBP-VAL-010", "error", "W-1")]


@pytest.mark.parametrize(
    ("source", "record"),
    [
        (ABOVE, None),
        (ABOVE, ELSEWHERE.replace("W-1", "W-2")),
        (ABOVE, RECORD.replace("VAL-010", "VAL-012")),
        (ABOVE, RECORD.replace("2026-12-31", "2026-01-09")),
        (ABOVE.replace("    sqlx", "\n    sqlx"), ELSEWHERE),
        (ABOVE.replace("[W-1]: until the port is done", "[W-1]"), ELSEWHERE),
        (REACH + "// WAIVER [W-1]: below\n", ELSEWHERE),
        (REACH, ELSEWHERE),
    ],
)
def test_a_line_is_relaxed_by_nothing_less(source: str, record: str | None) -> None:
    outcome = judged(source, *([record] if record else []))
    assert [(f.rule, f.waiver) for f in outcome.findings] == [("CX-DBP-VAL-010", None)]
    assert str(outcome.reason).startswith("CX-DBP-VAL-010")


def test_the_record_covers_its_paths_without_a_marker() -> None:
    assert [f.waiver for f in judged(REACH, RECORD).findings] == ["W-1"]


def test_a_finding_on_no_line_is_waived_by_the_record_alone() -> None:
    record = "W-1 | CX-DBP-VAL-014 | src/storage/** | a reason | maintainers | 2026-01-01 | 2026-12-31"
    text = edited(PACKET_TEXT, "- NONE\n", f"- {record}\n")
    built = case({PACKET: text, "src/storage/mod.rs": STORE})
    judgement = judge(with_changes(built, {}, change("src/a.txt")))
    check = next(c for c in judgement.checks if c.id == "audit")
    assert (check.status, [f.waiver for f in check.findings]) == ("PASS", ["W-1"])
    assert judgement.waived == {"W-1": 1}


def test_the_audit_stands_between_the_gates_and_the_migrations() -> None:
    built = case({"src/a.rs": SAME, PACKET: edited(PACKET_TEXT, "- NONE\n", f"- {RECORD}\n")})
    judgement = judge(with_changes(built, {}, change("src/a.rs")))
    ids = [check.id for check in judgement.checks]
    assert ids[ids.index("audit") - 1 : ids.index("audit") + 2] == ["gates", "audit", "migrations"]
    assert judgement.waived == {"W-1": 1}
