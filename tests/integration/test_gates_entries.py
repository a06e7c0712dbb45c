"""Entries of every kind, written by the gate and then recorded otherwise, under --check (contract, Manifest)."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from application import gate, git
from cases import PACKET, PACKET_TEXT
from small import WP_ID, committed, edited, findings, made, put

CHECK = ("post-work", WP_ID, "--check")
SCOPE = "  - src/a.txt\n- OUT"
ZERO, NOTHING = "0" * 40, hashlib.sha1(b"", usedforsecurity=False).hexdigest()
LINES = "".join(f"line {n}\n" for n in range(30))


def sha1(data: str | bytes) -> str:
    return hashlib.sha1(data.encode() if isinstance(data, str) else data, usedforsecurity=False).hexdigest()


def kinds(repo: Path) -> Path:
    """A change of every kind, its manifest written and committed."""
    packet = edited(PACKET_TEXT, SCOPE, "  - **\n- OUT")
    base = {PACKET: packet, "lib/gone.txt": "gone\n", "lib/old.txt": LINES, "lib/run.sh": "run\n"}
    made(repo, {**base, "lib/data.bin": b"\0one", "lib/crlf.txt": "one\ntwo\n"}, {})
    git(repo, "mv", "lib/old.txt", "lib/new.txt")
    put(repo, {"lib/gone.txt": None, "lib/data.bin": b"\0two", "lib/added.txt": "added\n"})
    put(
        repo,
        {"lib/new.txt": LINES.replace("line 7\n", "line seven\nand more\n"), "src/a.txt": "one\nTWO\nthree\n"},
    )
    put(repo, {"lib/crlf.txt": "one\nTWO\n", 'lib/a "name`.txt': "odd\n"})
    (repo / "lib/run.sh").chmod(0o755)
    (repo / "lib/link").symlink_to("nowhere")
    head = git(repo, "rev-parse", "HEAD").strip()
    git(repo, "add", "-A")
    git(repo, "update-index", "--add", "--cacheinfo", f"160000,{head},lib/module")
    code, verdict, err = gate(repo, "post-work", WP_ID)
    assert code == 0, (verdict, err)
    git(repo, "add", PACKET)
    git(repo, "commit", "-q", "-m", "The change and its manifest")
    return repo


@pytest.fixture(scope="session")
def every_kind(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kinds(tmp_path_factory.mktemp("kinds") / "r")


@pytest.fixture
def repo(every_kind: Path, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "-q", "--template=", str(every_kind), "r")
    git(tmp_path / "r", "branch", "-q", "main", "origin/main")
    return tmp_path / "r"


def block(repo: Path, target: str) -> str:
    text = (repo / PACKET).read_text()
    found = re.search(rf"- \*\*Target File\*\*: `+{re.escape(target)}`+\n(?:(?!- \*\*Target)[ -].*\n)+", text)
    assert found, target
    return found.group()


def record(repo: Path, target: str, field: str, value: str | None) -> None:
    """Record another value in the block of a file, commit the packet alone."""
    old = block(repo, target)
    line = "" if value is None else f"- **{field}**: {value}\n"
    new, count = re.subn(rf"- \*\*{field}\*\*: .*\n", lambda _: line, old)
    if not count:
        new = old.replace("\n", f"\n{line}", 1)
    assert new != old
    text = (repo / PACKET).read_text()
    (repo / PACKET).write_text(text.replace(old, new))
    git(repo, "commit", "-q", "-m", "Recorded otherwise", PACKET)


def test_every_kind_of_entry_is_written_so_that_a_check_passes(repo: Path) -> None:
    code, verdict, _ = gate(repo, *CHECK)
    assert (code, findings(verdict, "manifest")) == (0, [])
    rows: dict[str, dict[str, Any]] = {row["target_file"]: row for row in verdict["manifest"]}
    assert {name: row["change"] for name, row in rows.items()} == {
        'lib/a "name`.txt': "added",
        "lib/added.txt": "added",
        "lib/crlf.txt": "modified",
        "lib/data.bin": "modified",
        "lib/gone.txt": "deleted",
        "lib/link": "added",
        "lib/module": "added",
        "lib/new.txt": "renamed",
        "lib/run.sh": "mode",
        "src/a.txt": "modified",
    }
    assert list(rows) == sorted(rows)
    values = {name: (row["pre_sha1"], row["post_sha1"], row["line_delta"]) for name, row in rows.items()}
    assert values["lib/added.txt"] == (ZERO, sha1("added\n"), 1)
    assert values["lib/gone.txt"] == (sha1("gone\n"), ZERO, -1)
    assert values["lib/link"] == (ZERO, sha1("nowhere"), 1)
    assert values["lib/data.bin"] == (sha1(b"\0one"), sha1(b"\0two"), 0)
    assert values["lib/new.txt"][0] == sha1(LINES)
    assert (rows["lib/new.txt"]["renamed_from"], rows["lib/data.bin"]["content"]) == ("lib/old.txt", "binary")
    assert (rows["lib/run.sh"]["mode"], rows["lib/module"]["content"]) == ("100644 -> 100755", "submodule")
    assert rows["lib/module"]["post_sha1"] == git(repo, "rev-parse", "origin/main").strip()
    assert '**Target File**: ``"lib/a \\"name`.txt"``\n' in (repo / PACKET).read_text()


@pytest.mark.parametrize(
    ("target", "field", "value", "rule"),
    [
        ("lib/added.txt", "Pre-SHA1", f"`{NOTHING}`", "manifest.pre-form (warning)"),
        ("lib/added.txt", "Pre-SHA1", f"`{sha1('added' + chr(10))}`", "manifest.pre-form (warning)"),
        ("lib/added.txt", "Pre-SHA1", f"`{sha1('other')}`", "manifest.pre-sha1"),
        ("src/a.txt", "Pre-SHA1", f"`{ZERO}`", "manifest.pre-sha1"),
        ("src/a.txt", "Post-SHA1", f"`{sha1('one').upper()}`", "manifest.post-sha1"),
        ("src/a.txt", "Post-SHA1", f"`{'a' * 64}`", "manifest.malformed"),
        ("src/a.txt", "Post-SHA1", None, "manifest.malformed"),
        (
            "lib/crlf.txt",
            "Post-SHA1",
            f"`{sha1('one' + chr(13) + chr(10) + 'TWO' + chr(13) + chr(10))}`",
            "manifest.eol (warning)",
        ),
        ("lib/gone.txt", "Post-SHA1", f"`{NOTHING}`", "manifest.post-sha1"),
        ("lib/new.txt", "Renamed From", "`lib/other.txt`", "manifest.malformed"),
        ("lib/new.txt", "Renamed From", None, "manifest.malformed"),
        ("src/a.txt", "Renamed From", "`lib/other.txt`", "manifest.malformed"),
        ("lib/run.sh", "Mode", "100644 -> 100644", "manifest.malformed"),
        ("lib/run.sh", "Mode", None, "manifest.malformed"),
        ("lib/data.bin", "Content", None, "manifest.malformed"),
        ("lib/data.bin", "Line Delta", "1", "manifest.line-delta"),
        ("src/a.txt", "End", "3lines", "manifest.malformed"),
        ("src/a.txt", "Start", "0", "manifest.malformed"),
        ("src/a.txt", "Start", "3", "manifest.window"),
        ("src/a.txt", "End", "1", "manifest.window"),
        ("src/a.txt", "End", "4", "manifest.window-wide (warning)"),
        ("src/a.txt", "Target File", "`src/b.txt`", "manifest.missing"),
    ],
)
def test_another_recorded_value_is_its_rule_alone(
    repo: Path, target: str, field: str, value: str | None, rule: str
) -> None:
    record(repo, target, field, value)
    code, verdict, _ = gate(repo, *CHECK)
    found = findings(verdict, "manifest")
    assert found == (["manifest.missing", "manifest.stale"] if field == "Target File" else [rule])
    assert code == (0 if "warning" in rule else 1)
    told = next(f for c in verdict["checks"] if c["id"] == "manifest" for f in c["findings"])
    assert told["hint"]
    assert f"{told['path']}".endswith((PACKET, target))


@pytest.mark.parametrize(
    ("target", "field", "value"),
    [
        ("src/a.txt", "Start", "1"),
        ("src/a.txt", "End", "3"),
        ("src/a.txt", "Line Delta", "+0"),
        ("src/a.txt", "Post-SHA1", sha1("one\nTWO\nthree\n").upper()),
        ("src/a.txt", "Spec Target Resolved", None),
    ],
)
def test_another_form_of_the_same_value_passes(repo: Path, target: str, field: str, value: str | None) -> None:
    record(repo, target, field, value)
    assert (gate(repo, *CHECK)[0], findings(gate(repo, *CHECK)[1], "manifest")) == (0, [])


def test_an_eol_warning_prints_the_canonical_value(repo: Path) -> None:
    record(repo, "lib/crlf.txt", "Pre-SHA1", sha1("one\r\ntwo\r\n"))
    (check,) = [c for c in gate(repo, *CHECK)[1]["checks"] if c["id"] == "manifest"]
    assert sha1("one\ntwo\n") in check["findings"][0]["message"]


def test_a_malformed_field_costs_only_itself(repo: Path) -> None:
    record(repo, "src/a.txt", "Line Delta", "<fill>")
    code, verdict, _ = gate(repo, *CHECK)
    row = next(row for row in verdict["manifest"] if row["target_file"] == "src/a.txt")
    assert {name for name, value in row["gates"].items() if value is False} == {"line_delta_equals_expected"}
    assert (code, findings(verdict, "manifest")) == (1, ["manifest.malformed"])


@pytest.mark.parametrize("path", ["docs/free/x.md", PACKET, "packets/notes.md", f"packets/evidence/{WP_ID}/log"])
def test_an_entry_for_a_file_that_needs_none_is_accepted_and_not_compared(tmp_path: Path, path: str) -> None:
    entry = f"## VALIDATION\n\n- **Target File**: `{path}`\n- **Start**: nonsense\n- **Pre-SHA1**: `{ZERO}`\n"
    extra = {} if path == PACKET else {path: "x\n"}
    repo = made(tmp_path / "r", {"gatekeeper.toml": "[packets]\nexempt = ['docs/free/**']\n"}, extra)
    committed(repo, {"src/a.txt": "one\nTWO\nthree\n", PACKET: edited(PACKET_TEXT, "## VALIDATION\n", entry)})
    assert findings(gate(repo, *CHECK)[1], "manifest") == ["manifest.missing"]
    verdict = gate(repo, "post-work", WP_ID)[1]
    assert findings(verdict, "manifest") == ["manifest.stale (note)"]
    assert findings(gate(repo, *CHECK, "--worktree", "--base", "main")[1], "manifest") == []


def test_a_writing_run_writes_on_fail_too_and_names_what_it_replaced(tmp_path: Path) -> None:
    entry = (
        f"## VALIDATION\n\n- Target File: src/a.txt\n- Start: 9\n- Line Delta: <fill>\n- Pre-SHA1: {'a' * 40}\n"
    )
    repo = made(tmp_path / "r", {PACKET: edited(PACKET_TEXT, "## VALIDATION\n", entry)})
    committed(repo, {"src/b.txt": "out of scope\n"})
    code, verdict, _ = gate(repo, "post-work", WP_ID)
    assert code == 1
    assert findings(verdict, "manifest") == ["manifest.pre-sha1 (note)", "manifest.window (note)"]
    text = (repo / PACKET).read_text()
    assert text.count("Target File") == 2
    assert f"change={verdict['change_set']['digest']} verdict=FAIL -->" in text
    assert "error scope.out-of-scope src/b.txt" in text
    assert gate(repo, "post-work", WP_ID)[0] == 1
    assert (repo / PACKET).read_text() == text


EDITS: dict[str, Callable[[str], str]] = {
    "unticked": lambda text: text.replace("[x] pre_sha1", "[ ] pre_sha1", 1),
    "dropped": lambda text: text.replace("  - [x] all_links_resolvable\n", "", 1),
}


@pytest.mark.parametrize("name", EDITS)
def test_every_gate_must_be_ticked(repo: Path, name: str) -> None:
    packet = repo / PACKET
    packet.write_text(EDITS[name](packet.read_text()))
    git(repo, "commit", "-q", "-m", "Tick", PACKET)
    assert findings(gate(repo, *CHECK)[1], "manifest") == ["manifest.gate"]
