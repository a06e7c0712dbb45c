"""A baseline: the findings that were there before, known again by what their line says, not by its number."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gatekeeper.model.errors import UsageError
from gatekeeper.model.finding import Finding, Severity

SCHEMA = "gatekeeper/baseline/v1"


class _Entry(BaseModel):
    """Findings of one rule in one file on lines of the same text; ``line`` is the SHA-256 of that text.

    A hash, because a line may hold what no other file should; white space within it counts as one space.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    rule: str
    path: str
    line: str
    count: int = Field(ge=1)


class BaselineFile(BaseModel):
    """A baseline as its file holds it."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, defer_build=True)

    schema_: Literal["gatekeeper/baseline/v1"] = Field(alias="schema")
    findings: tuple[_Entry, ...]


Key = tuple[str, str, str]
Baseline = Counter[Key]
"""How many findings are known, by rule, path and the hash of the line."""

ReadLine = Callable[[str, int], str]
"""The text of a line of a judged file, by its path and number."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The findings, the known ones as notes, with a warning for each that is gone."""

    findings: tuple[Finding, ...]
    known: int
    gone: int


def read_baseline(data: bytes, name: str) -> Baseline:
    """The baseline that a file holds. Raises UsageError for anything else."""
    try:
        parsed = BaselineFile.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"{name} is no baseline: {f'{where}: ' if where else ''}{first['msg']}.",
            hint=f"gate audit --baseline {name} --update-baseline writes it anew",
        ) from error
    return Counter({(entry.rule, entry.path, entry.line): entry.count for entry in parsed.findings})


def render_baseline(baseline: Baseline) -> str:
    """The baseline as its file holds it: sorted, a line for each entry, so that a review reads the difference."""
    entries = [
        json.dumps({"rule": rule, "path": path, "line": line, "count": count})
        for (rule, path, line), count in sorted(baseline.items())
    ]
    body = "".join(f"  {entry},\n" for entry in entries).removesuffix(",\n")
    return f'{{"schema": "{SCHEMA}", "findings": [\n{body}\n]}}\n'


def baseline_of(findings: Iterable[Finding], read_line: ReadLine) -> Baseline:
    """What a baseline of these findings holds; notes are nothing to get used to."""
    return Counter(_key(finding, read_line) for finding in findings if finding.severity is not Severity.NOTE)


def compared(
    findings: Sequence[Finding], baseline: Baseline, read_line: ReadLine, judged: Callable[[str, str], bool]
) -> Compared:
    """The findings against a baseline; ``judged`` says of a rule and a path whether it was looked for there."""
    left, out, known = Counter(baseline), [], 0
    for finding in findings:
        key = _key(finding, read_line)
        if finding.severity is Severity.NOTE or not left[key]:
            out.append(finding)
            continue
        left[key] -= 1
        known += 1
        message = f"{finding.message} It is in the baseline."
        out.append(finding.model_copy(update={"severity": Severity.NOTE, "message": message}))
    gone = {key: count for key, count in left.items() if count and judged(key[0], key[1])}
    out += [_gone(rule, path, count) for (rule, path, _), count in sorted(gone.items())]
    return Compared(tuple(sorted(out, key=Finding.sort_key)), known, sum(gone.values()))


def _gone(rule: str, path: str, count: int) -> Finding:
    what = "a finding" if count == 1 else f"{count} findings"
    now = "is gone" if count == 1 else "are gone"
    return Finding(
        rule=rule,
        severity=Severity.WARNING,
        message=f"The baseline holds {what} of {rule} in {path} that {now}.",
        path=path,
        hint="gate audit with --update-baseline takes it out",
    )


def _key(finding: Finding, read_line: ReadLine) -> Key:
    path = finding.path or ""
    text = read_line(path, finding.line) if finding.line is not None else ""
    return finding.rule, path, hashlib.sha256(" ".join(text.split()).encode()).hexdigest()
