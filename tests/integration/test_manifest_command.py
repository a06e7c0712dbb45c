"""``gate manifest``: the computed manifest shown, written, and beside the recorded one."""

import hashlib
import os
import re
from pathlib import Path
from typing import Any

import pytest
from application import commit, comparable, gate, git, run
from cases import PACKET, PACKET_TEXT
from small import WP_ID, edited, made, put

from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Endpoints
from gatekeeper.changes.versions import known_versions
from gatekeeper.model.changes import ChangeKind, FileChange

OLD, NEW = b"one\ntwo\nthree\n", b"one\nTWO\nthree\n"


def sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def manifest(repo: Path, *arguments: str) -> tuple[int, dict[str, Any], str]:
    return gate(repo, "manifest", WP_ID, *arguments)


def block_of(packet: bytes) -> str:
    found = re.search(rb"<!-- gate:manifest .*?<!-- /gate:manifest -->\n", packet, re.DOTALL)
    assert found is not None
    return found[0].decode()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """One changed line, committed on a branch, nothing recorded yet."""
    return made(tmp_path / "r")


def test_it_prints_the_block_that_post_work_would_write_and_writes_nothing(repo: Path) -> None:
    code, out, err = run(repo, "manifest", WP_ID)
    assert (code, git(repo, "status", "--porcelain")) == (0, "")
    assert "From the merge-base of HEAD and main" in err
    assert gate(repo, "post-work", WP_ID)[0] == 0
    assert out == block_of((repo / PACKET).read_bytes())


def test_json_holds_the_same_entries_as_the_verdict(repo: Path) -> None:
    code, report, _ = manifest(repo)
    verdict = gate(repo, "post-work", WP_ID, "--check")[1]
    assert (code, report["schema"], report["packet"]) == (0, "gatekeeper/manifest/v1", PACKET)
    numbers = [{**row, "gates": None} for row in verdict["manifest"]]
    assert [{**row, "gates": None} for row in report["manifest"]] == numbers
    assert set(report["manifest"][0]["gates"].values()) == {True}
    assert report["change_set"] == verdict["change_set"]
    assert not {"written", "differences", "block"} & report.keys()


@pytest.mark.parametrize(
    "selectors",
    [["--staged"], ["--worktree"], ["--rev", "HEAD"], ["--range", "main..HEAD"], ["--base", "main"], []],
)
def test_every_selector_gives_the_same_manifest_of_the_same_change(repo: Path, selectors: list[str]) -> None:
    expected = manifest(repo)[1]["manifest"]
    if selectors in (["--staged"], ["--worktree"]):
        git(repo, "reset", "-q", "--soft", "main")
    assert manifest(repo, *selectors)[1]["manifest"] == expected


def test_a_write_puts_the_block_and_nothing_else_and_a_second_write_changes_nothing(repo: Path) -> None:
    before = (repo / PACKET).read_bytes()
    code, out, _ = run(repo, "manifest", WP_ID, "--write")
    assert (code, out) == (0, f"The manifest of 1 file is written to {PACKET}\n")
    once = (repo / PACKET).read_bytes()
    assert once.replace(block_of(once).encode() + b"\n", b"") == before
    assert manifest(repo, "--write")[1]["written"] is False
    assert (repo / PACKET).read_bytes() == once
    commit(repo, "manifest")
    assert gate(repo, "post-work", WP_ID, "--check")[0] == 0


def test_a_write_keeps_the_result_of_post_work_and_names_what_it_replaces(repo: Path) -> None:
    gate(repo, "post-work", WP_ID)
    packet = repo / PACKET
    good = packet.read_text()
    packet.write_text(good.replace(sha1(NEW), "1" * 40))
    code, report, _ = manifest(repo, "--write")
    assert (code, report["written"], packet.read_text()) == (0, True, good)
    (note,) = report["findings"]
    assert (note["rule"], note["severity"]) == ("manifest.post-sha1", "note")
    assert "1" * 40 in note["message"]
    assert sha1(NEW) in note["message"]


