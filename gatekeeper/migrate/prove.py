"""The proof: structural lint, then every engine's run, side by side (contract, section 5)."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from threading import Lock

from gatekeeper.engines.base import Engine, EngineName, EngineUnavailable, Interrupter
from gatekeeper.engines.server import Server, starting_server
from gatekeeper.engines.sqlite import SqliteEngine
from gatekeeper.migrate import losses, parity
from gatekeeper.migrate.climb import STEPS, Climb, Progress
from gatekeeper.migrate.data import DataWalk
from gatekeeper.migrate.discover import (
    Discovery,
    Migration,
    MigrationSet,
    by_version,
    discover,
    paths_of,
    takes_part,
)
from gatekeeper.migrate.fixtures import Fixtures, fixtures
from gatekeeper.migrate.lint import Since, lint
from gatekeeper.migrate.outside import touches_server
from gatekeeper.migrate.wording import ENGINE_NAMES
from gatekeeper.model.finding import Finding, Severity, Status, status_of
from gatekeeper.model.proof import EngineProof, LayoutChoice, MigrationFile, Proof, ProofResult, SourceFile
from gatekeeper.model.settings import MigrationSettings, PostgresSettings

_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class _Job:
    """What all engines' runs have in common."""

    settings: MigrationSettings
    postgres: PostgresSettings
    fixtures: Mapping[EngineName, Fixtures]
    progress: Progress
    interrupter: Interrupter
    server: Callable[[], Server] | None


@dataclass(frozen=True, slots=True)
class _Outcome:
    proof: EngineProof
    climb: Climb | None = None
    walk: DataWalk | None = None
    findings: tuple[Finding, ...] = ()
    reason: str | None = None

    @property
    def guards_evaluated(self) -> bool:
        """Whether any guard was asked."""
        guards = self.climb.guards if self.climb else None
        return guards is not None and guards.evaluated


def prove(
    files: Iterable[SourceFile],
    settings: MigrationSettings,
    postgres: PostgresSettings,
    *,
    progress: Callable[[str], None] | None = None,
    server: Callable[[], Server] | None = None,
) -> ProofResult:
    """Prove the migrations among the files on every configured engine.

    FAIL if any finding is an error, else NOT_RUN with the reason if an engine could not run, else PASS;
    NOT_APPLICABLE without engines or migrations. ``progress`` is told what is run, from one thread at a time.
    ``server`` gives an embedded server that the caller began to start, and ends.
    Raises UsageError for migrations whose layouts are mixed. Databases and servers of the run are gone when it
    returns or raises.
    """
    files = [file for file in files if takes_part(file.path, settings)]
    discovery = discover(files, settings)
    given, strays = fixtures(files, discovery)
    structural = tuple(sorted((*lint(discovery, settings), *strays), key=Finding.sort_key))
    if any(found.duplicates for found in discovery.sets.values()):
        return ProofResult(Status.FAIL, "A version that is there twice ends the proof.", structural, None)
    if not any(found.migrations for found in discovery.sets.values()):
        reason = nothing_there(settings)
        failed = status_of(structural) is Status.FAIL
        return ProofResult(Status.FAIL if failed else Status.NOT_APPLICABLE, reason, structural, None)
    job = _Job(settings, postgres, given, _one_at_a_time(progress), Interrupter(), server)
    with _server(discovery, job) as ready:
        outcomes = _run_engines(discovery, ready)
    agreement, diverging = _parity(outcomes, settings)
    found = (
        *structural,
        *(f for outcome in outcomes for f in outcome.findings),
        *diverging,
        *_declared(discovery, outcomes, settings),
    )
    findings = tuple(sorted(found, key=Finding.sort_key))
    reasons = [outcome.reason for outcome in outcomes if outcome.reason]
    engines = tuple(outcome.proof for outcome in outcomes)
    layout = LayoutChoice(name=discovery.layout, reason=discovery.reason) if discovery.layout else None
    evaluated = any(outcome.guards_evaluated for outcome in outcomes)
    proof = Proof(layout=layout, engines=engines, parity=agreement, files=_files(discovery), guards=evaluated)
    if status_of(findings) is Status.FAIL:
        return ProofResult(Status.FAIL, " ".join(reasons) or None, findings, proof)
    return ProofResult(Status.NOT_RUN if reasons else Status.PASS, " ".join(reasons) or None, findings, proof)


