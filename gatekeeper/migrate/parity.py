"""Do both engines end with the same schema? (contract, section 5, parity)

What only PostgreSQL has is left out; names of constraints and indexes don't count, what they do does.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.schema import ColumnShape, ForeignKeyShape, IndexShape, SchemaShape, TableShape, TypeClass
from gatekeeper.model.settings import ParityException
from gatekeeper.sql import Kind, normalised, significant

_NUMBERS = {TypeClass.INTEGER, TypeClass.REAL, TypeClass.NUMERIC}
_CAST = re.compile(
    r"\s*::\s*[a-z_\"][\w\".]*(?:\s+(?:varying|precision|with|without|time|zone))*(?:\([\d,\s]*\))?(?:\[\])*"
)
_NOW = re.compile(
    r"\b(?:now|clock_timestamp|statement_timestamp|transaction_timestamp|datetime|date|time|strftime|unixepoch"
    r"|julianday|timezone)\s*\(|\b(?:current|local)_?(?:timestamp|date|time)\b",
    re.IGNORECASE,
)
_RANDOM = re.compile(r"\b(?:random|randomblob|gen_random_uuid|uuid_generate_v\d\w*|uuidv\d)\s*\(", re.IGNORECASE)
_KIND = re.compile(r"^(?:table|column|index|view|constraint)\s+")


@dataclass(frozen=True, slots=True)
class Divergence:
    """One difference: ``objects`` are the names (in lower case) by which it can be excepted, the closest first."""

    objects: tuple[str, ...]
    message: str


def compare(sqlite: SchemaShape, postgres: SchemaShape) -> list[Divergence]:
    """Every difference between the engines' end schemas."""
    return [*_tables(sqlite, postgres), *_views(sqlite, postgres)]


def judged(
    found: Sequence[Divergence], exceptions: Iterable[ParityException], maker: Callable[[str], str | None]
) -> list[Finding]:
    """The differences that no exception covers, on the up that ``maker`` names, and the exceptions not needed."""
    declared = {_KIND.sub("", exception.object.strip().lower()): exception for exception in exceptions}
    used: set[str] = set()
    out = []
    for divergence in found:
        covered = [name for name in divergence.objects if name in declared]
        used.update(covered)
        if not covered:
            path = next((path for name in divergence.objects if (path := maker(name)) is not None), None)
            hint = "Make the engines agree, or declare the object in [migrations] parity-exceptions with a reason."
            out.append(Finding(rule="migration.diverges", message=divergence.message, path=path, hint=hint))
    for name in sorted(declared.keys() - used):
        message = f"[migrations] parity-exceptions names {declared[name].object}, on which the engines agree."
        hint = "Remove the exception."
        out.append(Finding(rule="migration.diverges", severity=Severity.WARNING, message=message, hint=hint))
    return out


def _only(kind: str, name: str, on: str, other: str) -> str:
    return f"{kind} {name} is there on {on} and not on {other}."


def _tables(sqlite: SchemaShape, postgres: SchemaShape) -> Iterator[Divergence]:
    ours, theirs = {t.name: t for t in sqlite.tables}, {t.name: t for t in postgres.tables}
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in theirs:
            yield Divergence((name,), _only("Table", name, "SQLite", "PostgreSQL"))
        elif name not in ours:
            yield Divergence((name,), _only("Table", name, "PostgreSQL", "SQLite"))
        else:
            yield from _columns(ours[name], theirs[name])
            yield from _keys(ours[name], theirs[name], ours)


def _columns(sqlite: TableShape, postgres: TableShape) -> Iterator[Divergence]:
    ours, theirs = {c.name: c for c in sqlite.columns}, {c.name: c for c in postgres.columns}
    for column in sorted(ours.keys() | theirs.keys()):
        objects = (f"{sqlite.name}.{column}", sqlite.name)
        if column not in theirs:
            yield Divergence(objects, _only("Column", objects[0], "SQLite", "PostgreSQL"))
        elif column not in ours:
            yield Divergence(objects, _only("Column", objects[0], "PostgreSQL", "SQLite"))
        else:
            for message in _column(objects[0], ours[column], theirs[column]):
                yield Divergence(objects, message)


def _column(name: str, ours: ColumnShape, theirs: ColumnShape) -> Iterator[str]:
    # A type outside the classes exists on PostgreSQL alone and has no counterpart to differ from.
    if theirs.type_class not in {ours.type_class, TypeClass.OTHER}:
        yield (
            f"Column {name} is {ours.type.upper() or 'without a type'} ({ours.type_class}) on SQLite "
            f"and {theirs.type.upper()} ({theirs.type_class}) on PostgreSQL."
        )
    if ours.nullable != theirs.nullable:
        words = {True: "may be NULL", False: "may not be NULL"}
        yield f"Column {name} {words[ours.nullable]} on SQLite and {words[theirs.nullable]} on PostgreSQL."
    if not (ours.generated or theirs.generated):
        first, second = (_default(column.default, column.type_class) for column in (ours, theirs))
        if first != second:
            yield f"Column {name} has {_shown(first)} on SQLite and {_shown(second)} on PostgreSQL."


