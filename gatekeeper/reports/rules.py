"""The rule catalogue as text for a terminal and as the documentation's page: the same words in both."""

import textwrap
from collections.abc import Iterable, Iterator

from gatekeeper.model.rules import Rule

_WIDTH = 100
_PARTS = (("What it means", "what"), ("Why", "why"), ("Breaks it", "bad"), ("Keeps it", "good"), ("Mend", "mend"))
_EXAMPLES = frozenset({"bad", "good"})
_HEAD = """# Rules

Every rule that a finding may name: what it means, why it is there, an example on either side, and what mends it.
`gate explain RULE` shows the same words. This page is made by `gate explain --markdown`; the catalogue is
`gatekeeper/model/rules/`.
"""


def render_rule(rule: Rule) -> str:
    """One rule as text."""
    return "\n".join([f"{rule.id}: {rule.title}", f"Severity: {rule.severity}", *_parts(rule)]) + "\n"


def render_list(rules: Iterable[Rule]) -> str:
    """The ids and titles of the rules, one a line."""
    every = tuple(rules)
    width = max((len(rule.id) for rule in every), default=0)
    return "".join(f"{rule.id:<{width}}  {rule.title}\n" for rule in every)


def render_page(rules: Iterable[Rule]) -> str:
    """The documentation's page, in Markdown."""
    return "\n".join([_HEAD, *(_section(rule) for rule in rules)])


def _parts(rule: Rule) -> Iterator[str]:
    for label, name in _PARTS:
        text = getattr(rule, name)
        yield ""
        yield label
        yield textwrap.indent(text if name in _EXAMPLES else textwrap.fill(text, _WIDTH - 2), "  ")
    for case in rule.cases:
        yield from ("", f"Also: {case.title}")
        for label, text in (("breaks it", case.bad), ("keeps it", case.good)):
            yield f"  {label}"
            yield textwrap.indent(text, "    ")


def _section(rule: Rule) -> str:
    lines = [f"## {rule.id}", "", f"**{rule.title}.** Severity: {rule.severity}.", ""]
    for label, name in _PARTS:
        text = getattr(rule, name)
        if name in _EXAMPLES:
            lines += [f"{label}:", "", "```text", *text.split("\n"), "```", ""]
        else:
            lines += [textwrap.fill(f"{label}: {_literal(text)}", _WIDTH, break_on_hyphens=False), ""]
    for case in rule.cases:
        lines += [textwrap.fill(f"Also: {_literal(case.title)}.", _WIDTH, break_on_hyphens=False), ""]
        lines += ["```text", "-- breaks it", *case.bad.split("\n"), ""]
        lines += ["-- keeps it", *case.good.split("\n"), "```", ""]
    return "\n".join(lines)


def _literal(text: str) -> str:
    """The text with what Markdown would take for its own escaped."""
    return "".join(f"\\{char}" if char in "<>*_[]|" else char for char in text)
