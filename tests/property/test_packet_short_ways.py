"""What is read in a short way, because nearly every line allows it, is what the general way reads."""

from hypothesis import example, given
from hypothesis import strategies as st

from gatekeeper.packet.markdown import (
    Document,
    Opaque,
    bare_text,
    document,
    heading_at,
    without_backticks,
    without_note,
)
from gatekeeper.packet.remembered import remembered_of_each

SPACES = st.sampled_from(["", "", " ", "   ", "    ", "\t", "\x0b", "\x1c ", "\u00a0", "\u2003", "\r"])
MARKERS = st.sampled_from(["", "", "- ", "* ", "+\t", "1. ", "23)  ", "\u0663. ", "-", "> ", "x", "["])
OPENINGS = [
    "```",
    "````",
    "~~~",
    "~~~~",
    "<!--",
    "<!-->",
    "<!-- a -->",
    "#",
    "##",
    "###",
    "```sh",
    "~~~ `",
    "``` `",
]
MARKS = st.sampled_from([*OPENINGS, "-->", "a", "", "``", "~", "<!-"])
ENDS = st.sampled_from(["", "", " ", " a", " -->", " b #", "```", "\t", "\u2028x"])
LINES = st.builds("{}{}{}{}{}{}".format, SPACES, MARKERS, SPACES, MARKERS, MARKS, ENDS)


def line_by_line(lines: tuple[str, ...]) -> Document:
    """The document as it is read when every line is looked at."""
    opaque = Opaque()
    headings = []
    for number, text in enumerate(lines, 1):
        opaque.feed(number, text)
        heading = heading_at(number, text)
        if heading is not None and number not in opaque.fenced | opaque.comments:
            headings.append(heading)
    heading_lines = frozenset(heading.line for heading in headings)
    return Document(
        lines,
        frozenset(opaque.fenced),
        frozenset(opaque.openings),
        frozenset(opaque.marks),
        frozenset(opaque.comments),
        frozenset(opaque.whole_comments),
        opaque.open_line,
        tuple(headings),
        heading_lines,
        heading_lines | opaque.fenced | opaque.comments,
    )


@given(
    st.lists(LINES | st.text(" \t#`~<!->a\n1.", max_size=9).map(lambda text: text.replace("\n", "")), max_size=12)
)
@example(["```", "a", "<!--", "# b", "```", "<!--", "```", "-->", "~~~", "```"])
def test_lines_that_open_nothing_need_not_be_looked_at(lines: list[str]) -> None:
    assert document(tuple(lines)) == line_by_line(tuple(lines))


def note_by_depth(text: str) -> tuple[str, str | None]:
    """The text and the note that ends it, found by counting parentheses from the end."""
    text = text.strip()
    depth = 0
    for index in range(len(text) - 1, -1, -1) if text.endswith(")") else ():
        depth += {")": 1, "(": -1}.get(text[index], 0)
        if depth == 0:
            if index and not text[index - 1].isspace():
                break
            return text[:index].rstrip(), text[index + 1 : -1].strip()
    return text, None


NOTED = st.text("ab ()`\t", max_size=14)


@given(NOTED)
@example("a (b (c) d)")
@example("a(b) (c)")
@example(")")
def test_a_note_is_found_as_by_counting_parentheses(text: str) -> None:
    assert without_note(text) == note_by_depth(text)


@given(NOTED)
def test_a_bare_text_has_neither_note_nor_backticks(text: str) -> None:
    assert bare_text(text) == without_backticks(note_by_depth(text)[0])


@given(st.lists(st.text("ab", max_size=3) | st.integers(235, 245).map(lambda count: "c" * count), max_size=8))
def test_each_short_line_is_remembered_and_no_long_one(texts: list[str]) -> None:
    calls: list[str] = []

    def length(text: str) -> int:
        calls.append(text)
        return len(text)

    asked = remembered_of_each(length)
    assert [*asked(texts)] == [*asked(texts)] == [len(text) for text in texts]
    short = {text for text in texts if len(text) <= 240}
    long = [text for text in texts if len(text) > 240]
    assert sorted(calls) == sorted([*short, *long, *long])
