"""Cited places, ``path:line``: is there what the packet's evidence and a report point at?"""

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gatekeeper.gates.case import Case, Outcome, not_run
from gatekeeper.gates.spec import lines_of
from gatekeeper.model.changes import TreeView
from gatekeeper.model.finding import Finding
from gatekeeper.model.names import for_output
from gatekeeper.model.packet import Line, Packet
from gatekeeper.packet.sections import plain_name

_SECTIONS = frozenset({"EVIDENCE", "EVIDENCE_MAPPING"})
_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_LINES = r":(\d{1,9})(?:-(\d{1,9}))?(?::\d{1,9})?"
_IN_SPAN = re.compile(rf"([^\s:`][^:`]{{0,400}}?){_LINES}")
_BARE = re.compile(rf"(?<![\w/.:@+-])((?:[\w.+@-]+/)*[\w.+@-]+){_LINES}(?![\w:/])")
_ADDRESS = re.compile(
    r"[\d.]+|(?:[\w-]+\.)+(?:com|org|net|io|dev|local|localhost|invalid|example|test)", re.IGNORECASE
)
# Files without a suffix that everyone knows; of other names without one nothing tells a file from an image's tag.
_KNOWN = frozenset(
    {"Makefile", "Dockerfile", "justfile", "Justfile", "Rakefile", "Gemfile", "Procfile", "Jenkinsfile"}
)


@dataclass(frozen=True, slots=True)
class Citation:
    """A place that is cited: a path of the repository, its lines, and the packet's line that cites it."""

    path: str
    first: int
    last: int
    line: int | None


def check_citations(case: Case, *, packet: Packet | None = None, more: Iterable[str] = ()) -> Outcome:
    """Rule: evidence.citation, for what EVIDENCE and EVIDENCE_MAPPING cite, and ``more`` lines that a report will.

    A cited file must be there at head, at base where the change deletes it, and have the lines.
    """
    holder = packet or case.packet
    if holder is None:
        return not_run("there is no packet to read citations from")
    lines = [*_lines(holder), *(Line(text=text, line=0) for text in more)]
    cited = {citation for line in lines for citation in citations_in(line, case.head)}
    found = (_finding(case, holder, citation) for citation in cited)
    return Outcome(tuple(sorted((each for each in found if each), key=Finding.sort_key)))


def citations_in(line: Line, head: TreeView) -> Iterator[Citation]:
    """The places that a line cites; ``head`` tells a file's name from what only looks like one."""
    number = line.line or None
    for span in _SPAN.finditer(line.text):
        if match := _IN_SPAN.fullmatch(span[2].strip()):
            yield from _citation(match, number, head)
    for match in _BARE.finditer(_SPAN.sub(" ", line.text)):
        yield from _citation(match, number, head)


def _citation(match: re.Match[str], line: int | None, head: TreeView) -> Iterator[Citation]:
    path = posixpath.normpath(match[1].strip())
    if _is_file_name(path, head):
        first = int(match[2])
        yield Citation(path, first, int(match[3]) if match[3] else first, line)


def _is_file_name(path: str, head: TreeView) -> bool:
    if path in head.entries:
        return True
    name = posixpath.basename(path)
    suffix = posixpath.splitext(name)[1]
    if _ADDRESS.fullmatch(path) or not (re.fullmatch(r"\.[A-Za-z]\w*", suffix) or name in _KNOWN):
        return False
    return not re.search(r"\s", name)


def _lines(packet: Packet) -> Iterator[Line]:
    """The lines of both sections and fields, without fences, comments and what gate itself wrote."""
    numbers: set[int] = set()
    for section in packet.sections:
        if plain_name(section.name) in _SECTIONS:
            numbers.update(range(section.start + 1, section.end + 1))
    for field in packet.fields:
        if plain_name(field.name) in _SECTIONS:
            numbers.update((field.line, *(item.line for item in field.items)))
    for marker in packet.markers:
        numbers.difference_update(range(marker.start, marker.end + 1))
    for number in sorted(numbers - packet.fenced - packet.comments):
        yield Line(text=packet.lines[number - 1], line=number)


def _finding(case: Case, packet: Packet, cited: Citation) -> Finding | None:
    tree = next((t for t in (case.head, case.base) if t is not None and cited.path in t.entries), None)
    shown = for_output(cited.path)
    place = f"{shown}:{cited.first}" + (f"-{cited.last}" if cited.last != cited.first else "")
    if tree is None:
        near = [name for name in case.head.entries if name.endswith(f"/{cited.path}")]
        where = f"did you mean {for_output(near[0])}?" if len(near) == 1 else "mend the path, from the root"
        problem = f"{place} is cited, and there is no such file."
    elif tree.entries[cited.path].is_submodule:
        where, problem = "cite a file", f"{place} is cited, and {shown} is a submodule."
    else:
        count = len(lines_of(tree, cited.path))
        if 1 <= cited.first <= cited.last <= count:
            return None
        where, problem = (
            "mend the line",
            f"{place} is cited, and {shown} has {count} line{'s' if count != 1 else ''}.",
        )
    return Finding(rule="evidence.citation", message=problem, path=packet.path, line=cited.line, hint=where)
