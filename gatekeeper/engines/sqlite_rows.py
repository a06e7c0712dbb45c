"""SQLite's tables for those who read rows and make them: types by declared name, checks, keys, values."""

import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing

from gatekeeper.engines.sqlite_catalog import Catalog, Table
from gatekeeper.engines.sqlite_text import default_text, is_volatile
from gatekeeper.engines.tables import (
    Family,
    Reference,
    Relation,
    Row,
    Rule,
    TableColumn,
    Value,
    ValueType,
    mentioned,
    quoted,
)
from gatekeeper.sql import Kind, significant, unquoted

_SHADOWS = re.compile(r"_(content|data|docsize|idx|config|segments|segdir|stat|node|rowid|parent)\Z")
# The catalog's normal form parts what SQLite reads as one operator.
_OPERATORS = re.compile(r"(?<=[<>=!|&]) (?=[<>=|&])")
_SIZES = re.compile(r"\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)")
# The first that occurs in the declared type counts; SQLite's own affinity rules come after what names a meaning.
_FAMILIES: tuple[tuple[Family, tuple[str, ...]], ...] = (
    ("timestamp", ("TIMESTAMP", "DATETIME")),
    ("date", ("DATE",)),
    ("time", ("TIME",)),
    ("boolean", ("BOOL",)),
    ("integer", ("INT", "SERIAL")),
    ("json", ("JSON",)),
    ("uuid", ("UUID",)),
    ("text", ("CHAR", "CLOB", "TEXT")),
    ("blob", ("BLOB", "BYTEA")),
    ("real", ("REAL", "FLOA", "DOUB")),
    ("numeric", ("NUMERIC", "DECIMAL")),
)


def relations(connection: sqlite3.Connection, catalog: Catalog, names: Iterable[str]) -> dict[str, Relation]:
    """Those of the names that are ordinary tables; virtual tables and what they keep their data in are none."""
    virtual = [t.name for t in catalog.tables.values() if t.text.options.startswith("virtual ")]
    shadows = {
        name
        for name in catalog.tables
        for owner in virtual
        if name.startswith(f"{owner}_") and _SHADOWS.search(name)
    }
    wanted = (catalog.tables[name] for name in names if name in catalog.tables)
    return {
        table.name: _relation(connection, catalog, table)
        for table in wanted
        if table.name not in shadows and not table.text.options.startswith("virtual ")
    }


def _relation(connection: sqlite3.Connection, catalog: Catalog, table: Table) -> Relation:
    columns = []
    for column in table.columns:
        volatile = is_volatile(column.default)
        default = None if volatile else _default(connection, column.default)
        extras = table.text.columns.get(column.name.lower(), [])
        volatile = volatile or "autoincrement" in extras
        type_ = value_type(column.type)
        columns.append(
            TableColumn(
                column.name,
                type_,
                column.type,
                not_null=column.not_null or bool(column.pk),
                default=default,
                volatile=volatile,
                made=column.generated,
            )
        )
    names = tuple(column.name for column in columns)
    texts = [_OPERATORS.sub("", text) for text in table.text.checks]
    checks = tuple(Rule(text, mentioned(names, words_of(text)), text) for text in texts)
    unique = tuple(
        Rule(index.name, _index_columns(names, catalog, index.name, [c for _, c, _, _ in index.terms if c]))
        for index in table.indexes.values()
        if index.unique
    )
    return Relation(
        table.name,
        "main." + quoted(table.name),
        tuple(columns),
        table.primary_key,
        unique,
        checks,
        tuple(_references(catalog, table)),
    )


def _references(catalog: Catalog, table: Table) -> Iterable[Reference]:
    by_name = {name.lower(): found for name, found in catalog.tables.items()}
    for target, pairs, _, _ in table.foreign.values():
        columns = tuple(source for source, _ in pairs)
        there = by_name.get(target.lower())
        to = tuple(name for _, name in pairs if name) or (there.primary_key if there else ())
        name = f"FOREIGN KEY ({', '.join(columns)}) REFERENCES {target}"
        yield Reference(name, _as_written(table, columns), there.name if there else target, _as_written(there, to))


def _as_written(table: Table | None, names: Iterable[str]) -> tuple[str, ...]:
    """The names as the table's own columns write them."""
    own = {column.name.lower(): column.name for column in table.columns} if table else {}
    return tuple(own.get(name.lower(), name) for name in names)


def _index_columns(names: tuple[str, ...], catalog: Catalog, index: str, terms: list[str]) -> tuple[str, ...]:
    words = words_of(catalog.texts.get(("index", index), "")) | {term.lower() for term in terms}
    return mentioned(names, words)


def words_of(text: str) -> set[str]:
    """The names and words in an expression, in lower case."""
    return {
        unquoted(token, "sqlite").lower()
        for token in significant(text, "sqlite")
        if token.kind in {Kind.WORD, Kind.QUOTED}
    }


def _default(connection: sqlite3.Connection, default: str | None) -> Value:
    """What the default is worth; the bare word that SQLite takes for a text is that text."""
    text = default_text(default)
    if default is None or text is None:
        return None
    try:
        with closing(connection.execute(f"SELECT ({default})")) as cursor:
            value: Value = cursor.fetchone()[0]
            return value
    except sqlite3.Error:
        return text


def value_type(declared: str) -> ValueType:
    """What values a column of that declared type is meant for; without a type, text."""
    upper = declared.upper()
    family = next((f for f, names in _FAMILIES if any(name in upper for name in names)), None)
    sizes = _SIZES.search(declared)
    length, scale = (int(sizes.group(1)), int(sizes.group(2) or 0)) if sizes else (None, 0)
    if family == "integer":
        return ValueType("integer", upper, 16 if "SMALL" in upper or "TINY" in upper else 64)
    if family is None:
        return ValueType("text" if not upper or upper == "ANY" else "numeric", upper)
    return ValueType(family, upper, length, scale)


def read(connection: sqlite3.Connection, relation: Relation) -> tuple[Row, ...]:
    """Every row of the table, its values as SQLite keeps them."""
    # A computed column says nothing of its own, and to compute it may fail.
    names = ", ".join("NULL" if c.made else quoted(c.name) for c in relation.columns) or "NULL"
    with closing(connection.execute(f"SELECT {names} FROM {relation.quoted}")) as cursor:  # noqa: S608 - quoted names
        return tuple(cursor.fetchall())
