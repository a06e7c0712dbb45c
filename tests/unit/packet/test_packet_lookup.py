"""Look-up of packets by id."""

import pytest

from gatekeeper.packet.lookup import base_and_revision, ids_in, is_wp_id, lower_revisions, nearest, packet_paths

FILES = [
    "{}WP-1-B.md",
    "{}WP-1-A.md",
    "{}WP-1-A/packet.md",
    "{}WP-1-C/packet.md",
    "{}stubs/WP-1-D.md",
    "{}WP-1-E.refinement.md",
    "{}WP-1-F/notes.md",
    "{}WP-1-G/deep/packet.md",
    "{}README.md",
    "{}WP-1 H.md",
    "{}WP-1-I.md.bak",
    "{}evidence/WP-1-J/packet.md",
]


@pytest.mark.parametrize(
    ("folder", "prefix"),
    [("packets", "packets/"), ("docs/task_packets/", "docs/task_packets/"), (".", ""), ("./x", "x/"), ("", "")],
)
def test_packets_stand_directly_in_the_folder(folder: str, prefix: str) -> None:
    files = [name.format(prefix) for name in FILES] + ["elsewhere/sub/WP-1-Z.md"]
    assert packet_paths(files, folder) == {
        "WP-1-A": [f"{prefix}WP-1-A.md", f"{prefix}WP-1-A/packet.md"],
        "WP-1-B": [f"{prefix}WP-1-B.md"],
        "WP-1-C": [f"{prefix}WP-1-C/packet.md"],
    }


def test_an_id_is_matched_whole() -> None:
    assert is_wp_id("WP-1-MEX-v1.2-Runtime-v3")
    for text in ("WP-", "wp-1", "WP-1 A", "WP-1/..", "xWP-1", "WP-1\n", "WP-\u00e9"):
        assert not is_wp_id(text)


def test_at_most_three_near_ids_are_named_best_first() -> None:
    ids = ["WP-1-Migration-v2", "WP-1-Migration", "WP-1-Migrations", "WP-1-Migration-v3", "WP-9-Other"]
    found = nearest("WP-1-Migrationn", ids)
    assert len(found) == 3
    assert set(found[:2]) == {"WP-1-Migration", "WP-1-Migrations"}
    assert nearest("ZZZ", ids) == []


@pytest.mark.parametrize(
    ("wp_id", "expected"),
    [
        ("WP-1-X-v2", ("WP-1-X", 2)),
        ("WP-1-X", ("WP-1-X", 1)),
        ("WP-1-MEX-v1.2-Runtime-v13", ("WP-1-MEX-v1.2-Runtime", 13)),
        ("WP-1-X-v1.2", ("WP-1-X-v1.2", 1)),
        ("WP-1-X-vNext", ("WP-1-X-vNext", 1)),
    ],
)
def test_a_trailing_v_number_is_the_revision(wp_id: str, expected: tuple[str, int]) -> None:
    assert base_and_revision(wp_id) == expected


def test_lower_revisions_are_of_the_same_base_in_order() -> None:
    ids = ["WP-1-X", "WP-1-X-v10", "WP-1-X-v2", "WP-1-X-v3", "WP-1-X-Y", "WP-1-XX-v1"]
    assert lower_revisions("WP-1-X-v10", ids) == ["WP-1-X", "WP-1-X-v2", "WP-1-X-v3"]
    assert lower_revisions("WP-1-X", ids) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("WP-1-A", {"WP-1-A"}),
        ("Do WP-1-A, then WP-1-A-v2.", {"WP-1-A", "WP-1-A-v2"}),
        ("WP-1-A... (packets/WP-1-A.md)", {"WP-1-A"}),
        ("see packets/WP-1-A-v2.md.", {"WP-1-A-v2"}),
        ("WP-1-A-", {"WP-1-A"}),
        ("WP-1-A.mdx WP-1-Ab XWP-1-A -WP-1-A WP-1-A-v3 wp-1-a WP-1-A.refinement.md", set()),
    ],
)
def test_an_id_is_found_in_a_text_only_whole(text: str, expected: set[str]) -> None:
    assert ids_in(text, {"WP-1-A", "WP-1-A-v2"}) == expected
