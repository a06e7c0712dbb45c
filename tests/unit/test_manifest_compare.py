"""Recorded blocks against computed entries: each rule of the contract, alone."""

import hashlib
from collections.abc import Callable, Collection, Sequence
from typing import Any

import pytest

from gatekeeper.manifest.compare import Comparison, compare
from gatekeeper.manifest.replaced import replaced
from gatekeeper.model.changes import BlobFacts, ChangeKind, FileChange, Side
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.manifest import (
    NO_SHA1,
    Gate,
    ManifestEntry,
    RecordedEntry,
    RecordedGate,
    RecordedValue,
    Version,
)

OLD, NEW = b"one\ntwo\n", b"one\n2\n"
PACKET = "packets/WP-1.md"
EMPTY = "da39a3ee5e6b4b0d3255bfef95601890afd80709"


def sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


BLOBS = {"b" * 40: OLD, "c" * 40: NEW}
FACTS = {
    oid: BlobFacts(sha1(content), hashlib.sha256(content).hexdigest(), len(content), 2, False)
    for oid, content in BLOBS.items()
}
BASE, HEAD = Side("100644", "b" * 40), Side("100644", "c" * 40)


def entry(**changed: Any) -> ManifestEntry:
    """A modified file of which lines 2 to 3 change, two lines more than before, in a version of 9 lines."""
    values: dict[str, Any] = {
        "change": FileChange("src/a.py", ChangeKind.MODIFIED, BASE, HEAD),
        "kind": "other",
        "start": 2,
        "end": 3,
        "line_delta": 2,
        "last_line": 9,
        "pre_sha1": sha1(OLD),
        "post_sha1": sha1(NEW),
        "post_sha256": None,
    }
    return ManifestEntry(**{**values, **changed})


ADDED = entry(change=FileChange("src/a.py", ChangeKind.ADDED, None, HEAD), pre_sha1=NO_SHA1)
LINES = {name: 11 + i for i, name in enumerate(("start", "end", "line_delta", "pre_sha1", "post_sha1"))}
LINES |= {"renamed_from": 16, "mode": 17, "content": 18}


def block(of: ManifestEntry, line: int = 10, /, **changed: str | None) -> RecordedEntry:
    """The block that records an entry truly, but for the texts in ``changed``; None leaves a field out."""
    texts: dict[str, str | None] = {
        "target_file": of.path,
        "start": str(of.start),
        "end": str(of.end),
        "line_delta": str(of.line_delta),
        "pre_sha1": of.pre_sha1,
        "post_sha1": of.post_sha1,
        "renamed_from": of.change.old_path,
        "mode": of.mode,
        "content": of.content,
    }
    present = {name: text for name, text in {**texts, **changed}.items() if text is not None}
    values = {name: RecordedValue(text=text, line=LINES.get(name, line)) for name, text in present.items()}
    gates = tuple(RecordedGate(name=gate.value, ticked=True, line=20 + i) for i, gate in enumerate(Gate))
    return RecordedEntry(line=line, end_line=30, gates=gates, **values)


def judge(
    *blocks: RecordedEntry, of: ManifestEntry | None = None, ignored: Callable[[str], bool] = lambda _: False
) -> Comparison:
    return compare(
        [of or entry()], blocks, packet_path=PACKET, ignored=ignored, blobs=lambda oid: [BLOBS[oid]], facts=FACTS
    )


def only(comparison: Comparison) -> Finding:
    (finding,) = comparison.findings
    return finding


def test_a_true_block_has_no_finding_and_proves_its_gates() -> None:
    comparison = judge(block(entry()))
    assert comparison.findings == ()
    assert comparison.gates == {
        "src/a.py": {Gate.PRE: True, Gate.POST: True, Gate.DELTA: True, Gate.RAILS: True},
    }


