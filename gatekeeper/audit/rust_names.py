"""Names in Rust source: paths as written, ``use`` declarations, and what a path stands for within one file."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # the parser is loaded where source is parsed
    from ast_grep_py import SgNode

Path = tuple[str, ...]

# Where a path leads that is no other crate's: to this file, or to this crate's other files.
LOCAL: Path = ("self",)
HERE: Path = ("crate",)
_ROOTED = frozenset({"crate", "self", "super"})
_NAMES = frozenset({"identifier", "type_identifier", "metavariable", *_ROOTED})
_SCOPED = frozenset({"scoped_identifier", "scoped_type_identifier"})
# A path that has grown longer than this leads in a circle.
_LONGEST_PATH = 32


class Import(NamedTuple):
    """One leaf of a ``use`` tree: ``path`` ends in ``*`` for a glob, ``name`` is what the file calls it."""

    path: Path
    name: str
    line: int


class Scope:
    """A module or a block: what its names stand for. None marks a name that is defined here as something else.

    Names of macros end in ``!``; every path is as written, to be resolved from this scope.
    """

    def __init__(self, parent: "Scope | None" = None, *, is_module: bool = True) -> None:
        self.parent = parent
        self.is_module = is_module
        self.names: dict[str, Path | None] = {}
        self.modules: dict[str, Scope] = {}
        self.globs: list[Path] = []

    @property
    def module(self) -> "Scope":
        """The module that this scope lies in."""
        scope = self
        while not scope.is_module and scope.parent is not None:
            scope = scope.parent
        return scope

    @property
    def file(self) -> "Scope":
        """The outermost module."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    def add(self, found: Import) -> None:
        """Take in one leaf of a ``use`` declaration."""
        if found.path[-1] == "*":
            self.globs.append(found.path[:-1])
        elif found.name != "_":
            self.names[found.name] = found.path


def written(node: "SgNode") -> Path | None:
    """The segments of a path, generic arguments left out; a leading ``::`` is an empty one. None for no path."""
    kind = node.kind()
    if kind in _NAMES:
        return (node.text(),)
    if kind in {"generic_type", "generic_type_with_turbofish"}:
        inner = node.field("type")
        return written(inner) if inner else None
    if kind not in _SCOPED:
        return None
    name, before = node.field("name"), node.field("path")
    if name is None:
        return None
    if before is None:
        return ("", name.text())
    head = written(before)
    return (*head, name.text()) if head else None


def imports(declaration: "SgNode") -> Iterator[Import]:
    """The leaves of a ``use`` or ``extern crate`` declaration."""
    if declaration.kind() == "extern_crate_declaration":
        name, alias = declaration.field("name"), declaration.field("alias")
        if name is not None:
            yield Import(("", name.text()), (alias or name).text(), _line(declaration))
        return
    tree = declaration.field("argument")
    if tree is not None:
        yield from _leaves(tree, ())


def _leaves(tree: "SgNode", prefix: Path) -> Iterator[Import]:
    kind, line = tree.kind(), _line(tree)
    if kind == "use_as_clause":
        path, alias = tree.field("path"), tree.field("alias")
        if path is not None and alias is not None:
            yield Import(_joined(prefix, written(path) or ()), alias.text(), line)
    elif kind == "use_list":
        for child in tree.children():
            if child.is_named():
                yield from _leaves(child, prefix)
    elif kind == "scoped_use_list":
        path, inner = tree.field("path"), tree.field("list")
        start = (written(path) or ()) if path is not None else ("",)
        if inner is not None:
            yield from _leaves(inner, (*prefix, *start))
    elif kind == "use_wildcard":
        path = next((child for child in tree.children() if child.is_named()), None)
        yield Import((*prefix, *((written(path) or ()) if path else ()), "*"), "*", line)
    else:
        full = _joined(prefix, written(tree) or ())
        if full:
            yield Import(full, full[-1], line)


def _joined(prefix: Path, path: Path) -> Path:
    return prefix if prefix and path == ("self",) else (*prefix, *path)


def _line(node: "SgNode") -> int:
    return int(node.range().start.line) + 1


def resolved(scope: Scope, path: Path, *, macro: bool = False) -> tuple[Path, ...]:
    """What the path may stand for, from a crate's name, ``self`` (this file) or ``crate`` (its other files).

    More than one where globs leave it open. A macro's path ends in ``!``.
    """
    found = dict.fromkeys(_Search(macro).lexical(scope, path))
    return tuple((*p[:-1], f"{p[-1]}!") for p in found) if macro else tuple(found)


class _Search:
    """One look-up; ``seen`` keeps chains of aliases and globs from going in circles."""

    def __init__(self, macro: bool) -> None:
        self.macro = macro
        self.seen: set[tuple[int, Path, bool]] = set()

    def lexical(self, scope: Scope, path: Path) -> Iterator[Path]:
        """Look up from a place in the code: its scopes inside out, then the other crates."""
        head, rest = path[0], path[1:]
        if head == "":
            yield rest
            return
        if head in _ROOTED:
            yield from self.rooted(scope, path)
            return
        here: Scope | None = scope
        while here is not None:
            found = self.bound(here, path)
            if found is not None:
                yield from found
                return
            yield from self.globbed(here, path)
            here = None if here.is_module else here.parent
        yield path

    def rooted(self, scope: Scope, path: Path) -> Iterator[Path]:
        head, rest = path[0], path[1:]
        module: Scope | None = scope.file if head == "crate" else scope.module
        if head == "super":
            outer = scope.module.parent
            module = outer.module if outer else None
        yield from self.within(module, rest) if module else ((*HERE, *rest),)

    def within(self, module: Scope, path: Path) -> Iterator[Path]:
        """Look a path up in a module of this file and nowhere else."""
        if path and path[0] in {"self", "super"}:
            yield from self.rooted(module, path)
            return
        found = self.bound(module, path) if path else None
        if found is not None:
            yield from found
            return
        yield (*HERE, *path)
        if path:
            yield from self.globbed(module, path)

    def bound(self, scope: Scope, path: Path) -> Iterable[Path] | None:
        """What the scope itself says of the path's first name, None if nothing."""
        head, rest = path[0], path[1:]
        if self.macro and not rest and f"{head}!" in scope.names:
            return ((*LOCAL, head),)
        if head in scope.names:
            target = scope.names[head]
            if target is None:
                return None if self.macro and not rest else ((*LOCAL, *path),)
            if target[0] == head:
                return ((*target, *rest),)  # use sqlx; and its like name a crate by its own name
            return self.once(scope, (*target, *rest))
        if head in scope.modules:
            return self.within(scope.modules[head], rest)
        return None

    def once(self, scope: Scope, path: Path, *, glob: bool = False) -> Iterable[Path]:
        key = (id(scope), path, glob)
        if key in self.seen or len(path) > _LONGEST_PATH:
            return ()
        self.seen.add(key)
        return self.lexical(scope, path)

    def globbed(self, scope: Scope, path: Path) -> Iterator[Path]:
        """What the path may be if one of the scope's globs brings its first name."""
        for glob in scope.globs:
            if not glob or glob[0] == path[0]:
                continue
            # A glob of another file of this crate brings types and functions, hardly ever what names a crate.
            crate_like = len(path) > 1 and path[0][0].islower()
            for found in self.once(scope, (*glob, *path), glob=True):
                if not (crate_like and found[:1] == HERE):
                    yield found
