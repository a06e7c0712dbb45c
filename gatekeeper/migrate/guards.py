"""Guards: conditions on the live schema under which one statement runs (contract, section 5)."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from gatekeeper.engines.base import EngineName, ObjectName, Session
from gatekeeper.migrate.directives import Directive, by_statement
from gatekeeper.migrate.statements import Statement, split
from gatekeeper.sql import Dialect, Kind, Token, significant, unquoted

_Kind = Literal["table", "column", "index"]
_KINDS: dict[str, _Kind] = {"table": "table", "column": "column", "index": "index"}
_STATES = {"missing": False, "present": True}
_WORDS = ("engine", *(f"{kind}-{state}" for kind in _KINDS for state in _STATES))
_DIRECTIVES = {"when", "allow", "loses", "no-transaction"}
_ENGINES = {"sqlite", "postgres"}


class GuardError(Exception):
    """A guard that means nothing: ``reason`` is a sentence without its full stop, ``line`` 1-based."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


@dataclass(frozen=True, slots=True)
class Guard:
    """One condition: that the session's engine is ``engine``, or that ``target`` is there (``present``) or not."""

    engine: EngineName | None = None
    target: ObjectName | None = None
    present: bool = True

    def holds(self, session: Session) -> bool:
        """Whether it holds now."""
        if self.target is None:
            return self.engine == session.engine
        return session.has(self.target) is self.present


Guarded = tuple[tuple[Statement, tuple[Guard, ...]], ...]


class Guards:
    """Honours guards during a run, and knows whether any was evaluated."""

    def __init__(self) -> None:
        self.evaluated = False

    def allow(self, session: Session, conditions: tuple[Guard, ...]) -> bool:
        """Whether the statement under these conditions runs; the engine's are asked before the schema's."""
        self.evaluated = self.evaluated or bool(conditions)
        return all(guard.holds(session) for guard in conditions)


def unguarded(text: str, dialect: Dialect) -> Guarded:
    """The statements of a text in which guards are comments."""
    return tuple((statement, ()) for statement in split(text, dialect).statements)


@lru_cache(maxsize=256)
def guarded(text: str, dialect: Dialect) -> Guarded:
    """Every statement with its guards. Raises GuardError for an unknown word, or where no statement follows."""
    found, rest = by_statement(text, dialect)
    if not found and not rest:
        return unguarded(text, dialect)
    for directive in rest:
        if _is_guard(directive):
            raise GuardError("a guard needs a statement after it, and here none follows", directive.line)
    return tuple((statement, _of(statement, own)) for statement, own in found)


def _of(statement: Statement, directives: list[Directive]) -> tuple[Guard, ...]:
    guards = []
    for directive in directives:
        if not _is_guard(directive):
            continue
        if directive.inside:
            where = f"inside the statement of line {statement.line}"
            raise GuardError(f"a guard stands before a statement, and this one is {where}", directive.line)
        guards.append(_guard(directive, statement.dialect))
    return tuple(sorted(guards, key=lambda guard: guard.engine is None))


def _is_guard(directive: Directive) -> bool:
    if directive.word not in _DIRECTIVES:
        known = ", ".join(sorted(_DIRECTIVES))
        said = f"gate: {directive.word}".rstrip()
        raise GuardError(f"{said!r} is no directive; expected gate: and one of {known}", directive.line)
    return directive.word == "when"


def _guard(directive: Directive, dialect: Dialect) -> Guard:
    word, _, rest = directive.rest.replace("\t", " ").partition(" ")
    if word.lower() not in _WORDS:
        expected = ", ".join(_WORDS)
        raise GuardError(f"{word!r} is no word of a guard; expected one of {expected}", directive.line)
    if word.lower() == "engine":
        engine = rest.strip().lower()
        if engine not in _ENGINES:
            raise GuardError(f"{rest.strip()!r} is no engine; expected sqlite or postgres", directive.line)
        return Guard(engine="sqlite" if engine == "sqlite" else "postgres")
    kind, _, state = word.lower().partition("-")
    return Guard(target=_target(_KINDS[kind], rest, dialect, directive), present=_STATES[state])


def _target(kind: _Kind, text: str, dialect: Dialect, directive: Directive) -> ObjectName:
    names = _names(significant(text, dialect), dialect)
    expected = "[schema.]TABLE.COLUMN" if kind == "column" else "[schema.]NAME"
    least = 2 if kind == "column" else 1
    if names is None or not least <= len(names) <= least + 1:
        raise GuardError(f"{text.strip()!r} is no {kind}; expected {expected}", directive.line)
    column = names.pop() if kind == "column" else None
    return ObjectName(kind, names[-1], names[0] if len(names) > 1 else None, column)


def _names(parts: tuple[Token, ...], dialect: Dialect) -> list[str] | None:
    """The names between dots; None where the text is anything else."""
    names, dots = parts[::2], parts[1::2]
    if len(parts) % 2 == 0 or any(dot.text != "." for dot in dots):
        return None
    if not all(name.kind is Kind.WORD or (name.kind is Kind.QUOTED and _is_closed(name.text)) for name in names):
        return None
    return [_folded(name, dialect) for name in names]


def _is_closed(text: str) -> bool:
    return len(text) > 2 and text[-1] == ("]" if text[0] == "[" else text[0])


def _folded(name: Token, dialect: Dialect) -> str:
    if name.kind is Kind.QUOTED or dialect == "sqlite":
        return unquoted(name, dialect)
    # PostgreSQL folds the letters of ASCII alone.
    return "".join(c.lower() if c.isascii() else c for c in name.text)
