"""Guards in the proof, on both engines: the words, names as each engine folds them, and files that must fail."""

from collections.abc import Iterator

import pytest
from databases import sources

from gatekeeper.engines.server import running_server
from gatekeeper.migrate.prove import prove
from gatekeeper.model.finding import Status
from gatekeeper.model.proof import ProofResult
from gatekeeper.model.settings import MigrationSettings, PostgresSettings

ON = MigrationSettings(guards=True, require_down=False, replay="off")
OFF = MigrationSettings(require_down=False)
JOBS = "CREATE TABLE IF NOT EXISTS jobs (id BIGINT PRIMARY KEY, kind TEXT);\n"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresSettings]:
    with running_server("", sockets=True) as running:
        yield PostgresSettings(url=f"postgresql://postgres@/postgres?host={running.connect['host']}")


class Prover:
    def __init__(self, server: PostgresSettings) -> None:
        self._server = server

    def __call__(self, up: str, settings: MigrationSettings = ON, **more: str) -> ProofResult:
        files = {"1_a.sql": up, **{f"{name}.sql": text for name, text in more.items()}}
        return prove(sources(files), settings, self._server)


@pytest.fixture
def proven(server: PostgresSettings) -> Prover:
    return Prover(server)


def was_skipped(proven: Prover, guard: str, before: str = JOBS, settings: MigrationSettings = ON) -> set[str]:
    """The engines on which the statement below the guard did not run: it would fail."""
    result = proven(f"{before}-- gate: when {guard}\nSELECT * FROM not_there;", settings)
    ran = {f.engine for f in result.findings if f.rule == "migration.up-fails" and "not_there" in f.message}
    others = [f for f in result.findings if f.rule == "migration.up-fails" and "not_there" not in f.message]
    assert others == []
    return {"sqlite", "postgres"} - {engine for engine in ran if engine}


def test_a_guarded_add_column_replays_and_steps_back_on_both_engines(proven: Prover) -> None:
    files = {
        "2_b": "-- gate: when column-missing jobs.state\n\n-- why\nALTER TABLE jobs ADD COLUMN state TEXT;",
        "2_b.down": "-- gate: when column-present jobs.state\nALTER TABLE jobs DROP COLUMN state;",
        "1_a.down": "DROP TABLE IF EXISTS jobs;",
    }
    result = proven(JOBS, MigrationSettings(guards=True), **files)
    assert (result.status, result.findings) == (Status.PASS, ())
    assert result.proof is not None
    assert result.proof.guards is True


def test_without_the_setting_guards_are_comments(proven: Prover) -> None:
    up = f"{JOBS}-- gate: when column-missing jobs.kind\nALTER TABLE jobs ADD COLUMN kind TEXT;"
    result = proven(up, OFF)
    assert {f.engine for f in result.findings if f.rule == "migration.up-fails"} == {"sqlite", "postgres"}
    unread = proven(f"{JOBS}-- gate: when nonsense x\nSELECT 1;", OFF)
    assert unread.status is Status.PASS
    assert unread.proof is not None
    assert unread.proof.guards is False


def test_guards_says_whether_any_was_evaluated(proven: Prover) -> None:
    result = proven(JOBS, ON)
    assert result.proof is not None
    assert result.proof.guards is False


BOTH = {"sqlite", "postgres"}


@pytest.mark.parametrize(
    ("guard", "skipped"),
    [
        ("column-missing jobs.kind", BOTH),
        ("column-missing jobs.other", set()),
        ("column-missing nowhere.kind", set()),
        ("column-present nowhere.kind", BOTH),
        ("column-present jobs.kind", set()),
        ("table-missing jobs", BOTH),
        ("table-present jobs", set()),
        ("table-present nowhere", BOTH),
        ("index-missing jobs_kind", BOTH),
        ("index-present jobs_kind", set()),
        ("index-present jobs", BOTH),
        ("table-present jobs_kind", BOTH),
        ("engine sqlite", {"postgres"}),
        ("engine PostgreS", {"sqlite"}),
        ("COLUMN-MISSING JOBS.KIND", BOTH),
        ('column-missing "JOBS"."KIND"', {"sqlite"}),
        ('column-missing "jobs" . kind', BOTH),
        ("table-missing other.jobs", set()),
        ("table-missing seen", set()),
        ("column-missing seen.kind", BOTH),
        ("table-missing passing", BOTH),
        ("column-present passing.x", set()),
    ],
)
def test_a_guard_asks_the_live_schema(proven: Prover, guard: str, skipped: set[str]) -> None:
    before = (
        f"{JOBS}CREATE INDEX IF NOT EXISTS jobs_kind ON jobs (kind);\nDROP VIEW IF EXISTS seen;\n"
        "CREATE VIEW seen AS SELECT kind FROM jobs;\nCREATE TEMPORARY TABLE IF NOT EXISTS passing (x TEXT);\n"
    )
    assert was_skipped(proven, guard, before) == skipped


