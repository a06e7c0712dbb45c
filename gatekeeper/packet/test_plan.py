"""TEST_PLAN and DONE_MEANS as a plan of evidence: which commands are to run, and what each is to show."""

import re
from collections.abc import Iterable, Iterator, Sequence

from gatekeeper.model.evidence import DoneItem, EvidencePlan, PlannedCommand
from gatekeeper.model.packet import Field, Line, MalformedLine, Packet
from gatekeeper.packet.markdown import indent_of, item_of, without_backticks, without_note
from gatekeeper.packet.structure import at_heading_or_field
from gatekeeper.packet.values import is_placeholder

_SHELLS = frozenset(
    {"bash", "sh", "shell", "zsh", "ksh", "fish", "console", "terminal", "shell-session", "shellsession"}
    | {
        "powershell",
        "pwsh",
        "ps1",
        "posh",
        "ps",
        "cmd",
        "bat",
        "batch",
        "dos",
        "text",
        "txt",
        "plain",
        "plaintext",
    }
)
_FENCE = re.compile(r"(?:`{3,}|~{3,})[ \t]*\{?[ \t]*\.?([^\s{}`,]*)")
_PROMPT = re.compile(r"(?:PS[^>]{0,200}>|\$|%|#>)[ \t]+(?=\S)")
_TICK = re.compile(r"\[[ xX]\][ \t]+")
_SHOWS = re.compile(
    r"(?:^|[ \t])#[ \t]*(?:shows|done[ _-]?means)[ \t]*:?[ \t]*"
    r"((?:DONE_MEANS[ \t]*)?#?\d{1,6}(?:(?:[ \t]*,[ \t]*|[ \t]+and[ \t]+|[ \t]+)#?\d{1,6})*)[ \t.]*$",
    re.IGNORECASE,
)
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
# A fence whose first two backticks, with the letter that follows them, some tool took for an escape.
_DAMAGED_OPENING = re.compile(r"`[\x00-\x1f]?[a-z]*")
# Lines without backticks that are commands all the same; of words that are English too only their usual commands.
_BARE = re.compile(
    r"(?:\./\S+|cargo|pytest|python3?|npm|pnpm|yarn|npx|gate|mvn|gradle|ctest|cmake|dotnet|deno|bun|ruff|mypy|tox|nox|"
    r"uv|poetry|bundle|rspec|rake|phpunit|composer|vitest|jest|mocha|bazel|swift)[ \t]+[^\s].*[^.:]|pytest|"
    r"go[ \t]+(?:test|vet|build|run)(?:[ \t].*)?|make[ \t]+[\w./-]+|just[ \t]+[\w-]+(?:[ \t]+WP-\S+)?"
)
_NOTHING = frozenset({"NONE", "N/A", ""})


def plan_of(packet: Packet) -> EvidencePlan:
    """The commands of TEST_PLAN in their order and the items of DONE_MEANS.

    Commands are the lines of shell fences (comments and blank lines left out, continued lines joined, prompts
    removed) and, outside fences, list items that are a code span. A command shows the items that its closing
    comment ``# shows: 1, 3`` names, and those that quote it as a code span.
    """
    plan, means = (at_heading_or_field(packet, name) for name in ("TEST_PLAN", "DONE_MEANS"))
    done = tuple(_done(packet, means)) if means else ()
    quoted = {item.number: {_flat(m[2]) for m in _CODE_SPAN.finditer(item.text)} for item in done}
    commands: list[PlannedCommand] = []
    malformed: list[MalformedLine] = []
    for line in _commands(packet, plan) if plan else ():
        command, named = _without_shows(line.text)
        wrong = [number for number in named if not 1 <= number <= len(done)]
        if wrong:
            problem = f"DONE_MEANS has {len(done)} items, and this names item {', '.join(map(str, wrong))}."
            malformed.append(MalformedLine(text=line.text, line=line.line, problem=problem))
        shows = {number for number in named if number not in wrong}
        shows |= {number for number, texts in quoted.items() if _flat(command) in texts}
        commands.append(PlannedCommand(command=command, line=line.line, shows=tuple(sorted(shows))))
    return EvidencePlan(commands=tuple(commands), done=done, malformed=tuple(malformed))


def shown_numbers(text: str) -> tuple[int, ...]:
    """The item numbers in ``1, 3`` or ``1 3``, sorted. Raises ValueError for other text."""
    parts = [part for part in re.split(r"[,\s]+", text.strip()) if part]
    if not parts or not all(part.isdecimal() and len(part) <= 6 for part in parts):
        raise ValueError(f"{text!r} names no items of DONE_MEANS")
    return tuple(sorted({int(part) for part in parts}))