def test_a_write_replaces_hand_filled_blocks_in_a_file_of_crlf_with_a_byte_order_mark(tmp_path: Path) -> None:
    hand = "## VALIDATION\n- Target File: src/a.txt\n- Start: 1\nSaid by hand.\n"
    text = edited(PACKET_TEXT, "## VALIDATION\n", hand).replace("\n", "\r\n")
    repo = made(tmp_path / "r", base={PACKET: b"\xef\xbb\xbf" + text.encode()})
    assert manifest(repo, "--write")[0] == 0
    after = (repo / PACKET).read_bytes()
    assert after.startswith(b"\xef\xbb\xbf# Work")
    assert b"\n" not in after.replace(b"\r\n", b"")
    assert (after.count(b"Target File"), after.count(b"Said by hand.\r\n")) == (1, 1)


def test_ci_doesnt_keep_an_explicit_write_from_writing(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    assert manifest(repo, "--write")[1]["written"] is True


def test_a_packet_without_validation_is_told_and_left_alone(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", base={PACKET: edited(PACKET_TEXT, "## VALIDATION\n", "")})
    code, report, _ = manifest(repo, "--write")
    assert (code, report["written"]) == (1, False)
    assert [finding["rule"] for finding in report["findings"]] == ["packet.field-missing"]
    assert git(repo, "status", "--porcelain") == ""


def standings(report: dict[str, Any]) -> dict[str, str]:
    return {row["field"]: row["standing"] for row in report["differences"][0]["fields"]}


def test_diff_is_0_where_recorded_and_computed_agree_and_1_where_a_field_differs(repo: Path) -> None:
    manifest(repo, "--write")
    code, report, _ = manifest(repo, "--diff")
    assert (code, report["status"], set(standings(report).values())) == (0, "PASS", {"same"})
    packet = repo / PACKET
    packet.write_text(packet.read_text().replace(sha1(OLD), sha1(NEW)))
    code, report, _ = manifest(repo, "--diff")
    assert (code, report["status"]) == (1, "FAIL")
    rows = {row["field"]: row for row in report["differences"][0]["fields"]}
    assert [name for name, row in rows.items() if row["standing"] == "different"] == ["Pre-SHA1"]
    line = packet.read_text().split("\n").index(f"- **Pre-SHA1**: `{sha1(NEW)}`") + 1
    assert rows["Pre-SHA1"] == {
        "field": "Pre-SHA1",
        "recorded": sha1(NEW),
        "computed": sha1(OLD),
        "standing": "different",
        "line": line,
    }
    code, out, _ = run(repo, "manifest", WP_ID, "--diff")
    assert code == 1
    assert f"{sha1(NEW)} | {sha1(OLD)}" in out
    assert "Pre-SHA1 is that of the head." in out
    assert "Start" not in out
    assert "  Start" in run(repo, "manifest", WP_ID, "--diff", "-v")[1]
    quiet = run(repo, "manifest", WP_ID, "--diff", "-q")[1].splitlines()
    assert [line.partition(" ")[0] for line in quiet] == ["error", "The"]


def test_diff_accepts_what_the_gate_accepts_and_shows_it(repo: Path) -> None:
    manifest(repo, "--write")
    packet = repo / PACKET
    packet.write_text(packet.read_text().replace("**End**: 2", "**End**: 3").replace("Delta**: 0", "Delta**: +0"))
    code, report, _ = manifest(repo, "--diff")
    assert (code, report["differences"][0]["standing"]) == (0, "accepted")
    assert {n: s for n, s in standings(report).items() if s != "same"} == {"End": "accepted"}


def test_diff_names_missing_stale_duplicate_malformed_and_ignored_blocks(tmp_path: Path) -> None:
    names = ["src/a.txt", "src/a.txt", "src/gone.txt", "<fill>", PACKET]
    blocks = "".join(f"- **Target File**: `{name}`\n- **Start**: 1\n" for name in names)
    text = edited(PACKET_TEXT, "## VALIDATION\n", f"## VALIDATION\n{blocks}")
    changed: dict[str, str | bytes | None] = {"src/a.txt": NEW, "src/new.txt": "x\n"}
    repo = made(tmp_path / "r", base={PACKET: text}, change=changed)
    code, report, _ = manifest(repo, "--diff")
    assert code == 1
    assert [(pair["target_file"], pair["standing"]) for pair in report["differences"]] == [
        ("src/a.txt", "different"),
        ("src/a.txt", "duplicate"),
        ("src/gone.txt", "stale"),
        ("<fill>", "malformed"),
        (PACKET, "ignored"),
        ("src/new.txt", "missing"),
    ]
    missing = report["differences"][-1]["fields"]
    assert [row["computed"] for row in missing[:4]] == ["1", "1", "1", "0" * 40]
    assert {row["recorded"] for row in missing} == {None}
    out = run(repo, "manifest", WP_ID, "--diff", "--format", "github")[1]
    assert f"::error file={PACKET}," in out
    assert out.endswith("1 different, 1 missing, 1 stale, 1 duplicate, 1 malformed.\n")


def test_a_tick_for_a_gate_that_nothing_proves_is_a_difference(repo: Path) -> None:
    manifest(repo, "--write")
    git(repo, "rm", "-q", "docs/SPEC_v1.md")
    code, report, _ = manifest(repo, "--diff", "--staged", "--base", "main")
    assert code == 1
    assert standings(report)["anchors_present"] == "different"


def test_a_bare_repository_shows_a_range_and_writes_nothing(repo: Path, tmp_path: Path) -> None:
    manifest(repo, "--write")
    commit(repo, "manifest")
    git(tmp_path, "clone", "-q", "--bare", str(repo), "bare")
    bare = tmp_path / "bare"
    code, out, _ = run(bare, "manifest", WP_ID, "--range", "main..work")
    assert (code, out) == (0, block_of((repo / PACKET).read_bytes()))
    assert manifest(bare, "--range", "main..work", "--diff")[0] == 0
    code, out, err = run(bare, "manifest", WP_ID, "--range", "main..work", "--write")
    assert (code, out) == (2, "")
    assert "bare" in err


def test_of_a_commit_that_isnt_checked_out_the_packet_is_read_from_it(repo: Path) -> None:
    manifest(repo, "--write")
    commit(repo, "manifest")
    git(repo, "switch", "-q", "main")
    assert manifest(repo, "--range", "main..work", "--diff")[0] == 0
    assert run(repo, "manifest", WP_ID, "--range", "main..work")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--write", "--diff"], "--diff never writes"),
        (["--staged", "--worktree"], "can't be given together"),
        (["--rev", "nowhere"], "nowhere"),
        (["--range", "x"], "A..B"),
    ],
)
def test_calls_that_contradict_themselves_are_refused(repo: Path, arguments: list[str], word: str) -> None:
    code, out, err = run(repo, "manifest", WP_ID, *arguments)
    assert (code, out) == (2, "")
    assert word in err


