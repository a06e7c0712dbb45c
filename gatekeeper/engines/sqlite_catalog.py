"""SQLite's schema from its own pragmas; only what they don't tell is read from the stored text."""

import sqlite3
from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache

from gatekeeper.engines.sqlite_text import TableText, default_text, index_text, is_volatile, table_text
from gatekeeper.model.schema import (
    ColumnShape,
    ForeignKeyShape,
    IndexShape,
    ObjectKey,
    SchemaShape,
    SchemaSnapshot,
    TableShape,
    TypeClass,
)
from gatekeeper.sql import normalised, significant

_OBJECTS = """
SELECT type, name, tbl_name, sql FROM main.sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"""
_COLUMNS = """
SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?, 'main') ORDER BY cid"""
_INDEXES = """
SELECT i.name, i."unique", i.origin, i.partial, x.cid, x.name, x."desc", x.coll
FROM pragma_index_list(?, 'main') i, pragma_index_xinfo(i.name, 'main') x WHERE x.key ORDER BY i.name, x.seqno"""
_FOREIGN = """
SELECT id, "table", "from", "to", on_delete, on_update FROM pragma_foreign_key_list(?, 'main') ORDER BY id, seq"""

_EXPRESSION = -2
_SHADOWS = ("data", "idx", "content", "docsize", "config", "segments", "segdir", "stat", "node", "parent", "rowid")
_VIRTUAL_HIDDEN = 1


@dataclass(frozen=True, slots=True)
class Column:
    """A row of table_xinfo; ``pk`` is the 1-based place in the primary key, 0 outside it."""

    name: str
    type: str
    not_null: bool
    default: str | None
    pk: int
    generated: bool


@dataclass(slots=True)
class Index:
    """An index with its terms: (cid, column or None, descending, collation)."""

    name: str
    unique: bool
    origin: str
    partial: bool
    terms: list[tuple[int, str | None, bool, str]] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """All that is known of one table."""

    name: str
    sql: str
    text: TableText
    columns: list[Column] = field(default_factory=list)
    indexes: dict[str, Index] = field(default_factory=dict)
    foreign: dict[int, tuple[str, list[tuple[str, str | None]], str, str]] = field(default_factory=dict)
    objects: dict[ObjectKey, str] = field(default_factory=dict)
    """What snapshots say of it, once they were asked."""

    @property
    def primary_key(self) -> tuple[str, ...]:
        """Its columns in the key's order."""
        return tuple(c.name for c in sorted(self.columns, key=lambda c: c.pk) if c.pk)


@dataclass(slots=True)
class Catalog:
    """Tables, and the stored texts of indexes, views and triggers by name; views with their columns."""

    tables: dict[str, Table] = field(default_factory=dict)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    views: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Reader:
    """Reads the catalog again and again; a table whose texts are the same is not asked for anew.

    SQLite keeps its schema as texts and nothing else, so a table is what its own text and its indexes' say.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], Table] = {}

    def read(self, connection: sqlite3.Connection) -> Catalog:
        """The main database's catalog; temporary and attached objects are left out."""
        out = Catalog()
        texts: dict[str, list[str]] = {}
        for kind, name, table, sql in connection.execute(_OBJECTS).fetchall():
            if kind == "table":
                texts.setdefault(name, []).insert(0, sql)
            elif sql is not None:
                out.texts[kind, name] = sql
                if kind == "index":
                    texts.setdefault(table, []).append(sql)
            if kind == "view":
                out.views[name] = _view_columns(connection, name)
        shadows = _shadows([name for name, (sql, *_) in texts.items() if sql[:15].upper() == "CREATE VIRTUAL "])
        for name, (sql, *indexes) in texts.items():
            if name in shadows:
                continue
            key = (name, sql, *sorted(indexes))
            if key not in self._known:
                self._known[key] = _read_table(connection, name, sql)
            out.tables[name] = self._known[key]
        return out


