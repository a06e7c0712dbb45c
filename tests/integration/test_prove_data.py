"""The proof on tables that hold rows: what is lost, what fails only because of rows, what holds them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import pytest

from gatekeeper.engines.server import running_server
from gatekeeper.migrate.prove import prove
from gatekeeper.model.finding import Finding, Severity, Status
from gatekeeper.model.proof import EngineProof, ProofResult, SourceFile
from gatekeeper.model.settings import MigrationSettings, PostgresSettings

SHOP = Path(__file__).parent.parent / "data" / "migrations" / "shop"
BOTH = ["postgres", "sqlite"]
LITE = MigrationSettings(engines=("sqlite",))
USERS = "(id TEXT PRIMARY KEY, name TEXT NOT NULL DEFAULT 'no; body', age INTEGER CHECK (age >= 0))"

Texts = Mapping[str, str | None]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresSettings]:
    """One server for the module, reached by URL; each proof makes databases of its own on it."""
    with running_server("", sockets=True) as running:
        host = running.connect["host"]
        yield PostgresSettings(url=f"postgresql://postgres@/postgres?host={host}")


class Prover:
    """Proves files on that server; with ``shop`` behind the clean set's three versions."""

    def __init__(self, server: PostgresSettings) -> None:
        self._server = server

    def shop(self, changes: Texts, settings: MigrationSettings | None = None, **more: Any) -> ProofResult:
        clean = {p.name: p.read_text(encoding="utf-8") for p in SHOP.iterdir()}
        return self.only({**clean, **changes}, settings, **more)

    def only(self, texts: Texts, settings: MigrationSettings | None = None, **more: Any) -> ProofResult:
        files = [
            SourceFile(name if "/" in name else f"migrations/{name}", text.encode())
            for name, text in texts.items()
            if text is not None
        ]
        return prove(files, settings or MigrationSettings(**more), self._server)


@pytest.fixture
def proven(server: PostgresSettings) -> Prover:
    return Prover(server)


def found(result: ProofResult, rule: str) -> list[Finding]:
    return [f for f in result.findings if f.rule == f"migration.{rule}"]


def rules(result: ProofResult) -> list[str]:
    return sorted({f.rule.removeprefix("migration.") for f in result.findings})


def engine(result: ProofResult, name: str) -> EngineProof:
    assert result.proof is not None
    return next(e for e in result.proof.engines if e.engine == name)


def rows(result: ProofResult, version: str) -> dict[str, dict[str, int]]:
    return {name: engine(result, name).rows[version] for name in BOTH}


def same(counts: dict[str, int]) -> dict[str, dict[str, int]]:
    return dict.fromkeys(BOTH, counts)


def test_every_table_holds_two_rows_and_more_at_every_version(proven: Prover) -> None:
    result = proven.shop({})
    assert (result.status, result.findings) == (Status.PASS, ())
    for name in BOTH:
        assert engine(result, name).steps["data"] is Status.PASS
        assert list(engine(result, name).rows) == ["0001", "0002", "0003"]
    # Two users and an order are seeds; some of their columns hold only defaults.
    assert rows(result, "0001") == same({"users": 4})
    assert rows(result, "0003") == same({"orders": 3, "users": 4})


def test_the_same_set_gives_the_same_record_on_every_run(proven: Prover) -> None:
    change = {"0004_x.sql": "DELETE FROM orders;", "0004_x.down.sql": "-- rows"}
    first, second = proven.shop(change), proven.shop(change)
    assert first.findings == second.findings
    assert [e.rows for e in first.proof.engines] == [e.rows for e in second.proof.engines]  # type: ignore[union-attr] # it ran


def test_a_down_that_drops_and_recreates_a_table(proven: Prover) -> None:
    result = proven.only(
        {
            "0001_a.sql": "CREATE TABLE IF NOT EXISTS a (id BIGINT PRIMARY KEY, t TEXT);",
            "0001_a.down.sql": "DROP TABLE a;",
            "0002_b.sql": "CREATE INDEX IF NOT EXISTS at ON a (t);",
            "0002_b.down.sql": "DROP TABLE a; CREATE TABLE a (id BIGINT PRIMARY KEY, t TEXT);",
        }
    )
    assert rules(result) == ["data-lost"]
    findings = found(result, "data-lost")
    assert [(f.engine, f.path, f.severity) for f in findings] == [
        (name, "migrations/0002_b.sql", Severity.ERROR) for name in BOTH
    ]
    assert "its down loses 2 of 2 rows of table a" in findings[0].message
    assert [engine(result, name).steps["data"] for name in BOTH] == [Status.FAIL] * 2
    assert [engine(result, name).steps["staircase"] for name in BOTH] == [Status.PASS] * 2


