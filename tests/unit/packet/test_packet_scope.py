"""SCOPE: what IN_SCOPE_PATHS allows and OUT_OF_SCOPE forbids."""

import pytest

from gatekeeper.model.packet import Scope
from gatekeeper.packet.parse import parse_packet


def scope(*lines: str, field: str = "IN_SCOPE_PATHS") -> Scope:
    body = "".join(f"  - {line}\n" for line in lines)
    return parse_packet("p", "WP-1", f"## SCOPE\n- {field}:\n{body}".encode()).scope


@pytest.mark.parametrize(
    ("line", "pattern", "window", "note"),
    [
        ("src/a.py", "src/a.py", (None, None), None),
        ("`src/a.py`", "src/a.py", (None, None), None),
        ("src/", "src/", (None, None), None),
        ("src/**/*.sql", "src/**/*.sql", (None, None), None),
        ("./src/a.py", "src/a.py", (None, None), None),
        ("src/a.py:10-80", "src/a.py", (10, 80), None),
        ("src/a.py:7", "src/a.py", (7, 7), None),
        ("`src/a.py:10-80` (only this)", "src/a.py", (10, 80), "only this"),
        ("`src/a.py`:10-80", "src/a.py", (10, 80), None),
        ("src/a.py (new)", "src/a.py", (None, None), "new"),
        ("src/a.py:1-2 (update (only) if required)", "src/a.py", (1, 2), "update (only) if required"),
        ("`src/a.py` - re-export", "src/a.py", (None, None), "- re-export"),
        ("docs/My file.md", "docs/My file.md", (None, None), None),
        ("docs/f(1).md", "docs/f(1).md", (None, None), None),
        ("docs/f(1)", "docs/f(1)", (None, None), None),
        ("`docs/My file (1)`", "docs/My file (1)", (None, None), None),
        ('"docs/t\\303\\244b\\t.md":3-4 (odd)', "docs/t\u00e4b\t.md", (3, 4), "odd"),
        ('`"a\\"b.md"`', 'a"b.md', (None, None), None),
        ("'a b.md'", "a b.md", (None, None), None),
        ("src/a.py:abc", "src/a.py:abc", (None, None), None),
        ("src/a.py:1-2", "src/a.py", (1, 2), None),
        ('"src/a.py:1.2"', "src/a.py:1.2", (None, None), None),
        ("src/:1-5", "src/", (1, 5), None),
        ("src/a.py/", "src/a.py/", (None, None), None),
        ("src/*/a[0-9].py (any)", "src/*/a[0-9].py", (None, None), "any"),
        ("``a`b.py``", "a`b.py", (None, None), None),
        ("c:x", "c:x", (None, None), None),
    ],
)
def test_a_line_is_a_path_with_window_and_note(
    line: str, pattern: str, window: tuple[int | None, int | None], note: str | None
) -> None:
    found = scope(line)
    assert found.malformed == ()
    (path,) = found.in_scope
    assert (path.pattern, (path.first, path.last), path.note) == (pattern, window, note)
    assert (path.text, path.line) == (line, 3)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("/etc/passwd", "absolute"),
        ("D:/x/y.md", "absolute"),
        ("../other/**", "leaves"),
        ("src/../x", "leaves"),
        ("!src/a.py", "negates"),
        ("src//a.py", "normalised"),
        ("src/./a.py", "normalised"),
        (".", "normalised"),
        ("src/a.py:80-10", "window"),
        ("src/a.py:0-3", "window"),
        ("src/a.py:0", "window"),
        ("src/a.py:10-", "window"),
        ("src/a.py:-5", "window"),
        ("src/a.py:1,5", "window"),
        ("src/a.py:1 - 5", "window"),
        ("src/a.py:1\u20135", "window"),
        ("src/a.py:L1-L5", "window"),
        ("src/a.py:1-2-3", "window"),
        ("src/a.py:1-2:3", "window"),
        ("`src/a.py`:10-", "window"),
        ("src/a.py:1-" + "9" * 5000, "window"),
        ("C:\\x\\y.md", "backslash"),
        ("\\\\server\\x", "backslash"),
        ("//server/x", "absolute"),
        ("..", "leaves"),
        ("a/..", "leaves"),
        ("./", "no path"),
        ("file:///etc/passwd", "normalised"),
        (":10-20", "no path"),
        ("src\\a.py", "backslash"),
        ('"unclosed', "C-quoted"),
    ],
)
def test_a_line_that_can_be_no_path_is_told_with_the_reason(line: str, word: str) -> None:
    found = scope(line, "src/ok.py")
    assert [path.pattern for path in found.in_scope] == ["src/ok.py"]
    (malformed,) = found.malformed
    assert (malformed.text, malformed.line) == (line, 3)
    assert word in malformed.problem


