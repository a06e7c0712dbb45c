"""IF NOT EXISTS that finds its object there on the first, ordered run (contract, section 5, apply)."""

from collections.abc import Iterator
from dataclasses import dataclass

from gatekeeper.engines.base import Database, SqlError
from gatekeeper.migrate.statements import Statement
from gatekeeper.migrate.wording import changed, listed
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.schema import ObjectKey, SchemaDifference, SchemaSnapshot, differences
from gatekeeper.sql import Kind, Token, unquoted

_RELATIONS = ("table", "view", "index", "sequence")
_IF_NOT_EXISTS = ["IF", "NOT", "EXISTS"]


@dataclass(frozen=True, slots=True)
class Target:
    """What a statement would make: a table, index, view or column; ``name`` as snapshots have it."""

    kind: str
    name: str


def targets(statement: Statement) -> Iterator[Target]:
    """What the statement makes only if it isn't there; temporary objects are left out."""
    parts = statement.tokens
    words = [token.word for token in parts]
    if words[:1] == ["CREATE"] and not {"TEMP", "TEMPORARY"} & set(words[:3]):
        kind = next((w for w in words[1:5] if w in {"TABLE", "INDEX", "VIEW"}), "")
        at = words.index(kind) + 1 if kind else len(words)
        if words[at : at + 1] == ["CONCURRENTLY"]:
            at += 1
        if kind and words[at : at + 3] == _IF_NOT_EXISTS:
            name, _ = _name(parts, at + 3, statement)
            yield Target(kind.lower(), name)
    elif words[:2] == ["ALTER", "TABLE"]:
        yield from _columns(statement)


def _columns(statement: Statement) -> Iterator[Target]:
    parts = statement.tokens
    words = [token.word for token in parts]
    at = 2
    while words[at : at + 1] and words[at] in {"IF", "EXISTS", "ONLY"}:
        at += 1
    table, at = _name(parts, at, statement)
    for i in range(at, len(words)):
        after = i + 2 if words[i : i + 2] == ["ADD", "COLUMN"] else i + 1
        if words[i] == "ADD" and words[after : after + 3] == _IF_NOT_EXISTS and after + 3 < len(parts):
            yield Target("column", f"{table}.{unquoted(parts[after + 3], statement.dialect)}")


def _name(parts: tuple[Token, ...], at: int, statement: Statement) -> tuple[str, int]:
    """A name that may be qualified, and the index after it; the default schema is left out."""
    names = []
    while at < len(parts):
        names.append(unquoted(parts[at], statement.dialect))
        at += 1
        if at < len(parts) and parts[at].text == ".":
            at += 1
            continue
        break
    if len(names) > 1 and names[0] in {"public", "main"}:
        names = names[1:]
    return ".".join(names), at


class ShadowWatch:
    """Looks at each statement of one up before it runs; collects the findings."""

    def __init__(self, database: Database, path: str, before: SchemaSnapshot) -> None:
        self._database = database
        self._path = path
        self._known = {key.name.lower() for key in before.objects}
        self.findings: list[Finding] = []

    def __call__(self, statement: Statement) -> None:
        """Hold the statement's IF NOT EXISTS against what is there, then remember the names that it uses."""
        wanted = [
            target
            for target in targets(statement)
            if target.name.lower() in self._known or self._mentioned(target)
        ]
        if wanted:
            self._compare(statement, wanted)
        for token in statement.tokens:
            if token.kind in {Kind.WORD, Kind.QUOTED}:
                self._known.add(unquoted(token, statement.dialect).lower())

    def _mentioned(self, target: Target) -> bool:
        return target.name.lower().rpartition(".")[2] in self._known

    def _compare(self, statement: Statement, wanted: list[Target]) -> None:
        there = self._database.snapshot()
        found = [(target, key) for target in wanted if (key := _existing(there, target)) is not None]
        if not found:
            return
        drops = tuple(_drop(self._database.engine, key, there) for _, key in found)
        try:
            with self._database.undone(drops):
                self._database.execute(_without_concurrently(statement))
                made = self._database.snapshot()
        except SqlError as error:
            if error.lost:
                raise
            for target, key in found:
                self._report(statement, target, key, f"it can't be compared ({error.message})")
            return
        for target, key in found:
            differ = differences(_owned(there, target, key), _owned(made, target, key))
            self._report(statement, target, key, listed(_described(d) for d in differ))

    def _report(self, statement: Statement, target: Target, key: ObjectKey, difference: str) -> None:
        what = f"{key.kind} {key.name}"
        if difference:
            severity = Severity.ERROR
            message = f"IF NOT EXISTS finds {what} already there in another shape, and leaves it so: {difference}."
            hint = "Change the object as it is, with ALTER or under another name, instead of creating it again."
        else:
            severity = Severity.WARNING
            message = f"IF NOT EXISTS finds {what} already there in the same shape: the statement does nothing."
            hint = f"Remove the statement: an earlier one makes the {target.kind}."
        self.findings.append(
            Finding(
                rule="migration.shadowed",
                severity=severity,
                message=message,
                path=self._path,
                line=statement.line,
                hint=hint,
                engine=self._database.engine,
            )
        )


def _described(difference: SchemaDifference) -> str:
    if difference.after is None:
        return f"{difference.key.kind} {difference.key.name} stands there and is not in the statement"
    if difference.before is None:
        return f"{difference.key.kind} {difference.key.name} is in the statement and not there"
    return changed(difference).replace(" was (", " is (", 1).replace(") and is (", ") and would be (", 1)


def _existing(there: SchemaSnapshot, target: Target) -> ObjectKey | None:
    kinds = ("column",) if target.kind == "column" else _RELATIONS
    wanted = target.name.lower()
    return next((k for k in sorted(there.objects) if k.kind in kinds and k.name.lower() == wanted), None)


def _owned(schema: SchemaSnapshot, target: Target, key: ObjectKey) -> SchemaSnapshot:
    """What the statement itself makes: the object, and of a table its columns and constraints."""
    names = {key.name.lower(), target.name.lower()}
    parts = tuple(f"{name}." for name in names)
    own = {
        k: text
        for k, text in schema.objects.items()
        if (k.kind in {*_RELATIONS, "column"} and k.name.lower() in names)
        or (target.kind == "table" and k.kind in {"column", "constraint"} and k.name.lower().startswith(parts))
    }
    return SchemaSnapshot(own)


def _drop(engine: str, key: ObjectKey, there: SchemaSnapshot) -> str:
    cascade = " CASCADE" if engine == "postgres" else ""
    if key.kind == "column":
        table, _, column = key.name.rpartition(".")
        return f"ALTER TABLE {_quoted(table)} DROP COLUMN {_quoted(column)}{cascade}"
    kind = key.kind.upper()
    if engine == "postgres" and kind == "VIEW" and there.objects[key].startswith("m "):
        kind = "MATERIALIZED VIEW"
    return f"DROP {kind} {_quoted(key.name)}{cascade}"


def _quoted(name: str) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def _without_concurrently(statement: Statement) -> str:
    for token in statement.tokens:
        if token.word == "CONCURRENTLY":
            return statement.text[: token.start] + statement.text[token.start + len(token.text) :]
    return statement.text
