"""Planted faults: each is caught by its own rule, on the file and the engine where it lives."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from gatekeeper.engines.server import running_server
from gatekeeper.migrate.prove import prove
from gatekeeper.model.finding import Finding, Severity, Status
from gatekeeper.model.proof import EngineProof, ProofResult, SourceFile
from gatekeeper.model.settings import MigrationSettings, PostgresSettings

SHOP = Path(__file__).parent.parent / "data" / "migrations" / "shop"
BOTH = ["postgres", "sqlite"]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresSettings]:
    """One server for the module, reached by URL; each proof makes a database of its own on it."""
    with running_server("", sockets=True) as running:
        host = running.connect["host"]
        yield PostgresSettings(url=f"postgresql://postgres@/postgres?host={host}")


class Prover:
    """Proves the clean set with some files replaced, added or (None) removed."""

    def __init__(self, server: PostgresSettings) -> None:
        self._server = server

    def __call__(
        self, changes: Mapping[str, str | bytes | None] | None = None, settings: MigrationSettings | None = None
    ) -> ProofResult:
        texts: dict[str, str | bytes | None] = {p.name: p.read_bytes() for p in SHOP.iterdir()}
        return self.only(texts | dict(changes or {}), settings)

    def only(
        self, texts: Mapping[str, str | bytes | None], settings: MigrationSettings | None = None
    ) -> ProofResult:
        files = [
            SourceFile(f"migrations/{name}", text.encode() if isinstance(text, str) else text)
            for name, text in texts.items()
            if text is not None
        ]
        return prove(files, settings or MigrationSettings(), self._server)


@pytest.fixture
def proven(server: PostgresSettings) -> Prover:
    return Prover(server)


def found(result: ProofResult, rule: str) -> list[Finding]:
    return [f for f in result.findings if f.rule == f"migration.{rule}"]


def errors(result: ProofResult) -> list[str]:
    return sorted({f.rule.removeprefix("migration.") for f in result.findings if f.severity is Severity.ERROR})


def engine(result: ProofResult, name: str) -> EngineProof:
    assert result.proof is not None
    return next(e for e in result.proof.engines if e.engine == name)


def test_the_clean_set_passes_every_step_on_both_engines(proven: Prover) -> None:
    result = proven()
    assert (result.status, result.findings) == (Status.PASS, ())
    for name in BOTH:
        assert set(engine(result, name).steps.values()) == {Status.PASS}
        assert engine(result, name).applied == 3


def test_the_same_set_gives_the_same_record_on_every_run(proven: Prover) -> None:
    first, second = proven(), proven()
    for name in BOTH:
        assert engine(first, name).fingerprint == engine(second, name).fingerprint
    assert first.findings == second.findings


def test_an_up_that_fails_names_line_and_reason_and_ends_the_engine(proven: Prover) -> None:
    result = proven({"0002_orders.sql": "CREATE TABLE a (x TEXT);\n\nCREATE TABL b (x TEXT);\n"})
    (postgres, sqlite) = found(result, "up-fails")
    assert [postgres.engine, sqlite.engine] == BOTH
    assert {postgres.line, sqlite.line} == {3}
    assert "syntax error" in postgres.message
    assert postgres.path == "migrations/0002_orders.sql"
    record = engine(result, "postgres")
    assert (record.applied, record.fingerprint) == (1, None)
    assert record.steps["apply"] is Status.FAIL
    assert record.steps["replay-all"] is Status.NOT_RUN
    assert record.steps["baseline"] is Status.NOT_RUN


def test_an_up_that_fails_on_one_engine_only_leaves_the_other_to_its_end(proven: Prover) -> None:
    result = proven({"0002_orders.sql": "CREATE TABLE orders (user_id TEXT, total INT, at DATE DEFAULT now());"})
    assert [f.engine for f in found(result, "up-fails")] == ["sqlite"]
    assert engine(result, "postgres").applied == 3


def test_a_second_run_that_fails_on_one_engine_only(proven: Prover) -> None:
    result = proven(
        {
            "0002_orders.postgres.sql": "CREATE TABLE IF NOT EXISTS orders (user_id TEXT, total INT);",
            "0002_orders.sqlite.sql": "CREATE TABLE orders (user_id TEXT, total INT);",
            "0002_orders.sql": None,
            "0002_orders.down.sql": "DROP TABLE orders;",
        }
    )
    (finding,) = found(result, "replay-fails")
    assert (finding.engine, finding.path, finding.line) == ("sqlite", "migrations/0002_orders.sqlite.sql", 1)
    assert engine(result, "sqlite").steps["replay-file"] is Status.FAIL
    assert engine(result, "sqlite").steps["baseline"] is Status.PASS
    assert engine(result, "postgres").status is Status.PASS


def test_replay_off_is_not_applicable_and_not_passed(proven: Prover) -> None:
    plain = "CREATE TABLE extra (x TEXT);"
    result = proven({"0004_x.sql": plain, "0004_x.down.sql": "DROP TABLE extra;"}, MigrationSettings(replay="off"))
    assert result.status is Status.PASS
    steps = engine(result, "sqlite").steps
    assert (steps["replay-file"], steps["replay-all"]) == (Status.NOT_APPLICABLE, Status.NOT_APPLICABLE)
    assert steps["baseline"] is Status.PASS


def test_a_replay_that_changes_the_schema(proven: Prover) -> None:
    up = "DROP TABLE IF EXISTS extra; ALTER TABLE spare RENAME TO extra; CREATE TABLE spare (y TEXT);"
    result = proven(
        {
            "0004_a.sql": "CREATE TABLE IF NOT EXISTS spare (x TEXT);",
            "0004_a.down.sql": "DROP TABLE IF EXISTS spare;",
            "0005_b.sql": up,
            "0005_b.down.sql": "DROP TABLE spare; ALTER TABLE extra RENAME TO spare;",
        }
    )
    findings = [f for f in found(result, "replay-schema") if f.path == "migrations/0005_b.sql"]
    assert [f.engine for f in findings] == BOTH
    assert "column extra.x is gone" in findings[0].message
    assert "column extra.y is there in addition" in findings[0].message


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("INSERT INTO users (id) SELECT 'n' || COUNT(*) FROM users;", "table users holds 1 row more"),
        ("UPDATE users SET age = COALESCE(age, 1) * 2;", "column age of table users changed"),
    ],
)
def test_a_replay_that_changes_rows(proven: Prover, statement: str, told: str) -> None:
    result = proven({"0004_seed.sql": statement, "0004_seed.down.sql": "-- rows stay"})
    assert errors(result) == ["replay-data"]
    findings = found(result, "replay-data")
    assert {f.engine for f in findings} == set(BOTH)
    assert {f.path for f in findings} == {"migrations/0004_seed.sql"}
    assert told in findings[0].message


def test_values_of_volatile_defaults_may_change_in_a_replay(proven: Prover) -> None:
    up = """CREATE TABLE IF NOT EXISTS seen (k TEXT PRIMARY KEY, at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
            DELETE FROM seen WHERE k = 'a'; INSERT INTO seen (k) VALUES ('a');"""
    result = proven({"0004_seen.sql": up, "0004_seen.down.sql": "DROP TABLE seen;"})
    assert result.status is Status.PASS


def test_replay_all_sees_what_no_single_file_shows(proven: Prover) -> None:
    """Safe to run again right after itself, but not once the seed of the first file came back."""
    up = "-- gate: loses users u2 is u3 from now on\nUPDATE users SET id = 'u3' WHERE id = 'u2';"
    result = proven({"0004_d.sql": up, "0004_d.down.sql": "-- stays"})
    assert errors(result) == ["replay-fails"]
    assert {f.path for f in found(result, "replay-fails")} == {"migrations/0004_d.sql"}
    assert engine(result, "sqlite").steps["replay-file"] is Status.PASS
    assert engine(result, "sqlite").steps["replay-all"] is Status.FAIL


def test_replay_all_allows_what_comes_to_the_same_in_the_end(proven: Prover) -> None:
    result = proven(
        {
            "0004_a.sql": "CREATE TABLE IF NOT EXISTS old (x TEXT);",
            "0004_a.down.sql": "DROP TABLE IF EXISTS old;",
            "0005_b.sql": "CREATE TABLE IF NOT EXISTS fresh (x TEXT); DROP TABLE IF EXISTS old;",
            "0005_b.down.sql": "CREATE TABLE old (x TEXT); DROP TABLE fresh;",
            "0006_c.sql": "-- gate: loses users nobody needs it\nDELETE FROM users WHERE id = 'u2';",
            "0006_c.down.sql": "INSERT INTO users (id, name) VALUES ('u2', 'two');",
        }
    )
    assert result.status is Status.PASS


def test_replay_all_lays_a_difference_to_the_file_that_makes_it(proven: Prover) -> None:
    marked = "DELETE FROM logs WHERE EXISTS (SELECT 1 FROM users WHERE id = 'mark');"
    result = proven(
        {
            "0004_a.sql": "CREATE TABLE IF NOT EXISTS logs (x TEXT);",
            "0004_a.down.sql": "DROP TABLE logs;",
            "0005_b.sql": marked,
            "0005_b.down.sql": "-- rows stay",
            "0006_c.sql": "INSERT INTO logs SELECT 'a' WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = 'mark');"
            "INSERT INTO users (id) VALUES ('mark') ON CONFLICT (id) DO NOTHING;",
            "0006_c.down.sql": "-- rows stay",
        },
    )
    assert errors(result) == ["redo", "replay-data"] or errors(result) == ["replay-data"]
    assert {f.path for f in found(result, "replay-data")} == {"migrations/0005_b.sql"}
    assert engine(result, "postgres").steps["replay-file"] is Status.PASS


@pytest.mark.parametrize(
    ("down", "left"),
    [
        ("DROP VIEW IF EXISTS other;", "view totals"),
        ("DROP VIEW totals; CREATE TABLE rest (x TEXT);", "table rest"),
        ("DROP VIEW totals; CREATE INDEX rest ON users (name);", "index rest"),
        ("DROP VIEW totals; ALTER TABLE users ADD COLUMN rest TEXT;", "column users.rest"),
    ],
)
def test_a_down_that_leaves_something(proven: Prover, down: str, left: str) -> None:
    result = proven({"0003_totals.down.sql": down})
    assert errors(result) == ["trace"]
    findings = found(result, "trace")
    assert [f.engine for f in findings] == BOTH
    assert {f.path for f in findings} == {"migrations/0003_totals.down.sql"}
    assert findings[0].message == f"The down leaves {left} behind."
    assert engine(result, "sqlite").steps["staircase"] is Status.FAIL


@pytest.mark.parametrize(
    ("made", "left"),
    [
        ("CREATE TYPE mood AS ENUM ('a', 'b');", "type mood"),
        ("CREATE DOMAIN year AS INTEGER CHECK (VALUE > 0);", "type year"),
        ("CREATE SEQUENCE numbers;", "sequence numbers"),
        (
            "CREATE FUNCTION f(x INT) RETURNS INT LANGUAGE sql AS $$ SELECT 1; SELECT 2 $$;",
            "function f(x integer)",
        ),
        ("CREATE SCHEMA side;", "schema side"),
        ("CREATE EXTENSION citext;", "extension citext"),
        ("CREATE MATERIALIZED VIEW heap AS SELECT 1 AS one;", "view heap"),
        ("ALTER TABLE users ADD CONSTRAINT named CHECK (age < 200);", "constraint users.named"),
        (
            """CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS $t$ BEGIN RETURN NEW; END; $t$;
            CREATE TRIGGER tr BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION t();""",
            "trigger users.tr",
        ),
        ("CREATE RULE r AS ON DELETE TO orders DO INSTEAD (SELECT 1; SELECT 2);", "rule orders.r"),
        ("CREATE POLICY p ON users USING (true);", "policy users.p"),
    ],
)
def test_what_only_postgres_has_is_seen_when_a_down_leaves_it(proven: Prover, made: str, left: str) -> None:
    changes = {"0004_x.postgres.sql": made, "0004_x.postgres.down.sql": "-- forgotten"}
    result = proven(changes, MigrationSettings(engines=("postgres",), replay="off"))
    assert f"The down leaves {left} behind." in {f.message for f in found(result, "trace")}
    assert {f.path for f in found(result, "trace")} == {"migrations/0004_x.postgres.down.sql"}


@pytest.mark.parametrize(
    ("down", "told"),
    [
        ("ALTER TABLE users ALTER COLUMN name SET DEFAULT 'x';", "changes column users.name"),
        ("ALTER TABLE users ALTER COLUMN name DROP NOT NULL;", "changes column users.name"),
        ("ALTER TABLE users ALTER COLUMN age TYPE BIGINT;", "changes column users.age"),
        ("ALTER TABLE users DROP CONSTRAINT users_age_check;", "takes constraint users.CHECK ((age >= 0))"),
    ],
)
def test_a_down_that_changes_what_was_there(proven: Prover, down: str, told: str) -> None:
    changes = {"0004_x.sql": "SELECT 1;", "0004_x.down.sql": down}
    result = proven(changes, MigrationSettings(engines=("postgres",)))
    assert told in found(result, "trace")[0].message


def test_a_sqlite_trigger_that_a_down_leaves(proven: Prover) -> None:
    up = """CREATE TRIGGER IF NOT EXISTS tr AFTER UPDATE ON users BEGIN
        UPDATE users SET age = CASE WHEN 1 THEN 2 END; DELETE FROM orders; END;"""
    changes = {"0004_x.sql": up, "0004_x.down.sql": "-- forgotten"}
    result = proven(changes, MigrationSettings(engines=("sqlite",)))
    assert [f.message for f in found(result, "trace")] == ["The down leaves trigger tr behind."]


def test_a_rebuild_that_forgets_a_check_or_collation_is_a_trace(proven: Prover) -> None:
    def rebuild(body: str) -> str:
        return f"""CREATE TABLE n ({body}); INSERT INTO n (a, b) SELECT a, b FROM c; DROP TABLE IF EXISTS c;
            ALTER TABLE n RENAME TO c;"""

    one = MigrationSettings(engines=("sqlite",))
    made = "a TEXT COLLATE NOCASE, b INTEGER CHECK (b > 0), g INTEGER AS (b + 1) STORED"
    base = {"0004_x.sql": f"CREATE TABLE IF NOT EXISTS c ({made});", "0004_x.down.sql": "DROP TABLE c;"}
    moved = "b INTEGER CHECK(b>0), g integer GENERATED ALWAYS AS (b+1) STORED, a text collate nocase"
    same = base | {"0005_y.sql": "SELECT 1;", "0005_y.down.sql": rebuild(moved)}
    assert proven(same, one).status is Status.PASS
    for wrong in (
        "a TEXT, b INTEGER CHECK (b > 0), g INTEGER AS (b + 1) STORED",
        "a TEXT COLLATE NOCASE, b INTEGER, g INTEGER AS (b + 1) STORED",
        "a TEXT COLLATE NOCASE, b INTEGER CHECK (b > 0), g INTEGER AS (b + 2) STORED",
    ):
        changed = base | {"0005_y.sql": "SELECT 1;", "0005_y.down.sql": rebuild(wrong)}
        assert errors(proven(changed, one)) == ["trace"], wrong


def test_a_script_that_can_not_run_in_a_transaction_is_run_outside(proven: Prover) -> None:
    up = "CREATE INDEX CONCURRENTLY IF NOT EXISTS slow ON users (name);"
    changes = {"0004_x.sql": up, "0004_x.down.sql": "DROP INDEX CONCURRENTLY slow;"}
    result = proven(changes, MigrationSettings(engines=("postgres",)))
    assert (result.status, result.findings) == (Status.PASS, ())


def test_settings_of_one_script_do_not_reach_the_next(proven: Prover) -> None:
    up = "CREATE SCHEMA IF NOT EXISTS side; SET search_path TO side; CREATE TABLE IF NOT EXISTS t (x TEXT);"
    changes = {
        "0004_x.sql": up,
        "0004_x.down.sql": "DROP SCHEMA side CASCADE;",
        "0005_y.sql": "CREATE TABLE IF NOT EXISTS here (x TEXT);",
        "0005_y.down.sql": "DROP TABLE public.here;",
    }
    result = proven(changes, MigrationSettings(engines=("postgres",)))
    assert (result.status, result.findings) == (Status.PASS, ())


def test_what_an_extension_makes_is_neither_a_trace_nor_shadowed(proven: Prover) -> None:
    changes = {"0004_x.sql": "CREATE EXTENSION IF NOT EXISTS citext;", "0004_x.down.sql": "-- it stays"}
    settings = MigrationSettings(engines=("postgres",), postgres_extensions=("citext",))
    assert proven(changes, settings).status is Status.PASS


def test_a_down_that_takes_too_much(proven: Prover) -> None:
    result = proven({"0003_totals.down.sql": "DROP VIEW totals; DROP INDEX orders_by_user;"})
    assert (
        found(result, "trace")[0].message == "The down takes index orders_by_user, which was there before the up."
    )


def test_a_down_that_fails_costs_only_itself(proven: Prover) -> None:
    result = proven(
        {
            "0002_orders.down.sql": "DROP TABLE orders;\nDROP INDEX orders_by_user;",
            "0003_totals.down.sql": "DROP VEW x;",
        }
    )
    assert errors(result) == ["down-fails"]
    told = [(f.path, f.line, f.engine) for f in found(result, "down-fails")]
    assert told == [
        ("migrations/0002_orders.down.sql", 2, "postgres"),
        ("migrations/0002_orders.down.sql", 2, "sqlite"),
        ("migrations/0003_totals.down.sql", 1, "postgres"),
        ("migrations/0003_totals.down.sql", 1, "sqlite"),
    ]
    assert engine(result, "sqlite").applied == 3
    assert engine(result, "sqlite").steps["replay-all"] is Status.PASS
    assert engine(result, "sqlite").steps["baseline"] is Status.FAIL


def test_a_comment_excuses_an_empty_down_but_its_trace_is_reported(proven: Prover) -> None:
    result = proven({"0003_totals.down.sql": "-- nothing to take back\n"})
    assert errors(result) == ["trace"]
    result = proven({"0003_totals.down.sql": " \n;\n"})
    assert errors(result) == ["missing-down", "trace"]


def test_an_up_that_fails_after_its_own_down(proven: Prover) -> None:
    up = "CREATE TABLE once (x TEXT); INSERT INTO users (id) VALUES ('m');"
    result = proven({"0004_m.sql": up, "0004_m.down.sql": "DROP TABLE once;"}, MigrationSettings(replay="off"))
    assert errors(result) == ["redo"]
    assert [(f.path, f.engine) for f in found(result, "redo")] == [("migrations/0004_m.sql", e) for e in BOTH]


def test_an_up_that_gives_another_schema_after_its_own_down(proven: Prover) -> None:
    up = """CREATE TABLE once (x TEXT);
        DO $$ BEGIN IF EXISTS (SELECT FROM users WHERE id = 'm') THEN ALTER TABLE once ADD y TEXT; END IF; END $$;
        INSERT INTO users (id) VALUES ('m') ON CONFLICT (id) DO NOTHING;"""
    result = proven(
        {"0004_m.sql": up, "0004_m.down.sql": "DROP TABLE once;"},
        MigrationSettings(replay="off", engines=("postgres",)),
    )
    assert errors(result) == ["redo"]
    assert "column once.y is there in addition" in found(result, "redo")[0].message


@pytest.mark.parametrize(
    ("statement", "severity", "told"),
    [
        (
            "CREATE TABLE IF NOT EXISTS users (id TEXT PRIMARY KEY);",
            Severity.ERROR,
            "column users.age stands there",
        ),
        ("CREATE INDEX IF NOT EXISTS orders_by_user ON orders (id);", Severity.ERROR, "index orders_by_user is ("),
        (
            "CREATE TABLE IF NOT EXISTS totals (x TEXT);",
            Severity.ERROR,
            "view totals already there in another shape",
        ),
        ("CREATE INDEX IF NOT EXISTS orders_by_user ON orders (user_id);", Severity.WARNING, "in the same shape"),
        (
            """CREATE TABLE IF NOT EXISTS users (name TEXT DEFAULT 'no; body' NOT NULL,
                age INTEGER CHECK (age>=0), id TEXT PRIMARY KEY);""",
            Severity.WARNING,
            "table users already there in the same shape",
        ),
    ],
)
def test_if_not_exists_is_held_against_what_is_there(
    proven: Prover, statement: str, severity: Severity, told: str
) -> None:
    result = proven({"0004_again.sql": f"-- again\n{statement}", "0004_again.down.sql": "-- nothing"})
    findings = found(result, "shadowed")
    assert [(f.engine, f.severity, f.line) for f in findings] == [(e, severity, 2) for e in BOTH]
    assert told in findings[0].message
    assert result.status is (Status.FAIL if severity is Severity.ERROR else Status.PASS)
    assert engine(result, "sqlite").applied == 4


def test_a_table_made_and_shadowed_in_one_file(proven: Prover) -> None:
    up = "CREATE TABLE IF NOT EXISTS n (x TEXT);\nCREATE TABLE IF NOT EXISTS n (y TEXT);"
    result = proven({"0004_n.sql": up, "0004_n.down.sql": "DROP TABLE n;"})
    assert [(f.engine, f.line) for f in found(result, "shadowed")] == [("postgres", 2), ("sqlite", 2)]


def test_a_script_with_its_own_transaction_runs_as_written(proven: Prover) -> None:
    up = "-- own\nBEGIN;\nCREATE TABLE IF NOT EXISTS own (x TEXT);\nCOMMIT;\n"
    result = proven({"0004_own.sql": up, "0004_own.down.sql": "DROP TABLE own;"})
    assert result.status is Status.PASS
    assert [(f.engine, f.line, f.severity) for f in found(result, "transaction")] == [
        ("postgres", 2, Severity.WARNING),
        ("sqlite", 2, Severity.WARNING),
    ]
    assert set(engine(result, "postgres").steps.values()) == {Status.PASS}


def test_a_replay_with_its_own_transaction_is_undone_when_it_fails(proven: Prover) -> None:
    up = "BEGIN; INSERT INTO users (id) SELECT 'n' || COUNT(*) FROM users; COMMIT; CREATE TABLE own (x TEXT);"
    result = proven(
        {"0004_own.sql": up, "0004_own.down.sql": "DROP TABLE own; DELETE FROM users WHERE id = 'n2';"},
    )
    assert errors(result) == ["replay-fails"]
    for name in BOTH:
        steps = engine(result, name).steps
        assert (steps["staircase"], steps["baseline"]) == (Status.PASS, Status.PASS)


def test_a_transaction_that_never_ends_is_an_up_that_fails(proven: Prover) -> None:
    result = proven({"0004_open.sql": "BEGIN; CREATE TABLE o (x TEXT);", "0004_open.down.sql": "DROP TABLE o;"})
    assert errors(result) == ["up-fails"]
    assert "begins a transaction and doesn't end it" in found(result, "up-fails")[0].message


def test_sqlite_rebuilds_with_foreign_keys_off_until_the_file_says_otherwise(proven: Prover) -> None:
    rebuild = """PRAGMA foreign_keys = OFF;
        CREATE TABLE users_new
            (id TEXT PRIMARY KEY, name TEXT NOT NULL DEFAULT 'no; body', age INTEGER CHECK (age >= 0));
        INSERT INTO users_new SELECT id, name, age FROM users; DROP TABLE users;
        ALTER TABLE users_new RENAME TO users;
        {pragma}"""
    kept = {"0004_r.down.sql": "-- the same shape"}
    one = MigrationSettings(engines=("sqlite",))
    result = proven({"0004_r.sql": rebuild.format(pragma="PRAGMA foreign_keys = ON;"), **kept}, one)
    assert result.status is Status.PASS
    # The row of orders survived, so foreign keys were off; the next file has them on again.
    up = """-- gate: loses users one is gone
        -- gate: loses orders and with it what it ordered
        DELETE FROM users WHERE id = 'u1'; INSERT INTO users (id) SELECT 'bad' FROM orders WHERE user_id = 'u1';"""
    result = proven(
        {"0004_r.sql": rebuild.format(pragma=""), **kept, "0005_d.sql": up, "0005_d.down.sql": "-- rows"}, one
    )
    assert errors(result) == []


def test_the_baseline_sees_a_down_that_fails_only_on_the_way_from_the_top(proven: Prover) -> None:
    result = proven(
        {
            "0004_a.sql": "CREATE UNIQUE INDEX only_age ON users (age);",
            "0004_a.down.sql": "DROP INDEX only_age;",
            "0005_b.sql": "DROP INDEX only_age;",
            "0005_b.down.sql": "CREATE UNIQUE INDEX only_age ON users (age);",
            "0006_c.sql": "INSERT INTO users (id, age) VALUES ('a', 5), ('b', 5) ON CONFLICT (id) DO NOTHING;",
            "0006_c.down.sql": "-- rows stay",
        },
        MigrationSettings(replay="off"),
    )
    told = [(f.path, f.engine) for f in result.findings if f.rule == "migration.down-fails"]
    assert told == [("migrations/0005_b.down.sql", name) for name in BOTH]
    steps = engine(result, "sqlite").steps
    assert (steps["staircase"], steps["baseline"]) == (Status.PASS, Status.FAIL)


def test_the_baseline_lays_what_is_left_to_the_down_of_the_version_that_made_it(proven: Prover) -> None:
    drop = "DO $$ BEGIN IF NOT EXISTS (SELECT FROM users WHERE id = 'm') THEN DROP TABLE rest; END IF; END $$;"
    result = proven(
        {
            "0004_a.sql": "CREATE TABLE IF NOT EXISTS rest (x TEXT);",
            "0004_a.down.sql": drop,
            "0005_b.sql": "INSERT INTO users (id) VALUES ('m') ON CONFLICT (id) DO NOTHING;",
            "0005_b.down.sql": "-- rows stay",
        },
        MigrationSettings(engines=("postgres",)),
    )
    (finding,) = result.findings
    assert (finding.rule, finding.path) == ("migration.trace", "migrations/0004_a.down.sql")
    assert finding.message == "The down leaves table rest behind."
    steps = engine(result, "postgres").steps
    assert (steps["staircase"], steps["baseline"]) == (Status.PASS, Status.FAIL)


def test_findings_on_versions_before_since_are_notes(proven: Prover) -> None:
    changes = {"0002_orders.down.sql": None, "0003_totals.down.sql": "-- nothing"}
    result = proven(changes, MigrationSettings(since="0003"))
    assert [f.severity for f in found(result, "missing-down")] == [Severity.NOTE]
    assert errors(result) == ["trace"]
    result = proven(changes, MigrationSettings(since="0004"))
    assert result.status is Status.PASS
    assert engine(result, "sqlite").steps["baseline"] is Status.NOT_APPLICABLE


def test_a_missing_down_blocks_the_baseline_and_nothing_else(proven: Prover) -> None:
    result = proven({"0002_orders.down.sql": None})
    assert errors(result) == ["missing-down"]
    steps = engine(result, "postgres").steps
    assert steps["baseline"] is Status.NOT_RUN
    assert steps["replay-all"] is Status.PASS
    result = proven({"0002_orders.down.sql": None}, MigrationSettings(require_down=False))
    assert result.status is Status.PASS


def test_a_duplicate_ends_the_proof(proven: Prover) -> None:
    result = proven({"0002_again.sql": "SELECT 1;"})
    assert errors(result) == ["duplicate"]
    assert (result.status, result.proof) == (Status.FAIL, None)


def test_no_migrations_and_no_engine_are_not_applicable(proven: Prover) -> None:
    assert proven.only({"README.sql.txt": "x"}).status is Status.NOT_APPLICABLE
    result = proven({}, MigrationSettings(engines=()))
    assert (result.status, result.proof) == (Status.NOT_APPLICABLE, None)


@pytest.mark.parametrize(
    ("content", "line", "told"),
    [
        (b"SELECT 1;\nSELECT '\xff';", 2, "line 2 holds the byte 0xff"),
        (b"SELECT 1;\n\n\0", 3, "line 3 holds a NUL"),
        (b"-" * (10 * 1024 * 1024 + 1), None, "more than 10 MB is no migration"),
    ],
)
def test_a_file_that_is_no_sql_text_is_an_up_that_fails(
    proven: Prover, content: bytes, line: int | None, told: str
) -> None:
    result = proven({"0003_totals.sql": content}, MigrationSettings(engines=("sqlite",)))
    (finding,) = found(result, "up-fails")
    assert finding.line == line
    assert told in finding.message


def test_byte_order_mark_and_crlf_change_nothing(proven: Prover) -> None:
    text = (SHOP / "0002_orders.sql").read_text(encoding="utf-8").replace("\n", "\r\n")
    result = proven({"0002_orders.sql": b"\xef\xbb\xbf" + text.encode()})
    assert result.status is Status.PASS


def test_a_statement_without_end_is_ended(proven: Prover) -> None:
    sqlite = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n;"
    result = proven(
        {"0004_x.sqlite.sql": sqlite, "0004_x.postgres.sql": "SELECT pg_sleep(600);", "0004_x.down.sql": "-- no"},
        MigrationSettings(statement_timeout=1),
    )
    postgres, own = sorted(found(result, "up-fails"), key=lambda f: f.engine or "")
    assert "statement timeout" in postgres.message
    assert "time-out of 1 seconds" in own.message


def test_sqlite_reaches_no_file_outside_its_database(proven: Prover, tmp_path: Path) -> None:
    for text in (f"ATTACH '{tmp_path}/a.db' AS other;", f"VACUUM INTO '{tmp_path}/a.db';"):
        result = proven({"0004_x.sql": text, "0004_x.down.sql": "-- no"}, MigrationSettings(engines=("sqlite",)))
        assert "may not reach outside its database" in found(result, "up-fails")[0].message
    assert list(tmp_path.iterdir()) == []


def test_functions_of_the_application_have_stand_ins(proven: Prover) -> None:
    change = {"0004_x.sql": "UPDATE users SET name = slug(name, 3);", "0004_x.down.sql": "-- rows"}
    one = MigrationSettings(engines=("sqlite",))
    assert errors(proven(change, one)) == ["up-fails"]
    assert (
        proven(change, MigrationSettings(engines=("sqlite",), sqlite_functions={"slug": 2})).status is Status.PASS
    )


def test_one_set_an_engine(server: PostgresSettings) -> None:
    files = [
        SourceFile("db/lite/1_a.sql", b"CREATE TABLE IF NOT EXISTS a (x TEXT);"),
        SourceFile("db/lite/1_a.down.sql", b"DROP TABLE a;"),
        SourceFile("db/pg/20240101_a.sql", b"CREATE TABLE IF NOT EXISTS a (x JSONB);"),
        SourceFile("db/pg/20240101_a.down.sql", b"DROP TABLE a;"),
        SourceFile("db/pg/20240301_b.sql", b"CREATE SEQUENCE IF NOT EXISTS b;"),
        SourceFile("db/pg/20240301_b.down.sql", b"DROP SEQUENCE b;"),
    ]
    result = prove(files, MigrationSettings(sqlite=("db/lite",), postgres=("db/pg",)), server)
    assert (result.status, result.findings) == (Status.PASS, ())
    assert [engine(result, name).applied for name in BOTH] == [2, 1]
    assert result.proof is not None
    assert [f.version for f in result.proof.files] == ["1", "20240101", "20240301"]


def test_the_project_s_own_migrations_pass(server: PostgresSettings) -> None:
    folder = Path(__file__).parent.parent.parent / "migrations"
    files = [SourceFile(f"migrations/{path.name}", path.read_bytes()) for path in sorted(folder.glob("*.sql"))]
    result = prove(files, MigrationSettings(), server)
    assert (result.status, result.findings) == (Status.PASS, ())
    assert result.proof is not None
    assert result.proof.parity is Status.PASS


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1", "EUC_TW"])
def test_an_encoding_that_a_script_asks_for_is_its_own_business(server: PostgresSettings, encoding: str) -> None:
    up = f"SET client_encoding TO '{encoding}';\nCREATE TABLE IF NOT EXISTS a (id INT PRIMARY KEY, \"n_\" TEXT);\n"
    if encoding != "EUC_TW":
        up = up.replace("n_", "n\u00e4")
    texts = {
        "1_a.sql": f"{up}INSERT INTO a (id) VALUES (1) ON CONFLICT DO NOTHING;",
        "1_a.down.sql": "DROP TABLE a;",
    }
    result = Prover(server).only(texts, MigrationSettings(engines=("postgres",)))
    assert result.status is Status.PASS, result.findings


def test_a_script_that_sets_its_transactions_level_is_tried_in_one_of_its_own(server: PostgresSettings) -> None:
    level = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\n"
    texts = {
        "1_a.sql": f"{level}CREATE TABLE IF NOT EXISTS a (id INTEGER PRIMARY KEY);",
        "1_a.down.sql": f"{level}DROP TABLE a;",
    }
    result = Prover(server).only(texts, MigrationSettings(engines=("postgres",)))
    assert (result.status, result.findings) == (Status.PASS, ())
