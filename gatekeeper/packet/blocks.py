"""Machine blocks as text: the manifest and the result that a packet records (contract, section 1, Manifest)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import jinja2

from gatekeeper.model import names
from gatekeeper.model.finding import CheckResult, Finding, Severity, Status
from gatekeeper.model.manifest import Gate, ManifestEntry

_LONGEST_RUN = re.compile(r"`+")


def code_span(text: str) -> str:
    """A code span whose delimiters are longer than any run of backticks within."""
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
def _compiled(template: str) -> jinja2.Template:
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - renders Markdown; every value is made safe above
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.from_string(template)


def _tick(gate: Gate, passed: bool | None) -> str:
    note = " (not applicable)" if passed is None else ""
    return f"[{' ' if passed is False else 'x'}] {gate.value}{note}"


def _fields(entry: ManifestEntry) -> Iterator[tuple[str, str]]:
    yield "Target File", code_span(names.for_packet(entry.path))
    if entry.change.old_path is not None:
        yield "Renamed From", code_span(names.for_packet(entry.change.old_path))
    yield "Start", str(entry.start)
    yield "End", str(entry.end)
    yield "Line Delta", str(entry.line_delta)
    yield "Pre-SHA1", code_span(entry.pre_sha1)
    yield "Post-SHA1", code_span(entry.post_sha1)
    if entry.mode is not None:
        yield "Mode", entry.mode
    if entry.content is not None:
        yield "Content", entry.content


def render_manifest(
    entries: Sequence[ManifestEntry],
    gates: Mapping[str, Mapping[Gate, bool | None]],
    spec_target: str | None,
    digest: str,
    template: str,
) -> str:
    """The manifest block, markers included, ASCII with LF and without a final one.

    ``gates`` maps an entry's path to its ten gates (None: not applicable), ``spec_target`` is
    ``POINTER -> FILE`` where known, ``digest`` the change digest in hex. Raises KeyError for a gate left out.
    """
    blocks = [
        {"fields": list(_fields(entry)), "gates": [_tick(gate, gates[entry.path][gate]) for gate in Gate]}
        for entry in entries
    ]
    spec = one_line(spec_target) if spec_target else None
    return rendered(template, {"blocks": blocks, "spec_target": spec, "digest": digest})


def finding_line(finding: Finding) -> str:
    """A finding as a machine block tells it, in one line."""
    where = names.for_packet(finding.path) if finding.path is not None else ""
    if finding.line is not None:
        where += f":{finding.line}"
    waived = f" (waived by {finding.waiver})" if finding.waiver else ""
    place = f" {where}" if where else ""
    return one_line(f"{finding.severity.value} {finding.rule}{place} - {finding.message}{waived}")


def _check(result: CheckResult) -> dict[str, object]:
    told = [f for f in result.findings if f.severity is not Severity.NOTE]
    told.sort(key=lambda f: (f.severity is not Severity.ERROR, f.sort_key()))
    return {
        "id": one_line(result.id),
        "status": result.status.value,
        "reason": one_line(result.reason or ""),
        "findings": [finding_line(f) for f in told],
    }


def render_result(  # noqa: PLR0917 - each is one attribute of the block, in the block's order
    wp_id: str, gate: str, status: Status, digest: str, checks: Sequence[CheckResult], template: str
) -> str:
    """The result block, markers included, ASCII with LF and without a final one.

    One line a check with its reason, below it errors, then warnings; no notes, no times, no commit ids.
    """
    values = {
        "wp_id": wp_id,
        "gate": gate,
        "digest": digest,
        "verdict": status.value,
        "checks": [_check(result) for result in checks],
    }
    return rendered(template, values)
