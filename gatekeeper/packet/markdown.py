"""The Markdown that packets are made of: lines, fences, comments, headings, list items, with their numbers."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gatekeeper.model.packet import Line, Marker, Section
from gatekeeper.packet.remembered import remembered

BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*))?")
_CLOSING_MARKS = re.compile(r"(?:^|[ \t])#+$")
_ITEM = re.compile(r"([-*+]|\d{1,9}[.)])(?:[ \t]+|$)")
_OPENING = re.compile(r"(`{3,})[^`]*|(~{3,}).*")
_CLOSING = re.compile(r"`{3,}|~{3,}")
# Where a line may open or close a fence, open a comment or be a heading: before the mark stand white space and
# list markers, if anything.
_MARKED = re.compile(r"\n[^a-zA-Z\n#<`~\[]*+(?:#|<!--|```|~~~)")


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


class Document(NamedTuple):
    """A Markdown file as lines. Numbers are 1-based; fence markers count as fenced lines.

    ``comments`` are the lines of HTML comments, ``whole_comments`` those that are one by themselves; ``special``
    are fenced lines, comments and headings. ``unclosed`` is the line of the fence or comment that is never closed
    and so runs to the end.
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
    special: frozenset[int]

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


def item_of(text: str) -> str | None:
    """What follows the marker of a list item, stripped; None if the line is no list item."""
    body = text.lstrip(" \t")
    match = _ITEM.match(body)
    return body[match.end() :].strip() if match else None


class Form(NamedTuple):
    """What a line is by itself: its indent, what follows its list marker, and that or else the line, stripped."""

    indent: int
    item: str | None
    words: str
    is_blank: bool


@remembered
def form_of(text: str) -> Form:
    """The form of a line."""
    item = item_of(text)
    words = text.strip()
    return Form(indent_of(text), item, words if item is None else item, not words)


def _fence_of(body: str) -> str | None:
    """The run of backticks or tildes with which this line opens a fence."""
    match = _OPENING.fullmatch(body)
    return (match[1] or match[2]) if match else None


_WHOLE = "-->"


@remembered
def _opened_by(text: str) -> tuple[str, int] | None:
    """What a line opens: a fence's run of marks and its indent; no run for a comment, ``-->`` for a whole one."""
    body = text.strip()
    start = 0
    while match := _ITEM.match(body, start):
        start = match.end()
    if body.startswith("<!--", start):
        return _WHOLE if body.find("-->", start + 2) >= 0 else "", 0
    run = _fence_of(body[start:])
    return (run, indent_of(text) + start) if run else None


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

    @property
    def in_comment(self) -> bool:
        """Whether a comment is open."""
        return self.open_line is not None and not self._run

    def feed(self, number: int, text: str) -> None:
        """Take the next line; within a fence those without its marks may be left out, and are then not in it."""
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
        found = _opened_by(text)
        if found is None:
            return
        run, indent = found
        if run == _WHOLE:
            self.comments.add(number)
            self.whole_comments.add(number)
            return
        self.open_line, self._run, self._indent = number, run, indent
        if not run:
            self.comments.add(number)
        else:
            self.fenced.add(number)
            self.openings.add(number)
            self.marks.add(number)


def heading_at(number: int, text: str) -> Heading | None:
    """The ATX heading that a line outside fences is, None for another line."""
    found = _heading(text)
    return Heading(number, *found) if found else None


@remembered
def _heading(text: str) -> tuple[int, str] | None:
    """The level and the words."""
    match = _HEADING.fullmatch(text.rstrip())
    return (len(match[1]), _CLOSING_MARKS.sub("", (match[2] or "").strip()).strip()) if match else None


def _remarkable(lines: Sequence[str]) -> tuple[list[int], list[int]]:
    """The numbers of lines that may open or close a fence or open a comment, and of those that may be headings.

    They are searched for in the whole text: most lines are neither, and to look at each takes far longer.
    """
    text = "\n".join(("", *lines))
    opens: list[int] = []
    heads: list[int] = []
    number, before = 0, 0
    for match in _MARKED.finditer(text):
        end = match.end()
        number += text.count("\n", before, end)
        before = end
        (heads if text[end - 1] == "#" else opens).append(number)
    return opens, heads


