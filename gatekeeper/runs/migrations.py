"""``prove_migrations``: the migration proof by itself, on any tree."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from gatekeeper import __version__
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Selector
from gatekeeper.clock import Clock
from gatekeeper.engines.server import Server, starting_server
from gatekeeper.model.errors import ExitCode
from gatekeeper.model.finding import CheckResult, Finding, Status
from gatekeeper.model.globs import is_glob
from gatekeeper.model.proof import Proof, ProofResult
from gatekeeper.model.settings import Settings
from gatekeeper.runs.configured import endpoints_without_packet, settings_from_disk

if TYPE_CHECKING:  # loaded where it is wanted
    from gatekeeper.model.verdict import Verdict

_EXIT_CODES = {Status.FAIL: ExitCode.FAIL, Status.NOT_RUN: ExitCode.NOT_RUN}


def prove_migrations(
    repo: Path,
    *,
    selector: Selector | None = None,
    config: Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> "Verdict":
    """Prove the migrations of the judged tree; without a selector that is the work tree.

    The verdict's gate is ``migrations prove``; its wp_id and packet are None. Raises UsageError, ConfigError,
    RepositoryError.
    """
    clock = Clock()
    with Repository.open(repo) as repository:
        settings = settings_from_disk(repository, config).settings
        with _server_ahead(repository.root, settings) as server:
            result = _proven(repository, selector or Selector(kind="worktree"), settings, progress, server)
    findings = tuple(sorted(result.findings, key=Finding.sort_key))
    check = CheckResult(
        id="migrations",
        title="Migration proof",
        status=result.status,
        reason=result.reason,
        duration_ms=clock.duration_ms,
        findings=findings,
    )
    return verdict_of("prove", check, clock, result.proof)


@contextmanager
def _server_ahead(root: Path | None, settings: Settings) -> Iterator[Callable[[], Server] | None]:
    """A server that starts while the proof is loaded and its files are read; None where it would be in vain."""
    migrations, postgres = settings.migrations, settings.postgres
    paths = migrations.postgres or migrations.paths
    likely = root is None or any(is_glob(path) or (root / path).exists() for path in paths)
    if "postgres" not in migrations.engines or postgres.url or not likely:
        yield None
        return
    with starting_server(postgres.bin) as server:
        yield server


def _proven(
    repository: Repository,
    selector: Selector,
    settings: Settings,
    progress: Callable[[str], None] | None,
    server: Callable[[], Server] | None,
) -> ProofResult:
    # Loaded only now, while the server starts; the verdict's classes too, which are wanted at the end.
    import_module("gatekeeper.model.verdict")
    from gatekeeper.migrate.prove import prove  # noqa: PLC0415
    from gatekeeper.migrate.source import migration_files  # noqa: PLC0415

    endpoints = endpoints_without_packet(repository, selector, settings)
    files = migration_files(repository.tree(endpoints.head_tree), settings.migrations)
    return prove(files, settings.migrations, settings.postgres, progress=progress, server=server)


def verdict_of(command: str, check: CheckResult, clock: Clock, proof: Proof | None = None) -> "Verdict":
    """A verdict of that one check; one that doesn't apply is a pass."""
    from gatekeeper.model.verdict import Verdict  # noqa: PLC0415 - loaded by then

    overall = Status.PASS if check.status is Status.NOT_APPLICABLE else check.status
    return Verdict(
        gate=f"migrations {command}",
        wp_id=None,
        packet=None,
        status=overall,
        exit_code=_EXIT_CODES.get(overall, ExitCode.PASS),
        tool_version=__version__,
        started_at=clock.started_at,
        duration_ms=clock.duration_ms,
        checks=(check,),
        migrations=proof,
    )
