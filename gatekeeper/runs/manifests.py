"""``manifest``: a change's manifest alone, shown, written into the packet, or beside the recorded one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from gatekeeper import __version__
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Endpoints, Selector
from gatekeeper.gates.case import Case
from gatekeeper.gates.manifest import check_manifest, ignored_block
from gatekeeper.gates.pipeline import Judgement, judge
from gatekeeper.manifest.beside import side_by_side
from gatekeeper.manifest.compute import digest
from gatekeeper.model.errors import ExitCode, UsageError
from gatekeeper.model.finding import Finding, Status, status_of
from gatekeeper.model.manifest import Explanation, Gate
from gatekeeper.model.manifest_report import BlockPair, ManifestReport, Standing
from gatekeeper.model.names import for_output
from gatekeeper.model.settings import Settings
from gatekeeper.packet.edit import NoValidationSection, with_blocks, write_atomically
from gatekeeper.runs.gates import manifest_block, work_case
from gatekeeper.runs.load import judged_by_base, known_ids, require_wp_id
from gatekeeper.runs.once import Once
from gatekeeper.runs.verdicts import manifest_rows, summary


class ManifestMode(StrEnum):
    """What is done with the computed manifest."""

    SHOW = "show"
    WRITE = "write"
    DIFF = "diff"


@dataclass(frozen=True, slots=True)
class _Told:
    """What a mode came to beside the manifest itself."""

    findings: tuple[Finding, ...] = ()
    written: bool | None = None
    differences: tuple[BlockPair, ...] | None = None
    explanations: tuple[Explanation, ...] = ()


def manifest(
    repo: Path,
    wp_id: str,
    *,
    selector: Selector | None = None,
    mode: ManifestMode = ManifestMode.SHOW,
    config: Path | None = None,
) -> ManifestReport:
    """The manifest of a packet's change. No proof and no audit runs, and nobody's authority is judged.

    ``WRITE`` puts the block into the packet in the work tree, in place of every block recorded in VALIDATION, and
    nothing else. The other modes read the packet where the head is: in the work tree, unless the head is a commit
    that isn't checked out. ``DIFF`` fails where post-work would find a recorded value wrong.

    Raises UsageError for an unknown id or revision, NotRunError where the base can't be found, ConfigError,
    RepositoryError, GateError where the packet can't be written.
    """
    require_wp_id(wp_id)
    with Repository.open(repo) as repository:
        if repository.root is None and mode is ManifestMode.WRITE:
            raise UsageError(
                "A bare repository has no work tree to write the packet in.", hint="leave --write out"
            )
        judged = judged_by_base(repository, selector or Selector(), wp_id, config)
        from_head = mode is not ManifestMode.WRITE and not _is_checked_out(
            repository, judged.endpoints, wp_id, judged.settings
        )
        case = work_case(repository, wp_id, judged, Once(repository, None), check=from_head, gate="manifest")
        judgement = judge(replace(case, writing=case.packet is not None))
        block = manifest_block(case, judgement, digest(case.entries))
        told = _MODES[mode](repository, case, judgement, block)
        return _report(case, judgement, block, told)


def _is_checked_out(repository: Repository, endpoints: Endpoints, wp_id: str, settings: Settings) -> bool:
    """Whether the packet that belongs to the head is the one in the work tree, and lies there."""
    if repository.root is None or endpoints.head not in {None, repository.head}:
        return False
    return wp_id in known_ids(repository, settings, [])


def _show(_repository: Repository, case: Case, judgement: Judgement, _block: str) -> _Told:
    return _Told(findings=_whole(case, judgement))


def _write(repository: Repository, case: Case, judgement: Judgement, block: str) -> _Told:
    findings = _whole(case, judgement)
    if case.packet is None or not case.writing or repository.root is None:
        return _Told(findings)
    file = repository.root / case.packet.path
    try:
        data = with_blocks(file.read_bytes(), case.packet, block, None)
    except NoValidationSection as error:
        missing = Finding(
            rule="packet.field-missing", message=error.message, path=case.packet.path, hint=error.hint
        )
        return _Told((*findings, missing), written=False)
    replaced = check_manifest(replace(case, writing=True)).findings
    return _Told((*findings, *replaced), written=write_atomically(file, data))


def _diff(_repository: Repository, case: Case, judgement: Judgement, _block: str) -> _Told:
    findings = _whole(case, judgement)
    if case.packet is None:
        return _Told(findings)
    compared = check_manifest(replace(case, writing=False))
    differences = side_by_side(
        case.entries,
        case.packet.recorded,
        gates={path: {Gate(name): value for name, value in row.items()} for path, row in judgement.gates.items()},
        findings=compared.findings,
        ignored=ignored_block(case),
    )
    return _Told((*findings, *compared.findings), None, differences, compared.explanations)


_MODES: Mapping[ManifestMode, Callable[[Repository, Case, Judgement, str], _Told]] = {
    ManifestMode.SHOW: _show,
    ManifestMode.WRITE: _write,
    ManifestMode.DIFF: _diff,
}


def _whole(case: Case, judgement: Judgement) -> tuple[Finding, ...]:
    """Whether packet and change are whole: of a change without a file the empty manifest is a right answer."""
    changes = next(check for check in judgement.checks if check.id == "changes")
    return (*case.packet_problems, *(f for f in changes.findings if f.rule != "changes.empty"))


_AGREEING = {Standing.SAME, Standing.ACCEPTED, Standing.IGNORED}


def _report(case: Case, judgement: Judgement, block: str, told: _Told) -> ManifestReport:
    assert case.change_set is not None  # noqa: S101 - work_case fills it; this tells the type checker
    differ = any(pair.standing not in _AGREEING for pair in told.differences or ())
    status = Status.FAIL if differ else status_of(told.findings)
    return ManifestReport(
        wp_id=case.wp_id,
        packet=for_output(case.packet_path),
        status=status,
        exit_code=ExitCode.FAIL if status is Status.FAIL else ExitCode.PASS,
        tool_version=__version__,
        change_set=summary(case.change_set, digest(case.entries), len(case.entries), told.explanations),
        manifest=manifest_rows(case.entries, judgement.gates),
        written=told.written,
        findings=tuple(sorted(told.findings, key=Finding.sort_key)),
        differences=told.differences,
        block=block,
    )