@pytest.mark.parametrize(
    ("field", "text", "rule", "gate"),
    [
        ("pre_sha1", "0" + sha1(OLD)[1:], "manifest.pre-sha1", Gate.PRE),
        ("post_sha1", sha1(OLD), "manifest.post-sha1", Gate.POST),
        ("pre_sha1", NO_SHA1, "manifest.pre-sha1", Gate.PRE),
        ("pre_sha1", EMPTY, "manifest.pre-sha1", Gate.PRE),
        ("line_delta", "1", "manifest.line-delta", Gate.DELTA),
        ("line_delta", "-2", "manifest.line-delta", Gate.DELTA),
        ("start", "3", "manifest.window", Gate.RAILS),
        ("end", "2", "manifest.window", Gate.RAILS),
    ],
)
def test_a_wrong_value_is_an_error_at_its_line_with_both_values(
    field: str, text: str, rule: str, gate: Gate
) -> None:
    comparison = judge(block(entry(), **{field: text}))
    finding = only(comparison)
    assert (finding.rule, finding.severity, finding.path) == (rule, Severity.ERROR, PACKET)
    assert finding.line == LINES[field]
    assert text in finding.message
    assert str(getattr(entry(), field)) in finding.message
    assert [g for g, proven in comparison.gates["src/a.py"].items() if not proven] == [gate]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        *[
            ("start", text)
            for text in ("0", "-1", "+2", "N/A", "<fill>", "99999lines", "0 - 7", "", "1.0", "\u0661")
        ],
        *[("end", text) for text in ("3 lines", "9" * 5000, "0")],
        *[("line_delta", text) for text in ("N/A", "2 lines", "0 - 7", "--2", "\u22122", "+", "9" * 5000)],
        *[("pre_sha1", text) for text in ("N/A", sha1(OLD)[:-1], "g" * 40, "a" * 64, "<hash>")],
        *[("post_sha1", text) for text in ("", "c" * 41, f"{sha1(NEW)} (staged)")],
    ],
)
def test_a_text_of_another_form_is_malformed_and_costs_only_itself(field: str, text: str) -> None:
    finding = only(judge(block(entry(), **{field: text})))
    assert (finding.rule, finding.severity, finding.line) == ("manifest.malformed", Severity.ERROR, LINES[field])
    assert repr(text)[1:40].rstrip("'") in finding.message
    assert "expected" in finding.message


@pytest.mark.parametrize("field", ["start", "end", "line_delta", "pre_sha1", "post_sha1"])
def test_a_field_that_is_not_there_is_malformed_at_the_block(field: str) -> None:
    finding = only(judge(block(entry(), **{field: None})))
    assert (finding.rule, finding.line) == ("manifest.malformed", 10)
    assert "missing" in finding.message


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("pre_sha1", sha1(OLD).upper()),
        ("line_delta", "+2"),
        ("start", "1"),
        ("end", "9"),
        ("start", "02"),
    ],
)
def test_other_forms_of_a_true_value_and_wider_windows_are_accepted(field: str, text: str) -> None:
    assert judge(block(entry(), **{field: text})).findings == ()


def test_an_end_past_both_versions_is_a_warning() -> None:
    comparison = judge(block(entry(), end="10"))
    finding = only(comparison)
    assert (finding.rule, finding.severity) == ("manifest.window-wide", Severity.WARNING)
    assert comparison.gates["src/a.py"][Gate.RAILS] is True


def test_window_of_a_file_without_hunks_is_1_and_1_and_not_too_wide_for_an_empty_one() -> None:
    empty = entry(start=1, end=1, last_line=0, line_delta=0)
    assert judge(block(empty), of=empty).findings == ()
    assert only(judge(block(empty, end="2"), of=empty)).rule == "manifest.window-wide"


@pytest.mark.parametrize("content", [OLD.replace(b"\n", b"\r\n"), b"one\ntwo\n"])
def test_a_hash_with_other_line_ends_is_a_warning_that_prints_the_canonical_one(content: bytes) -> None:
    of = entry() if content != OLD else entry(pre_sha1=sha1(OLD.replace(b"\n", b"\r\n")))
    blobs = {"b" * 40: OLD if content != OLD else OLD.replace(b"\n", b"\r\n"), "c" * 40: NEW}
    told = block(of, pre_sha1=sha1(content))
    comparison = compare(
        [of], [told], packet_path=PACKET, ignored=lambda _: False, blobs=lambda oid: [blobs[oid]], facts={}
    )
    finding = only(comparison)
    assert (finding.rule, finding.severity) == ("manifest.eol", Severity.WARNING)
    assert of.pre_sha1 in finding.message
    assert comparison.gates["src/a.py"][Gate.PRE] is True


