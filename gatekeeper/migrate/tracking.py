"""The runner's own table: which versions a database holds, and the digest of the text that made each."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from posixpath import basename, dirname
from typing import Literal

from gatekeeper import __version__, clock
from gatekeeper.engines.base import EngineUnavailable
from gatekeeper.engines.live import LiveSession
from gatekeeper.migrate.discover import Migration, label_of, version_of

TABLE = "gate_migrations"
RowState = Literal["applied", "applying", "undoing", "failed", "dirty"]
"""``applying`` and ``undoing``: outside a transaction, under way or killed; ``dirty`` is other tools' alone."""
_COLUMNS = ("version", "name", "sha256", "applied_at", "tool_version", "state")


@dataclass(frozen=True, slots=True)
class Row:
    """A recorded version; ``digest`` is None where the tool that wrote it keeps none."""

    version: str
    name: str | None
    digest: str | None
    applied_at: str | None
    state: RowState = "applied"


def digest_of(migration: Migration) -> str:
    """SHA-256 (hex) of the up's text with LF line ends and without a byte order mark.

    Of a file that holds both directions it is the up's section alone, blank lines around it left out.
    """
    text = migration.up.text.replace("\r\n", "\n")
    if migration.down is not None and migration.down.path == migration.path:
        text = text.strip()
    return hashlib.sha256(text.encode()).hexdigest()


def name_of(migration: Migration) -> str:
    """The migration's name: its file's or folder's, without version and endings."""
    label = label_of(migration.path) if basename(migration.path) != "up.sql" else basename(dirname(migration.path))
    return label.lstrip("Vv0123456789-").lstrip("_.") or label


def now() -> str:
    """The present in UTC, ISO 8601 with seconds."""
    return clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


class Tracking:
    """The table in one database. Every method raises what the session raises."""

    def __init__(self, session: LiveSession, table: str = TABLE) -> None:
        self._session = session
        self.table = table
        self._name = session.qualified(table)

    def exists(self) -> bool:
        """Whether it is there. Raises EngineUnavailable if a table of that name is none of gate's."""
        columns = self._session.columns(self.table)
        if columns and not columns.issuperset(_COLUMNS):
            raise EngineUnavailable(
                f"{self._session.shown} has a table {self.table} that gate did not make: it lacks "
                f"{', '.join(c for c in _COLUMNS if c not in columns)}.",
                hint="rename that table, or name another database",
            )
        return bool(columns)

    def create(self) -> None:
        """Make it if it isn't there; the same text for both engines."""
        self._session.query(
            f"CREATE TABLE IF NOT EXISTS {self._name} (version TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, "
            "sha256 TEXT NOT NULL, applied_at TEXT NOT NULL, tool_version TEXT NOT NULL, "
            "state TEXT NOT NULL CHECK (state IN ('applied', 'applying', 'undoing', 'failed')))"
        )

    def rows(self) -> Mapping[int, Row]:
        """What it holds, by the number that orders versions; rows that are no versions are left out."""
        query = f"SELECT version, name, sha256, applied_at, state FROM {self._name}"  # noqa: S608 - a quoted name
        found = (Row(*values) for values in self._session.query(query))
        return {version.key: row for row in found if (version := version_of(row.version)) is not None}

    def put(self, migration: Migration, state: RowState) -> None:
        """Record a version in a state, in place of what was recorded of it."""
        row = (migration.version.text, name_of(migration), digest_of(migration), now(), __version__, state)
        updates = ", ".join(f"{column} = excluded.{column}" for column in _COLUMNS[1:])
        self._session.query(
            f"INSERT INTO {self._name} ({', '.join(_COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?) "  # noqa: S608 - as above
            f"ON CONFLICT (version) DO UPDATE SET {updates}",
            row,
        )

    def remove(self, row: Row) -> None:
        """Forget a version."""
        self._session.query(f"DELETE FROM {self._name} WHERE version = ?", (row.version,))  # noqa: S608 - as above
