"""What every table holds at one moment, and what of it is lost at a later one (contract, section 5, data)."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from gatekeeper.engines.base import Database
from gatekeeper.engines.tables import Relation, Row
from gatekeeper.migrate.values import plain
from gatekeeper.migrate.wording import count_changed
from gatekeeper.model.schema import SchemaSnapshot, differences

_PARTS = {"column", "constraint"}
_ON_TABLES = {"index", "trigger"}
_OF_ALL = {"type", "function", "schema", "extension"}


@dataclass(frozen=True, slots=True)
class Holdings:
    """Schema, tables and their rows; where nothing changed, the very objects of the moment before."""

    schema: SchemaSnapshot
    relations: Mapping[str, Relation]
    rows: Mapping[str, tuple[Row, ...]]

    @property
    def counts(self) -> dict[str, int]:
        """How many rows each table holds, sorted by name."""
        return {name: len(rows) for name, rows in sorted(self.rows.items())}

    def table(self, name: str) -> "Table":
        """A table with its rows."""
        return Table(self.relations[name], self.rows[name])


@dataclass(frozen=True, slots=True)
class Table:
    """A table and its rows at one moment; column names in any case."""

    relation: Relation
    rows: tuple[Row, ...]

    def at(self, column: str) -> int:
        """The column's place in a row; -1 where there is none of that name."""
        places = self.relation.places
        found = places.get(column)
        return places.get(column.lower(), -1) if found is None else found

    def has(self, columns: Iterable[str]) -> bool:
        """Whether it has all of these columns."""
        return all(self.at(column) >= 0 for column in columns)

    def by_key(self, key: Iterable[str]) -> dict[tuple[str | None, ...], Row]:
        """The rows by the values of these columns."""
        places = [self.at(column) for column in key]
        return {tuple(plain(row[place]) for place in places): row for row in self.rows}

    def usual(self, column: str) -> set[str | None]:
        """What a row holds there that was told nothing: the default, or NULL."""
        return {None, plain(self.relation.columns[self.at(column)].default)}

    def value(self, row: Row, column: str) -> str | None:
        """A row's value."""
        return plain(row[self.at(column)])

    def filled(self, column: str, usual: set[str | None]) -> int:
        """How many rows hold something else there."""
        place = self.at(column)
        return sum(plain(row[place]) not in usual for row in self.rows)

    def judged(self, after: "Table", kept: set[str]) -> list[str]:
        """The columns whose values must survive: those that stay and that the engine doesn't compute."""
        return [
            column.name
            for column in self.relation.columns
            if column.name.lower() in kept and not column.made and after.has((column.name,))
        ]


NOTHING = Holdings(SchemaSnapshot({}), {}, {})


@dataclass(frozen=True, slots=True, order=True)
class Lost:
    """``count`` of ``held`` rows of a table that are gone, or (with a column) values that are."""

    table: str
    column: str | None
    count: int
    held: int

    @property
    def name(self) -> str:
        """What a declaration calls it."""
        return self.table if self.column is None else f"{self.table}.{self.column}"


def look(database: Database, before: Holdings, alike: Holdings | None = None) -> Holdings:
    """What is there now: only tables whose definition or rows may have changed since ``before`` are asked for.

    ``alike`` is a moment to which the database may have come back; if its schema did, its tables are known.
    """
    schema = database.snapshot()
    changed = database.changed()
    touched = _touched(before.schema, schema)
    tables = {key.name for key in schema.objects if key.kind == "table"}
    altered = tables if touched is None else touched & tables
    if alike is not None and alike.schema == schema:
        relations = dict(alike.relations)
    else:
        relations = {n: r for n, r in before.relations.items() if n in tables - altered}
        relations |= database.relations(sorted(altered))
    doubtful = (
        relations.keys() if changed is None else {*changed, *altered, *(relations.keys() - before.rows.keys())}
    )
    if not doubtful & tables <= relations.keys():
        # A partition is written to where it lies, and its rows are its parent's.
        doubtful = {*doubtful, *(n for n, r in relations.items() if r.partitioned)}
    rows = {n: r for n, r in before.rows.items() if n in relations and n not in doubtful}
    rows |= database.read(relations[n] for n in sorted(doubtful & relations.keys()))
    return Holdings(schema, relations, rows)


def _touched(before: SchemaSnapshot, after: SchemaSnapshot) -> set[str] | None:
    """What may be the names of the tables whose definition changed in any part; None where that may be any."""
    out: set[str] = set()
    for difference in differences(before, after):
        kind, name = difference.key.kind, difference.key.name
        if kind == "table":
            out.add(name)
        elif kind in _PARTS:
            out |= set(_prefixes(name))
        elif kind in _ON_TABLES:
            out |= _on(difference.before) | _on(difference.after) | set(_prefixes(name))
        elif kind in _OF_ALL and difference.before is not None and difference.after is not None:
            return None
    return out


def _prefixes(name: str) -> Iterator[str]:
    """All that may be the table's part of a name: both a schema's and a column's may hold dots."""
    parts = name.split(".")
    return (".".join(parts[:at]) for at in range(1, len(parts)))


def _on(definition: str | None) -> set[str]:
    """The words of an index's or a trigger's definition, one of which is its table."""
    return {word.strip('"').removeprefix("public.") for word in (definition or "").split()}


