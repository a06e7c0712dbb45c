"""Other tools' tracking tables, by their documented schema, as rows like the runner's own."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gatekeeper.engines.live import LiveSession
from gatekeeper.migrate.discover import Migration, version_of
from gatekeeper.migrate.tracking import Row


@dataclass(frozen=True, slots=True)
class ForeignTable:
    """One tool's table: its rows by the number that orders versions; sqlx's alone have digests (SHA-384)."""

    tool: str
    table: str
    rows: Mapping[int, Row]

    @property
    def newest(self) -> Row | None:
        """The highest version that it holds."""
        return self.rows[max(self.rows)] if self.rows else None


def foreign_tables(session: LiveSession, migrations: Sequence[Migration]) -> tuple[ForeignTable, ...]:
    """The tables of other tools in the database; ``migrations`` tell what a single highest version stands for."""
    out = []
    for table, read in _READERS.items():
        columns = session.columns(table)
        if columns and (found := read(session, columns, migrations)) is not None:
            out.append(found)
    return tuple(out)


def _keyed(rows: Iterable[Row]) -> dict[int, Row]:
    return {version.key: row for row in rows if (version := version_of(row.version)) is not None}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _sqlx(session: LiveSession, columns: frozenset[str], _: Sequence[Migration]) -> ForeignTable | None:
    """A row a version; ``success`` is false while it runs, ``checksum`` is SHA-384 of the file's bytes."""
    if not columns.issuperset({"version", "description", "success", "checksum", "installed_on"}):
        return None
    table = session.qualified("_sqlx_migrations")
    found = session.query(f"SELECT version, description, checksum, installed_on, success FROM {table}")  # noqa: S608 - a quoted name
    rows = [
        Row(str(version), name, bytes(checksum).hex(), _text(when), "applied" if success else "dirty")
        for version, name, checksum, when, success in found
    ]
    return ForeignTable("sqlx", "_sqlx_migrations", _keyed(rows))


def _schema_migrations(
    session: LiveSession, columns: frozenset[str], migrations: Sequence[Migration]
) -> ForeignTable | None:
    """golang-migrate's single row with the highest version; without ``dirty``, a row a version (dbmate, Rails)."""
    if "version" not in columns:
        return None
    table = session.qualified("schema_migrations")
    if "dirty" not in columns:
        found = session.query(f"SELECT version FROM {table}")  # noqa: S608 - a quoted name
        rows = [Row(str(version), None, None, None) for (version,) in found]
        return ForeignTable("dbmate", "schema_migrations", _keyed(rows))
    found = session.query(f"SELECT version, dirty FROM {table} WHERE version >= 0")  # noqa: S608 - a quoted name
    if not found:
        return ForeignTable("golang-migrate", "schema_migrations", {})
    version, dirty = found[0]
    highest = version_of(str(version))
    top = highest.key if highest else 0
    rows_by_key = {m.version.key: Row(m.version.text, None, None, None) for m in migrations if m.version.key < top}
    rows_by_key[top] = Row(str(version), None, None, None, "dirty" if dirty else "applied")
    return ForeignTable("golang-migrate", "schema_migrations", rows_by_key)


def _diesel(session: LiveSession, columns: frozenset[str], _: Sequence[Migration]) -> ForeignTable | None:
    """A row a version, its digits without dashes."""
    if not columns.issuperset({"version", "run_on"}):
        return None
    table = session.qualified("__diesel_schema_migrations")
    found = session.query(f"SELECT version, run_on FROM {table}")  # noqa: S608 - a quoted name
    rows = [Row(str(version), None, None, _text(when)) for version, when in found]
    return ForeignTable("diesel", "__diesel_schema_migrations", _keyed(rows))


def _goose(session: LiveSession, columns: frozenset[str], _: Sequence[Migration]) -> ForeignTable | None:
    """A row each time a version went up or down: the last one counts. Version 0 is goose's own beginning."""
    if not columns.issuperset({"id", "version_id", "is_applied", "tstamp"}):
        return None
    table = session.qualified("goose_db_version")
    found = session.query(
        f"SELECT version_id, is_applied, tstamp FROM {table} WHERE version_id > 0 ORDER BY id"  # noqa: S608 - a quoted name
    )
    last = {version: (applied, when) for version, applied, when in found}
    rows = [Row(str(v), None, None, _text(when)) for v, (applied, when) in last.items() if applied]
    return ForeignTable("goose", "goose_db_version", _keyed(rows))


_READERS: Mapping[str, Callable[[LiveSession, frozenset[str], Sequence[Migration]], ForeignTable | None]] = {
    "_sqlx_migrations": _sqlx,
    "schema_migrations": _schema_migrations,
    "__diesel_schema_migrations": _diesel,
    "goose_db_version": _goose,
}
