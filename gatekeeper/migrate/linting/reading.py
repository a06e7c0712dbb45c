"""A migration's file as one engine reads it: its statements, and what directives say of each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from gatekeeper.engines.base import EngineName
from gatekeeper.migrate.directives import Directive, by_statement
from gatekeeper.migrate.linting.token_line import TokenLine, token_line
from gatekeeper.migrate.scripts import Script
from gatekeeper.migrate.statements import Statement
from gatekeeper.sql import unquoted

Direction = Literal["up", "down"]
_OTHER: Mapping[EngineName, EngineName] = {"sqlite": "postgres", "postgres": "sqlite"}


@dataclass(frozen=True)
class Read:
    """One statement with its guards: ``when`` holds (word, target) of the directives before it."""

    statement: Statement
    when: tuple[tuple[str, str], ...] = ()

    @cached_property
    def line(self) -> TokenLine:
        """Its tokens as a line for patterns."""
        return token_line(self.statement)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """For each token the lower-case name that it stands for, empty for what is no name."""
        statement = self.statement
        named = {"word", "quoted"}
        return tuple(unquoted(t, statement.dialect).lower() if t.kind in named else "" for t in statement.tokens)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """For each token its word in upper case, or the symbol; empty for names in quotes, strings and numbers."""
        return tuple(t.word or (t.text if t.kind == "symbol" else "") for t in self.statement.tokens)

    @property
    def is_guarded(self) -> bool:
        """Whether it runs only where the schema says so."""
        return any(word != "engine" for word, _ in self.when)

    def name_at(self, index: int) -> tuple[str, int]:
        """The name at that token, its schema dropped, and the index after it; empty where there is none."""
        if index >= len(self.names) or not self.names[index]:
            return "", index
        if index + 2 < len(self.names) and self.words[index + 1] == ".":
            return self.names[index + 2], index + 3
        return self.names[index], index + 1

    def top_level(self) -> Iterable[tuple[int, str]]:
        """The words that stand outside parentheses, with their indexes."""
        depth = 0
        for index, word in enumerate(self.words):
            depth += (word == "(") - (word == ")")
            if depth == 0 and word not in {"", "(", ")"}:
                yield index, word


@dataclass(frozen=True)
class Reading:
    """A script as one engine reads it; ``reads`` are the statements that run there, guarded for others left out.

    ``elsewhere`` are the lines of the statements that are guarded for another engine; ``shared`` says whether
    both engines run the file.
    """

    engine: EngineName
    direction: Direction
    script: Script
    shared: bool
    reads: tuple[Read, ...]
    elsewhere: frozenset[int]
    directives: tuple[Directive, ...]

    @property
    def no_transaction(self) -> bool:
        """Whether the file asks to be run outside a transaction."""
        return self.script.no_transaction or any(d.word == "no-transaction" for d in self.directives)


def read(script: Script, engine: EngineName, direction: Direction, *, shared: bool) -> Reading:
    """Read a script as the engine does; a script that is no text has no statements."""
    found, rest = by_statement(script.text, engine)
    if not found:
        found = [(statement, []) for statement in script.split(engine).statements]
    reads: list[Read] = []
    elsewhere: set[int] = set()
    for statement, own in found:
        when = tuple(_guard(directive) for directive in own if directive.word == "when")
        if statement.dialect != engine or ("engine", _OTHER[engine]) in when:
            elsewhere.add(statement.line)
        else:
            reads.append(Read(statement, when))
    every = (*(directive for _, own in found for directive in own), *rest)
    return Reading(engine, direction, script, shared, tuple(reads), frozenset(elsewhere), every)


def _guard(directive: Directive) -> tuple[str, str]:
    word, _, target = directive.rest.replace("\t", " ").partition(" ")
    return word.lower(), target.strip().lower()
