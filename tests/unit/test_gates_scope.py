"""The scope check: paths, windows, forbidden paths, other packets (contract, section 1, SCOPE)."""

import pytest
from cases import (
    PACKET,
    PACKET_TEXT,
    REFINEMENT,
    WP_ID,
    Files,
    case,
    change,
    edited,
    paths,
    rules,
    settings,
    with_changes,
)

from gatekeeper.gates.case import Case, Outcome
from gatekeeper.gates.scope import check_scope
from gatekeeper.model.changes import FileChange
from gatekeeper.model.manifest import Gate
from gatekeeper.model.settings import Settings

SCOPE = "- IN_SCOPE_PATHS:\n  - src/a.txt\n- OUT_OF_SCOPE:\n  - New features\n"


def scoped(inside: list[str], outside: list[str]) -> str:
    lines = "".join(f"  - {line}\n" for line in inside)
    barred = "".join(f"  - {line}\n" for line in outside)
    return edited(PACKET_TEXT, SCOPE, f"- IN_SCOPE_PATHS:\n{lines}- OUT_OF_SCOPE:\n{barred}")


def judged(
    *changes: FileChange,
    inside: list[str] | None = None,
    outside: list[str] | None = None,
    base: dict[str, str | bytes | None] | None = None,
    head: dict[str, str | bytes | None] | None = None,
    chosen: Settings | None = None,
) -> Outcome:
    text = scoped(inside or ["src/a.txt"], outside or [])
    built: Case = case({PACKET: text, **(head or {})}, settings=chosen or settings())
    return check_scope(with_changes(built, base or {}, *changes))


@pytest.mark.parametrize(
    ("pattern", "path", "inside"),
    [
        ("src/a.txt", "src/a.txt", True),
        ("src/a.txt", "src/A.txt", False),
        ("src/a.txt", "src/a.txt.bak", False),
        ("`src/a.txt` (the line)", "src/a.txt", True),
        ("src/", "src/deep/a.txt", True),
        ("src", "src/a.txt", False),
        ("src/*.txt", "src/a.txt", True),
        ("src/*.txt", "src/deep/a.txt", False),
        ("src/**", "src/deep/a.txt", True),
        ("**/a.txt", "a.txt", True),
        ("src/**/a.txt", "src/a.txt", True),
        ("src/[ab].txt", "src/c.txt", False),
    ],
)
def test_a_path_is_in_scope_only_if_a_line_names_it(pattern: str, path: str, inside: bool) -> None:
    outcome = judged(change(path), inside=[pattern])
    assert rules(outcome) == ([] if inside else ["scope.out-of-scope"])
    assert inside or paths(outcome, "scope.out-of-scope") == [path]


def test_an_empty_list_and_a_malformed_line_are_found_before_work_too() -> None:
    empty = edited(PACKET_TEXT, "- IN_SCOPE_PATHS:\n  - src/a.txt\n", "- IN_SCOPE_PATHS:\n")
    assert rules(check_scope(case({PACKET: empty}, gate="pre-work"))) == ["scope.empty"]
    escaping = scoped(["src/a.txt", "../outside", "!src/b.txt", "/etc/passwd", "src/a.txt:9-3"], [])
    assert rules(check_scope(case({PACKET: escaping}, gate="pre-work"))) == ["scope.malformed"] * 4


@pytest.mark.parametrize(
    ("lines", "hunk", "inside"),
    [
        (["src/a.txt:10-20"], (10, 11, 10, 1), True),
        (["src/a.txt:10-20"], (9, 2, 9, 2), False),
        (["src/a.txt:10-20"], (20, 2, 20, 2), False),
        (["src/a.txt:10-20"], (5, 0, 6, 40), True),
        (["src/a.txt:10-20", "src/a.txt:30-40"], (35, 1, 35, 1), True),
        (["src/a.txt:10-20", "src/a.txt:21-40"], (19, 4, 19, 1), True),
        (["src/a.txt:10-20", "src/a.txt:30-40"], (25, 1, 25, 1), False),
        (["src/a.txt:7"], (7, 1, 7, 1), True),
        (["src/a.txt:7"], (8, 1, 8, 1), False),
        (["src/*.txt:1-3"], (4, 1, 4, 1), False),
        (["src/", "src/a.txt:10-20"], (25, 1, 25, 1), False),
        (["src/"], (25, 1, 25, 1), True),
    ],
)
def test_removed_lines_lie_within_a_planned_window(
    lines: list[str], hunk: tuple[int, int, int, int], inside: bool
) -> None:
    outcome = judged(change("src/a.txt", hunk), inside=lines)
    assert rules(outcome) == ([] if inside else ["scope.window"])
    assert outcome.gates["src/a.txt"][Gate.WINDOW] is inside


