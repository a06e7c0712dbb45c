"""Whether a table, column or index is there, as a question for PostgreSQL."""

from psycopg import sql

from gatekeeper.engines.base import ObjectName

_KINDS = {"table": "'r', 'p', 'f'", "index": "'i', 'I'", "column": "'r', 'p', 'f', 'v', 'm'"}


def query(name: ObjectName) -> str:
    """A query that gives a row where it is there; names without schema go by the session's search path."""
    parts = [part for part in (name.schema, name.name) if part is not None]
    qualified = ".".join(sql.Identifier(part).as_string(None) for part in parts)
    relation = f"c.oid = to_regclass({_literal(qualified)}) AND c.relkind IN ({_KINDS[name.kind]})"
    if name.column is None:
        return f"SELECT 1 FROM pg_catalog.pg_class c WHERE {relation}"  # noqa: S608 - quoted literals
    column = f"a.attname = {_literal(name.column)}::name AND a.attnum > 0 AND NOT a.attisdropped"
    joined = "pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid"
    return f"SELECT 1 FROM {joined} WHERE {relation} AND {column}"  # noqa: S608 - quoted literals


def _literal(text: str) -> str:
    return sql.Literal(text).as_string(None)
