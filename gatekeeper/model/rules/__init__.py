"""The rule catalogue: every rule that a finding may name (contract, section 3), explained."""

import difflib

from gatekeeper.model.rules.audit import AUDIT
from gatekeeper.model.rules.change import CHANGE
from gatekeeper.model.rules.evidence import EVIDENCE
from gatekeeper.model.rules.ledger import LEDGER
from gatekeeper.model.rules.lint import LINT
from gatekeeper.model.rules.manifest import MANIFEST
from gatekeeper.model.rules.migration import MIGRATION
from gatekeeper.model.rules.packet import PACKET
from gatekeeper.model.rules.refinement import REFINEMENT
from gatekeeper.model.rules.report import REPORT
from gatekeeper.model.rules.rule import Rule

__all__ = ["RULES", "Rule", "nearest_rule", "rules_under"]

RULES: tuple[Rule, ...] = (
    *PACKET,
    *REFINEMENT,
    *CHANGE,
    *MANIFEST,
    *AUDIT,
    *MIGRATION,
    *LINT,
    *EVIDENCE,
    *REPORT,
    *LEDGER,
)
"""All rules, in the contract's order."""


def rules_under(text: str) -> tuple[Rule, ...]:
    """The rule of that id, else all rules below that prefix (``scope``, ``scope.``, ``scope.*``).

    Case doesn't count. A prefix ends where a part of an id does, as in a waiver.
    """
    wanted = text.strip().lower()
    exact = tuple(rule for rule in RULES if _is(rule.id.lower(), wanted))
    prefix = wanted.removesuffix("*").rstrip(".-")
    if exact or not prefix:
        return exact
    return tuple(rule for rule in RULES if rule.id.lower().startswith((f"{prefix}.", f"{prefix}-")))


def _is(rule: str, wanted: str) -> bool:
    """Whether the id is that rule's, or stands below one that stands for a family."""
    family = rule.removesuffix("*")
    return rule == wanted or (family != rule and wanted.startswith(family) and len(wanted) > len(family))


def nearest_rule(text: str) -> str:
    """The id of the rule whose id is most like the text."""
    ids = {rule.id.lower(): rule.id for rule in RULES}
    return ids[difflib.get_close_matches(text.strip().lower(), ids, n=1, cutoff=0.0)[0]]
