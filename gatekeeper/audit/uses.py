"""What code uses under whatever name: full dotted names, and where they stand."""

from collections.abc import Collection
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from gatekeeper.model.globs import matches

if TYPE_CHECKING:  # the parser is loaded where source is parsed
    from ast_grep_py import SgNode


class Place(StrEnum):
    """Where code mentions something: in a signature or a field, in a body, or in what a file hands on."""

    SIGNATURE = "signature"
    BODY = "body"
    EXPORT = "export"


class Use(NamedTuple):
    """A full name that code uses (``sqlite3.connect``), as it is written there; ``arguments`` are a call's."""

    name: str
    written: str
    line: int
    place: Place
    arguments: "SgNode | None" = None


def matches_name(patterns: Collection[str], name: str) -> bool:
    """Whether a pattern (``sqlalchemy.**.Engine``) names the full name or what it belongs to."""
    parts = name.split(".")
    heads = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
    return any(matches(pattern.replace(".", "/"), head) for pattern in patterns for head in heads)
