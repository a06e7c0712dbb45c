"""Small values that several readers of a packet share: placeholders."""

import re

from gatekeeper.packet.remembered import remembered

_PLACEHOLDER = re.compile(r"<+[^<>]*>+|\{+[^{}]*\}+|TBD|TODO", re.IGNORECASE)


@remembered
def is_placeholder(value: str) -> bool:
    """Whether the whole value is ``<…>``, ``{…}``, TBD or TODO (contract, section 1, Required)."""
    return _PLACEHOLDER.fullmatch(value.strip().strip("`").strip()) is not None