def test_names_with_a_schema_are_looked_for_there(proven: Prover) -> None:
    assert was_skipped(proven, "table-missing public.jobs") == {"postgres"}
    assert was_skipped(proven, "column-missing MAIN.Jobs.Kind") == {"sqlite"}
    assert was_skipped(proven, "index-missing main.nothing") == set()


def test_several_guards_hold_together_over_one_statement_alone(proven: Prover) -> None:
    both = "-- gate: when engine sqlite\n/* and */\n-- gate: when column-missing jobs.kind\n"
    result = proven(f"{JOBS}{both}SELECT * FROM first; SELECT * FROM second;")
    missing = {(f.engine, "second" in f.message) for f in result.findings if f.rule == "migration.up-fails"}
    assert missing == {("sqlite", True), ("postgres", True)}


def test_a_guard_sees_what_the_statement_before_it_made(proven: Prover) -> None:
    up = "-- gate: when table-missing a\nCREATE TABLE a (x TEXT);\n-- gate: when table-missing a\nSELECT * FROM b;"
    assert proven(up).status is Status.PASS


def test_the_other_engines_trigger_or_function_is_one_statement(proven: Prover) -> None:
    up = (
        f"{JOBS}-- gate: when engine postgres\n"
        "CREATE OR REPLACE FUNCTION f() RETURNS trigger AS $$ BEGIN NEW.id := 1; RETURN NEW; END; $$ "
        "LANGUAGE plpgsql;\n"
        "-- gate: when engine sqlite\n"
        "CREATE TRIGGER IF NOT EXISTS t AFTER INSERT ON jobs BEGIN UPDATE jobs SET id = id; "
        "UPDATE jobs SET kind = kind; END;\n"
        "CREATE TABLE IF NOT EXISTS later (x TEXT);\n"
    )
    result = proven(up)
    assert (result.status, result.findings) == (Status.PASS, ())


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("-- gate: when colum-missing jobs.kind\nSELECT 1;", 2, "'colum-missing' is no word of a guard"),
        ("-- gate: when\nSELECT 1;", 2, "'' is no word of a guard"),
        ("-- gate: whenever table-missing x\nSELECT 1;", 2, "'gate: whenever' is no directive"),
        ("-- gate: when engine mysql\nSELECT 1;", 2, "'mysql' is no engine"),
        ("-- gate: when column-missing kind\nSELECT 1;", 2, "expected [schema.]TABLE.COLUMN"),
        ("-- gate: when table-missing a.b.c\nSELECT 1;", 2, "expected [schema.]NAME"),
        ("-- gate: when table-missing jobs or not\nSELECT 1;", 2, "'jobs or not' is no table"),
        ('-- gate: when table-missing "jobs\nSELECT 1;', 2, "is no table"),
        ("SELECT 1;\n\n-- gate: when table-missing jobs\n-- the end\n;", 4, "a guard needs a statement after it"),
        ("SELECT\n-- gate: when table-missing jobs\n1;", 3, "inside the statement of line 2"),
    ],
)
def test_a_guard_that_means_nothing_fails_the_file(proven: Prover, text: str, line: int, said: str) -> None:
    result = proven(JOBS + text)
    failed = [f for f in result.findings if f.rule == "migration.up-fails"]
    assert {f.engine for f in failed} == BOTH
    assert {f.line for f in failed} == {line}
    assert all(said in f.message for f in failed)


def test_a_guard_in_a_down_that_means_nothing_fails_the_down(proven: Prover) -> None:
    down = "-- gate: when nothing jobs\nDROP TABLE jobs;"
    result = proven(JOBS, MigrationSettings(guards=True), **{"1_a.down": down})
    assert {f.rule for f in result.findings} == {"migration.down-fails"}


def test_a_guard_belongs_to_its_section(proven: Prover) -> None:
    text = (
        "-- gate: when table-missing jobs\n-- +goose Up\nCREATE TABLE jobs (id BIGINT);\n"
        "-- +goose Down\n-- gate: when table-present jobs\nDROP TABLE jobs;\n"
    )
    assert proven(text, MigrationSettings(guards=True)).status is Status.PASS
    dangling = proven(text.replace("-- +goose Down\n", "-- gate: when table-present jobs\n-- +goose Down\n"))
    assert {(f.rule, f.line) for f in dangling.findings} == {("migration.up-fails", 4)}
