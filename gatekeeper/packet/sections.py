"""Sections of a packet: headings by their canonical names (contract, section 1)."""

import re
from collections.abc import Sequence

from gatekeeper.model.packet import Section
from gatekeeper.packet.markdown import Document, without_note
from gatekeeper.packet.remembered import remembered

_KNOWN = (
    "METADATA",
    "TECHNICAL_REFINEMENT",
    "SCOPE",
    "IN_SCOPE_PATHS",
    "OUT_OF_SCOPE",
    "WAIVERS GRANTED",
    "QUALITY_GATE",
    "TEST_PLAN",
    "DONE_MEANS",
    "ROLLBACK_HINT",
    "AUTHORITY",
    "LINEAGE_AUDIT",
    "BOOTSTRAP",
    "FILES_TO_OPEN",
    "SEARCH_TERMS",
    "RUN_COMMANDS",
    "RISK_MAP",
    "SKELETON",
    "IMPLEMENTATION",
    "HYGIENE",
    "VALIDATION",
    "STATUS_HANDOFF",
    "EVIDENCE",
    "VALIDATION_REPORTS",
)
_RULE_ID = re.compile(r"[ \t]*\[CX-[^\]]*\]$")
_EMPHASIS = re.compile(r"(\*\*|__|\*|_|`)(.+)\1")
_REPORT = re.compile(r"VALIDAT(?:ION|OR)_REPORTS?(?![A-Z])")


@remembered
def plain_name(name: str) -> str:
    """The name for comparison: upper case, with ``_`` for spaces and hyphens."""
    return re.sub(r"[ \t_-]+", "_", name.strip()).upper()


_CANONICAL = {plain_name(name): name for name in _KNOWN}


def canonical_name(name: str) -> str:
    """The name of a section that the contract knows, else the bare name itself."""
    return _CANONICAL.get(plain_name(name), name)


@remembered
def bare_name(text: str) -> str:
    """A heading's or field's name without emphasis, a closing colon, and trailing ``[CX-…]`` and parentheses."""
    text = text.strip()
    for _ in range(8):  # layers, far more than anyone writes; a hostile heading must not cost its length squared
        emphasised = _EMPHASIS.fullmatch(text)
        shorter = emphasised[2] if emphasised else _RULE_ID.sub("", text.removesuffix(":").rstrip())
        shorter = without_note(shorter)[0] or shorter
        if shorter == text:
            break
        text = shorter.strip()
    return text


def _ends(doc: Document) -> list[int]:
    """Each section's last line: the one before the next heading of its level or above."""
    ends = [len(doc.lines)] * len(doc.headings)
    opened: list[tuple[int, int]] = []
    for index, (line, level, _) in enumerate(doc.headings):
        while opened and opened[-1][0] >= level:
            ends[opened.pop()[1]] = line - 1
        opened.append((level, index))
    return ends


@remembered
def name_of(heading: str) -> str:
    """The section's name that a heading gives."""
    return canonical_name(bare_name(heading))


def sections_of(doc: Document) -> tuple[Section, ...]:
    """Every heading outside fences and comments with the lines under it, in the order of the file."""
    return tuple(
        tuple.__new__(Section, (name_of(text), text, level, line, end))
        for (line, level, text), end in zip(doc.headings, _ends(doc), strict=True)
    )


def first_sections(sections: Sequence[Section]) -> dict[str, Section]:
    """The first section of each canonical name."""
    return {section.name: section for section in reversed(sections)}


def is_report(section: Section) -> bool:
    """Whether the section holds validation reports: VALIDATION_REPORTS, or a report's own heading anywhere."""
    return is_report_name(section.name)


def is_report_name(name: str) -> bool:
    """Whether a section of that name holds validation reports."""
    return bool(_REPORT.search(plain_name(name)))


def manifest_zone(sections: tuple[Section, ...]) -> tuple[int, int] | None:
    """First and last line of VALIDATION below its heading, where manifest blocks count.

    A report that stands inside the section ends the zone. None without a VALIDATION section.
    """
    found = next((section for section in sections if section.name == "VALIDATION"), None)
    if found is None:
        return None
    reports = (s.start - 1 for s in sections if found.start < s.start <= found.end and is_report(s))
    return found.start + 1, next(reports, found.end)
