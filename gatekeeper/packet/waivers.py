"""Waiver records: ``- ID | rule or prefix | paths | reason | approver | date | expiry`` (contract, section 1)."""

import datetime as dt
import re

from gatekeeper.model.packet import MalformedLine, Section, Waiver
from gatekeeper.packet.markdown import Document, without_backticks, without_note

_PARTS = ("ID", "rule or prefix", "paths", "reason", "approver", "date", "expiry")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_NO_EXPIRY = frozenset({"", "none", "-"})


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _paths(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (without_backticks(path) for path in re.split(r"[,\s]+", text))))


def read_waiver(text: str, line: int) -> Waiver:
    """The record in a list item's text. Raises ValueError with a sentence that says what is wrong."""
    parts = [part.strip() for part in text.split("|")]
    if len(parts) != len(_PARTS):
        wanted = " | ".join(_PARTS)
        raise ValueError(f"A waiver has seven parts, {wanted}; this line has {len(parts)}.")
    record = dict(zip(_PARTS, parts, strict=True))
    record["expiry"] = "" if record["expiry"].lower() in _NO_EXPIRY else record["expiry"]
    paths = _paths(record["paths"])
    empty = [name for name in _PARTS if not record[name] and name != "expiry"]
    if not paths and "paths" not in empty:
        empty.append("paths")
    if empty:
        raise ValueError(f"This waiver has no {' and no '.join(empty)}.")
    for name in ("date", "expiry"):
        if record[name] and not _is_date(record[name]):
            raise ValueError(f"The waiver's {name} is {record[name]}; a date is written YYYY-MM-DD.")
    return Waiver(
        id=without_backticks(record["ID"]),
        rule=without_backticks(record["rule or prefix"]),
        paths=paths,
        reason=record["reason"],
        approver=record["approver"],
        date=record["date"],
        expires=record["expiry"],
        line=line,
    )


def _is_ignored(text: str) -> bool:
    return without_note(text.rstrip("."))[0].upper() in {"", "NONE"}


def waivers_of(doc: Document, section: Section | None) -> tuple[tuple[Waiver, ...], tuple[MalformedLine, ...]]:
    """The section's well-formed waivers, and every other list item or table row that stands where one should.

    What is indented below a list item belongs to it and is malformed with it, not once more.
    """
    waivers: list[Waiver] = []
    malformed: list[MalformedLine] = []
    inside: int | None = None  # indent of the list item that following deeper lines belong to
    for number in range(section.start + 1, section.end + 1) if section else ():
        text = doc.text(number)
        if number in doc.special or doc.is_blank(number):
            continue
        item = doc.item(number)
        words = text.strip() if item is None else item
        nested = inside is not None and doc.indent(number) > inside
        if not nested:
            inside = doc.indent(number) if item is not None else None
        if _is_ignored(words) or ("|" not in words and (nested or item is None)):
            continue
        try:
            if item is None:
                raise ValueError("A waiver is a list item: write - before it.")  # noqa: TRY301 - one place collects
            waivers.append(read_waiver(words, number))
        except ValueError as error:
            malformed.append(MalformedLine(text=words, line=number, problem=str(error)))
    return tuple(waivers), tuple(malformed)
