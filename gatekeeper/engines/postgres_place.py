"""Where a PostgreSQL server is: how to connect to it, and how to speak of it without its password."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from gatekeeper.engines.base import EngineUnavailable, SqlError

_CONNECT_SECONDS = 10


def url_parameters(url: str) -> dict[str, str]:
    """The parts of a URL (or of a ``key=value`` text). Raises EngineUnavailable, which doesn't quote it."""
    try:
        found = conninfo_to_dict(url)
    except psycopg.Error:
        # The driver's own message may quote the part of the URL that holds the password.
        raise EngineUnavailable(
            "The PostgreSQL URL can't be read; expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
        ) from None
    return {"connect_timeout": str(_CONNECT_SECONDS)} | {k: str(v) for k, v in found.items() if v is not None}


def statement_error(error: psycopg.Error, query: str, *, lost: bool = False) -> SqlError:
    """What the server said of a statement: its message with the detail, and the line within the statement."""
    diagnosis = error.diag
    message = diagnosis.message_primary or " ".join(str(error).split())
    if diagnosis.message_detail:
        message += f" ({diagnosis.message_detail})"
    position = diagnosis.statement_position
    line = query.count("\n", 0, int(position) - 1) + 1 if position else None
    return SqlError(message, sqlstate=error.sqlstate, line=line, lost=lost)


class Place:
    """How to connect to a server, and how to speak of it without its password."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = dict(parameters)

    @property
    def shown(self) -> str:
        """Host, port and database."""
        get = self._parameters.get
        where = get("host") or get("hostaddr") or get("service") or "the default host"
        return f"{where} port {get('port', '5432')}, database {get('dbname') or get('user') or 'postgres'}"

    def reason(self, error: psycopg.Error) -> str:
        """The driver's message in one line, the password masked however it is written."""
        text = " ".join(str(error).split()) or type(error).__name__
        if password := self._parameters.get("password"):
            for form in {password, unquote(password)}:
                text = text.replace(form, "***")
        return text

    def connect(self, database: str | None, options: str) -> psycopg.Connection[Any]:
        """A new connection that commits each statement by itself."""
        extra = {"dbname": database} if database else {}
        if options:
            extra["options"] = f"{self._parameters.get('options', '')} {options}".strip()
        info = make_conninfo("", **(self._parameters | {"client_encoding": "utf8"} | extra))
        return psycopg.connect(info, autocommit=True, prepare_threshold=None)
