"""Result and manifest blocks: what was read renders to the very text that was rendered."""

from hypothesis import given
from hypothesis import strategies as st

from gatekeeper.model.changes import ChangeKind, FileChange
from gatekeeper.model.finding import CheckResult, Finding, Severity, Status
from gatekeeper.model.manifest import Gate, ManifestEntry
from gatekeeper.packet.blocks import render_manifest, render_result
from gatekeeper.packet.parse import parse_packet
from gatekeeper.packet.result_blocks import render_manifest_again, render_result_again, results_of

DIGEST = "ab" * 32
HEXES = st.text("0123456789abcdef", min_size=40, max_size=40)
TEXTS = st.text(max_size=30)
NAMES = st.text(min_size=1, max_size=20).filter(lambda name: "\0" not in name)

FINDINGS = st.builds(
    Finding,
    rule=st.sampled_from(["scope.out-of-scope", "lint.squawk.ban-drop-table", "CX-DBP-VAL-010"]),
    severity=st.sampled_from(Severity),
    message=TEXTS,
    path=st.none() | NAMES,
    line=st.none() | st.integers(1, 10**6),
    waiver=st.none() | st.sampled_from(["W1", "W-2"]),
)
CHECKS = st.builds(
    CheckResult,
    id=st.sampled_from(["scope", "manifest", "gates"]),
    title=st.just("Title"),
    status=st.sampled_from(Status),
    reason=st.none() | TEXTS,
    findings=st.lists(FINDINGS, max_size=3).map(tuple),
)
ENTRIES = st.builds(
    ManifestEntry,
    change=st.builds(
        FileChange, NAMES, st.just(ChangeKind.MODIFIED), st.none(), st.none(), old_path=st.none() | NAMES
    ),
    kind=st.just("other"),
    start=st.integers(1, 10**9),
    end=st.integers(1, 10**9),
    line_delta=st.integers(-(10**9), 10**9),
    last_line=st.just(1),
    pre_sha1=HEXES,
    post_sha1=HEXES,
    post_sha256=st.none(),
    content=st.sampled_from([None, "binary", "submodule"]),
    mode=st.sampled_from([None, "100644 -> 100755"]),
)
TICKS = st.fixed_dictionaries({gate: st.sampled_from([True, False, None]) for gate in Gate})


# A spec's name holds no white space (``gates/spec.py``).
SPECS = st.from_regex(r"[^\s`'\"<>()\[\]|,;]{1,20}\.md", fullmatch=True).map("docs/CURRENT.md -> {}".format)


@given(st.lists(CHECKS, max_size=3), st.sampled_from(Status))
def test_a_result_that_was_read_renders_to_its_own_text(checks: list[CheckResult], status: Status) -> None:
    text = render_result("WP-1-Small", "post-work", status, DIGEST, checks)
    packet = parse_packet("p.md", "WP-1-Small", f"## VALIDATION\n{text}\n".encode())
    (result,) = results_of(packet)
    assert render_result_again(result) == result.text == text
    assert (result.malformed, result.verdict, result.change) == ((), status, DIGEST)
    assert [check.status for check in result.checks] == [check.status for check in checks]


@given(st.lists(st.tuples(ENTRIES, TICKS), max_size=3), st.none() | SPECS)
def test_a_manifest_that_was_read_renders_to_its_own_text(
    rows: list[tuple[ManifestEntry, dict[Gate, bool | None]]], spec: str | None
) -> None:
    by_path = {entry.path: (entry, ticks) for entry, ticks in rows}
    entries = [entry for entry, _ in by_path.values()]
    gates = {path: ticks for path, (_, ticks) in by_path.items()}
    text = render_manifest(entries, gates, spec, DIGEST)
    packet = parse_packet("p.md", "WP-1-Small", f"## VALIDATION\n{text}\n".encode())
    (marker,) = packet.markers
    assert render_manifest_again(packet, marker) == text
