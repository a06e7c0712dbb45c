"""Running one script in a database: in one transaction where the engine allows, else as written."""

from collections.abc import Callable

from gatekeeper.engines.base import Database, EngineName, Session, SqlError
from gatekeeper.migrate.directives import directives
from gatekeeper.migrate.guards import Guarded, GuardError, Guards, guarded, unguarded
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


def statements_of(script: Script, engine: EngineName, guards: Guards | None) -> Guarded:
    """A script's statements, each with its guards. Raises ScriptError where it is no text or a guard is wrong."""
    if script.problem:
        raise ScriptError(script.path, script.problem.rstrip("."), line=script.line)
    if guards is None:
        return unguarded(script.text, engine)
    try:
        return guarded(script.text, engine)
    except GuardError as error:
        raise ScriptError(script.path, error.reason, line=error.line) from None


def asks_for_none(script: Script, engine: EngineName) -> bool:
    """Whether the script itself asks to be run outside a transaction."""
    return script.no_transaction or any(d.word == "no-transaction" for d in directives(script.text, engine))


def is_transactional(script: Script, engine: EngineName, guards: Guards | None = None) -> bool:
    """Whether the whole script can be run in a transaction of ours (contract, section 5, apply)."""
    if asks_for_none(script, engine):
        return False
    try:
        statements = statements_of(script, engine, guards)
    except ScriptError:
        return True  # nothing of it will run
    own = [statement for statement, _ in statements if statement.dialect == engine]
    return not any(s.is_transaction or s.refuses_transaction for s in own)


def takes_savepoint(script: Script, engine: EngineName, guards: Guards | None = None) -> bool:
    """Whether a savepoint can stand for the script's transaction, so that it can be tried and undone."""
    first = (statement.must_be_first for statement in script.split(engine, guards=guards is not None).statements)
    return is_transactional(script, engine, guards) and not any(first)


def run_script(
    database: Database, script: Script, before: BeforeStatement | None = None, *, guards: Guards | None = None
) -> None:
    """Run every statement that its guards allow, ``before`` ahead of each; without ``guards`` they are comments.

    Raises ScriptError; what was in a transaction is undone.
    """
    statements = statements_of(script, database.engine, guards)
    for statement, _ in statements:
        if statement.dialect == database.engine:
            _refuse(database, script, statement)
    database.fresh_session()
    transactional = is_transactional(script, database.engine, guards)
    try:
        if transactional:
            database.begin()
        run_statements(database, script, statements, before=before, guards=guards)
        if transactional:
            commit(database, script)
    except BaseException:
        database.rollback()
        raise
    if not transactional:
        require_ended(database, script)


def require_ended(session: Session, script: Script) -> None:
    """Raise ScriptError, all undone, if a script left a transaction of its own open."""
    if session.in_transaction:
        session.rollback()
        raise ScriptError(script.path, "the script begins a transaction and doesn't end it")


def _refuse(database: Database, script: Script, statement: Statement) -> None:
    if what := refusal(statement, own_server=database.own_server):
        raise ScriptError(script.path, what, line=statement.line)


def commit(session: Session, script: Script) -> None:
    """Commit; what deferred constraints have to say is the script's error."""
    try:
        session.commit()
    except SqlError as error:
        raise ScriptError(script.path, f"at its end, {error.message}", lost=error.lost) from error


def run_statements(
    session: Session,
    script: Script,
    statements: Guarded,
    *,
    before: BeforeStatement | None = None,
    guards: Guards | None = None,
) -> None:
    """Run the statements that their guards allow, each evaluated directly before its own. Raises ScriptError."""
    for statement, conditions in statements:
        try:
            if guards and not guards.allow(session, conditions):
                continue
            if before:
                before(statement)
            session.execute(statement.text)
        except SqlError as error:
            line = statement.line + (error.line or 1) - 1
            raise ScriptError(script.path, error.message, line=line, lost=error.lost) from error
