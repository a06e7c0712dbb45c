"""What a rule found in a file, before it becomes a finding."""

from dataclasses import dataclass

from gatekeeper.migrate.statements import Statement
from gatekeeper.sql import tokens

_LONGEST = 100
_SHOWN_LINES = 8
_WIDEST = 160


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found: ``line`` is where it stands, ``statement_line`` where its statement begins (None without).

    ``hint`` may have several lines, the first a sentence, the others SQL.
    """

    rule: str
    line: int | None
    message: str
    hint: str
    statement_line: int | None = None


def hit(rule: str, statement: Statement, message: str, hint: str, *, line: int | None = None) -> Hit:
    """A hit on a statement, which its message shows at its end."""
    shown = f"{message.rstrip('.')}: {excerpt(statement)}"
    return Hit(rule, line or statement.line, shown, hint, statement.line)


def line_of(statement: Statement, offset: int) -> int:
    """The 1-based line of the file on which an offset of the statement lies."""
    return statement.line + statement.text.count("\n", 0, offset)


def excerpt(statement: Statement) -> str:
    """The statement in one line of bearable length, without its comments and its semicolon."""
    kept = (" " if token.is_blank else token.text for token in tokens(statement.text, statement.dialect))
    text = " ".join("".join(kept).split()).rstrip("; ")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rstrip()} ..."


def example(sentence: str, *statements: str) -> str:
    """A remedy: the sentence, then the rewritten statements, long ones cut."""
    lines = [sentence]
    for statement in statements:
        body = statement.strip().expandtabs(4).splitlines()
        cut = [*body[: _SHOWN_LINES - 2], "    ...", body[-1]] if len(body) > _SHOWN_LINES else body
        lines += [f"  {line if len(line) <= _WIDEST else line[:_WIDEST] + ' ...'}" for line in cut]
    return "\n".join(lines)


def edited(text: str, *edits: tuple[int, int, str]) -> str:
    """The text with each span (start, end) replaced; the semicolon at its end is kept or added."""
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text if text.rstrip().endswith(";") else f"{text.rstrip()};"


def inserted(statement: Statement, index: int, words: str) -> str:
    """The statement's text with words put in after the token of that index."""
    token = statement.tokens[index]
    at = token.start + len(token.text)
    return edited(statement.text, (at, at, f" {words}"))