@pytest.mark.parametrize("window", [["src/old.txt:1-3", "src/a.txt"], ["src/old.txt", "src/a.txt:1-3"]])
def test_a_window_holds_under_either_name_of_a_rename(window: list[str]) -> None:
    assert rules(judged(change("src/a.txt", (2, 1, 2, 1), old="src/old.txt"), inside=window)) == []
    assert rules(judged(change("src/a.txt", (4, 1, 4, 1), old="src/old.txt"), inside=window)) == ["scope.window"]


def test_both_names_of_a_rename_count() -> None:
    assert paths(judged(change("src/a.txt", old="lib/a.txt")), "scope.out-of-scope") == ["lib/a.txt"]
    assert paths(judged(change("lib/a.txt", old="src/a.txt")), "scope.out-of-scope") == ["lib/a.txt"]


@pytest.mark.parametrize(
    ("line", "path", "rule"),
    [
        ("src/a.txt", "src/a.txt", "scope.forbidden"),
        ("`src/a.txt` (not yet)", "src/a.txt", "scope.forbidden"),
        ("src/", "src/a.txt", "scope.forbidden"),
        ("src/sub", "src/sub/a.txt", "scope.forbidden"),
        ("src/*.txt", "src/a.txt", "scope.forbidden"),
        ("**/a.txt", "src/a.txt", "scope.forbidden"),
        ("src/b.txt", "src/a.txt", None),
        ("tooling/UI", "src/a.txt", None),
        ("Changes of src/a.txt beyond one line", "src/a.txt", None),
        ("src", "src/a.txt", None),
    ],
)
def test_out_of_scope_forbids_paths_that_exist_and_says_prose_otherwise(
    line: str, path: str, rule: str | None
) -> None:
    outcome = judged(change(path), inside=["src/"], outside=[line], head={path: "x\n"})
    assert rules(outcome) == ([rule] if rule else [])


def test_a_forbidden_path_may_exist_at_the_base_alone() -> None:
    outcome = judged(
        change("src/gone.txt", kind="deleted"),
        inside=["src/"],
        outside=["src/gone.txt"],
        base={"src/gone.txt": "x\n"},
    )
    assert rules(outcome) == ["scope.forbidden"]


def test_own_files_packet_files_and_exempt_ones_need_no_scope() -> None:
    outcome = judged(
        change(PACKET),
        change(REFINEMENT),
        change(f"packets/evidence/{WP_ID}/log.txt", kind="added"),
        change(f"packets/{WP_ID}/evidence/log.txt", kind="added"),
        change("packets/notes.md"),
        change("packets/refinements/WP-1-Other.md"),
        change("packets/WP-1-New.md", kind="added"),
        change("docs/guide/x.md"),
        chosen=settings(packets={"exempt": ["docs/**"]}),
    )
    assert rules(outcome) == []
    assert outcome.gates == {}


def test_evidence_of_another_packet_is_a_packet_file_and_a_like_named_folder_is_not() -> None:
    assert rules(judged(change("packets/evidence/WP-1-Other/log.txt"))) == []
    assert rules(judged(change("packets2/evidence.txt"))) == ["scope.out-of-scope"]


@pytest.mark.parametrize(
    "path", ["packets/WP-1-Other.md", "packets/WP-1-Other/packet.md", "packets/WP-1-Small-v2.md"]
)
@pytest.mark.parametrize("kind", ["modified", "deleted", "mode"])
def test_another_packet_is_forbidden_unless_in_scope(path: str, kind: str) -> None:
    sides: dict[str, str | bytes | None] = {path: PACKET_TEXT}
    assert rules(judged(change(path, kind=kind), base=sides, head=sides)) == ["scope.forbidden"]
    assert rules(judged(change(path, kind=kind), base=sides, head=sides, inside=[path])) == []


V2 = "WP-1-Small-v2"


@pytest.mark.parametrize(
    ("old", "new", "forbidden"),
    [
        ("In Progress", "Superseded", False),
        ("RISK_TIER: LOW", "RISK_TIER: HIGH", True),
        ("- **Status:** In Progress\n", "- **Status:** Superseded\n- Note: more\n", True),
    ],
)
def test_of_a_lower_revision_only_the_status_line_may_change(old: str, new: str, forbidden: bool) -> None:
    files: dict[str, str | bytes | None] = {PACKET: edited(PACKET_TEXT, old, new), f"packets/{V2}.md": PACKET_TEXT}
    built = with_changes(case(files, wp_id=V2), {PACKET: PACKET_TEXT}, change(PACKET))
    assert rules(check_scope(built)) == (["scope.forbidden"] if forbidden else [])


