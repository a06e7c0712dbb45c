"""What the answers of PostgreSQL's catalog mean: rows to snapshots and shapes."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from gatekeeper.model.schema import (
    ColumnShape,
    ForeignKeyShape,
    IndexShape,
    ObjectKey,
    SchemaShape,
    TableShape,
    TypeClass,
)

Row = tuple[Any, ...]

_ACTIONS = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
_CLASSES = {
    TypeClass.TEXT: (
        "text",
        "character varying",
        "character",
        "uuid",
        "json",
        "jsonb",
        "citext",
        "name",
        '"char"',
    ),
    TypeClass.INTEGER: ("integer", "bigint", "smallint", "boolean"),
    TypeClass.REAL: ("real", "double precision"),
    TypeClass.NUMERIC: ("numeric",),
    TypeClass.BLOB: ("bytea",),
}


def objects(rows: Iterable[Row]) -> dict[ObjectKey, str]:
    """Rows of kind, name and definition as objects; those alike but for a generated name are numbered."""
    out: dict[ObjectKey, str] = {}
    seen: dict[ObjectKey, int] = defaultdict(int)
    for kind, name, definition in sorted(rows):
        key = ObjectKey(kind, name)
        seen[key] += 1
        out[key if seen[key] == 1 else ObjectKey(kind, f"{name} #{seen[key]}")] = definition
    return out


def type_class(name: str, kind: str) -> TypeClass:
    """The class of a type's name without its modifiers; ``kind`` is pg_type's typtype (an enum counts as text)."""
    if kind == "e":
        return TypeClass.TEXT
    if name == "date" or (name.startswith(("timestamp ", "time ")) and not name.endswith("[]")):
        return TypeClass.TIME
    return next((c for c, names in _CLASSES.items() if name in names), TypeClass.OTHER)


def shape(columns: Iterable[Row], constraints: Iterable[Row], indexes: Iterable[Row]) -> SchemaShape:
    """The rows of the three SHAPE queries as one value."""
    tables: dict[str, list[ColumnShape]] = defaultdict(list)
    views: dict[str, list[str]] = defaultdict(list)
    for table, relkind, name, declared, base, kind, not_null, default, generated in columns:
        if relkind in {"v", "m"}:
            views[table.lower()].append(name.lower())
            continue
        made = generated or (default or "").startswith("nextval(")
        shown = None if made else default
        tables[table].append(
            ColumnShape(name.lower(), declared, type_class(base, kind), not not_null, shown, made)
        )
    by_table: dict[str, list[Row]] = defaultdict(list)
    for table, *rest in constraints:
        by_table[table].append(tuple(rest))
    made_indexes: dict[str, list[IndexShape]] = defaultdict(list)
    for table, name, unique, partial, terms in indexes:
        made_indexes[table].append(IndexShape(name.lower(), _lower(terms), unique, partial))
    found = (_table(name, cols, by_table[name], made_indexes[name]) for name, cols in tables.items())
    return SchemaShape(
        tuple(sorted(found, key=lambda t: t.name)), {name: tuple(cols) for name, cols in views.items()}
    )


def _table(name: str, columns: list[ColumnShape], constraints: list[Row], indexes: list[IndexShape]) -> TableShape:
    keys = [_lower(cols) for kind, cols, *_ in constraints if kind == "p"]
    unique = [_lower(cols) for kind, cols, *_ in constraints if kind == "u"]
    foreign = [
        ForeignKeyShape(_lower(cols), target.lower(), _lower(to), _ACTIONS[on_delete], _ACTIONS[on_update])
        for kind, cols, target, to, on_delete, on_update in constraints
        if kind == "f"
    ]
    checks = sum(kind == "c" for kind, *_ in constraints)
    return TableShape(
        name.lower(),
        tuple(columns),
        keys[0] if keys else (),
        tuple(sorted(unique)),
        tuple(sorted(foreign)),
        tuple(sorted(indexes)),
        checks,
    )


def _lower(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name.lower() for name in names)
