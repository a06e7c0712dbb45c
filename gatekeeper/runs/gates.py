"""``pre_work`` and ``post_work``: load the packet and the change, judge them, write the proof back."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Selector
from gatekeeper.changes.versions import known_versions
from gatekeeper.gates.case import Case, MainTip
from gatekeeper.gates.pipeline import Judgement, judge
from gatekeeper.gates.select import own_paths
from gatekeeper.gates.spec import current_spec
from gatekeeper.manifest.compute import digest
from gatekeeper.model.changes import FileChange
from gatekeeper.model.errors import NotRunError, UsageError
from gatekeeper.model.finding import CheckResult, Finding
from gatekeeper.model.packet import Packet
from gatekeeper.model.settings import Settings
from gatekeeper.model.verdict import Verdict
from gatekeeper.packet.blocks import render_manifest, render_result
from gatekeeper.packet.edit import NoValidationSection, with_blocks, write_atomically
from gatekeeper.runs.history import steps_of
from gatekeeper.runs.load import (
    NO_FILE,
    FoundPacket,
    Judged,
    Progress,
    find_packet,
    find_refinement,
    judged_by_base,
    paths_of_id,
    read_packet,
    require_wp_id,
    settings_from_disk,
    today,
    unreadable,
)
from gatekeeper.runs.once import Once, selected
from gatekeeper.runs.plan import ids_at, pre_work_case
from gatekeeper.runs.verdicts import Clock, gate_verdict, manifest_rows, summary


def pre_work(repo: Path, wp_id: str, *, config: Path | None = None) -> Verdict:
    """May work on this packet start? Judges the work tree as git would store it; writes nothing.

    Raises UsageError for an unknown id, ConfigError, RepositoryError.
    """
    clock = Clock()
    require_wp_id(wp_id)
    with Repository.open(repo) as repository:
        settings = settings_from_disk(repository, config).settings
        case = pre_work_case(repository, wp_id, settings)
        return gate_verdict(case, judge(case), clock)


def post_work(
    repo: Path,
    wp_id: str,
    *,
    selector: Selector | None = None,
    check: bool = False,
    config: Path | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Is the work on this packet proven? Writes manifest and result into the packet unless ``check`` is true.

    Raises UsageError for an unknown id or revision, NotRunError where the base can't be found, ConfigError,
    RepositoryError.
    """
    clock = Clock()
    require_wp_id(wp_id)
    with Repository.open(repo) as repository:
        if repository.root is None and not check:
            raise UsageError("A bare repository has no work tree to write the packet in.", hint="add --check")
        judged = judged_by_base(repository, selector or Selector(), wp_id, config)
        return judge_work(repository, wp_id, judged, Once(repository, progress), clock, check=check)


def judge_work(
    repository: Repository,
    wp_id: str,
    judged: Judged,
    once: Once,
    clock: Clock,
    *,
    check: bool,
    only: Callable[[FileChange], bool] | None = None,
) -> Verdict:
    """One packet's post-work on the given endpoints, restricted to the changed files that ``only`` keeps.

    Raises UsageError for an unknown id.
    """
    case = work_case(repository, wp_id, judged, once, check=check, only=only)
    judgement = judge(case)
    change_digest = digest(case.entries)
    if case.writing:
        _write(repository, case, judgement, change_digest)
    assert case.change_set is not None  # noqa: S101 - work_case fills it; this tells the type checker
    return gate_verdict(
        case,
        judgement,
        clock,
        summary(case.change_set, change_digest, len(case.entries), judgement.explanations),
        manifest_rows(case.entries, judgement.gates),
    )


