"""A technical refinement's bytes as a ``Refinement`` (contract, section 1, Refinement)."""

import itertools
from collections.abc import Iterator
from functools import lru_cache

from gatekeeper.model.packet import Anchor, Field, Refinement
from gatekeeper.packet.fields import fields_of
from gatekeeper.packet.markdown import document, text_lines, without_backticks
from gatekeeper.packet.sections import plain_name, sections_of


def _number(field: Field | None) -> int | None:
    text = without_backticks(field.value) if field else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _anchors(fields: tuple[Field, ...]) -> Iterator[Anchor]:
    names = [plain_name(field.name) for field in fields]
    starts = [i for i, name in enumerate(names) if name == "SPEC_ANCHOR"]
    for begin, end in itertools.pairwise([*starts, len(fields)]):
        own = dict(zip(reversed(names[begin:end]), reversed(fields[begin:end]), strict=True))
        token = own.get("CONTEXT_TOKEN")
        yield Anchor(
            line=fields[begin].line,
            anchor=fields[begin].value,
            start=_number(own.get("CONTEXT_START_LINE")),
            end=_number(own.get("CONTEXT_END_LINE")),
            token=(without_backticks(token.value) or None) if token else None,
        )


def parse_refinement(path: str, data: bytes) -> Refinement:
    """The refinement in these bytes; each SPEC_ANCHOR opens an anchor that its CONTEXT_ fields belong to.

    Raises PacketUnreadable for what can't be text, nothing else.
    """
    fields = fields_in(text_lines(data, path))
    return Refinement(path=path, fields=fields, anchors=tuple(_anchors(fields)))


# A run reads the same refinement for what is judged and for the plan in each commit.
@lru_cache(maxsize=16)
def fields_in(lines: tuple[str, ...]) -> tuple[Field, ...]:
    """The fields of a refinement of these lines."""
    doc = document(lines)
    return fields_of(doc, sections_of(doc))
