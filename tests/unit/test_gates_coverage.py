"""Which packets a change works on, and which files they account for (contract, section 3, ``gate check``)."""

import pytest
from cases import PACKET_TEXT, change, edited

from gatekeeper.gates.coverage import Claim, at_work, check_coverage, claim_of
from gatekeeper.packet.parse import parse_packet


def claim(wp_id: str, in_scope: str = "", named: str = "", *, now: bool = True) -> Claim:
    return Claim(wp_id, frozenset(in_scope.split()), frozenset(named.split()), now)


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ([claim("A", "a", "a"), claim("B", "", "a")], "A"),
        ([claim("A", "a b", "a b"), claim("B", "b", "b")], "A B"),
        ([claim("A", "a", "a"), claim("B", "a", "a", now=False)], "A"),
        ([claim("A", "a", "a"), claim("B", "a", now=False)], "A"),
        ([claim("A", "a", "a"), claim("B", "a b", "b", now=False)], "A B"),
        ([claim("A", "a", "a", now=False), claim("B", "a", "a", now=False)], "A B"),
        ([claim("A", "", "b"), claim("B", "b", now=False)], "B"),
        ([claim("A", "a", now=False)], "A"),
    ],
)
def test_a_packet_is_at_work_where_changed_files_are_in_its_scope_and_not_others_recorded_work(
    claims: list[Claim], expected: str
) -> None:
    assert [found.wp_id for found in at_work(claims)] == expected.split()


def test_a_file_needs_exactly_one_manifest_that_names_it() -> None:
    files = [change("a"), change("b"), change("c"), change("d\udcff"), change("new", old="old")]
    found = check_coverage(files, [claim("A", "c", "a b old"), claim("B", "", "b"), claim("C", "", "b")])
    assert [(f.rule, f.path) for f in found] == [
        ("check.uncovered", "b"),
        ("check.uncovered", "c"),
        ("check.uncovered", '"d\\377"'),
        ("check.uncovered", "new"),
    ]
    assert "A, B and C" in found[0].message
    assert found[1].hint is not None
    assert "gate post-work A" in found[1].hint
    assert found[2].hint is not None
    assert "exempt" in found[2].hint


def test_a_claim_is_read_from_scope_and_manifest_and_a_rename_counts_by_both_names() -> None:
    text = edited(
        PACKET_TEXT, "## VALIDATION\n", '## VALIDATION\n- **Target File**: "b\\303\\251"\n- **Start**: 1\n'
    )
    packet = parse_packet("packets/WP-1-Small.md", "WP-1-Small", text.encode())
    files = [change("src/a.txt"), change("src/b.txt"), change("moved", old="src/a.txt")]
    found = claim_of("WP-1-Small", packet, files, recorded_now=True)
    assert found == claim("WP-1-Small", "src/a.txt moved", "b\u00e9")
    assert claim_of("WP-1-Small", None, files, recorded_now=True) == claim("WP-1-Small")
