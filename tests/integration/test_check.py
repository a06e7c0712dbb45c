"""``gate check``: every changed file by a packet, every packet proven, without an id (contract, section 3)."""

import re
from pathlib import Path
from typing import Any

import pytest
from application import commit, comparable, gate, git, rules, run
from cases import PACKET, PACKET_TEXT, REFINEMENT, REFINEMENT_TEXT
from small import WP_ID, committed, edited, findings, made, put

from gatekeeper import runs

ONE, TWO = "WP-1-One", "WP-2-Two"
CONFIG = '[packets]\nrefinement = "off"\nexempt = ["docs/**"]\n[spec]\npointer = "docs/SPEC_CURRENT.md"\n'


def packet(wp_id: str, *scope: str) -> dict[str, str]:
    """A packet without refinement for these paths."""
    text = edited(PACKET_TEXT, f"- REFINEMENT_FILE: {REFINEMENT}\n", "- (none)\n").replace(WP_ID, wp_id)
    text = edited(text, "  - src/a.txt\n- OUT", "".join(f"  - {path}\n" for path in scope) + "- OUT")
    return {f"packets/{wp_id}.md": text}


def two_packets(repo: Path, base: dict[str, str] | None = None) -> Path:
    """Two approved packets on main; src/a.txt and src/shared.txt are in the scope of both."""
    own = {
        **packet(ONE, "src/a.txt", "src/shared.txt"),
        **packet(TWO, "src/a.txt", "src/b.txt", "src/shared.txt"),
    }
    without = {PACKET: None, REFINEMENT: None}
    return made(repo, {**without, **own, "gatekeeper.toml": CONFIG, **(base or {})}, {})


def work(repo: Path, wp_id: str, *paths: str, text: str = "changed\n", exit_code: int = 0) -> None:
    """One commit: a change of these files, and the manifest that the packet's gate wrote for them."""
    put(repo, dict.fromkeys(paths, text))
    git(repo, "add", "-A")
    code, verdict, err = gate(repo, "post-work", wp_id, "--staged")
    assert code == exit_code, (verdict, err)
    commit(repo, "work")


def of(verdict: dict[str, Any], wp_id: str) -> dict[str, Any]:
    """A packet's own verdict."""
    (found,) = [one for one in verdict["packets"] if one["wp_id"] == wp_id]
    assert isinstance(found, dict)
    return found


