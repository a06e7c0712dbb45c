"""What a check that is no pattern hands back."""

from typing import NamedTuple


class Found(NamedTuple):
    """What a check found: where, and what to say of it after ``path:line`` (without a full stop).

    ``mend`` goes before the rule's own.
    """

    path: str
    line: int | None
    says: str
    mend: str | None = None