def _parity(outcomes: list[_Outcome], settings: MigrationSettings) -> tuple[Status, list[Finding]]:
    """Compare the engines' end schemas: NOT_APPLICABLE with one engine, NOT_RUN where a run ended early."""
    due = [outcome for outcome in outcomes if outcome.proof.status is not Status.NOT_APPLICABLE]
    if len(due) < 2:
        return Status.NOT_APPLICABLE, []
    climbs = [outcome.climb for outcome in due if outcome.climb]
    shapes = {climb.database.engine: climb.shape for climb in climbs if climb.shape}
    if len(shapes) < 2:
        return Status.NOT_RUN, []

    def maker(name: str) -> str | None:
        return next((path for climb in climbs if (path := climb.maker(name)) is not None), None)

    found = parity.compare(shapes["sqlite"], shapes["postgres"])
    findings = parity.judged(found, settings.parity_exceptions, maker)
    return status_of(findings), findings


def nothing_there(settings: MigrationSettings) -> str:
    """Why there is nothing to prove or to lint."""
    if not settings.engines:
        return "No engine is configured ([migrations] engines is empty)."
    places = sorted({path for engine in settings.engines for path in paths_of(settings, engine)})
    return f"There are no migrations under {', '.join(places)}."


def _one_at_a_time(progress: Progress | None) -> Progress:
    lock = Lock()

    def tell(text: str) -> None:
        if progress:
            with lock:
                progress(text)

    return tell


def _files(discovery: Discovery) -> tuple[MigrationFile, ...]:
    return tuple(
        MigrationFile(version=m.version.text, path=m.path, sha256=m.sha256, down=m.down.path if m.down else None)
        for group in by_version(discovery.sets).values()
        for m in group
    )


def _declared(discovery: Discovery, outcomes: list[_Outcome], settings: MigrationSettings) -> list[Finding]:
    """What is to be said of declared losses; that one wasn't needed, only if every engine came to the end."""
    since = Since(settings.since)
    whole = all(o.proof.status is Status.NOT_APPLICABLE or (o.walk and o.walk.finished) for o in outcomes)
    used = {loss for outcome in outcomes if outcome.walk for loss in outcome.walk.used}
    found = {}
    for engine, own in discovery.sets.items():
        for migration, finding in losses.judged(own.migrations, engine, used):
            if whole or finding.severity is Severity.ERROR:
                found[finding] = since.judged(migration.version, finding)
    return list(found.values())


@contextmanager
def _server(discovery: Discovery, job: _Job) -> Iterator[_Job]:
    """The job with a server that is about to run, where the run needs one of its own."""
    found = discovery.sets.get("postgres")
    with ExitStack() as stack:
        if found is not None and found.migrations:
            if job.server is None and not job.postgres.url:
                job = replace(job, server=stack.enter_context(starting_server(job.postgres.bin)))
            # To load the driver takes as long as to start the server, and would keep waiting the engines' threads.
            import_module("gatekeeper.engines.postgres")
        yield job


def _run_engines(discovery: Discovery, job: _Job) -> list[_Outcome]:
    pool = ThreadPoolExecutor(max_workers=len(discovery.sets), thread_name_prefix="prove")
    try:
        started: list[Future[_Outcome]] = [
            pool.submit(_run_engine, name, found, job) for name, found in sorted(discovery.sets.items())
        ]
        return [_result(future) for future in started]
    except BaseException:
        job.interrupter.stop()
        raise
    finally:
        pool.shutdown(wait=True)


def _result(future: Future[_Outcome]) -> _Outcome:
    # A wait with a time-out lets a signal through where a plain one does not (Windows).
    while True:
        try:
            return future.result(timeout=_LOOK_SECONDS)
        except TimeoutError:
            if future.done():
                raise


