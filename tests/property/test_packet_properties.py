"""Any bytes parse; edits change nothing but machine blocks; what is rendered is what is read back."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatekeeper.model import names
from gatekeeper.model.changes import ChangeKind, FileChange
from gatekeeper.model.finding import CheckResult, Finding, Severity, Status
from gatekeeper.model.history import Plan
from gatekeeper.model.manifest import Gate, ManifestEntry
from gatekeeper.model.packet import Packet
from gatekeeper.packet.blocks import render_manifest, render_result
from gatekeeper.packet.edit import with_blocks
from gatekeeper.packet.judging import judging_parts, lacks_only_blocks
from gatekeeper.packet.parse import PacketUnreadable, parse_packet, parse_refinement
from gatekeeper.packet.structure import list_values, markdown_links, required_fields, spec_anchor_parts

# How fast the machine is tells nothing about the code.
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

# Pieces of which packets are made, so that random files meet every rule often.
PIECES = [
    "## VALIDATION",
    "## SCOPE",
    "## SKELETON",
    "### VALIDATION REPORT",
    "- **Target File**: `a.py`",
    "  - **Target File**: <fill>",
    "- **Start**: 1",
    "- Pre-SHA1: `x`",
    "- **Gates Passed**:",
    "  - [x] anchors_present",
    "  - [ ] all_links_resolvable",
    "- **Notes**: by hand",
    "- IN_SCOPE_PATHS:",
    "  - src/a.py:10-20 (new)",
    "```",
    "  ```bash",
    "      ~~~",
    "- ```",
    "<!-- gate:manifest change=0 -->",
    "<!-- /gate:manifest -->",
    "<!-- gate:result verdict=PASS -->",
    "<!-- /gate:result -->",
    "- PASS scope",
    "  - error a.b - c",
    "<!-- left out",
    "-->",
    "SKELETON APPROVED",
    "",
    "  ",
    "prose",
    "\ttab \u00e9 \u2028 \x0c",
]
ENDS = st.sampled_from([b"\n", b"\n", b"\r\n", b"\r"])
LINES = st.one_of(
    st.sampled_from([p.encode() for p in PIECES]), st.binary(max_size=8).map(lambda b: b.replace(b"\0", b""))
)


@st.composite
def packets(draw: st.DrawFn) -> bytes:
    """A file of random packet lines with random line ends; often with a byte order mark, seldom a last newline."""
    lines = draw(st.lists(st.tuples(LINES, ENDS), max_size=25))
    data = b"".join(line + end for line, end in lines)
    last = draw(st.sampled_from([b"", b"", b"## VALIDATION", b"prose"]))
    return draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + data + last


@UNTIMED
@given(st.one_of(st.binary(), packets()))
def test_any_bytes_parse_or_are_refused(data: bytes) -> None:
    try:
        packet = parse_packet("p.md", "WP-1", data)
        parse_refinement("r.md", data)
    except PacketUnreadable:
        assert b"\0" in data or data.startswith((b"\xff\xfe", b"\xfe\xff"))
        return
    for field in packet.fields:
        list_values(field, packet.fenced)
        spec_anchor_parts(field.value)
    assert len(required_fields(packet)) == 10
    assert all(1 <= link.line <= len(packet.lines) for link in markdown_links(packet))
    assert all(entry.line <= entry.end_line <= len(packet.lines) for entry in packet.recorded)


PARTS = st.sampled_from(
    ["a", "N", "n", "A", "C", "/", "/", ".", "..", "-", "_", "TBD", "NONE", "{a}", "<a>", ":1-2", "*"]
)


@given(st.lists(PARTS, min_size=1, max_size=6).map("".join))
def test_a_path_means_the_same_with_and_without_a_note(path: str) -> None:
    """A path of the usual form is taken as it stands; what has a note is always taken apart."""
    texts = (f"## SCOPE\n- IN_SCOPE_PATHS:\n  - {path}{note}\n" for note in ("", " (note)"))
    plain, noted = (parse_packet("p.md", "WP-1", text.encode()).scope for text in texts)
    assert [p[1:5] for p in plain.in_scope] == [p[1:5] for p in noted.in_scope]
    assert [line.problem for line in plain.malformed] == [line.problem for line in noted.malformed]


NEW = "<!-- gate:manifest change=9 -->\n- **Target File**: `new`\n<!-- /gate:manifest -->"
DONE = "<!-- gate:result verdict=FAIL -->\n- FAIL new\n<!-- /gate:result -->"


def machine_free(data: bytes) -> list[str]:
    """The lines that no machine block, manifest block or marker accounts for, blank lines aside."""
    packet = parse_packet("p.md", "WP-1", data)
    own = {line for entry in packet.recorded for line in range(entry.line, entry.end_line + 1)}
    own |= {line for marker in packet.markers for line in range(marker.start, marker.end + 1)}
    own |= {line.line for line in packet.malformed_manifest}
    return [text for number, text in enumerate(packet.lines, 1) if number not in own and text.strip()]


@UNTIMED
@given(packets())
def test_an_edit_is_idempotent_and_changes_nothing_but_blocks(data: bytes) -> None:
    data = b"# T\n## SCOPE\nfirst\n## VALIDATION\n" + data.removeprefix(b"\xef\xbb\xbf")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return
    packet = parse_packet("p.md", "WP-1", data)
    once = with_blocks(data, packet, NEW, DONE)
    again = parse_packet("p.md", "WP-1", once)
    assert with_blocks(once, again, NEW, DONE) == once
    assert [marker.name for marker in again.markers] == ["manifest", "result"]
    assert [entry.target_file.text for entry in again.recorded] == ["new"]
    kept = iter(once.split(b"\n"))
    for line in machine_free(data):  # every line of a person's is still there, in its order
        if not line.startswith(("- PASS", "  - error")):
            raw = line.encode()
            assert "\ufffd" in line or any(raw in candidate for candidate in kept)


@UNTIMED
@given(packets(), st.binary(max_size=30))
def test_what_stands_around_a_machine_block_stays_byte_for_byte(head: bytes, tail: bytes) -> None:
    head, tail = head.replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf"), tail.replace(b"\0", b"")
    before = b"# T\n## VALIDATION\nx\n"
    after = b"\n## EVIDENCE\n" + head + tail
    packet = parse_packet("p.md", "WP-1", before)
    first = with_blocks(before + after, packet, NEW, DONE)
    block = f"\n{NEW}\n\n{DONE}\n".encode()
    lf = first == before + block + after
    assert lf or first == before + block.replace(b"\n", b"\r\n") + after
    other = with_blocks(first, packet, NEW.replace("new", "newer"), DONE)
    assert other == first.replace(b"`new`", b"`newer`", 1)


def judging(data: bytes) -> Plan:
    return judging_parts(parse_packet("p.md", "WP-1", data), None)


@UNTIMED
@given(packets())
def test_a_machine_write_changes_no_judging_part(data: bytes) -> None:
    data = b"## SCOPE\n- IN_SCOPE_PATHS:\n  - a\n## VALIDATION\n" + data.removeprefix(b"\xef\xbb\xbf")
    packet = parse_packet("p.md", "WP-1", data)
    assert judging(with_blocks(data, packet, NEW, DONE)) == judging(data)


JUDGING = [
    *PIECES,
    "## QUALITY_GATE",
    "# DONE_MEANS",
    "## WAIVERS GRANTED",
    "## IMPLEMENTATION",
    "- **DONE_MEANS**:",
    "- REFINEMENT_FILE:",
    "REFINEMENT_FILE:",
    "  - [x] docs/r.md",
    "    prose that goes on",
    "<!-- gate:evidence wp=WP-1 -->",
    "<!-- /gate:evidence -->",
]
BODY = st.lists(st.sampled_from(JUDGING), max_size=3)
ODD = st.sampled_from(JUDGING)


def counts(packet: Packet) -> tuple[Plan, list[str]]:
    """The plan, and what its refinement is named by."""
    field = packet.field("REFINEMENT_FILE")
    return judging_parts(packet, None), [line.text for line in list_values(field, packet.fenced)] if field else []


@UNTIMED
@given(BODY, BODY, st.just("") | ODD, st.sampled_from(["# NEXT", "## NEXT"]) | ODD, BODY)
def test_what_lacks_only_blocks_has_the_same_judging_parts(
    head: list[str], above: list[str], between: str, heading: str, below: list[str]
) -> None:
    before, after = ["# T", *head, "## VALIDATION", *above], ["", heading, *below]
    packet = parse_packet("p.md", "WP-1", "\n".join([*before, "", NEW, "", between, DONE, *after]).encode())
    bare = parse_packet("p.md", "WP-1", "\n".join([*before, *after]).encode())
    if lacks_only_blocks(packet, bare.lines):
        assert counts(packet) == counts(bare)


@UNTIMED
@given(packets())
def test_line_ends_and_white_space_behind_a_line_change_no_judging_part(data: bytes) -> None:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return
    plain = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert judging(plain.replace(b"\n", b" \t\r\n")) == judging(plain)


def paths() -> st.SearchStrategy[str]:
    """File names as git may hold them: any bytes but NUL, decoded as the program does."""
    nasty = st.sampled_from(
        ["`", "``", '"', "\\", " ", "\n", "-->", "<", "(x)", "\u00e9", ":1-2", "a/b", "# ", "\t", "$("]
    )
    raw = st.one_of(st.binary(min_size=1, max_size=6), nasty.map(str.encode))
    joined = st.lists(raw, min_size=1, max_size=6).map(b"".join).map(lambda b: b.replace(b"\0", b"")).filter(bool)
    return joined.map(names.decode)


@st.composite
def entries(draw: st.DrawFn) -> ManifestEntry:
    """A random computed entry."""
    old = draw(st.none() | paths())
    kind = ChangeKind.RENAMED if old is not None else ChangeKind.MODIFIED
    sha1 = st.text("0123456789abcdef", min_size=40, max_size=40)
    return ManifestEntry(
        change=FileChange(path=draw(paths()), change=kind, base=None, head=None, old_path=old),
        kind="other",
        start=draw(st.integers(1, 10**6)),
        end=draw(st.integers(1, 10**6)),
        line_delta=draw(st.integers(-(10**6), 10**6)),
        last_line=1,
        pre_sha1=draw(sha1),
        post_sha1=draw(sha1),
        post_sha256=None,
        content=draw(st.sampled_from([None, "binary", "submodule"])),
        mode=draw(st.sampled_from([None, "100644 -> 100755"])),
    )


@UNTIMED
@given(
    st.lists(entries(), max_size=4, unique_by=lambda entry: entry.path),
    st.fixed_dictionaries({gate: st.sampled_from([True, False, None]) for gate in Gate}),
    st.none() | st.text(min_size=1),
)
def test_a_manifest_is_read_as_it_was_rendered(
    computed: list[ManifestEntry], gates: dict[Gate, bool | None], spec: str | None
) -> None:
    text = render_manifest(computed, {entry.path: gates for entry in computed}, spec, "0f")
    assert text.isascii()
    packet = parse_packet("p.md", "WP-1", f"## VALIDATION\n{text}\n## EVIDENCE\n".encode())
    assert packet.malformed_manifest == ()
    assert [(m.start, m.end) for m in packet.markers] == [(2, len(packet.lines) - 1)]
    assert packet.section("EVIDENCE") is not None
    for entry, recorded in zip(computed, packet.recorded, strict=True):
        assert names.from_packet(recorded.target_file.text) == entry.path
        old = recorded.renamed_from and names.from_packet(recorded.renamed_from.text)
        values = [recorded.start, recorded.end, recorded.line_delta, recorded.pre_sha1, recorded.post_sha1]
        assert [value and value.text for value in values] == [
            str(entry.start),
            str(entry.end),
            str(entry.line_delta),
            entry.pre_sha1,
            entry.post_sha1,
        ]
        assert old == entry.change.old_path
        assert (recorded.mode and recorded.mode.text, recorded.content and recorded.content.text) == (
            entry.mode,
            entry.content,
        )
        assert [(g.name, g.ticked) for g in recorded.gates] == [(g.value, gates[g] is not False) for g in Gate]


@UNTIMED
@given(
    st.lists(
        st.builds(
            Finding, rule=st.just("a.b"), severity=st.sampled_from(Severity), message=st.text(), path=paths()
        )
    )
)
def test_no_finding_breaks_out_of_a_result(findings: list[Finding]) -> None:
    check = CheckResult(id="scope", title="S", status=Status.FAIL, reason="r", findings=tuple(findings))
    text = render_result("WP-1", "post-work", Status.FAIL, "0f", [check, check])
    assert text.isascii()
    told = sum(finding.severity is not Severity.NOTE for finding in findings)
    assert len(text.split("\n")) == 4 + 2 * told
    packet = parse_packet("p.md", "WP-1", f"## VALIDATION\n{text}\n## EVIDENCE\n".encode())
    assert [(m.name, m.start, m.end) for m in packet.markers] == [("result", 2, 5 + 2 * told)]
    assert packet.malformed_manifest == ()
    assert packet.section("EVIDENCE") is not None