def _opaque(lines: Sequence[str], opens: Sequence[int]) -> Opaque:
    """Fences and comments; ``opens`` are the lines that may open or close one, a comment's end aside."""
    opaque = Opaque()
    after = 0
    for number in opens:
        if number <= after:
            continue
        after, opened = number, opaque.open_line
        opaque.feed(number, lines[number - 1])
        if opened is not None and opaque.open_line is None:
            opaque.fenced.update(range(opened, number))
        while opaque.in_comment and after < len(lines):
            after += 1
            opaque.feed(after, lines[after - 1])
    if opaque.open_line is not None and not opaque.in_comment:
        opaque.fenced.update(range(opaque.open_line, len(lines) + 1))
    return opaque


def document(lines: tuple[str, ...]) -> Document:
    """Lines as a document: CommonMark's ATX headings, fences and comments, those below list items included."""
    opens, heads = _remarkable(lines)
    opaque = _opaque(lines, opens)
    hidden = opaque.fenced | opaque.comments
    headings = tuple(
        tuple.__new__(Heading, (number, *found))
        for number in heads
        if number not in hidden and (found := _heading(lines[number - 1])) is not None
    )
    heading_lines = frozenset([heading.line for heading in headings])
    return Document(
        lines=lines,
        fenced=frozenset(opaque.fenced),
        fence_openings=frozenset(opaque.openings),
        fence_marks=frozenset(opaque.marks),
        comments=frozenset(opaque.comments),
        whole_comments=frozenset(opaque.whole_comments),
        unclosed=opaque.open_line,
        headings=headings,
        heading_lines=heading_lines,
        special=heading_lines | hidden,
    )


def silenced(lines: Sequence[str], numbers: Iterable[int], spans: Iterable[Marker | Section]) -> list[str]:
    """The lines, those empty that have one of the numbers or stand in one of the spans."""
    left = [*lines]
    for number in numbers:
        left[number - 1] = ""
    for span in spans:
        left[span.start - 1 : span.end] = [""] * (span.end - span.start + 1)
    return left


def items_in(doc: Document, numbers: Iterable[int]) -> tuple[Line, ...]:
    """List items (markers removed, wrapped lines joined) and other lines; fenced lines stand as they are.

    Fence markers, comments, headings and blank lines are left out.
    """
    found: list[Line] = []
    item_indent: int | None = None  # of the list item that a following line may continue
    for number in numbers:
        text = doc.lines[number - 1]
        indent, item, words, is_blank = form_of(text)
        if is_blank or number in doc.special:
            if number not in doc.comments:
                item_indent = None
            if number in doc.fenced and number not in doc.fence_marks:
                found.append(Line(text, number))
        elif item is None and item_indent is not None and indent > item_indent:
            found[-1] = Line(f"{found[-1].text} {words}".strip(), found[-1].line)
        else:
            item_indent = None if item is None else indent
            found.append(tuple.__new__(Line, (words, number)))
    return tuple(found)


def without_note(text: str) -> tuple[str, str | None]:
    """The text without the parenthesis that ends it, and what that parenthesis holds.

    A parenthesis ends a text only if white space stands before it or it is the whole text.
    """
    text = text.strip()
    if not text.endswith(")"):
        return text, None
    first = text.rfind("(")
    if ")" not in text[first:-1]:
        return _cut_at(text, first) if first >= 0 else (text, None)
    depth = 0
    for index in range(len(text) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(text[index], 0)
        if depth == 0:
            return _cut_at(text, index)
    return text, None


def _cut_at(text: str, index: int) -> tuple[str, str | None]:
    """The text before the parenthesis that opens there and ends the text, and what it holds."""
    if index and not text[index - 1].isspace():
        return text, None
    return text[:index].rstrip(), text[index + 1 : -1].strip()


def bare_text(text: str) -> str:
    """The text without the parenthesis that ends it and without the backticks of the code span that is left."""
    text = text.strip()
    return without_backticks(without_note(text)[0]) if text.endswith((")", "`")) else text


def without_backticks(text: str) -> str:
    """What a code span holds if the whole text is one, else the text itself."""
    text = text.strip()
    if not text.startswith("`"):
        return text
    run = len(text) - len(text.lstrip("`"))
    inner = text[run:-run]
    if not inner or not text.endswith("`" * run) or inner.endswith("`"):
        return text
    quoted = len(inner) > 1 and inner[0] == inner[-1] == '"'
    return inner if "`" * run not in inner or quoted else text
