"""TEST_PLAN and DONE_MEANS read as a plan of evidence."""

import pytest
from cases import PACKET, PACKET_TEXT, WP_ID, edited

from gatekeeper.model.evidence import EvidencePlan
from gatekeeper.packet.parse import parse_packet
from gatekeeper.packet.test_plan import plan_of, shown_numbers


def plan(test_plan: str, done: str = "- The line is changed.") -> EvidencePlan:
    text = edited(PACKET_TEXT, f"- gate post-work {WP_ID}\n", f"{test_plan}\n")
    return plan_of(parse_packet(PACKET, WP_ID, edited(text, "- The line is changed.", done).encode()))


def commands(test_plan: str) -> list[str]:
    return [command.command for command in plan(test_plan).commands]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```bash\n# why\ncargo test\n\n  ls -l\n```", ["cargo test", "ls -l"]),
        ("```\ncargo test\n```\n~~~sh\nls\n~~~", ["cargo test", "ls"]),
        ("```bash\ncargo test \\\n  --all \\\n  -q\nls\n```", ["cargo test --all -q", "ls"]),
        ("```bash\nls \\\n```", ["ls"]),
        ("```bash\necho 'a\\\\'\nls\n```", ["echo 'a\\\\'", "ls"]),
        ("```console\n$ cargo test\nrunning 3 tests\n$ ls\nfile\n```", ["cargo test", "ls"]),
        ("```powershell\nPS C:\\x> cargo test\n```", ["cargo test"]),
        ('```json\n{"a": 1}\n```\n```python\nprint()\n```', []),
        ("- `cargo test` (all of them)\n- Look at the page.\n- [ ] `$ ls`\n1. `pwd`", ["cargo test", "ls", "pwd"]),
        ("- pytest -q\n- Run pytest -q and look.\n- python code must be clean.", ["pytest -q"]),
        ("`\x08ash\njust scan\ncargo test\n`", ["just scan", "cargo test"]),
        ("- **TEST_PLAN**: see below\n- Nothing to run.", []),
        ("```bash\ncargo test  # all of them\n```", ["cargo test  # all of them"]),
    ],
)
def test_commands_are_read_from_every_form_that_packets_use(text: str, expected: list[str]) -> None:
    assert commands(text) == expected


def test_a_command_stands_at_its_own_line() -> None:
    found = plan("```bash\n# why\ncargo test \\\n  -q\nls\n```").commands

    lines = PACKET_TEXT.split("\n")
    first = lines.index(f"- gate post-work {WP_ID}") + 1
    assert [command.line for command in found] == [first + 2, first + 4]


@pytest.mark.parametrize(
    "comment", ["# shows: 1, 3", "# shows 1 and 3", "# Done means 1, 3", "# shows: DONE_MEANS 3 1"]
)
def test_a_closing_comment_names_what_a_command_shows(comment: str) -> None:
    found = plan(f"```bash\ncargo test   {comment}\n```", "- a\n- b\n- c")

    assert [(c.command, c.shows) for c in found.commands] == [("cargo test", (1, 3))]


def test_an_item_that_quotes_a_command_is_shown_by_it() -> None:
    found = plan("```bash\ncargo  test\nls\n```", "- [ ] All fine.\n- [x] `cargo test` passes, and `other` too.")

    assert [c.shows for c in found.commands] == [(2,), ()]


def test_an_item_that_is_not_there_is_told_and_not_shown() -> None:
    found = plan("```bash\nls # shows: 1, 7\n```")

    assert found.commands[0].shows == (1,)
    assert "names item 7" in found.malformed[0].problem


def test_nested_items_belong_to_the_item_above_them() -> None:
    done = plan("- `ls`", "Prose before.\n- [x] One\n  - [ ] nested\n- Two\n  wrapped\n- NONE").done

    assert [(item.number, item.text) for item in done] == [(1, "One"), (2, "Two wrapped")]


def test_lines_without_markers_are_items_where_there_is_no_list() -> None:
    assert [item.text for item in plan("- `ls`", "All rows survive.").done] == ["All rows survive."]


def test_numbers_are_read_or_refused() -> None:
    assert shown_numbers("3, 1 1") == (1, 3)
    for text in ("", "a", "1,b", "-1"):
        with pytest.raises(ValueError, match="names no items"):
            shown_numbers(text)