@pytest.mark.parametrize("keep", ["id, name", "id, age"])
def test_a_rebuild_that_forgets_a_column_s_values(proven: Prover, keep: str) -> None:
    up = f"""PRAGMA foreign_keys = OFF; CREATE TABLE new {USERS};
        INSERT INTO new ({keep}) SELECT {keep} FROM users; DROP TABLE users; ALTER TABLE new RENAME TO users;"""
    result = proven.shop({"0004_r.sql": up, "0004_r.down.sql": "-- the same shape"}, LITE)
    column = "age" if "name" in keep else "name"
    (finding,) = found(result, "data-lost")
    assert f"the values in column {column} of" in finding.message
    assert f"-- gate: loses users.{column} REASON" in (finding.hint or "")


def test_a_rebuild_on_postgres_that_forgets_a_column_s_values(proven: Prover) -> None:
    up = """ALTER TABLE orders RENAME TO old; CREATE TABLE orders (LIKE old INCLUDING ALL);
        INSERT INTO orders (id, user_id) SELECT id, user_id FROM old; DROP TABLE old CASCADE;
        ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;
        CREATE VIEW totals AS SELECT user_id, SUM(total) AS total FROM orders GROUP BY user_id;"""
    settings = MigrationSettings(engines=("postgres",), replay="off")
    result = proven.shop({"0004_r.sql": up, "0004_r.down.sql": "-- the same shape"}, settings)
    told = [f.message for f in found(result, "data-lost")]
    # The default of placed_at is the time, which doesn't count.
    assert len(told) == 1
    assert "the values in column total of 2 of 3 rows of table orders" in told[0]


def test_a_rebuild_that_keeps_everything_loses_nothing(proven: Prover) -> None:
    up = f"""PRAGMA foreign_keys = OFF; CREATE TABLE new {USERS}; INSERT INTO new SELECT id, name, age FROM users;
        DROP TABLE users; ALTER TABLE new RENAME TO users;"""
    result = proven.shop({"0004_r.sql": up, "0004_r.down.sql": "-- the same shape"}, LITE)
    assert (result.status, result.findings) == (Status.PASS, ())


def test_a_rebuild_with_foreign_keys_on_takes_the_children_along(proven: Prover) -> None:
    up = f"""CREATE TABLE new {USERS}; INSERT INTO new SELECT id, name, age FROM users; DROP TABLE users;
        ALTER TABLE new RENAME TO users;"""
    result = proven.shop({"0004_r.sql": up, "0004_r.down.sql": "-- the same shape"}, LITE)
    assert [f.message for f in found(result, "data-lost")] == [
        "On SQLite the up loses 3 of 3 rows of table orders."
    ]


@pytest.mark.parametrize(
    ("up", "told"),
    [
        ("UPDATE users SET name = 'no; body';", "the values in column name of 4 of 4 rows"),
        ("UPDATE users SET age = NULL;", "the values in column age of 2 of 4 rows"),
        ("DELETE FROM users WHERE id = 'u2';", "1 of 4 rows of table users"),
        ("UPDATE users SET id = 'u3' WHERE id = 'u2';", "1 of 4 rows of table users"),
    ],
)
def test_an_up_that_loses_rows_or_values_unless_it_says_so(proven: Prover, up: str, told: str) -> None:
    off, lite = MigrationSettings(replay="off"), MigrationSettings(replay="off", engines=("sqlite",))
    result = proven.shop({"0004_x.sql": up, "0004_x.down.sql": "-- gone"}, off)
    findings = found(result, "data-lost")
    assert [f.engine for f in findings] == BOTH
    assert all(told in f.message for f in findings)
    for target in ("users", "USERS", '"users"', "public.users"):
        said = f"-- gate: loses {target} It is meant.\n{up}"
        assert proven.shop({"0004_x.sql": said, "0004_x.down.sql": "-- gone"}, lite).findings == ()


def test_other_changes_of_values_are_no_loss(proven: Prover) -> None:
    up = "UPDATE users SET name = 'x', age = 7; UPDATE users SET age = 8 WHERE id = 'u1';"
    result = proven.shop({"0004_x.sql": up, "0004_x.down.sql": "-- stays"}, MigrationSettings(replay="off"))
    assert (result.status, result.findings) == (Status.PASS, ())


def test_a_declared_column_excuses_its_values_and_nothing_else(proven: Prover) -> None:
    up = "-- gate: loses users.name Names are kept elsewhere.\nUPDATE users SET name = 'no; body', age = NULL;"
    result = proven.shop({"0004_x.sql": up, "0004_x.down.sql": "-- gone"}, LITE)
    (finding,) = found(result, "data-lost")
    assert "column age" in finding.message


