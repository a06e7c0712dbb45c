"""Lossless edits and atomic writes."""

import stat
from pathlib import Path

import pytest

from gatekeeper.model.errors import GateError
from gatekeeper.packet.edit import NoValidationSection, with_blocks, write_atomically
from gatekeeper.packet.parse import parse_packet

MANIFEST = "<!-- gate:manifest change=2 -->\n- **Target File**: `new`\n<!-- /gate:manifest -->"
RESULT = "<!-- gate:result verdict=PASS -->\n- PASS packet\n<!-- /gate:result -->"
BOTH = f"{MANIFEST}\n\n{RESULT}\n"
HAND = "- **Target File**: `a`\n- **Start**: 1\n- **Gates Passed**:\n  - [x] anchors_present\n"
OLD = "<!-- gate:manifest change=1 -->\n- **Target File**: `a`\nanything\n<!-- /gate:manifest -->\n"


def edited(data: bytes, result: str | None = RESULT) -> bytes:
    packet = parse_packet("packets/WP-1.md", "WP-1", data)
    once = with_blocks(data, packet, MANIFEST, result)
    assert with_blocks(once, packet, MANIFEST, result) == once
    return once


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("## VALIDATION\n- hint\n\n{hand}\n## EVIDENCE\n", "## VALIDATION\n- hint\n\n{both}\n## EVIDENCE\n"),
        ("## VALIDATION\n{hand}\n{hand}{hand}## EVIDENCE\n", "## VALIDATION\n{both}## EVIDENCE\n"),
        ("## VALIDATION\n{old}tail\n", "## VALIDATION\n{both}tail\n"),
        ("## VALIDATION\n{old}\n{result}\n\ntail\n", "## VALIDATION\n{both}\ntail\n"),
        ("## VALIDATION\n{result}\nkept\n{hand}", "## VALIDATION\n{both}kept\n"),
        ("## VALIDATION\n{hand}- **Notes**: kept\n\n{hand}", "## VALIDATION\n{both}- **Notes**: kept\n\n"),
        ("## VALIDATION\n\n## EVIDENCE\n", "## VALIDATION\n\n{both}\n## EVIDENCE\n"),
        ("## VALIDATION\nx\n## EVIDENCE\n", "## VALIDATION\nx\n\n{both}\n## EVIDENCE\n"),
        ("## VALIDATION\nx\n### VALIDATION REPORT\ny\n", "## VALIDATION\nx\n\n{both}\n### VALIDATION REPORT\ny\n"),
        ("## VALIDATION\nx\n```\nopen\n", "## VALIDATION\nx\n\n{both}\n```\nopen\n"),
        ("## VALIDATION\n```\n{hand}```\n## EVIDENCE\n", "## VALIDATION\n```\n{hand}```\n\n{both}\n## EVIDENCE\n"),
        ("## VALIDATION\n\nx\n<!-- /gate:manifest -->\ny\n", "## VALIDATION\n\nx\n{both}y\n"),
    ],
)
def test_blocks_take_the_place_of_those_recorded(before: str, after: str) -> None:
    parts = {"hand": HAND, "old": OLD, "both": BOTH, "result": RESULT}
    assert edited(before.format(**parts).encode()).decode() == after.format(**parts)


def test_an_unclosed_marker_swallows_nothing() -> None:
    opened = "<!-- gate:manifest change=1 -->\n"
    data = f"## VALIDATION\n{opened}{HAND}words\n\n<!-- gate:result x=1 -->\n- PASS scope\n- mine\n"
    assert edited(data.encode()).decode() == f"## VALIDATION\n{BOTH}words\n\n- mine\n"


def test_an_old_result_may_stay() -> None:
    old = "<!-- gate:result verdict=FAIL -->\n- FAIL scope\n<!-- /gate:result -->\n"
    data = f"## VALIDATION\n{HAND}\n{old}".encode()
    assert edited(data, result=None).decode() == f"## VALIDATION\n{MANIFEST}\n\n{old}"