def test_line_ends_of_a_binary_file_are_not_normalised() -> None:
    of = entry(content="binary")
    told = block(of, pre_sha1=sha1(OLD.replace(b"\n", b"\r\n")))
    assert only(judge(told, of=of)).rule == "manifest.pre-sha1"


@pytest.mark.parametrize("text", [EMPTY, sha1(NEW), sha1(NEW).upper()])
def test_old_forms_of_an_added_files_pre_sha1_are_warnings(text: str) -> None:
    comparison = judge(block(ADDED, pre_sha1=text), of=ADDED)
    finding = only(comparison)
    assert (finding.rule, finding.severity) == ("manifest.pre-form", Severity.WARNING)
    assert NO_SHA1 in finding.message
    assert comparison.gates["src/a.py"][Gate.PRE] is True


def test_another_hash_before_an_added_file_is_an_error() -> None:
    assert only(judge(block(ADDED, pre_sha1="1" * 40), of=ADDED)).rule == "manifest.pre-sha1"


def test_a_changed_file_without_a_block_is_missing_and_proves_nothing() -> None:
    comparison = judge()
    finding = only(comparison)
    assert (finding.rule, finding.path, finding.line) == ("manifest.missing", "src/a.py", None)
    assert set(comparison.gates["src/a.py"].values()) == {False}


def test_a_block_for_an_unchanged_file_is_stale() -> None:
    finding = only(judge(block(entry()), block(entry(), 50, target_file="src/b.py")))
    assert (finding.rule, finding.line) == ("manifest.stale", 50)


def test_a_second_block_is_a_duplicate_and_only_the_first_is_compared() -> None:
    finding = only(judge(block(entry()), block(entry(), 50, pre_sha1="1" * 40)))
    assert (finding.rule, finding.line) == ("manifest.duplicate", 50)
    assert "line 10" in finding.message


def test_blocks_of_ignored_paths_are_not_compared_nor_counted() -> None:
    stray = block(entry(), 50, target_file="docs/x.md", start="N/A")
    assert judge(block(entry()), stray, stray, ignored=lambda path: path.startswith("docs/")).findings == ()


@pytest.mark.parametrize("text", ["<path>", "", '"a', '"a\\q"', '"a"b"'])
def test_a_target_that_is_no_name_is_malformed(text: str) -> None:
    rules = [f.rule for f in judge(block(entry(), target_file=text)).findings]
    assert sorted(rules) == ["manifest.malformed", "manifest.missing"]


def test_a_c_quoted_target_names_its_file() -> None:
    of = entry(change=FileChange('a\t"\u00e9', ChangeKind.MODIFIED, BASE, HEAD))
    assert judge(block(of, target_file='"a\\t\\"\\303\\251"'), of=of).findings == ()


RENAMED = entry(change=FileChange("src/a.py", ChangeKind.RENAMED, BASE, HEAD, "src/old.py"))
MODED = entry(mode="100644 -> 100755")
BINARY = entry(content="binary")


@pytest.mark.parametrize(
    ("of", "field", "text"),
    [
        (RENAMED, "renamed_from", "src/other.py"),
        (RENAMED, "renamed_from", None),
        (RENAMED, "renamed_from", '"'),
        (MODED, "mode", "100755 -> 100644"),
        (MODED, "mode", None),
        (MODED, "mode", "executable"),
        (BINARY, "content", "submodule"),
        (BINARY, "content", None),
        (BINARY, "content", "text"),
        (entry(), "renamed_from", "src/old.py"),
        (entry(), "mode", "100644 -> 100755"),
        (entry(), "content", "binary"),
    ],
)
def test_rename_mode_and_content_must_say_what_the_change_does(
    of: ManifestEntry, field: str, text: str | None
) -> None:
    assert only(judge(block(of, **{field: text}), of=of)).rule == "manifest.malformed"


@pytest.mark.parametrize("of", [RENAMED, MODED, BINARY])
def test_true_rename_mode_and_content_are_accepted(of: ManifestEntry) -> None:
    assert judge(block(of), of=of).findings == ()
    assert judge(block(of, mode=of.mode and of.mode.replace(" ", "")), of=of).findings == ()