def test_a_declaration_needs_a_reason_and_a_loss(proven: Prover) -> None:
    up = "-- gate: loses users\n-- gate: loses\n-- gate: loses orders Nothing.\nDELETE FROM users WHERE id = 'u2';"
    text = "SELECT '-- gate: loses orders in a text';"
    result = proven.shop({"0004_x.sql": f"{up}\n{text}", "0004_x.down.sql": "-- gone"})
    assert [(f.line, f.severity, f.engine) for f in found(result, "loses")] == [
        (1, Severity.ERROR, None),
        (2, Severity.ERROR, None),
        (3, Severity.WARNING, None),
    ]
    assert len(found(result, "data-lost")) == 2


def test_a_declaration_that_could_not_be_tried_is_not_called_needless(proven: Prover) -> None:
    said = "-- gate: loses orders They go.\n"
    result = proven.shop({"0004_x.sql": f"{said}SELECT 1;", "0004_x.down.sql": "SELEC;"}, LITE)
    assert rules(result) == ["down-fails"]
    settings = MigrationSettings(engines=("sqlite",), require_down=False)
    assert rules(proven.shop({"0004_x.sql": f"{said}SELECT 1;"}, settings)) == ["loses"]


def test_a_loss_on_one_engine_is_reason_enough_for_its_declaration(proven: Prover) -> None:
    down = "-- gate: loses users Rows are made anew.\n"
    result = proven.shop(
        {
            "0004_x.sql": "SELECT 1;",
            "0004_x.sqlite.down.sql": f"{down}DELETE FROM users WHERE id = 'u2';",
            "0004_x.postgres.down.sql": "-- nothing",
        }
    )
    assert (result.status, result.findings) == (Status.PASS, ())


@pytest.mark.parametrize(
    ("name", "down"), [("postgres", "TRUNCATE orders;"), ("sqlite", "DELETE FROM orders;"), ("postgres", "-- it")]
)
def test_a_down_that_empties_a_table(proven: Prover, name: Literal["sqlite", "postgres"], down: str) -> None:
    settings = MigrationSettings(engines=(name,))
    result = proven.shop({"0004_x.sql": "SELECT 1;", "0004_x.down.sql": down}, settings)
    told = [f.message.partition(" its down ")[2] for f in found(result, "data-lost")]
    assert told == ([] if down.startswith("--") else ["loses 3 of 3 rows of table orders."])


def test_a_down_may_take_out_what_its_up_put_in(proven: Prover) -> None:
    result = proven.shop(
        {
            "0004_x.sql": "INSERT INTO users (id, age) VALUES ('s', 3) ON CONFLICT (id) DO NOTHING;"
            "UPDATE users SET age = 9 WHERE id = 'u1';",
            "0004_x.down.sql": "DELETE FROM users WHERE id = 's'; UPDATE users SET age = NULL WHERE id = 'u1';",
            "0005_y.sql": "CREATE TABLE IF NOT EXISTS plain (x TEXT);",
            "0005_y.down.sql": "DROP TABLE plain;",
            "0006_z.sql": "DELETE FROM plain WHERE x = 's'; INSERT INTO plain VALUES ('s');",
            "0006_z.down.sql": "DELETE FROM plain WHERE x = 's';",
        }
    )
    assert (result.status, result.findings) == (Status.PASS, ())


def test_a_table_without_a_key_is_judged_by_its_count(proven: Prover) -> None:
    base = {
        "0001_a.sql": "CREATE TABLE IF NOT EXISTS a (x TEXT, n INTEGER DEFAULT 3);",
        "0001_a.down.sql": "DROP TABLE a;",
    }
    down = """CREATE TABLE b (x TEXT, n INTEGER DEFAULT 3); INSERT INTO b (x) {rows}; DROP TABLE a;
        ALTER TABLE b RENAME TO a;"""

    def lost(rows: str) -> list[str]:
        result = proven.only(base | {"0002_b.sql": "SELECT 1;", "0002_b.down.sql": down.format(rows=rows)})
        return [f.message.partition(" loses ")[2] for f in found(result, "data-lost")]

    values = "the values in column n of 2 of 2 rows of table a: they became NULL or the default."
    assert lost("SELECT x FROM a") == [values] * 2
    assert sorted(set(lost("SELECT MIN(x) FROM a"))) == [
        "1 of 2 rows of table a.",
        values.replace("2 of 2", "1 of 2"),
    ]


def test_what_is_renamed_or_dropped_does_not_stay(proven: Prover) -> None:
    result = proven.shop(
        {
            "0004_a.sql": "ALTER TABLE users RENAME COLUMN age TO years; DROP VIEW totals;",
            "0004_a.down.sql": "ALTER TABLE users RENAME COLUMN years TO age;"
            "CREATE VIEW totals AS SELECT user_id, SUM(total) AS total FROM orders GROUP BY user_id;",
            "0005_b.sql": "ALTER TABLE orders RENAME TO purchases;",
            "0005_b.down.sql": "ALTER TABLE purchases RENAME TO orders;",
            "0006_c.sql": "DROP TABLE purchases;",
            "0006_c.down.sql": "-- gate: loses x\n",
        },
        MigrationSettings(replay="off"),
    )
    assert found(result, "data-lost") == []
    assert engine(result, "sqlite").rows["0006"].keys() == {"users"}


