"""``audit``: the source rules by themselves, on any tree."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from gatekeeper import __version__
from gatekeeper.audit.baseline import Baseline, baseline_of, compared, read_baseline, render_baseline
from gatekeeper.audit.load import project_rules
from gatekeeper.audit.rule import AuditRule
from gatekeeper.audit.run import AuditResult, Which
from gatekeeper.audit.sources import EVERYTHING, Selection, Sources
from gatekeeper.changes.diff import change_set as read_change_set
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Endpoints, Selector
from gatekeeper.clock import Clock
from gatekeeper.gates.audit import outcome_of, reason_of, run_audit
from gatekeeper.gates.claims import claims_in, unfounded
from gatekeeper.model.changes import ChangeSet, TreeView
from gatekeeper.model.errors import ExitCode, NotRunError, UsageError
from gatekeeper.model.finding import CheckResult, Finding, Status, status_of
from gatekeeper.model.names import from_packet
from gatekeeper.model.settings import Settings
from gatekeeper.model.verdict import Verdict
from gatekeeper.runs.load import endpoints_without_packet, settings_from_disk


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of an audit.

    ``selector`` None is the work tree, or with ``changed`` the whole change so far. ``changed`` judges the files
    that the change leaves, ``lines`` of them only what it adds or changes. ``baseline`` is a file of known
    findings, which ``update`` writes anew. With ``tests`` test code counts as any other.
    """

    which: Which = Which.ALL
    selector: Selector | None = None
    changed: bool = False
    lines: bool = False
    tests: bool = False
    baseline: Path | None = None
    update: bool = False


def audit(repo: Path, ask: Ask | None = None, *, config: Path | None = None) -> Verdict:
    """Audit a tree: the work tree, or the head of what is selected; waivers need a packet, so none applies.

    The verdict's gate is ``audit``; its wp_id and packet are None. Raises UsageError (also for a baseline that
    isn't there or is none), ConfigError (also for a wrong rule file), RepositoryError, NotRunError where the base
    can't be found.
    """
    ask, clock = ask or Ask(), Clock()
    known = _known(ask)
    with Repository.open(repo) as repository:
        settings = settings_from_disk(repository, config).settings
        endpoints = endpoints_without_packet(repository, _selector(repository, ask, settings), settings)
        sources = _sources(repository, endpoints, settings, ask)
        own = _own_rules(repository, endpoints, settings)
        result = run_audit(sources, which=ask.which, own=own, tests=ask.tests)
        unheld = unfounded(claims_in(sources), sources.tree, settings)
        result = replace(result, findings=tuple(sorted((*result.findings, *unheld), key=Finding.sort_key)))
        if ask.baseline is not None:
            result = _against(ask, ask.baseline, known, sources, result)
    return _verdict(clock, result)


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
        change = read_change_set(repository, endpoints)
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
    tree = endpoints.head_tree if repository.root is None else repository.worktree_tree()
    return project_rules(settings.audit.rules, repository.tree(tree))


# The baseline


def _known(ask: Ask) -> Baseline:
    """The baseline as it stands; one that is to be written may be missing."""
    if ask.baseline is None:
        if ask.update:
            raise UsageError("--update-baseline has no baseline to write.", hint="name it with --baseline FILE")
        return Baseline()
    if ask.update and (ask.changed or ask.lines):
        raise UsageError(
            "--update-baseline looks at the whole tree, so --changed and --changed-lines don't go with it.",
            hint="gate audit --baseline FILE --update-baseline",
        )
    try:
        return read_baseline(ask.baseline.read_bytes(), str(ask.baseline))
    except FileNotFoundError as error:
        if ask.update:
            return Baseline()
        raise UsageError(
            f"There is no baseline {ask.baseline}.",
            hint=f"gate audit --baseline {ask.baseline} --update-baseline writes it",
        ) from error
    except OSError as error:
        raise UsageError(
            f"The baseline {ask.baseline} can't be read: {error.strerror}.", hint="name a file with --baseline"
        ) from error


def _against(ask: Ask, file: Path, known: Baseline, sources: Sources, result: AuditResult) -> AuditResult:
    lines: dict[str, list[str]] = {}

    def raw(path: str) -> str:
        return path if path in sources.tree.entries or not path.startswith('"') else from_packet(path)

    def read_line(path: str, number: int) -> str:
        if path not in lines:
            lines[path] = sources.tree.read(raw(path)).decode("utf-8", "replace").split("\n")
        return lines[path][number - 1] if number <= len(lines[path]) else ""

    def judged(rule: str, path: str) -> bool:
        return rule in result.rules and not ask.lines and sources.selection.holds(raw(path))

    if ask.update:
        kept = Baseline({key: count for key, count in known.items() if key[0] not in result.rules})
        known = kept + baseline_of(result.findings, read_line)
        _write(file, render_baseline(known))
    outcome = compared(result.findings, known, read_line, judged)
    remark = f"{outcome.known} known from the baseline, {outcome.gone} gone from it"
    return replace(result, findings=outcome.findings, remarks=(*result.remarks, remark))


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(
            f"The baseline {file} can't be written: {error.strerror}.", hint="name another file with --baseline"
        ) from error


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
