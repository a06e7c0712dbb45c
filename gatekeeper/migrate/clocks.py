"""What differs between two runs from the same state: clocks and chance, no fault (contract, section 5)."""

import time
from collections.abc import Mapping

from gatekeeper import clock
from gatekeeper.engines.base import EngineName, TableRows
from gatekeeper.migrate.scripts import Script

_CLOCKS = {
    *("CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME"),
    *("DATETIME", "DATE", "TIME", "STRFTIME", "UNIXEPOCH", "JULIANDAY"),
}


def await_another_second(engine: EngineName, *scripts: Script) -> None:
    """Wait until SQLite's clock, which counts whole seconds, shows another time, if a script may read it.

    PostgreSQL's clock shows another time anyway. A trigger is a script's business too, so its making counts.
    """
    if engine == "sqlite" and any(
        token.word in _CLOCKS for script in scripts for s in script.split(engine).statements for token in s.tokens
    ):
        time.sleep(1.01 - clock.seconds() % 1)


def unsteady_columns(first: Mapping[str, TableRows], second: Mapping[str, TableRows]) -> dict[str, set[str]]:
    """By table, the columns whose values two equal runs left different."""
    out = {}
    for table in first.keys() & second.keys():
        one, other = first[table], second[table]
        if found := {column for column, digest in one.columns.items() if other.columns.get(column) != digest}:
            out[table] = found
    return out
