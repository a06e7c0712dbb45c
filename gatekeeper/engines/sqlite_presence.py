"""Whether a table, column or index is there, in any of the databases that a SQLite connection has open."""

import sqlite3

from gatekeeper.engines.base import ObjectName

_DATABASES = "SELECT name FROM pragma_database_list ORDER BY seq <> 1, seq"
_COLUMNS = "SELECT 1 FROM pragma_table_xinfo(?, ?) WHERE name = ? COLLATE NOCASE"


def has(connection: sqlite3.Connection, name: ObjectName) -> bool:
    """As SQLite finds a name: among temporary objects, in main, in what is attached; case doesn't count."""
    wanted = None if name.schema is None else name.schema.lower()
    for (schema,) in connection.execute(_DATABASES).fetchall():
        if wanted not in {None, schema.lower()}:
            continue
        kinds = _kinds(connection, schema, name.name)
        if name.kind == "column" and kinds & {"table", "view"}:
            found = connection.execute(_COLUMNS, (name.name, schema, name.column)).fetchone()
            return found is not None
        if name.kind in kinds:
            return True
    return False


def _kinds(connection: sqlite3.Connection, schema: str, name: str) -> set[str]:
    """What goes by that name; a trigger may share it with a table."""
    quoted = schema.replace('"', '""')
    query = f'SELECT type FROM "{quoted}".sqlite_master WHERE name = ? COLLATE NOCASE'  # noqa: S608 - a quoted name
    return {kind for (kind,) in connection.execute(query, (name,)).fetchall()}
