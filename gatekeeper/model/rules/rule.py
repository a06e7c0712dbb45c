"""What is known of a rule: the words that ``gate explain`` and the documentation show."""

from pydantic import BaseModel, ConfigDict


class Rule(BaseModel):
    """One rule of the gate.

    ``severity`` begins with error, warning or note and says when it is another one. ``what`` is what a finding
    means, ``why`` the reason for the rule, ``mend`` what to do; ``bad`` and ``good`` are an excerpt or a situation
    that breaks the rule and one that keeps it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    severity: str
    what: str
    why: str
    bad: str
    good: str
    mend: str