def test_a_rename_out_of_the_packets_folder_is_judged_by_each_name() -> None:
    assert rules(judged(change("src/a.txt", old="packets/notes.md"))) == []
    assert paths(judged(change("lib/a.txt", old="packets/notes.md")), "scope.out-of-scope") == ["lib/a.txt"]
    other = judged(change("src/a.txt", old="packets/WP-1-Other.md"))
    assert paths(other, "scope.forbidden") == ["packets/WP-1-Other.md"]
    exempt = settings(packets={"exempt": ["docs/**"]})
    assert rules(judged(change("src/a.txt", old="docs/x.md"), chosen=exempt)) == []


def test_the_packets_form_may_change_from_file_to_folder() -> None:
    folder = f"packets/{WP_ID}/packet.md"
    outcome = check_scope(
        with_changes(case(packet_path=folder, head=Files({folder: PACKET_TEXT})), {}, change(folder, old=PACKET))
    )
    assert rules(outcome) == []


def test_packets_at_the_root_take_nothing_else_out_of_scope() -> None:
    chosen = settings(packets={"dir": ".", "refinements": "."})
    built = case({f"./{WP_ID}.md": PACKET_TEXT}, settings=chosen)
    built = with_changes(
        built,
        {},
        change(f"{WP_ID}/evidence/log.txt", kind="added"),
        change(f"evidence/{WP_ID}/log.txt", kind="added"),
        change("WP-1-New.md", kind="added"),
        change("README.md"),
        change("WP-1-New.md.bak"),
        change("evidence/other.txt"),
    )
    found = ["README.md", "WP-1-New.md.bak", "evidence/other.txt"]
    assert paths(check_scope(built), "scope.out-of-scope") == found


def test_nested_packet_folders_are_taken_as_configured() -> None:
    chosen = settings(packets={"dir": "docs/task_packets", "refinements": "docs/refinements"})
    built = with_changes(
        case({f"docs/task_packets/{WP_ID}.md": PACKET_TEXT}, settings=chosen),
        {},
        change(f"docs/task_packets/{WP_ID}.md"),
        change("docs/refinements/WP-1-Other.md"),
        change("docs/guide.md"),
        change("packets/WP-1-Other.md"),
    )
    assert paths(check_scope(built), "scope.out-of-scope") == ["docs/guide.md", "packets/WP-1-Other.md"]


def test_a_name_that_is_not_utf8_can_be_told() -> None:
    odd = b"src/\xff".decode("utf-8", "surrogateescape")
    barred = judged(change(odd), inside=["src/"], outside=['"src/\\377"'], head={odd: "x\n"})
    assert paths(barred, "scope.forbidden") == ['"src/\\377"']
    beside = judged(change(f"{odd}/x"), inside=['"src/\\377"'])
    for finding in (*barred.findings, *beside.findings):
        assert f"{finding.path} {finding.message}".encode()


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("src", "slash at its end: src/"),
        ("src/b.txt/", "without a slash at its end: src/b.txt"),
        ("SRC/B.txt", "in upper and lower case: src/b.txt"),
        ("src/c.txt", "take src/b.txt out of the change"),
    ],
)
def test_a_line_that_all_but_names_the_file_is_mended_by_the_hint(line: str, hint: str) -> None:
    (finding,) = judged(change("src/b.txt"), inside=[line]).findings
    assert finding.rule == "scope.out-of-scope"
    assert hint in (finding.hint or "")


def test_windows_of_one_path_add_up_and_a_line_twice_changes_nothing() -> None:
    inside = ["src/a.txt:1-2", "src/*.txt:5-6 (later)", "src/a.txt:1-2"]
    assert rules(judged(change("src/a.txt", (1, 2, 1, 2), (5, 2, 5, 2)), inside=inside)) == []
    (finding,) = judged(change("src/a.txt", (2, 2, 2, 2)), inside=inside).findings
    assert (finding.rule, finding.line) == ("scope.window", 3)
    assert "1-2, 5-6, 1-2" in finding.message


@pytest.mark.parametrize("line", ["!src/a.txt", "../src/a.txt", "/src/a.txt", "src/a.txt:9-1", "src/../src/a.txt"])
def test_a_line_that_is_refused_allows_nothing_and_is_told_with_its_line(line: str) -> None:
    outcome = judged(change("src/a.txt"), inside=["src/b.txt", line])
    assert rules(outcome) == ["scope.malformed", "scope.out-of-scope"]
    (malformed,) = [f for f in outcome.findings if f.rule == "scope.malformed"]
    assert (malformed.path, malformed.line) == (PACKET, PACKET_TEXT.split("\n").index("  - src/a.txt") + 2)
