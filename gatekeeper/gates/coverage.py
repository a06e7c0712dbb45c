"""The ``coverage`` check of ``gate check``: every changed file is accounted for by one packet at work."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gatekeeper.manifest.fields import target_of
from gatekeeper.model.changes import FileChange
from gatekeeper.model.finding import Finding
from gatekeeper.model.globs import matches
from gatekeeper.model.names import for_output
from gatekeeper.model.packet import Packet


@dataclass(frozen=True, slots=True)
class Claim:
    """What a touched packet has to do with the changed files that need a packet, by their paths.

    ``in_scope`` are those that IN_SCOPE_PATHS names, ``named`` all files that the recorded manifest names.
    ``recorded_now`` is true where that manifest changed together with the files.
    """

    wp_id: str
    in_scope: frozenset[str]
    named: frozenset[str]
    recorded_now: bool


def claim_of(wp_id: str, packet: Packet | None, governed: Iterable[FileChange], *, recorded_now: bool) -> Claim:
    """The claim of a packet on the changed files that need one; a packet that can't be read claims nothing."""
    if packet is None:
        return Claim(wp_id, frozenset(), frozenset(), recorded_now)
    patterns = [entry.pattern for entry in packet.scope.in_scope]
    in_scope = {
        change.path
        for change in governed
        if any(matches(p, name) for p in patterns for name in (change.path, change.old_path) if name is not None)
    }
    named = {path for path in map(target_of, packet.recorded) if path is not None}
    return Claim(wp_id, frozenset(in_scope), frozenset(named), recorded_now)


def at_work(claims: Iterable[Claim]) -> list[Claim]:
    """Those of the packets that the change is work on: those with changed files in scope (contract, section 3).

    A superseded or a planned packet shares its scope with the one at work. So a packet whose manifest stayed as it
    was is no part of it where others, who recorded theirs now, account for every changed file in its scope.
    """
    with_files = [claim for claim in claims if claim.in_scope]
    accounted = {path for claim in with_files if claim.recorded_now for path in claim.named}
    return [claim for claim in with_files if claim.recorded_now or not claim.in_scope <= accounted]


def check_coverage(governed: Sequence[FileChange], claims: Sequence[Claim]) -> tuple[Finding, ...]:
    """Rule: check.uncovered, one finding a file that none or several of the packets at work name."""
    return tuple(_uncovered(governed, claims))


def _uncovered(governed: Sequence[FileChange], claims: Sequence[Claim]) -> Iterator[Finding]:
    for change in governed:
        names = [claim.wp_id for claim in claims if change.path in claim.named]
        if len(names) == 1:
            continue
        name = for_output(change.path)
        if names:
            message = f"{name} was changed, and the manifests of {_listed(names)} all name it; one may."
            hint = f"remove the block of {name} from the manifest of all but one of them"
        else:
            message = f"{name} was changed, but no packet that this change works on names it in its manifest."
            hint = _hint(name, [claim.wp_id for claim in claims if change.path in claim.in_scope])
        yield Finding(rule="check.uncovered", message=message, path=name, hint=hint)


def _hint(name: str, scopes: list[str]) -> str:
    if scopes:
        return f"it is in the scope of {_listed(scopes)}: gate post-work {scopes[0]} writes its entry"
    return (
        f"commit the packet that {name} belongs to with it, or name the packet's id in the commit message;"
        " a path that never needs one goes to [packets] exempt"
    )


def _listed(ids: Sequence[str]) -> str:
    return ", ".join(ids[:-1]) + f" and {ids[-1]}" if len(ids) > 1 else ids[0]
