"""A packet at a glance: the dozen values that tell where it stands, in a fiftieth of the time of parsing it whole.

One pattern picks the lines that may matter; what they mean is asked of the parser's own functions. A test holds
the answers against the parser's on every packet that it knows.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from gatekeeper.packet.fields import named_value
from gatekeeper.packet.manifest_blocks import CLOSING, OPENING
from gatekeeper.packet.markdown import BOM, Opaque, heading_at, text_lines
from gatekeeper.packet.phase import is_approval
from gatekeeper.packet.remembered import remembered
from gatekeeper.packet.sections import bare_name, canonical_name, is_report_name

_NAMES = frozenset(
    {
        *("STATUS", "USER_SIGNATURE", "REFINEMENT_FILE", "AGENT_ID", "REQUESTOR"),
        *("USER_REVIEW_STATUS", "CLEARLY_COVERS_VERDICT", "ENRICHMENT_NEEDED"),
    }
)
# Lines that begin as headings, fences, markers, approvals and the names asked for do; three letters tell nearly
# all, and a pattern that says no more is fast.
_LINES = re.compile(
    r"^[-*+ \t\d.)_`]*(?:#|<!--|~~~|(?<=```)|[Ss](?:[Tt][Aa]|[Kk][Ee])|[Uu][Ss][Ee]|[Rr][Ee][FfQq]|[Aa][Gg][Ee]"
    r"|[Cc][Ll][Ee]|[Ee][Nn][Rr]).*",
    re.MULTILINE,
)
_NAMED = re.compile(
    r"[-*+ \t\d.)_`]*(?:status|user[ \t_-]|refinement|agent|requestor|clearly|enrichment)[^:]*:", re.IGNORECASE
)
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]+|$)")
# A value that is a placeholder whole (contract, section 1, Required), on its line; comments are none.
_OPEN = re.compile(
    rb"^[ \t]*(?:(?:[-*+]|\d+[.)])[ \t]+)?(?:(?:\*\*)?([A-Za-z][\w ]{0,60}):(?:\*\*)?[ \t]*)?"
    rb"`?(?:<(?!!--|/)[^<>\n]*>|\{[^{}\n]*\}|TBD|TODO)`?[ \t]*\r?$",
    re.IGNORECASE | re.MULTILINE,
)
_BY_SIGNING = {b"USER_SIGNATURE", b"USER_APPROVAL_EVIDENCE"}


@dataclass(slots=True)
class Glance:
    """What was seen.

    ``fields`` are the first values of the names asked for, by normalised name, STATUS that of METADATA where it
    has one. ``approvals`` are the approval lines, ``result`` the attributes of the last result block.
    """

    fields: dict[str, str] = field(default_factory=dict)
    approvals: list[str] = field(default_factory=list)
    result: dict[str, str] = field(default_factory=dict)


def glance(data: bytes, path: str) -> Glance:
    """The values of a packet or a refinement. Raises PacketUnreadable as parsing does."""
    if b"\0" in data or data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        text_lines(data, path)
    text = data.removeprefix(BOM).decode("utf-8", "replace").replace("\r\n", "\n")
    text = text if "\n" in text else text.replace("\r", "\n")
    look = _Look(text)
    for match in _LINES.finditer(text):
        if match.start() >= look.hidden_to:
            look.at(match.start() + 1, match[0])
    look.give_up()
    return look.seen


def open_values(data: bytes) -> bool:
    """Whether a value is left as a placeholder, those aside that signing fills."""
    return any((match[1] or b"").strip().upper() not in _BY_SIGNING for match in _OPEN.finditer(data))


class _Look:
    """Goes through the lines that may matter, in their order."""

    def __init__(self, text: str) -> None:
        self.seen = Glance()
        self.hidden_to = 0
        """The place up to which a comment that was opened hides every line."""
        self._text = text
        self._fences = Opaque()
        # The level of the first section of that name while it lasts, 0 after its end.
        self._levels: dict[str, int] = {}
        self._known: set[str] = set()
        self._status_within = False
        self._block: tuple[str, str] | None = None
        # What stands in a machine block is nobody's statement, if the block is closed.
        self._within: list[tuple[str, str]] = []

    def at(self, place: int, text: str) -> None:
        """Look at a line; ``place`` is a number that only grows."""
        inside = self._fences.open_line is not None
        if "```" in text or "~~~" in text:
            self._fences.feed(place, text)
            if place in self._fences.fenced:
                return
        elif inside:
            return
        if text.lstrip(" ").startswith("#") and (found := _heading(text)) is not None:
            self._heading(*found)
            return
        body = text.strip()
        if body.startswith("<!--", start := _after_markers(body)):
            if body.find("-->", start + 2) < 0:
                self._hide(place)
            elif self._levels.get("VALIDATION"):
                self._marker(body)
        elif self._levels.get("SKELETON") and "IMPLEMENTATION" not in self._known and is_approval(text):
            self.seen.approvals.append(text.replace("**", "").strip())
        elif _NAMED.match(text) and (pair := _pair(text)) is not None:
            self._field(*pair)

    def _hide(self, place: int) -> None:
        end = self._text.find("-->", self._text.find("\n", place - 1) + 1 or len(self._text))
        line_end = self._text.find("\n", end) if end >= 0 else -1
        self.hidden_to = line_end if line_end >= 0 else len(self._text)

    def _heading(self, level: int, name: str, pair: tuple[str, str] | None) -> None:
        for known, outer in self._levels.items():
            if level <= outer:
                self._levels[known] = 0
        if name not in self._known:
            self._known.add(name)
            self._levels[name] = level
        if self._levels.get("VALIDATION") and is_report_name(name):
            self._levels["VALIDATION"] = 0
        self.give_up()
        if pair is not None:
            self._field(*pair)

    def give_up(self) -> None:
        """The block that is open is none, for it is never closed."""
        self._block = None
        for name, value in self._within:
            self._field(name, value)
        self._within.clear()

    def _field(self, name: str, value: str) -> None:
        if self._block is not None:
            self._within.append((name, value))
            return
        if name == "STATUS" and self._levels.get("METADATA") and not self._status_within:
            self.seen.fields[name] = value
            self._status_within = True
        self.seen.fields.setdefault(name, value)

    def _marker(self, body: str) -> None:
        if match := OPENING.fullmatch(body):
            self.give_up()
            self._block = (match[1], match[2])
        elif (match := CLOSING.fullmatch(body)) and self._block and self._block[0] == match[1]:
            if match[1] == "result":
                self.seen.result = dict(pair.split("=", 1) for pair in self._block[1].split())
            self._block = None
            self._within.clear()


def _after_markers(body: str) -> int:
    start = 0
    while match := _ITEM.match(body, start):
        start = match.end()
    return start


@lru_cache(maxsize=4096)
def _heading(text: str) -> tuple[int, str, tuple[str, str] | None] | None:
    """A heading's level, its canonical name, and the field that it gives if it is one of those asked for."""
    found = heading_at(1, text)
    if found is None:
        return None
    pair = named_value(found.text)
    name = _plain(pair[0]) if pair and pair[1] else ""
    field_of_name = (name, pair[1]) if pair and name in _NAMES else None
    return found.level, canonical_name(bare_name(found.text)), field_of_name


@remembered
def _pair(text: str) -> tuple[str, str] | None:
    """The normalised name and the value of a field of the names asked for."""
    match = _ITEM.match(text)
    pair = named_value(text[match.end() :].strip() if match else text.strip())
    name = _plain(pair[0]) if pair else ""
    return (name, pair[1]) if pair and name in _NAMES else None


def _plain(name: str) -> str:
    """A field's name as ``Packet.field`` compares it."""
    return bare_name(name).upper().replace("-", "_").replace(" ", "_")
