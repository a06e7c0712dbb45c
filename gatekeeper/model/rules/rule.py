"""What is known of a rule: the words that ``gate explain`` and the documentation show."""

from pydantic import BaseModel, ConfigDict


class Case(BaseModel):
    """One more pair of examples, and what it is about."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    title: str
    bad: str
    good: str


class Rule(BaseModel):
    """One rule of the gate.

    ``severity`` begins with error, warning or note and says when it is another one. ``what`` is what a finding
    means, ``why`` the reason for the rule, ``mend`` what to do; ``bad`` and ``good`` are an excerpt or a situation
    that breaks the rule and one that keeps it, ``cases`` are further ones. An ``id`` that ends in ``.*`` stands
    for every id below it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    id: str
    title: str
    severity: str
    what: str
    why: str
    bad: str
    good: str
    mend: str
    cases: tuple[Case, ...] = ()
