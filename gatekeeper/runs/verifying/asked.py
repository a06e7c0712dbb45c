"""What is asked of a verification. Loaded on its own, before what it takes to verify anything."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of a run.

    ``prove`` runs the migrations' proof anew; ``fresh`` fails what is stale.
    """

    prove: bool = False
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Which:
    """Which packets.

    ``since`` asks for those recorded after that revision, ``changed`` for those whose own or recorded files differ
    between the merge-base with main (on main the first parent) and HEAD, ``shard`` (``i/n``) for every n-th by
    name.
    """

    since: str | None = None
    changed: bool = False
    shard: str | None = None
