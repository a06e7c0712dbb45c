"""SQL in string literals, whatever the language."""

from typing import NamedTuple

import re2

# What a statement begins with; a message to people seldom goes on like this. What is filled in is blank.
_STATEMENT = re2.compile(
    r"(?is)\s*(?:SELECT\s.+?\sFROM\s|INSERT\s+(?:OR\s+\w+\s+)?INTO\s|REPLACE\s+INTO\s|UPDATE(?:\s+\S+\s+|\s{3,})SET\s"
    r"|DELETE\s+FROM\s|WITH\s+(?:RECURSIVE\s+)?\w+.*?\sAS\s|PRAGMA\s"
    r"|(?:CREATE|DROP|ALTER)\s+(?:\w+\s+)*?(?:TABLE|INDEX|VIEW|TRIGGER|SCHEMA|TYPE|FUNCTION|EXTENSION)\s)",
)
# No statement takes longer to say what it is.
_LONGEST_START = 20_000


class Literal(NamedTuple):
    """A string literal: its text with all that isn't the text blanked, as it is written, and its first line."""

    text: str
    written: str
    line: int

    def line_at(self, offset: int) -> int:
        """The file's line of the character at that offset of the text."""
        return self.line + self.written.count("\n", 0, offset)


def reads_as_sql(text: str) -> bool:
    """Whether the text begins as a statement does."""
    return _STATEMENT.match(f"{text[:_LONGEST_START]} ") is not None
