"""Who may judge: docs/authority.md held to its word, and what its table can't tell (contract, section 2)."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from application import gate, git, run, write
from cases import PACKET, PACKET_TEXT, REFINEMENT, REFINEMENT_TEXT, WP_ID
from histories import WORDS, History
from small import check_of

from gatekeeper.changes.history import history as read_history
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Selector, resolve

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "authority.md").read_text()
ROW = re.compile(r"^\| `(.+?)` \| (passes|`authority\.[a-z .]+`) \| .+ \|$", re.MULTILINE)
HISTORIES = [(row[1].replace("\\|", "|"), row[2].strip("`")) for row in ROW.finditer(TEXT)]
CHECK = ("post-work", WP_ID, "--check")


def judged(repo: Path, *arguments: str) -> dict[str, Any]:
    """The check ``authority`` without its duration."""
    check = check_of(gate(repo, *(arguments or CHECK))[1], "authority")
    return {name: value for name, value in check.items() if name != "duration_ms"}


def made(path: Path, steps: str, *, strict: bool = True) -> Path:
    """The repository of a history, all of it committed."""
    history = History(path, strict=strict)
    if history.build(steps):
        history.commit("last")
    return history.repo


def test_the_table_is_read_whole() -> None:
    table = TEXT[TEXT.index("| history |") :]
    assert len(HISTORIES) == table.count("\n|") - 1 > 40
    described = TEXT[TEXT.index("| word |") : TEXT.index("| history |")]
    names = re.findall(r"^\| (`.+?) \|", described, re.MULTILINE)
    assert {word for name in names for word in re.findall("[a-z-]+", name)} | {"other"} == WORDS
    verdicts = {verdict for _, verdict in HISTORIES}
    assert {"passes", "authority.mixed", "authority.changed", "authority.late"} <= verdicts


@pytest.mark.parametrize(("steps", "verdict"), HISTORIES, ids=[steps for steps, _ in HISTORIES])
def test_a_history_has_the_verdict_of_its_row_before_and_after_its_last_commit(
    tmp_path: Path, steps: str, verdict: str
) -> None:
    history = History(tmp_path / "r")
    uncommitted = history.build(steps)
    found = judged(history.repo)
    rules = {finding["rule"] for finding in found["findings"]}
    assert rules == {*verdict.split()} - {"passes"}, found
    assert found["status"] == ("FAIL" if rules else "PASS")
    if uncommitted:
        history.commit("last")
        assert judged(history.repo) == found


def test_a_late_change_is_shown_part_by_part_with_the_lines_that_came_and_went(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", "plan+approve | work; scope+refinement+disapprove")
    told = {
        finding["message"].split(": ")[1].split(" changed")[0]: finding for finding in judged(repo)["findings"]
    }
    assert set(told) == {"SCOPE", "the refinement", "the approval line"}
    assert told["SCOPE"]["message"].endswith('came: "IN_SCOPE_PATHS: - src/b.txt"; went: nothing.')
    assert (
        '"- CLEARLY_COVERS_VERDICT: FAIL"; went: "- CLEARLY_COVERS_VERDICT: PASS"'
        in (told["the refinement"]["message"])
    )
    assert told["the approval line"]["message"].endswith('came: nothing; went: "SKELETON APPROVED".')
    lines = (repo / PACKET).read_text().split("\n")
    assert (told["SCOPE"]["path"], lines[told["SCOPE"]["line"] - 1]) == (PACKET, "## SCOPE")
    assert (told["the refinement"]["path"], told["the refinement"]["line"]) == (REFINEMENT, None)
    assert all("amended" in finding["hint"] for finding in told.values())


def test_mixed_and_late_work_is_named_file_by_file_in_names_of_any_kind(tmp_path: Path) -> None:
    history = History(tmp_path / "r")
    history.build("plan; work; approve")
    odd = os.fsdecode(b"src/\xff\n.txt")
    write(history.repo, {odd: "odd\n", "src/\u00e9.txt": "new\n"})
    git(history.repo, "rm", "-q", "src/b.txt")
    git(history.repo, "add", "-A")
    late, mixed = sorted(judged(history.repo)["findings"], key=lambda finding: str(finding["rule"]))
    assert late["message"].endswith("approved only after work on src/a.txt.")
    assert mixed["message"].endswith(
        'the approval line in one commit with src/b.txt, src/\u00e9.txt, "src/\\377\\n.txt".'
    )
    assert (late["rule"], late["path"], late["line"] is None) == ("authority.late", PACKET, False)


def test_without_strict_a_finding_is_a_warning_and_the_check_passes(tmp_path: Path) -> None:
    check = judged(made(tmp_path / "r", "plan+approve | work+waiver; scope", strict=False))
    assert (check["status"], {finding["severity"] for finding in check["findings"]}) == ("PASS", {"warning"})
    assert [finding["rule"] for finding in check["findings"]] == ["authority.mixed", "authority.changed"]


def test_strict_is_what_the_base_says(tmp_path: Path) -> None:
    history = History(tmp_path / "r")
    history.build("plan+approve | work+scope")
    toml = history.repo / "gatekeeper.toml"
    toml.write_text(toml.read_text().replace("strict = true", "strict = false"))
    git(history.repo, "add", "-A")
    assert judged(history.repo)["status"] == "FAIL"


def test_a_clone_and_every_selector_of_the_same_range_give_the_same_findings(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", "plan+approve | work; scope; work+waiver")
    found = judged(repo)
    assert [finding["rule"] for finding in found["findings"]] == ["authority.mixed", "authority.changed"]
    git(tmp_path, "clone", "-q", str(repo), "clone")
    assert judged(tmp_path / "clone") == found
    assert judged(repo, *CHECK, "--range", "main..work") == found
    assert judged(repo, *CHECK, "--base", "main") == found
    only_last = judged(repo, *CHECK, "--rev", "HEAD")
    assert [finding["rule"] for finding in only_last["findings"]] == ["authority.mixed"]
    commits = git(repo, "rev-list", "--all").split()
    assert not [commit for commit in commits if commit[:7] in str(found)]


def test_an_unfinished_merge_is_judged_as_the_merge_that_it_becomes(tmp_path: Path) -> None:
    history = History(tmp_path / "r")
    history.build("plan+approve | work; main:other")
    repo = history.repo
    git(repo, "merge", "-q", "--no-commit", "--no-ff", "main")
    assert judged(repo)["findings"] == []
    history.stage("scope+work")
    found = judged(repo)
    assert "in one commit with src/a.txt." in found["findings"][0]["message"]
    history.commit("merge main")
    assert judged(repo) == found


def test_a_conflict_that_a_merge_resolves_is_work_and_no_change_of_the_plan(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", "plan+approve | work; main:waiver; main:other")
    git(repo, "switch", "-q", "main")
    write(repo, {"src/a.txt": "one\nfrom main\n"})
    git(repo, "commit", "-q", "-a", "-m", "main goes on")
    git(repo, "switch", "-q", "work")
    with pytest.raises(AssertionError):
        git(repo, "merge", "-q", "main")
    write(repo, {"src/a.txt": "both\n"})
    git(repo, "commit", "-q", "-a", "-m", "merge")
    assert judged(repo)["findings"] == []


def test_a_packet_that_moves_to_the_folder_form_with_work_keeps_its_plan(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", "plan+approve | work")
    (repo / f"packets/{WP_ID}").mkdir()
    git(repo, "mv", PACKET, f"packets/{WP_ID}/packet.md")
    write(repo, {"src/a.txt": "moved\n"})
    git(repo, "commit", "-q", "-a", "-m", "moved")
    assert judged(repo)["findings"] == []


def test_another_refinement_is_another_judge(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", "plan+approve | work")
    git(repo, "switch", "-q", "main")
    write(repo, {"docs/weaker.md": REFINEMENT_TEXT.replace("the rule itself", "rule")})
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "another refinement")
    git(repo, "switch", "-q", "work")
    git(repo, "merge", "-q", "--no-edit", "main")
    packet = (repo / PACKET).read_text()
    write(repo, {PACKET: packet.replace(f"REFINEMENT_FILE: {REFINEMENT}", "REFINEMENT_FILE: docs/weaker.md")})
    git(repo, "commit", "-q", "-a", "-m", "point elsewhere")
    (finding,) = judged(repo)["findings"]
    assert (finding["rule"], finding["path"]) == ("authority.changed", "docs/weaker.md")


def test_a_refinement_that_nobody_asks_for_judges_nothing(tmp_path: Path) -> None:
    history = History(tmp_path / "r")
    toml = history.repo / "gatekeeper.toml"
    toml.write_text(f'{toml.read_text()}[packets]\nrefinement = "off"\n')
    git(history.repo, "commit", "-q", "-a", "-m", "no refinements")
    history.build("plan+approve | work; refinement")
    assert judged(history.repo)["findings"] == []


def test_in_a_check_of_several_packets_work_is_what_the_packets_own_manifest_names(tmp_path: Path) -> None:
    history = History(tmp_path / "r")
    other = PACKET_TEXT.replace(WP_ID, "WP-2-Other").replace("src/a.txt", "src/b.txt")
    write(history.repo, {"packets/WP-2-Other.md": other})
    history.build("plan+approve | waiver")
    write(history.repo, {"src/b.txt": "the other packet's work\n"})
    git(history.repo, "add", "-A")
    gate(history.repo, "post-work", "WP-2-Other", "--staged")
    history.take("notes")
    history.stage("work")
    gate(history.repo, "post-work", WP_ID, "--staged")
    history.take("notes")
    own, theirs = gate(history.repo, "check")[1]["packets"]
    assert (own["wp_id"], check_of(own, "authority")["findings"]) == (WP_ID, [])
    assert (theirs["wp_id"], check_of(theirs, "authority")["findings"]) == ("WP-2-Other", [])
    assert [finding["rule"] for finding in judged(history.repo)["findings"]] == ["authority.mixed"]


def test_a_writing_run_judges_by_the_packet_on_disk_and_says_so_at_once(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", "plan+approve | work")
    packet = (repo / PACKET).read_text()
    write(repo, {PACKET: packet.replace("- IN_SCOPE_PATHS:\n", "- IN_SCOPE_PATHS:\n  - src/b.txt\n")})
    assert judged(repo)["findings"] == []
    (changed,) = judged(repo, "post-work", WP_ID)["findings"]
    assert changed["rule"] == "authority.changed"
    write(repo, {"src/b.txt": "two\n"})
    git(repo, "add", "src")
    (mixed,) = judged(repo, "post-work", WP_ID)["findings"]
    assert (mixed["rule"], "src/b.txt" in mixed["message"]) == ("authority.mixed", True)


def test_a_clone_that_lacks_part_of_the_history_has_not_judged_it(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", "plan+approve | work; work; main:other; merge")
    git(repo, "switch", "-q", "main")
    git(repo, "merge", "-q", "--no-ff", "-m", "land", "work")
    for depth, status in ((2, "NOT_RUN"), (9, "PASS")):
        clone = tmp_path / f"clone{depth}"
        git(tmp_path, "clone", "-q", "--depth", str(depth), f"file://{repo}", str(clone))
        check = judged(clone, *CHECK, "--rev", "HEAD")
        assert check["status"] == status
        assert ("git fetch --unshallow" in (check["reason"] or "")) is (status == "NOT_RUN")


def test_a_users_configuration_of_git_log_changes_nothing(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", "plan; work; approve; main:other; merge+scope")
    header, _, message = git(repo, "cat-file", "commit", "HEAD").partition("\n\n")
    signed = f"{header}\ngpgsig no signature at all\n\n{message}".encode()
    git(repo, "reset", "-q", git(repo, "hash-object", "-t", "commit", "-w", "--stdin", data=signed).strip())
    found = judged(repo)
    assert len(found["findings"]) == 2
    for name, value in {
        "log.showRoot": "false",
        "log.diffMerges": "off",
        "log.showSignature": "true",
        "log.decorate": "full",
        "diff.renames": "copies",
        "diff.ignoreSubmodules": "all",
        "diff.external": "false",
        "color.ui": "always",
    }.items():
        git(repo, "config", name, value)
    assert judged(repo) == found


def test_the_packet_and_the_work_in_the_first_commit_of_all_are_mixed(tmp_path: Path) -> None:
    history = History(tmp_path / "r")
    history.build("plan+approve+work")
    git(history.repo, "checkout", "-q", "--orphan", "alone")
    history.commit("everything")
    git(history.repo, "config", "log.showRoot", "false")
    (finding,) = judged(history.repo, *CHECK, "--rev", "HEAD")["findings"]
    assert finding["rule"] == "authority.mixed"


def test_without_a_packet_there_is_no_authority_to_judge(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", "plan+approve | work")
    git(repo, "rm", "-q", PACKET)
    assert judged(repo)["status"] == "NOT_RUN"


def test_the_text_form_shows_the_check_with_its_mend(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", "plan+approve | work; scope")
    code, out, _ = run(repo, *CHECK)
    assert code == 1
    assert re.search(r"Check \d+: Authority\nFAIL: authority.changed\n", out)
    assert "SKELETON APPROVED (amended: why)" in out


def test_a_refinement_is_read_inside_the_repository_only(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", "plan+approve | work")
    with Repository.open(repo) as repository:
        assert repository.file_at("HEAD", REFINEMENT) == REFINEMENT_TEXT.encode()
        for path in ("packets", "../other.md", "./gatekeeper.toml", "/etc/hosts", "nowhere.md"):
            assert repository.file_at("HEAD", path) is None


def test_the_history_is_one_process_however_long(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", "plan+approve | work; work; scope+amended; main:other; merge; work; work")
    git(repo, "mv", "src/b.txt", "src/c.txt")
    git(repo, "commit", "-q", "-m", "renamed")
    with Repository.open(repo) as repository:
        endpoints = resolve(
            repository,
            Selector("range", "main..work"),
            main="main",
            recorded_base=lambda _: None,
            others_changed=lambda _base, _head: False,
        )
        before = repository.processes
        commits = read_history(repository, endpoints)
        assert repository.processes == before + 1
    assert commits is not None
    assert [commit.paths for commit in commits] == [
        ("src/a.txt",),
        ("src/a.txt",),
        (PACKET,),
        (),
        ("src/a.txt",),
        ("src/a.txt",),
        ("src/b.txt", "src/c.txt"),
    ]
    assert [len(commit.parents) for commit in commits] == [1, 1, 1, 2, 1, 1, 1]
