"""Values for made rows: of each type several that differ, plainly made, and the same on each run."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice

from gatekeeper.engines.base import EngineName
from gatekeeper.engines.tables import Relation, TableColumn, Value, ValueType
from gatekeeper.sql import Kind, significant, unquoted

OFFERED = 6
_LONGEST = 4000
_FIRST_DAY = datetime(2001, 2, 3, 4, 5, 6)
# Keys lie far from what migrations seed themselves, other numbers are small enough to be reckoned with.
_KEYS = {16: 31_001, 32: 900_001, 64: 900_001}
_SMALL = 41
_DECIMAL = re.compile(r"-?\d+\.\d*")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)( \d\d:\d\d:\d\d(?:\.\d+)?)(?:\+00)?")
_LIKE = re.compile(r"[%_*?]")
_CLASS = re.compile(r"\[(.)[^\]]*\]")
# What texts are checked for most often: codes, numbers, addresses, colours, languages, dates, digests.
_SHAPED = (
    "m",
    "mm",
    "made",
    "M",
    "MMM",
    "1",
    "1.0.0",
    "12345",
    "made@example.invalid",
    "https://example.invalid/made",
    "/made",
    "#00ff00",
    "en",
    "en-US",
    "+15550100",
    "2001-02-03",
    "{}",
    "0" * 32,
    "0" * 40,
    "0" * 64,
)
_OTHERS = {
    "interval": "{n} hours",
    "inet": "192.0.2.{n}",
    "cidr": "192.0.2.{n}/32",
    "macaddr": "08:00:2b:01:02:{n:02x}",
    "macaddr8": "08:00:2b:01:02:03:04:{n:02x}",
    "money": "{n}",
    "xml": "<made>{n}</made>",
    "tsvector": "made{n}",
    "tsquery": "made{n}",
    "oid": "{n}",
    "xid": "{n}",
    "pg_lsn": "0/{n:X}",
    "point": "({n},1)",
    "line": "{{1,1,{n}}}",
    "lseg": "[(0,0),({n},1)]",
    "box": "({n},1),(0,0)",
    "path": "((0,0),({n},1))",
    "polygon": "((0,0),({n},1),(1,0))",
    "circle": "<(0,0),{n}>",
    "int4range": "[{k},{l})",
    "int8range": "[{k},{l})",
    "numrange": "[{k},{l})",
    "int4multirange": "{{[{k},{l})}}",
    "int8multirange": "{{[{k},{l})}}",
    "nummultirange": "{{[{k},{l})}}",
    "daterange": "[{day},{next_day})",
    "datemultirange": "{{[{day},{next_day})}}",
    "tsrange": "[{day},{next_day})",
    "tstzrange": "[{day},{next_day})",
    "tsmultirange": "{{[{day},{next_day})}}",
    "tstzmultirange": "{{[{day},{next_day})}}",
    "hstore": "made=>{n}",
    "ltree": "made.n{n}",
    "jsonpath": "$.made{n}",
    "int2vector": "{n}",
    "oidvector": "{n}",
    "cube": "({n})",
    "semver": "1.0.{n}",
    "vector": "[{n}]",
    "isbn": "9780306406157",
}


def literal(value: Value, engine: EngineName) -> str:
    """The value as a statement writes it; bare texts, for PostgreSQL to read as whatever the column is."""
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"X'{value.hex()}'" if engine == "sqlite" else f"'\\x{value.hex()}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value)


def plain(value: Value) -> str | None:
    """The value as a text that a change of its column's type leaves alone (1, 1.0, '1')."""
    if value is None or isinstance(value, bytes):
        return None if value is None else "\\x" + value.hex()
    text = str(value)
    if _DECIMAL.fullmatch(text):
        return text.rstrip("0").rstrip(".")
    if found := _MOMENT.fullmatch(text):
        return found.group(1) if found.group(2) == " 00:00:00" else found.group(1) + found.group(2)
    return text


def offered(relation: Relation, column: TableColumn, first: int, engine: EngineName, *, key: bool) -> list[Value]:
    """Candidates for a column, best first: of its type, from what its checks name, its default, NULL.

    ``first`` numbers the first of them, so that rows made later differ; ``key`` is set where values must.
    """
    wanted: list[Value] = list(islice(_of_type(column, first, engine, key=key), OFFERED))
    checks = [check.expression for check in relation.checks if column.name in check.columns]
    if checks:
        wanted += _from_checks(column.type, checks, first, engine)
    usual = plain(column.default)
    if column.type.family == "text" and column.type.length is None:
        # For what is read as JSON in an index or a computed column.
        wanted += [f'{{"made": {number}}}' for number in (first, first + 1)]
    best = [value for value in wanted if plain(value) != usual]
    rest = [value for value in wanted if plain(value) == usual]
    if column.default is not None and not rest:
        rest.append(column.default)
    if not column.not_null:
        rest.append(None)
    return list(dict.fromkeys([*best, *rest]))


def _of_type(column: TableColumn, first: int, engine: EngineName, *, key: bool) -> Iterator[Value]:
    shaped = column.default if isinstance(column.default, str) else ""
    for number in range(first, first + OFFERED):
        if column.type.family == "text" and column.volatile:
            # A text that is a time unless told otherwise: what reads it expects one.
            yield _moment("timestamp", number)
        elif column.type.family in {"text", "other"} and shaped[:1] in {"{", "["} and engine == "sqlite":
            yield _json(number, shaped)
        elif (value := sample(column.type, number, engine, key=key, shaped=shaped)) is not None:
            yield value


