"""Secrets, as detect-secrets knows them: of its detectors those that hardly ever take anything else for one."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from importlib import import_module

from gatekeeper.audit.found import Found
from gatekeeper.audit.hints import SECRET, SECRETS
from gatekeeper.audit.languages import is_test_file
from gatekeeper.audit.sources import Sources

_WINDOW = 4000
"""How many characters after a hint are looked at at once."""
_LONGEST = 400
"""More characters than a key with the name before it has."""


def secrets(sources: Sources) -> Iterator[Found]:
    """Keys and tokens in any file but test code, each line once; what was found is never shown."""
    hinted = (path for path in sources.hinted(SECRET, sources.judged_files) if not is_test_file(path))
    for path, data in sources.read(hinted):
        if data is not None and b"\0" not in data[:8000]:
            text = data.decode("utf-8", "replace").replace("\r\n", "\n")
            for line, kind in sorted(_found(text)):
                if sources.selection.holds(path, line):
                    yield Found(path, line, f"holds what reads as a secret ({kind})")


def _found(text: str) -> set[tuple[int, str]]:
    found = set()
    lines = [match.start() for match in re.finditer("\n", text)]
    for hint, (module, name) in SECRETS.items():
        for start, end in _near(hint, text):
            kind, patterns = _detector(module, name)
            hits = (hit.start() for pattern in patterns for hit in pattern.finditer(text, start, end))
            found |= {(1 + bisect_left(lines, hit), kind) for hit in hits}
    return found


def _near(hint: str, text: str) -> Iterator[tuple[int, int]]:
    """The parts of the text around hints: the line, and those after it that a block of a key needs.

    Parts of a line that is very long overlap by more than a key's length, and nothing else is looked at twice.
    """
    done = 0
    for match in re.finditer(hint, text):
        at = match.start()
        if at + _LONGEST < done:
            continue
        start = max(text.rfind("\n", 0, at) + 1, at - _LONGEST)
        done = end = min(_after_lines(text, at, 3), at + _WINDOW)
        yield start, end


def _after_lines(text: str, at: int, count: int) -> int:
    for _ in range(count):
        found = text.find("\n", at + 1)
        if found == -1:
            return len(text)
        at = found
    return at


@cache
def _detector(module: str, name: str) -> tuple[str, tuple[re.Pattern[str], ...]]:
    """What the detector looks for in the words of its library, and its expressions; none of its own is called."""
    detector = getattr(import_module(f"detect_secrets.plugins.{module}"), name)
    return str(detector.secret_type), tuple(detector.denylist)
