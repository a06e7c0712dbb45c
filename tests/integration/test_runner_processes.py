"""Migrators as real processes: many at once, and ones that are killed at any statement."""

import itertools
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from databases import OWN, Live, until
from migrators import files

from gatekeeper.engines.server import Server, running_server
from gatekeeper.migrate.runner import Limits, apply
from gatekeeper.model.finding import Status

MIGRATORS = Path(__file__).parents[1] / "migrators.py"
TEXTS = {
    "0001_init.sql": "CREATE TABLE jobs (id BIGINT PRIMARY KEY);\nINSERT INTO jobs VALUES (1);\n",
    "0002_kinds.sql": "CREATE TABLE kinds (id BIGINT PRIMARY KEY);\nINSERT INTO jobs VALUES (2);\n",
    "0003_more.sql": "INSERT INTO jobs VALUES (3);\nALTER TABLE kinds ADD COLUMN name TEXT;\n",
}
OUTSIDE = {
    "sqlite": "-- gate: no-transaction\nCREATE TABLE IF NOT EXISTS made (id BIGINT);\n"
    "INSERT INTO made VALUES (1);\n"
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000000) SELECT count(*) FROM n;\n",
    "postgres": "-- gate: no-transaction\nCREATE INDEX CONCURRENTLY kinds_id ON kinds (id);\n",
}
TWO = ["0001", "0002"]
ALL = [*TWO, "0003"]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server("", sockets=True) as running:
        yield running


@pytest.fixture(scope="module")
def fresh(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Live]:
    count = iter(range(1000))
    host = server.connect["host"]

    def make(engine: str) -> Live:
        name = f"p{next(count)}"
        if engine == "sqlite":
            return Live(engine, f"sqlite:{tmp_path_factory.mktemp('db') / name}.db")
        with psycopg.connect(f"postgresql://postgres@/postgres?host={host}", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
        return Live(engine, f"postgresql://postgres@/{name}?host={host}")

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "migrations"
    place.mkdir()
    put(place, TEXTS)
    return place


def put(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (folder / name).write_text(text)


def started(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(MIGRATORS), *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def together(count: int, live: Live, folder: Path) -> list[dict[str, Any]]:
    out, _ = started("together", str(folder), str(count), live.url).communicate(timeout=120)
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
@pytest.mark.parametrize("count", [2, 20])
def test_migrators_at_once_apply_each_version_once(
    fresh: Callable[[str], Live], folder: Path, engine: str, count: int
) -> None:
    live = fresh(engine)
    put(folder, {"0004_outside.sql": OUTSIDE[engine]})
    results = together(count, live, folder)
    assert [result["status"] for result in results] == ["PASS"] * count, results
    assert [result["left"] for result in results] == [[]] * count
    assert sorted(version for result in results for version in result["done"]) == [*ALL, "0004"]
    assert live.versions() == [*ALL, "0004"]
    assert live.ask("SELECT count(*) FROM jobs") == [(3,)]
    if engine == "sqlite":
        assert live.ask("SELECT count(*) FROM made") == [(1,)]


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_migrator_killed_at_any_statement_leaves_the_last_good_version(
    fresh: Callable[[str], Live], folder: Path, engine: str
) -> None:
    (folder / "0003_more.sql").unlink()
    good = {}
    for to in ["0", *TWO]:
        whole = fresh(engine)
        apply(whole.url, files(folder), to=to)
        good[to] = whole.content()
    live = fresh(engine)
    stopped_at = set()
    for code in deaths(live, folder):
        versions = live.versions()
        assert live.content() == good[versions[-1] if versions else "0"]
        again = apply(live.url, files(folder))
        assert (again.status, again.done) == (Status.PASS, tuple(TWO[len(versions) :]))
        assert live.content() == good["0002"]
        stopped_at.add((code, len(versions)))
    assert stopped_at == {(-signal.SIGKILL, number) for number in range(3)}


def deaths(live: Live, folder: Path) -> Iterator[int]:
    """A migrator that dies before its first statement, one before its second, and so on, each on nothing."""
    with started("killed", str(folder), live.url) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in itertools.count(1):
            live.empty()
            process.stdin.write(f"{number}\n")
            process.stdin.flush()
            code = int(process.stdout.readline())
            if code == 0:
                break
            yield code
        process.stdin.close()


def test_a_server_lets_a_killed_migrators_lock_go_while_its_statement_runs(
    fresh: Callable[[str], Live], folder: Path
) -> None:
    live = fresh("postgres")
    put(folder, {"0002_kinds.sql": f"{TEXTS['0002_kinds.sql']}SELECT pg_sleep(100);\n"})
    child = started("alone", str(folder), live.url)
    sleeping = "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%sleep(100)%' AND pid <> pg_backend_pid()"
    until(lambda: live.ask(sleeping))
    child.kill()
    child.communicate()
    assert live.versions() == ["0001"]
    put(folder, TEXTS)
    assert apply(live.url, files(folder)).done == ("0002", "0003")


def test_a_version_killed_outside_a_transaction_is_told_of_and_can_be_run_again(
    fresh: Callable[[str], Live], folder: Path
) -> None:
    live = fresh("sqlite")
    put(folder, {"0004_outside.sql": OUTSIDE["sqlite"]})
    for _ in deaths(live, folder):
        if OWN in live.tables() and live.ask(f"SELECT 1 FROM {OWN} WHERE state = 'applying'"):
            break
    refused = apply(live.url, files(folder), limits=Limits(lock=0.1))
    assert [f.rule for f in refused.findings] == ["migration.incomplete"]
    again = apply(live.url, files(folder), limits=Limits(lock=0.1), rerun=True)
    assert (again.status, again.done) == (Status.PASS, ("0004",))
    assert live.versions() == [*ALL, "0004"]
