"""Machine blocks as text: the manifest and the result that a packet records (contract, section 1, Manifest)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from gatekeeper.model import names
from gatekeeper.model.finding import CheckResult, Finding, Severity, Status
from gatekeeper.model.manifest import GATES, Gate, ManifestEntry

if TYPE_CHECKING:  # loaded where a block has a template
    import jinja2

_LONGEST_RUN = re.compile(r"`+")


Ticks = Mapping[Gate, bool | None] | Mapping[str, bool | None]
"""An entry's ten gates by what they are or by their names; None for one that doesn't apply."""


def code_span(text: str) -> str:
    """A code span whose delimiters are longer than any run of backticks within."""
    if "`" not in text:
        return f"`{text}`"
    run = "`" * (1 + max((len(run) for run in _LONGEST_RUN.findall(text)), default=0))
    return f"{run}{text}{run}"


def one_line(text: str) -> str:
    """Any text as one line of ASCII that can neither end a machine block nor open a code span or comment."""
    flat = " ".join(text.split()).encode("ascii", "backslashreplace").decode("ascii")
    flat = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in flat)
    return flat.replace("`", "'").replace("<!--", "<! --").replace("-->", "-- >")


def rendered(template: str, values: Mapping[str, object]) -> str:
    """A block from its template, without a final newline; every value has been made safe before."""
    return _compiled(template).render(values).rstrip("\n")


@lru_cache(maxsize=16)
def _compiled(template: str) -> "jinja2.Template":
    import jinja2  # noqa: PLC0415 - evidence and reports alone have templates

    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - renders Markdown; every value is made safe above
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.from_string(template)


@lru_cache(maxsize=64)
def _ticks(*passed: bool | None) -> str:
    """The ten gates' lines; nearly every entry has the same."""
    pairs = zip(GATES, passed, strict=True)
    return "\n".join(
        f"  - [{' ' if value is False else 'x'}] {gate}{' (not applicable)' * (value is None)}"
        for gate, value in pairs
    )


def render_manifest(
    entries: Sequence[ManifestEntry],
    gates: Mapping[str, Ticks],
    spec_target: str | None,
    digest: str,
) -> str:
    """The manifest block, markers included, ASCII with LF and without a final one.

    ``gates`` maps an entry's path to its ten gates (None: not applicable), ``spec_target`` is
    ``POINTER -> FILE`` where known, ``digest`` the change digest in hex. Raises KeyError for a gate left out.
    """
    spec = f"- **Spec Target Resolved**: {one_line(spec_target)}\n" if spec_target else ""
    body = "\n".join([_entry(entry, gates[entry.path]) + spec for entry in entries])
    return f"<!-- gate:manifest change={digest} -->\n{body}<!-- /gate:manifest -->"


def _entry(entry: ManifestEntry, gates: Ticks) -> str:
    old = entry.change.old_path
    renamed = f"- **Renamed From**: {code_span(names.for_packet(old))}\n" if old is not None else ""
    mode = f"- **Mode**: {entry.mode}\n" if entry.mode is not None else ""
    content = f"- **Content**: {entry.content}\n" if entry.content is not None else ""
    return (
        f"- **Target File**: {code_span(names.for_packet(entry.path))}\n{renamed}"
        f"- **Start**: {entry.start}\n"
        f"- **End**: {entry.end}\n"
        f"- **Line Delta**: {entry.line_delta}\n"
        f"- **Pre-SHA1**: `{entry.pre_sha1}`\n"
        f"- **Post-SHA1**: `{entry.post_sha1}`\n{mode}{content}"
        f"- **Gates Passed**:\n{_ticks(*[gates[gate] for gate in GATES])}\n"
    )


def finding_line(finding: Finding) -> str:
    """A finding as a machine block tells it, in one line."""
    where = names.for_packet(finding.path) if finding.path is not None else ""
    if finding.line is not None:
        where += f":{finding.line}"
    waived = f" (waived by {finding.waiver})" if finding.waiver else ""
    place = f" {where}" if where else ""
    return one_line(f"{finding.severity.value} {finding.rule}{place} - {finding.message}{waived}")


def _check(result: CheckResult) -> tuple[str, str, str, list[str]]:
    told = [f for f in result.findings if f.severity is not Severity.NOTE]
    told.sort(key=lambda f: (f.severity is not Severity.ERROR, f.sort_key()))
    return result.status.value, one_line(result.id), one_line(result.reason or ""), [finding_line(f) for f in told]


def render_result(wp_id: str, gate: str, status: Status, digest: str, checks: Sequence[CheckResult]) -> str:
    """The result block, markers included, ASCII with LF and without a final one.

    One line a check with its reason, below it errors, then warnings; no notes, no times, no commit ids.
    """
    return result_block(wp_id, gate, digest, status.value, [_check(result) for result in checks])


def result_block(
    wp_id: str, gate: str, digest: str, verdict: str, checks: Iterable[tuple[str, str, str, Sequence[str]]]
) -> str:
    """The result block of texts that are safe: of each check status, id, reason and the lines of its findings."""
    lines = [f"<!-- gate:result wp={wp_id} gate={gate} change={digest} verdict={verdict} -->"]
    for status, check_id, reason, findings in checks:
        lines.append(f"- {status} {check_id}: {reason}" if reason else f"- {status} {check_id}")
        lines += [f"  - {finding}" for finding in findings]
    return "\n".join([*lines, "<!-- /gate:result -->"])