def test_a_statement_that_fails_only_because_of_rows_costs_only_itself(proven: Prover) -> None:
    result = proven.only(
        {
            "0001_a.sql": "CREATE TABLE IF NOT EXISTS a (id BIGINT PRIMARY KEY, k TEXT NOT NULL CHECK (k = 'x'));",
            "0001_a.down.sql": "DROP TABLE a;",
            "0002_b.sql": "SELECT 1;\nCREATE UNIQUE INDEX IF NOT EXISTS ak ON a (k);",
            "0002_b.down.sql": "DROP INDEX ak;",
            "0003_c.sql": "DROP INDEX IF EXISTS ak;",
            "0003_c.down.sql": "DELETE FROM a; CREATE UNIQUE INDEX ak ON a (k);",
        }
    )
    findings = found(result, "data-fails")
    assert [(f.engine, f.path, f.line, f.severity) for f in findings] == [
        (name, "migrations/0002_b.sql", 2, Severity.WARNING) for name in BOTH
    ]
    assert "fails on PostgreSQL at line 2" in findings[0].message
    assert [f.path for f in found(result, "data-lost")] == ["migrations/0003_c.sql"] * 2
    # The one row that fits the index, and two once it is gone.
    assert rows(result, "0003") == same({"a": 3})


def test_a_column_that_must_hold_something_on_a_table_in_use(proven: Prover) -> None:
    base = {
        "0001_a.sql": "CREATE TABLE IF NOT EXISTS a (id BIGINT PRIMARY KEY);",
        "0001_a.down.sql": "DROP TABLE a;",
    }
    up = "ALTER TABLE a ADD COLUMN IF NOT EXISTS n TEXT NOT NULL{};"
    only = MigrationSettings(engines=("postgres",))
    change = {"0002_b.sql": up.format(""), "0002_b.down.sql": "ALTER TABLE a DROP COLUMN n;"}
    result = proven.only(base | change, only)
    assert (rules(result), result.status) == (["data-fails"], Status.PASS)
    given = {"0001_a.rows.sql": "INSERT INTO a VALUES (1), (2);"}
    result = proven.only(base | change | given, only)
    assert [(f.rule, f.severity) for f in result.findings] == [("migration.data-fails", Severity.ERROR)]
    change["0002_b.sql"] = up.format(" DEFAULT 'x'")
    assert proven.only(base | change | given, only).findings == ()


def test_a_down_that_fails_only_because_of_rows(proven: Prover) -> None:
    result = proven.only(
        {
            "0001_a.sql": "CREATE TABLE IF NOT EXISTS a (id BIGINT PRIMARY KEY, k TEXT CHECK (k IN ('x')));"
            "CREATE UNIQUE INDEX IF NOT EXISTS ak ON a (k);",
            "0001_a.down.sql": "DROP TABLE a;",
            "0002_b.sql": "DROP INDEX IF EXISTS ak;",
            "0002_b.down.sql": "-- back\nCREATE UNIQUE INDEX ak ON a (k);",
        },
        MigrationSettings(replay="off"),
    )
    assert rules(result) == ["data-fails"]
    findings = found(result, "data-fails")
    assert [(f.path, f.line) for f in findings] == [("migrations/0002_b.sql", None)] * 2
    assert "its down migrations/0002_b.down.sql fails on PostgreSQL at line 2" in findings[0].message
    assert engine(result, "sqlite").steps["staircase"] is Status.PASS


@pytest.mark.parametrize(
    ("up", "told"),
    [
        ("UPDATE users SET age = age * 2;", "column age of table users changed"),
        ("INSERT INTO users (id) SELECT 'n' || COUNT(*) FROM users;", "table users holds 1 row more"),
        ("CREATE TABLE IF NOT EXISTS t (id BIGINT PRIMARY KEY, x BIGINT); UPDATE t SET x = x * 2;", "of table t"),
        (
            "DROP TABLE IF EXISTS t; CREATE TABLE t (id BIGINT PRIMARY KEY, x BIGINT);",
            "table t holds 2 rows fewer",
        ),
    ],
)
def test_a_second_run_is_held_against_rows(proven: Prover, up: str, told: str) -> None:
    drop = "DROP TABLE t;" if "TABLE" in up else "-- rows"
    result = proven.shop({"0004_x.sql": up, "0004_x.down.sql": drop})
    assert rules(result) == ["replay-data"]
    assert [f.engine for f in found(result, "replay-data")] == BOTH
    assert all(told in f.message for f in found(result, "replay-data"))


