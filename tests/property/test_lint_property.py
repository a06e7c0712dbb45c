"""The lint on any text: it never fails, names lines that are there, and heeds neither strings nor comments."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from linting import linted

from gatekeeper.engines.base import EngineName
from gatekeeper.migrate.linting.allow import split_allowed
from gatekeeper.migrate.linting.engine_specific import engine_specific
from gatekeeper.migrate.linting.hazards import hazards
from gatekeeper.migrate.linting.hit import Hit
from gatekeeper.migrate.linting.placeholders import placeholders
from gatekeeper.migrate.linting.reading import read
from gatekeeper.migrate.linting.replay import not_replayable
from gatekeeper.migrate.linting.token_line import token_line
from gatekeeper.migrate.scripts import Script

WORDS = (
    "CREATE TABLE INDEX VIEW TRIGGER IF NOT EXISTS OR REPLACE ALTER ADD DROP COLUMN RENAME TO ON INSERT INTO "
    "VALUES SELECT DELETE FROM UPDATE SET WHERE WITH AS TRUNCATE BEGIN END COMMIT PRAGMA CONCURRENTLY DO BLOB "
    "SERIAL DEFAULT"
)
MARKS = """( ) , ; = ? ?1 :n @n $n $1 ${x} %s %(y)s :: || ->> { } 1 t a.b "q" `r` [s] é user_version
'str' 'it''s' E'\\'' $$x$$ X'00' /*c*/ --d now() DATETIME('now')"""
PIECES = [*re.split(r"\s", WORDS), *re.split(r"\s", MARKS)]
SQL = st.lists(
    st.sampled_from([*PIECES, "\n", "\n-- gate: allow lint.destructive x\n", "\n-- gate: when engine sqlite\n"])
).map(" ".join)
ENGINES: tuple[EngineName, ...] = ("sqlite", "postgres")


def hits(text: str, engine: EngineName, *, shared: bool) -> list[Hit]:
    reading = read(Script("a.sql", text), engine, "up", shared=shared)
    found = [
        *placeholders(reading),
        *engine_specific(reading),
        *not_replayable(reading, replayed=True),
        *hazards(reading),
    ]
    kept, wrong = split_allowed(reading, found, rules=["lint.destructive"], squawk=False)
    return [*kept, *wrong]


@given(text=SQL, engine=st.sampled_from(ENGINES), shared=st.booleans())
@settings(max_examples=300)
def test_any_text_is_linted_and_every_line_is_one_of_its_own(text: str, engine: EngineName, shared: bool) -> None:
    for hit in hits(text, engine, shared=shared):
        assert hit.line is not None
        assert 1 <= hit.line <= text.count("\n") + 1
        assert hit.statement_line is None or 1 <= hit.statement_line <= hit.line
        assert "\n" not in hit.message
        assert hit.hint


@given(text=SQL, engine=st.sampled_from(ENGINES))
@settings(max_examples=150)
def test_a_line_of_tokens_leads_back_to_each_of_them(text: str, engine: EngineName) -> None:
    for one in read(Script("a.sql", text), engine, "up", shared=True).reads:
        line = token_line(one.statement)
        spans = [line.span(at, at + 1) for at in line.at]
        assert spans == list(line.spans)
        tokens = one.statement.tokens
        assert not tokens or (spans[0][0], spans[-1][1]) == (
            tokens[0].start,
            tokens[-1].start + len(tokens[-1].text),
        )


@given(text=SQL)
@settings(max_examples=150)
def test_neither_strings_nor_comments_are_looked_into(text: str) -> None:
    quoted = text.replace("'", "''")
    harmless = f"INSERT INTO t (a) VALUES ('{quoted}') ON CONFLICT (a) DO NOTHING;\n/* {text.replace('*/', '')} */"
    assert linted(harmless, engines=("sqlite",)) == []
