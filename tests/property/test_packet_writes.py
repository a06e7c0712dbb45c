"""Random edits to a packet, valid and invalid: a write changes machine blocks alone, and no run crashes."""

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from application import git
from cases import PACKET, PACKET_TEXT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small import WP_ID, made

from gatekeeper.cli.main import main
from gatekeeper.packet.edit import with_blocks
from gatekeeper.packet.manifest_blocks import scan_manifest
from gatekeeper.packet.markdown import BOM, document, split_lines, text_lines
from gatekeeper.packet.parse import PacketUnreadable, parse_packet
from gatekeeper.packet.sections import manifest_zone, sections_of

OPEN, CLOSE = b"<!-- gate:manifest change=9 -->", b"<!-- /gate:manifest -->"
BLOCK = f"{OPEN.decode()}\n- **Target File**: `src/a.txt`\n- **Start**: 2\n{CLOSE.decode()}"
HAND = """- **Target File**: `src/a.txt`
- **Start**: 7
- Pre-SHA1: <fill>
- **Gates Passed**:
  - [ ] anchors_present
"""
RECORDED = PACKET_TEXT.replace("## VALIDATION\n", f"## VALIDATION\nBefore.\n{HAND}\nAfter.\n")

# Lines that break what they come near: sections, fences, comments, markers, fields, windows, ends.
LINES = st.sampled_from(
    [
        *(b"```", b"~~~~ x", b"<!--", b"-->", OPEN, CLOSE, b"<!-- gate:result verdict=PASS -->"),
        *(b"<!-- /gate:result -->", b"## VALIDATION", b"# VALIDATION REPORT", b"## EVIDENCE", b"###", b"######"),
        *(b"- **Target File**: `../x`", b'- **Target File**: "\\9"', b"- **End**: 99999lines", b"- **Start**:"),
        *(b"- **Gates Passed**:", b"  - [x]", b"  - [y] anchors_present", b"- **Mode**: x", b"SKELETON APPROVED"),
        *(
            b"- IN_SCOPE_PATHS:",
            b"  - !x",
            b"  - ../x:9-1",
            b"  - \xff",
            b"- W | a | b",
            b"- W|x|**|r|a|9999-99-99|-",
        ),
        *(
            b"- Status: Done",
            b"- REFINEMENT_FILE: /dev/null.md",
            b"- MERGE_BASE_SHA: --output=x",
            b"- : : :",
            b"**",
        ),
        *(
            b"- SPEC_ANCHOR: `x.md`:999999999",
            b'[a](<../b> "',
            b"\t\t- x",
            b"\r",
            b"\xef\xbb\xbf",
            b"\x0c\x85",
            b"",
        ),
    ]
)
ENDS = st.sampled_from([b"\n", b"\r\n"])


@st.composite
def edits(draw: st.DrawFn) -> bytes:
    """The packet after up to six edits: a line put in, taken out, doubled, moved, or bytes changed anywhere."""
    end = draw(ENDS)
    lines = RECORDED.encode().split(b"\n")
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(len(lines) - 1, 0)))
        kind = draw(st.sampled_from(["put", "put", "put", "drop", "double", "move", "byte"]))
        if kind == "put" or not lines:
            lines.insert(at, draw(LINES))
        elif kind == "drop":
            del lines[at]
        elif kind == "double":
            lines.insert(at, lines[at])
        elif kind == "move":
            lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(at))
        else:
            cut = draw(st.integers(0, len(lines[at])))
            lines[at] = lines[at][:cut] + draw(st.binary(max_size=2)).replace(b"\0", b"") + lines[at][cut + 1 :]
    return draw(st.sampled_from([b"", BOM])) + end.join(lines)


def machine_lines(data: bytes) -> frozenset[int]:
    """The lines that are a manifest's or the machine's own."""
    doc = document(text_lines(data, "p"))
    return scan_manifest(doc, manifest_zone(sections_of(doc))).owned


def kept(data: bytes) -> list[bytes]:
    """The lines, with their ends, that no manifest block, marker or blank line between them accounts for."""
    owned = machine_lines(data)
    lines = split_lines(data.removeprefix(BOM))
    return [line.body + line.end for n, line in enumerate(lines, 1) if n not in owned and line.body.strip()]


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(edits())
def test_a_write_keeps_every_byte_outside_machine_blocks_and_every_other_field(data: bytes) -> None:
    try:
        before = parse_packet(PACKET, WP_ID, data)
    except PacketUnreadable:
        return
    if before.section("VALIDATION") is None:
        return
    once = with_blocks(data, before, BLOCK, None)
    after = parse_packet(PACKET, WP_ID, once)
    assert with_blocks(once, after, BLOCK, None) == once
    assert [entry.target_file.text for entry in after.recorded] == ["src/a.txt"]
    assert [marker.name for marker in after.markers].count("manifest") == 1
    assert once.startswith(BOM) == data.startswith(BOM)
    # A last line without an end gets one where the blocks come to stand behind it.
    assert [line.rstrip(b"\r\n") for line in kept(once)] == [line.rstrip(b"\r\n") for line in kept(data)]
    assert [line for line in kept(once)[:-1] if line in kept(data)[:-1]] == kept(data)[:-1]
    assert values(once) == values(data)


def values(data: bytes) -> list[object]:
    """What a packet says outside its machine blocks and recorded blocks, without line numbers."""
    packet = parse_packet(PACKET, WP_ID, data)
    owned = machine_lines(data)
    fields = [(field.name, field.value) for field in packet.fields if field.line not in owned]
    scope = [path._replace(line=0) for path in (*packet.scope.in_scope, *packet.scope.out_of_scope)]
    return [
        fields,
        [section.name for section in packet.sections],
        scope,
        len(packet.waivers),
        len(packet.phase.approvals),
    ]


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("writes") / "r", base={PACKET: RECORDED})


@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(data=edits(), check=st.booleans())
def test_whatever_a_packet_holds_a_run_ends_with_a_verdict(repo: Path, data: bytes, check: bool) -> None:
    packet = repo / PACKET
    packet.write_bytes(data)
    git(repo, "add", "-A")
    arguments = ["post-work", WP_ID, "--staged", "--base", "main", *(["--check"] if check else [])]
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(["--repo", str(repo), *arguments])
    assert code in {0, 1, 3}, err.getvalue()
    after = packet.read_bytes()
    if check:
        assert after == data
    elif after != data:
        machine = b"<!-- gate:manifest change="
        assert after.count(machine) >= 1
        assert [line for line in map(bytes.strip, kept(data)) if line not in after] == []
