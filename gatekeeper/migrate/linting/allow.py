"""``-- gate: allow RULE REASON`` on a statement, and directives that can't be read."""

import difflib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from gatekeeper.migrate.directives import Directive
from gatekeeper.migrate.guards import GuardError, guarded
from gatekeeper.migrate.linting.hit import Hit
from gatekeeper.migrate.linting.reading import Reading

REASON = "lint.allow-reason"
UNUSED = "lint.allow-unused"
DIRECTIVE = "lint.directive"
OFF = "lint.guards-off"


@dataclass(frozen=True, slots=True)
class Allowed:
    """A directive that allows something: ``rule`` as written, without ``lint.``; ``reason`` may be empty."""

    directive: Directive
    rule: str
    reason: str

    def covers(self, hit: Hit) -> bool:
        """Whether the hit is one of that rule, on that statement."""
        if not self.reason or hit.statement_line is None or hit.statement_line != self.directive.statement_line:
            return False
        rule = hit.rule.removeprefix("lint.")
        return self.rule in {rule, rule.removeprefix("squawk.")}


def split_allowed(
    reading: Reading, hits: Iterable[Hit], *, rules: Collection[str], squawk: bool
) -> tuple[list[Hit], list[Hit]]:
    """The hits that nothing allows, and what is wrong with the file's directives.

    ``rules`` are the ids of the lint; ``squawk`` says whether its rules were applied, so that allowing one of them
    can be judged.
    """
    allowed = [_allowed(d) for d in reading.directives if d.word == "allow"]
    kept, used = [], set()
    for hit in hits:
        covering = next((a for a in allowed if a.covers(hit)), None)
        if covering is None:
            kept.append(hit)
        else:
            used.add(covering)
    own = {rule.removeprefix("lint.") for rule in rules}
    wrong = [_without_reason(a, own) for a in allowed if not a.reason]
    unused = [a for a in allowed if a.reason and a not in used and (squawk or a.rule in own)]
    wrong += [_unused(a, own, squawk=squawk) for a in unused]
    return kept, [*wrong, *_misread(reading)]


def _allowed(directive: Directive) -> Allowed:
    rule, _, reason = directive.rest.replace("\t", " ").partition(" ")
    return Allowed(directive, rule.lower().rstrip(":,").removeprefix("lint."), reason.strip(" \t:-"))


def _without_reason(allowed: Allowed, own: Collection[str]) -> Hit:
    line = allowed.directive.line
    if not allowed.rule:
        message = "This allows nothing: it names no rule and no reason."
    else:
        message = f"This allows {_full(allowed.rule, own)} without a reason, so it allows nothing."
    rule = _full(allowed.rule, own) if allowed.rule else "lint.destructive"
    return Hit(REASON, line, message, f"Say why: -- gate: allow {rule} the rows were moved in version 0007")


def _unused(allowed: Allowed, own: Collection[str], *, squawk: bool) -> Hit:
    line = allowed.directive.line
    rule = _full(allowed.rule, own)
    if allowed.directive.statement_line is None:
        return Hit(UNUSED, line, f"No statement follows that {rule} could be allowed on.", "Delete the line.")
    if allowed.rule not in own and not (squawk and allowed.rule.startswith("squawk.")):
        near = difflib.get_close_matches(allowed.rule, own, n=1, cutoff=0.6)
        hint = f"Did you mean lint.{near[0]}?" if near else "Delete the line; gate explain lint lists the rules."
        return Hit(UNUSED, line, f"Nothing was found under {rule} on the statement that follows.", hint)
    message = f"{rule} has nothing to say of the statement in line {allowed.directive.statement_line}."
    return Hit(UNUSED, line, message, "Delete the line, so that it can't hide what comes later.")


def _full(rule: str, own: Collection[str]) -> str:
    return f"lint.{rule}" if rule in own or rule.startswith("squawk.") else rule


def _misread(reading: Reading) -> Iterator[Hit]:
    """What the runner would refuse in the file's guards, and in words that mean nothing."""
    if not reading.directives:
        return
    try:
        guarded(reading.script.text, reading.engine)
    except GuardError as error:
        message = f"The directive can't be read: {error.reason}."
        yield Hit(DIRECTIVE, error.line, message, "For instance: -- gate: when column-missing TABLE.COLUMN")


def guards_off(reading: Reading) -> Iterator[Hit]:
    """The file's first guard, where guards aren't honoured."""
    first = next((d for d in reading.directives if d.word == "when"), None)
    if first is not None:
        message = "The proof takes this guard for a comment and runs the statement anyway: guards is false."
        hint = "Set [migrations] guards = true where gate's runner applies the migrations."
        yield Hit(OFF, first.line, message, hint)
