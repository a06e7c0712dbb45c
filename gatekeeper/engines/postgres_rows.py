"""PostgreSQL's tables for those who read rows and make them: its catalog's answers as relations."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from gatekeeper.engines.base import SqlError
from gatekeeper.engines.postgres_queries import OWN, SCHEMA, VOLATILE, not_of_extension
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

Ask = Callable[[str], list[tuple[Any, ...]]]

_TABLES = f"""FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't' AND {OWN}
  AND {not_of_extension("pg_class", "c.oid")}"""

_WANTED = f"{SCHEMA} || c.relname = ANY($1)"

# The tables to which the transaction wrote, as the server counts (TRUNCATE and a rewrite count nothing, but take a
# new file, which is seen later). What waits for the transaction's end writes now, so that it is counted too.
CHANGED = """SET CONSTRAINTS ALL IMMEDIATE; SELECT oid::bigint FROM pg_class WHERE relkind = 'r' AND oid >= 16384
AND (pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid)
  + pg_stat_get_xact_tuples_deleted(oid) > 0 OR current_setting('track_counts') = 'off')"""

_COLUMNS = f"""
SELECT 'column', {SCHEMA} || c.relname, c.oid::regclass::text, c.relkind::text, a.attname::text,
  format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END),
  b.typname::text, b.typtype::text, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END,
  e.typname::text, e.typtype::text, a.attnotnull OR t.typnotnull,
  CASE WHEN a.attgenerated = '' THEN COALESCE(pg_get_expr(d.adbin, d.adrelid), t.typdefault) END,
  COALESCE({VOLATILE}, false), a.attidentity::text, a.attgenerated <> '',
  (SELECT array_agg(l.enumlabel::text ORDER BY l.enumsortorder) FROM pg_enum l
    WHERE l.enumtypid = COALESCE(e.oid, b.oid)),
  (SELECT array_agg(k.conname::text || E'\\n' || pg_get_expr(k.conbin, 0)) FROM pg_constraint k
    WHERE k.contypid = t.oid AND k.contype = 'c')
{
    _TABLES.replace(
        "WHERE",
        '''JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid
  JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
  LEFT JOIN pg_type e ON e.oid = b.typelem AND b.typcategory = 'A'
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE''',
        1,
    )
} AND {_WANTED}
ORDER BY 2, a.attnum"""  # noqa: S608 - constants only

_CONSTRAINTS = f"""
SELECT 'constraint', {SCHEMA} || c.relname, con.contype::text, con.conname::text,
  (SELECT array_agg(a.attname::text ORDER BY k.place) FROM unnest(con.conkey) WITH ORDINALITY k(number, place)
    JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = k.number),
  (SELECT {SCHEMA.replace("n.", "s.")} || f.relname FROM pg_class f JOIN pg_namespace s ON s.oid = f.relnamespace
    WHERE f.oid = con.confrelid),
  (SELECT array_agg(a.attname::text ORDER BY k.place) FROM unnest(con.confkey) WITH ORDINALITY k(number, place)
    JOIN pg_attribute a ON a.attrelid = con.confrelid AND a.attnum = k.number),
  pg_get_expr(con.conbin, con.conrelid)
{_TABLES.replace("WHERE", "JOIN pg_constraint con ON con.conrelid = c.oid WHERE", 1)} AND {_WANTED}
  AND con.contype IN ('p', 'u', 'f', 'c', 'x')"""  # noqa: S608 - constants only

_INDEXES = f"""
SELECT 'index', {SCHEMA} || c.relname, x.relname::text, pg_get_indexdef(x.oid)
{
    _TABLES.replace(
        "WHERE",
        '''JOIN pg_index i ON i.indrelid = c.oid AND i.indisunique
  JOIN pg_class x ON x.oid = i.indexrelid WHERE''',
        1,
    )
} AND {_WANTED}"""

_FAMILIES: dict[str, tuple[Family, int | None]] = {
    "int2": ("integer", 16),
    "int4": ("integer", 32),
    "int8": ("integer", 64),
    "numeric": ("numeric", None),
    "float4": ("real", None),
    "float8": ("real", None),
    "bool": ("boolean", None),
    "text": ("text", None),
    "varchar": ("text", None),
    "bpchar": ("text", None),
    "name": ("text", 63),
    "char": ("text", 1),
    "citext": ("text", None),
    "uuid": ("uuid", None),
    "json": ("json", None),
    "jsonb": ("json", None),
    "bytea": ("blob", None),
    "date": ("date", None),
    "time": ("time", None),
    "timetz": ("time", None),
    "timestamp": ("timestamp", None),
    "timestamptz": ("timestamp", None),
    "bit": ("bits", None),
    "varbit": ("bits", None),
}
_HEADER = 4
_SEQUENCE = "nextval("


# Prepared once a session, as the catalog's other questions are.
PREPARED = {
    "gatekeeper_columns(text[])": _COLUMNS,
    "gatekeeper_constraints(text[])": _CONSTRAINTS,
    "gatekeeper_indexes(text[])": _INDEXES,
}


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def relations(ask: Ask, names: Iterable[str]) -> dict[str, Relation]:
    """Those of the names that are tables with rows of their own; a partitioned table stands for its partitions."""
    listed = ", ".join(_literal(name) for name in sorted(names))
    if not listed:
        return {}
    queries = (f"EXECUTE {prepared.partition('(')[0]}(ARRAY[{listed}])" for prepared in PREPARED)
    found: dict[str, dict[str, list[tuple[Any, ...]]]] = defaultdict(lambda: defaultdict(list))
    for kind, table, *rest in ask(";".join(queries)):
        found[table][kind].append(tuple(rest))
    values = _defaults(ask, found)
    return {table: _relation(table, parts, values) for table, parts in found.items() if parts["column"]}


def _defaults(ask: Ask, found: dict[str, dict[str, list[tuple[Any, ...]]]]) -> dict[tuple[str, str], Value]:
    """What the defaults that are the same for every row are worth, as texts."""
    wanted = [
        (table, row[2], row[3], row[10])
        for table, parts in found.items()
        for row in parts["column"]
        if row[10] is not None and not row[11]
    ]
    if not wanted:
        return {}
    texts = [f"(({default})::{declared})::text" for _, _, declared, default in wanted]
    try:
        (answer,) = ask(f"SELECT {', '.join(texts)}")
    except SqlError:
        # One that can't be worked out (1 / 0) must not cost the others.
        answer = tuple(_worth(ask, text) for text in texts)
    return {(table, column): value for (table, column, _, _), value in zip(wanted, answer, strict=True)}


def _worth(ask: Ask, text: str) -> Value:
    try:
        value: Value = ask(f"SELECT {text}")[0][0]
    except SqlError:
        return None
    return value


def _relation(
    table: str, parts: dict[str, list[tuple[Any, ...]]], values: dict[tuple[str, str], Value]
) -> Relation:
    columns, checks, regclass, partitioned = [], [], "", False
    for regclass_, relkind, name, declared, base, kind, typmod, elem, elem_kind, *facts in parts["column"]:
        not_null, default, volatile, identity, made, labels, rules = facts
        partitioned = relkind == "p"
        regclass = regclass_ if partitioned else f"ONLY {regclass_}"
        type_ = value_type(base, kind, typmod, tuple(labels or ()), (elem, elem_kind) if elem else None)
        columns.append(
            TableColumn(
                name,
                type_,
                declared,
                not_null=not_null,
                default=values.get((table, name)),
                volatile=volatile or (default or "").startswith(_SEQUENCE),
                made=made,
                own_key=identity == "a",
            )
        )
        checks += [_domain_rule(name, rule) for rule in rules or ()]
    names = tuple(column.name for column in columns)
    key: tuple[str, ...] = ()
    foreign, unique = [], []
    for kind, name, over, target, to, expression in parts["constraint"]:
        if kind == "p":
            key = tuple(over)
        elif kind == "f":
            foreign.append(Reference(name, tuple(over), target, tuple(to)))
        elif kind == "c":
            checks.append(Rule(name, mentioned(names, words_of(expression)), expression))
        elif kind == "x":
            unique.append(Rule(name, tuple(over or ())))
    unique += [
        Rule(name, mentioned(names, words_of(text.partition(" USING ")[2]))) for name, text in parts["index"]
    ]
    return Relation(
        table, regclass, tuple(columns), key, tuple(unique), tuple(checks), tuple(foreign), partitioned
    )


def _domain_rule(column: str, rule: str) -> Rule:
    name, _, expression = rule.partition("\n")
    tokens = significant(expression, "postgres")
    over = quoted(column)
    text = " ".join(over if token.word == "VALUE" else token.text for token in tokens)
    return Rule(name, (column,), text.replace(" : :", " ::").replace(": :", "::"))


def words_of(text: str) -> set[str]:
    """The names and words in an expression, in lower case."""
    return {
        unquoted(token, "postgres").lower()
        for token in significant(text, "postgres")
        if token.kind in {Kind.WORD, Kind.QUOTED}
    }


def value_type(
    base: str, kind: str, typmod: int, labels: tuple[str, ...], element: tuple[str, str] | None
) -> ValueType:
    """The type of that name (pg_type's typname, typtype), its modifier taken apart; ``element`` is an array's."""
    if element is not None:
        # A modifier of an array is its elements'.
        return ValueType("array", base, element=value_type(*element, typmod, labels, None))
    if kind == "e":
        return ValueType("enum", base, labels=labels)
    family, length = _FAMILIES.get(base, ("other", None))
    if typmod < 0:
        return ValueType(family, base, length)
    if base == "numeric":
        digits = typmod - _HEADER
        return ValueType(family, base, (digits >> 16) & 0xFFFF, digits & 0x7FF)
    if base in {"varchar", "bpchar"}:
        return ValueType(family, base, typmod - _HEADER)
    return ValueType(family, base, typmod if family == "bits" else length)


def read(ask: Ask, tables: Iterable[Relation]) -> dict[str, tuple[Row, ...]]:
    """Every row of the tables, its values as texts."""
    every = list(tables)
    if not every:
        return {}
    queries = []
    for number, table in enumerate(every):
        # A computed column says nothing of its own, and to compute it may fail.
        texts = ", ".join("NULL" if c.made else f"{quoted(c.name)}::text" for c in table.columns)
        queries.append(f"SELECT {number}, ARRAY[{texts}]::text[] FROM {table.quoted}")  # noqa: S608 - quoted names
    rows: dict[str, list[Row]] = {table.name: [] for table in every}
    for number, values in ask(";".join(queries)):
        rows[every[number].name].append(tuple(values))
    return {name: tuple(found) for name, found in rows.items()}


class Writes:
    """Which tables were written to, put together from what each transaction says at its end.

    Until somebody asks for the first time, nothing is counted.
    """

    def __init__(self) -> None:
        self._written: set[int] | None = None
        self._files: dict[int, Any] | None = None

    def anything(self) -> None:
        """Something ran outside a transaction of ours: any table may have been written."""
        self._written = None

    def committed(self, tables: Iterable[int]) -> None:
        """Take the answer to what was asked at a commit: the numbers of the tables."""
        if self._written is not None:
            self._written = self._written | set(tables)

    def before(self) -> set[str] | None:
        """What is known without a look: that nothing was written since it was last asked, or (None) nothing."""
        return set() if self._written == set() else None

    def since(self, tables: Iterable[tuple[str, int, Any, bool]], *, ended: bool) -> set[str] | None:
        """The tables written since this was last asked with ``ended``, or in the transaction that goes on.

        Of each table that there is now: its name, number, file, and whether the open transaction wrote to it.
        """
        found = list(tables)
        files, written = self._files, self._written
        if ended:
            self._files, self._written = {number: file for _, number, file, _ in found}, set()
        if files is None or written is None:
            return None
        return {
            name
            for name, number, file, now in found
            if now or number in written or number not in files or files[number] != file
        }

    @contextmanager
    def kept(self) -> Iterator[None]:
        """While the context lasts, and only then, what happens to a copy counts."""
        before = (self._written, self._files)
        try:
            yield
        finally:
            self._written, self._files = before