@pytest.mark.parametrize(
    "line", ["NONE", "None.", "N/A", "<path>", "{paths}", "TBD", "(list the paths)", "Backend (Rust):"]
)
def test_placeholders_labels_and_notes_are_no_paths(line: str) -> None:
    found = scope(line)
    assert (found.in_scope, found.malformed, found.line) == ((), (), 2)


def test_paths_below_a_label_count() -> None:
    text = b"## SCOPE\n### In-scope paths\n**Code:**\n- a.py\n- Tests:\n  - t.py\n"
    assert [path.pattern for path in parse_packet("p", "WP-1", text).scope.in_scope] == ["a.py", "t.py"]


def test_a_path_beside_the_label_counts() -> None:
    found = parse_packet("p", "WP-1", b"## SCOPE\n- IN_SCOPE_PATHS: `a.py`\n- OUT_OF_SCOPE: src/**\n").scope
    assert [path.pattern for path in found.in_scope] == ["a.py"]
    assert [path.pattern for path in found.out_of_scope] == ["src/**"]


def test_fenced_paths_do_not_count() -> None:
    text = b"## SCOPE\n- IN_SCOPE_PATHS:\n  ```\n  a.py\n  ```\n  - b.py\n"
    assert [path.pattern for path in parse_packet("p", "WP-1", text).scope.in_scope] == ["b.py"]


@pytest.mark.parametrize(
    "text", [b"## IN_SCOPE_PATHS\n- a.py\n", b"## SCOPE\n## EVIDENCE\n- IN_SCOPE_PATHS:\n  - a.py\n"]
)
def test_a_list_outside_the_scope_section_allows_nothing(text: bytes) -> None:
    assert parse_packet("p", "WP-1", text).scope == Scope()


def test_only_lines_with_the_form_of_a_path_are_out_of_scope() -> None:
    found = scope(
        "src/**",
        "`app/` (never)",
        "*.md",
        "and/or",
        "Any changes to `.GOV/scripts/` tooling",
        "README.md",
        "../elsewhere/**",
        "docs/a b.md",
        field="OUT_OF_SCOPE",
    )
    assert [path.pattern for path in found.out_of_scope] == ["src/**", "app/", "*.md", "and/or"]
    assert found.malformed == ()
    assert found.line is None


def test_a_line_twice_is_one_path_named_twice_and_windows_of_one_path_add_up() -> None:
    found = scope("a.py:1-2", "a.py:8-9", "a.py:1-2")
    assert [(path.pattern, path.first, path.last) for path in found.in_scope] == [
        ("a.py", 1, 2),
        ("a.py", 8, 9),
        ("a.py", 1, 2),
    ]
    assert found.malformed == ()


def test_a_message_about_a_long_line_is_short() -> None:
    (malformed,) = scope("/" + "x" * 5000).malformed
    assert len(malformed.problem) < 300


def test_paths_in_a_comment_do_not_count() -> None:
    text = b"## SCOPE\n- IN_SCOPE_PATHS:\n  <!--\n  - a.py\n  -->\n  - b.py\n  <!-- - c.py -->\n"
    assert [path.pattern for path in parse_packet("p", "WP-1", text).scope.in_scope] == ["b.py"]