def _shadows(virtual: list[str]) -> set[str]:
    """The tables in which the modules that come with SQLite keep what their virtual tables hold."""
    return {f"{name}_{suffix}" for name in virtual for suffix in _SHADOWS}


def _read_table(connection: sqlite3.Connection, name: str, sql: str) -> Table:
    out = Table(name, sql, table_text(sql))
    for column, type_, not_null, default, pk, hidden in connection.execute(_COLUMNS, (name,)).fetchall():
        if hidden != _VIRTUAL_HIDDEN:
            out.columns.append(Column(column, type_, bool(not_null), default, pk, hidden > 1))
    for index, unique, origin, partial, cid, column, desc, coll in connection.execute(
        _INDEXES, (name,)
    ).fetchall():
        entry = out.indexes.setdefault(index, Index(index, bool(unique), origin, bool(partial)))
        entry.terms.append((cid, column, bool(desc), coll))
    for number, target, source, to, on_delete, on_update in connection.execute(_FOREIGN, (name,)).fetchall():
        entries = out.foreign.setdefault(number, (target, [], on_delete, on_update))
        entries[1].append((source, to))
    return out


def _view_columns(connection: sqlite3.Connection, name: str) -> tuple[str, ...]:
    try:
        rows = connection.execute(
            "SELECT name FROM pragma_table_xinfo(?, 'main') ORDER BY cid", (name,)
        ).fetchall()
    except sqlite3.Error:
        # A view may stand although what it reads is gone: SQLite looks only when it is used.
        return ()
    return tuple(row[0] for row in rows)


def snapshot(catalog: Catalog) -> SchemaSnapshot:
    """The catalog as comparable objects."""
    objects: dict[ObjectKey, str] = {}
    for table in catalog.tables.values():
        if not table.objects:
            _add_table(table.objects, table)
            for index in table.indexes.values():
                if index.origin == "c":
                    sql = catalog.texts["index", index.name]
                    definition = f"on {table.name} {_index_definition(index, sql)}"
                    table.objects[ObjectKey("index", index.name)] = definition
        objects |= table.objects
    for (kind, name), sql in catalog.texts.items():
        if kind != "index":
            columns = f" columns {', '.join(catalog.views[name])}" if kind == "view" else ""
            objects[ObjectKey(kind, name)] = _normalised(sql) + columns
    return SchemaSnapshot(objects)


@lru_cache(maxsize=4096)
def _normalised(sql: str) -> str:
    return normalised(significant(sql, "sqlite"), "sqlite")


def _add_table(objects: dict[ObjectKey, str], table: Table) -> None:
    objects[ObjectKey("table", table.name)] = table.text.options
    for column in table.columns:
        parts = [column.type.upper()]
        if column.not_null:
            parts.append("not null")
        if (default := default_text(column.default)) is not None:
            parts.append(f"default {default}")
        parts += table.text.columns.get(column.name.lower(), [])
        objects[ObjectKey("column", f"{table.name}.{column.name}")] = " ".join(filter(None, parts))
    seen: dict[str, int] = defaultdict(int)
    for definition in _constraints(table):
        seen[definition] += 1
        again = f" #{seen[definition]}" if seen[definition] > 1 else ""
        objects[ObjectKey("constraint", f"{table.name}.{definition}{again}")] = definition


def _constraints(table: Table) -> list[str]:
    out = [f"check ({check})" for check in table.text.checks] + table.text.conflicts
    if table.primary_key:
        out.append(f"primary key ({', '.join(table.primary_key)})")
    for index in table.indexes.values():
        if index.origin == "u":
            out.append(f"unique {_index_definition(index, '')}")
    for target, pairs, on_delete, on_update in table.foreign.values():
        columns = ", ".join(source for source, _ in pairs)
        references = ", ".join(to for _, to in pairs if to)
        clause = table.text.deferrable.get(tuple(source.lower() for source, _ in pairs), "")
        text = f"foreign key ({columns}) references {target}({references})"
        text += f" on delete {on_delete.lower()} on update {on_update.lower()} {clause}"
        out.append(text.rstrip())
    return sorted(out)


