"""What is known of a PostgreSQL database from looks before, so that only what changed is read anew.

Each look asks for one line a relation, in which a stamp tells whether any row of the catalog that belongs to it is
another one than before (its transaction and place). Definitions name other objects, so a new name anywhere, and
any change of types, functions or schemas, has everything read anew.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from gatekeeper.engines import postgres_queries as queries
from gatekeeper.engines.base import TableRows
from gatekeeper.engines.postgres_catalog import objects
from gatekeeper.model.schema import ObjectKey, SchemaSnapshot

Look = Callable[[str], list[tuple[Any, ...]]]
_Objects = dict[ObjectKey, str]
_EXECUTE = "EXECUTE gatekeeper_%s"
_DROPPED = "........pg.dropped."


@dataclass(frozen=True, slots=True)
class _Relation:
    """A line of RELATIONS; ``written`` says whether rows were written in the transaction that is open."""

    number: int
    name: str
    kind: str
    file: int | None
    filled: bool
    columns: tuple[str, ...]
    stamp: str
    written: bool

    @property
    def is_view(self) -> bool:
        """Whether its definition is a query over other relations."""
        return self.kind in {"v", "m"}

    def renames(self, before: "_Relation") -> bool:
        """Whether it, or a column that stayed, has another name than before."""
        stayed = zip(before.columns, self.columns, strict=False)
        return self.name != before.name or any(
            a != b and not a.startswith(_DROPPED) and not b.startswith(_DROPPED) for a, b in stayed
        )


class Memory:
    """The definitions and rows read so far; ``look`` asks the database, ``roles`` says whether roles count."""

    def __init__(self, look: Look, *, roles: bool) -> None:
        self._look = look
        self._whole_query = queries.WHOLE + (queries.ROLES if roles else "")
        self._now: list[_Relation] | None = None
        self._relations: dict[int, _Relation] = {}
        self._whole: tuple[str | None, _Objects] = ("", {})
        self._known: dict[tuple[int, str], _Objects] = {}
        self._rows: dict[int, tuple[int | None, str, TableRows | None]] = {}
        self._dirty: set[int] | None = None

    def snapshot(self) -> SchemaSnapshot:
        """The whole schema."""
        now = self._look_around()
        self._define_unknown(now)
        found = dict(self._whole[1])
        for relation in now:
            found |= self._known[relation.number, relation.stamp]
        return SchemaSnapshot(found)

    def tables(self) -> list[tuple[str, int, int | None, bool]]:
        """Name, number, file of each table that keeps rows itself, and whether the open transaction wrote any."""
        return [(r.name, r.number, r.file, r.written) for r in self._look_around() if r.kind == "r"]

    def moved(self) -> None:
        """A statement ran, so relations may be others."""
        self._now = None

    def _look_around(self) -> list[_Relation]:
        """The relations as they are; what has become doubtful is forgotten."""
        if self._now is not None:
            return self._now
        now = [_relation(*row) for row in self._look(_EXECUTE % "relations")]
        whole = next(line.stamp for line in now if not line.number)
        now = [line for line in now if line.number]
        before = self._relations
        altered = [r for r in now if r.number in before and before[r.number].stamp != r.stamp]
        if whole != self._whole[0]:
            self._known.clear()
            self._rows.clear()
            self._whole = whole, objects(self._look(self._whole_query))
        elif any(relation.renames(before[relation.number]) for relation in altered):
            self._known.clear()
        elif altered:
            for view in now:
                if view.is_view:
                    self._known.pop((view.number, view.stamp), None)
        self._relations = {relation.number: relation for relation in now}
        self._now = now
        return now

    def _define_unknown(self, now: Iterable[_Relation]) -> None:
        unknown = {r.number: r.stamp for r in now if (r.number, r.stamp) not in self._known}
        if not unknown:
            return
        rows: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for number, *row in self._look(_of("objects", unknown)):
            rows[number].append(tuple(row))
        for number, stamp in unknown.items():
            self._known[number, stamp] = objects(rows[number])

    def rows(self, *, trying: bool) -> Mapping[str, TableRows]:
        """What each table holds that holds anything; what is read while ``trying`` is not kept."""
        tables = [relation for relation in self._look_around() if relation.filled]
        unknown = [table for table in tables if not self._is_read(table, trying=trying)]
        read = dict(self._read(unknown))
        if not trying:
            self._rows |= {t.number: (t.file, t.stamp, read[t.number]) for t in unknown}
            self._dirty = set()
        out = {}
        for table in tables:
            found = read[table.number] if table.number in read else self._rows[table.number][2]
            if found:
                out[table.name] = found
        return out

    def _is_read(self, table: _Relation, *, trying: bool) -> bool:
        dirty = self._dirty is None or table.number in self._dirty or (trying and table.written)
        known = self._rows.get(table.number)
        return not dirty and known is not None and known[:2] == (table.file, table.stamp)

    def _read(self, tables: Iterable[_Relation]) -> Iterator[tuple[int, TableRows | None]]:
        numbers = [table.number for table in tables]
        if not numbers:
            return
        steady = self._look(_of("steady", numbers))
        answers = self._look("; ".join(_digests(relation, columns) for _, relation, columns in steady))
        for (number, _, columns), (count, digest, *each) in zip(steady, answers, strict=True):
            per_column = {c: int(total or 0) for c, total in zip(columns, each, strict=True)}
            yield number, TableRows(count, int(digest), per_column) if count else None

    def committed(self, written: Iterable[int]) -> None:
        """A transaction of ours ended in which rows of these tables were written."""
        if self._dirty is not None:
            self._dirty |= set(written)

    def anything(self) -> None:
        """Something ran outside a transaction of ours: any rows may be others."""
        self._dirty = None

    @contextmanager
    def kept(self) -> Iterator[None]:
        """What happens to rows within the context is undone at its end."""
        rows, dirty = dict(self._rows), self._dirty
        try:
            yield
        finally:
            self._rows, self._dirty = rows, dirty


def _relation(*row: Any) -> _Relation:  # the line's columns, in the fields' order
    number, name, kind, file, filled, columns, stamp, written = row
    return _Relation(number, name, kind, file, filled, tuple(columns or ()), stamp, written)


def _of(prepared: str, numbers: Iterable[int]) -> str:
    return f"{_EXECUTE % prepared}('{{{','.join(map(str, numbers))}}}')"


def _digests(relation: str, columns: list[str]) -> str:
    """The question for a table's count and its digests."""
    quoted = [sql.Identifier(column).as_string(None) for column in columns]
    sums = [f'sum(hashtextextended({column}::text COLLATE "C", 0))' for column in quoted]
    whole = f'sum(hashtextextended(ROW({", ".join(quoted)})::text COLLATE "C", 0))'
    return f"SELECT {', '.join(['count(*)', whole, *sums])} FROM ONLY {relation}"  # noqa: S608 - quoted names
