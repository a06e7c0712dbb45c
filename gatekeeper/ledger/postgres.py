"""The ledger in a PostgreSQL database, for a team or a fleet of CI runners."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import psycopg
from psycopg.pq import TransactionStatus

from gatekeeper.engines.base import EngineUnavailable
from gatekeeper.engines.postgres_place import Place as Server
from gatekeeper.engines.postgres_place import url_parameters
from gatekeeper.ledger import schema
from gatekeeper.ledger.encoding import COLUMNS, around_place
from gatekeeper.ledger.store import (
    PAGE,
    WAIT_SECONDS,
    DamagedLedger,
    Lost,
    Place,
    Store,
    Totals,
    newest_of,
    page_query,
    same_query,
    same_values,
)
from gatekeeper.model.errors import LedgerError
from gatekeeper.model.ledger import NO_EVENT, Event

_T = TypeVar("_T")
_LOCKED = {"55P03", "57014"}
_READ_ONLY = {"25006"}
_FORBIDDEN = "42501"
# A table, a column or a function that isn't there, or of another type.
_CHANGED = {"42P01", "42703", "42883", "42804"}
_FULL = {"53100", "53000"}
# The server is stopping or starting; it will be back.
_RESTARTING = {"57P01", "57P02", "57P03"}
# The driver has no code for why it got no connection. The first say that the server is about to be there, the
# others that it may just be away; all else (a password, a name) stays as it is.
_RETURNING = (
    *("the database system is ", "terminating connection"),
    *("too many clients", "connection slots are reserved"),
)
_AWAY = (
    *("Connection refused", "No such file or directory", "Connection reset", "Broken pipe"),
    *("closed the connection", "EOF detected"),
)
_KEY = "hashtextextended('gatekeeper ledger ' || current_schema(), 0)"
_TIP = f"SELECT {COLUMNS} FROM events ORDER BY seq DESC LIMIT 1"  # noqa: S608 - constants
_FIND = f"SELECT {COLUMNS} FROM events WHERE digest = %s"  # noqa: S608 - constants
_INSERT = f"INSERT INTO events ({COLUMNS}) VALUES ({', '.join(['%s'] * 10)})"  # noqa: S608 - constants
# Every digest of an event whose place only the server knows: what is covered stands around both values.
_ADD = f"""
INSERT INTO events ({COLUMNS})
SELECT place.seq, %s, %s, %s, %s, %s, %s, %s, place.previous,
    encode(sha256(convert_to(%s || place.previous || %s || place.seq::text || %s, 'UTF8')), 'hex')
