"""Every packet of HEAD, or those that were asked for, in as many processes as are wanted."""

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Selector
from gatekeeper.clock import Clock
from gatekeeper.gates.select import is_own, own_paths
from gatekeeper.model.changes import ChangeSet
from gatekeeper.model.errors import UsageError
from gatekeeper.model.verdict import Verdict
from gatekeeper.runs.load import Progress, judged_by_base, refinement_path
from gatekeeper.runs.once import Once
from gatekeeper.runs.verifying.asked import Ask, Which
from gatekeeper.runs.verifying.crew import in_parts
from gatekeeper.runs.verifying.run import Verifier, of_all

_SHARD = re.compile(r"([1-9]\d{0,5})/([1-9]\d{0,5})")
# Fewer packets than this are verified sooner than a process starts.
_WORTHWHILE = 64
_MOST = 8


def verified(
    repo: Path,
    repository: Repository,
    told: Callable[[], bytes],
    which: Which,
    ask: Ask,
    *,
    jobs: int | None,
    config: Path | None,
    progress: Progress | None,
) -> Verdict:
    """What ``verify_all`` returns; ``told`` gives what git tells of the commits up to HEAD."""
    clock = Clock()
    if jobs is not None and jobs < 1:
        raise UsageError(f"--jobs {jobs}: there is at least one.", hint="--jobs 4")
    verifier = Verifier(repository, config, ask, progress, many=True, told=told)
    ids = _chosen(verifier, which, config)
    count = min(jobs or (_cores() if len(ids) >= _WORTHWHILE else 1), max(len(ids), 1))
    if count > 1:
        verdicts = [*in_parts(repo, verifier, ids, count)]
    else:
        verdicts = [_told(verdict, progress) for verdict in verifier.packets(ids)]
    return of_all(verdicts, clock)


def _told(verdict: Verdict, progress: Progress | None) -> Verdict:
    if progress is not None:
        progress(f"{verdict.state or verdict.status} {verdict.wp_id}")
    return verdict


def _chosen(verifier: Verifier, which: Which, config: Path | None) -> list[str]:
    ids = sorted(verifier.ids)
    if which.shard is not None:
        number, of = _shard(which.shard)
        ids = ids[number - 1 :: of]
    if which.changed:
        ids = _changed(verifier, ids, config)
    if which.since is not None:
        repository = verifier.repository
        before = repository.resolve_commit(which.since)
        later = frozenset(
            repository.git.run("rev-list", verifier.head, f"^{before}").out.decode("ascii").splitlines()
        )
        ids = [wp_id for wp_id in ids if verifier.recorded_at(wp_id) in later]
    return ids


def _shard(text: str) -> tuple[int, int]:
    match = _SHARD.fullmatch(text)
    number, of = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 0 < number <= of:
        raise UsageError(f"--shard {text}: a shard is I/N, from 1/N to N/N.", hint="--shard 1/4")
    return number, of


def _changed(verifier: Verifier, ids: Sequence[str], config: Path | None) -> list[str]:
    repository = verifier.repository
    judged = judged_by_base(repository, Selector(kind="committed"), None, config)
    names = _names(Once(repository, None).change_set(judged.endpoints))
    return [wp_id for wp_id in ids if _is_touched(verifier, wp_id, names)]


def _names(change_set: ChangeSet) -> frozenset[str]:
    pairs = ((change.path, change.old_path) for change in change_set.changes)
    return frozenset(name for pair in pairs for name in pair if name is not None)


def _is_touched(verifier: Verifier, wp_id: str, names: frozenset[str]) -> bool:
    record = verifier.record(wp_id)
    settings = verifier.settings
    refinement = refinement_path(record.packet, wp_id, settings)
    own = own_paths(wp_id, record.path, refinement, settings.packets)
    return bool(record.targets & names) or any(is_own(name, own) for name in names)


def _cores() -> int:
    usable = getattr(os, "sched_getaffinity", None)
    return min(len(usable(0)) if usable is not None else os.cpu_count() or 1, _MOST)
