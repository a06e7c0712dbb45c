"""The ``scope`` check: every changed file against IN_SCOPE_PATHS, OUT_OF_SCOPE and the planned windows."""

from collections.abc import Iterable, Iterator

from gatekeeper.gates.case import Case, Outcome, not_run
from gatekeeper.gates.select import ignored_by_manifest, own_paths
from gatekeeper.model.changes import ChangeKind, FileChange, Hunk
from gatekeeper.model.finding import Finding
from gatekeeper.model.globs import matches
from gatekeeper.model.manifest import Gate
from gatekeeper.model.names import for_output
from gatekeeper.model.packet import Packet, ScopePath
from gatekeeper.packet.lookup import base_and_revision, packet_paths
from gatekeeper.packet.parse import PacketUnreadable, parse_packet


def check_scope(case: Case) -> Outcome:
    """Rules: scope.empty, .malformed, .out-of-scope, .forbidden, .window; before work only the first two."""
    packet = case.packet
    if packet is None:
        return not_run("there is no packet to take the scope from")
    findings = [*_scope_itself(packet)]
    forbidden = [path for path in packet.scope.out_of_scope if _names_something(path, case)]
    allowed = frozenset(path.pattern for path in packet.scope.in_scope)
    bounded = [path for path in packet.scope.in_scope if path.first is not None]
    gates: dict[str, dict[Gate, bool]] = {}
    for change in case.selection.governed:
        findings += _placed(change, case, packet, forbidden, allowed)
        window = list(_window(change, bounded))
        gates[change.path] = {Gate.WINDOW: not window}
        findings += window
    for change in (*case.selection.governed, *case.selection.packet_files):
        findings += _other_packet(change, case, packet)
    return Outcome(tuple(findings), gates=gates)


def _scope_itself(packet: Packet) -> Iterator[Finding]:
    for malformed in packet.scope.malformed:
        yield Finding(
            rule="scope.malformed",
            message=malformed.problem,
            path=packet.path,
            line=malformed.line,
            hint="write one path a line, relative to the repository: a file, a folder/, or a glob",
        )
    if not packet.scope.in_scope:
        yield Finding(
            rule="scope.empty",
            message="IN_SCOPE_PATHS names no path, so no change can be in scope.",
            path=packet.path,
            line=packet.scope.line,
            hint="list the files, folders (dir/) or globs that this packet may change",
        )


def _placed(
    change: FileChange, case: Case, packet: Packet, forbidden: list[ScopePath], allowed: frozenset[str]
) -> Iterator[Finding]:
    """Findings for where a governed file lies; a rename changes both of its names, each judged by itself.

    ``allowed`` are the lines of IN_SCOPE_PATHS, which nearly always hold the path as it is.
    """
    for path in _names(change):
        # A file that kept its name is governed, or it wouldn't be asked about.
        if change.old_path is not None and ignored_by_manifest(path, owned(case), case.settings.packets):
            continue
        name = for_output(path)
        barred = next((entry for entry in forbidden if _covers(entry, path)), None)
        if barred is not None:
            yield Finding(
                rule="scope.forbidden",
                message=f"{name} was changed, but OUT_OF_SCOPE forbids {for_output(barred.pattern)}.",
                path=name,
                hint=f"take {name} out of the change, or amend the packet's SCOPE in a commit of its own",
            )
        elif path not in allowed and not any(matches(pattern, path) for pattern in allowed):
            yield _out_of_scope(name, path, packet)


def _out_of_scope(name: str, path: str, packet: Packet) -> Finding:
    return Finding(
        rule="scope.out-of-scope",
        message=f"{name} was changed, but no path of IN_SCOPE_PATHS names it.",
        path=name,
        hint=_near(path, packet)
        or f"take {name} out of the change, or add it to IN_SCOPE_PATHS in a commit of its own",
    )


def _near(path: str, packet: Packet) -> str | None:
    """The mend where a line of IN_SCOPE_PATHS all but names the path."""
    for pattern in (entry.pattern for entry in packet.scope.in_scope):
        if path.startswith(f"{pattern}/"):
            return f"a folder is written with a slash at its end: {for_output(pattern)}/"
        if pattern == f"{path}/":
            return f"a file is written without a slash at its end: {for_output(path)}"
        if pattern.casefold() == path.casefold():
            return f"names are taken as they are, in upper and lower case: {for_output(path)}"
    return None


