"""Making rows: two in each table whose values aren't the defaults, in the order that foreign keys ask for.

The engine judges what fits. Candidates come from the column's type and from the words of its checks; a row that is
refused is tried again with other candidates in the columns that the refusal names, until it is taken or none is
left.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from math import prod

from gatekeeper.engines.base import Database, SqlError
from gatekeeper.engines.tables import Reference, Relation, Row, TableColumn, Value, quoted
from gatekeeper.migrate.rows import Holdings
from gatekeeper.migrate.values import literal, offered, plain
from gatekeeper.sql import Token, significant

WANTED = 2
_TRIES = 150
_MOST_CHOICES = 20_000
_MOST_MADE = 6
_SELF = object()
_ON_KEY = re.compile(r"\(Key \(([^)]*)\)")
_IN_QUOTES = re.compile(r'"((?:[^"]|"")+)"')
_FAILED = re.compile(r"constraint failed: (.*)\Z")

Rows = Mapping[str, tuple[Row, ...]]


def lacking(relation: Relation, rows: Sequence[Row]) -> list[str]:
    """The columns in which fewer than two rows hold something that is neither NULL nor the default."""
    out = []
    for at, column in enumerate(relation.columns):
        usual = plain(column.default)
        good = sum(row[at] is not None and plain(row[at]) != usual for row in rows)
        if good < WANTED and not column.made:
            out.append(column.name)
    return out


@dataclass(slots=True)
class _Variable:
    """Columns that get their values together: one by itself, or those of a foreign key."""

    columns: tuple[str, ...]
    candidates: list[tuple[Value, ...] | object]


@dataclass(slots=True)
class Filler:
    """Puts made rows into one database; knows how many it made in each table, and what would not do."""

    database: Database
    failures: dict[str, str] = field(default_factory=dict)
    """Why a table got no row at its last try, in the engine's words."""
    made: dict[str, int] = field(default_factory=dict)
    _vain: dict[str, frozenset[str]] = field(default_factory=dict)

    def forget(self, tables: Iterable[str]) -> None:
        """Try again what would not do in these tables: they have changed."""
        for table in tables:
            self._vain.pop(table, None)
            self.failures.pop(table, None)

    def due(self, state: Holdings, before: Holdings) -> list[Relation]:
        """The tables that want rows, those that others refer to first; as they were ``before``, they want none."""
        wanting = {
            name
            for name, relation in state.relations.items()
            if relation is not before.relations.get(name) or state.rows[name] is not before.rows.get(name)
            if frozenset(lacking(relation, state.rows[name])) - self._vain.get(name, frozenset())
            or (len(state.rows[name]) < WANTED and name not in self.failures)
        }
        return [state.relations[name] for name in _ordered(state.relations, wanting)]

    def fill(self, due: Sequence[Relation], state: Holdings) -> None:
        """One round: two more rows in each of the tables. Raises SqlError if they are refused in the end."""
        if not due:
            return
        there = dict(state.rows)
        self.database.fresh_session()
        self.database.begin()
        try:
            for relation in due:
                there[relation.name] = self._fill(relation, state.relations, there)
            self.database.commit()
        except BaseException:
            self.database.rollback()
            raise

    def _fill(self, relation: Relation, relations: Mapping[str, Relation], rows: Rows) -> tuple[Row, ...]:
        """The table's rows with those that were made; its generated columns are None in the new ones."""
        name = relation.name
        out = list(rows[name])
        lacks = frozenset(lacking(relation, out))
        made = self.made.get(name, 0)
        maker = _Maker(self.database, relation, relations, rows, made + 1)
        self.failures.pop(name, None)
        for place in range(WANTED if made < _MOST_MADE else 0):
            row = maker.insert(place)
            if row is None:
                self.failures[name] = maker.refusal
                break
            out.append(row)
            self.made[name] = self.made.get(name, 0) + 1
        if lacks and self.made.get(name) and self.made[name] == made:
            maker.update(sorted(lacks), out[-min(WANTED, self.made[name]) :])
        # What is still wanting now would be wanting after another try, unless a circle's other half comes after.
        early = {c for ref in relation.foreign if not rows.get(ref.table) for c in ref.columns}
        vain = frozenset(lacking(relation, out))
        self._vain[name] = vain if name in self._vain else vain - early
        return tuple(out)


