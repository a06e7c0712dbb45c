"""Both readings of a manifest block, by one expression an entry and line by line, say the same of any text."""

from hypothesis import given
from hypothesis import strategies as st

from gatekeeper.model.changes import ChangeKind, FileChange
from gatekeeper.model.manifest import Gate, ManifestEntry
from gatekeeper.model.packet import Packet
from gatekeeper.packet.blocks import render_manifest
from gatekeeper.packet.parse import parse_packet
from gatekeeper.packet.record_blocks import block_text
from gatekeeper.packet.result_blocks import render_manifest_again

OPENING = "<!-- gate:manifest "
HEXES = st.text("0123456789abcdef", min_size=40, max_size=40)
PLAIN = st.sampled_from(["a.py", "src/with space.py", "NONE", "x<y>", "TBD", "a:1-2"])
ODD = st.sampled_from([" a", "a ", "<a>", 'a"b', "a`b", "caf\u00e9", "a\\b", '"a"', "a\tb", "a\n- **Start**: 1"])
WHOLE = st.integers(1, 10**9)


def entries(names: st.SearchStrategy[str]) -> st.SearchStrategy[ManifestEntry]:
    """Entries as a run computes them."""
    kind = st.just(ChangeKind.MODIFIED)
    return st.builds(
        ManifestEntry,
        change=st.builds(FileChange, names, kind, st.none(), st.none(), old_path=st.none() | names),
        kind=st.just("other"),
        start=WHOLE,
        end=WHOLE,
        line_delta=st.integers(-(10**9), 10**9),
        last_line=st.just(1),
        pre_sha1=HEXES,
        post_sha1=HEXES,
        post_sha256=st.none(),
        content=st.sampled_from([None, "binary", "submodule"]),
        mode=st.sampled_from([None, "100644 -> 100755"]),
    )


TICKS = st.fixed_dictionaries({gate: st.sampled_from([True, True, False, None]) for gate in Gate})
SPECS = st.sampled_from(
    [None, "long " * 300 + "SPEC.md", "docs/CURRENT.md -> SPEC.md", "a -->  b", "`a`", "<fill>"]
)


@st.composite
def blocks(draw: st.DrawFn, names: st.SearchStrategy[str]) -> str:
    """A block as a run writes it."""
    unique = draw(st.lists(entries(names), max_size=3, unique_by=lambda entry: entry.path))
    gates = {entry.path: draw(TICKS) for entry in unique}
    return render_manifest(unique, gates, draw(SPECS), "0f")


MARKS = [
    " ",
    "  ",
    "\n",
    "\n\n",
    "`",
    "```\n",
    "<!-- x -->\n",
    "-->",
    "<!--",
    "# a\n",
    "-",
    "0",
    "+",
    "x",
    "X",
    "\t",
]
LINES = [
    "- **Start**: 1\n",
    "- **Target File**: `a.py`\n",
    "- **Notes**: by hand\n",
    "  - [x] pre_sha1_captured\n",
]
OTHERS = ["- **Spec Target Resolved**: A.md -> B.md\n", " (not applicable)", "\u00e9", "\x0c", "\u2028", "\r"]
PIECES = st.sampled_from([*MARKS, *LINES, *OTHERS])


@st.composite
def edited(draw: st.DrawFn) -> str:
    """A block that somebody edited in a few places."""
    text = draw(blocks(PLAIN | ODD))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 2, 30])))
        text = text[:start] + draw(PIECES | st.just("")) + text[end:]
    return text


def parsed(text: str) -> Packet:
    """A packet that records this text; lines are counted alike whatever it holds."""
    return parse_packet("p.md", "WP-1", f"# P\n## VALIDATION\nBefore.\n{text}\n\nAfter.\n## EVIDENCE\n".encode())


@given(blocks(PLAIN | ODD) | edited())
def test_both_readings_of_a_manifest_find_the_same(text: str) -> None:
    quickly = parsed(text)
    # A marker with another space in it isn't as it is written, so these lines are read one by one.
    slowly = parsed(text.replace(OPENING, OPENING.replace(" ", "  ", 1)))
    assert not any(marker.as_written for marker in slowly.markers)
    assert quickly.recorded == slowly.recorded
    assert [line.line for line in quickly.malformed_manifest] == [line.line for line in slowly.malformed_manifest]
    assert [field.line for field in quickly.fields] == [field.line for field in slowly.fields]


@given(blocks(PLAIN | ODD) | edited())
def test_what_is_known_to_be_as_written_is_what_its_data_renders_to(text: str) -> None:
    packet = parsed(text)
    for marker in packet.markers:
        if marker.as_written:
            assert render_manifest_again(packet, marker._replace(as_written=False)) == block_text(packet, marker)


@given(st.lists(entries(PLAIN), max_size=3, unique_by=lambda entry: entry.path), TICKS)
def test_what_gate_writes_is_known_to_be_as_written(
    computed: list[ManifestEntry], ticks: dict[Gate, bool | None]
) -> None:
    text = render_manifest(computed, {entry.path: ticks for entry in computed}, "CURRENT.md -> SPEC.md", "0f")
    assert [marker.as_written for marker in parsed(text).markers] == [True]


def test_a_block_that_no_single_run_writes_is_not_as_written() -> None:
    """The same file twice, or entries with different specs, render to something else."""
    change = FileChange("a.py", ChangeKind.MODIFIED, None, None)
    entry = ManifestEntry(change, "other", 1, 1, 0, 1, "0" * 40, "1" * 40, None)
    other = entry._replace(change=change._replace(path="b.py"))
    gates = {path: dict.fromkeys(Gate, True) for path in ("a.py", "b.py")}
    text = render_manifest([entry, other], gates, "CURRENT.md -> SPEC.md", "0f")
    edits = (
        ("b.py", "a.py", 1),
        ("SPEC", "OLD", 1),
        ("\n\n", "\n", 1),
        (" -> ", " --> ", 2),
        ("change=", "a=1 change=", 1),
    )
    for old, new, count in edits:
        forged = text.replace(old, new, count)
        packet = parsed(forged)
        assert [marker.as_written for marker in packet.markers] == [False]
        assert len(packet.recorded) == 2
