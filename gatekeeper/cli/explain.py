"""``gate explain [RULE]``."""

import json
from typing import Annotated

from gatekeeper.cli.common import Common, Format
from gatekeeper.cli.declared import Argument, Option
from gatekeeper.model.errors import UsageError

NAME = "explain"


def command(
    common: Common,
    rule: Annotated[str | None, Argument(metavar="[RULE]", help="A rule's id, or a prefix of ids.")] = None,
    markdown: Annotated[bool, Option("--markdown", help="Show the page of the documentation.")] = False,
) -> int:
    """Explain a rule: what it means, why it is there, an example, the mend; without one, list all rules."""
    from gatekeeper.model.rules import RULES, nearest_rule, rules_under
    from gatekeeper.reports import rules as page

    common.offers(NAME, Format.TEXT, Format.JSON)
    found = rules_under(rule) if rule is not None else RULES
    if rule is not None and not found:
        near = nearest_rule(rule)
        raise UsageError(f"There is no rule {rule!r}; the nearest is {near}.", hint=f"gate explain {near}")
    if common.format is Format.JSON:
        body = {"schema": "gatekeeper/rules/v1", "rules": [each.model_dump() for each in found]}
        common.emit(json.dumps(body, indent=1) + "\n")
    elif markdown:
        common.emit(page.render_page(found))
    else:
        common.emit(page.render_rule(found[0]) if len(found) == 1 else page.render_list(found))
    return 0
