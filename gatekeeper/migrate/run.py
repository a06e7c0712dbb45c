"""Running one script in a database: in one transaction where the engine allows, else as written."""

from collections.abc import Callable

from gatekeeper.engines.base import Database, SqlError
from gatekeeper.migrate.outside import refusal
from gatekeeper.migrate.scripts import Script
from gatekeeper.migrate.statements import Statement

BeforeStatement = Callable[[Statement], None]


class ScriptError(Exception):
    """A script failed: ``reason`` is a sentence without its full stop, ``line`` 1-based where known.

    ``lost`` says that its connection broke, and with it whatever transaction was open around it.
    """

    def __init__(self, path: str, reason: str, *, line: int | None = None, lost: bool = False) -> None:
        super().__init__(reason)
        self.path = path
        self.reason = reason
        self.line = line
        self.lost = lost


def is_transactional(script: Script, database: Database) -> bool:
    """Whether the whole script can be run in a transaction of ours (contract, section 5, apply)."""
    if script.no_transaction:
        return False
    statements = script.split(database.engine).statements
    return not any(s.is_transaction or s.refuses_transaction for s in statements)


def run_script(database: Database, script: Script, before: BeforeStatement | None = None) -> None:
    """Run every statement, ``before`` ahead of each. Raises ScriptError; what was in a transaction is undone."""
    if script.problem:
        raise ScriptError(script.path, script.problem.rstrip("."), line=script.line)
    statements = script.split(database.engine).statements
    for statement in statements:
        _refuse(database, script, statement)
    database.fresh_session()
    if is_transactional(script, database):
        _in_transaction(database, script, statements, before)
    else:
        _as_written(database, script, statements, before)


def _refuse(database: Database, script: Script, statement: Statement) -> None:
    if what := refusal(statement, own_server=database.own_server):
        raise ScriptError(script.path, what, line=statement.line)


def _in_transaction(
    database: Database, script: Script, statements: tuple[Statement, ...], before: BeforeStatement | None
) -> None:
    database.begin()
    try:
        for statement in statements:
            _run(database, script, statement, before)
        try:
            database.commit()
        except SqlError as error:
            raise ScriptError(script.path, f"at its end, {error.message}", lost=error.lost) from error
    except BaseException:
        database.rollback()
        raise


def _as_written(
    database: Database, script: Script, statements: tuple[Statement, ...], before: BeforeStatement | None
) -> None:
    try:
        for statement in statements:
            _run(database, script, statement, before)
    except BaseException:
        database.rollback()
        raise
    if database.in_transaction:
        database.rollback()
        raise ScriptError(script.path, "the script begins a transaction and doesn't end it")


def _run(database: Database, script: Script, statement: Statement, before: BeforeStatement | None) -> None:
    try:
        if before:
            before(statement)
        database.execute(statement.text)
    except SqlError as error:
        line = statement.line + (error.line or 1) - 1
        raise ScriptError(script.path, error.message, line=line, lost=error.lost) from error
