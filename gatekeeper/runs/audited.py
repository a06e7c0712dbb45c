"""What ``runs.audits.audit`` does once the repository is open."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from gatekeeper import __version__
from gatekeeper.audit.rule import AuditRule
from gatekeeper.audit.run import AuditResult
from gatekeeper.audit.sources import EVERYTHING, Selection, Sources
from gatekeeper.changes.diff import change_set as read_change_set
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Endpoints, Selector
from gatekeeper.clock import Clock
from gatekeeper.gates.audit import outcome_of, reason_of, run_audit
from gatekeeper.gates.claims import claims_in, unfounded
from gatekeeper.model.changes import ChangeSet, TreeView
from gatekeeper.model.errors import ExitCode, NotRunError
from gatekeeper.model.finding import CheckResult, Finding, Status, status_of
from gatekeeper.model.settings import Settings
from gatekeeper.model.verdict import Verdict
from gatekeeper.runs.audits import Ask
from gatekeeper.runs.configured import endpoints_without_packet, settings_from_disk


def audited(repository: Repository, ask: Ask, clock: Clock, *, config: Path | None) -> Verdict:
    """The verdict on what is asked; raises as ``audit`` says."""
    settings = settings_from_disk(repository, config).settings
    finish = _baseline(ask)
    endpoints = endpoints_without_packet(repository, _selector(repository, ask, settings), settings)
    sources = _sources(repository, endpoints, settings, ask)
    own = _own_rules(repository, endpoints, settings)
    result = run_audit(sources, which=ask.which, own=own, tests=ask.tests)
    unheld = unfounded(claims_in(sources), sources.tree, settings)
    result = replace(result, findings=tuple(sorted((*result.findings, *unheld), key=Finding.sort_key)))
    return _verdict(clock, finish(sources, result))


def _baseline(ask: Ask) -> Callable[[Sources, AuditResult], AuditResult]:
    """What becomes of a result by the baseline, which is read first so that nobody waits for its faults."""
    if ask.baseline is None and not ask.update:
        return lambda _sources, result: result
    from gatekeeper.runs.baselines import against, known_findings  # noqa: PLC0415 - only where one is named

    known = known_findings(ask)
    return partial(against, ask, known)


def _selector(repository: Repository, ask: Ask, settings: Settings) -> Selector:
    """Which two trees: the work tree by default; for what changed, from where the branch left main."""
    if ask.selector is not None:
        return ask.selector
    dirty = repository.root is not None and repository.head is not None and _is_dirty(repository)
    if not (ask.changed or ask.lines) or repository.head is None or dirty:
        fork = _fork(repository, settings.git.main) if dirty and (ask.changed or ask.lines) else None
        return Selector(kind="worktree", base=fork)
    return Selector()


def _is_dirty(repository: Repository) -> bool:
    return repository.worktree_tree() != repository.tree_id(repository.head or "")


def _fork(repository: Repository, main: str) -> str | None:
    """Where HEAD's history left main; None where there is no main, so that HEAD is the base."""
    try:
        found = repository.main(main, repository.head or "")
    except NotRunError:
        return None
    return found.merge_base if found else None


def _sources(repository: Repository, endpoints: Endpoints, settings: Settings, ask: Ask) -> Sources:
    change: ChangeSet | None = None
    selection = EVERYTHING
    if ask.changed or ask.lines:
        change = read_change_set(repository, endpoints, state=False)
        selection = Selection.of(change, lines=ask.lines)
    head, base = repository.tree(endpoints.head_tree), repository.tree(endpoints.base_tree)
    index = partial(_index, repository) if endpoints.source == "worktree" else None
    return Sources(head, settings, selection, base=base, change=change, index=index)


def _index(repository: Repository) -> TreeView:
    return repository.tree(repository.index_tree())


def _own_rules(repository: Repository, endpoints: Endpoints, settings: Settings) -> tuple[AuditRule, ...]:
    """The project's rules as the work tree has them, as its configuration is read from there too."""
    if not settings.audit.rules:
        return ()
    from gatekeeper.audit.load import project_rules  # noqa: PLC0415 - most projects have none

    tree = endpoints.head_tree if repository.root is None else repository.worktree_tree()
    return project_rules(settings.audit.rules, repository.tree(tree))


def _verdict(clock: Clock, result: AuditResult) -> Verdict:
    outcome = outcome_of(result)
    status = outcome.status or status_of(outcome.findings)
    failed = status is Status.FAIL
    check = CheckResult(
        id="audit",
        title="Audits",
        status=status,
        reason=reason_of(outcome.findings, outcome.reason),
        duration_ms=clock.duration_ms,
        findings=outcome.findings,
    )
    return Verdict(
        gate="audit",
        wp_id=None,
        packet=None,
        status=Status.FAIL if failed else Status.PASS,
        exit_code=ExitCode.FAIL if failed else ExitCode.PASS,
        tool_version=__version__,
        started_at=clock.started_at,
        duration_ms=clock.duration_ms,
        checks=(check,),
    )
