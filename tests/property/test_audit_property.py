"""No text stops the audit, and what is found lies on a line that the text has."""

from audits import audited
from hypothesis import given
from hypothesis import strategies as st

from gatekeeper.audit.examine import Apart
from gatekeeper.audit.parsed import Parsed
from gatekeeper.audit.rust import read_rust
from gatekeeper.audit.sql_forms import Forms, find_forms

WORDS = [
    "use ",
    "sqlx",
    "::",
    "query",
    "*",
    " as ",
    "{",
    "}",
    "(",
    ")",
    ";",
    "\n",
    '"',
    'r#"',
    '"#',
    "SELECT ?1",
    "mod m",
    "fn f",
    "self",
    "super",
    "crate",
    "!",
    "#[cfg(test)]",
    "#[cfg(not(",
    "//",
    "/*",
    "*/",
    "let x = ",
    "x",
    "SqlitePool",
    "<",
    ">",
    "\\",
    "é",
]
rust = st.lists(st.sampled_from(WORDS), max_size=60).map("".join)
GROUPS = (Forms("sqlite", ("?#", "?", "datetime ( 'now'", "::", "old .", "[]"), "write it otherwise"),)


@given(rust)
def test_any_rust_is_audited_and_findings_lie_within_it(source: str) -> None:
    outcome = audited({"src/a.rs": source})
    lines = source.count("\n") + 1
    assert all(1 <= f.line <= lines for f in outcome.findings if f.line is not None)


@given(rust)
def test_as_test_code_any_rust_mentions_nothing(source: str) -> None:
    file = read_rust(Parsed("src/a.rs", source, test=True), ["sqlx::query*"])
    assert (file.mentions, file.methods) == ([], [])


@given(st.text(alphabet="?12:'[]`-/*\n oldnew.datetime(now)", max_size=80))
def test_a_hit_is_a_piece_of_the_text(text: str) -> None:
    for hit in find_forms(text, GROUPS):
        assert text[hit.start : hit.start + len(hit.text)] == hit.text
        assert hit.text


@given(st.text(alphabet="ab ", max_size=5))
def test_symbols_of_a_form_stand_together(between: str) -> None:
    assert [hit.text for hit in find_forms(f"a::b {between}", GROUPS)] == ["::"]
    assert list(find_forms(f"a: {between}:b", GROUPS)) == []


@given(
    st.sampled_from(["SELECT 1", "SELECT 'a'", 'SELECT "b"']), st.text(alphabet="?1 strftime(old.", max_size=20)
)
def test_what_stands_in_a_comment_or_a_string_of_the_sql_is_not_found(before: str, hidden: str) -> None:
    for text in (f"{before} -- {hidden}\n;", f"{before} /* {hidden} */;", f"{before}, '{hidden}';"):
        assert list(find_forms(text, GROUPS)) == []


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9))), st.integers(-1, 60))
def test_what_lies_in_a_part_is_what_some_part_holds(parts: list[tuple[int, int]], offset: int) -> None:
    spans = sorted((first, first + length) for first, length in parts)
    assert Apart(spans).holds(offset) == any(first <= offset <= last for first, last in spans)
