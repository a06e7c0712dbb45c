"""Any events stay what they are when they are exported, verified and imported elsewhere; no byte can change."""

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from gatekeeper.ledger import open_ledger
from gatekeeper.ledger.encoding import from_line
from gatekeeper.ledger.sqlite import FILE
from gatekeeper.ledger.transfer import export_events, import_events
from gatekeeper.ledger.verify import against
from gatekeeper.model.ledger import KINDS, NewEvent
from gatekeeper.model.settings import LedgerSettings

TEXT = st.text(max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
NEW = st.builds(
    NewEvent,
    kind=st.sampled_from(sorted(KINDS)),
    wp_id=st.none() | st.from_regex(r"WP-[A-Za-z0-9.-]{1,8}", fullmatch=True),
    actor=TEXT | st.text('\0\n"\\\ud800\udfff\u2028é', max_size=6),
    packet_digest=st.none() | st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
    payload=st.dictionaries(TEXT, JSON, max_size=3),
)


@settings(max_examples=15, deadline=None)
@given(batches=st.lists(st.lists(NEW, min_size=1, max_size=4), min_size=1, max_size=4), data=st.data())
def test_events_are_carried_elsewhere_whole_or_not_at_all(
    batches: list[list[NewEvent]], data: st.DataObject
) -> None:
    with TemporaryDirectory() as made:
        folder, lines = Path(made), list[str]()
        with open_ledger(LedgerSettings(), folder / "one") as one:
            appended = [event for batch in batches for event in one.append_all(batch)]
            assert export_events(one, lines.append).events == len(appended) == len(lines)
            assert [finding for finding in one.verify(appended[0].digest) if finding.severity == "error"] == []
            assert list(one.events()) == [from_line(line.encode()) for line in lines] == appended
            file = folder / "export.jsonl"
            file.write_text("".join(lines), newline="\n")
            assert against(one, file) == ()
            with open_ledger(LedgerSettings(), folder / "other") as other:
                assert import_events(other, file).added == len(appended)
                assert (other.tip(), list(other.events())) == (one.tip(), appended)
                assert import_events(other, file).already == len(appended)
            changed = _with_one_byte_changed(lines, data)
            file.write_bytes(changed)
            assert against(one, file) != ()
        with open_ledger(LedgerSettings(), folder / "third") as third:
            assert import_events(third, file).findings != ()
            assert third.tip() is None


def _with_one_byte_changed(lines: list[str], data: st.DataObject) -> bytes:
    """The export with any byte of any line, its end aside, replaced by any other."""
    number = data.draw(st.integers(0, len(lines) - 1), "line")
    line = bytearray(lines[number].removesuffix("\n").encode())
    place = data.draw(st.integers(0, len(line) - 1), "place")
    line[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != line[place]), "byte")
    changed = [text.encode() for text in lines]
    changed[number] = bytes(line) + b"\n"
    return b"".join(changed)


@settings(max_examples=25, deadline=None)
@given(news=st.lists(NEW, min_size=2, max_size=6), data=st.data())
def test_any_column_that_was_changed_is_found(news: list[NewEvent], data: st.DataObject) -> None:
    """In the database itself, whatever value takes the place of whichever one."""
    with TemporaryDirectory() as made:
        folder = Path(made)
        with open_ledger(LedgerSettings(), folder) as ledger:
            events = ledger.append_all(news)
        event = data.draw(st.sampled_from(events), "event")
        column = data.draw(st.sampled_from([name for name in event._fields if name != "seq"]), "column")
        value = data.draw((TEXT | st.integers(-9, 9).map(str)).filter(lambda one: one != getattr(event, column)))
        with closing(sqlite3.connect(folder / FILE, isolation_level=None)) as connection:
            connection.execute("PRAGMA ignore_check_constraints = on")
            connection.execute(f"UPDATE events SET {column} = ? WHERE seq = ?", (value, event.seq))
        with open_ledger(LedgerSettings(), folder) as ledger:
            assert [finding.rule for finding in ledger.verify() if finding.severity == "error"] != []
