"""What happened since a packet recorded its change: do its files still stand, and who touched them?"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from gatekeeper.changes.ancestry import Ancestry
from gatekeeper.changes.commit_log import CommitLog
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.touching import Touching, touching
from gatekeeper.gates.case import MainTip
from gatekeeper.gates.manifest import matches_main
from gatekeeper.model.changes import TreeView
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.manifest import ManifestEntry
from gatekeeper.model.names import for_output

_SHOWN = 10
_FILES = 5


class Since:
    """The commits up to HEAD by the files that they touch; without a log of them git is asked."""

    def __init__(self, repository: Repository, ancestry: Ancestry, log: CommitLog | None) -> None:
        self._repository = repository
        self._ancestry = ancestry
        self._log = log

    def touched(self, commit: str, paths: Sequence[str]) -> list[Touching]:
        """The commits since that one which touch any of the paths, newest first."""
        log = self._log
        if log is None:
            return [*touching(self._repository, self._ancestry.tip, commit, paths)]
        found: dict[str, list[str]] = {}
        for path in paths:
            for oid, _ in log.touching(path):
                if log.differs_from_all(oid, path):
                    found.setdefault(oid, []).append(path)
        later = sorted(self._ancestry.since(commit, iter(found)), key=log.order.__getitem__)
        return [
            Touching(oid, log.commits[oid].at, log.commits[oid].subject, frozenset(found[oid])) for oid in later
        ]

    def count(self, commit: str) -> int:
        """How many commits came since that one."""
        return self._ancestry.count_since(commit)


def moved(entries: Iterable[ManifestEntry], head: TreeView) -> list[str]:
    """The recorded names whose content isn't that of the record any more."""
    return sorted({path for entry in entries for path in _moved(entry, head)})


def _moved(entry: ManifestEntry, head: TreeView) -> Iterator[str]:
    change = entry.change
    if head.entries.get(change.path) != change.head:
        yield change.path
    if change.old_path is not None and change.old_path in head.entries:
        yield change.old_path


def staleness(
    packet_path: str,
    commit: str,
    entries: Sequence[ManifestEntry],
    *,
    head: TreeView,
    main: MainTip | None,
    since: Since,
) -> tuple[tuple[Finding, ...], str]:
    """What makes the record stale (rule: report.stale, warnings), and a sentence about the commits since."""
    paths = moved(entries, head)
    if not paths:
        found = tuple(_main_moved(packet_path, entries, main))
        return found, _passed(since.count(commit))
    touched = since.touched(commit, paths)
    others = since.count(commit) - len(touched)
    them, none = ("it", "other files alone") if len(paths) == 1 else ("them", "none of them")
    message = (
        f"{_files(paths)} no longer {'has' if len(paths) == 1 else 'have'} the content that {packet_path} records."
        f" Since {commit[:12]} {_commits(touched, them)};"
        f" {_counted(others, 'other commit')} touch{_es(others)} {none}."
    )
    notes = (_note(packet_path, each, paths) for each in touched[:_SHOWN])
    return (_stale(packet_path, message), *notes), _passed(since.count(commit))


def _passed(number: int) -> str:
    return f"{_counted(number, 'commit')} since" if number else "HEAD is where it was recorded"


def _files(paths: Sequence[str]) -> str:
    more = f" and {_counted(len(paths) - _FILES, 'more file')}" if len(paths) > _FILES else ""
    return ", ".join(for_output(path) for path in paths[:_FILES]) + more


def _commits(touched: Sequence[Touching], them: str) -> str:
    if not touched:
        return f"no single commit changes {them}: a merge took another side"
    last = f", the last {_SHOWN} of which are named here" if len(touched) > _SHOWN else ""
    return f"{_counted(len(touched), 'commit')} change{_es(len(touched), 's')} {them}{last}"


def _note(packet_path: str, commit: Touching, paths: Sequence[str]) -> Finding:
    """One of the commits, with what it touches."""
    names = [path for path in paths if path in commit.paths]
    return Finding(
        rule="report.stale",
        severity=Severity.NOTE,
        message=f"{_when(commit.at)} {commit.oid[:12]} {commit.subject} ({_files(names)})",
        path=packet_path,
    )


# Packets are about the same commits.
@lru_cache(maxsize=4096)
def _when(seconds: int) -> str:
    return f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%d %H:%M:%S}"


def _main_moved(packet_path: str, entries: Sequence[ManifestEntry], main: MainTip | None) -> Iterator[Finding]:
    """The record isn't on main yet, and something else landed there on its files."""
    paths = [entry.path for entry in entries if matches_main(entry.change, main) is False]
    if main is not None and paths:
        message = f"{main.name} moved on meanwhile: on it {_files(paths)} is neither as it was nor as is recorded."
        yield _stale(packet_path, message)


def _stale(packet_path: str, message: str) -> Finding:
    return Finding(
        rule="report.stale",
        severity=Severity.WARNING,
        message=message,
        path=packet_path,
        hint="nothing, if the later change has a packet of its own; else gate post-work records this one anew",
    )


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _es(number: int, ending: str = "es") -> str:
    """The ending of a verb that goes with one thing."""
    return ending if number == 1 else ""
