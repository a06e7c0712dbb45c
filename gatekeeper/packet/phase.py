"""Where a packet stands: phase headings and the lines that approve the skeleton (contract, section 1)."""

import re
from collections.abc import Mapping

from gatekeeper.model.packet import Phase, Section
from gatekeeper.packet.markdown import Document

_WORDS = "SKELETON APPROVED"
# What may follow the words is a signature, a date, a parenthesis or other punctuation, "by" or "on"; a plain
# word ("is required", "must follow") makes a sentence about approval of the line, which approves nothing.
_APPROVAL = re.compile(
    rf" {{0,3}}(?:\*\*)?{_WORDS}(?:\*\*)?(?:$|[ \t]*[^\s\w?\"'`/|*]|[ \t]+(?:by|on)\b|[ \t]+\S*\d)"
)


def is_approval(text: str) -> bool:
    """Whether the line begins with the words SKELETON APPROVED and isn't prose about them."""
    return _APPROVAL.match(text.rstrip()) is not None


def phase_of(doc: Document, sections: Mapping[str, Section]) -> Phase:
    """The lines of the phases' headings, and the approvals within SKELETON, outside fences and comments.

    ``sections`` are the first ones of each name.
    """
    bootstrap, skeleton, work = (sections.get(name) for name in ("BOOTSTRAP", "SKELETON", "IMPLEMENTATION"))
    body = enumerate(doc.lines[skeleton.start : skeleton.end], skeleton.start + 1) if skeleton else ()
    said = [number for number, text in body if _WORDS in text and is_approval(text)]
    return Phase(
        bootstrap=bootstrap.start if bootstrap else None,
        skeleton=skeleton.start if skeleton else None,
        implementation=work.start if work else None,
        approvals=tuple(number for number in said if number not in doc.fenced and number not in doc.comments),
    )
