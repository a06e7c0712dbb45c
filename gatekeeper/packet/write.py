"""Lossless edits of single lines: a field's value, a new line after another. Every other byte stays."""

import re

from gatekeeper.packet.markdown import BOM, RawLine, split_lines

_NAMED = re.compile(
    rb"(?P<head>[ \t]*(?:(?:[-*+]|\d+[.)]|#{1,6})[ \t]+)?(?P<mark>\*\*|__|`)?[A-Za-z][^:]*?[ \t]*"
    rb"(?:\*\*|__|`)?[ \t]*:(?:\*\*|__)?)(?P<space>[ \t]*)(?P<value>.*?)(?P<tail>[ \t]*)",
    re.DOTALL,
)


def with_value(data: bytes, line: int, value: str) -> bytes | None:
    """The bytes with this text (ASCII) as the value of the field on that 1-based line; None if none is there."""
    mark, lines = _lines(data)
    match = _NAMED.fullmatch(lines[line - 1].body) if 0 < line <= len(lines) else None
    if match is None:
        return None
    body = match["head"] + (match["space"] or b" ") + value.encode("ascii") + _closing(match) + match["tail"]
    lines[line - 1] = lines[line - 1]._replace(body=body)
    return mark + _joined(lines)


def with_lines_after(data: bytes, line: int, texts: tuple[str, ...]) -> bytes:
    """The bytes with these lines (ASCII) after that 1-based line, ended as that line is.

    The file's last line lacks its end afterwards if it did before. Raises IndexError for a line that isn't there.
    """
    mark, lines = _lines(data)
    before = lines[line - 1]
    end = before.end or next((other.end for other in lines if other.end), b"\n")
    new = [RawLine(text.encode("ascii"), end) for text in texts]
    new[-1] = new[-1]._replace(end=before.end)
    lines[line - 1 : line] = [before._replace(end=end), *new]
    return mark + _joined(lines)


def _lines(data: bytes) -> tuple[bytes, list[RawLine]]:
    mark = BOM if data.startswith(BOM) else b""
    return mark, split_lines(data.removeprefix(BOM))


def _joined(lines: list[RawLine]) -> bytes:
    return b"".join(line.body + line.end for line in lines)


def _closing(match: re.Match[bytes]) -> bytes:
    """The mark that closes a wholly bold line (``**Status: Done**``), whose value it ends."""
    mark = match["mark"] or b""
    return mark if mark and match["head"].count(mark) == 1 else b""
