"""File names as git has them, and the forms in which they are written down.

Inside the program a path is a ``str`` decoded from git's bytes as UTF-8 with ``surrogateescape``: relative to
the repository's root, ``/`` between segments. Bytes that are not UTF-8 survive as lone surrogates.
"""

import re

_ESCAPES = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}
_UNESCAPES = {letter: code for code, letter in _ESCAPES.items()}
_PLAIN = re.compile(r"[ !#-\[\]-_a-~]*")
_ESCAPE = re.compile(rb'\\([abtnvfr"\\]|[0-3][0-7]{2})')


def decode(raw: bytes) -> str:
    """Git's bytes as the program's path."""
    return raw.decode("utf-8", "surrogateescape")


def encode(path: str) -> bytes:
    """The program's path as git's bytes."""
    return path.encode("utf-8", "surrogateescape")


def c_quoted(path: str) -> str:
    """The name in git's C-quoted form with its quotes: ``"a\\tb"``, every byte beyond ASCII in octal."""
    out = []
    for byte in encode(path):
        if byte in _ESCAPES:
            out.append("\\" + _ESCAPES[byte])
        elif byte < 0x20 or byte >= 0x7F:
            out.append(f"\\{byte:03o}")
        else:
            out.append(chr(byte))
    return '"' + "".join(out) + '"'


def needs_quoting(path: str) -> bool:
    """Whether a packet writes this name C-quoted: not ASCII, controls, backtick, quote, backslash, edge spaces.

    So is a name that is whole of the form ``<...>``, which would be read as the place of a value.
    """
    if path != path.strip(" ") or (path.startswith("<") and path.endswith(">")):
        return True
    return _PLAIN.fullmatch(path) is None


def for_packet(path: str) -> str:
    """The name as a packet's machine block writes it (contract, section 1, Manifest)."""
    return c_quoted(path) if needs_quoting(path) else path


def for_output(path: str) -> str:
    """The name as JSON and terminals show it: raw, C-quoted only where it isn't UTF-8."""
    if path.isascii():
        return path
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return c_quoted(path)
    return path


def from_packet(text: str) -> str:
    """The name that a packet's text stands for: C-quoted text is unquoted, other text is the name itself.

    Raises ValueError if the text begins as a C-quoted name but isn't one.
    """
    if not text.startswith('"'):
        return text
    body = text[1:-1].encode("utf-8", "surrogateescape")
    if len(text) < 2 or not text.endswith('"') or re.search(rb'["\\]', _ESCAPE.sub(b"", body)):
        raise ValueError(f"{text} is not a C-quoted name")

    def plain(match: re.Match[bytes]) -> bytes:
        token = match.group(1)
        letter = token.decode("ascii")
        return bytes([_UNESCAPES[letter] if letter in _UNESCAPES else int(token, 8)])

    return decode(_ESCAPE.sub(plain, body))


def is_sql(path: str) -> bool:
    """Whether a file is named as SQL."""
    return path.endswith(".sql")
