"""What a table is to those who read its rows and put rows into it, whatever the engine."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Value = int | float | str | bytes | None
"""A value as an engine hands it over: PostgreSQL as its text, SQLite as Python has it."""

Row = tuple[Value, ...]

Family = Literal[
    "text",
    "integer",
    "numeric",
    "real",
    "boolean",
    "blob",
    "date",
    "time",
    "timestamp",
    "json",
    "uuid",
    "enum",
    "array",
    "bits",
    "other",
]


@dataclass(frozen=True, slots=True)
class ValueType:
    """A column's type as far as a value must fit it.

    ``length`` is in characters for text, bits for integers and bit strings, digits for numerics, None without a
    bound; ``scale`` the digits after the point; ``labels`` an enum's; ``element`` an array's; ``name`` the
    engine's own, without modifiers, for what no family names.
    """

    family: Family
    name: str = ""
    length: int | None = None
    scale: int = 0
    labels: tuple[str, ...] = ()
    element: "ValueType | None" = None


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column: ``declared`` is its type as the engine writes it; ``made`` says that the engine computes it.

    ``default`` is its default's value, None without one and where it differs from row to row (``volatile``).
    ``own_key`` is set where the engine gives values unless it is overruled (GENERATED ALWAYS AS IDENTITY).
    """

    name: str
    type: ValueType
    declared: str
    not_null: bool
    default: Value = None
    volatile: bool = False
    made: bool = False
    own_key: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key: its columns, the table that it refers to and the columns there."""

    name: str
    columns: tuple[str, ...]
    table: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A check's expression, or what a unique index is over (then only its ``columns`` matter)."""

    name: str
    columns: tuple[str, ...]
    expression: str = ""


@dataclass(frozen=True)
class Relation:
    """A table that holds rows of its own: no view, no shadow of another.

    ``name`` is as snapshots have it, ``quoted`` as statements need it; ``key`` are the primary key's columns.
    """

    name: str
    quoted: str
    columns: tuple[TableColumn, ...]
    key: tuple[str, ...] = ()
    unique: tuple[Rule, ...] = ()
    checks: tuple[Rule, ...] = ()
    foreign: tuple[Reference, ...] = ()
    partitioned: bool = False

    def column(self, name: str) -> TableColumn:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns' names in order, as rows have them."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Where in a row each column's value stands, by its name and, where that is no other's, in lower case."""
        out = {name: at for at, name in enumerate(self.names)}
        for at, name in enumerate(self.names):
            out.setdefault(name.lower(), at)
        return out


Relations = Mapping[str, Relation]


def quoted(name: str) -> str:
    """A name as both engines take it whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def mentioned(names: tuple[str, ...], words: set[str]) -> tuple[str, ...]:
    """Those of the names that occur among the words, which are in lower case."""
    return tuple(name for name in names if name.lower() in words)