@pytest.mark.parametrize("gate", list(Gate))
def test_each_of_the_ten_gates_must_be_ticked(gate: Gate) -> None:
    true = block(entry())
    unticked = tuple(g._replace(ticked=g.name != gate) for g in true.gates)
    finding = only(judge(true._replace(gates=unticked)))
    assert finding.rule == "manifest.gate"
    assert finding.line == next(g.line for g in true.gates if g.name == gate)
    assert gate in finding.message


def test_absent_gates_are_one_finding_that_names_them_and_unknown_gates_none() -> None:
    true = block(entry())
    unknown = RecordedGate(name="tests_passed", ticked=False, line=40)
    other = (*(g for g in true.gates if g.name not in {Gate.PRE, Gate.LINKS}), unknown)
    finding = only(judge(true._replace(gates=other)))
    assert (finding.rule, finding.line) == ("manifest.gate", 10)
    assert "pre_sha1_captured, all_links_resolvable" in finding.message


def test_a_tick_with_text_after_the_name_counts() -> None:
    true = block(entry())
    noted = tuple(g._replace(name=f"{g.name.upper()} (not applicable)") for g in true.gates)
    assert judge(true._replace(gates=noted)).findings == ()


def notes(*blocks: RecordedEntry, of: ManifestEntry | None = None) -> list[tuple[str, int | None]]:
    found = replaced([of or entry()], blocks, packet_path=PACKET)
    assert all(note.severity is Severity.NOTE for note in found)
    return [(note.rule, note.line) for note in found]


def test_a_writing_run_names_each_value_that_it_replaces() -> None:
    wrong = block(entry(), pre_sha1="1" * 40, start="1", line_delta="N/A", mode="100644 -> 100755")
    assert notes(wrong) == [
        ("manifest.window", LINES["start"]),
        ("manifest.line-delta", LINES["line_delta"]),
        ("manifest.pre-sha1", LINES["pre_sha1"]),
        ("manifest.malformed", LINES["mode"]),
    ]


def test_values_that_agree_and_placeholders_are_not_named() -> None:
    assert notes(block(entry())) == []
    assert notes(block(entry(), line_delta="+2", pre_sha1=sha1(OLD).upper(), start="<line>", end="TBD")) == []


def test_dropped_blocks_are_named() -> None:
    stray, second = block(entry(), 50, target_file="src/b.py"), block(entry(), 60)
    assert notes(block(entry()), stray, second) == [("manifest.stale", 50), ("manifest.duplicate", 60)]


def origin(of: ManifestEntry, **recorded: str) -> list[str]:
    """What each finding says behind the two values."""
    return [f.message.partition(". ")[2] for f in judge(block(of, **recorded), of=of).findings]


@pytest.mark.parametrize(
    ("recorded", "sentence"),
    [
        (sha1(NEW), "Pre-SHA1 is that of the head."),
        ("b" * 40, "Pre-SHA1 is a git object id, not a SHA1 of bytes: that of the base."),
        ("C" * 40, "Pre-SHA1 is a git object id, not a SHA1 of bytes: that of the head."),
        (EMPTY, "Pre-SHA1 is the SHA1 of nothing."),
        (NO_SHA1, "Forty zeros stand for a file that isn't there."),
        ("1" * 40, ""),
        ("<fill>", ""),
    ],
)
def test_a_wrong_hash_that_the_change_itself_explains_is_explained(recorded: str, sentence: str) -> None:
    assert origin(entry(), pre_sha1=recorded) == [sentence]


def test_a_sha256_in_a_sha1_field_is_malformed_and_told_whose_it_is() -> None:
    (finding,) = judge(block(entry(), post_sha1=hashlib.sha256(OLD).hexdigest())).findings
    assert finding.rule == "manifest.malformed"
    assert finding.message.endswith("expected 40 hexadecimal digits. Post-SHA1 is a SHA-256: that of the base.")


def test_swapped_hashes_are_told_to_be_swapped() -> None:
    assert origin(entry(), pre_sha1=sha1(NEW), post_sha1=sha1(OLD)) == ["Pre-SHA1 and Post-SHA1 are swapped."] * 2


def known(asked: list[list[str]], *versions: Version) -> Callable[[Collection[FileChange]], Sequence[Version]]:
    def answer(changes: Collection[FileChange]) -> Sequence[Version]:
        asked.append([change.path for change in changes])
        return versions

    return answer