def test_an_unknown_id_is_told_with_the_nearest(repo: Path) -> None:
    code, _, err = run(repo, "manifest", f"{WP_ID}x")
    assert code == 2
    assert WP_ID in err


def test_an_empty_change_has_an_empty_manifest(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", change={})
    code, report, _ = manifest(repo, "--staged", "--diff")
    assert (code, report["manifest"], report["differences"]) == (0, [], [])


def test_conflicts_make_the_manifest_no_answer(repo: Path) -> None:
    git(repo, "switch", "-q", "main")
    commit(repo, "other", {"src/a.txt": "one\nother\nthree\n"})
    git(repo, "switch", "-q", "work")
    with pytest.raises(AssertionError):
        git(repo, "merge", "main")
    code, report, _ = manifest(repo)
    assert (code, [finding["rule"] for finding in report["findings"]]) == (1, ["changes.unmerged"])


def test_names_that_need_it_are_quoted_in_text_and_raw_in_json(tmp_path: Path) -> None:
    names = ["src/a b.txt", "src/\u00fc.txt", "src/back`tick.txt"]
    raw = os.fsdecode(b"src/\xff.txt")
    repo = made(tmp_path / "r", change=dict.fromkeys([*names, raw], "x\n"))
    out = run(repo, "manifest", WP_ID)[1]
    for quoted in ("`src/a b.txt`", '`"src/\\303\\274.txt"`', '``"src/back`tick.txt"``', '`"src/\\377.txt"`'):
        assert f"**Target File**: {quoted}" in out
    rows = manifest(repo)[1]["manifest"]
    assert sorted(row["target_file"] for row in rows) == sorted([*names, '"src/\\377.txt"'])
    manifest(repo, "--write")
    assert manifest(repo, "--diff")[0] == 0


def history(tmp_path: Path) -> Path:
    """Five versions of a file on main, v0 to v4 in a commit each; on a branch v9 is staged."""
    repo = made(tmp_path / "r", base={"src/a.txt": "v0\n"}, change={})
    git(repo, "switch", "-q", "main")
    for number in range(1, 5):
        commit(repo, f"v{number}", {"src/a.txt": f"v{number}\n"})
    git(repo, "switch", "-q", "-C", "work")
    put(repo, {"src/a.txt": "v9\n"})
    git(repo, "add", "-A")
    manifest(repo, "--write")
    return repo


def record(repo: Path, label: str, content: bytes) -> None:
    packet = repo / PACKET
    text = re.sub(rf"(\*\*{label}\*\*: `)[0-9a-f]+", rf"\g<1>{sha1(content)}", packet.read_text())
    packet.write_text(text)
    git(repo, "add", PACKET)


@pytest.mark.parametrize("ago", [1, 3, 4])
def test_a_hash_of_an_earlier_commit_is_told_to_be_its(tmp_path: Path, ago: int) -> None:
    repo = history(tmp_path)
    record(repo, "Pre-SHA1", f"v{4 - ago}\n".encode())
    oid = git(repo, "rev-parse", "--short=7", f"main~{ago}").strip()
    sentence = f"Pre-SHA1 is that of {ago} commit{'s' if ago > 1 else ''} ago ({oid})."
    for arguments in (["post-work", WP_ID, "--check"], ["manifest", WP_ID, "--diff"]):
        code, out, _ = run(repo, *arguments)
        assert code == 1
        assert sentence in out


def test_a_verdict_with_explanations_is_the_same_staged_committed_by_range_and_in_a_clone(tmp_path: Path) -> None:
    repo = history(tmp_path)
    put(repo, {"src/a.txt": "v10\n"})
    record(repo, "Pre-SHA1", b"v1\n")
    record(repo, "Post-SHA1", b"v10\n")
    verdicts = [gate(repo, "post-work", WP_ID, "--check", "--staged")]
    assert [e["message"] for e in verdicts[0][1]["change_set"]["explanations"]] == [
        "Post-SHA1 is that of the work tree."
    ]
    git(repo, "restore", "src/a.txt")
    verdicts = [gate(repo, "post-work", WP_ID, "--check", "--staged")]
    assert "explanations" not in verdicts[0][1]["change_set"]
    git(repo, "commit", "-q", "-m", "work")
    verdicts.append(gate(repo, "post-work", WP_ID, "--check"))
    verdicts.append(gate(repo, "post-work", WP_ID, "--check", "--range", "main..HEAD"))
    git(tmp_path, "clone", "-q", str(repo), "clone")
    verdicts.append(gate(tmp_path / "clone", "post-work", WP_ID, "--check"))
    texts = {comparable(verdict) for _, verdict, _ in verdicts}
    assert len(texts) == 1
    assert "3 commits ago" in texts.pop()


def test_what_the_base_tells_is_known_where_the_work_tree_cant_be_read(tmp_path: Path) -> None:
    repo = history(tmp_path)
    git(repo, "config", "filter.broken.clean", "false")
    git(repo, "config", "filter.broken.required", "true")
    put(repo, {".git/info/attributes": "src/a.txt filter=broken\n", "src/a.txt": "v10\n"})
    base = git(repo, "rev-parse", "main").strip()
    changed = FileChange("src/a.txt", ChangeKind.MODIFIED, None, None)
    with Repository.open(repo) as opened:
        versions = known_versions(opened, Endpoints("staged", "", base, None, base, base), "main", [changed])
    lasting = [version.where.partition(" (")[0] for version in versions if version.lasting]
    assert lasting[1:] == ["1 commit ago", "2 commits ago", "3 commits ago", "4 commits ago"]


def test_a_hash_of_the_index_of_a_commit_of_the_work_or_of_a_filtered_file_is_told(tmp_path: Path) -> None:
    repo = history(tmp_path)
    git(repo, "commit", "-q", "-m", "v9")
    oid = git(repo, "rev-parse", "--short=7", "HEAD").strip()
    commit(repo, "last", {"src/a.txt": "last\n"})
    cases = {b"v9\n": f"1 commit ago ({oid})", b"staged\n": "the index", b"edited\n": "the work tree"}
    put(repo, {"src/a.txt": "staged\n"})
    git(repo, "add", "src/a.txt")
    put(repo, {"src/a.txt": "edited\n"})
    for content, where in cases.items():
        record(repo, "Post-SHA1", content)
        code, report, _ = manifest(repo, "--diff", "--range", "main..HEAD")
        told = [each["message"] for each in report["change_set"]["explanations"]]
        assert (code, told) == (1, [f"Post-SHA1 is that of {where}."])
    git(repo, "config", "core.autocrlf", "true")
    put(repo, {"src/a.txt": "one\r\nline\r\n"})
    record(repo, "Post-SHA1", b"one\r\nline\r\n")
    report = manifest(repo, "--diff", "--range", "main..HEAD")[1]
    (told,) = report["change_set"]["explanations"]
    assert "as it lies on disk, before git's filters" in told["message"]


def test_a_submodules_earlier_commit_is_told(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", change={})
    git(repo, "switch", "-q", "main")
    for digit in "123":
        git(repo, "update-index", "--add", "--cacheinfo", f"160000,{digit * 40},src/a.txt")
        git(repo, "commit", "-q", "-m", digit)
    git(repo, "switch", "-q", "-C", "work")
    git(repo, "update-index", "--cacheinfo", f"160000,{'4' * 40},src/a.txt")
    manifest(repo, "--staged", "--write")
    packet = repo / PACKET
    packet.write_text(packet.read_text().replace("3" * 40, "1" * 40))
    report = manifest(repo, "--staged", "--diff")[1]
    told = [finding["message"] for finding in report["findings"] if finding["rule"] == "manifest.pre-sha1"]
    assert [message.partition(" Pre-SHA1 is that of ")[2].partition(" (")[0] for message in told] == [
        "2 commits ago"
    ]


def test_the_merge_base_is_told_where_the_change_starts_elsewhere(tmp_path: Path) -> None:
    repo = history(tmp_path)
    git(repo, "commit", "-q", "-m", "v9")
    fork = git(repo, "rev-parse", "--short=7", "main").strip()
    commit(repo, "last", {"src/a.txt": "last\n"})
    git(repo, "switch", "-q", "--orphan", "apart")
    base = commit(repo, "apart", {"src/a.txt": "apart\n"})
    git(repo, "switch", "-q", "-f", "work")
    record(repo, "Pre-SHA1", b"v4\n")
    report = manifest(repo, "--diff", "--range", f"{base}..HEAD")[1]
    told = [each["message"] for each in report["change_set"]["explanations"]]
    assert f"Pre-SHA1 is that of the merge-base with main ({fork})." in told


def test_an_explanation_costs_the_same_number_of_processes_for_two_files_and_for_sixty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gatekeeper.changes.git import Git

    started: list[tuple[str, ...]] = []
    start = Git._start

    def counted(self: Git, arguments: tuple[str, ...], *others: Any) -> Any:
        started.append(arguments)
        return start(self, arguments, *others)

    monkeypatch.setattr(Git, "_start", counted)
    counts = []
    for number in (2, 60):
        files = {f"src/f{i}.txt": f"v0 {i}\n" for i in range(number)}
        repo = made(tmp_path / str(number), base=files, change={name: "v1\n" + t for name, t in files.items()})
        manifest(repo, "--write")
        packet = repo / PACKET
        packet.write_text(re.sub(r"(Pre-SHA1\*\*: `)[0-9a-f]{8}", r"\g<1>00000000", packet.read_text()))
        started.clear()
        assert manifest(repo, "--diff")[0] == 1
        counts.append(len(started))
    assert counts[0] == counts[1]