FROM (
    SELECT coalesce(tip.seq, 0) + 1 AS seq, coalesce(tip.digest, '{NO_EVENT}') AS previous
    FROM (SELECT 1) AS one
    LEFT JOIN LATERAL (SELECT seq, digest FROM events ORDER BY seq DESC LIMIT 1) AS tip ON true
) AS place
RETURNING {COLUMNS}"""  # noqa: S608 - constants
_TOTALS = """
SELECT count(*), (SELECT at FROM events ORDER BY seq LIMIT 1), (SELECT at FROM events ORDER BY seq DESC LIMIT 1)
FROM events"""
_VERSIONS = "SELECT version FROM gate_migrations WHERE state = 'applied'"


def _alone(wait: float) -> str:
    """The statements that begin a transaction in which no one else appends.

    The settings are the transaction's alone, so that a pooler may hand the session on. A server that was told not
    to wait for its disk waits here.
    """
    limit = max(1, int(wait * 1000))
    return (
        f"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT set_config('lock_timeout', '{limit}', true), "
        f"set_config('statement_timeout', '{limit}', true), CASE current_setting('synchronous_commit') "
        f"WHEN 'off' THEN set_config('synchronous_commit', 'on', true) END; SELECT pg_advisory_xact_lock({_KEY})"
    )


class PostgresStore(Store):
    """Writers queue at an advisory lock of the transaction, so nobody's append is tried in vain."""

    backend = "postgres"

    def __init__(self, url: str) -> None:
        try:
            self._server = Server(url_parameters(url))
        except EngineUnavailable as error:
            raise LedgerError(error.reason, hint="mend [ledger] url, or GATEKEEPER_LEDGER_URL") from None
        self._url = url
        self.shown = self._server.shown
        self._connection: psycopg.Connection[Any] | None = None
        self._was_there = False
        self._begun: psycopg.Connection[Any] | None = None

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            try:
                self._connection = self._server.connect(None, "")
                # Our statements are many in one text, with the values put in by the driver.
                self._connection.cursor_factory = psycopg.ClientCursor
            except psycopg.Error as error:
                raise self._unreachable(self._server.reason(error)) from None
            self._was_there = True
        return self._connection

    def _unreachable(self, said: str) -> Exception:
        """Why there is no connection, as ours."""
        reason = f"PostgreSQL at {self.shown} can't be reached: {said}"
        returns = self._was_there or any(words in said for words in _RETURNING)
        if returns or any(words in said for words in _AWAY):
            return Lost(reason, returns=returns)
        return LedgerError(
            f"The ledger's {reason.rstrip('.')}.", hint="put [ledger] url right, or the server's settings"
        )

    def _doing(self, work: Callable[[psycopg.Connection[Any]], _T]) -> _T:
        connection = self._connected()
        try:
            return work(connection)
        except psycopg.Error as error:
            raise self._fault(error, connection) from None

    def _fault(self, error: psycopg.Error, connection: psycopg.Connection[Any]) -> Exception:
        """The driver's error as ours."""
        said = self._server.reason(error)
        if connection.closed or error.sqlstate in _RESTARTING:
            self.close()
            return Lost(f"PostgreSQL at {self.shown} went away: {said}")
        if error.sqlstate in _LOCKED:
            return LedgerError(
                f"The ledger at {self.shown} is locked by another session and stayed so: {said}.",
                hint="end what holds it (pg_stat_activity names it), then run the command again",
            )
        if error.sqlstate in _READ_ONLY or error.sqlstate == _FORBIDDEN:
            return LedgerError(
                f"The ledger at {self.shown} can't be written or read by this role: {said}.",
                hint="name the primary server, and a role that may SELECT and INSERT",
            )
        if error.sqlstate in _FULL:
            return LedgerError(f"The ledger at {self.shown} can't grow: {said}.", hint="make room on the server")
        if error.sqlstate in _CHANGED:
            return DamagedLedger(
                f"The ledger at {self.shown} isn't as it was made: {said}.",
                hint="gate ledger verify names what is wrong",
            )
        return LedgerError(f"The ledger at {self.shown} refused: {said}.", hint="gate ledger verify")

    def _ask(self, query: str, values: Sequence[object] | None = None) -> list[tuple[Any, ...]]:
        return self._doing(lambda connection: connection.execute(query.encode(), values).fetchall())

    def _has_table(self, name: str) -> bool:
        return bool(self._ask("SELECT to_regclass(%s) IS NOT NULL", (name,))[0][0])

    def exists(self) -> bool:
        """Whether the database has a table of events."""
        return self._has_table("events")

    def schema_version(self) -> str | None:
        """The newest applied version."""
        if not self._has_table("gate_migrations"):
            return None
        return newest_of((version for (version,) in self._ask(_VERSIONS)), self.shown)

    def migrate(self) -> None:
        """Apply the schema, in a session of the runner's own."""
        schema.apply_to(self._url, self.shown, WAIT_SECONDS)

    def page(self, after: Place, wp_id: str | None, kind: str | None) -> Sequence[Event]:
        """The next events."""
        query = page_query(wp_id=wp_id is not None, kind=kind is not None, mark="%s")
        narrowed = [value for value in (wp_id, kind) if value is not None]
        return [Event._make(row) for row in self._ask(query, (after[0], *after, *narrowed, PAGE))]

    def tip(self) -> Event | None:
        """The last event."""
        return next((Event._make(row) for row in self._ask(_TIP)), None)

    def find(self, digest: str) -> Event | None:
        """The event of that digest."""
        return next((Event._make(row) for row in self._ask(_FIND, (digest,))), None)

    def same(self, event: Event) -> Event | None:
        """The event of the same content."""
        rows = self._ask(same_query("%s", "IS NOT DISTINCT FROM"), same_values(event))
        return next((Event._make(row) for row in rows), None)

    def totals(self) -> Totals:
        """Count and times."""
        return Totals(*self._ask(_TOTALS)[0])

    def damage(self) -> Sequence[str]:
        """Nothing: the server looks after its own files."""
        return []

    def begin(self, wait: float) -> Event | None:
        """Take the advisory lock and read the tip, in one trip to the server.

        Each statement sees what was committed before it began: the tip is read after the lock is held.
        """
        query = f"{_alone(wait)}; {_TIP}"

        def last(connection: psycopg.Connection[Any]) -> Event | None:
            self._begun = connection
            with connection.execute(query.encode()) as cursor:
                while cursor.nextset():
                    pass
                return next((Event._make(row) for row in cursor.fetchall()), None)

        return self._doing(last)

    def add(self, event: Event, wait: float) -> Event:
        """Append in one trip: nobody's lock waits for a client, which may be far away or busy."""
        values = [*event[1:8], *around_place(event)]

        def added(connection: psycopg.Connection[Any]) -> Event:
            self._begun = connection
            with connection.execute(f"{_alone(wait)}; {_ADD}; COMMIT".encode(), values) as cursor:
                for _ in range(3):
                    cursor.nextset()
                return Event._make(cursor.fetchall()[0])

        return self._doing(added)

    def insert(self, events: Sequence[Event]) -> None:
        """Add events to the open transaction."""
        self._adding(lambda connection: self._inserted(connection, events))

    def _inserted(self, connection: psycopg.Connection[Any], events: Sequence[Event]) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(_INSERT.encode(), events)

    def commit(self, events: Sequence[Event] = ()) -> None:
        """Add events and commit, where there are few in one trip to the server."""
        query = "".join(f"{_INSERT}; " for _ in events) + "COMMIT"
        values = [value for event in events for value in event]
        self._adding(lambda connection: connection.execute(query.encode(), values or None))

    def _adding(self, work: Callable[[psycopg.Connection[Any]], _T]) -> _T:
        """Work in the transaction that was begun, never in a connection made since, which has no lock."""
        if self._begun is None or self._begun is not self._connection:
            raise Lost(f"PostgreSQL at {self.shown} went away")
        return self._doing(work)

    def rollback(self) -> None:
        """Undo the open transaction."""
        connection, self._begun = self._connection, None
        if connection is not None and not connection.closed:
            with suppress(psycopg.Error):
                if connection.info.transaction_status is not TransactionStatus.IDLE:
                    connection.execute("ROLLBACK")
