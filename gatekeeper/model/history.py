"""How a change came to be: its commits, and what each did to the plan and to the work."""

from collections.abc import Mapping
from dataclasses import dataclass

MERGE_BASE = "MERGE_BASE_SHA"
SCOPE = "SCOPE"
WAIVERS = "WAIVERS GRANTED"
QUALITY = "QUALITY_GATE"
REFINEMENT = "the refinement"
APPROVAL = "the approval line"

PARTS = (MERGE_BASE, SCOPE, WAIVERS, QUALITY, REFINEMENT, APPROVAL)
"""The judging parts of a packet (contract, section 2, Authority)."""

Plan = Mapping[str, tuple[str, ...]]
"""A packet's judging parts: the lines of each, ready to be compared."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit between base and head, or the uncommitted state, whose ``oid`` is None.

    ``parents`` are commit ids. ``paths`` are the files that it changes, of a merge those that differ from every
    parent, sorted.
    """

    oid: str | None
    parents: tuple[str, ...]
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """What a commit, or the uncommitted state, did.

    ``parents`` are the places of its parents among the steps, as far as they are steps. ``work`` are the changed
    paths that need a manifest entry. ``before`` is the plan in each parent and ``after`` the plan in itself, None
    where there is no packet.
    """

    parents: tuple[int, ...]
    work: tuple[str, ...]
    before: tuple[Plan | None, ...]
    after: Plan | None
