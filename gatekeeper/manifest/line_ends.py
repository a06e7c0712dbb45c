"""The hashes that a text would have with other line ends."""

import hashlib
from collections.abc import Iterable


def sha1s(pieces: Iterable[bytes]) -> frozenset[str]:
    """The SHA1, in hexadecimal, of a text with LF throughout and with CRLF throughout; one piece in memory."""
    unix, dos = hashlib.sha1(usedforsecurity=False), hashlib.sha1(usedforsecurity=False)
    held = b""
    for piece in pieces:
        text = held + piece
        # Whether a carriage return belongs to a line end is told by the next piece.
        held = b"\r" if text.endswith(b"\r") else b""
        lines = text.removesuffix(held).replace(b"\r\n", b"\n")
        unix.update(lines)
        dos.update(lines.replace(b"\n", b"\r\n"))
    unix.update(held)
    dos.update(held)
    return frozenset({unix.hexdigest(), dos.hexdigest()})
