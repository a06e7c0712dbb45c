"""The links and lineage checks: what a packet points at is there (contract, section 1, all_links_resolvable)."""

import pytest
from cases import FILES, PACKET, PACKET_TEXT, REFINEMENT, case, edited, paths, rules, settings, with_changes

from gatekeeper.gates.lineage import check_lineage
from gatekeeper.gates.links import check_links
from gatekeeper.model.finding import Status
from gatekeeper.packet.parse import parse_packet

OPEN = "- FILES_TO_OPEN:\n  - src/a.txt\n"
SCOPE = "- IN_SCOPE_PATHS:\n  - src/a.txt\n"
AUTHORITY = "## AUTHORITY\n"
BLOCK = "## VALIDATION\n\n- **Target File**: `{}`\n- **Start**: 1\n"


def linked(old: str, new: str) -> list[str]:
    return rules(check_links(case({PACKET: edited(PACKET_TEXT, old, new)})))


def test_a_packet_whose_links_are_there_has_no_finding() -> None:
    assert rules(check_links(case())) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (OPEN, "- FILES_TO_OPEN:\n  - src/missing.txt\n"),
        (OPEN, "- FILES_TO_OPEN:\n  - src/A.txt\n"),
        (OPEN, "- FILES_TO_OPEN:\n  - src/*.sql\n"),
        (OPEN, "- FILES_TO_OPEN:\n  - missing/\n"),
        (OPEN, "- FILES_TO_OPEN:\n  - `../outside.txt`\n"),
        (f"- REFINEMENT_FILE: {REFINEMENT}", "- REFINEMENT_FILE: packets/refinements/missing.md"),
        (AUTHORITY, AUTHORITY + "- Task Board: docs/TASK_BOARD.md (missing)\n"),
        (AUTHORITY, AUTHORITY + "- Related:\n  - docs/MISSING.md\n"),
        ("- First revision.", "- Prior packet (locked): packets/WP-1-Gone.md"),
        ("- First revision.", "- Prior packets:\n  - packets/WP-1-Gone.md (superseded)"),
        ("(None yet.)", "See [the log](evidence/missing.log)."),
        ("(None yet.)", "See [the log](/src/missing.txt)."),
        ("## VALIDATION\n", BLOCK.format("src/missing.txt")),
    ],
)
def test_a_link_that_leads_nowhere_is_unresolved(old: str, new: str) -> None:
    assert linked(old, new) == ["links.unresolved"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            OPEN,
            "- FILES_TO_OPEN:\n  - `src/b.txt` (see the end)\n  - src/\n  - src\n  - src/*.txt\n  - **/a.txt\n",
        ),
        (OPEN, "- FILES_TO_OPEN:\n  - src/b.txt:1-9\n  - src/b.txt:3\n  - docs/SPEC_v1.md#rule\n"),
        (OPEN, "- FILES_TO_OPEN:\n  - NONE\n"),
        (OPEN, "- FILES_TO_OPEN:\n  ```text\n  src/missing.txt\n  ```\n"),
        (f"- REFINEMENT_FILE: {REFINEMENT}", f"- REFINEMENT_FILE: `{REFINEMENT}` (signed)"),
        (f"- REFINEMENT_FILE: {REFINEMENT}", "- REFINEMENT_FILE: <fill>"),
        (
            AUTHORITY,
            AUTHORITY + "- Codex: Codex v1.4.md\n- Approval: by signature and/or chat\n- Site: https://x.org/a\n",
        ),
        (AUTHORITY, AUTHORITY + "- Board: `src/b.txt` (task board)\n- Spec: SPEC_v1.md\n"),
        ("- First revision.", "- Prior packet: NONE\n- Note: packets/WP-1-Gone.md in prose"),
        (
            "(None yet.)",
            "[a](https://example.org/x) [b](#heading) [c](../src/b.txt) [d](src/b.txt) [e](mailto:a@b.c)",
        ),
        ("(None yet.)", "```\n[log](missing.log)\n```\n`[log](missing.log)`"),
        ("(None yet.)", "## VALIDATION_REPORTS\n[log](missing.log)"),
        ("## VALIDATION\n", BLOCK.format("src/b.txt")),
        ("## VALIDATION\n", BLOCK.format("<path>")),
    ],
)
def test_a_link_that_resolves_or_is_none_is_no_finding(old: str, new: str) -> None:
    assert linked(old, new) == []


