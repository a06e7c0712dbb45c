"""Long sets as applications have them: one run names every fault and ends, and what it runs grows with the set."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from proving import BOTH, Prover, Texts, engine, one_server

from gatekeeper.engines.postgres_database import PostgresDatabase
from gatekeeper.engines.sqlite import SqliteDatabase
from gatekeeper.model.finding import Severity, Status
from gatekeeper.model.settings import MigrationSettings


@pytest.fixture(scope="module")
def proven() -> Iterator[Prover]:
    with one_server() as server:
        yield Prover(server)


def clean(count: int) -> dict[str, str | bytes | None]:
    """So many versions, each a table that refers to the one before, an index and a row."""
    out: dict[str, str | bytes | None] = {}
    for n in range(1, count + 1):
        parent = f", parent BIGINT REFERENCES t{n - 1:03} (id) ON DELETE CASCADE" if n > 1 else ""
        columns = f"id BIGINT PRIMARY KEY, name TEXT NOT NULL DEFAULT 'x'{parent}"
        out[f"{n:04}_t.sql"] = (
            f"CREATE TABLE IF NOT EXISTS t{n:03} ({columns});\n"
            f"CREATE INDEX IF NOT EXISTS t{n:03}_name ON t{n:03} (name);\n"
            f"INSERT INTO t{n:03} (id, name) VALUES (1, 'a') ON CONFLICT (id) DO NOTHING;\n"
        )
        out[f"{n:04}_t.down.sql"] = f"DROP TABLE IF EXISTS t{n:03};\n"
    return out


SEQUENCE = ("CREATE SEQUENCE IF NOT EXISTS s;", "ALTER SEQUENCE s RENAME TO s_old;")
TYPE = (
    "DO $$ BEGIN IF to_regtype('mood') IS NULL THEN CREATE TYPE mood AS ENUM ('a'); END IF; END $$;",
    "-- it stays",
)
EXTENSION = ("CREATE EXTENSION IF NOT EXISTS citext;", "-- it stays")
NOTHING = ("SELECT 1;", "-- nothing")
OWN = "CREATE TABLE IF NOT EXISTS own (x TEXT);"
# By version: what it does on PostgreSQL and on SQLite instead (up and down each), and the errors it must give.
FAULTS: dict[int, tuple[tuple[str, str], tuple[str, str], set[tuple[str, str]]]] = {
    3: (("SELECT 1;", "DROP TABEL x;"),) * 2 + ({("down-fails", "postgres"), ("down-fails", "sqlite")},),
    7: (("SELECT 1;", "DROP INDEX never_there;"),) * 2 + ({("down-fails", "postgres"), ("down-fails", "sqlite")},),
    12: (TYPE, NOTHING, {("trace", "postgres")}),
    18: (SEQUENCE, NOTHING, {("trace", "postgres")}),
    25: (("CREATE TABLE once (x TEXT);", "DROP TABLE once;"),) * 2
    + ({("replay-fails", "postgres"), ("replay-fails", "sqlite")},),
    31: (EXTENSION, NOTHING, {("trace", "postgres")}),
    36: (NOTHING, ("UPDATE t001 SET name = slug(name);", "-- rows"), set()),
    40: (("SELECT 1;", ""),) * 2 + ({("missing-down", "postgres"), ("missing-down", "sqlite")},),
    44: (
        (f"BEGIN; {OWN} COMMIT;", "DROP TABLE own;"),
        (f"PRAGMA foreign_keys = OFF; {OWN} PRAGMA foreign_keys = ON;", "DROP TABLE own;"),
        set(),
    ),
    50: (
        ("ALTER TABLE t001 ADD COLUMN IF NOT EXISTS more TEXT;", "-- it stays"),
        ("ALTER TABLE t001 ADD COLUMN more TEXT;", "-- it stays"),
        {("trace", "postgres"), ("trace", "sqlite"), ("replay-fails", "sqlite")},
    ),
    55: (("UPDATE t001 SET name = name || 'x';", "-- rows"),) * 2
    + ({("replay-data", "postgres"), ("replay-data", "sqlite")},),
}


def real() -> Texts:
    """Sixty versions with all of these among them."""
    out = clean(60)
    for version, (postgres, sqlite, _) in FAULTS.items():
        up, down = f"{version:04}_t.sql", f"{version:04}_t.down.sql"
        table = (str(out.pop(up)), str(out.pop(down)))
        for name, (more, undo) in (("postgres", postgres), ("sqlite", sqlite)):
            out[f"{version:04}_t.{name}.sql"] = table[0] + more
            out[f"{version:04}_t.{name}.down.sql"] = undo and f"{undo}\n{table[1]}"
    return out


def test_one_run_of_a_real_set_names_every_fault_and_ends(proven: Prover) -> None:
    settings = MigrationSettings(sqlite_functions={"slug": 1})
    result = proven.only(real(), settings)
    assert result.status is Status.FAIL
    assert [engine(result, name).applied for name in BOTH] == [60, 60]
    seen: dict[int, set[tuple[str, str]]] = {version: set() for version in FAULTS}
    for finding in result.findings:
        if finding.severity is Severity.ERROR and finding.rule != "migration.diverges":
            assert finding.path is not None
            version = int(finding.path.removeprefix("migrations/")[:4])
            name = finding.engine or ("postgres" if ".postgres." in finding.path else "sqlite")
            seen.setdefault(version, set()).add((finding.rule.removeprefix("migration."), name))
    missing = {v: wanted - seen[v] for v, (_, _, wanted) in FAULTS.items() if wanted - seen[v]}
    assert not missing
    assert seen.keys() == FAULTS.keys()
    others = {v: {rule for rule, _ in seen[v]} - {rule for rule, _ in FAULTS[v][2]} for v in FAULTS}
    assert {v: rules for v, rules in others.items() if rules} in ({}, {40: {"trace"}})


def executed(monkeypatch: pytest.MonkeyPatch, proven: Prover, count: int) -> Counter[str]:
    """How many statements each engine ran for that many versions, looks at the catalog aside."""
    out: Counter[str] = Counter()
    with monkeypatch.context() as patch:
        for kind in (PostgresDatabase, SqliteDatabase):

            def counted(self: Any, sql: str, run: Any = kind.execute, name: str = kind.engine) -> None:
                out[name] += 1
                run(self, sql)

            patch.setattr(kind, "execute", counted)
        assert proven.only(clean(count)).status is Status.PASS
    return out


def test_what_is_executed_grows_exactly_linearly(monkeypatch: pytest.MonkeyPatch, proven: Prover) -> None:
    five, ten, twenty = (executed(monkeypatch, proven, count) for count in (5, 10, 20))
    for name in BOTH:
        assert ten[name] > five[name]
        assert twenty[name] - ten[name] == 2 * (ten[name] - five[name])
