"""``new_packet``: a packet and its refinement from templates, with all that a machine can fill."""

import hashlib
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gatekeeper.changes.repository import Repository
from gatekeeper.clock import now
from gatekeeper.gates.spec import Spec, current_spec
from gatekeeper.model.changes import LINK, TreeView
from gatekeeper.model.errors import GateError, UsageError
from gatekeeper.model.settings import PacketSettings, Settings
from gatekeeper.packet.edit import write_atomically
from gatekeeper.packet.lookup import base_and_revision, lower_revisions
from gatekeeper.packet.markdown import PacketUnreadable
from gatekeeper.packet.status import with_status
from gatekeeper.resources import template
from gatekeeper.runs.load import known_ids, require_wp_id, settings_from_disk

PACKET_TEMPLATE = "packet.md.j2"
REFINEMENT_TEMPLATE = "refinement.md.j2"


@dataclass(frozen=True, slots=True)
class Created:
    """What was made: paths relative to the repository; None where there was nothing to make.

    ``kept`` is a refinement that was there before, ``superseded`` the earlier revision's file whose Status line
    was changed, ``notes`` are sentences on what is left to do by hand.
    """

    wp_id: str
    packet: str
    refinement: str | None
    kept: str | None
    superseded: str | None
    notes: tuple[str, ...]


def new_packet(repo: Path, wp_id: str, *, config: Path | None = None) -> Created:
    """Make the packet of a new id, and its refinement where the settings ask for one.

    A ``-vN`` names every earlier revision in its LINEAGE_AUDIT, and the newest of these becomes Superseded, in its
    Status line alone. Raises UsageError for an id that exists, has no form of one or skips a revision, for a
    repository without a commit, and for a template that can't be used; then nothing was written.
    """
    require_wp_id(wp_id)
    with Repository.open(repo) as repository:
        root, head = _start(repository)
        settings = settings_from_disk(repository, config).settings
        tree = repository.tree(repository.worktree_tree())
        ids = known_ids(repository, settings, [tree, repository.tree(head)])
        _require_new(wp_id, ids)
        paths = _Paths.of(wp_id, settings.packets)
        values = _values(wp_id, head, tree, settings, ids=ids, paths=paths)
        planned = {paths.packet: _rendered(PACKET_TEMPLATE, tree, settings.packets, values)}
        kept = paths.refinement is not None and (root / paths.refinement).exists()
        if paths.refinement is not None and not kept:
            planned[paths.refinement] = _rendered(REFINEMENT_TEMPLATE, tree, settings.packets, values)
        old, change, notes = _superseding(root, wp_id, ids)
        if old is not None and change is not None:
            planned[old] = change
        for path, data in planned.items():
            write_inside(root, path, data)
    return Created(
        wp_id=wp_id,
        packet=paths.packet,
        refinement=None if kept else paths.refinement,
        kept=paths.refinement if kept else None,
        superseded=old if change is not None else None,
        notes=notes,
    )


@dataclass(frozen=True, slots=True)
class _Paths:
    packet: str
    refinement: str | None

    @classmethod
    def of(cls, wp_id: str, settings: PacketSettings) -> "_Paths":
        packet = posixpath.normpath(f"{settings.dir}/{wp_id}.md")
        if settings.refinement == "off":
            return cls(packet, None)
        refinement = posixpath.normpath(f"{settings.refinements}/{wp_id}.md")
        if refinement == packet:
            refinement = packet.removesuffix(".md") + ".refinement.md"
        return cls(packet, refinement)


def write_inside(root: Path, path: str, data: bytes) -> None:
    """Write a file of the repository, its folders too. Raises UsageError where a link leads out of it."""
    file = root / path
    if not file.resolve().is_relative_to(root.resolve()):
        raise UsageError(
            f"{path} lies behind a link that leads out of the repository, so nothing is written to it.",
            hint="name a folder of the repository itself in gatekeeper.toml",
        )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GateError(
            f"The folder of {path} can't be made: {error.strerror}.", hint="move what stands in its place"
        ) from error
    write_atomically(file, data)


def _start(repository: Repository) -> tuple[Path, str]:
    """The work tree and the commit that the work starts from."""
    if repository.root is None:
        raise UsageError(
            "A bare repository has no work tree to write the packet in.", hint="run it in a clone with a work tree"
        )
    if repository.head is None:
        raise UsageError(
            "There is no commit yet, so MERGE_BASE_SHA can't be filled.", hint="make a first commit, then gate new"
        )
    return repository.root, repository.head


