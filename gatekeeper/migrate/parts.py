"""How a script is cut up so that as much of it as the engine allows runs in one transaction."""

from dataclasses import dataclass
from itertools import takewhile

from gatekeeper.engines.base import EngineName
from gatekeeper.migrate.guards import Guarded, Guards
from gatekeeper.migrate.run import asks_for_none, statements_of
from gatekeeper.migrate.scripts import Script


@dataclass(frozen=True, slots=True)
class Parts:
    """What runs before, within and after the transaction; ``atomic`` is False where all runs as written.

    Before and after are only those pragmas at a SQLite script's edges that have no effect within a transaction,
    as in a table's rebuild: PRAGMA foreign_keys = OFF, the statements, PRAGMA foreign_keys = ON.
    """

    before: Guarded
    within: Guarded
    after: Guarded
    atomic: bool


def parts_of(script: Script, engine: EngineName, guards: Guards | None) -> Parts:
    """Cut a script up. Raises ScriptError where it is no text or a guard is wrong."""
    statements = statements_of(script, engine, guards)
    if asks_for_none(script, engine):
        return Parts((), statements, (), atomic=False)
    before = tuple(takewhile(lambda one: one[0].is_outside_pragma, statements))
    rest = statements[len(before) :]
    after = tuple(takewhile(lambda one: one[0].is_outside_pragma, reversed(rest)))[::-1]
    within = rest[: len(rest) - len(after)]
    own = [statement for statement, _ in within if statement.dialect == engine]
    if any(s.is_transaction or s.refuses_transaction for s in own):
        return Parts((), statements, (), atomic=False)
    return Parts(before, within, after, atomic=True)
