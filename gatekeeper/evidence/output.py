"""What a command said, as one would read it on a terminal."""

import re

TAIL_LINES = 10
TAIL_WIDTH = 200
"""Characters of a line that a tail keeps."""

_TAIL_BYTES = 100_000

# ECMA-48: control sequences, operating system commands up to their terminator, other escapes of one character.
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])|\x9b[0-?]*[ -/]*[@-~]"
)


# A URL is shown without its password (contract, section 4); the log itself is kept as it is.
_PASSWORD = re.compile(r"(://[^\s:/@]{0,200}):[^\s/@]{1,200}@")


def plain(line: str) -> str:
    """The line without escapes, as it stood after its last carriage return, without white space at its end."""
    bare = _ESCAPES.sub("", line).rstrip()
    return bare.rsplit("\r", 1)[-1].rstrip()


def tail_of(log: bytes) -> tuple[str, ...]:
    """The last lines that hold text, each cut to a width that reads well."""
    lines = log[-_TAIL_BYTES:].decode("utf-8", "replace").split("\n")
    kept = [_PASSWORD.sub(r"\1:***@", text) for line in lines if (text := plain(line))]
    return tuple(
        text if len(text) <= TAIL_WIDTH else f"{text[: TAIL_WIDTH - 3]}..." for text in kept[-TAIL_LINES:]
    )
