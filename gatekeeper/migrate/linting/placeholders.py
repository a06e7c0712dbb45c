"""Placeholders that aren't ``$1`` (rule ``lint.placeholder``)."""

from collections.abc import Iterator, Sequence

from gatekeeper.migrate.linting.hit import Hit, edited, example, hit, line_of
from gatekeeper.migrate.linting.reading import Reading
from gatekeeper.migrate.statements import Statement
from gatekeeper.sql import Dialect, Kind, Token

RULE = "lint.placeholder"

# What makes another operator, or a cast, of the symbol that follows without a space.
_PART_OF_OPERATOR = {":": ":", "@": "<@!~&", "?": "@?", "%": "%<"}
_LONGEST = 9
# After these words comes a value, so what stands there is no operator between two.
_BEFORE_VALUE = frozenset(
    {
        "SELECT",
        "WHERE",
        "AND",
        "OR",
        "NOT",
        "IN",
        "LIKE",
        "ILIKE",
        "VALUES",
        "SET",
        "LIMIT",
        "OFFSET",
        "THEN",
        "ELSE",
        "WHEN",
        "CASE",
        "BETWEEN",
        "BY",
        "DEFAULT",
        "ON",
        "HAVING",
        "RETURNING",
        "FROM",
        "INTO",
        "AS",
        "IS",
        "ESCAPE",
        "UPDATE",
        "TABLE",
        "USING",
        "DISTINCT",
        "CHECK",
        "GLOB",
        "MATCH",
    }
)


def placeholders(reading: Reading) -> Iterator[Hit]:
    """One hit for each statement that holds such placeholders, on the line of the first."""
    for read in reading.reads:
        statement = read.statement
        found = list(_found(statement))
        if found:
            shown = ", ".join(dict.fromkeys(statement.text[a:b] for a, b in found))
            message = f"A placeholder is written $1, $2 ..., which both engines read; here stands {shown}"
            numbered = edited(statement.text, *_numbered(statement.text, found))
            remedy = "Nothing binds values when a migration runs: write the value itself, or, if your runner does,"
            yield hit(RULE, statement, message, example(remedy, numbered), line=line_of(statement, found[0][0]))


def _numbered(text: str, found: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
    numbers: dict[str, int] = {}
    count = 0
    for start, end in found:
        written = text[start:end]
        anonymous = written in {"?", "%s"}
        if anonymous or written not in numbers:
            count += 1
            numbers[written] = count
        yield start, end, f"${numbers[written]}"


def _found(statement: Statement) -> Iterator[tuple[int, int]]:
    """The spans of the placeholders in the statement's text."""
    if not any(symbol in statement.text for symbol in "?:@$%"):
        return
    every = statement.tokens
    brackets = 0
    last: Token | None = None
    done = 0
    for index, token in enumerate(every):
        brackets += (token.text == "[") - (token.text == "]")
        if token.start >= done and token.kind is Kind.SYMBOL and token.text in "?:@$%":
            end = _end(statement.dialect, every, index, last, in_brackets=brackets > 0)
            if end is not None:
                done = end
                yield token.start, end
        last = token


def _end(
    dialect: Dialect, every: Sequence[Token], index: int, last: Token | None, *, in_brackets: bool
) -> int | None:
    """Where the placeholder that begins with this symbol ends; None where none begins."""
    token = every[index]
    if last is not None and _glued(last, token) and last.text in tuple(_PART_OF_OPERATOR.get(token.text, "")):
        return None
    run = _run(every, index)
    after = run[1] if len(run) > 1 else None
    match token.text:
        case "?":
            # Between two operands it is an operator of PostgreSQL's.
            is_operator = dialect == "postgres" and _is_operand(last)
            return None if is_operator else _named(after, {Kind.NUMBER}) or token.start + 1
        case ":":
            return None if in_brackets else _named(after, {Kind.WORD, Kind.STRING, Kind.QUOTED})
        case "@":
            return _named(after, {Kind.WORD})
        case "$":
            return _braced(run) or _named(after, {Kind.WORD})
        case _:
            return None if _is_operand(last) else _percent(run)


def _run(every: Sequence[Token], index: int) -> list[Token]:
    """The token and those that follow it without a space, as far as a placeholder may reach."""
    run = [every[index]]
    for token in every[index + 1 : index + _LONGEST]:
        if not _glued(run[-1], token):
            break
        run.append(token)
    return run


def _glued(before: Token, token: Token) -> bool:
    return before.start + len(before.text) == token.start


def _named(after: Token | None, kinds: set[Kind]) -> int | None:
    return after.start + len(after.text) if after is not None and after.kind in kinds else None


def _braced(run: Sequence[Token]) -> int | None:
    """The end of ``${name}``."""
    closing = next((token for token in run if token.text == "}"), None)
    return closing.start + 1 if closing and run[1].text == "{" else None


def _percent(run: Sequence[Token]) -> int | None:
    """The end of ``%s`` or of ``%(name)s``."""
    texts = [token.text for token in run]
    if texts[1:2] and texts[1] in {"s", "d"}:
        return run[1].start + 1
    if len(texts) > 4 and texts[1] == "(" and texts[3] == ")" and texts[4] in {"s", "d"}:
        return run[4].start + 1
    return None


def _is_operand(token: Token | None) -> bool:
    """Whether a value or a name ends here, so that what follows stands between two."""
    if token is None or token.word in _BEFORE_VALUE:
        return False
    return token.kind is not Kind.SYMBOL or token.text in {")", "]"}
