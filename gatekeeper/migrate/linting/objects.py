"""What statements make, drop and rename, as far as their first tokens say it."""

from dataclasses import dataclass

from gatekeeper.migrate.linting.reading import Read, Reading

_KINDS = {
    ("MATERIALIZED", "VIEW"): "MATERIALIZED VIEW",
    ("FOREIGN", "TABLE"): "FOREIGN TABLE",
    ("VIRTUAL", "TABLE"): "TABLE",
}
_PREFIXES = {"UNIQUE", "UNLOGGED", "RECURSIVE", "CONSTRAINT", "TRUSTED", "GLOBAL", "LOCAL"}


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a statement does to an object.

    ``verb`` is create, drop, add-column, drop-column or rename-table; ``kind`` is in upper case, ``name`` and
    ``column`` in lower case; ``to`` a table's new name. ``noun`` is the index of the last token of the kind,
    ``start`` of its first; ``safe`` says whether IF [NOT] EXISTS or OR REPLACE stands there.
    """

    verb: str
    kind: str
    name: str
    read: Read
    start: int
    noun: int
    safe: bool = False
    temporary: bool = False
    column: str = ""
    to: str = ""


def actions(reading: Reading) -> tuple[Action, ...]:
    """Everything that the reading's statements do to objects, in order."""
    return tuple(action for read in reading.reads for action in _of(read))


def _of(read: Read) -> list[Action]:
    match read.words[:2]:
        case ("CREATE", _):
            made = _created(read)
            return [made] if made else []
        case ("DROP", _):
            return _dropped(read)
        case ("ALTER", "TABLE"):
            return _altered(read)
        case _:
            return []


def _kind(read: Read, index: int) -> tuple[str, int]:
    """The object's kind, and the index of the token that ends it."""
    pair = read.words[index : index + 2]
    if pair in _KINDS:
        return _KINDS[pair], index + 1
    return (read.words[index] if index < len(read.words) else ""), index


def _created(read: Read) -> Action | None:
    index, words = 1, read.words
    replaces = words[1:3] == ("OR", "REPLACE")
    index += 2 * replaces
    temporary = words[index : index + 1] in {("TEMP",), ("TEMPORARY",)}
    index += temporary
    while words[index : index + 1] and words[index] in _PREFIXES:
        index += 1
    kind, noun = _kind(read, index)
    at = noun + 1
    if words[at : at + 1] == ("CONCURRENTLY",):
        noun, at = at, at + 1
    safe = words[at : at + 3] == ("IF", "NOT", "EXISTS")
    at += 3 * safe
    nameless = kind == "INDEX" and words[at : at + 1] == ("ON",)
    name = "" if nameless else read.name_at(at)[0]
    return Action("create", kind, name, read, index, noun, safe or replaces, temporary) if kind else None


def _dropped(read: Read) -> list[Action]:
    kind, noun = _kind(read, 1)
    at = noun + 1
    if read.words[at : at + 1] == ("CONCURRENTLY",):
        noun, at = at, at + 1
    safe = read.words[at : at + 2] == ("IF", "EXISTS")
    at += 2 * safe
    found = []
    while True:
        name, at = read.name_at(at)
        if name:
            found.append(Action("drop", kind, name, read, 1, noun, safe))
        if read.words[at : at + 1] != (",",) or not name:
            return found
        at += 1


def _altered(read: Read) -> list[Action]:
    """The columns that an ALTER TABLE adds and drops, and the table's new name."""
    words = read.words
    at = 2
    if words[at : at + 2] == ("IF", "EXISTS"):
        at += 2
    at += words[at : at + 1] == ("ONLY",)
    table, at = read.name_at(at)
    found = []
    for index, word in read.top_level():
        if index == at or (index > at and words[index - 1] == ","):
            action = _change(read, table, index, word)
            if action:
                found.append(action)
    return found


_NO_COLUMN = {"CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "EXCLUDE", "INDEX", "KEY", "PARTITION"}


def _change(read: Read, table: str, index: int, word: str) -> Action | None:
    words = read.words
    if words[index : index + 2] == ("RENAME", "TO"):
        return Action("rename-table", "TABLE", table, read, index, index + 1, to=read.name_at(index + 2)[0])
    if word not in {"ADD", "DROP"}:
        return None
    noun = index + (words[index + 1 : index + 2] == ("COLUMN",))
    at = noun + 1
    if words[at : at + 1] and words[at] in _NO_COLUMN:
        return None
    clause = ("IF", "NOT", "EXISTS") if word == "ADD" else ("IF", "EXISTS")
    safe = words[at : at + len(clause)] == clause
    column = read.name_at(at + len(clause) * safe)[0]
    verb = "add-column" if word == "ADD" else "drop-column"
    return Action(verb, "COLUMN", table, read, index, noun, safe, column=column) if column else None


def passing(every: tuple[Action, ...]) -> frozenset[tuple[str, str]]:
    """Kind and name of what the file makes and takes away again under that name, as a table's rebuild does."""
    found = set()
    gone: set[tuple[str, str]] = set()
    for action in reversed(every):
        same = action.kind, action.name
        if action.verb in {"drop", "rename-table"}:
            gone.add(same)
        elif action.verb == "create" and same in gone:
            found.add(same)
    return frozenset(found)