def _shown(default: str | None) -> str:
    return "no default" if default is None else f"the default {default}"


def _default(text: str | None, type_class: TypeClass) -> str | None:
    """A default in the form in which both engines' texts for the same value are equal."""
    if text is None:
        return None
    if _RANDOM.search(text):
        return "<random>"
    if _NOW.search(_outside_strings(text)):
        return "<now>"
    plain = normalised(significant(_without_casts(text), "sqlite"), "sqlite")
    while plain.startswith("( ") and plain.endswith(" )"):
        plain = plain[2:-2]
    plain = {"true": "1", "false": "0", "null": ""}.get(plain, plain).replace("- ", "-")
    if type_class in _NUMBERS:
        try:
            return f"{float(plain.strip(chr(39))):g}"
        except ValueError:
            return plain or None
    return plain or None


def _outside_strings(text: str) -> str:
    return "".join(token.text for token in significant(text, "sqlite") if token.kind is not Kind.STRING)


def _without_casts(text: str) -> str:
    out, between = [], ""
    for token in significant(text, "sqlite"):
        if token.kind is Kind.STRING:
            out.append(_CAST.sub(" ", between))
            out.append(token.text)
            between = ""
        else:
            between += f" {token.text}" if token.text not in {":", ".", "(", ")", "[", "]"} else token.text
    out.append(_CAST.sub(" ", between))
    return "".join(out)


def _keys(sqlite: TableShape, postgres: TableShape, tables: dict[str, TableShape]) -> Iterator[Divergence]:
    name = sqlite.name
    if sqlite.primary_key != postgres.primary_key:
        first, second = (", ".join(key) or "none" for key in (sqlite.primary_key, postgres.primary_key))
        yield Divergence((name,), f"The primary key of {name} is {first} on SQLite and {second} on PostgreSQL.")
    ours = Counter(_foreign(key, tables) for key in sqlite.foreign_keys)
    yield from _counted(name, "foreign key", ours, Counter(_foreign(key, tables) for key in postgres.foreign_keys))
    names = {_index(i): i.name for table in (sqlite, postgres) for i in table.indexes}
    yield from _counted(name, "unique key", _unique(sqlite), _unique(postgres), names)
    yield from _counted(name, "index", _plain(sqlite), _plain(postgres), names)
    if sqlite.checks != postgres.checks:
        message = (
            f"Table {name} has {sqlite.checks} CHECK constraints on SQLite and {postgres.checks} on PostgreSQL."
        )
        yield Divergence((name,), message)


def _foreign(key: ForeignKeyShape, tables: dict[str, TableShape]) -> str:
    target = tables.get(key.table)
    references = key.references or (target.primary_key if target else ())
    return (
        f"({', '.join(key.columns)}) to {key.table} ({', '.join(references)}) "
        f"ON DELETE {key.on_delete} ON UPDATE {key.on_update}"
    )


def _unique(table: TableShape) -> Counter[str]:
    """Unique constraints and unique indexes alike: what may be there once."""
    every = [f"({', '.join(columns)})" for columns in table.unique]
    return Counter(every + [_index(i) for i in table.indexes if i.unique])


def _plain(table: TableShape) -> Counter[str]:
    return Counter(_index(i) for i in table.indexes if not i.unique)


def _index(index: IndexShape) -> str:
    return f"({', '.join(index.columns)}){' WHERE' if index.partial else ''}"


def _counted(
    name: str, what: str, ours: Counter[str], theirs: Counter[str], indexes: Mapping[str, str] | None = None
) -> Iterator[Divergence]:
    """``indexes`` are the names of those that a text stands for, by which they too can be excepted."""
    for text, on, other in (
        *((text, "SQLite", "PostgreSQL") for text in sorted((ours - theirs).elements())),
        *((text, "PostgreSQL", "SQLite") for text in sorted((theirs - ours).elements())),
    ):
        columns = text[1:].partition(")")[0].replace(" ", "").split(",")
        index = [indexes[text]] if indexes and text in indexes else []
        objects = (*index, *(f"{name}.{column}" for column in columns), name)
        yield Divergence(objects, f"Table {name} has the {what} {text} on {on} and not on {other}.")


def _views(sqlite: SchemaShape, postgres: SchemaShape) -> Iterator[Divergence]:
    for view in sorted(sqlite.views.keys() | postgres.views.keys()):
        if view not in postgres.views:
            yield Divergence((view,), _only("View", view, "SQLite", "PostgreSQL"))
        elif view not in sqlite.views:
            yield Divergence((view,), _only("View", view, "PostgreSQL", "SQLite"))
        elif sqlite.views[view] != postgres.views[view]:
            first, second = (", ".join(shape.views[view]) or "no columns" for shape in (sqlite, postgres))
            yield Divergence((view,), f"View {view} gives {first} on SQLite and {second} on PostgreSQL.")