@pytest.mark.parametrize(
    "up",
    [
        "CREATE TABLE IF NOT EXISTS t (id BIGINT PRIMARY KEY, x BIGINT); UPDATE t SET x = 5;",
        "-- gate: loses users.name It is set anew.\nUPDATE users SET name = 'no; body'; DROP TABLE IF EXISTS t;",
        "-- gate: loses orders Old ones go.\nDELETE FROM orders;",
    ],
)
def test_setting_a_value_everywhere_may_be_repeated(proven: Prover, up: str) -> None:
    down = "DROP TABLE t;" if "CREATE" in up else "-- rows"
    assert proven.shop({"0004_x.sql": up, "0004_x.down.sql": down}).findings == ()


def test_a_second_run_that_fails_only_on_rows(proven: Prover) -> None:
    up = "INSERT INTO users (id) SELECT 'n' || id FROM orders WHERE id LIKE 'made%';"
    result = proven.shop({"0004_x.sql": up, "0004_x.down.sql": "DELETE FROM users WHERE id LIKE 'nmade%';"})
    assert rules(result) == ["replay-fails"]
    assert [f.engine for f in found(result, "replay-fails")] == BOTH


def test_fixtures_come_first_in_every_layout(proven: Prover) -> None:
    make, drop = "CREATE TABLE IF NOT EXISTS a (id BIGINT PRIMARY KEY, t TEXT);", "DROP TABLE a;"
    put = "INSERT INTO a VALUES (1, 'q'), (2, 'r'), (3, 's');"
    sets: list[Texts] = [
        {"01_a.sql": make, "01_a.down.sql": drop, "01_other.rows.sql": put},
        {"01_a.up.sql": make, "01_a.down.sql": drop, "01_a.rows.sql": put},
        {"01_a.sql": f"-- +goose Up\n{make}\n-- +goose Down\n{drop}", "01_a.rows.sql": put},
        {f"migrations/01_a/{name}.sql": text for name, text in (("up", make), ("down", drop), ("rows", put))},
        {"migrations/01_a/up.sql": make, "migrations/01_a/down.sql": drop, "01_a.rows.sql": put},
    ]
    for files in sets:
        result = proven.only(files, LITE)
        assert (result.findings, engine(result, "sqlite").rows) == ((), {"01": {"a": 3}}), files


def test_a_fixture_of_one_engine_and_of_one_engine_s_own_set(proven: Prover) -> None:
    make, drop = "CREATE TABLE IF NOT EXISTS a (id BIGINT PRIMARY KEY);", "DROP TABLE a;"
    put = "INSERT INTO a VALUES (1), (2), (3);"
    result = proven.only({"1_a.sql": make, "1_a.down.sql": drop, "1_a.postgres.rows.sql": put})
    assert rows(result, "1") == {"postgres": {"a": 3}, "sqlite": {"a": 2}}
    own = {
        f"db/{name}/1_a{end}": text for name in ("l", "p") for end, text in ((".sql", make), (".down.sql", drop))
    }
    settings = MigrationSettings(sqlite=("db/l",), postgres=("db/p",))
    result = proven.only({**own, "db/l/1_a.rows.sql": put}, settings)
    assert rows(result, "1") == {"postgres": {"a": 2}, "sqlite": {"a": 3}}


def test_a_fixture_that_fails_names_its_line_and_one_without_a_version_is_told(proven: Prover) -> None:
    result = proven.shop(
        {
            "0002_orders.rows.sql": "SELECT 1;\n\nINSERT INTO nowhere VALUES (1);",
            "0003_totals.rows.sql": "CREATE TABLE rest (x TEXT);",
            "0009_x.rows.sql": "SELECT 1;",
        },
        LITE,
    )
    assert [(f.path, f.line, f.severity) for f in found(result, "fixture")] == [
        ("migrations/0002_orders.rows.sql", 3, Severity.ERROR),
        ("migrations/0003_totals.rows.sql", None, Severity.ERROR),
        ("migrations/0009_x.rows.sql", None, Severity.WARNING),
    ]
    assert engine(result, "sqlite").rows["0002"] == {"orders": 3, "users": 4}
    assert engine(result, "sqlite").steps["data"] is Status.FAIL


