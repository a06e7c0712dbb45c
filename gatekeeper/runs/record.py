"""Put the run of a gate into the ledger, after its verdict was given: no verdict depends on it."""

import os
from collections.abc import Iterator
from pathlib import Path

from gatekeeper import config as configuration
from gatekeeper.changes.repository import Repository
from gatekeeper.ledger import open_ledger
from gatekeeper.model.finding import Severity
from gatekeeper.model.ledger import NewEvent
from gatekeeper.model.settings import LedgerSettings
from gatekeeper.model.verdict import Verdict
from gatekeeper.runs.actor import actor_of
from gatekeeper.runs.load import settings_from_disk

VARIABLE = "GATEKEEPER_LEDGER"
"""Set to ``off`` it keeps gate runs out of the ledger; what people sign and approve is recorded all the same."""


def record_run(repo: Path, verdict: Verdict, *, config: Path | None = None) -> None:
    """Append the run to the ledger that judged it: ``--config``, else the base's configuration, else the disk's.

    Of ``check`` each packet's verdict is an event of its own, in one append with that of the whole. Raises
    LedgerError, ConfigError, RepositoryError.
    """
    if os.environ.get(VARIABLE, "").strip().lower() == "off":
        return
    with Repository.open(repo) as repository:
        settings = _settings(repository, verdict, config)
        with open_ledger(settings, repository.common_dir) as ledger:
            ledger.append_all(tuple(_events(verdict, actor_of(repository))))


def _settings(repository: Repository, verdict: Verdict, config: Path | None) -> LedgerSettings:
    """Where the ledger is. A change must not choose it, so the base's file says so where a change was judged."""
    if config is None and verdict.change_set is not None:
        tree = verdict.change_set.base_tree
        loaded = configuration.load(lambda name: _blob(repository, f"{tree}:{name}"))
        if loaded.origin is not None:
            return configuration.with_environment(loaded.settings, os.environ).ledger
    return settings_from_disk(repository, config).settings.ledger


def _blob(repository: Repository, name: str) -> bytes | None:
    answer = repository.git.run("cat-file", "blob", name, ok=(0, 128))
    return answer.out if answer.code == 0 else None


def _events(verdict: Verdict, actor: str) -> Iterator[NewEvent]:
    """One event for a gate; for ``check`` those of its packets, then its own."""
    for packet in verdict.packets or ():
        yield _event(packet, actor, within=verdict.gate)
    yield _event(verdict, actor, within=None)


def _event(verdict: Verdict, actor: str, *, within: str | None) -> NewEvent:
    """The event of one verdict; ``docs/ledger.md`` lists what its payload holds."""
    change = verdict.change_set
    errors = {
        finding.rule
        for check in verdict.checks
        for finding in check.findings
        if finding.severity is Severity.ERROR and finding.waiver is None
    }
    return NewEvent(
        kind="gate-run",
        wp_id=verdict.wp_id,
        actor=actor,
        packet_digest=verdict.packet_digest,
        payload={
            "gate": verdict.gate,
            "within": within,
            "status": str(verdict.status),
            "exit_code": int(verdict.exit_code),
            "packet": verdict.packet,
            "started_at": verdict.started_at,
            "duration_ms": verdict.duration_ms,
            "change_digest": change.digest if change else None,
            "source": change.source if change else None,
            "base": change.base if change else None,
            "head": change.head if change else None,
            "base_tree": change.base_tree if change else None,
            "head_tree": change.head_tree if change else None,
            "files": change.files if change else None,
            "checks": {check.id: str(check.status) for check in verdict.checks},
            "errors": sorted(errors),
        },
    )
