"""The Markdown that packets are made of: lines, fences, comments, headings, list items, with their numbers."""

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import NamedTuple, TypeVar

from gatekeeper.model.packet import Line

BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*))?")
_CLOSING_MARKS = re.compile(r"(?:^|[ \t])#+$")
_ITEM = re.compile(r"([-*+]|\d{1,9}[.)])(?:[ \t]+|$)")
_OPENING = re.compile(r"(`{3,})[^`]*|(~{3,}).*")
_CLOSING = re.compile(r"`{3,}|~{3,}")


# Of a longer line nothing is remembered: what a hostile file can make a run keep is bounded.
_LONGEST_REMEMBERED = 240
_REMEMBERED = 1 << 13

T = TypeVar("T")


def remembered(function: Callable[[str], T]) -> Callable[[str], T]:
    """The function of one line's text with its answers kept: packets share most of their lines."""
    known = lru_cache(maxsize=_REMEMBERED)(function)

    @wraps(function)
    def asked(text: str) -> T:
        return known(text) if len(text) <= _LONGEST_REMEMBERED else function(text)

    return asked


class PacketUnreadable(ValueError):  # noqa: N818 - named for the rule packet.unreadable
    """The bytes are no text; ``line`` is the 1-based line of the first byte that shows it."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


class Heading(NamedTuple):
    """An ATX heading: its line, its level (1 to 6) and its text without the marks."""

    line: int
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A Markdown file as lines. Numbers are 1-based; fence markers count as fenced lines.

    ``comments`` are the lines of HTML comments, ``whole_comments`` those that are one by themselves.
    ``unclosed`` is the line of the fence or comment that is never closed and so runs to the end.
    """

    lines: tuple[str, ...]
    fenced: frozenset[int]
    fence_openings: frozenset[int]
    fence_marks: frozenset[int]
    comments: frozenset[int]
    whole_comments: frozenset[int]
    unclosed: int | None
    headings: tuple[Heading, ...]
    heading_lines: frozenset[int]

    def text(self, number: int) -> str:
        """The line of that number."""
        return self.lines[number - 1]

    def indent(self, number: int) -> int:
        """The width of that line's leading white space."""
        return indent_of(self.lines[number - 1])

    def item(self, number: int) -> str | None:
        """What follows the marker of the list item on that line, None if it is none."""
        return item_of(self.lines[number - 1])

    def is_blank(self, number: int) -> bool:
        """Whether that line holds nothing but white space."""
        return not self.lines[number - 1] or self.lines[number - 1].isspace()


class RawLine(NamedTuple):
    """A line's bytes and its end: LF, CRLF, CR or, for a last line, nothing."""

    body: bytes
    end: bytes


def split_lines(data: bytes) -> list[RawLine]:
    """The lines, which end with LF or CRLF, and with a lone CR only in a file without any LF."""
    mark = b"\n" if b"\n" in data or b"\r" not in data else b"\r"
    *whole, last = data.split(mark)
    lines = [
        RawLine(body[:-1], b"\r\n") if mark == b"\n" and body.endswith(b"\r") else RawLine(body, mark)
        for body in whole
    ]
    return lines + ([RawLine(last, b"")] if last else [])


def text_lines(data: bytes, path: str) -> tuple[str, ...]:
    """The lines as text without ends; bytes that aren't UTF-8 become U+FFFD, a byte order mark is dropped.

    Raises PacketUnreadable for NUL bytes and UTF-16.
    """
    if data.startswith(_UTF16):
        raise PacketUnreadable(f"{path} is UTF-16; a packet is UTF-8 text, best plain ASCII.", 1)
    if b"\0" in data:
        line = len(split_lines(data[: data.index(b"\0") + 1]))
        raise PacketUnreadable(f"{path}, line {line}, holds a NUL byte; a packet is text.", line)
    if data.isascii() and b"\r" not in data:
        return tuple(data.decode("ascii").removesuffix("\n").split("\n")) if data else ()
    lines = split_lines(data.removeprefix(BOM))
    return tuple(line.body.decode("utf-8", "replace") for line in lines)