def _ordered(relations: Mapping[str, Relation], wanting: set[str]) -> Iterator[str]:
    """Parents first, then by name; of a circle, the table whose keys into it may be NULL goes first."""
    left = sorted(wanting)
    while left:
        ready = [name for name in left if not _waits(relations[name], left, every=True)]
        ready = ready or [name for name in left if not _waits(relations[name], left, every=False)][:1] or left[:1]
        yield from ready
        left = [name for name in left if name not in ready]


def _waits(relation: Relation, left: Sequence[str], *, every: bool) -> bool:
    return any(
        reference.table in left
        and reference.table != relation.name
        and (every or all(relation.column(name).not_null for name in reference.columns))
        for reference in relation.foreign
    )


class _Maker:
    """Makes the rows of one table."""

    def __init__(
        self, database: Database, relation: Relation, relations: Mapping[str, Relation], rows: Rows, first: int
    ) -> None:
        self._database = database
        self._engine = database.engine
        self._relation = relation
        self._relations = relations
        self._rows = rows
        self.refusal = ""
        keys = {*relation.key, *(c for rule in relation.unique for c in rule.columns)}
        for other in relations.values():
            keys |= {c for ref in other.foreign if ref.table == relation.name for c in ref.references}
        self._offers = {
            column.name: offered(relation, column, first, self._engine, key=column.name in keys)
            for column in relation.columns
            if not column.made
        }
        self._sift()

    def _sift(self) -> None:
        """Leave out what a check on that column alone refuses; the engine is asked."""
        for check in self._relation.checks:
            for expression in conjuncts(check.expression, self._engine):
                words = {token.text.strip('"').lower() for token in significant(expression, self._engine)}
                over = [name for name in check.columns if name.lower() in words and name in self._offers]
                if len(over) == 1:
                    self._offers[over[0]] = self._passing(self._relation.column(over[0]), expression)

    def _passing(self, column: TableColumn, expression: str) -> list[Value]:
        offers = self._offers[column.name]
        values = ", ".join(f"({n}, {self._cast(value, column)})" for n, value in enumerate(offers))
        try:
            found = self._database.ask(
                f"WITH v(n, {quoted(column.name)}) AS (VALUES {values}) "  # noqa: S608 - the table's own check
                f"SELECT n FROM v WHERE ({expression}) IS NOT FALSE"
            )
        except SqlError:
            return offers
        passing = {int(n) for (n,) in found}
        return [value for n, value in enumerate(offers) if n in passing] or offers

    def _cast(self, value: Value, column: TableColumn) -> str:
        text = literal(value, self._engine)
        return text if self._engine == "sqlite" else f"CAST({text} AS {column.declared})"

    def insert(self, place: int) -> Row | None:
        """Make one row, the ``place``-th of this round; None where none is taken, ``refusal`` says why."""
        variables = self._variables(place)
        chosen = self._search(variables, self._insert_statement)
        if chosen is None:
            return None
        return tuple(chosen.get(column.name) for column in self._relation.columns)

    def update(self, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Give rows that were made before values in these columns, as far as they are taken."""
        key = self._relation.key
        if not key:
            return
        for place, row in enumerate(rows):
            held = dict(zip(self._relation.names, row, strict=True))
            where = " AND ".join(f"{quoted(name)} = {literal(held[name], self._engine)}" for name in key)
            for variable in self._variables(place):
                if set(variable.columns) & set(columns) and not set(variable.columns) & set(key):
                    self._search([variable], partial(self._update_statement, where=where))

    def _variables(self, place: int) -> list[_Variable]:
        out: list[_Variable] = []
        taken: set[str] = set()
        for reference in sorted(self._relation.foreign, key=lambda ref: -len(ref.columns)):
            if not taken & set(reference.columns):
                out.append(_Variable(reference.columns, self._parents(reference, place)))
                taken |= set(reference.columns)
        for name, offers in self._offers.items():
            if name not in taken:
                out.append(_Variable((name,), [(value,) for value in _turned(offers, place, self._usual(name))]))
        return out

    def _usual(self, name: str) -> set[str | None]:
        return {None, plain(self._relation.column(name).default)}

    def _parents(self, reference: Reference, place: int) -> list[tuple[Value, ...] | object]:
        """What the key may refer to: rows that were made last first, then itself, then nothing."""
        out: list[tuple[Value, ...] | object] = []
        parent = self._relations.get(reference.table)
        if parent is not None and set(reference.references) <= set(parent.names):
            at = [parent.names.index(name) for name in reference.references]
            found = dict.fromkeys(tuple(row[i] for i in at) for row in reversed(self._rows[parent.name]))
            whole = [values for values in found if None not in values]
            out += whole[place % len(whole) :] + whole[: place % len(whole)] if whole else []
        if reference.table == self._relation.name:
            out.append(_SELF)
        columns = [self._relation.column(name) for name in reference.columns]
        if not all(column.not_null for column in columns):
            out.append(tuple(None for _ in columns))
        return out

    def _search(
        self, variables: Sequence[_Variable], statement: Callable[[Mapping[str, Value]], str]
    ) -> dict[str, Value] | None:
        """The first values that the engine takes; after each refusal, others in the columns that it names."""
        at = [0] * len(variables)
        if any(not variable.candidates for variable in variables):
            self.refusal = self._without_parent(variables)
            return None
        walks: dict[tuple[int, ...], Iterator[tuple[int, ...]]] = {}
        for _ in range(_TRIES):
            values = self._values(variables, at)
            try:
                self._database.attempt(statement(values))
            except SqlError as error:
                if error.lost:
                    raise
                self.refusal = error.message.partition(" (Failing row")[0]
                moved = self._suspects(error.message, variables, values)
                walk = walks.setdefault(moved, _steps([len(variables[i].candidates) for i in moved]))
                step = next(walk, None)
                if step is None:
                    return None
                for i, where in zip(moved, step, strict=True):
                    at[i] = where
            else:
                return values
        return None

    def _values(self, variables: Sequence[_Variable], at: Sequence[int]) -> dict[str, Value]:
        out: dict[str, Value] = {}
        later: list[tuple[str, ...]] = []
        for variable, where in zip(variables, at, strict=True):
            candidate = variable.candidates[where]
            if isinstance(candidate, tuple):
                out |= dict(zip(variable.columns, candidate, strict=True))
            else:
                later.append(variable.columns)
        for reference in self._relation.foreign:
            if reference.columns in later and reference.table == self._relation.name:
                out |= {own: out.get(to) for own, to in zip(reference.columns, reference.references, strict=True)}
        return out

    def _suspects(
        self, refusal: str, variables: Sequence[_Variable], values: Mapping[str, Value]
    ) -> tuple[int, ...]:
        """The variables that a refusal may be about: by the columns or the constraint that it names, else all."""
        relation = self._relation
        named = _named(refusal)
        about = {
            c for rule in (*relation.checks, *relation.unique) if rule.name.lower() in named for c in rule.columns
        }
        about |= {c for ref in relation.foreign if ref.name.lower() in named for c in ref.columns}
        about |= {name for name in relation.names if name.lower() in named}
        if not about and "CHECK" in refusal:
            about = {c for rule in relation.checks if self._breaks(rule.expression, values) for c in rule.columns}
        found = tuple(i for i, variable in enumerate(variables) if about & set(variable.columns))
        return found or tuple(range(len(variables)))

    def _breaks(self, expression: str, values: Mapping[str, Value]) -> bool:
        """Whether the values break a check that a refusal doesn't name as the catalog does."""
        names = ", ".join(map(quoted, values))
        row = ", ".join(self._cast(value, self._relation.column(name)) for name, value in values.items())
        try:
            found = self._database.ask(
                f"WITH v({names}) AS (VALUES ({row})) "  # noqa: S608 - the table's own check
                f"SELECT 1 FROM v WHERE NOT ({expression})"
            )
            return bool(found)
        except SqlError:
            return True

    def _without_parent(self, variables: Sequence[_Variable]) -> str:
        empty = next(variable for variable in variables if not variable.candidates)
        found = next((ref for ref in self._relation.foreign if ref.columns == empty.columns), None)
        if found is None:
            column = self._relation.column(empty.columns[0])
            return f"no value of the type {column.declared} is known for column {column.name}"
        return f"{found.name} refers to {found.table}, which holds no row"

    def _insert_statement(self, values: Mapping[str, Value]) -> str:
        table = self._relation.quoted.removeprefix("ONLY ")
        if not values:
            return f"INSERT INTO {table} DEFAULT VALUES"
        own = any(self._relation.column(name).own_key for name in values)
        names = ", ".join(quoted(name) for name in values)
        row = ", ".join(literal(value, self._engine) for value in values.values())
        return f"INSERT INTO {table} ({names}){' OVERRIDING SYSTEM VALUE' if own else ''} VALUES ({row})"  # noqa: S608 - quoted

    def _update_statement(self, values: Mapping[str, Value], where: str) -> str:
        pairs = ", ".join(f"{quoted(name)} = {literal(value, self._engine)}" for name, value in values.items())
        return f"UPDATE {self._relation.quoted} SET {pairs} WHERE {where}"  # noqa: S608 - quoted


def _named(refusal: str) -> set[str]:
    """What a refusal names, in lower case: PostgreSQL in quotes and as a key's columns, SQLite at its end."""
    if found := _FAILED.search(refusal):
        return {part.rpartition(".")[2].strip("'\"").lower() for part in found.group(1).split(", ")}
    key = _ON_KEY.search(refusal)
    columns = key.group(1).split(", ") if key else []
    return {name.strip('"').lower() for name in (*columns, *_IN_QUOTES.findall(refusal.partition(" (")[0]))}


def _turned(offers: list[Value], place: int, usual: set[str | None]) -> list[Value]:
    """The offers, begun at another for each row; the default and NULL stay last."""
    good = [value for value in offers if plain(value) not in usual]
    rest = [value for value in offers if plain(value) in usual]
    turn = place % len(good) if good else 0
    return good[turn:] + good[:turn] + rest


def _steps(sizes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Every choice but the first: those that differ in one place, then, unless too many, the others."""
    places = range(len(sizes))
    for to in range(1, max(sizes, default=0)):
        yield from (tuple(to if j == i else 0 for j in places) for i in places if to < sizes[i])
    if prod(sizes) <= _MOST_CHOICES:
        rest = (step for step in product(*map(range, sizes)) if sum(map(bool, step)) > 1)
        yield from sorted(rest, key=lambda step: (sum(step), step))


def conjuncts(expression: str, dialect: str) -> list[str]:
    """The parts that an expression joins by AND at its top, as texts; the AND of a BETWEEN joins nothing."""
    tokens = list(significant(expression, "sqlite" if dialect == "sqlite" else "postgres"))
    while len(tokens) > 1 and tokens[0].text == "(" and _closes(tokens) == len(tokens) - 1:
        tokens = tokens[1:-1]
    parts: list[tuple[int, int]] = []
    depth, between, begun = 0, False, 0
    for i, token in enumerate(tokens):
        depth += (token.text == "(") - (token.text == ")")
        depth += (token.word == "CASE") - (token.word == "END")
        if depth:
            continue
        if token.word == "BETWEEN":
            between = True
        elif token.word == "OR":
            return [expression]
        elif token.word == "AND" and between:
            between = False
        elif token.word == "AND":
            parts.append((begun, i))
            begun = i + 1
    parts.append((begun, len(tokens)))
    texts = [
        expression[tokens[a].start : tokens[b - 1].start + len(tokens[b - 1].text)] for a, b in parts if a < b
    ]
    return [part for text in texts for part in (conjuncts(text, dialect) if len(texts) > 1 else [text])]


def _closes(tokens: Sequence[Token]) -> int:
    depth = 0
    for i, token in enumerate(tokens):
        depth += (token.text == "(") - (token.text == ")")
        if not depth:
            return i
    return len(tokens)
