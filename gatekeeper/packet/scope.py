"""The SCOPE section: paths, folders, globs and planned windows (contract, section 1, SCOPE)."""

import re
from collections.abc import Iterable

from gatekeeper.model import names
from gatekeeper.model.packet import Field, Line, MalformedLine, Scope, ScopePath, Section
from gatekeeper.packet.fields import fence_free
from gatekeeper.packet.markdown import without_backticks, without_note
from gatekeeper.packet.remembered import remembered
from gatekeeper.packet.sections import plain_name
from gatekeeper.packet.values import is_placeholder

_WINDOW = re.compile(r"(.*?):([0-9]{1,9})(?:-([0-9]{1,9}))?")
# What stands behind a last colon and can only have been meant as a window.
_NEAR_WINDOW = re.compile(r".*:(?=.*[0-9])[-+~.,;\sL#0-9\u2010-\u2015]+", re.DOTALL)
# The usual form, which stands for itself: plain names between slashes, with at least one slash (N/A is none).
_PLAIN = re.compile(r"(?![Nn]/[Aa]\.*$)[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)+/?", re.ASCII)
_SHOWN = 120
_NOTHING = frozenset({"NONE", "N/A"})
_CODE_FIRST = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)(.*)")


def _path_and_note(text: str) -> tuple[str, str | None]:
    """The path as written, with its window and without backticks, and the note behind it."""
    code = _CODE_FIRST.fullmatch(text.strip())
    if code is None:
        return without_note(text)
    window = re.match(r":[-0-9]+(?=\s|$)", code[3])
    behind = code[3][window.end() :] if window else code[3]
    if behind and not behind[0].isspace():
        return text.strip(), None
    rest, note = without_note(behind)
    return code[2] + (window[0] if window else ""), note or rest or None


def _cut(path: str) -> str:
    """The path as a message shows it."""
    return path if len(path) <= _SHOWN else f"{path[:_SHOWN]}..."


def _split_window(path: str) -> tuple[str, int | None, int | None]:
    match = _WINDOW.fullmatch(path)
    if _NEAR_WINDOW.fullmatch(match[1] if match else path):
        raise ValueError(
            f"{_cut(path)} ends in no window, which is written :FIRST-LAST (such a name itself stands C-quoted)"
        )
    if match is None:
        return path, None, None
    first = int(match[2])
    return match[1], first, int(match[3]) if match[3] else first


def _unquoted(path: str) -> str:
    if path.startswith('"'):
        return names.from_packet(path)
    if len(path) > 1 and path[0] == path[-1] == "'":
        return path[1:-1]
    if "\\" in path:
        raise ValueError(f"{_cut(path)} holds a backslash; write / between folders, or the name C-quoted")
    return path


def _problem(pattern: str) -> str | None:
    """Why this can't be a path of the repository, or None."""
    if not pattern:
        return "no path stands here"
    if pattern.startswith("!"):
        return f"{_cut(pattern)} negates; forbid paths under OUT_OF_SCOPE instead"
    if pattern.startswith("/") or re.match(r"[A-Za-z]:/", pattern):
        return f"{_cut(pattern)} is absolute; a path starts at the repository's root"
    segments = pattern.removesuffix("/").split("/")
    if ".." in segments:
        return f"{_cut(pattern)} leaves the repository"
    if "" in segments or "." in segments:
        return f"{_cut(pattern)} isn't normalised: it holds an empty or a . segment"
    return None


def read_path(line: Line) -> ScopePath:
    """The line as a path. Raises ValueError with a phrase that says why it can't be one."""
    pattern, first, last, note = _read(line.text)
    return ScopePath(text=line.text, pattern=pattern, line=line.line, first=first, last=last, note=note)


@remembered
def _read(text: str) -> tuple[str, int | None, int | None, str | None]:
    """The pattern, its window and the note behind it. Raises ValueError as above."""
    written, note = _path_and_note(text)
    path, first, last = _split_window(written.strip())
    pattern = _unquoted(path).removeprefix("./")
    if problem := _problem(pattern):
        raise ValueError(problem)
    if first is not None and last is not None and not 1 <= first <= last:
        raise ValueError(f"the window {first}-{last} is no range of line numbers (first to last, from 1)")
    return pattern, first, last, note


def _is_prose(text: str) -> bool:
    """Whether a line of IN_SCOPE_PATHS speaks to the reader: nothing, a note, a label, a placeholder, NONE."""
    bare = without_note(text)[0]
    is_label = bare.strip("*_").endswith(":")
    return not bare or is_label or bare.rstrip(".").upper() in _NOTHING or is_placeholder(bare)


def _in_scope(lines: Iterable[Line]) -> tuple[tuple[ScopePath, ...], tuple[MalformedLine, ...]]:
    paths: list[ScopePath] = []
    malformed: list[MalformedLine] = []
    for line in lines:
        if _PLAIN.fullmatch(line.text):
            paths.append(ScopePath(line.text, line.text, line.line))
            continue
        if _is_prose(line.text):
            continue
        try:
            paths.append(read_path(line))
        except ValueError as error:
            problem = f"This line of IN_SCOPE_PATHS is no path: {error}."
            malformed.append(MalformedLine(text=line.text, line=line.line, problem=problem))
    return tuple(paths), tuple(malformed)


def _has_path_form(line: Line) -> bool:
    if "/" not in line.text and "*" not in line.text:
        return False
    written = without_backticks(without_note(line.text)[0])
    return bool(written) and not re.search(r"\s", written) and ("/" in written or "*" in written)


def _out_of_scope(lines: Iterable[Line]) -> tuple[ScopePath, ...]:
    found: list[ScopePath] = []
    for line in lines:
        if not _has_path_form(line):
            continue
        try:
            found.append(read_path(line))
        except ValueError:
            continue  # what can't name a file of the repository forbids nothing
    return tuple(found)


def _first(fields: Iterable[Field], name: str) -> Field | None:
    return next((field for field in fields if plain_name(field.name) == name), None)


def scope_of(fields: tuple[Field, ...], section: Section | None, fenced: frozenset[int]) -> Scope:
    """What SCOPE allows and forbids. Lists outside the section don't count: authority guards SCOPE alone."""
    if section is None:
        return Scope()
    inside = [field for field in fields if section.start <= field.line <= section.end]
    allowed, forbidden = _first(inside, "IN_SCOPE_PATHS"), _first(inside, "OUT_OF_SCOPE")
    paths, malformed = _in_scope(fence_free(allowed, fenced)) if allowed else ((), ())
    return Scope(
        line=allowed.line if allowed else None,
        in_scope=paths,
        out_of_scope=_out_of_scope(fence_free(forbidden, fenced)) if forbidden else (),
        malformed=malformed,
    )