def non_ascii_lines(data: bytes) -> tuple[int, ...]:
    """The lines that hold anything beyond ASCII, a byte order mark at the start aside."""
    if data.isascii():
        return ()
    lines = split_lines(data.removeprefix(BOM))
    return tuple(n for n, line in enumerate(lines, 1) if not line.body.isascii())


def indent_of(text: str) -> int:
    """The width of the leading white space in columns, tab stops every four."""
    column = len(text) - len(text.lstrip(" "))
    if not text.startswith("\t", column):
        return column
    for char in text[column:]:
        if char == " ":
            column += 1
        elif char == "\t":
            column += 4 - column % 4
        else:
            break
    return column


@remembered
def item_of(text: str) -> str | None:
    """What follows the marker of a list item, stripped; None if the line is no list item."""
    body = text.lstrip(" \t")
    match = _ITEM.match(body)
    return body[match.end() :].strip() if match else None


def _fence_of(body: str) -> str | None:
    """The run of backticks or tildes with which this line opens a fence."""
    match = _OPENING.fullmatch(body)
    return (match[1] or match[2]) if match else None


class Opaque:
    """Follows fences and HTML comments line by line: in neither does a line mean anything to a packet.

    Either may be indented at will: which indent a list allows depends on lines above that an edit may remove,
    and a fence must stay one whatever stands before it. A comment is CommonMark's HTML block: it opens at the
    start of a line and ends with the line that holds ``-->``.
    """

    def __init__(self) -> None:
        self.fenced: set[int] = set()
        self.openings: set[int] = set()
        self.marks: set[int] = set()
        self.comments: set[int] = set()
        self.whole_comments: set[int] = set()
        self.open_line: int | None = None
        self._run = ""  # the open fence's marks, empty for a comment
        self._indent = 0

    def feed(self, number: int, text: str) -> None:
        """Take the next line."""
        if self.open_line is None:
            self._outside(number, text)
        elif self._run:
            self._in_fence(number, text)
        else:
            self._in_comment(number, text)

    def _in_fence(self, number: int, text: str) -> None:
        self.fenced.add(number)
        body = text.strip()
        closes = _CLOSING.fullmatch(body) and body.startswith(self._run)
        if closes and indent_of(text) <= self._indent + 3:
            self.marks.add(number)
            self.open_line = None

    def _in_comment(self, number: int, text: str) -> None:
        self.comments.add(number)
        if "-->" in text:
            self.open_line = None

    def _outside(self, number: int, text: str) -> None:
        body = text.strip()
        start = 0
        while match := _ITEM.match(body, start):
            start = match.end()
        if body.startswith("<!--", start):
            self.comments.add(number)
            if body.find("-->", start + 2) >= 0:
                self.whole_comments.add(number)
            else:
                self.open_line, self._run = number, ""
        elif run := _fence_of(body[start:]):
            self.open_line, self._run, self._indent = number, run, indent_of(text) + start
            self.fenced.add(number)
            self.openings.add(number)
            self.marks.add(number)


def may_open(text: str) -> bool:
    """Whether a line holds anything that opens a fence or a comment."""
    return "<!--" in text or "```" in text or "~~~" in text


def heading_at(number: int, text: str) -> Heading | None:
    """The ATX heading that a line outside fences is, None for another line."""
    found = _heading(text)
    return Heading(number, *found) if found else None


@remembered
def _heading(text: str) -> tuple[int, str] | None:
    """The level and the words."""
    match = _HEADING.fullmatch(text.rstrip())
    return (len(match[1]), _CLOSING_MARKS.sub("", (match[2] or "").strip()).strip()) if match else None


_OPENS, _HEADS = 1, 2


def _told(text: str) -> int:
    """Whether a line by itself may open a fence or comment, and whether it may be a heading."""
    return _OPENS * may_open(text) | _HEADS * ("#" in text[:4])