def version(content: bytes, where: str, *, lasting: bool, path: str = "src/a.py") -> Version:
    return Version(path, where, sha1(content), hashlib.sha256(content).hexdigest(), None, lasting)


def explained(of: ManifestEntry, told: RecordedEntry, asked: list[list[str]], *versions: Version) -> Comparison:
    return compare(
        [of],
        [told],
        packet_path=PACKET,
        ignored=lambda _: False,
        blobs=lambda oid: [BLOBS[oid]],
        facts=FACTS,
        known=known(asked, *versions),
    )


def test_what_the_base_tells_stands_in_the_finding_and_what_a_place_tells_beside_it() -> None:
    past, now = version(b"0", "3 commits ago (1a2b3c4)", lasting=True), version(b"9", "the index", lasting=False)
    told = block(entry(), pre_sha1=sha1(b"0"), post_sha1=sha1(b"9"))
    asked: list[list[str]] = []
    comparison = explained(entry(), told, asked, now, past)
    post, pre = sorted(comparison.findings, key=lambda finding: finding.rule)
    assert pre.message.endswith(f"computed is {sha1(OLD)}. Pre-SHA1 is that of 3 commits ago (1a2b3c4).")
    assert post.message.endswith(f"computed is {sha1(NEW)}.")
    assert [(each.path, each.line, each.message) for each in comparison.explanations] == [
        (PACKET, LINES["post_sha1"], "Post-SHA1 is that of the index.")
    ]
    assert asked == [["src/a.py", "src/a.py"]]


def test_a_version_known_to_base_and_place_is_told_by_the_base_alone() -> None:
    versions = [version(b"0", "the index", lasting=False), version(b"0", "1 commit ago (1a2b3c4)", lasting=True)]
    comparison = explained(entry(), block(entry(), pre_sha1=sha1(b"0")), [], *versions)
    assert comparison.findings[0].message.endswith("Pre-SHA1 is that of 1 commit ago (1a2b3c4).")
    assert comparison.explanations == ()


def test_versions_are_asked_for_only_where_a_hash_needs_it() -> None:
    asked: list[list[str]] = []
    for recorded in (sha1(OLD), sha1(NEW), "N/A"):
        explained(entry(), block(entry(), pre_sha1=recorded, start="9"), asked)
    assert asked == []


def test_a_renames_hash_is_looked_for_under_its_old_name_too() -> None:
    of = entry(change=FileChange("src/a.py", ChangeKind.RENAMED, BASE, HEAD, "src/old.py"))
    past = version(b"0", "2 commits ago (1a2b3c4)", lasting=True, path="src/old.py")
    (finding,) = explained(of, block(of, pre_sha1=sha1(b"0")), [], past).findings
    assert finding.message.endswith("Pre-SHA1 is that of 2 commits ago (1a2b3c4).")


@pytest.mark.parametrize(
    ("field", "text", "rule"),
    [
        ("end", "99999lines", "manifest.malformed"),
        ("start", "0 - 7", "manifest.malformed"),
        ("start", "0", "manifest.malformed"),
        ("end", "\u0663", "manifest.malformed"),
        ("end", "9" * 5000, "manifest.malformed"),
        ("line_delta", "+2", None),
        ("line_delta", "+3", "manifest.line-delta"),
        ("line_delta", "\u22122", "manifest.malformed"),
        ("line_delta", "2.0", "manifest.malformed"),
        ("pre_sha1", sha1(OLD).upper(), None),
        ("pre_sha1", sha1(OLD)[:12], "manifest.malformed"),
        ("pre_sha1", f"0x{sha1(OLD)[2:]}", "manifest.malformed"),
        ("pre_sha1", "N/A", "manifest.malformed"),
        ("post_sha1", "<fill>", "manifest.malformed"),
        ("post_sha1", "", "manifest.malformed"),
        ("mode", "644 -> 755", "manifest.malformed"),
        ("content", "binary", "manifest.malformed"),
    ],
)
def test_each_lexical_form_is_read_or_refused_at_its_line(field: str, text: str, rule: str | None) -> None:
    found = judge(block(entry(), **{field: text})).findings
    assert [(f.rule, f.line) for f in found] == ([] if rule is None else [(rule, LINES[field])])
