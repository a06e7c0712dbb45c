"""Where a recorded hash comes from that isn't the computed one."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gatekeeper.manifest.fields import POST, PRE, BlockField
from gatekeeper.model.changes import BlobFacts, FileChange, Side
from gatekeeper.model.manifest import NO_SHA1, ManifestEntry, RecordedEntry, Version

Known = Callable[[Collection[FileChange]], Sequence[Version]]
"""Given changed files, the versions of them that are known beside those of base and head."""

_NOTHING = hashlib.sha1(b"", usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A recorded hash that isn't the computed one."""

    entry: ManifestEntry
    block: RecordedEntry
    field: BlockField

    @property
    def text(self) -> str:
        """The recorded text, in lower case."""
        value = self.field.recorded(self.block)
        return value.text.strip().lower() if value else ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a recorded hash comes from, as a sentence.

    ``lasting`` is true where the change and its base tell, so that the sentence is the same wherever the change is
    judged; index, work tree and later commits differ from place to place.
    """

    sentence: str
    lasting: bool


def origins(
    unmatched: Sequence[Unmatched], facts: Mapping[str, BlobFacts], known: Known
) -> tuple[Origin | None, ...]:
    """For each hash its origin, None where it is that of no known version; ``known`` is asked at most once."""
    told = [_of_the_change(each, facts) for each in unmatched]
    if all(origin is not None for origin in told):
        return tuple(told)
    versions = known([each.entry.change for each, origin in zip(unmatched, told, strict=True) if origin is None])
    by_path: dict[str, list[Version]] = {}
    for version in sorted(versions, key=lambda version: not version.lasting):
        by_path.setdefault(version.path, []).append(version)
    return tuple(
        origin or _first(each, (v for path in _names(each) for v in by_path.get(path, ())))
        for each, origin in zip(unmatched, told, strict=True)
    )


def _names(unmatched: Unmatched) -> list[str]:
    """The names to look under; what a rename's Pre-SHA1 records is looked for under the old one first."""
    change = unmatched.entry.change
    names = [change.path] if change.old_path is None else [change.path, change.old_path]
    return names[::-1] if unmatched.field is PRE else names


def _of_the_change(unmatched: Unmatched, facts: Mapping[str, BlobFacts]) -> Origin | None:
    """What the two sides of the change themselves tell."""
    entry, text = unmatched.entry, unmatched.text
    if _are_swapped(unmatched):
        return Origin("Pre-SHA1 and Post-SHA1 are swapped.", lasting=True)
    sides = (("the base", entry.change.base), ("the head", entry.change.head))
    versions = [_version(entry.path, where, side, facts) for where, side in sides if side is not None]
    if origin := _first(unmatched, versions):
        return origin
    if text == _NOTHING:
        return Origin(f"{unmatched.field.label} is the SHA1 of nothing.", lasting=True)
    if text == NO_SHA1:
        return Origin("Forty zeros stand for a file that isn't there.", lasting=True)
    return None


def _are_swapped(unmatched: Unmatched) -> bool:
    entry, block = unmatched.entry, unmatched.block
    recorded = [Unmatched(entry, block, field).text for field in (PRE, POST)]
    return entry.pre_sha1 != entry.post_sha1 and recorded == [entry.post_sha1, entry.pre_sha1]


def _version(path: str, where: str, side: Side, facts: Mapping[str, BlobFacts]) -> Version:
    known = facts.get(side.oid)
    sha1, sha256 = (known.sha1, known.sha256) if known else (side.oid, "")
    return Version(path, where, sha1, sha256, side.oid, lasting=True)


def _first(unmatched: Unmatched, versions: Iterable[Version]) -> Origin | None:
    label, text = unmatched.field.label, unmatched.text
    for version in versions:
        if text == version.sha1:
            return Origin(f"{label} is that of {version.where}.", version.lasting)
        if text == version.oid:
            return Origin(
                f"{label} is a git object id, not a SHA1 of bytes: that of {version.where}.", version.lasting
            )
        if text and text == version.sha256:
            return Origin(f"{label} is a SHA-256: that of {version.where}.", version.lasting)
    return None
