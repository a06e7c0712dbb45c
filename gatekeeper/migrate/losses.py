"""What an up or a down may lose: ``-- gate: loses TABLE[.COLUMN] REASON`` (contract, section 5, data)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gatekeeper.engines.base import EngineName
from gatekeeper.migrate.discover import Migration
from gatekeeper.migrate.scripts import Script
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.sql import Kind, tokens

_DECLARED = re.compile(r"--\s*gate:\s*loses\b[ \t]*(?P<target>\S*)[ \t]*(?P<reason>.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Loss:
    """One declaration: ``target`` in lower case and without quotes; without a ``reason`` it excuses nothing."""

    path: str
    line: int
    target: str
    reason: str

    def covers(self, table: str, column: str | None) -> bool:
        """Whether it excuses the loss of rows of the table, or (with a column) of values in it."""
        if not self.reason:
            return False
        names = {table.lower()} if column is None else {table.lower(), f"{table}.{column}".lower()}
        return self.target in names | {f"{schema}.{name}" for name in names for schema in ("public", "main")}


def losses(script: Script | None, engine: EngineName) -> list[Loss]:
    """The declarations among the comments of a script."""
    out: list[Loss] = []
    if script is None or "gate:" not in script.text:
        return out
    for token in tokens(script.text, engine):
        if token.kind is Kind.COMMENT and (found := _DECLARED.match(token.text)):
            line = script.text.count("\n", 0, token.start) + 1
            target = found.group("target").replace('"', "").rstrip(":,").lower()
            out.append(Loss(script.path, line, target, found.group("reason").strip()))
    return out


def judged(
    migrations: Iterable[Migration], engine: EngineName, used: set[Loss]
) -> Iterator[tuple[Migration, Finding]]:
    """What is wrong with the declarations of an engine's set: an error where one isn't whole, a warning unused."""
    for migration in migrations:
        declared = [*losses(migration.up, engine), *losses(migration.down, engine)]
        for loss in dict.fromkeys(declared):
            if not loss.target or not loss.reason:
                yield migration, _incomplete(loss)
            elif loss not in used:
                yield migration, _unused(loss)


def _incomplete(loss: Loss) -> Finding:
    what = f"of {loss.target} gives no reason" if loss.target else "names no table"
    return Finding(
        rule="migration.loses",
        message=f"The declared loss {what}: -- gate: loses TABLE[.COLUMN] REASON is expected.",
        path=loss.path,
        line=loss.line,
        hint="Name the table or TABLE.COLUMN, and say why its rows or values may go; else nothing is excused.",
    )


def _unused(loss: Loss) -> Finding:
    return Finding(
        rule="migration.loses",
        severity=Severity.WARNING,
        message=f"The file declares that {loss.target} loses rows or values, and nothing was lost.",
        path=loss.path,
        line=loss.line,
        hint="Remove the declaration, or correct the table's or the column's name.",
    )