def lost(
    old: Holdings,
    new: Holdings,
    staying: Iterable[Holdings] = (),
    *,
    own: "tuple[Holdings, Holdings] | None" = None,
) -> Iterator[Lost]:
    """What of the old rows is gone in the new ones, in tables and columns that are in both and all of ``staying``.

    A row is lost when its key is gone, without one when the count is less; a value when it became NULL or the
    default. Where the default isn't the same for every row it doesn't count. ``own`` is what was there before an
    up and after it: what the up did itself may be taken back.
    """
    states = (new, *staying)
    for name in sorted(old.relations):
        rows = old.table(name)
        if rows.rows is new.rows.get(name) or not all(name in state.relations for state in states):
            continue
        kept = set.intersection(*({column.lower() for column in state.relations[name].names} for state in states))
        up = (own[0].table(name), own[1].table(name)) if own and all(name in o.relations for o in own) else None
        yield from _lost_in(rows, new.table(name), kept, up)


def _lost_in(old: Table, new: Table, kept: set[str], up: "tuple[Table, Table] | None") -> Iterator[Lost]:
    name, held = old.relation.name, len(old.rows)
    key = old.relation.key
    if not key or not new.has(key):
        yield from _lost_by_count(old, new, kept, up)
        return
    before, after = (table.by_key(key) if table.has(key) else {} for table in up or (old, old))
    now = new.by_key(key)
    rows = {k: row for k, row in old.by_key(key).items() if up is None or k in before or k not in after}
    if gone := sum(k not in now for k in rows):
        yield Lost(name, None, gone, held)
    for column in old.judged(new, kept):
        usual, own = new.usual(column), old.usual(column)
        count = 0
        for k in rows.keys() & now.keys():
            value, became = old.value(rows[k], column), new.value(now[k], column)
            back = up is not None and k in before and up[0].has((column,))
            if value not in own and became != value and became in usual:
                count += not (back and up is not None and up[0].value(before[k], column) == became)
        if count:
            yield Lost(name, column, count, held)


def _lost_by_count(old: Table, new: Table, kept: set[str], up: "tuple[Table, Table] | None") -> Iterator[Lost]:
    name, held = old.relation.name, len(old.rows)
    added = max(0, len(up[1].rows) - len(up[0].rows)) if up else 0
    gone = max(0, held - added - len(new.rows))
    if gone:
        yield Lost(name, None, gone, held)
    for column in old.judged(new, kept):
        usual = new.usual(column) | old.usual(column)
        wanted = old.filled(column, usual)
        if up is not None and all(table.has((column,)) for table in up):
            wanted -= max(0, up[1].filled(column, usual) - up[0].filled(column, usual))
        count = wanted - new.filled(column, usual) - gone
        if count > 0:
            yield Lost(name, column, count, held)


def rows_changed(
    before: Holdings, after: Holdings, apart: Mapping[str, Collection[str]] | None = None
) -> dict[str, str]:
    """Each table whose rows differ, and how.

    Columns with a default that differs from row to row don't count, nor those that are ``apart``.
    """
    out = {}
    for name in sorted(before.rows.keys() | after.rows.keys()):
        old, new = before.rows.get(name, ()), after.rows.get(name, ())
        if old is new:
            continue
        if len(old) != len(new):
            out[name] = count_changed(name, len(old), len(new))
        elif columns := _columns_changed(
            before.relations[name], old, after.relations[name], new, (apart or {}).get(name, ())
        ):
            out[name] = f"the values in column {', '.join(columns)} of table {name} changed"
    return out


def first_rows_changed(table: str, first: Holdings, before: Holdings, after: Holdings) -> bool:
    """Whether rows that were there at ``first`` differ between the other two; without a key nobody can tell."""
    if any(table not in moment.relations for moment in (first, before, after)):
        return True
    key = first.relations[table].key
    held = [moment.table(table) for moment in (first, before, after)]
    if not key or not all(one.has(key) for one in held):
        return before.rows[table] is first.rows[table]
    known = held[0].by_key(key).keys()
    old, new = ({table: tuple(row for k, row in one.by_key(key).items() if k in known)} for one in held[1:])
    return bool(
        rows_changed(Holdings(before.schema, before.relations, old), Holdings(after.schema, after.relations, new))
    )


def unsteady(first: Holdings, second: Holdings) -> dict[str, set[str]]:
    """By table, the columns whose values two equal runs left different."""
    out = {}
    for name in first.rows.keys() & second.rows.keys():
        old, new = first.rows[name], second.rows[name]
        if old is not new and len(old) == len(new):
            found = _columns_changed(first.relations[name], old, second.relations[name], new)
            if found:
                out[name] = set(found)
    return out


def _columns_changed(
    old: Relation, rows: tuple[Row, ...], new: Relation, now: tuple[Row, ...], apart: Collection[str] = ()
) -> list[str]:
    places = {name: at for at, name in enumerate(new.names)}
    both = [
        (at, places[column.name])
        for at, column in enumerate(old.columns)
        if column.name in places
        and column.name not in apart
        and not column.volatile
        and not new.columns[places[column.name]].volatile
    ]
    held = Counter(tuple(row[a] for a, _ in both) for row in rows)
    if held == Counter(tuple(row[b] for _, b in both) for row in now):
        return []
    each = [old.names[a] for a, b in both if Counter(row[a] for row in rows) != Counter(row[b] for row in now)]
    return each or [old.names[a] for a, _ in both]
