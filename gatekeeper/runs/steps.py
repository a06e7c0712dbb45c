"""What ``evidence`` will do with each command of a plan, before anything is run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gatekeeper.evidence.commands import JUSTFILES, is_own, recipe_of, shows_nothing
from gatekeeper.gates.case import Case
from gatekeeper.model.errors import UsageError
from gatekeeper.model.evidence import EvidencePlan, PlannedCommand
from gatekeeper.packet.test_plan import shown_numbers


@dataclass(frozen=True, slots=True)
class Step:
    """A command of the plan, its line in the packet, the items of DONE_MEANS that it shows, what becomes of it.

    One that is this tool's ``own`` isn't run again; ``refused`` says why another won't be run.
    """

    command: str
    line: int
    shows: tuple[int, ...]
    own: bool
    refused: str | None


@dataclass(frozen=True, slots=True)
class Steps:
    """What would be run, in order, and of which packet's plan."""

    wp_id: str
    packet: str
    commands: tuple[Step, ...]


def steps_of(case: Case, plan: EvidencePlan) -> Steps:
    """Each command of the plan, judged by its text and by the justfile of the case's tree."""
    recipe = _recipes(case)
    return Steps(case.wp_id, case.packet_path, tuple(_step(command, recipe) for command in plan.commands))


def with_shows(plan: EvidencePlan, shows: Sequence[str]) -> EvidencePlan:
    """The plan with what ``N[,M]=COMMAND`` adds. Raises UsageError for a command or item that it doesn't hold."""
    known = {_flat(command.command): command.command for command in plan.commands}
    added: dict[str, set[int]] = {}
    for given in shows:
        items, text = _shown(given)
        if _flat(text) not in known:
            raise UsageError(
                f"TEST_PLAN holds no command {text!r}.", hint="gate evidence WP-ID --list shows its commands"
            )
        wrong = items - {item.number for item in plan.done}
        if wrong:
            raise UsageError(
                f"DONE_MEANS has {len(plan.done)} items, and --shows names item {min(wrong)}.",
                hint="count its items from 1",
            )
        added.setdefault(known[_flat(text)], set()).update(items)
    commands = (
        each.model_copy(update={"shows": tuple(sorted({*each.shows, *added.get(each.command, ())}))})
        for each in plan.commands
    )
    return plan.model_copy(update={"commands": tuple(commands)})


def _shown(given: str) -> tuple[set[int], str]:
    """The items and the command in ``N[,M]=COMMAND``."""
    numbers, equals, text = given.partition("=")
    try:
        items = set(shown_numbers(numbers))
    except ValueError:
        equals = ""
    if not equals:
        raise UsageError(f"--shows is written N=COMMAND, and this is {given!r}.", hint="--shows '1,3=COMMAND'")
    return items, text


def _step(command: PlannedCommand, recipe: Callable[[str], str | None]) -> Step:
    own = is_own(command.command, recipe)
    why = None if own else shows_nothing(command.command)
    return Step(command.command, command.line, command.shows, own, why[0] if why else None)


def _recipes(case: Case) -> Callable[[str], str | None]:
    name = next((name for name in JUSTFILES if name in case.head.entries), None)
    text = case.head.read(name).decode("utf-8", "replace") if name else ""
    return lambda recipe: recipe_of(text, recipe)


def _flat(text: str) -> str:
    return " ".join(text.split())
