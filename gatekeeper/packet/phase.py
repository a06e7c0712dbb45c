"""Where a packet stands: phase headings and the lines that approve the skeleton (contract, section 1)."""

import re

from gatekeeper.model.packet import Phase, Section
from gatekeeper.packet.markdown import Document
from gatekeeper.packet.sections import first_section

_WORDS = "SKELETON APPROVED"
# What may follow the words is a signature, a date, a parenthesis or other punctuation, "by" or "on"; a plain
# word ("is required", "must follow") makes a sentence about approval of the line, which approves nothing.
_APPROVAL = re.compile(
    rf" {{0,3}}(?:\*\*)?{_WORDS}(?:\*\*)?(?:$|[ \t]*[^\s\w?\"'`/|*]|[ \t]+(?:by|on)\b|[ \t]+\S*\d)"
)


def is_approval(text: str) -> bool:
    """Whether the line begins with the words SKELETON APPROVED and isn't prose about them."""
    return _APPROVAL.match(text.rstrip()) is not None


def phase_of(doc: Document, sections: tuple[Section, ...]) -> Phase:
    """The lines of the phases' first headings, and the approvals within SKELETON, outside fences and comments."""

    def line(name: str) -> int | None:
        found = first_section(sections, name)
        return found.start if found else None

    skeleton = first_section(sections, "SKELETON")
    body = range(skeleton.start + 1, skeleton.end + 1) if skeleton else ()
    hidden = doc.fenced | doc.comments
    return Phase(
        bootstrap=line("BOOTSTRAP"),
        skeleton=line("SKELETON"),
        implementation=line("IMPLEMENTATION"),
        approvals=tuple(n for n in body if _WORDS in doc.text(n) and n not in hidden and is_approval(doc.text(n))),
    )