# DONE_MEANS


def _done(packet: Packet, field: Field) -> Iterator[DoneItem]:
    """The outermost list items; where there are none, each line. Nested items belong to the one above them."""
    lines = [line for line in field.items if line.line not in packet.fenced]
    listed = [line for line in lines if item_of(packet.lines[line.line - 1]) is not None]
    first = min((indent_of(packet.lines[line.line - 1]) for line in listed), default=0)
    outer = [line for line in listed if indent_of(packet.lines[line.line - 1]) <= first] or lines
    if field.value and not outer:
        outer = [Line(text=field.value, line=field.line)]
    number = 0
    for line in outer:
        text = _TICK.sub("", line.text, count=1).strip()
        if text.upper().rstrip(".") in _NOTHING or is_placeholder(text):
            continue
        number += 1
        yield DoneItem(number=number, text=text, line=line.line)


# TEST_PLAN


def _commands(packet: Packet, field: Field) -> Iterator[Line]:
    own = (Line(text=field.value, line=field.line),) if field.value else ()
    for group in _groups(packet, (*own, *field.items)):
        if group[0].line in packet.fenced:
            yield from _of_fence(packet, group)
        else:
            yield from _of_outside(group)


def _groups(packet: Packet, lines: Iterable[Line]) -> list[list[Line]]:
    """Each fence's lines, and the lines between fences."""
    groups: list[list[Line]] = []
    for line in lines:
        fenced = line.line in packet.fenced
        last = groups[-1][-1] if groups else None
        together = last is not None and (last.line in packet.fenced) == fenced
        # Between the last line of a fence and the first of the next stand at least their marks.
        if together and last is not None and (not fenced or last.line == line.line - 1):
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _of_fence(packet: Packet, lines: Sequence[Line]) -> Iterator[Line]:
    """The commands of one fence; none where its info string says that it holds no shell's lines."""
    opening = _FENCE.match(_bare(packet.lines[lines[0].line - 2]))
    info = opening[1].lower() if opening else ""
    if info and info not in _SHELLS:
        return
    yield from _of_shell(lines)


def _bare(text: str) -> str:
    """The line behind its list markers."""
    while (item := item_of(text)) is not None:
        text = item
    return text.strip()


def _of_shell(lines: Sequence[Line]) -> Iterator[Line]:
    """Logical lines: continued ones joined; where some have a prompt, the others are output."""
    prompted = any(_PROMPT.match(line.text.strip()) for line in lines)
    started: Line | None = None
    for line in lines:
        body, first = line.text.strip(), line.line
        if started is not None:
            more = body.removeprefix("> ") if prompted else body
            body, first = f"{started.text} {more}".strip(), started.line
        elif prompted:
            match = _PROMPT.match(body)
            body = body[match.end() :].strip() if match else ""
        if not body or (started is None and body.startswith("#")):
            continue
        started = None
        if _is_continued(body):
            started = Line(text=body[:-1].rstrip(), line=first)
        else:
            yield Line(text=body, line=first)
    if started is not None and started.text:
        yield started


def _is_continued(text: str) -> bool:
    backslashes = len(text) - len(text.rstrip("\\"))
    return backslashes % 2 == 1


def _of_outside(lines: Iterable[Line]) -> Iterator[Line]:
    """List items and lines that are a code span, and the lines of a fence that lost its backticks."""
    damaged: list[Line] | None = None
    for line in lines:
        if damaged is not None:
            if line.text.strip() == "`":
                yield from _of_shell(damaged)
                damaged = None
            else:
                damaged.append(line)
        elif _DAMAGED_OPENING.fullmatch(line.text.strip()):
            damaged = []
        else:
            body = _TICK.sub("", line.text, count=1)
            whole = without_note(body)[0]
            shown = _SHOWS.search(whole)
            span = (whole[: shown.start()] if shown else whole).strip()
            inner = without_backticks(span)
            if (inner != span and inner.strip()) or _BARE.fullmatch(span):
                text = f"{_PROMPT.sub('', inner.strip(), count=1)}{shown[0] if shown else ''}"
                yield Line(text=text, line=line.line)


def _without_shows(text: str) -> tuple[str, tuple[int, ...]]:
    """The command without its closing comment, and the items that the comment names."""
    match = _SHOWS.search(text)
    if match is None:
        return text, ()
    numbers = re.findall(r"\d{1,6}", match[1])
    return text[: match.start()].rstrip(), tuple(sorted({int(number) for number in numbers}))


def _flat(text: str) -> str:
    return " ".join(text.split())