def _window(change: FileChange, bounded: Iterable[ScopePath]) -> Iterator[Finding]:
    """Removed lines outside every window that was planned for the file, under either name of a rename."""
    plans = [entry for entry in bounded if any(matches(entry.pattern, path) for path in _names(change))]
    windows = [(plan.first, plan.last) for plan in plans if plan.first is not None and plan.last is not None]
    for hunk in change.hunks if windows else ():
        strays = [line for line in _removed(hunk) if not any(a <= line <= b for a, b in windows)]
        if strays:
            name = for_output(change.path)
            planned = ", ".join(f"{a}-{b}" for a, b in windows)
            where = f"{strays[0]}-{strays[-1]}" if strays[0] != strays[-1] else f"{strays[0]}"
            yield Finding(
                rule="scope.window",
                message=f"{name}: removed line(s) {where} lie outside the planned window(s) {planned}.",
                path=name,
                line=strays[0],
                hint="keep to the planned lines, or amend the window in IN_SCOPE_PATHS in a commit of its own",
            )


def _removed(hunk: Hunk) -> range:
    return range(hunk.old_start, hunk.old_start + hunk.old_count)


def _names(change: FileChange) -> Iterable[str]:
    return [change.path] if change.old_path is None else [change.old_path, change.path]


def _names_something(entry: ScopePath, case: Case) -> bool:
    """Whether an OUT_OF_SCOPE line is a path: it exists or matches on either side (contract, SCOPE)."""
    for tree in (case.base, case.head):
        if tree is None:
            continue
        if entry.pattern in tree.entries or tree.is_folder(entry.pattern.rstrip("/")):
            return True
        if any(matches(entry.pattern, path) for path in tree.entries):
            return True
    return False


def _covers(entry: ScopePath, path: str) -> bool:
    """Whether a forbidden entry names the path; a folder is barred with and without its slash."""
    return matches(entry.pattern, path) or path.startswith(f"{entry.pattern.rstrip('/')}/")


def _other_packet(change: FileChange, case: Case, packet: Packet) -> Iterator[Finding]:
    """Another packet may not be changed, the Status line of a lower revision aside; a new one may be added."""
    if change.change is ChangeKind.ADDED:
        return
    path = change.old_path or change.path
    other = next(iter(packet_paths([path], case.settings.packets.dir)), None)
    if (
        other is None
        or other == case.wp_id
        or any(matches(entry.pattern, path) for entry in packet.scope.in_scope)
    ):
        return
    if _is_lower(other, case.wp_id) and _only_status_changed(change, case, other):
        return
    name = for_output(path)
    yield Finding(
        rule="scope.forbidden",
        message=f"{name} is another packet ({other}), and this packet's scope doesn't name it.",
        path=name,
        hint=f"change {name} in a commit outside this packet's work, or name it in IN_SCOPE_PATHS",
    )


def _is_lower(other: str, wp_id: str) -> bool:
    base, revision = base_and_revision(wp_id)
    other_base, other_revision = base_and_revision(other)
    return other_base == base and other_revision < revision


def _only_status_changed(change: FileChange, case: Case, other: str) -> bool:
    sides = (change.base, change.head)
    if change.change is not ChangeKind.MODIFIED or case.base is None or len({s and s.mode for s in sides}) > 1:
        return False
    texts = []
    for tree in (case.base, case.head):
        data = tree.read(change.path)
        try:
            status = parse_packet(change.path, other, data).field("Status")
        except PacketUnreadable:
            return False
        lines = data.split(b"\n")
        if status is not None:
            del lines[status.line - 1]
        texts.append(lines)
    return texts[0] == texts[1]


def owned(case: Case) -> tuple[str, ...]:
    """The case's own paths: packet, refinement, evidence folders."""
    return own_paths(case.wp_id, case.packet_path, case.refinement_path, case.settings.packets)