@pytest.mark.parametrize(
    ("scope", "target"),
    [
        ("src/new.txt", "src/new.txt"),
        ("src/new/", "src/new/"),
        ("src/new/", "src/new/deep/x.txt"),
        ("src/new/x.txt", "src/new/"),
        ("src/**", "src/new.txt"),
        ("src/new/*.sql", "src/new/*.sql"),
        ("src/new/1.sql", "src/new/*.sql"),
        ("src/new.txt:1-3", "src/new.txt"),
    ],
)
def test_what_is_in_scope_may_be_yet_to_be_made(scope: str, target: str) -> None:
    text = edited(PACKET_TEXT, SCOPE, f"- IN_SCOPE_PATHS:\n  - {scope}\n")
    text = edited(text, OPEN, f"- FILES_TO_OPEN:\n  - {target}\n")
    assert rules(check_links(case({PACKET: text}))) == []


def test_a_path_of_the_scope_itself_needs_not_exist() -> None:
    assert linked(SCOPE, SCOPE + "  - src/never/made.txt\n  - nowhere/*.sql\n") == []


def test_a_file_that_the_change_deletes_resolves_at_the_base() -> None:
    text = edited(PACKET_TEXT, OPEN, "- FILES_TO_OPEN:\n  - src/gone.txt\n")
    built = case({PACKET: text})
    assert rules(check_links(built)) == ["links.unresolved"]
    assert rules(check_links(with_changes(built, {"src/gone.txt": "there\n"}))) == []


def test_a_writing_run_replaces_recorded_target_files_and_checks_none() -> None:
    text = edited(PACKET_TEXT, "## VALIDATION\n", BLOCK.format("src/missing.txt"))
    assert rules(check_links(case({PACKET: text}, writing=True))) == []
    assert rules(check_links(case({PACKET: text}, gate="pre-work"))) == []


V3 = "WP-1-Small-v3"


def lineage(audit: str, *others: str) -> list[str]:
    text = edited(PACKET_TEXT.replace("WP-1-Small", V3), "- First revision.", audit)
    files = {f"packets/{V3}.md": text, PACKET: None, **dict.fromkeys(others, FILES[PACKET])}
    return rules(check_lineage(case(files, wp_id=V3)))


V1, V2 = "packets/WP-1-Small.md", "packets/WP-1-Small-v2.md"


@pytest.mark.parametrize(
    ("audit", "others", "found"),
    [
        ("- WP-1-Small and WP-1-Small-v2.", (V1, V2), 0),
        (f"- Prior packets: {V1}, `{V2}`", (V1, V2), 0),
        ("- WP-1-Small-v2", (V1, V2), 1),
        ("- WP-1-Small-v2.md", (V1,), 1),
        ("- XWP-1-Small, WP-1-Small-v21", (V1, V2), 2),
        ("- WP-1-Small.", (V1, V2), 1),
        ("- nothing", (V1, V2), 2),
        ("- nothing", (), 0),
        ("- nothing", ("packets/WP-1-Small-v4.md", "packets/WP-1-Smaller.md", "packets/stubs/WP-1-Small.md"), 0),
        ("- nothing", ("packets/WP-1-Small-v2/packet.md",), 1),
        ("- packets/WP-1-Small-v2/packet.md", ("packets/WP-1-Small-v2/packet.md",), 0),
        ("```\nWP-1-Small-v2\n```", (V2,), 1),
    ],
)
def test_every_lower_revision_is_named_by_its_whole_id(audit: str, others: tuple[str, ...], found: int) -> None:
    assert lineage(audit, *others) == ["packet.lineage"] * found


def test_a_name_outside_the_section_is_none() -> None:
    text = PACKET_TEXT.replace("WP-1-Small", V3)
    text = edited(text, "(None yet.)", "After WP-1-Small-v2.")
    outcome = check_lineage(case({f"packets/{V3}.md": text, V2: PACKET_TEXT}, wp_id=V3))
    assert len(paths(outcome, "packet.lineage")) == 2


def test_a_packet_that_is_no_revision_has_no_lineage_to_show() -> None:
    assert check_lineage(case()).status is Status.NOT_APPLICABLE
    assert check_lineage(case(packet=None)).status is Status.NOT_RUN


def test_prior_packets_are_found_beside_the_packet_in_nested_folders() -> None:
    chosen = settings(packets={"dir": "docs/task_packets", "refinements": "docs/refinements"})
    path = "docs/task_packets/WP-1-Small.md"
    text = edited(PACKET_TEXT, "- First revision.", "- Prior packet: WP-1-Older.md")
    files = {path: text, "docs/task_packets/WP-1-Older.md": "old\n"}
    built = case(files, settings=chosen)
    assert built.packet == parse_packet(path, "WP-1-Small", text.encode())
    assert rules(check_links(built)) == []