MANY = """
CREATE TABLE IF NOT EXISTS a (id BIGINT PRIMARY KEY, b BIGINT, kind VARCHAR(8) NOT NULL CHECK (kind IN ('x', 'y')),
    code CHAR(3) NOT NULL UNIQUE, pct NUMERIC(3, 2) NOT NULL DEFAULT 0 CHECK (pct BETWEEN 0 AND 1),
    digest TEXT NOT NULL CHECK (length(digest) = 40), wp TEXT NOT NULL CHECK (wp LIKE 'WP-%'), f DATE NOT NULL,
    t DATE NOT NULL, lo INTEGER NOT NULL, hi INTEGER NOT NULL, sm SMALLINT NOT NULL,
    ok BOOLEAN NOT NULL DEFAULT FALSE,
    CHECK (t > f), CHECK (lo < hi AND lo >= 1000 AND hi <= 1005));
CREATE TABLE IF NOT EXISTS b (id BIGINT PRIMARY KEY, a_id BIGINT NOT NULL REFERENCES a (id), c TEXT DEFAULT 'q');
CREATE TABLE IF NOT EXISTS tree (id BIGINT PRIMARY KEY, parent BIGINT NOT NULL REFERENCES tree (id), name TEXT);
CREATE TABLE IF NOT EXISTS roots (id BIGINT PRIMARY KEY, up BIGINT REFERENCES roots (id), CHECK (up <> id));
CREATE TABLE IF NOT EXISTS tenant (id BIGINT PRIMARY KEY, name TEXT);
CREATE TABLE IF NOT EXISTS usr (tenant_id BIGINT NOT NULL REFERENCES tenant (id), id BIGINT NOT NULL,
    email TEXT NOT NULL UNIQUE, PRIMARY KEY (tenant_id, id));
CREATE TABLE IF NOT EXISTS post (tenant_id BIGINT NOT NULL REFERENCES tenant (id), id BIGINT NOT NULL,
    author BIGINT NOT NULL, d BOOLEAN NOT NULL DEFAULT FALSE, PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, author) REFERENCES usr (tenant_id, id) ON DELETE CASCADE);
CREATE UNIQUE INDEX IF NOT EXISTS one_default ON post (tenant_id) WHERE d;
CREATE TABLE IF NOT EXISTS link (a BIGINT NOT NULL REFERENCES tenant (id),
    b BIGINT NOT NULL REFERENCES tenant (id), UNIQUE (a, b), CHECK (a <> b));
CREATE TABLE IF NOT EXISTS prof (user_id BIGINT PRIMARY KEY REFERENCES tenant (id),
    bio TEXT NOT NULL CHECK (length(bio) > 300));
CREATE TABLE IF NOT EXISTS plain (a TEXT, b INTEGER, c REAL DEFAULT 1.5);
CREATE TABLE IF NOT EXISTS texts (id BIGINT PRIMARY KEY, body TEXT NOT NULL DEFAULT '{}',
    at TEXT DEFAULT CURRENT_TIMESTAMP);
"""
MANY_TABLES = ("texts", "plain", "prof", "link", "post", "usr", "tenant", "roots", "tree", "b", "a")
MANY_DOWN = "".join(f"DROP TABLE {table};" for table in MANY_TABLES)


def test_rows_are_made_in_the_order_and_shape_that_keys_and_checks_ask_for(proven: Prover) -> None:
    result = proven.only({"1_m.sql": MANY, "1_m.down.sql": MANY_DOWN})
    assert (result.status, result.findings) == (Status.PASS, ())
    for counts in rows(result, "1").values():
        assert list(counts) == sorted(MANY_TABLES)
        assert all(count >= 2 for count in counts.values())


TYPES = """
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN email AS TEXT CHECK (VALUE ~ '^[^@]+@[^@]+$');
CREATE DOMAIN few AS INTEGER NOT NULL CHECK (VALUE > 0 AND VALUE < 10);
CREATE TABLE p (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, s SERIAL, m mood NOT NULL DEFAULT 'sad',
    ms mood[] NOT NULL, e email NOT NULL, few few, j JSONB NOT NULL DEFAULT '{}', u UUID DEFAULT gen_random_uuid(),
    tz TIMESTAMPTZ DEFAULT now(), i INTERVAL, n INET, ar TEXT[] DEFAULT '{}', ia INTEGER[], by BYTEA, x XML,
    r INT4RANGE, tr TSTZRANGE, bt BIT(3), mac MACADDR, ts TSVECTOR, c CHAR(2), bx BOX, mo MONEY, nm NUMERIC(2, 2),
    nn NUMERIC, g INTEGER GENERATED ALWAYS AS (1 + 1) STORED, d DATE CHECK (d > '2020-01-01'), tm TIME,
    EXCLUDE USING gist (r WITH &&));
CREATE TABLE ev (id INT, at DATE NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE ev1 PARTITION OF ev FOR VALUES FROM ('2001-01-01') TO ('2002-01-01');
CREATE SCHEMA side; CREATE TABLE side.t (id INT PRIMARY KEY);
CREATE TABLE d1 (id INT PRIMARY KEY, d2 INT);
CREATE TABLE d2 (id INT PRIMARY KEY, d1 INT NOT NULL REFERENCES d1 (id));
ALTER TABLE d1 ADD FOREIGN KEY (d2) REFERENCES d2 (id);
"""
TYPES_DOWN = "DROP TABLE p, ev, d1, d2; DROP SCHEMA side CASCADE; DROP DOMAIN email, few; DROP TYPE mood;"


