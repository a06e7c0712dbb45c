"""A marked place in a Markdown file: the machine's lines between two markers, everything else untouched."""

from collections import Counter

from gatekeeper.packet.markdown import BOM, document, split_lines, text_lines


class NoMarkedPlace(ValueError):  # noqa: N818 - says what is missing, as in a sentence
    """The file holds text but no place of that name, or more than one; the message completes "FILE ..."."""


def with_marked(data: bytes, opening: str, closing: str, text: str) -> bytes:
    """The bytes with this text (ASCII, LF) between the two marker lines, in the file's own line ends.

    An empty file becomes the markers and the text. Markers in code fences don't count. Raises NoMarkedPlace;
    PacketUnreadable for what is no text.
    """
    body = text.rstrip("\n").split("\n")
    if not data.removeprefix(BOM).strip():
        return "".join(f"{line}\n" for line in (opening, *body, closing)).encode("ascii")
    doc = document(text_lines(data, "it"))
    outside = [(n, line.strip()) for n, line in enumerate(doc.lines, 1) if n not in doc.fenced]
    starts, ends = ([n for n, line in outside if line == marker] for marker in (opening, closing))
    if not starts and not ends:
        raise NoMarkedPlace(f"holds other text and no line {opening}")
    if len(starts) != 1 or len(ends) != 1 or starts[0] > ends[0]:
        raise NoMarkedPlace(f"must hold one line {opening} and, below it, one line {closing}")
    mark = BOM if data.startswith(BOM) else b""
    lines = split_lines(data.removeprefix(BOM))
    counts = Counter(line.end for line in lines if line.end)
    end = counts.most_common(1)[0][0]
    head = b"".join(line.body + line.end for line in lines[: starts[0]])
    tail = b"".join(line.body + line.end for line in lines[ends[0] - 1 :])
    return mark + head + b"".join(line.encode("ascii") + end for line in body) + tail
