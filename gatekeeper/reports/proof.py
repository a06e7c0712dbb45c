"""A proof's result as a table: a line a version, a column a step; engines that agree share a line."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gatekeeper.model.finding import Status

if TYPE_CHECKING:  # most verdicts hold no proof
    from gatekeeper.model.proof import Proof

_SHOWN = 30
_WORDS = {Status.NOT_APPLICABLE: "-"}

Cell = tuple[str, str]


def proof_table(proof: "Proof", *, whole: bool) -> list[list[Cell]]:
    """The lines, each of cells of padded text and the style to show it in; the first is the heading.

    Unless ``whole``, lines in which nothing failed are left out where there are very many, and counted at the end.
    """
    steps = list(dict.fromkeys(step for engine in proof.engines for step in engine.steps))
    lines = _lines(proof, steps)
    quiet = {Status.PASS, Status.NOT_APPLICABLE}
    kept = lines if whole or len(lines) <= _SHOWN else [line for line in lines if not set(line[2]) <= quiet]
    texts = [("version", "engine", *steps), *(_texts(line) for line in kept)]
    widths = [max(len(text[i]) for text in texts) for i in range(len(steps) + 1)] + [0]
    out = [_padded(texts[0], ["dim"] * len(widths), widths)]
    for text, (_, _, outcomes) in zip(texts[1:], kept, strict=True):
        out.append(_padded(text, ["", "", *map(str, outcomes)], widths))
    if len(kept) < len(lines):
        out.append([(f"and {len(lines) - len(kept)} more lines in which nothing failed (-v shows them)", "dim")])
    return out if lines else []


def _lines(proof: "Proof", steps: Sequence[str]) -> list[tuple[str, str, list[Status]]]:
    """Version, engine and the outcome of each step; one line where all engines have the same."""
    every = {version: None for engine in proof.engines for version in engine.versions}
    in_order = [file.version for file in proof.files if file.version in every]
    out = []
    for version in dict.fromkeys(in_order):
        groups: dict[tuple[Status, ...], list[str]] = {}
        for engine in proof.engines:
            if version in engine.versions:
                found = engine.versions[version]
                outcome = tuple(found.get(step, Status.NOT_APPLICABLE) for step in steps)
                groups.setdefault(outcome, []).append(engine.engine)
        out += [(version, ", ".join(engines), list(outcome)) for outcome, engines in groups.items()]
    return out


def _texts(line: tuple[str, str, list[Status]]) -> tuple[str, ...]:
    version, engines, outcomes = line
    return (version, engines, *(_WORDS.get(outcome, str(outcome)) for outcome in outcomes))


def _padded(texts: Sequence[str], styles: Sequence[str], widths: Sequence[int]) -> list[Cell]:
    return [(text.ljust(width), style) for text, style, width in zip(texts, styles, widths, strict=True)]
