"""What the lint claims of the engines, held against the engines themselves."""

from collections.abc import Iterator, Mapping

import pytest
from linting import files_of

from gatekeeper.engines.base import Engine, Interrupter
from gatekeeper.engines.postgres import postgres_server
from gatekeeper.engines.sqlite import SqliteEngine
from gatekeeper.migrate.guards import Guards
from gatekeeper.migrate.run import ScriptError, run_script
from gatekeeper.migrate.scripts import Script
from gatekeeper.model.rules.engine_forms import ENGINE_FORMS, EngineForm
from gatekeeper.model.rules.lint import LINT
from gatekeeper.model.rules.rule import Case
from gatekeeper.model.settings import PostgresSettings

Engines = Mapping[str, Engine]
_RULES = {rule.id: rule for rule in LINT}


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    with postgres_server(PostgresSettings(), timeout=30) as postgres:
        yield {
            "sqlite": SqliteEngine(timeout=30, functions={}, interrupter=Interrupter()),
            "postgres": postgres,
        }


def refused(engine: Engine, *texts: str, guards: bool = True) -> str | None:
    """What the engine says to the scripts, run in order in a new database; None if it takes them all."""
    with engine.database() as database:
        try:
            for text in texts:
                script = Script("a.sql", text)
                run_script(database, script, guards=Guards() if guards else None)
        except ScriptError as error:
            return error.reason
    return None


@pytest.mark.parametrize("form", ENGINE_FORMS, ids=lambda form: form.title)
def test_a_form_runs_on_its_engine_alone_and_its_remedy_on_both(engines: Engines, form: EngineForm) -> None:
    other = "postgres" if form.engine == "sqlite" else "sqlite"
    assert refused(engines[form.engine], form.bad) is None
    assert (refused(engines[other], form.bad) is None) is bool(form.differs)
    assert [refused(engine, form.good) for engine in engines.values()] == [None, None]


def replayed() -> list[Case]:
    rule = _RULES["lint.if-not-exists"]
    return [Case(title=rule.title, bad=rule.bad, good=rule.good), *rule.cases]


@pytest.mark.parametrize("case", replayed(), ids=lambda case: case.title)
def test_without_if_not_exists_a_second_run_fails_and_with_it_none_does(engines: Engines, case: Case) -> None:
    for engine in engines.values():
        assert refused(engine, case.bad) is None
        assert refused(engine, case.bad, case.bad) is not None
        assert refused(engine, case.good, case.good) is None


def test_without_if_exists_a_down_fails_where_nothing_stands(engines: Engines) -> None:
    rule = _RULES["lint.if-exists"]
    for engine in engines.values():
        assert refused(engine, files_of(rule.bad)["0001_jobs.down.sql"]) is not None
        assert refused(engine, files_of(rule.good)["0001_jobs.down.sql"]) is None


def test_no_engine_runs_a_placeholder_that_postgres_does_not_read(engines: Engines) -> None:
    table = "CREATE TABLE jobs (id BIGINT, kind TEXT);"
    for placeholder in ("?", "?1", ":name", "@name", "$name", "%s", "%(name)s", "${name}"):
        assert refused(engines["postgres"], table, f"UPDATE jobs SET kind = 'a' WHERE id = {placeholder};"), (
            placeholder
        )
