"""Parity: the engines' end schemas are compared by what they mean, not by how each spells it."""

from collections.abc import Iterator

import pytest

from gatekeeper.engines.server import running_server
from gatekeeper.migrate.prove import prove
from gatekeeper.model.finding import Severity, Status
from gatekeeper.model.proof import ProofResult, SourceFile
from gatekeeper.model.settings import MigrationSettings, ParityException, PostgresSettings

CASCADE_ON_SQLITE_ONLY = (
    "Table t has the foreign key (b) to base (id) ON DELETE CASCADE ON UPDATE NO ACTION "
    "on SQLite and not on PostgreSQL."
)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresSettings]:
    with running_server("", sockets=True) as running:
        yield PostgresSettings(url=f"postgresql://postgres@/postgres?host={running.connect['host']}")


def compared(
    server: PostgresSettings, sqlite: str, postgres: str, *exceptions: ParityException, before: str = ""
) -> ProofResult:
    """Version 1 holds what both share, version 2 what each has of its own; only parity is at stake."""
    files = [
        SourceFile("migrations/1_a.sql", f"CREATE TABLE base (id TEXT PRIMARY KEY, n INTEGER);{before}".encode()),
        SourceFile("migrations/2_b.sqlite.sql", sqlite.encode()),
        SourceFile("migrations/2_b.postgres.sql", postgres.encode()),
    ]
    settings = MigrationSettings(require_down=False, replay="off", parity_exceptions=exceptions)
    return prove(files, settings, server)


def messages(result: ProofResult) -> list[str]:
    assert result.proof is not None
    found = [f for f in result.findings if f.severity is Severity.ERROR]
    assert {f.rule for f in found} <= {"migration.diverges"}
    assert result.proof.parity is (Status.FAIL if found else Status.PASS)
    return [f.message for f in found]


@pytest.mark.parametrize(
    ("sqlite", "postgres"),
    [
        ("CREATE TABLE t (a TEXT)", "CREATE TABLE t (a VARCHAR(20))"),
        ("CREATE TABLE t (a TEXT, b TEXT)", "CREATE TABLE t (b JSONB, a UUID)"),
        ("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)", "CREATE TABLE t (id BIGSERIAL PRIMARY KEY)"),
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY)",
            "CREATE TABLE t (id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY)",
        ),
        ("CREATE TABLE t (b INTEGER NOT NULL DEFAULT 1)", "CREATE TABLE t (b BOOLEAN NOT NULL DEFAULT true)"),
        ("CREATE TABLE t (n NUMERIC DEFAULT -1.50)", "CREATE TABLE t (n NUMERIC(8,2) DEFAULT '-1.5')"),
        (
            "CREATE TABLE t (a TEXT DEFAULT ('it''s ::text'))",
            "CREATE TABLE t (a VARCHAR(9) DEFAULT 'it''s ::text')",
        ),
        ("CREATE TABLE t (a TEXT DEFAULT NULL)", "CREATE TABLE t (a TEXT)"),
        ("CREATE TABLE t (a BLOB)", "CREATE TABLE t (a BYTEA)"),
        ("CREATE TABLE t (a REAL)", "CREATE TABLE t (a DOUBLE PRECISION)"),
        (
            "CREATE TABLE t (a DATETIME DEFAULT (datetime('now')))",
            "CREATE TABLE t (a TIMESTAMPTZ DEFAULT CURRENT_TIMESTAMP)",
        ),
        ("CREATE TABLE t (a TEXT UNIQUE)", "CREATE TABLE t (a TEXT); CREATE UNIQUE INDEX u ON t (a)"),
        ("CREATE TABLE t (a TEXT); CREATE INDEX i ON t (a)", "CREATE TABLE t (a TEXT); CREATE INDEX j ON t (a)"),
        ("CREATE TABLE t (b TEXT REFERENCES base)", "CREATE TABLE t (b TEXT REFERENCES base (id))"),
        ("CREATE TABLE t (b TEXT)", "CREATE TYPE mood AS ENUM ('x'); CREATE SEQUENCE s; CREATE TABLE t (b mood)"),
        ('CREATE TABLE "T" (A TEXT)', "CREATE TABLE t (a TEXT)"),
    ],
)
def test_what_means_the_same_does_not_diverge(server: PostgresSettings, sqlite: str, postgres: str) -> None:
    assert messages(compared(server, sqlite, postgres)) == []