def ids(verdict: dict[str, Any]) -> list[str]:
    return [one["wp_id"] for one in verdict["packets"]]


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small application with its change proven and committed on ``work``."""
    repo = made(tmp_path_factory.mktemp("worked") / "r")
    assert gate(repo, "post-work", WP_ID)[0] == 0
    commit(repo, "manifest")
    return repo


def clone(source: Path, place: Path, *options: str) -> Path:
    git(place, "-c", "protocol.file.allow=always", "clone", "-q", *options, f"file://{source}", "clone")
    return place / "clone"


def test_one_proven_packet_passes_and_nothing_is_written(worked: Path) -> None:
    before = (worked / PACKET).read_bytes()
    code, verdict, _ = gate(worked, "check")
    assert (code, verdict["status"], verdict["exit_code"]) == (0, "PASS", 0)
    assert (verdict["gate"], verdict["wp_id"], verdict["packet"], verdict["migrations"]) == (
        "check",
        None,
        None,
        None,
    )
    assert [check["id"] for check in verdict["checks"]] == ["coverage"]
    assert verdict["change_set"]["files"] == len(verdict["manifest"]) == 1
    own = gate(worked, "post-work", WP_ID, "--check")[1]
    assert [comparable(one) for one in verdict["packets"]] == [comparable(own)]
    assert verdict["manifest"] == own["manifest"]
    assert "packets" not in own
    assert (git(worked, "status", "--porcelain"), (worked / PACKET).read_bytes()) == ("", before)


def test_a_fault_of_a_packet_fails_the_check(worked: Path, tmp_path: Path) -> None:
    repo = clone(worked, tmp_path)
    committed(repo, {"src/a.txt": "one\nthree\n"})
    code, verdict, _ = gate(repo, "check")
    assert (code, verdict["status"], findings(verdict, "coverage")) == (1, "FAIL", [])
    assert "manifest.post-sha1" in rules(of(verdict, WP_ID))


def test_two_packets_pass_each_on_the_files_that_its_manifest_names(tmp_path: Path) -> None:
    repo = two_packets(tmp_path / "r")
    work(repo, TWO, "src/b.txt", "src/shared.txt")
    work(repo, ONE, "src/a.txt")
    code, verdict, _ = gate(repo, "check")
    assert (code, ids(verdict)) == (0, [ONE, TWO]), verdict
    named = {one["wp_id"]: [row["target_file"] for row in one["manifest"]] for one in verdict["packets"]}
    assert named == {ONE: ["src/a.txt"], TWO: ["src/b.txt", "src/shared.txt"]}
    assert [row["target_file"] for row in verdict["manifest"]] == ["src/a.txt", "src/b.txt", "src/shared.txt"]


def test_a_file_named_by_two_manifests_is_uncovered(tmp_path: Path) -> None:
    repo = two_packets(tmp_path / "r")
    work(repo, ONE, "src/a.txt", "src/shared.txt")
    # Main holds neither side of the second commit's src/shared.txt; the manifest is written all the same.
    work(repo, TWO, "src/b.txt", "src/shared.txt", text="changed again\n", exit_code=1)
    code, verdict, _ = gate(repo, "check")
    (found,) = verdict["checks"][0]["findings"]
    assert (code, found["rule"], found["path"], found["severity"]) == (
        1,
        "check.uncovered",
        "src/shared.txt",
        "error",
    )
    assert ONE in found["message"]
    assert TWO in found["message"]


def test_a_file_named_by_no_manifest_is_uncovered(tmp_path: Path) -> None:
    repo = two_packets(tmp_path / "r")
    work(repo, ONE, "src/a.txt")
    work(repo, TWO, "src/b.txt")
    committed(repo, {"src/shared.txt": "new\n", "src/else.txt": "new\n"})
    code, verdict, _ = gate(repo, "check")
    assert (code, verdict["status"], {one["status"] for one in verdict["packets"]}) == (1, "FAIL", {"PASS"})
    assert {f["path"]: "post-work" in f["hint"] for f in verdict["checks"][0]["findings"]} == {
        "src/shared.txt": True,
        "src/else.txt": False,
    }
    assert rules(verdict) == {"check.uncovered"}


def test_a_changed_file_without_any_packet_is_uncovered_and_an_exempt_one_is_not(tmp_path: Path) -> None:
    repo = two_packets(tmp_path / "r")
    committed(repo, {"docs/guide.md": "guide\n", "packets/README.md": "how to\n"})
    code, verdict, _ = gate(repo, "check")
    assert (code, ids(verdict), verdict["manifest"], findings(verdict, "coverage")) == (0, [], [], [])
    committed(repo, {"src/b.txt": "two\n", "gatekeeper.toml": "[packets]\nexempt = ['**']\n"})
    code, verdict, _ = gate(repo, "check")
    assert (code, ids(verdict), rules(verdict)) == (1, [], {"check.uncovered"})
    assert [f["path"] for f in verdict["checks"][0]["findings"]] == ["gatekeeper.toml", "src/b.txt"]


def test_a_packet_without_work_gets_the_checks_of_what_it_says_status_aside(tmp_path: Path) -> None:
    repo = two_packets(tmp_path / "r")
    text = edited(packet("WP-3-Plan", "src/new.txt")["packets/WP-3-Plan.md"], "In Progress", "Draft")
    planned = edited(text, "\nSKELETON APPROVED\n", "")
    committed(repo, {"packets/WP-3-Plan.md": planned})
    code, verdict, _ = gate(repo, "check")
    (plan,) = verdict["packets"]
    assert (code, plan["wp_id"], plan["gate"], plan["status"]) == (0, "WP-3-Plan", "check", "PASS")
    assert [check["id"] for check in plan["checks"]] == ["packet", "refinement", "lineage", "links"]
    committed(repo, {"packets/WP-3-Plan.md": edited(planned, "RISK_TIER: LOW", "RISK_TIER: TBD")})
    code, verdict, _ = gate(repo, "check")
    assert (code, rules(verdict["packets"][0])) == (1, {"packet.placeholder"})


@pytest.mark.parametrize(
    ("message", "named"),
    [
        (f"Do {WP_ID}.", True),
        (f"Subject\n\nSee packets/{WP_ID}.md", True),
        (f"Merge branch 'feature/{WP_ID}'", True),
        (f"{WP_ID}-v2: more", False),
        (f"X{WP_ID} {WP_ID}s {WP_ID[:-1]}", False),
    ],
)
def test_a_commit_message_touches_the_packet_whose_whole_id_it_holds(
    tmp_path: Path, message: str, named: bool
) -> None:
    repo = made(tmp_path / "r", change={})
    put(repo, {"src/a.txt": "one\n"})
    commit(repo, message)
    commit(repo, "later", {"docs/later.md": ""})
    code, verdict, _ = gate(repo, "check")
    assert (code, ids(verdict)) == (1, [WP_ID] if named else [])
    if named:
        assert of(verdict, WP_ID)["gate"] == "post-work"
        assert "manifest.missing" in rules(of(verdict, WP_ID))


@pytest.mark.parametrize("path", [REFINEMENT, "docs/plan.md", f"packets/evidence/{WP_ID}/run.log"])
def test_refinement_and_evidence_touch_their_packet(tmp_path: Path, path: str) -> None:
    named = REFINEMENT if path.startswith("packets/") else path
    files = {PACKET: edited(PACKET_TEXT, f"FILE: {REFINEMENT}", f"FILE: {named}"), named: REFINEMENT_TEXT}
    repo = made(tmp_path / "r", files, {path: REFINEMENT_TEXT + "\n"})
    code, verdict, _ = gate(repo, "check")
    assert (code, ids(verdict)) == (0, [WP_ID]), verdict


def test_a_superseded_revision_is_not_held_to_the_work_of_the_next(tmp_path: Path) -> None:
    lower, higher = f"packets/{ONE}.md", f"packets/{ONE}-v2.md"
    repo = two_packets(tmp_path / "r", {f"packets/{TWO}.md": "# gone\n"})
    work(repo, ONE, "src/a.txt")
    git(repo, "branch", "-q", "-f", "main")
    text = edited(packet(f"{ONE}-v2", "src/a.txt")[higher], "- First revision.", f"- Prior packet: {lower}")
    status = edited((repo / lower).read_text(), "**Status:** In Progress", "**Status:** Superseded")
    committed(repo, {lower: status, higher: text})
    work(repo, f"{ONE}-v2", "src/a.txt", text="again\n")
    code, verdict, _ = gate(repo, "check")
    assert (code, {one["wp_id"]: one["gate"] for one in verdict["packets"]}) == (
        0,
        {ONE: "check", f"{ONE}-v2": "post-work"},
    ), verdict


def test_a_packet_that_is_gone_is_noted(tmp_path: Path) -> None:
    repo = two_packets(tmp_path / "r")
    committed(repo, {f"packets/{TWO}.md": None})
    code, verdict, _ = gate(repo, "check")
    assert (code, ids(verdict), findings(verdict, "coverage")) == (0, [], ["check.deleted (note)"])


def test_an_empty_range_passes_with_a_note(tmp_path: Path) -> None:
    repo = made(tmp_path / "r", change={})
    put(repo, {"src/a.txt": "staged, so no part of the range\n"})
    git(repo, "add", "-A")
    code, verdict, _ = gate(repo, "check")
    assert (code, verdict["status"], verdict["packets"]) == (0, "PASS", [])
    assert findings(verdict, "coverage") == ["check.empty (note)"]
    code, verdict, _ = gate(repo, "check", "--staged")
    assert (code, findings(verdict, "coverage")) == (1, ["check.uncovered"])


def test_on_main_the_range_is_the_last_commit_and_a_packet_is_judged_over_its_whole_change(tmp_path: Path) -> None:
    repo = two_packets(tmp_path / "r")
    git(repo, "switch", "-q", "main")
    start = git(repo, "rev-parse", "HEAD").strip()
    filled = edited(packet(ONE, "src/")[f"packets/{ONE}.md"], "- RISK", f"- MERGE_BASE_SHA: {start}\n- RISK")
    committed(repo, {f"packets/{ONE}.md": filled})
    for path in ("src/a.txt", "src/b.txt"):
        put(repo, {path: "changed\n"})
        git(repo, "add", "-A")
        assert gate(repo, "post-work", ONE)[0] == 0
        commit(repo, "work")
    code, verdict, _ = gate(repo, "check")
    assert (code, [row["target_file"] for row in verdict["manifest"]]) == (0, ["src/b.txt"])
    assert verdict["change_set"]["base"] == git(repo, "rev-parse", "HEAD~1").strip()
    assert of(verdict, ONE)["change_set"]["base"] == start
    assert [row["target_file"] for row in of(verdict, ONE)["manifest"]] == ["src/a.txt", "src/b.txt"]


def test_a_squash_onto_main_has_the_verdict_of_the_branch(worked: Path, tmp_path: Path) -> None:
    repo = clone(worked, tmp_path)
    branch = gate(repo, "check")[1]
    git(repo, "switch", "-q", "main")
    git(repo, "merge", "-q", "--squash", "origin/work")
    git(repo, "commit", "-q", "-m", "squashed")
    code, verdict, _ = gate(repo, "check")
    assert (code, comparable(verdict["packets"][0])) == (0, comparable(branch["packets"][0]))
    assert verdict["change_set"]["digest"] == branch["change_set"]["digest"]


def test_a_detached_checkout_with_origin_main_only_is_judged_from_the_merge_base(
    worked: Path, tmp_path: Path
) -> None:
    repo = clone(worked, tmp_path, "--branch", "work")
    git(repo, "checkout", "-q", "--detach")
    git(repo, "branch", "-q", "-D", "work")
    assert git(repo, "branch", "--format", "%(refname:short)").count("\n") == 1
    code, verdict, _ = gate(repo, "check")
    assert (code, ids(verdict)) == (0, [WP_ID])
    assert "origin/main" in verdict["change_set"]["reason"]


def test_a_pull_requests_merge_commit_is_judged_from_mains_tip(worked: Path, tmp_path: Path) -> None:
    repo = clone(worked, tmp_path)
    git(repo, "checkout", "-q", "--detach", "origin/main")
    tip = committed(repo, {"landed.txt": "meanwhile\n"})
    git(repo, "update-ref", "refs/remotes/origin/main", tip)
    git(repo, "merge", "-q", "--no-ff", "-m", "Merge work into main", "origin/work")
    code, verdict, _ = gate(repo, "check")
    assert (code, verdict["change_set"]["base"], ids(verdict)) == (0, tip, [WP_ID])
    assert [row["target_file"] for row in verdict["manifest"]] == ["src/a.txt"]


@pytest.mark.parametrize("options", [("--depth=1",), ("--depth=1", "--no-single-branch"), ("--depth=2",)])
def test_a_shallow_clone_names_the_fetch_that_mends_it(
    worked: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    repo = clone(worked, tmp_path, "--branch", "work", *options)
    code, out, err = run(repo, "check")
    assert (code, out) == (3, "")
    fetch = re.search(r"mend: (git fetch[^,\n]*)", err)
    assert fetch
    git(repo, "-c", "protocol.file.allow=always", *fetch[1].split(" ")[1:])
    assert gate(repo, "check")[0] == 0


def test_on_main_a_shallow_clone_that_may_lack_the_packets_base_names_the_fetch(tmp_path: Path) -> None:
    repo = two_packets(tmp_path / "r")
    git(repo, "switch", "-q", "main")
    start = git(repo, "rev-parse", "HEAD").strip()
    filled = edited(packet(ONE, "src/")[f"packets/{ONE}.md"], "- RISK", f"- MERGE_BASE_SHA: {start}\n- RISK")
    committed(repo, {f"packets/{ONE}.md": filled})
    work(repo, ONE, "src/a.txt")
    shallow = clone(repo, tmp_path, "--branch", "main", "--depth=2")
    code, _, err = run(shallow, "check")
    assert code == 3
    assert "git fetch --unshallow" in err
    git(shallow, "-c", "protocol.file.allow=always", "fetch", "-q", "--unshallow")
    assert gate(shallow, "check")[0] == 0


def test_a_bare_repository_can_be_checked(worked: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(worked), "bare.git")
    code, verdict, _ = gate(tmp_path / "bare.git", "check")
    assert (code, ids(verdict)) == (0, [WP_ID])


def test_messages_beyond_a_shallow_cut_are_missed_not_ignored(worked: Path, tmp_path: Path) -> None:
    repo = clone(worked, tmp_path, "--branch", "work", "--depth=1")
    git(repo, "-c", "protocol.file.allow=always", "fetch", "-q", "--depth=1", "origin", "main")
    code, _, err = run(repo, "check", "--range", "FETCH_HEAD..HEAD")
    assert code == 3
    assert "git fetch --unshallow" in err


def test_every_selector_is_taken(worked: Path, tmp_path: Path) -> None:
    repo = clone(worked, tmp_path)
    whole = gate(repo, "check", "--range", "origin/main..HEAD")
    assert (whole[0], ids(whole[1]), whole[1]["change_set"]["source"]) == (0, [WP_ID], "range")
    code, verdict, _ = gate(repo, "check", "--rev", "HEAD")
    assert (code, ids(verdict), of(verdict, WP_ID)["gate"]) == (0, [WP_ID], "check")
    code, verdict, _ = gate(repo, "check", "--base", "HEAD~2")
    assert (code, of(verdict, WP_ID)["gate"]) == (0, "post-work")
    put(repo, {"new.txt": "untracked\n"})
    code, verdict, _ = gate(repo, "check", "--worktree")
    assert (code, [f["path"] for f in verdict["checks"][0]["findings"]]) == (1, ["new.txt"])
    assert run(repo, "check", "--rev", "nowhere")[0] == 2


def test_before_the_first_commit_there_is_nothing_to_check(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main", "r")
    code, out, err = run(tmp_path / "r", "check")
    assert (code, out) == (2, "")
    assert "no commit" in err


def test_the_migrations_of_one_tree_are_proven_once_for_all_packets(tmp_path: Path) -> None:
    ups = {path: path.replace(".sql", ".down.sql") for path in ("migrations/0001_a.sql", "migrations/0002_b.sql")}
    config = f'{CONFIG}[migrations]\nengines = ["sqlite"]\n'
    scopes = {**packet(ONE, "migrations/0001*"), **packet(TWO, "migrations/0002*"), "gatekeeper.toml": config}
    repo = two_packets(tmp_path / "r", scopes)
    for wp_id, (up, down), table in zip((ONE, TWO), ups.items(), "ab", strict=True):
        put(repo, {up: f"CREATE TABLE IF NOT EXISTS {table} (id INTEGER PRIMARY KEY);\n"})
        put(repo, {down: f"DROP TABLE IF EXISTS {table};\n"})
        git(repo, "add", "-A")
        assert gate(repo, "post-work", wp_id, "--staged")[0] == 0
        commit(repo, "work")
    told: list[str] = []
    verdict = runs.check(repo, progress=told.append)
    assert [packet.migrations is not None for packet in verdict.packets or ()] == [True, True]
    assert verdict.exit_code == 0
    assert told
    assert len(told) == len(set(told))


def test_text_has_one_row_a_packet_and_below_it_what_failed(tmp_path: Path) -> None:
    repo = two_packets(tmp_path / "r")
    work(repo, ONE, "src/a.txt")
    work(repo, TWO, "src/b.txt")
    committed(repo, {"src/b.txt": "later\n"})
    code, out, _ = run(repo, "check")
    assert code == 1
    assert "  packet    verdict  files  errors  warnings  first error\n  WP-1-One  PASS         1       0" in out
    assert re.search(
        rf"^  {TWO}  FAIL         1       1         0  manifest.post-sha1 packets/{TWO}.md$", out, re.MULTILINE
    )
    assert f"gate post-work {TWO}\n" in out
    assert f"gate post-work {ONE}\n" not in out
    assert out.endswith("Check validation FAILED with 1 error\n")
    assert f"gate post-work {ONE}\n" in run(repo, "check", "-v")[1]


def test_github_gets_one_command_a_finding_and_the_closing_line(tmp_path: Path) -> None:
    repo = two_packets(tmp_path / "r")
    work(repo, ONE, "src/a.txt")
    committed(repo, {"src/a.txt": "later\n", "100%.txt": "new\n"})
    code, out, _ = run(repo, "check", "--format", "github")
    lines = out.splitlines()
    assert code == 1
    assert lines[0].startswith("::error file=100%25.txt,title=check.uncovered::100%25.txt was changed, but ")
    assert any(re.match(rf"::error file=packets/{ONE}\.md,line=\d+,title=manifest\.post-sha1::", x) for x in lines)
    assert re.fullmatch(r"Check validation FAILED with \d errors", lines[-1])
    assert all(line.startswith("::error ") for line in lines[:-1])
