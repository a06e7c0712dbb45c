"""The runner on live databases of both engines: what it applies, records, refuses and takes back."""

import datetime as dt
import hashlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from databases import OWN, Live, sources, until

from gatekeeper.engines.server import Server, running_server
from gatekeeper.migrate.runner import Limits, apply, status, undo
from gatekeeper.model.errors import UsageError
from gatekeeper.model.finding import Severity, Status
from gatekeeper.model.runner import RunnerResult, State
from gatekeeper.model.settings import MigrationSettings

FILES = {
    "0001_init.sql": "CREATE TABLE jobs (id BIGINT PRIMARY KEY);\nINSERT INTO jobs VALUES (1);\n",
    "0001_init.down.sql": "DROP TABLE jobs;\n",
    "0002_kinds.sql": "CREATE TABLE kinds (id BIGINT PRIMARY KEY);\n",
    "0002_kinds.down.sql": "DROP TABLE kinds;\n",
    "0003_names.sql": "ALTER TABLE kinds ADD COLUMN name TEXT;\n",
    "0003_names.down.sql": "ALTER TABLE kinds DROP COLUMN name;\n",
}
ALL = ["0001", "0002", "0003"]
QUICK = Limits(lock=0.3)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server("", sockets=True) as running:
        yield running


@pytest.fixture(scope="module")
def fresh(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Live]:
    count = iter(range(1000))
    host = server.connect["host"]

    def make(engine: str) -> Live:
        name = f"d{next(count)}"
        if engine == "sqlite":
            return Live(engine, f"sqlite:{tmp_path_factory.mktemp('db') / name}.db")
        with psycopg.connect(f"postgresql://postgres@/postgres?host={host}", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return Live(engine, f"postgresql://postgres@/{name}?host={host}")

    return make


@pytest.fixture(params=["sqlite", "postgres"])
def live(request: pytest.FixtureRequest, fresh: Callable[[str], Live]) -> Live:
    return fresh(request.param)


@pytest.fixture
def postgres(fresh: Callable[[str], Live]) -> Live:
    return fresh("postgres")


@pytest.fixture
def sqlite(fresh: Callable[[str], Live]) -> Live:
    return fresh("sqlite")


def run(live: Live, texts: dict[str, str] | None = None, **options: Any) -> RunnerResult:
    return apply(live.url, sources(texts if texts is not None else FILES), **options)


def rules(result: RunnerResult) -> list[str]:
    return [f.rule.removeprefix("migration.") for f in result.findings if f.severity is Severity.ERROR]


def states(result: RunnerResult, at: int = 0) -> dict[str, str]:
    return {version.version: version.state for version in result.tracked[at].versions}


def refused(live: Live, rule: str, texts: dict[str, str] | None = None, **options: Any) -> RunnerResult:
    """Apply what must be refused, and hold that nothing changed."""
    before = live.content(own=True)
    result = run(live, texts, **options)
    assert (result.status, rules(result), result.done) == (Status.FAIL, [rule], ())
    assert live.content(own=True) == before
    return result


# What is applied and recorded


def test_what_is_due_is_applied_once_in_order(live: Live) -> None:
    first = run(live)
    assert (first.status, first.exit_code, first.done) == (Status.PASS, 0, tuple(ALL))
    assert live.versions() == ALL
    before = live.content(own=True)
    second = run(live)
    assert (second.status, second.done) == (Status.PASS, ())
    assert live.content(own=True) == before


def test_the_record_holds_name_digest_and_tool(live: Live) -> None:
    run(live, FILES | {"0002_kinds.sql": "\ufeff" + FILES["0002_kinds.sql"].replace("\n", "\r\n")})
    ((name, digest, when, tool, state),) = live.ask(
        f"SELECT name, sha256, applied_at, tool_version, state FROM {OWN} WHERE version = '0002'"
    )
    assert (name, state) == ("kinds", "applied")
    assert digest == hashlib.sha256(FILES["0002_kinds.sql"].encode()).hexdigest()
    assert when.endswith("Z")
    assert tool
    assert run(live).status is Status.PASS


def test_to_stops_at_a_version_and_an_unknown_one_is_refused(live: Live) -> None:
    assert run(live, to="2").done == ("0001", "0002")
    assert run(live, to="1").done == ()
    with pytest.raises(UsageError, match="no such version"):
        run(live, to="9")


def test_a_failure_leaves_the_last_good_version(live: Live) -> None:
    broken = FILES | {"0003_names.sql": "CREATE TABLE left (x TEXT);\n\nINSERT INTO nowhere VALUES (1);\n"}
    result = run(live, broken | {"0003_names.sql": broken["0003_names.sql"].replace("left", "remains")})
    assert (result.status, result.done, rules(result)) == (Status.FAIL, ("0001", "0002"), ["up-fails"])
    (finding,) = result.findings
    assert (finding.path, finding.line) == ("migrations/0003_names.sql", 3)
    assert "at version 0002" in (finding.hint or "")
    assert "remains" not in live.tables()
    assert run(live).done == ("0003",)


def test_deferred_constraints_speak_at_the_end_of_the_file(live: Live) -> None:
    up = (
        "CREATE TABLE a (id BIGINT PRIMARY KEY);\nCREATE TABLE b (a BIGINT REFERENCES a (id) DEFERRABLE INITIALLY "
        "DEFERRED);\nINSERT INTO b VALUES (7);\n"
    )
    result = run(live, {"1_a.sql": up})
    assert rules(result) == ["up-fails"]
    assert live.tables() <= {OWN}


def test_a_file_that_cannot_run_stops_the_run_before_anything_is_applied(live: Live) -> None:
    result = run(
        live,
        FILES | {"0003_names.sql": "-- gate: when nonsense\nSELECT 1;"},
        settings=MigrationSettings(guards=True),
    )
    assert (result.done, rules(result)) == ((), ["up-fails"])
    assert live.content(own=True) == []


def test_guards_are_asked_of_the_live_schema(live: Live) -> None:
    settings = MigrationSettings(guards=True)
    guarded = "-- gate: when column-missing kinds.name\nALTER TABLE kinds ADD COLUMN name TEXT;\n"
    run(live, {k: v for k, v in FILES.items() if not k.startswith("0003")})
    live.run("ALTER TABLE kinds ADD COLUMN name TEXT")
    assert run(live, FILES | {"0003_names.sql": guarded}, settings=settings).done == ("0003",)


@pytest.mark.parametrize("layout", ["folder", "up-down", "sections"])
def test_every_layout_is_applied_and_undone(live: Live, layout: str) -> None:
    up, down = "CREATE TABLE a (x TEXT);", "DROP TABLE a;"
    texts = {
        "folder": {"0001_a/up.sql": up, "0001_a/down.sql": down},
        "up-down": {"0001_a.up.sql": up, "0001_a.down.sql": down},
        "sections": {"0001_a.sql": f"-- +goose Up\n{up}\n-- +goose Down\n{down}\n"},
    }[layout]
    assert run(live, texts).done == ("0001",)
    assert live.ask(f"SELECT name FROM {OWN}") == [("a",)]
    if layout == "sections":
        texts = {"0001_a.sql": f"-- a later word\n-- +goose Up\n{up}\n-- +goose Down\n-- say why\n{down}\n"}
        assert run(live, texts).status is Status.PASS
    assert undo(live.url, sources(texts), destroy_data=True).done == ("0001",)
    assert live.tables() == {OWN}


def test_a_run_with_no_migrations_makes_nothing(live: Live) -> None:
    assert run(live, {}).status is Status.PASS
    assert live.tables() == set()


# What is refused


def test_an_edited_file_is_refused(live: Live) -> None:
    run(live)
    result = refused(live, "edited", FILES | {"0001_init.sql": FILES["0001_init.sql"] + "-- late\n"})
    assert result.findings[0].path == "migrations/0001_init.sql"
    assert "gate migrations new" in (result.findings[0].hint or "")


def test_an_edit_can_be_recorded_as_the_baseline(live: Live) -> None:
    run(live)
    edited = FILES | {"0001_init.sql": FILES["0001_init.sql"] + "-- late\n"}
    result = run(live, edited, baseline="0001")
    assert (result.status, result.baselined, result.done) == (Status.PASS, ("0001",), ())


def test_findings_on_versions_older_than_since_are_notes(live: Live) -> None:
    run(live)
    edited = FILES | {"0001_init.sql": "SELECT 1;"}
    assert run(live, edited, settings=MigrationSettings(since="0002")).status is Status.PASS


def test_a_database_of_a_newer_version_is_refused(live: Live) -> None:
    run(live)
    older = {name: text for name, text in FILES.items() if not name.startswith("0003")}
    result = refused(live, "unknown", older | {"0002_kinds.sql": FILES["0002_kinds.sql"]})
    assert "newer than every file" in result.findings[0].message
    refused(live, "unknown", {name: text for name, text in FILES.items() if not name.startswith("0002")})


def test_a_late_version_is_refused_unless_allowed(live: Live) -> None:
    run(live, {name: text for name, text in FILES.items() if not name.startswith("0001")})
    refused(live, "out-of-order")
    assert run(live, allow_out_of_order=True).done == ("0001",)


def test_a_version_twice_is_refused(live: Live) -> None:
    result = run(live, FILES | {"0002_more.sql": "SELECT 1;"})
    assert rules(result) == ["duplicate"]
    assert live.tables() == set()


def test_a_database_that_is_not_empty_is_refused_until_told_its_version(live: Live) -> None:
    live.run("CREATE TABLE jobs (id BIGINT PRIMARY KEY)")
    result = refused(live, "untracked")
    assert "jobs" in result.findings[0].message
    handed = run(live, baseline="0001")
    assert (handed.baselined, handed.done) == (("0001",), ("0002", "0003"))


def test_a_baseline_of_nought_runs_everything_beside_other_tables(live: Live) -> None:
    live.run("CREATE TABLE other (x TEXT)")
    assert run(live, baseline="0").done == tuple(ALL)


def test_a_table_of_that_name_that_is_not_ours_is_refused(live: Live) -> None:
    live.run(f"CREATE TABLE {OWN} (version TEXT)")
    result = run(live)
    assert result.status is Status.NOT_RUN
    assert "gate did not make" in (result.reason or "")
    assert live.tables() == {OWN}


# Scripts that don't fit a transaction


REBUILD = (
    "PRAGMA foreign_keys = OFF;\nCREATE TABLE jobs_new (id BIGINT PRIMARY KEY, kind TEXT);\n"
    "INSERT INTO jobs_new (id) SELECT id FROM jobs;\nDROP TABLE jobs;\nALTER TABLE jobs_new RENAME TO jobs;\n"
    "{}PRAGMA foreign_keys = ON;\n"
)


def test_pragmas_around_a_rebuild_leave_it_in_one_transaction(sqlite: Live) -> None:
    child = (
        "CREATE TABLE logs (job BIGINT REFERENCES jobs (id) ON DELETE CASCADE);\nINSERT INTO logs VALUES (1);\n"
    )
    texts = FILES | {"0002_kinds.sql": child}
    del texts["0003_names.sql"]
    failed = run(sqlite, texts | {"0003_r.sql": REBUILD.format("INSERT INTO nowhere VALUES (1);\n")})
    assert failed.done == ("0001", "0002")
    assert "jobs_new" not in sqlite.tables()
    assert run(sqlite, texts | {"0003_r.sql": REBUILD.format("")}).done == ("0003",)
    # With foreign keys on, dropping the old table would have emptied the one that refers to it.
    assert sqlite.ask("SELECT job FROM logs") == [(1,)]


def test_foreign_keys_are_on(sqlite: Live) -> None:
    orphan = "CREATE TABLE a (id BIGINT PRIMARY KEY);\nCREATE TABLE b (a BIGINT REFERENCES a (id));\n"
    assert rules(run(sqlite, {"1_a.sql": f"{orphan}INSERT INTO b VALUES (7);"})) == ["up-fails"]


def test_an_index_is_built_concurrently_outside_a_transaction(postgres: Live) -> None:
    asked = "-- gate: no-transaction\nCREATE INDEX CONCURRENTLY kinds_id ON kinds (id);\nVACUUM kinds;\n"
    assert run(postgres, FILES | {"0003_names.sql": asked}).done == tuple(ALL)
    assert postgres.versions() == ALL


def test_a_file_that_asks_for_no_transaction_and_fails_is_marked(live: Live) -> None:
    halfway = (
        "-- gate: no-transaction\nCREATE TABLE IF NOT EXISTS half (x TEXT);\nINSERT INTO nowhere VALUES (1);\n"
    )
    texts = FILES | {"0003_names.sql": halfway}
    result = run(live, texts)
    assert (result.done, rules(result)) == (("0001", "0002"), ["up-fails"])
    assert "--rerun" in (result.findings[0].hint or "")
    assert "half" in live.tables()
    found = status(live.url, sources(texts))
    assert states(found)["0003"] == "incomplete"
    assert rules(found) == ["incomplete"]
    mended = texts | {"0003_names.sql": halfway.replace("nowhere VALUES (1)", "half VALUES ('y')")}
    refused(live, "incomplete", mended)
    assert run(live, mended, rerun=True).done == ("0003",)
    assert live.ask("SELECT x FROM half") == [("y",)]


def test_an_incomplete_version_can_be_taken_back_or_recorded(live: Live) -> None:
    halfway = "-- gate: no-transaction\nCREATE TABLE half (x TEXT);\nINSERT INTO nowhere VALUES (1);\n"
    texts = {"1_a.sql": halfway, "1_a.down.sql": "DROP TABLE IF EXISTS half;"}
    run(live, texts)
    assert undo(live.url, sources(texts), destroy_data=True).done == ("1",)
    assert live.tables() == {OWN}
    run(live, texts)
    assert run(live, texts, baseline="1").status is Status.PASS
    assert live.versions() == ["1"]


def test_a_file_with_its_own_transactions_runs_as_written_with_a_warning(live: Live) -> None:
    own = "BEGIN;\nCREATE TABLE a (x TEXT);\nCOMMIT;\nINSERT INTO a VALUES ('y');\n"
    result = run(live, {"1_a.sql": own})
    assert (result.status, [f.rule for f in result.findings]) == (Status.PASS, ["migration.transaction"])
    assert live.ask("SELECT x FROM a") == [("y",)]
    open_ended = run(live, {"1_a.sql": own, "2_b.sql": "BEGIN;\nCREATE TABLE b (x TEXT);\n"})
    assert rules(open_ended) == ["up-fails"]
    assert "b" not in live.tables()


def test_a_search_path_that_a_script_sets_ends_with_it(postgres: Live) -> None:
    moved = "CREATE SCHEMA aside;\nSET search_path = aside;\nCREATE TABLE public.kinds (id BIGINT PRIMARY KEY);\n"
    assert run(postgres, FILES | {"0002_kinds.sql": moved}).done == tuple(ALL)
    assert postgres.versions() == ALL


def test_a_version_that_may_be_under_way_is_waited_for_and_not_undone(sqlite: Live) -> None:
    texts = {"1_a.sql": "SELECT 1;", "1_a.down.sql": "SELECT 1;"}
    run(sqlite, texts)
    now = dt.datetime.now(dt.UTC).isoformat()
    sqlite.run(f"UPDATE {OWN} SET state = 'applying', applied_at = '{now}'")
    result = undo(sqlite.url, sources(texts), destroy_data=True)
    assert (result.status, result.done) == (Status.NOT_RUN, ())
    assert "under way" in (result.reason or "")
    other = threading.Timer(0.5, sqlite.run, (f"UPDATE {OWN} SET state = 'applied'",))
    other.start()
    assert run(sqlite, texts | {"2_b.sql": "SELECT 2;"}).done == ("2",)
    other.join()


# Undo


def test_undo_refuses_without_the_word_and_changes_nothing(live: Live) -> None:
    run(live)
    before = live.content(own=True)
    with pytest.raises(UsageError, match="0003") as caught:
        undo(live.url, sources(FILES))
    assert "--yes-destroy-data" in (caught.value.hint or "")
    assert live.content(own=True) == before


def test_undo_takes_back_the_last_versions_newest_first(live: Live) -> None:
    run(live)
    assert undo(live.url, sources(FILES), destroy_data=True).done == ("0003",)
    assert undo(live.url, sources(FILES), to="0", destroy_data=True).done == ("0002", "0001")
    assert live.tables() == {OWN}
    assert undo(live.url, sources(FILES), destroy_data=True).done == ()
    assert run(live).done == tuple(ALL)


def test_undo_to_keeps_that_version(live: Live) -> None:
    run(live)
    assert undo(live.url, sources(FILES), to="0001", destroy_data=True).done == ("0003", "0002")
    assert live.versions() == ["0001"]


def test_an_undo_that_fails_leaves_its_version(live: Live) -> None:
    run(live)
    broken = FILES | {"0002_kinds.down.sql": "DROP TABLE kinds;\nDROP TABLE nowhere;\n"}
    result = undo(live.url, sources(broken), to="0", destroy_data=True)
    assert (result.done, rules(result)) == (("0003",), ["down-fails"])
    assert live.versions() == ["0001", "0002"]
    assert "kinds" in live.tables()


def test_undo_stops_before_it_begins_where_a_down_is_missing(live: Live) -> None:
    run(live)
    without = {name: text for name, text in FILES.items() if name != "0002_kinds.down.sql"}
    result = undo(live.url, sources(without), to="0", destroy_data=True)
    assert (result.done, rules(result)) == ((), ["missing-down"])
    edited = FILES | {"0003_names.sql": "SELECT 1;"}
    assert rules(undo(live.url, sources(edited), destroy_data=True)) == ["edited"]


# Locks, limits and places that can't be written


def test_status_changes_nothing_and_makes_no_file(live: Live) -> None:
    result = status(live.url, sources(FILES))
    assert states(result) == dict.fromkeys(ALL, "pending")
    assert live.tables() == set()
    run(live, to="0002")
    before = live.content(own=True)
    found = status(live.url, sources(FILES))
    assert states(found) == {"0001": "applied", "0002": "applied", "0003": "pending"}
    assert found.tracked[0].versions[0].applied_at
    assert live.content(own=True) == before


def test_a_locked_sqlite_file_is_told_of_and_left_alone(sqlite: Live) -> None:
    run(sqlite, to="0001")
    before = sqlite.content(own=True)
    with closing(sqlite3.connect(sqlite.url.removeprefix("sqlite:"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        result = run(sqlite, limits=QUICK)
    assert (result.status, result.exit_code) == (Status.NOT_RUN, 3)
    assert "locked by another program" in (result.reason or "")
    assert sqlite.content(own=True) == before


def test_a_lock_that_another_session_holds_is_told_of(postgres: Live) -> None:
    run(postgres, to="0002")
    with psycopg.connect(postgres.url) as other:
        other.execute("LOCK TABLE kinds")
        result = run(postgres, limits=QUICK)
    assert (result.status, result.done) == (Status.NOT_RUN, ())
    assert "held by another session" in (result.reason or "")
    assert postgres.versions() == ["0001", "0002"]


def test_a_migrator_that_works_is_told_of(postgres: Live) -> None:
    slow = threading.Thread(target=run, args=(postgres, {"1_a.sql": "SELECT pg_sleep(50);"}))
    slow.start()
    sleeping = "FROM pg_stat_activity WHERE query LIKE '%sleep(50)%' AND pid <> pg_backend_pid()"
    until(lambda: postgres.ask(f"SELECT 1 {sleeping}"))
    result = run(postgres, limits=QUICK)
    postgres.run(f"SELECT pg_cancel_backend(pid) {sleeping}")
    slow.join()
    assert result.status is Status.NOT_RUN
    assert "Another migrator works" in (result.reason or "")
    assert postgres.versions() == []


def test_a_read_only_database_is_told_of(live: Live) -> None:
    run(live, to="0001")
    before = live.content(own=True)
    separator, option = (
        ("?", "mode=ro") if live.engine == "sqlite" else ("&", "options=-c%20default_transaction_read_only%3Don")
    )
    result = apply(f"{live.url}{separator}{option}", sources(FILES))
    assert result.status is Status.NOT_RUN
    assert ("can't be written" if live.engine == "sqlite" else "read-only") in (result.reason or "")
    assert live.content(own=True) == before


SLOW = {
    "sqlite": "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;",
    "postgres": "SELECT pg_sleep(60);",
}


@pytest.mark.parametrize(
    ("limits", "outcome"), [(Limits(statement=0.5), Status.FAIL), (Limits(overall=1), Status.NOT_RUN)]
)
def test_what_takes_too_long_is_stopped_and_undone(live: Live, limits: Limits, outcome: Status) -> None:
    run(live, to="0002")
    texts = FILES | {"0003_names.sql": f"CREATE TABLE early (x TEXT);\n{SLOW[live.engine]}"}
    result = run(live, texts, limits=limits)
    assert (result.status, result.done) == (outcome, ())
    if outcome is Status.FAIL:
        assert [(f.rule, f.line) for f in result.findings] == [("migration.up-fails", 2)]
    else:
        assert "time-out of 1 seconds" in (result.reason or "")
    assert "early" not in live.tables()
    assert run(live).done == ("0003",)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hid den@h:x/d?=hidden",
        "mysql://u:hidden@h/d",
        "sqlite:",
        "sqlite::memory:",
        "",
        "sqlite:a.db?cache=shared",
    ],
)
def test_a_url_that_names_no_database_is_refused(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        apply(url, sources(FILES))
    assert "hidden" not in str(caught.value)


def test_a_server_that_is_not_there_is_told_of_without_its_password() -> None:
    result = apply("postgresql://u:hidden@127.0.0.1:1/d", sources(FILES))
    assert (result.status, result.database) == (Status.NOT_RUN, "127.0.0.1 port 1, database d")
    assert "hidden" not in result.model_dump_json()


def test_a_file_that_is_no_database_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("no database, but text that is long enough to look at " * 20)
    result = apply(f"sqlite:{tmp_path / 'x.db'}", sources(FILES))
    assert result.status is Status.NOT_RUN
    assert "is no SQLite database" in (result.reason or "")


def test_extensions_are_there_before_the_first_up(postgres: Live) -> None:
    settings = MigrationSettings(postgres_extensions=("citext",))
    assert run(postgres, {"1_a.sql": "CREATE TABLE a (x CITEXT);"}, settings=settings).done == ("1",)
    wanting = MigrationSettings(postgres_extensions=("not_there",))
    result = run(postgres, {"1_a.sql": "CREATE TABLE a (x CITEXT);", "2_b.sql": "SELECT 1;"}, settings=wanting)
    assert (result.status, result.done) == (Status.NOT_RUN, ())
    assert "not_there" in (result.reason or "")


# Other tools' tables, by their documented schema


TEXTS = FILES | {"0004_more.sql": "SELECT 1;", "0004_more.down.sql": "SELECT 1;"}


def sqlx(live: Live, *, third: str = "TRUE", digest: bytes | None = None) -> None:
    blob, serial = ("BLOB", "BIGINT") if live.engine == "sqlite" else ("BYTEA", "BIGINT")
    live.run(
        f"CREATE TABLE _sqlx_migrations (version {serial} PRIMARY KEY, description TEXT NOT NULL, installed_on "
        f"TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum {blob} NOT NULL, "
        "execution_time BIGINT NOT NULL)"
    )
    for number, (name, success) in enumerate([("init", "TRUE"), ("kinds", "TRUE"), ("names", third)], start=1):
        sum_ = (
            digest
            if digest and number == 2
            else hashlib.sha384(TEXTS[f"000{number}_{name}.sql"].encode()).digest()
        )
        literal = f"X'{sum_.hex()}'" if live.engine == "sqlite" else f"'\\x{sum_.hex()}'"
        live.run(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) "
            f"VALUES ({number}, '{name}', {success}, {literal}, 1)"
        )


def golang_migrate(live: Live, version: int, dirty: str) -> None:
    live.run("CREATE TABLE schema_migrations (version BIGINT NOT NULL PRIMARY KEY, dirty BOOLEAN NOT NULL)")
    live.run(f"INSERT INTO schema_migrations VALUES ({version}, {dirty})")


def diesel(live: Live, *versions: str) -> None:
    live.run(
        "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT "
        "NULL DEFAULT CURRENT_TIMESTAMP)"
    )
    for version in versions:
        live.run(f"INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}')")


def goose(live: Live, *steps: tuple[int, str]) -> None:
    key = "INTEGER PRIMARY KEY AUTOINCREMENT" if live.engine == "sqlite" else "SERIAL PRIMARY KEY"
    live.run(
        f"CREATE TABLE goose_db_version (id {key}, version_id BIGINT NOT NULL, is_applied BOOLEAN NOT NULL, "
        "tstamp TIMESTAMP DEFAULT CURRENT_TIMESTAMP)"
    )
    for version, applied in ((0, "TRUE"), *steps):
        live.run(f"INSERT INTO goose_db_version (version_id, is_applied) VALUES ({version}, {applied})")


def seen(live: Live, tool: str) -> tuple[list[str], list[str]]:
    """The states in order as status gives them for the one tool, and the rules."""
    result = status(live.url, sources(TEXTS))
    (tracked,) = result.tracked
    assert tracked.tool == tool
    return [version.state for version in tracked.versions], rules(result)


def test_status_reads_the_table_of_sqlx(live: Live) -> None:
    sqlx(live)
    assert seen(live, "sqlx") == (["applied", "applied", "applied", "pending"], [])


def test_status_tells_what_sqlx_left_dirty_and_what_was_edited_under_it(live: Live) -> None:
    sqlx(live, third="FALSE", digest=b"\x01" * 48)
    assert seen(live, "sqlx") == (["applied", "edited", "dirty", "pending"], ["edited", "dirty"])
    refused(live, "dirty", baseline="3")


@pytest.mark.parametrize(("dirty", "third", "found"), [("FALSE", "applied", []), ("TRUE", "dirty", ["dirty"])])
def test_status_reads_the_table_of_golang_migrate(live: Live, dirty: str, third: str, found: list[str]) -> None:
    golang_migrate(live, 3, dirty)
    assert seen(live, "golang-migrate") == (["applied", "applied", third, "pending"], found)


def test_status_reads_the_table_of_diesel(live: Live) -> None:
    diesel(live, "0001", "0003")
    assert seen(live, "diesel") == (["applied", "pending", "applied", "pending"], [])


def test_status_reads_diesels_dated_versions(live: Live) -> None:
    diesel(live, "20240102030405")
    texts = {"2024-01-02-030405_a/up.sql": "SELECT 1;", "2024-01-02-030406_b/up.sql": "SELECT 1;"}
    result = status(live.url, sources(texts))
    assert [version.state for version in result.tracked[0].versions] == [State.APPLIED, State.PENDING]


def test_status_reads_the_table_of_goose_by_its_last_row(live: Live) -> None:
    goose(live, (1, "TRUE"), (2, "TRUE"), (3, "TRUE"), (3, "FALSE"), (2, "FALSE"), (2, "TRUE"))
    assert seen(live, "goose") == (["applied", "applied", "pending", "pending"], [])


def test_status_tells_of_a_version_that_only_the_other_tool_knows(live: Live) -> None:
    diesel(live, "0001", "0009")
    states_found, found = seen(live, "diesel")
    assert states_found == ["applied", "pending", "pending", "pending", "missing"]
    assert found == ["unknown"]


def test_another_tools_database_is_left_to_it_until_handed_over(live: Live) -> None:
    golang_migrate(live, 1, "FALSE")
    live.run("CREATE TABLE jobs (id BIGINT PRIMARY KEY)")
    result = refused(live, "untracked")
    assert "golang-migrate" in result.findings[0].message
    assert "--baseline 1" in (result.findings[0].hint or "")
    assert run(live, baseline="1").done == ("0002", "0003")
    assert [tracked.tool for tracked in status(live.url, sources(FILES)).tracked] == [
        "gatekeeper",
        "golang-migrate",
    ]