@pytest.mark.parametrize(
    ("data", "end"),
    [
        (b"\xef\xbb\xbf# x\r\n## VALIDATION\r\n\ttab \xff\r\n", b"\r\n"),
        (b"a\r\nb\nc\n## VALIDATION", b"\n"),
        (b"a\r## VALIDATION\rx\r", b"\r"),
        (b"## VALIDATION", b"\n"),
        (b"## VALIDATION\nx\ry\r", b"\n"),
    ],
)
def test_blocks_take_the_files_line_end_and_no_other_byte_changes(data: bytes, end: bytes) -> None:
    final = end if data.endswith(end) else b""
    block = BOTH.encode().rstrip(b"\n").replace(b"\n", end)
    separator = end if final else end + end
    assert edited(data) == data + separator + block + final


def test_a_machine_block_at_the_end_keeps_the_missing_newline() -> None:
    assert edited(b"## VALIDATION\r\n" + OLD.rstrip("\n").encode()).endswith(b"<!-- /gate:result -->")


def test_crlf_blocks_are_replaced_by_crlf_blocks() -> None:
    data = f"# a\n## VALIDATION\n{OLD}\n## EVIDENCE\n".replace("\n", "\r\n").encode()
    assert edited(data) == f"# a\n## VALIDATION\n{BOTH}\n## EVIDENCE\n".replace("\n", "\r\n").encode()


def test_the_lines_that_go_have_no_say_in_the_line_end() -> None:
    data = b"# a\r\n## VALIDATION\r\nx\r\n" + HAND.encode() + b"## EVIDENCE"
    assert edited(data) == b"# a\r\n## VALIDATION\r\nx\r\n" + BOTH.replace("\n", "\r\n").encode() + b"## EVIDENCE"


def test_without_validation_section_nothing_is_made_up() -> None:
    data = b"## SCOPE\n```\n## VALIDATION\n```\n"
    with pytest.raises(NoValidationSection, match=r"packets/WP-1\.md"):
        edited(data)


def test_a_write_replaces_the_bytes_and_keeps_the_mode(tmp_path: Path) -> None:
    path = tmp_path / "p.md"
    path.write_bytes(b"old")
    path.chmod(0o640)
    assert write_atomically(path, b"new\r\n")
    assert path.read_bytes() == b"new\r\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [p.name for p in tmp_path.iterdir()] == ["p.md"]


def test_a_write_of_the_same_bytes_touches_nothing(tmp_path: Path) -> None:
    path = tmp_path / "p.md"
    path.write_bytes(b"same")
    before = path.stat()
    assert not write_atomically(path, b"same")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_new_file_has_the_mode_that_the_umask_leaves(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    assert write_atomically(tmp_path / "new.md", b"x")
    assert (tmp_path / "new.md").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_link_stays_a_link_and_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    target, link = tmp_path / "sub" / "t.md", tmp_path / "p.md"
    target.write_bytes(b"old")
    link.symlink_to("sub/t.md")
    assert write_atomically(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.md"
    path.write_bytes(b"old")

    def full(_descriptor: int) -> None:  # a full disk can't be had in a temporary directory
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(GateError, match="No space left on device") as caught:
        write_atomically(path, b"new")
    assert str(path) in caught.value.message
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["p.md"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(GateError, match=r"missing/p\.md could not be written"):
        write_atomically(tmp_path / "missing" / "p.md", b"x")


@pytest.mark.parametrize("inside", [True, False])
def test_a_directory_in_the_files_place_is_told(tmp_path: Path, inside: bool) -> None:
    path = tmp_path / "p.md"
    path.mkdir() if inside else path.symlink_to("p.md")
    with pytest.raises(GateError):
        write_atomically(path, b"x")
    assert [p.name for p in tmp_path.iterdir()] == ["p.md"]
