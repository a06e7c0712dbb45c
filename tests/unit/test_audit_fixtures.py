"""Made sources with exact lines: ``//~ 010`` or ``--~ 011`` ends each line on which that rule finds something."""

import re
from pathlib import Path

import pytest
from audits import audited

FIXTURES = Path(__file__).resolve().parents[1] / "data" / "audit"
_EXPECTED = re.compile(r"(?://|--)~ (\d{3})\s*$")


def tree(name: str) -> dict[str, str]:
    """A fixture's files by path."""
    folder = FIXTURES / name
    return {p.relative_to(folder).as_posix(): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


def expected(files: dict[str, str]) -> set[tuple[str, int, str]]:
    """Path, line and the rule's number of every marker."""
    return {
        (path, number, found.group(1))
        for path, text in files.items()
        for number, line in enumerate(text.splitlines(), 1)
        if (found := _EXPECTED.search(line))
    }


@pytest.mark.parametrize("name", sorted(folder.name for folder in FIXTURES.iterdir()))
def test_exactly_the_marked_lines_are_found(name: str) -> None:
    files = tree(name)
    wanted = expected(files)
    outcome = audited(files, migrations={"require-down": False})
    found = {
        (f.path, f.line, f.rule.removeprefix("CX-DBP-VAL-"))
        for f in outcome.findings
        if f.severity == "error" and f.line is not None
    }
    assert wanted
    assert found == wanted
