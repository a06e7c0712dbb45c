"""Differences between schemas and rows in words, the same words on every run."""

from collections.abc import Collection, Iterable, Mapping

from gatekeeper.engines.base import EngineName, TableRows
from gatekeeper.model.schema import ObjectKey, SchemaDifference

ENGINE_NAMES: Mapping[EngineName, str] = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
_PARTS = {"column", "constraint", "index", "trigger", "rule", "policy"}
_SHOWN = 8
_LONGEST = 120


def named(key: ObjectKey) -> str:
    """What an object is called in a sentence."""
    return f"{key.kind} {key.name}"


def essential(found: Iterable[SchemaDifference]) -> list[SchemaDifference]:
    """The differences without those that follow from a table's being there or not."""
    every = list(found)
    whole = {d.key.name for d in every if d.key.kind == "table" and (d.before is None or d.after is None)}
    return [d for d in every if not _belongs(d, whole)]


def _belongs(difference: SchemaDifference, tables: set[str]) -> bool:
    key = difference.key
    if key.kind in _PARTS and any(key.name.startswith(f"{table}.") for table in tables):
        return True
    texts = (difference.before or "") + (difference.after or "")
    # An index or trigger is named by itself in one engine and by its table in the other.
    on = {f"on {table} " for table in tables} | {f"on public.{table} " for table in tables}
    if key.kind in {"index", "trigger"}:
        lower = texts.lower()
        return any(phrase.lower() in lower for phrase in on)
    return key.kind == "sequence" and any(f"owned by {table}." in texts for table in tables)


def shortened(definition: str) -> str:
    """A definition in one line of bearable length."""
    line = " ".join(definition.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."


def changed(difference: SchemaDifference) -> str:
    """One difference seen from the first state to the second."""
    name = named(difference.key)
    if difference.before is None:
        return f"{name} is there in addition"
    if difference.after is None:
        return f"{name} is gone"
    return f"{name} was ({shortened(difference.before)}) and is ({shortened(difference.after)})"


def listed(texts: Iterable[str]) -> str:
    """Texts as one enumeration, cut after some."""
    every = list(texts)
    more = f"; and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return "; ".join(every[:_SHOWN]) + more


def rows_differ(
    before: Mapping[str, TableRows],
    after: Mapping[str, TableRows],
    apart: Mapping[str, Collection[str]] | None = None,
) -> dict[str, str]:
    """Each table whose rows differ, and how; columns that are ``apart`` don't count."""
    out = {}
    for table in sorted(before.keys() | after.keys()):
        old, new = before.get(table, _NONE), after.get(table, _NONE)
        if old.count != new.count:
            out[table] = count_changed(table, old.count, new.count)
        elif old.digest != new.digest:
            unsteady = (apart or {}).get(table, ())
            columns = [c for c in old.columns if old.columns[c] != new.columns.get(c) and c not in unsteady]
            if unsteady and not columns:
                continue
            of = f"column {', '.join(columns)} of " if columns else ""
            out[table] = f"the values in {of}table {table} changed"
    return out


_NONE = TableRows(0, 0)


def count_changed(table: str, before: int, after: int) -> str:
    """How a table's count changed; the same words however many rows there were."""
    by = abs(after - before)
    return f"table {table} holds {by} row{'' if by == 1 else 's'} {'more' if after > before else 'fewer'}"