def _index_definition(index: Index, sql: str) -> str:
    terms, where = index_text(sql)
    shown = []
    for at, (cid, column, desc, collation) in enumerate(index.terms):
        name = terms[at] if cid == _EXPRESSION and at < len(terms) else column or "rowid"
        order = " desc" if desc and cid != _EXPRESSION else ""
        collate = f" collate {collation.lower()}" if collation.upper() != "BINARY" else ""
        shown.append(f"{name}{collate}{order}")
    unique = "unique " if index.unique and index.origin == "c" else ""
    return f"{unique}({', '.join(shown)})" + (f" where {where}" if where else "")


def steady_columns(table: Table) -> list[str]:
    """The columns whose values a second run must not change: all but those with a volatile default."""
    extras = table.text.columns
    return [
        column.name
        for column in table.columns
        if not is_volatile(column.default) and "autoincrement" not in extras.get(column.name.lower(), [])
    ]


_CLASSES = (
    (TypeClass.TIME, ("TIMESTAMP", "DATETIME", "DATE", "TIME")),
    (TypeClass.INTEGER, ("INT", "SERIAL", "BOOL")),
    (TypeClass.TEXT, ("CHAR", "CLOB", "TEXT", "UUID", "JSON")),
    (TypeClass.BLOB, ("BLOB", "BYTEA")),
    (TypeClass.REAL, ("REAL", "FLOA", "DOUB")),
    (TypeClass.NUMERIC, ("NUMERIC", "DECIMAL")),
)


def type_class(declared: str) -> TypeClass:
    """The class of a declared type; one that names no class is OTHER, none at all is BLOB as SQLite has it."""
    upper = declared.upper()
    if not upper:
        return TypeClass.BLOB
    return next((c for c, names in _CLASSES if any(name in upper for name in names)), TypeClass.OTHER)


def shape(catalog: Catalog) -> SchemaShape:
    """The catalog as two engines can be compared by."""
    ordinary = [t for t in catalog.tables.values() if not t.text.options.startswith("virtual ")]
    tables = tuple(_table_shape(table) for table in sorted(ordinary, key=lambda t: t.name.lower()))
    return SchemaShape(tables, {n.lower(): tuple(c.lower() for c in cols) for n, cols in catalog.views.items()})


def _table_shape(table: Table) -> TableShape:
    columns = tuple(
        ColumnShape(
            column.name.lower(),
            column.type,
            type_class(column.type),
            not (column.not_null or column.pk),
            None if column.generated else default_text(column.default),
            column.generated or "autoincrement" in table.text.columns.get(column.name.lower(), []),
        )
        for column in table.columns
    )
    foreign = [
        ForeignKeyShape(
            tuple(source.lower() for source, _ in pairs),
            target.lower(),
            tuple(to.lower() for _, to in pairs if to),
            on_delete,
            on_update,
        )
        for target, pairs, on_delete, on_update in table.foreign.values()
    ]
    made = [i for i in table.indexes.values() if i.origin == "c"]
    unique = [
        tuple((c or "").lower() for _, c, _, _ in i.terms) for i in table.indexes.values() if i.origin == "u"
    ]
    return TableShape(
        table.name.lower(),
        columns,
        tuple(name.lower() for name in table.primary_key),
        tuple(sorted(unique)),
        tuple(sorted(foreign)),
        tuple(sorted(_index_shape(index) for index in made)),
        len(table.text.checks),
    )


def _index_shape(index: Index) -> IndexShape:
    columns = tuple((column or "<expression>").lower() for _, column, _, _ in index.terms)
    return IndexShape(index.name.lower(), columns, index.unique, index.partial)