def _require_new(wp_id: str, ids: Mapping[str, Sequence[str]]) -> None:
    """Raise UsageError unless the id is free and is the next revision of its base."""
    if wp_id in ids:
        base, _ = base_and_revision(wp_id)
        raise UsageError(
            f"There is a work packet {wp_id} already: {ids[wp_id][0]}.",
            hint=f"gate new {base}-v{_next_revision(base, ids)} makes its next revision",
        )
    base, revision = base_and_revision(wp_id)
    due = _next_revision(base, ids)
    if revision != due:
        expected = f"{base}-v{due}" if due > 1 else base
        raise UsageError(
            f"{wp_id} is revision {revision} of {base}, but the next one is {due}.", hint=f"gate new {expected}"
        )


def _next_revision(base: str, ids: Iterable[str]) -> int:
    taken = [revision for stem, revision in map(base_and_revision, ids) if stem == base]
    return max(taken, default=0) + 1


def _values(
    wp_id: str,
    head: str,
    tree: TreeView,
    settings: Settings,
    *,
    ids: Mapping[str, Sequence[str]],
    paths: _Paths,
) -> dict[str, object]:
    """What the templates may use; their own comments name it."""
    spec = current_spec(tree, settings.spec.pointer)
    return {
        "wp_id": wp_id,
        "base_wp_id": base_and_revision(wp_id)[0],
        "date": now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "merge_base": head,
        "refinement": paths.refinement,
        "spec_pointer": settings.spec.pointer or None,
        "spec_name": spec.name if spec else None,
        "spec_target": spec.target if spec else None,
        "spec_path": (spec.path or spec.name) if spec else None,
        "spec_sha1": _spec_sha1(tree, spec),
        "prior": [{"wp_id": prior, "path": ids[prior][0]} for prior in lower_revisions(wp_id, ids)],
    }


def _spec_sha1(tree: TreeView, spec: Spec | None) -> str:
    if spec is None or spec.path is None:
        return "<the SHA1 of the spec's text with LF line ends>"
    text = tree.read(spec.path).replace(b"\r\n", b"\n")
    return hashlib.sha1(text, usedforsecurity=False).hexdigest()


def own_template(settings: PacketSettings, name: str) -> str:
    """Where a repository keeps its own template of that name."""
    return posixpath.normpath(f"{settings.dir}/templates/{name}")


def _rendered(name: str, tree: TreeView, settings: PacketSettings, values: Mapping[str, object]) -> bytes:
    """A template filled: the repository's own where it has one, else the one that ships with the package."""
    import jinja2.sandbox  # noqa: PLC0415 - a twentieth of a second that no other command of this room needs

    own = own_template(settings, name)
    side = tree.entries.get(own)
    found = side is not None and not side.is_submodule and side.mode != LINK
    # A repository's template is somebody else's text: it may fill in values, and nothing more.
    environment = jinja2.sandbox.SandboxedEnvironment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    try:
        text = tree.read(own).decode("utf-8-sig") if found else template(name)
        return environment.from_string(text).render(values).encode()
    except (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        line = f":{error.lineno}" if isinstance(error, jinja2.TemplateSyntaxError) else ""
        raise UsageError(
            f"{own}{line} can't be used as a template: {error}.",
            hint="mend it, or remove it to use the template that ships with gate",
        ) from error


def _superseding(
    root: Path, wp_id: str, ids: Mapping[str, Sequence[str]]
) -> tuple[str | None, bytes | None, tuple[str, ...]]:
    """The newest earlier revision's file, its bytes with the new Status, and what can't be done for it."""
    earlier = lower_revisions(wp_id, ids)
    if not earlier:
        return None, None, ()
    path = ids[earlier[-1]][0]
    status = f"Superseded (by {wp_id})"
    by_hand = (f"{path} has no Status line that could be changed: mark it {status} by hand.",)
    if not (root / path).is_file() or (root / path).is_symlink():
        return path, None, by_hand
    try:
        data = with_status((root / path).read_bytes(), path, earlier[-1], status)
    except PacketUnreadable:
        data = None
    return path, data, by_hand if data is None else ()