def _run_engine(name: EngineName, found: MigrationSet, job: _Job) -> _Outcome:
    begun = time.monotonic()
    if not found.migrations:
        return _Outcome(_empty(name, Status.NOT_APPLICABLE, begun, job))
    climb: Climb | None = None
    engine: Engine | None = None
    try:
        with _engine(name, job) as engine:
            together = engine.elsewhere and not any(map(_touches_server, found.migrations))
            with engine.database() as database:
                climb = Climb(database, found.migrations, job.settings, job.progress)
                walk = DataWalk(engine, climb, job.fixtures[name])
                if together:
                    with _aside(walk.run) as walked:
                        climb.run()
                        walked()
                else:
                    climb.run()
            if not together:
                # One after the other: a role belongs to the whole server, and would be in the way of the second.
                walk.run()
    except EngineUnavailable as error:
        reason = f"{ENGINE_NAMES[name]} could not run: {error.reason}"
        findings = tuple(climb.findings) if climb else ()
        return _Outcome(_empty(name, Status.NOT_RUN, begun, job, engine), findings=findings, reason=reason)
    return _judged(engine, climb, walk, begun)


@contextmanager
def _aside(work: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Work in a thread of its own while the context lasts; what it gives waits and raises what the work raised."""
    with ThreadPoolExecutor(1, thread_name_prefix="rows") as pool:
        yield pool.submit(work).result


def _touches_server(migration: Migration) -> bool:
    """Whether it may touch what both databases have in common."""
    return any(touches_server(script.text) for script in (migration.up, migration.down) if script)


@contextmanager
def _engine(name: EngineName, job: _Job) -> Iterator[Engine]:
    settings, timeout, interrupter = job.settings, job.settings.statement_timeout, job.interrupter
    if name == "sqlite":
        yield SqliteEngine(timeout=timeout, functions=settings.sqlite_functions, interrupter=interrupter)
        return
    from gatekeeper.engines.postgres import postgres_server  # noqa: PLC0415 - SQLite alone doesn't need the driver

    extensions, server = settings.postgres_extensions, job.server
    with postgres_server(
        job.postgres, timeout=timeout, extensions=extensions, interrupter=interrupter, started=server
    ) as engine:
        yield engine


def _empty(name: EngineName, status: Status, begun: float, job: _Job, engine: Engine | None = None) -> EngineProof:
    """The record of an engine that did not run, or not to the end."""
    return EngineProof(
        engine=name,
        version=engine.version if engine else "",
        source=engine.source if engine else _wanted_source(name, job.postgres),
        status=status,
        applied=0,
        steps=dict.fromkeys(STEPS, status),
        fingerprint=None,
        duration_ms=_since(begun),
    )


def _wanted_source(name: EngineName, postgres: PostgresSettings) -> str:
    """Where the engine would have come from."""
    if name == "sqlite":
        return "builtin"
    return "url" if postgres.url else "bin" if postgres.bin else "embedded"


def _judged(engine: Engine, climb: Climb, walk: DataWalk, begun: float) -> _Outcome:
    steps = climb.steps()
    status = Status.PASS
    reason = None
    if Status.FAIL in steps.values():
        status = Status.FAIL
    elif Status.NOT_RUN in steps.values():
        status = Status.NOT_RUN
        names = ", ".join(step for step, outcome in steps.items() if outcome is Status.NOT_RUN)
        reason = f"{ENGINE_NAMES[engine.name]} could not take every step: {names}."
    proof = EngineProof(
        engine=engine.name,
        version=engine.version,
        source=engine.source,
        status=status,
        applied=climb.applied,
        steps=steps,
        versions=climb.versions(),
        rows=walk.counts,
        fingerprint=climb.fingerprint,
        duration_ms=_since(begun),
    )
    return _Outcome(proof, climb, walk, tuple(climb.findings), reason)


def _since(begun: float) -> int:
    return int((time.monotonic() - begun) * 1000)
