"""What ``apply``, ``undo`` and ``status`` share: the files, the database, the limits, and what came of the run."""

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from gatekeeper import __version__, clock
from gatekeeper.engines.base import EngineUnavailable, Interrupted, Interrupter, SqlError
from gatekeeper.engines.live import DatabaseUrl, Limits, LiveSession, Use, open_session, parse_url
from gatekeeper.migrate.discover import Migration, Version, discover, version_of
from gatekeeper.migrate.guards import Guards
from gatekeeper.migrate.lint import Since, lint
from gatekeeper.migrate.standing import Place, Standing, examine
from gatekeeper.migrate.tracking import Row, Tracking
from gatekeeper.model.errors import ExitCode, UsageError
from gatekeeper.model.finding import Finding, Status, status_of
from gatekeeper.model.proof import SourceFile
from gatekeeper.model.runner import RunnerResult, Tracked
from gatekeeper.model.settings import MigrationSettings

Progress = Callable[[str], None]
_EXIT_CODES = {Status.FAIL: ExitCode.FAIL, Status.NOT_RUN: ExitCode.NOT_RUN}


@dataclass(slots=True)
class Job:
    """One run: what it works with, and what it has done so far."""

    command: Use
    url: DatabaseUrl
    settings: MigrationSettings
    limits: Limits
    table: str
    progress: Progress
    contents: Mapping[str, bytes]
    migrations: tuple[Migration, ...]
    guards: Guards | None
    findings: list[Finding]
    reason: str | None = None
    hint: str | None = None
    unavailable: bool = False
    done: list[str] = field(default_factory=list)
    baselined: list[str] = field(default_factory=list)
    tracked: list[Tracked] = field(default_factory=list)

    @property
    def patience(self) -> float:
        """For how many seconds a run outside a transaction is taken to live, though nothing is heard of it."""
        return self.limits.lock or Limits().lock

    def place(self, session: LiveSession, table: str | None = None, tool: str | None = None) -> Place:
        """Where a tracking table is, as findings name it."""
        return Place(session.engine, session.shown, table or self.table, tool)

    def standing(
        self,
        session: LiveSession,
        rows: Mapping[int, Row],
        *,
        any_order: bool = False,
        unfinished_allowed: bool = False,
    ) -> Standing:
        """How the files stand to the runner's own rows."""
        return examine(
            self.migrations,
            rows,
            self.place(session),
            since=Since(self.settings.since),
            any_order=any_order,
            unfinished_allowed=unfinished_allowed,
        )

    def known(self, text: str, option: str) -> Version:
        """The version that an option names, 0 for none of them. Raises UsageError."""
        wanted = version_of(text)
        if wanted is not None and (wanted.key == 0 or wanted.key in {m.version.key for m in self.migrations}):
            return wanted
        texts = [migration.version.text for migration in self.migrations]
        have = f"{texts[0]} to {texts[-1]}" if texts else "no versions"
        raise UsageError(
            f"{option} {text}: there is no such version.", hint=f"the files have {have}; 0 is before them"
        )

    def run(self, work: Callable[[LiveSession], None]) -> RunnerResult:
        """Do the work in a session of its own, and gather what came of it."""
        begun = time.monotonic()
        if status_of(self.findings) is not Status.FAIL:
            try:
                with self._session() as session:
                    work(session)
            except EngineUnavailable as error:
                self._stopped(error.reason, error.hint)
            except SqlError as error:
                self._stopped(
                    f"The runner's own statement failed in {self.url.shown}: {error.message}.",
                    "let the role read and write the runner's table, and make tables in the schema",
                )
            except Interrupted:
                what = f"The run took longer than its time-out of {self.limits.overall:g} seconds and was stopped."
                self._stopped(what, "give it more with --timeout SECONDS, and run the command again")
        return self.result(int((time.monotonic() - begun) * 1000))

    @contextmanager
    def _session(self) -> Iterator[LiveSession]:
        interrupter = Interrupter()
        timer = threading.Timer(self.limits.overall, interrupter.stop) if self.limits.overall else None
        if timer:
            timer.daemon = True
            timer.start()
        try:
            with open_session(self.url, self.command, self.limits, interrupter) as session:
                yield session
        finally:
            if timer:
                timer.cancel()

    def _stopped(self, reason: str, hint: str | None) -> None:
        self.unavailable = True
        self.reason, self.hint = reason, hint

    def result(self, duration_ms: int = 0) -> RunnerResult:
        """What came of the run so far."""
        status = status_of(self.findings)
        if status is not Status.FAIL and self.unavailable:
            status = Status.NOT_RUN
        return RunnerResult(
            command=self.command,
            engine=self.url.engine,
            database=self.url.shown,
            status=status,
            exit_code=_EXIT_CODES.get(status, ExitCode.PASS),
            reason=self.reason,
            hint=self.hint,
            tool_version=__version__,
            duration_ms=duration_ms,
            done=tuple(self.done),
            baselined=tuple(self.baselined),
            tracked=tuple(self.tracked),
            findings=tuple(self.findings),
        )


def job_of(
    command: Use,
    url: str,
    files: Iterable[SourceFile],
    settings: MigrationSettings | None,
    *,
    limits: Limits | None,
    table: str,
    progress: Progress | None,
) -> Job:
    """A run on the database that the URL names. Raises UsageError for a URL or files that can't be used at all."""
    target = parse_url(url)
    every = tuple(files)
    own = (settings or MigrationSettings()).model_copy(update={"engines": (target.engine,)})
    discovery = discover(every, own)
    duplicates = [f for f in lint(discovery, own) if f.rule == "migration.duplicate"]
    return Job(
        command=command,
        url=target,
        settings=own,
        limits=limits or Limits(statement=own.statement_timeout),
        table=table,
        progress=progress or (lambda _: None),
        contents={file.path: file.content for file in every},
        migrations=discovery.sets[target.engine].migrations,
        guards=Guards() if own.guards else None,
        findings=duplicates,
    )


def recorded(tracking: Tracking) -> Mapping[int, Row]:
    """The rows of the runner's own table, none where it isn't there."""
    return tracking.rows() if tracking.exists() else {}


def under_way(job: Job, session: LiveSession, rows: Mapping[int, Row]) -> Row | None:
    """A version that runs outside a transaction and began so lately that its run may well live.

    On PostgreSQL the lock tells: whoever holds it is alone.
    """
    begun = (row for row in rows.values() if row.state in {"applying", "undoing"} and _age(row) < job.patience)
    return next(begun, None) if session.engine == "sqlite" else None


def _age(row: Row) -> float:
    """Seconds since the row was written; the clock is this machine's, as the users of a SQLite file share it."""
    try:
        written = dt.datetime.fromisoformat(row.applied_at or "")
    except ValueError:
        return float("inf")
    return (clock.now() - written).total_seconds()


@contextmanager
def transaction(session: LiveSession) -> Iterator[None]:
    """A transaction that is undone unless the context has committed it."""
    session.begin()
    try:
        yield
    finally:
        session.rollback()