def _json(number: int, shaped: str) -> str:
    return f'["made-{number}"]' if shaped[:1] == "[" else f'{{"made": {number}}}'


def sample(type_: ValueType, number: int, engine: EngineName, *, key: bool = False, shaped: str = "") -> Value:
    """The value of that number (from 1) of a type; None of a type whose texts nobody here knows."""
    match type_.family:
        case "text":
            return _text(number, type_.length)
        case "integer":
            return (_KEYS[type_.length or 64] if key else _SMALL) + number - 1
        case "numeric" | "real":
            return _number(type_, number, engine)
        case "boolean":
            return _boolean(number, engine)
        case "blob":
            return b"made" + bytes([number % 256])
        case "json":
            return _json(number, shaped)
        case "uuid":
            return f"00000000-0000-4000-8000-{900_000 + number:012d}"
        case "enum":
            return type_.labels[number % len(type_.labels)] if type_.labels else None
        case "array":
            return _array(type_, number, engine)
        case "bits":
            length = type_.length or 8
            return format(number % 2**length, f"0{length}b")
        case "date" | "time" | "timestamp":
            return _moment(type_.family, number)
        case _:
            return _other(type_.name, number)


def _text(number: int, length: int | None) -> str:
    if length is None or length >= len(f"made-{number}"):
        return f"made-{number}"
    if length >= len(f"m{number}"):
        return f"m{number}"
    return chr(ord("a") + (number - 1) % 26) * min(length, 1)


def _number(type_: ValueType, number: int, engine: EngineName) -> Value:
    digits = (type_.length or 20) - type_.scale
    if digits >= 2:
        whole, part = _SMALL + (number - 1) % 50, 5 if type_.scale or type_.length is None else 0
    elif digits == 1:
        whole, part = 1 + number % 8, 0
    else:
        whole, part = 0, 1 + number % 8
    if engine == "sqlite":
        return whole + part / 10 if part else whole
    return f"{whole}.{part}"


def _boolean(number: int, engine: EngineName) -> Value:
    if engine == "sqlite":
        return number % 2
    return "true" if number % 2 else "false"


def _moment(family: str, number: int) -> str:
    moment = _FIRST_DAY + timedelta(days=number - 1, seconds=number - 1)
    if family == "date":
        return moment.date().isoformat()
    return moment.time().isoformat() if family == "time" else moment.isoformat(sep=" ")


def _array(type_: ValueType, number: int, engine: EngineName) -> Value:
    inner = sample(type_.element, number, engine) if type_.element else None
    if inner is None:
        return "{}"
    text = f"\\x{inner.hex()}" if isinstance(inner, bytes) else str(inner)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'{{"{escaped}"}}'


def _other(name: str, number: int) -> Value:
    pattern = _OTHERS.get(name)
    if pattern is None:
        return None
    day = _FIRST_DAY.date() + timedelta(days=2 * number)
    return pattern.format(
        n=number,
        k=900_001 + 2 * number,
        l=900_002 + 2 * number,
        day=day,
        next_day=day + timedelta(days=1),
    )


def _from_checks(type_: ValueType, checks: Iterable[str], first: int, engine: EngineName) -> list[Value]:
    """What the checks' own words suggest: their texts and numbers, their neighbours, texts of such lengths."""
    texts: list[str] = []
    numbers: list[int] = []
    for expression in checks:
        for token in significant(expression, "postgres"):
            if token.kind is Kind.STRING:
                texts.append(unquoted(token, "postgres"))
            elif token.kind is Kind.NUMBER and token.text.replace(".", "", 1).isdigit():
                numbers.append(int(float(token.text)))
    if type_.family in {"date", "timestamp"}:
        return [moment for text in texts for moment in _beside(text, type_.family)]
    if type_.family in {"integer", "numeric", "real"}:
        near = [number + step for number in numbers for step in (0, 1, -1, 2, 3)]
        return [n if engine == "sqlite" else str(n) for n in dict.fromkeys((*near, 1, 2, 0, -1, -2))]
    if type_.family not in {"text", "json", "other"}:
        return list(texts)
    filled = [filled for text in texts for filled in _filled(text, first)]
    sized = [_sized(n, length + by) for length in numbers for by in (0, 1, -1) for n in (first, first + 1)]
    fitting = [text for text in (*filled, *sized, *_SHAPED) if type_.length is None or len(text) <= type_.length]
    return list(dict.fromkeys(fitting))


def _beside(text: str, family: str) -> Iterator[str]:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return
    for days in (1, 2, -1, -2):
        found: date = moment + timedelta(days=days)
        yield found.strftime("%Y-%m-%d") if family == "date" else found.strftime("%Y-%m-%d %H:%M:%S")


def _filled(text: str, first: int) -> Iterator[str]:
    """The text itself, and where it may be a pattern of LIKE or GLOB, texts that match it."""
    if _LIKE.search(text) or _CLASS.search(text):
        for number in (first, first + 1):
            literal_class = _CLASS.sub(r"\1", text)
            yield (
                literal_class.replace("%", f"m{number}")
                .replace("*", f"m{number}")
                .replace("_", "m")
                .replace("?", "m")
            )
    yield text


def _sized(number: int, length: int) -> str:
    if not 0 < length <= _LONGEST:
        return ""
    return (f"{number:x}" + "0" * length)[:length]
