"""What is audited, what is not and why, and how a line of source claims a waiver (contract, sections 1 and 3)."""

from typing import Any

import pytest
from cases import PACKET, PACKET_TEXT, Files, case, change, edited, settings, with_changes

from gatekeeper.gates.audit import audit_tree, check_audit
from gatekeeper.gates.case import Outcome
from gatekeeper.gates.pipeline import judge
from gatekeeper.model.finding import Status

REACH = 'fn f() {\n    sqlx::query("SELECT 1");\n}\n'
STORE = 'pub fn f(pool: &sqlx::SqlitePool) { sqlx::query("SELECT 1"); }\n'
BOTH = '#[test]\nfn runs() { on(["sqlite::memory:", "postgres://localhost"]); }\n'


def audited(files: dict[str, Any], changed: set[str] | None = None, **tables: Any) -> Outcome:
    return audit_tree(Files(files), settings(**tables), changed)


def found(outcome: Outcome, rule: str = "CX-DBP-VAL-") -> list[tuple[str, str | None, int | None]]:
    return [(f.rule[-3:], f.path, f.line) for f in outcome.findings if f.rule.startswith(rule)]


def test_without_sources_and_migrations_there_is_nothing_to_audit() -> None:
    outcome = audited({"README.md": "text", "src/a.txt": "text", "lib/b.rs": REACH})
    assert (outcome.status, outcome.findings) == (Status.NOT_APPLICABLE, ())
    assert "no source" in str(outcome.reason)


def test_packs_that_are_not_built_are_named_and_never_counted_as_passed() -> None:
    outcome = audited({"src/a.rs": REACH}, audit={"packs": ["rust-sqlx", "hygiene", "python-dbapi"]})
    assert "pack hygiene isn't built" in str(outcome.reason)
    assert "pack python-dbapi isn't built" in str(outcome.reason)
    outcome = audited({"src/a.rs": REACH}, audit={"packs": ["hygiene"]})
    assert outcome.status is Status.NOT_APPLICABLE
    assert "hygiene" in str(outcome.reason)
    assert "rules" in str(audited({"src/a.rs": ""}, audit={"rules": ["rules"]}).reason)


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
    assert [f.message.count("PostgreSQL") for f in outcome.findings] == [1]


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
    files = {
        "src/latin.rs": b'fn f() { sqlx::query("\xe9"); }',
        "src/odd.rs": 'fn f() { let = ; }\nfn g() { sqlx::query("SELECT 1"); }\n',
        "migrations/0001_a.sql": b"SELECT '\xe9';",
    }
    outcome = audited(files, migrations={"require-down": False})
    notes = {(f.path, f.line) for f in outcome.findings if f.severity == "note"}
    assert notes == {("src/latin.rs", None), ("src/odd.rs", 1), ("migrations/0001_a.sql", None)}
    assert [(f.path, f.line) for f in outcome.findings if f.severity == "error"] == [("src/odd.rs", 2)]


def test_a_line_with_two_forms_has_two_findings_and_a_form_twice_has_one() -> None:
    outcome = audited(
        {"migrations/0001_a.sql": "SELECT ?1, ?1, ifnull(?2, '');\n"}, migrations={"require-down": False}
    )
    texts = sorted(f.message.split(" holds ")[1].split(",")[0] for f in outcome.findings)
    assert texts == ["?1", "?2", "ifnull("]


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
