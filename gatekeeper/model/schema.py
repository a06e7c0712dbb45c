"""A database's schema as an engine's own catalog tells it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class ObjectKey(NamedTuple):
    """What an object is called.

    ``kind`` is one of table, column, constraint, index, view, trigger, sequence, type, function, extension,
    schema, and in PostgreSQL also policy, rule and role. ``name`` is qualified where the engine needs it
    (``table.column``), without the default schema.
    """

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class SchemaSnapshot:
    """All objects of a database, each with a canonical text of its definition; equality is schema equality."""

    objects: Mapping[ObjectKey, str]

    def fingerprint(self) -> str:
        """SHA-256 (hex) over the sorted objects."""
        rows = sorted((k.kind, k.name, definition) for k, definition in self.objects.items())
        return hashlib.sha256(json.dumps(rows, ensure_ascii=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class SchemaDifference:
    """One object that differs: ``before`` or ``after`` is None where the object isn't there."""

    key: ObjectKey
    before: str | None
    after: str | None


def differences(before: SchemaSnapshot, after: SchemaSnapshot) -> tuple[SchemaDifference, ...]:
    """What differs between two snapshots, sorted by object."""
    if before.objects == after.objects:
        return ()
    old, new = before.objects, after.objects
    changed = [key for key, text in old.items() if new.get(key) != text] + [key for key in new if key not in old]
    return tuple(SchemaDifference(key, before.objects.get(key), after.objects.get(key)) for key in sorted(changed))


class TypeClass(StrEnum):
    """The classes within which two engines' types count as one (contract, section 5, parity)."""

    TEXT = "text"
    INTEGER = "integer"
    REAL = "real"
    NUMERIC = "numeric"
    BLOB = "blob"
    TIME = "time"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ColumnShape:
    """A column as two engines can be compared by; ``default`` is the engine's own text, None without one.

    ``nullable`` is False for members of a primary key; ``generated`` columns, identity and sequences included,
    have no default.
    """

    name: str
    type: str
    type_class: TypeClass
    nullable: bool
    default: str | None = None
    generated: bool = False


@dataclass(frozen=True, slots=True, order=True)
class ForeignKeyShape:
    """A foreign key: its columns, what they refer to, and the actions in upper case (``NO ACTION`` by default)."""

    columns: tuple[str, ...]
    table: str
    references: tuple[str, ...]
    on_delete: str
    on_update: str


@dataclass(frozen=True, slots=True, order=True)
class IndexShape:
    """An index that no constraint made: its columns in order, an expression as ``<expression>``."""

    name: str
    columns: tuple[str, ...]
    unique: bool
    partial: bool


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table: ``unique`` are the columns of its unique constraints, ``checks`` how many it has."""

    name: str
    columns: tuple[ColumnShape, ...]
    primary_key: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    foreign_keys: tuple[ForeignKeyShape, ...] = ()
    indexes: tuple[IndexShape, ...] = ()
    checks: int = 0


@dataclass(frozen=True, slots=True)
class SchemaShape:
    """What two engines are compared by: the tables, and each view's column names; names in lower case."""

    tables: tuple[TableShape, ...]
    views: Mapping[str, tuple[str, ...]]
