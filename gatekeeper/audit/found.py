"""What a check that is no pattern hands back."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found: where, and what to say of it after ``path:line`` (without a full stop).

    ``mend`` goes before the rule's own.
    """

    path: str
    line: int | None
    says: str
    mend: str | None = None