def work_case(
    repository: Repository,
    wp_id: str,
    judged: Judged,
    once: Once,
    *,
    check: bool,
    only: Callable[[FileChange], bool] | None = None,
    gate: str = "post-work",
) -> Case:
    """What a gate judges of a change: ``post-work``, or ``manifest``, which asks nothing of history.

    Unless ``check`` is true the packet is that of the work tree. Raises UsageError for an unknown id.
    """
    settings, endpoints = judged.settings, judged.endpoints
    head, base = repository.tree(endpoints.head_tree), repository.tree(endpoints.base_tree)
    committed = repository.tree(repository.head) if repository.head else None
    found = find_packet(wp_id, head, settings)
    paths: Sequence[str] = ()
    if found.packet is None:
        paths = paths_of_id(repository, wp_id, settings, [tree for tree in (head, base, committed) if tree])
    writing = False
    if not check:
        found, writing = _from_work_tree(repository, wp_id, found, paths)
    refined = find_refinement(found.packet, wp_id, head, settings)
    change_set = once.change_set(endpoints)
    own = own_paths(wp_id, found.path, refined.path, settings.packets)
    if only is None:
        selection, entries = once.selected(endpoints, own, settings)
    else:
        change_set = replace(change_set, changes=tuple(change for change in change_set.changes if only(change)))
        selection, entries = selected(change_set, own, settings)
    return Case(
        gate=gate,
        wp_id=wp_id,
        packet_path=found.path,
        packet=found.packet,
        packet_problems=(*found.problems, *judged.notes),
        refinement_path=refined.path,
        refinement=refined.refinement,
        refinement_problems=refined.problems,
        settings=settings,
        head=head,
        base=base,
        committed=committed,
        today=today(repository, endpoints.head),
        packet_ids=ids_at(head, settings),
        change_set=change_set,
        selection=selection,
        entries=entries,
        main=_main_tip(repository, settings, endpoints.head),
        writing=writing,
        read_blob=repository.read_blob,
        prove=lambda: once.proof(endpoints.head_tree, settings),
        lint=lambda: once.lint(endpoints.head_tree, settings),
        steps=() if gate == "manifest" else steps_of(repository, wp_id, judged, found.packet, own=own, only=only),
        known_versions=partial(known_versions, repository, endpoints, settings.git.main),
    )


def _from_work_tree(
    repository: Repository, wp_id: str, found: FoundPacket, known: Sequence[str]
) -> tuple[FoundPacket, bool]:
    """The packet as it lies on disk, where a writing run writes it, and whether it can be written."""
    root = repository.root
    assert root is not None  # noqa: S101 - post_work refuses to write in a bare repository
    candidates = [found.path] if found.packet is not None else [*known]
    path = next((p for p in candidates if (root / p).is_file()), None)
    if path is None:
        missing = Finding(
            rule="packet.missing",
            message=f"{found.path} is gone from the work tree, so there is nowhere to write the manifest.",
            path=found.path,
            hint=f"git checkout -- {found.path}, or add --check to judge what is recorded",
        )
        return FoundPacket(found.path, found.packet, (*found.problems, missing)), False
    file = root / path
    if not file.resolve().is_relative_to(root.resolve()):
        raise UsageError(
            f"{path} lies behind a link that leads out of the repository, so nothing is written to it.",
            hint="put the packet itself in the packets folder",
        )
    earlier = [p for p in found.problems if p.rule != "packet.unreadable"]
    if file.is_symlink():
        return FoundPacket(path, None, (*earlier, unreadable(path, NO_FILE, None))), False
    on_disk = read_packet(path, wp_id, file.read_bytes())
    return FoundPacket(path, on_disk.packet, (*earlier, *on_disk.problems)), on_disk.packet is not None


def _main_tip(repository: Repository, settings: Settings, head: str | None) -> MainTip | None:
    """Main as the judged commit sees it; None where there is no main to compare with."""
    commit = head or repository.head
    if commit is None:
        return None
    try:
        main = repository.main(settings.git.main, commit)
    except NotRunError:
        return None  # it shares no history with this commit, so nothing on it can have landed meanwhile
    if main is None:
        return None
    contains = head is not None and repository.contains(main.commit, head)
    return MainTip(main.name, repository.tree(main.commit), contains)


def _write(repository: Repository, case: Case, judgement: Judgement, change_digest: str) -> None:
    """Write manifest and result into the packet, on FAIL too; without VALIDATION there is no place for them."""
    assert repository.root is not None  # noqa: S101 - a case that writes has a work tree and a packet
    assert case.packet is not None  # noqa: S101 - as above
    manifest = manifest_block(case, judgement, change_digest)
    checks = [without_moving_lines(check, case.packet) for check in judgement.checks]
    result = render_result(case.wp_id, case.gate, judgement.status, change_digest, checks)
    file = repository.root / case.packet.path
    try:
        data = with_blocks(file.read_bytes(), case.packet, manifest, result)
    except NoValidationSection:
        return  # packet.field-missing has named the missing section
    write_atomically(file, data)


def manifest_block(case: Case, judgement: Judgement, change_digest: str) -> str:
    """The manifest as a packet holds it, markers included, without a final newline."""
    spec = current_spec(case.head, case.settings.spec.pointer)
    return render_manifest(case.entries, judgement.gates, spec.target if spec else None, change_digest)


def without_moving_lines(check: CheckResult, packet: Packet) -> CheckResult:
    """The check without the packet's line numbers from VALIDATION on: the blocks that tell of them move them."""
    section = packet.section("VALIDATION")
    first = section.start if section else 0
    findings = [
        finding.model_copy(update={"line": None})
        if finding.path == packet.path and finding.line is not None and finding.line > first
        else finding
        for finding in check.findings
    ]
    return check.model_copy(update={"findings": tuple(findings)})