_known_told = lru_cache(maxsize=_REMEMBERED)(_told)


def _remarkable(lines: Sequence[str]) -> tuple[list[int], list[int]]:
    """The numbers of the lines that may open a fence or comment, and of those that may be headings."""
    is_long = max(map(len, lines), default=0) > _LONGEST_REMEMBERED
    told = bytes(map(_told if is_long else _known_told, lines))
    found = [*itertools.compress(zip(itertools.count(1), told), told)]
    return [number for number, kind in found if kind & _OPENS], [number for number, kind in found if kind & _HEADS]


def _opaque(lines: Sequence[str], opens: Sequence[int]) -> Opaque:
    """Fences and comments; ``opens`` are the lines that may open one, all others matter only where one is open."""
    opaque = Opaque()
    after = 0
    for number in opens:
        if number <= after:
            continue
        after = number
        opaque.feed(number, lines[number - 1])
        while opaque.open_line is not None and after < len(lines):
            after += 1
            opaque.feed(after, lines[after - 1])
    return opaque


def document(lines: tuple[str, ...]) -> Document:
    """Lines as a document: CommonMark's ATX headings, fences and comments, those below list items included."""
    opens, heads = _remarkable(lines)
    opaque = _opaque(lines, opens)
    hidden = opaque.fenced | opaque.comments
    found = (heading_at(number, lines[number - 1]) for number in heads if number not in hidden)
    headings = tuple(heading for heading in found if heading is not None)
    return Document(
        lines=lines,
        fenced=frozenset(opaque.fenced),
        fence_openings=frozenset(opaque.openings),
        fence_marks=frozenset(opaque.marks),
        comments=frozenset(opaque.comments),
        whole_comments=frozenset(opaque.whole_comments),
        unclosed=opaque.open_line,
        headings=headings,
        heading_lines=frozenset(heading.line for heading in headings),
    )


def items_between(doc: Document, first: int, last: int) -> tuple[Line, ...]:
    """List items (markers removed, wrapped lines joined) and other lines; fenced lines stand as they are.

    Fence markers, comments, headings and blank lines are left out.
    """
    found: list[Line] = []
    item_indent: int | None = None  # of the list item that a following line may continue
    for number in range(first, last + 1):
        if number in doc.comments:
            continue
        if number in doc.fenced or number in doc.heading_lines or doc.is_blank(number):
            item_indent = None
            if number in doc.fenced and number not in doc.fence_marks:
                found.append(Line(text=doc.text(number), line=number))
            continue
        body = doc.item(number)
        words = doc.text(number).strip() if body is None else body
        if body is None and item_indent is not None and doc.indent(number) > item_indent:
            found[-1] = Line(text=f"{found[-1].text} {words}".strip(), line=found[-1].line)
            continue
        item_indent = None if body is None else doc.indent(number)
        found.append(Line(text=words, line=number))
    return tuple(found)


def without_note(text: str) -> tuple[str, str | None]:
    """The text without the parenthesis that ends it, and what that parenthesis holds.

    A parenthesis ends a text only if white space stands before it or it is the whole text.
    """
    text = text.strip()
    if not text.endswith(")"):
        return text, None
    depth = 0
    for index in range(len(text) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(text[index], 0)
        if depth == 0:
            if index and not text[index - 1].isspace():
                return text, None
            return text[:index].rstrip(), text[index + 1 : -1].strip()
    return text, None


def without_backticks(text: str) -> str:
    """What a code span holds if the whole text is one, else the text itself."""
    text = text.strip()
    run = len(text) - len(text.lstrip("`"))
    inner = text[run:-run] if run else ""
    if not inner or not text.endswith("`" * run) or inner.endswith("`"):
        return text
    quoted = len(inner) > 1 and inner[0] == inner[-1] == '"'
    return inner if "`" * run not in inner or quoted else text