def test_rows_are_made_of_every_type_that_postgres_has(proven: Prover) -> None:
    result = proven.only(
        {
            "1_m.sql": TYPES,
            "1_m.down.sql": TYPES_DOWN,
            "2_n.sql": "SELECT 1;",
            "2_n.down.sql": "DELETE FROM ev; UPDATE p SET ms = '{}', ar = '{}';",
        },
        MigrationSettings(engines=("postgres",), replay="off"),
    )
    # A partitioned table stands for its partitions; an empty array is only where it is the default a loss.
    assert [f.message.partition(" loses ")[2] for f in found(result, "data-lost")] == [
        "2 of 2 rows of table ev.",
        "the values in column ar of 2 of 2 rows of table p: they became NULL or the default.",
    ]
    assert engine(result, "postgres").rows["1"] == {"d1": 4, "d2": 2, "ev": 2, "p": 2, "side.t": 2}
    assert rules(result) == ["data-lost"]


def test_a_table_that_cannot_be_filled_is_a_note_that_names_the_constraint_and_the_fixture(proven: Prover) -> None:
    texts = {
        "1_a.sql": "CREATE TABLE IF NOT EXISTS a (id INTEGER CONSTRAINT only_one PRIMARY KEY CHECK (id = 1));"
        "CREATE TABLE IF NOT EXISTS q (x INTEGER NOT NULL CONSTRAINT odd CHECK (x * x = 961));",
        "1_a.down.sql": "DROP TABLE q; DROP TABLE a;",
    }
    result = proven.only(texts)
    assert result.status is Status.PASS
    findings = found(result, "unfilled")
    assert [(f.engine, f.severity, f.path) for f in findings] == [
        (name, Severity.NOTE, "migrations/1_a.sql") for name in BOTH for _ in range(2)
    ]
    assert all("into migrations/1_a.rows.sql" in (f.hint or "") for f in findings)
    assert ['"only_one"' in findings[0].message, '"odd"' in findings[1].message] == [True, True]
    assert ["a.id" in findings[2].message, "odd" in findings[3].message] == [True, True]
    assert rows(result, "1") == same({"a": 1, "q": 0})
    result = proven.only({**texts, "1_a.rows.sql": "INSERT INTO q VALUES (31), (-31);"})
    assert ["table a" in f.message.lower() for f in found(result, "unfilled")] == [True, True]


def test_triggers_that_refuse_or_swallow_are_named(proven: Prover) -> None:
    body = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} END $$;"
    table = """CREATE TABLE a (id INT PRIMARY KEY);
        CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f();"""
    for code, told in (("RAISE EXCEPTION 'closed';", ": closed."), ("RETURN NULL;", "a trigger or rule has it")):
        result = proven.only(
            {"1_a.sql": body.format(code) + table, "1_a.down.sql": "DROP TABLE a; DROP FUNCTION f;"},
            MigrationSettings(engines=("postgres",), replay="off"),
        )
        (note,) = found(result, "unfilled")
        assert told in note.message


def test_virtual_tables_and_their_shadows_are_left_alone(proven: Prover) -> None:
    up = """CREATE VIRTUAL TABLE IF NOT EXISTS f USING fts5(t);
        CREATE TABLE IF NOT EXISTS f_rest (id INTEGER PRIMARY KEY);"""
    result = proven.only({"1_f.sql": up, "1_f.down.sql": "DROP TABLE f; DROP TABLE f_rest;"}, LITE)
    assert result.findings == ()
    assert engine(result, "sqlite").rows == {"1": {"f_rest": 2}}


def test_functions_of_the_application_have_stand_ins_with_rows_too(proven: Prover) -> None:
    settings = MigrationSettings(engines=("sqlite",), sqlite_functions={"slug": 2})
    up = """UPDATE users SET name = slug(name, 3);
        CREATE TABLE IF NOT EXISTS q (s TEXT NOT NULL CHECK (slug(s, 3) <> ''));"""
    result = proven.shop({"0004_x.sql": up, "0004_x.down.sql": "DROP TABLE q;"}, settings)
    assert (result.findings, engine(result, "sqlite").rows["0004"]["q"]) == ((), 2)