@pytest.mark.parametrize(
    ("sqlite", "postgres", "told"),
    [
        ("CREATE TABLE t (a TEXT)", "SELECT 1", "Table t is there on SQLite and not on PostgreSQL."),
        (
            "CREATE TABLE t (a TEXT)",
            "CREATE TABLE t (a TEXT, b TEXT)",
            "Column t.b is there on PostgreSQL and not on SQLite.",
        ),
        (
            "CREATE TABLE t (a TEXT)",
            "CREATE TABLE t (a BIGINT)",
            "Column t.a is TEXT (text) on SQLite and BIGINT (integer) on PostgreSQL.",
        ),
        (
            "CREATE TABLE t (a TEXT)",
            "CREATE TABLE t (a TEXT NOT NULL)",
            "Column t.a may be NULL on SQLite and may not be NULL on PostgreSQL.",
        ),
        (
            "CREATE TABLE t (a TEXT DEFAULT 'x')",
            "CREATE TABLE t (a TEXT DEFAULT 'X')",
            "Column t.a has the default 'x' on SQLite and the default 'X' on PostgreSQL.",
        ),
        (
            "CREATE TABLE t (a TEXT, b TEXT, PRIMARY KEY (a, b))",
            "CREATE TABLE t (a TEXT NOT NULL, b TEXT NOT NULL, PRIMARY KEY (b, a))",
            "The primary key of t is a, b on SQLite and b, a on PostgreSQL.",
        ),
        (
            "CREATE TABLE t (b TEXT REFERENCES base ON DELETE CASCADE)",
            "CREATE TABLE t (b TEXT)",
            CASCADE_ON_SQLITE_ONLY,
        ),
        (
            "CREATE TABLE t (a TEXT); CREATE INDEX i ON t (a)",
            "CREATE TABLE t (a TEXT)",
            "Table t has the index (a) on SQLite and not on PostgreSQL.",
        ),
        (
            "CREATE TABLE t (a TEXT)",
            "CREATE TABLE t (a TEXT UNIQUE)",
            "Table t has the unique key (a) on PostgreSQL and not on SQLite.",
        ),
        (
            "CREATE TABLE t (a INT CHECK (a > 0))",
            "CREATE TABLE t (a INT)",
            "Table t has 1 CHECK constraints on SQLite and 0 on PostgreSQL.",
        ),
        (
            "CREATE VIEW t AS SELECT id AS a FROM base",
            "CREATE VIEW t AS SELECT id AS b FROM base",
            "View t gives a on SQLite and b on PostgreSQL.",
        ),
    ],
)
def test_what_differs_is_told(server: PostgresSettings, sqlite: str, postgres: str, told: str) -> None:
    result = compared(server, sqlite, postgres)
    assert messages(result) == [told]
    (finding,) = result.findings
    assert finding.path in {"migrations/2_b.sqlite.sql", "migrations/2_b.postgres.sql"}
    assert finding.engine is None
    assert result.status is Status.FAIL


def test_a_foreign_key_action_that_differs_is_told_of_both_engines(server: PostgresSettings) -> None:
    result = compared(
        server,
        "CREATE TABLE t (b TEXT REFERENCES base ON DELETE CASCADE)",
        "CREATE TABLE t (b TEXT REFERENCES base ON DELETE SET NULL)",
    )
    assert len(messages(result)) == 2


@pytest.mark.parametrize("name", ["t", "table t", "T.a", "column t.a"])
def test_a_declared_exception_excuses_its_object(server: PostgresSettings, name: str) -> None:
    excepted = ParityException(object=name, reason="stored as text")
    assert compared(server, "CREATE TABLE t (a TEXT)", "CREATE TABLE t (a BIGINT)", excepted).findings == ()


def test_an_unused_exception_is_a_warning(server: PostgresSettings) -> None:
    excepted = ParityException(object="base.n", reason="once it differed")
    result = compared(server, "SELECT 1", "SELECT 1", excepted)
    (finding,) = result.findings
    assert (finding.rule, finding.severity) == ("migration.diverges", Severity.WARNING)
    assert "names base.n, on which the engines agree" in finding.message
    assert result.status is Status.PASS


def test_parity_is_not_run_where_a_run_ended_and_not_applicable_with_one_engine(server: PostgresSettings) -> None:
    result = compared(server, "nonsense", "SELECT 1")
    assert result.proof is not None
    assert result.proof.parity is Status.NOT_RUN
    files = [SourceFile("migrations/1_a.sql", b"SELECT 1;")]
    alone = prove(files, MigrationSettings(engines=("sqlite",), require_down=False), server)
    assert alone.proof is not None
    assert alone.proof.parity is Status.NOT_APPLICABLE
