"""What SQLite's pragmas don't tell and only the stored text of a table or an index does."""

from dataclasses import dataclass, field
from itertools import pairwise

from gatekeeper.sql import Kind, Token, normalised, significant, unquoted

_TABLE_CONSTRAINTS = {"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"}

Tokens = tuple[Token, ...]


@dataclass(slots=True)
class TableText:
    """Facts of one CREATE TABLE: what each column adds, CHECKs, when foreign keys are checked, options.

    Keys are column names in lower case (for ``deferrable``, those of the foreign key).
    """

    columns: dict[str, list[str]] = field(default_factory=dict)
    checks: list[str] = field(default_factory=list)
    deferrable: dict[tuple[str, ...], str] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)
    options: str = ""


def table_text(sql: str) -> TableText:
    """Read a CREATE TABLE as SQLite keeps it; of a virtual table everything is options."""
    parts = significant(sql, "sqlite")
    out = TableText()
    opened = next((i for i, token in enumerate(parts) if token.text == "("), None)
    if opened is None or (len(parts) > 1 and parts[1].word == "VIRTUAL"):
        out.options = normalised(parts[1:], "sqlite")
        return out
    closed = closing(parts, opened)
    out.options = normalised(parts[closed + 1 :], "sqlite")
    for item in separated(parts[opened + 1 : closed]):
        if item[0].word in _TABLE_CONSTRAINTS:
            _table_constraint(item, out)
        else:
            _column(item, out)
    return out


def _column(item: Tokens, out: TableText) -> None:
    name = unquoted(item[0], "sqlite").lower()
    extras = out.columns.setdefault(name, [])
    at = 1
    while at < len(item):
        word = item[at].word
        inner, after = _parenthesis(item, at + 1)
        if word == "CHECK":
            out.checks.append(inner)
            at = after
        elif word == "AS":
            stored = after < len(item) and item[after].word == "STORED"
            extras.append(f"as ({inner}){' stored' if stored else ''}")
            at = after
        else:
            extras.extend(_column_word(item, at))
            # A parenthesis that isn't understood (of a type or a default) is passed over whole.
            at = closing(item, at) + 1 if item[at].text == "(" else at + 1
    if clause := _deferrable(item):
        out.deferrable[name,] = clause


def _column_word(item: Tokens, at: int) -> list[str]:
    word, following = item[at].word, item[at + 1] if at + 1 < len(item) else None
    if word == "AUTOINCREMENT":
        return ["autoincrement"]
    if word == "COLLATE" and following:
        return [f"collate {unquoted(following, 'sqlite').lower()}"]
    if word == "CONFLICT" and following:
        return [f"on conflict {following.text.lower()}"]
    return []


def _table_constraint(item: Tokens, out: TableText) -> None:
    if item[0].word == "CONSTRAINT":
        item = item[2:]
    if not item:
        return
    if item[0].word == "CHECK":
        out.checks.append(_parenthesis(item, 1)[0])
        return
    if item[0].word == "FOREIGN" and (clause := _deferrable(item)):
        inner = item[3 : closing(item, 2)]
        out.deferrable[tuple(unquoted(t, "sqlite").lower() for t in inner if t.text != ",")] = clause
    if any(token.word == "CONFLICT" for token in item):
        out.conflicts.append(normalised(item, "sqlite"))


def _deferrable(item: Tokens) -> str:
    words = [token.word for token in item]
    if "DEFERRABLE" not in words:
        return ""
    at = words.index("DEFERRABLE")
    immediate = words[at - 1] == "NOT" or words[at + 1 : at + 3] != ["INITIALLY", "DEFERRED"]
    return "" if immediate else "deferrable initially deferred"


def _parenthesis(item: Tokens, at: int) -> tuple[str, int]:
    """The text within the parenthesis that opens at ``at``, and the index after it."""
    if at >= len(item) or item[at].text != "(":
        return "", at
    end = closing(item, at)
    return normalised(item[at + 1 : end], "sqlite"), end + 1


def closing(parts: Tokens, opened: int) -> int:
    """The index of the parenthesis that closes the one at ``opened`` (the end of the tokens if none does)."""
    depth = 0
    for i in range(opened, len(parts)):
        depth += (parts[i].text == "(") - (parts[i].text == ")")
        if depth == 0:
            return i
    return len(parts)


def separated(parts: Tokens) -> list[Tokens]:
    """The tokens between top-level commas, empty ones left out."""
    out: list[list[Token]] = [[]]
    depth = 0
    for token in parts:
        depth += (token.text == "(") - (token.text == ")")
        if token.text == "," and not depth:
            out.append([])
        else:
            out[-1].append(token)
    return [tuple(item) for item in out if item]


def index_text(sql: str) -> tuple[list[str], str]:
    """The terms of a CREATE INDEX as normalised texts, and its WHERE (empty without one)."""
    parts = significant(sql, "sqlite")
    opened = next((i for i, token in enumerate(parts) if token.text == "("), len(parts))
    closed = closing(parts, opened)
    terms = [normalised(item, "sqlite") for item in separated(parts[opened + 1 : closed])]
    return terms, normalised(parts[closed + 2 :], "sqlite")


def default_text(default: str | None) -> str | None:
    """A default in one form: outer parentheses and formatting don't count."""
    if default is None:
        return None
    parts = significant(default, "sqlite")
    while len(parts) > 1 and parts[0].text == "(" and closing(parts, 0) == len(parts) - 1:
        parts = parts[1:-1]
    return normalised(parts, "sqlite")


def is_volatile(default: str | None) -> bool:
    """Whether a default may give another value each time: it calls a function or reads the clock."""
    if default is None:
        return False
    parts = significant(default, "sqlite")
    clock = any(token.word.startswith("CURRENT_") for token in parts)
    called = any(a.kind is Kind.WORD and b.text == "(" for a, b in pairwise(parts))
    return clock or called
