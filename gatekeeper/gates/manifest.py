"""The ``manifest`` check and the ten gates of every entry (contract, section 1, Manifest and The ten gates)."""

import posixpath
from collections.abc import Callable, Iterable, Mapping

from gatekeeper.gates.case import Case, MainTip, Outcome, not_run
from gatekeeper.gates.refinement import anchors_apply
from gatekeeper.gates.scope import owned
from gatekeeper.gates.select import ignored_by_manifest
from gatekeeper.manifest.compare import compare
from gatekeeper.manifest.fields import target_of
from gatekeeper.manifest.replaced import replaced
from gatekeeper.model.changes import FileChange, Side, TreeView
from gatekeeper.model.finding import Finding
from gatekeeper.model.manifest import GATE_CODES, GATES, Gate, ManifestEntry
from gatekeeper.model.names import for_output

_NAMES = tuple(str(gate) for gate in GATES)
_COMPUTED = dict.fromkeys((Gate.RAILS, Gate.PRE, Gate.POST, Gate.DELTA), True)
# How a path begins that isn't, or isn't one of a work tree, once it is normalised.
_OUTSIDE = ("/", "../", ".git/")


def check_manifest(case: Case) -> Outcome:
    """Rules: manifest.*. A writing run replaces what is recorded and notes each value; else it is compared."""
    if case.packet is None or case.change_set is None or case.read_blob is None:
        return not_run("there is no packet to hold the manifest")
    if case.writing:
        notes = replaced(case.entries, case.packet.recorded, packet_path=case.packet.path)
        proven = {**_COMPUTED, Gate.WRITTEN: case.packet.section("VALIDATION") is not None}
        return Outcome(notes, gates=dict.fromkeys((entry.path for entry in case.entries), proven))
    comparison = compare(
        case.entries,
        case.packet.recorded,
        packet_path=case.packet.path,
        ignored=ignored_block(case),
        blobs=case.read_blob,
        facts=case.change_set.blobs,
        known=case.known_versions,
    )
    malformed = tuple(
        Finding(
            rule="manifest.malformed",
            message=line.problem,
            path=case.packet.path,
            line=line.line,
            hint=f"gate post-work {case.wp_id} writes the manifest",
        )
        for line in case.packet.malformed_manifest
    )
    written = {target_of(block) for block in case.packet.recorded}
    gates = {
        entry.path: {**comparison.gates.get(entry.path, {}), Gate.WRITTEN: entry.path in written}
        for entry in case.entries
    }
    return Outcome((*comparison.findings, *malformed), gates=gates, explanations=comparison.explanations)


def ignored_block(case: Case) -> Callable[[str], bool]:
    """Tells of a path whether a block that is recorded for it is accepted and not compared."""
    own = owned(case)
    entered = {entry.path for entry in case.entries}
    # A rename may need an entry for the sake of its old name alone.
    return lambda path: path not in entered and ignored_by_manifest(path, own, case.settings.packets)


def check_gates(case: Case, done: Mapping[str, Outcome]) -> tuple[Outcome, dict[str, dict[str, bool | None]]]:
    """All ten gates of every entry, from what the other checks found; fails where one isn't proven.

    A gate whose cause another check reports gets no finding of its own. Rule: manifest.gate.
    """
    if case.change_set is None:
        return not_run("there is no change set"), {}
    told = [outcome.gates for outcome in done.values() if outcome.gates]
    common: dict[Gate, bool | None] = dict.fromkeys(GATES, False)
    for gates in told:
        common.update(gates.get("", {}))
    if not anchors_apply(case):
        common[Gate.ANCHORS] = None
    table = {entry.path: _gates_of(entry, case, told, common) for entry in case.entries}
    findings = [
        _finding(entry, gate)
        for entry in case.entries
        for gate in (Gate.FILENAME, Gate.PREIMAGE)
        if table[entry.path][gate] is False
    ]
    unproven = {gate for gates in table.values() for gate, value in gates.items() if value is False}
    reason = None
    if unproven:
        listed = ", ".join(f"{gate} ({GATE_CODES[gate]})" for gate in GATES if gate in unproven)
        reason = f"not proven: {listed}"
    return Outcome(tuple(findings), reason=reason), {
        path: dict(zip(_NAMES, gates.values(), strict=True)) for path, gates in table.items()
    }


def _gates_of(
    entry: ManifestEntry,
    case: Case,
    told: Iterable[Mapping[str, Mapping[Gate, bool]]],
    common: Mapping[Gate, bool | None],
) -> dict[Gate, bool | None]:
    """All ten gates in their order; ``told`` is what the checks know of them by path, ``common`` what of all."""
    known = dict(common)
    for gates in told:
        if entry.path in gates:
            known.update(gates[entry.path])
    known[Gate.FILENAME] = openable(entry.change, case)
    known[Gate.PREIMAGE] = matches_main(entry.change, case.main)
    return known


def openable(change: FileChange, case: Case) -> bool:
    """Gate C701-G06: relative, POSIX, normalised, inside the repository, readable where it exists."""
    if not _is_inside(change.path) or (change.old_path and not _is_inside(change.old_path)):
        return False
    blobs = case.change_set.blobs if case.change_set else {}
    base, head = change.base, change.head
    is_read = base is None or base.oid in blobs or base.is_submodule
    return is_read and (head is None or head.oid in blobs or head.is_submodule)


def _is_inside(path: str) -> bool:
    # Where no part of it is empty or begins with a dot, there is nothing to normalise.
    if path and path[0] not in "./" and "/." not in path and "//" not in path and path[-1] != "/":
        return True
    return posixpath.normpath(path) == path and not f"{path}/".startswith(_OUTSIDE)


def matches_main(change: FileChange, main: MainTip | None) -> bool | None:
    """Gate C701-G08: main's tip holds the base or the head blob of this file, or contains head."""
    if main is None:
        return None
    if main.contains_head:
        return True
    if change.old_path is None:
        return _at(main.tree, change.path) in {_oid(change.base), _oid(change.head)}
    moved = _at(main.tree, change.path) == _oid(change.head)
    unmoved = _at(main.tree, change.old_path) == _oid(change.base) and change.path not in main.tree.entries
    return moved or unmoved


def _at(tree: TreeView, path: str) -> str | None:
    return _oid(tree.entries.get(path))


def _oid(side: Side | None) -> str | None:
    return side.oid if side else None


def _finding(entry: ManifestEntry, gate: Gate) -> Finding:
    name = for_output(entry.path)
    if gate is Gate.PREIMAGE:
        message = f"{name}: main holds neither the version this change starts from nor the one it ends with."
        hint = "something else landed meanwhile: rebase or merge main, then run post-work again"
    else:
        message = f"{name}: the path isn't a normalised path inside the repository, or its blob can't be read."
        hint = "rename the file; for a missing blob fetch the full history"
    return Finding(rule="manifest.gate", message=f"{message} ({gate}, {GATE_CODES[gate]})", path=name, hint=hint)
