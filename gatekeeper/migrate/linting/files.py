"""What is wrong with a file as a whole: its name, its number, a down that does nothing."""

import re
from collections.abc import Iterator, Sequence
from posixpath import basename, dirname

from gatekeeper.migrate.discover import Layout, Migration
from gatekeeper.migrate.linting.hit import Hit, example
from gatekeeper.migrate.linting.objects import actions
from gatekeeper.migrate.linting.reading import Reading

NAME = "lint.name"
NUMBERING = "lint.numbering"
EMPTY_DOWN = "lint.empty-down"

_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
_VERSION = re.compile(r"[Vv]?[\d-]+")
_WHAT = {"create": "makes", "add-column": "adds", "rename-table": "renames"}


def name(migration: Migration, layout: Layout | None) -> Iterator[Hit]:
    """A name that says nothing, or that a shell or a file system may trip over."""
    path = migration.path
    file = _named(migration, layout)
    label = re.sub(r"(\.sqlite|\.postgres)?(\.up)?(\.sqlite|\.postgres)?\.sql$", "", file)
    version = migration.version.text
    if not _PLAIN.fullmatch(file):
        odd = "".join(dict.fromkeys(c for c in file if not _PLAIN.match(c)))
        message = f"The name {file!r} holds {odd!r}; letters, digits, _, - and . are safe everywhere."
        plain = re.sub(r"[^A-Za-z0-9_.-]+", "_", file)
        yield Hit(NAME, 1, message, example("Rename it:", f"git mv '{path}' '{_beside(path, file, plain)}'"))
    elif not re.search(r"[A-Za-z]", _VERSION.sub("", label, count=1)):
        message = f"The name {file!r} has a version and doesn't say what it is for."
        new = file.replace(label, f"{version}_what_it_does", 1)
        yield Hit(NAME, 1, message, example("Say it in the name:", f"git mv {path} {_beside(path, file, new)}"))


def _named(migration: Migration, layout: Layout | None) -> str:
    """The file, or the folder, that holds the version in its name."""
    return basename(dirname(migration.path)) if layout == "folder" else basename(migration.path)


def _beside(path: str, old: str, new: str) -> str:
    return path[: path.rindex(old)] + new + path[path.rindex(old) + len(old) :]


def numbering(migrations: Sequence[Migration], layout: Layout | None) -> Iterator[tuple[Migration, Hit]]:
    """Numbers with fewer digits than others, where tools that order by name then run them elsewhere."""
    short = [m for m in migrations if not m.version.is_timestamp]
    wanted = max((len(m.version.text) for m in short), default=0)
    for migration in short:
        if len(migration.version.text) < wanted and _is_misordered(migration, short):
            yield migration, _odd_number(migration, wanted, layout)


def _is_misordered(migration: Migration, migrations: Sequence[Migration]) -> bool:
    """Whether ordering by name puts it elsewhere than ordering by number."""
    mine = migration.version
    return any(
        (mine.text < o.version.text) != (mine.key < o.version.key) for o in migrations if o is not migration
    )


def _odd_number(migration: Migration, wanted: int, layout: Layout | None) -> Hit:
    path, version, file = migration.path, migration.version.text, _named(migration, layout)
    message = (
        f"Version {version} has fewer digits than others, which have {wanted}: "
        "tools that order files by name run it at another place."
    )
    new = _beside(path, file, file.replace(version, version.zfill(wanted), 1))
    return Hit(NUMBERING, 1, message, example("Fill it up with zeros:", f"git mv {path} {new}"))


def empty_down(up: Reading, down: Reading) -> Iterator[Hit]:
    """A down of comments alone, where the up makes something that it could take back."""
    if down.script.problem or down.script.is_blank or down.reads or down.elsewhere:
        return
    made = next((a for a in actions(up) if a.verb in _WHAT and not a.temporary), None)
    if made is None:
        return
    target = f"{made.name}.{made.column}" if made.column else f"{made.kind.lower()} {made.name}"
    message = f"The down of {up.script.path} holds comments alone, though the up {_WHAT[made.verb]} {target}."
    undo = {
        "create": f"DROP {made.kind} IF EXISTS {made.name};",
        "add-column": f"ALTER TABLE {made.name} DROP COLUMN {made.column};",
        "rename-table": f"ALTER TABLE {made.to} RENAME TO {made.name};",
    }
    yield Hit(EMPTY_DOWN, 1, message, example("Take back what the up makes, in reverse order:", undo[made.verb]))
