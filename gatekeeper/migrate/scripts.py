"""A migration's text: read from bytes, cut out of a file that holds up and down, split for an engine."""

import hashlib
import re
from dataclasses import dataclass

from gatekeeper.migrate.statements import Split, split
from gatekeeper.model.proof import SourceFile
from gatekeeper.sql import Dialect

LARGEST = 10 * 1024 * 1024

# goose, sql-migrate, dbmate, and the plain form, which takes a whole line of its own.
_MARKER = re.compile(
    r"^[ \t]*--[ \t]*(?:(?:\+goose|\+migrate)[ \t]+|migrate:)(?P<tool>up|down)\b(?P<rest>[^\n]*)"
    r"|^[ \t]*--[ \t]*(?P<plain>up|down)[ \t]*:?[ \t]*\r?$",
    re.IGNORECASE | re.MULTILINE,
)
_DIRECTIVE = re.compile(r"[ \t]*--\s*gate:", re.IGNORECASE)
_NO_TRANSACTION = re.compile(r"notransaction|transaction:\s*false", re.IGNORECASE)
_GOOSE_NO_TRANSACTION = re.compile(
    r"^[ \t]*--[ \t]*\+goose[ \t]+NO[ \t]+TRANSACTION\b", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Script:
    """What is run for one direction of one version.

    ``text`` keeps the line numbers of the file; ``problem`` says why there is none to run. ``no_transaction``
    is set where the file itself asks to be run outside a transaction.
    """

    path: str
    text: str
    problem: str | None = None
    line: int | None = None
    no_transaction: bool = False

    def split(self, dialect: Dialect, *, guards: bool = False) -> Split:
        """Its statements as the engine's own shell finds them; ``guards`` as in ``statements.split``."""
        return split(self.text, dialect, guards=guards)

    @property
    def is_blank(self) -> bool:
        """Whether it holds neither a statement nor a comment."""
        return self.problem is None and not self.text.strip(" \t\r\n;")


def sha256(file: SourceFile) -> str:
    """SHA-256 (hex) of the file's bytes."""
    return hashlib.sha256(file.content).hexdigest()


def whole(file: SourceFile) -> Script:
    """The file as one script; a byte order mark is dropped, bytes that are no text are its ``problem``."""
    if len(file.content) > LARGEST:
        size = len(file.content) / (1024 * 1024)
        return Script(file.path, "", f"The file holds {size:.1f} MB; more than 10 MB is no migration.")
    content = file.content
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        return Script(file.path, "", f"The file is not UTF-8: line {line} holds the byte 0x{byte:02x}.", line)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        return Script(file.path, "", f"The file is no SQL text: line {line} holds a NUL.", line)
    return Script(file.path, text, no_transaction=bool(_GOOSE_NO_TRANSACTION.search(text)))


def has_sections(file: SourceFile) -> bool:
    """Whether the file marks its up (and, in the plain form, its down) within itself."""
    found = list(_MARKER.finditer(whole(file).text))
    plain = {match.group("plain").lower() for match in found if match.group("plain")}
    return any(match.group("tool") for match in found) or plain == {"up", "down"}


def sections(file: SourceFile) -> tuple[Script, Script | None]:
    """The up and the down of a file that holds both; lines of the other section are blank in each."""
    script = whole(file)
    if script.problem:
        return script, script
    markers = list(_MARKER.finditer(script.text))
    parts: dict[str, list[str]] = {}
    off: dict[str, bool] = {}
    # A directive above the first marker speaks of the up; dropped with its surroundings it would be lost unsaid.
    above = script.text[: markers[0].start()].split("\n") if markers else []
    kept = [line if _DIRECTIVE.match(line) else "" for line in above]
    if any(kept):
        parts["up"] = kept + [""] * (script.text.count("\n") + 1 - len(kept))
    for at, marker in enumerate(markers):
        name = (marker.group("tool") or marker.group("plain")).lower()
        end = markers[at + 1].start() if at + 1 < len(markers) else len(script.text)
        lines = parts.setdefault(name, [""] * (script.text.count("\n") + 1))
        first = script.text.count("\n", 0, marker.end()) + 1
        for number, line in enumerate(script.text[marker.end() : end].split("\n")[1:], start=first):
            lines[number] = line or lines[number]
        off[name] = off.get(name, script.no_transaction) or bool(
            _NO_TRANSACTION.search(marker.group("rest") or "")
        )
    made = {name: Script(file.path, "\n".join(lines), no_transaction=off[name]) for name, lines in parts.items()}
    return made.get("up", Script(file.path, "")), made.get("down")