def test_what_an_index_or_a_computed_column_reads_is_made_to_be_read(proven: Prover) -> None:
    up = """CREATE TABLE IF NOT EXISTS a (id INTEGER PRIMARY KEY, b TEXT,
        k TEXT AS (json_extract(b, '$.k')) VIRTUAL);
        CREATE INDEX IF NOT EXISTS ab ON a (json_extract(b, '$.made'));"""
    result = proven.only({"1_a.sql": up, "1_a.down.sql": "DROP TABLE a;"}, LITE)
    assert (result.findings, engine(result, "sqlite").rows) == ((), {"1": {"a": 2}})
    up = """CREATE TABLE IF NOT EXISTS a (id INTEGER PRIMARY KEY, b TEXT, bad INT DEFAULT 1 / 0, c INT DEFAULT 3,
        k TEXT GENERATED ALWAYS AS ((b::json)->>'made') STORED);"""
    lose = "-- gate: loses a.c Reset.\nUPDATE a SET c = 3;"
    texts = {"1_a.sql": up, "1_a.down.sql": "DROP TABLE a;", "2_b.sql": lose, "2_b.down.sql": "-- stays"}
    result = proven.only(texts, MigrationSettings(engines=("postgres",)))
    assert result.findings == ()
    assert engine(result, "postgres").rows == {"1": {"a": 2}, "2": {"a": 4}}


def test_a_down_takes_back_its_seeds_also_where_the_up_failed_on_rows(proven: Prover) -> None:
    result = proven.only(
        {
            "1_a.sql": "CREATE TABLE IF NOT EXISTS a (id BIGINT PRIMARY KEY, k TEXT NOT NULL CHECK (k < 'z'));",
            "1_a.down.sql": "DROP TABLE a;",
            "2_b.sql": "CREATE UNIQUE INDEX IF NOT EXISTS alen ON a (length(k));"
            "INSERT INTO a VALUES (1, 'x') ON CONFLICT DO NOTHING;",
            "2_b.down.sql": "DROP INDEX alen; DELETE FROM a WHERE id = 1;",
        }
    )
    assert rules(result) == ["data-fails"]


def test_files_with_transactions_of_their_own_and_outside_of_any_run_on_rows(proven: Prover) -> None:
    result = proven.shop(
        {
            "0004_x.sql": "BEGIN; ALTER TABLE users ADD COLUMN nick TEXT; COMMIT;",
            "0004_x.down.sql": "BEGIN; ALTER TABLE users DROP COLUMN nick; COMMIT;",
            "0005_y.postgres.sql": "CREATE INDEX CONCURRENTLY by_nick ON users (nick);",
            "0005_y.sqlite.sql": "CREATE INDEX by_nick ON users (nick);",
            "0005_y.down.sql": "DROP INDEX by_nick;",
            "0006_z.sql": "BEGIN; UPDATE users SET nick = NULL; COMMIT;",
            "0006_z.down.sql": "-- gone",
        },
        MigrationSettings(replay="off"),
    )
    assert rules(result) == ["data-lost", "transaction"]
    assert rows(result, "0005") == same({"orders": 3, "users": 6})
    assert [f.path for f in found(result, "data-lost")] == ["migrations/0006_z.sql"] * 2


def test_a_role_of_the_first_ascent_is_not_in_the_way_of_the_second() -> None:
    up = "CREATE ROLE reader; CREATE TABLE a (id INT PRIMARY KEY); GRANT SELECT ON a TO reader;"
    files = [SourceFile("migrations/1_a.sql", up.encode())]
    settings = MigrationSettings(engines=("postgres",), replay="off", require_down=False)
    result = prove(files, settings, PostgresSettings())
    assert (result.status, result.findings) == (Status.PASS, ())
    assert engine(result, "postgres").rows == {"1": {"a": 2}}


def test_a_run_that_an_up_ends_keeps_what_was_found_before(proven: Prover) -> None:
    result = proven.shop(
        {"0004_x.sql": "DELETE FROM orders;", "0004_x.down.sql": "-- gone", "0005_y.sql": "SELEC;"}
    )
    assert rules(result) == ["data-lost", "missing-down", "replay-data", "up-fails"]
    for name in BOTH:
        assert engine(result, name).steps["data"] is Status.FAIL
        assert list(engine(result, name).rows)[-1] == "0004"
    steps = engine(proven.shop({"0004_y.sql": "SELEC;"}), "sqlite").steps
    assert (steps["data"], steps["replay-file"]) == (Status.NOT_RUN, Status.NOT_RUN)


def test_losses_of_versions_before_since_are_notes(proven: Prover) -> None:
    change = {"0004_x.sql": "DELETE FROM orders;\n-- gate: loses users\n", "0004_x.down.sql": "-- gone"}
    result = proven.shop(change, MigrationSettings(since="0005"))
    assert (rules(result), result.status) == (["data-lost", "loses", "replay-data"], Status.PASS)
    assert {f.severity for f in result.findings} == {Severity.NOTE}
    assert engine(result, "sqlite").steps["data"] is Status.PASS
