"""``gate verify`` against forgers: each edits a record as one would who knows how it is made."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from application import commit, gate, git, run
from cases import PACKET_TEXT
from small import committed, edited, put
from verified import PACKET, WP_ID, copied, edit, errors, recorded, rules_of, word

from gatekeeper.manifest.compute import digest_of
from gatekeeper.model.changes import ChangeKind, FileChange, Side

SCOPE = edited(PACKET_TEXT, "  - src/a.txt\n- OUT_OF_SCOPE", "  - src/a.txt\n  - src/b.txt\n- OUT_OF_SCOPE")
TWO = {"src/a.txt": "one\nTWO\nthree\n", "src/b.txt": "one\ntwo\n"}


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two changed files, proven and recorded as PASS."""
    repo = recorded(tmp_path_factory.mktemp("passed") / "r", {PACKET: SCOPE}, TWO)
    assert word(repo) == "VERIFIED"
    return repo


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two changed files, one of them out of scope, recorded as FAIL."""
    repo = recorded(tmp_path_factory.mktemp("failed") / "r", None, TWO)
    assert word(repo) == "VERIFIED"
    return repo


def at_once(repo: Path) -> None:
    """The forgery goes into the commit of the record itself."""
    git(repo, "commit", "-q", "-a", "--amend", "--no-edit")


def later(repo: Path) -> None:
    """The forgery is a commit of its own, among others."""
    git(repo, "stash", "-q")
    committed(repo, {"src/c.txt": "later\n"})
    git(repo, "stash", "pop", "-q")
    git(repo, "commit", "-q", "-a", "-m", "tidied")
    committed(repo, {"src/c.txt": "later still\n"})


def squashed(repo: Path) -> None:
    """The forgery lands on main in one commit with the work."""
    git(repo, "commit", "-q", "-a", "-m", "tidied")
    git(repo, "switch", "-q", "main")
    git(repo, "merge", "-q", "--squash", "work")
    git(repo, "commit", "-q", "-m", "work")


WAYS = [at_once, later, squashed]
Forgery = Callable[[Path], None]


def digest_without(repo: Path, dropped: str) -> str:
    """The change digest that the change would have without that file."""

    def side(rev: str, path: str) -> Side:
        mode, _, oid = git(repo, "ls-tree", rev, "--", path).split()[:3]
        return Side(mode, oid)

    kept = [path for path in TWO if path != dropped]
    return digest_of(FileChange(p, ChangeKind.MODIFIED, side("main", p), side("work", p)) for p in kept)


def drops_an_entry(repo: Path) -> None:
    digest = digest_without(repo, "src/b.txt")
    edit(repo, r"\n\n- \*\*Target File\*\*: `src/b.txt`(?:\n(?!<!--).*)*", "", commit=False)
    edit(repo, r"change=[0-9a-f]{64}", f"change={digest}", commit=False)


def hides_what_was_changed(repo: Path) -> None:
    """Another Post-SHA1, of content that is committed nowhere."""
    edit(repo, r"(?s)(src/b.txt`.*?Post-SHA1\*\*: `)[0-9a-f]{40}", r"\g<1>" + "ab" * 20, commit=False)


def recomputes_the_digest_of_nothing_real(repo: Path) -> None:
    hides_what_was_changed(repo)
    edit(repo, r"change=[0-9a-f]{64}", "change=" + "cd" * 32, commit=False)


def widens_a_window(repo: Path) -> None:
    edit(repo, r"(?s)(src/b.txt`.*?\*\*Start\*\*: )2", r"\g<1>1", commit=False)


def says_that_a_gate_does_not_apply(repo: Path) -> None:
    edit(repo, r"- \[x\] anchors_present$", "- [x] anchors_present (not applicable)", commit=False)


def swaps_the_specification(repo: Path) -> None:
    edit(repo, r"-> SPEC_v1.md", "-> SPEC_v2.md", commit=False)


def orders_the_entries_anew(repo: Path) -> None:
    text = (repo / PACKET).read_text()
    start, end = text.index("- **Target File**"), text.index("\n<!-- /gate:manifest -->")
    one, other = text[start:end].split("\n\n")
    put(repo, {PACKET: text[:start] + f"{other}\n\n{one}" + text[end:]})


def adds_a_remark(repo: Path) -> None:
    edit(repo, r"^- PASS scope$", "- PASS scope: checked by hand", commit=False)
    edit(repo, r"^<!-- /gate:result -->$", "Looks good.\n<!-- /gate:result -->", commit=False)


def names_another_packet(repo: Path) -> None:
    edit(repo, rf"gate:result wp={WP_ID}", "gate:result wp=WP-1-Other", commit=False)


def takes_a_check_out(repo: Path) -> None:
    edit(repo, r"^- PASS scope\n", "", commit=False)


OF_A_PASS = [
    *(drops_an_entry, hides_what_was_changed, recomputes_the_digest_of_nothing_real, widens_a_window),
    *(says_that_a_gate_does_not_apply, swaps_the_specification, orders_the_entries_anew, adds_a_remark),
    *(names_another_packet, takes_a_check_out),
]


@pytest.mark.parametrize("way", WAYS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("forges", OF_A_PASS, ids=lambda f: f.__name__)
def test_a_forged_record_is_broken(passed: Path, tmp_path: Path, forges: Forgery, way: Forgery) -> None:
    repo = copied(passed, tmp_path / "r")
    forges(repo)
    way(repo)
    assert word(repo) == "BROKEN"


def flips_the_verdict_alone(repo: Path) -> None:
    edit(repo, "verdict=FAIL", "verdict=PASS", commit=False)


def flips_verdict_and_check(repo: Path) -> None:
    flips_the_verdict_alone(repo)
    text = re.sub(r"(?m)^- FAIL ([a-z]+).*\n(?:  - error .*\n)*", r"- PASS \1\n", (repo / PACKET).read_text())
    put(repo, {PACKET: text.replace("[ ]", "[x]")})


def flips_the_verdict_and_takes_the_check_out(repo: Path) -> None:
    flips_the_verdict_alone(repo)
    text = re.sub(r"(?m)^- FAIL ([a-z]+).*\n(?:  - error .*\n)*", "", (repo / PACKET).read_text())
    put(repo, {PACKET: text.replace("[ ]", "[x]")})


def tells_of_one_error_less(repo: Path) -> None:
    edit(repo, r"^  - error scope.*\n", "", commit=False)


def names_another_file(repo: Path) -> None:
    edit(repo, r"^  - error scope.out-of-scope src/b.txt", "  - error scope.out-of-scope src/c.txt", commit=False)


def takes_the_result_out(repo: Path) -> None:
    edit(repo, r"(?s)\n<!-- gate:result.*?/gate:result -->\n", "\n", commit=False)


def widens_the_scope(repo: Path) -> None:
    """The plan now allows what was done; the result says that it did all along."""
    flips_verdict_and_check(repo)
    text = (repo / PACKET).read_text()
    put(repo, {PACKET: edited(text, "  - src/a.txt\n- OUT", "  - src/a.txt\n  - src/a.txt\n- OUT")})


OF_A_FAIL = [
    *(flips_the_verdict_alone, flips_verdict_and_check, flips_the_verdict_and_takes_the_check_out),
    *(takes_the_result_out, widens_the_scope, tells_of_one_error_less, names_another_file),
]


@pytest.mark.parametrize("way", WAYS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("forges", OF_A_FAIL, ids=lambda f: f.__name__)
def test_a_failure_forged_into_a_pass_is_broken(
    failed: Path, tmp_path: Path, forges: Forgery, way: Forgery
) -> None:
    repo = copied(failed, tmp_path / "r")
    forges(repo)
    way(repo)
    assert word(repo) == "BROKEN"


def test_the_check_that_was_flipped_is_named_with_its_line(failed: Path, tmp_path: Path) -> None:
    repo = copied(failed, tmp_path / "r")
    flips_verdict_and_check(repo)
    at_once(repo)
    _, verdict, _ = gate(repo, "verify", WP_ID)
    lines = (repo / PACKET).read_text().split("\n")
    found = [f for check in verdict["checks"] for f in check["findings"] if f["rule"] == "report.mismatch"]
    named = {lines[finding["line"] - 1] for finding in found}
    assert "- PASS scope" in named
    assert "scope.out-of-scope" in rules_of(repo)


def test_work_added_after_the_proof_and_folded_into_it_is_broken(passed: Path, tmp_path: Path) -> None:
    repo = copied(passed, tmp_path / "r")
    put(repo, {"src/a.txt": "one\nTWO\nTHREE\n"})
    at_once(repo)
    assert word(repo) == "BROKEN"
    assert {"changes.gone", "manifest.post-sha1"} <= rules_of(repo)


def test_a_repository_cannot_vouch_for_itself_with_lines_that_only_look_like_a_record(tmp_path: Path) -> None:
    repo = recorded(tmp_path / "r", {PACKET: SCOPE}, TWO)
    text = (repo / PACKET).read_text()
    start, end = text.index("<!-- gate:manifest"), text.index("<!-- /gate:result -->")
    put(repo, {PACKET: text[:start] + "```text\n" + text[start:end] + "<!-- /gate:result -->\n```\n" + text[end:]})
    commit(repo, "quoted")
    code, verdict, _ = gate(repo, "verify", WP_ID)
    assert verdict["state"] != "VERIFIED"
    assert (code, errors(verdict)) != (0, [])


def test_a_proof_that_never_passed_is_broken_once_it_is_asked_for(tmp_path: Path) -> None:
    config = '[spec]\npointer = "docs/SPEC_CURRENT.md"\n[migrations]\nengines = ["sqlite"]\n'
    scope = edited(PACKET_TEXT, "  - src/a.txt\n- OUT_OF_SCOPE", "  - migrations/\n- OUT_OF_SCOPE")
    change = {
        "migrations/0001_a.sql": "CREATE TABLE a (id INTEGER);\n",
        "migrations/0001_a.down.sql": "DROP TABLE a;\n",
    }
    repo = recorded(tmp_path / "r", {PACKET: scope, "gatekeeper.toml": config}, change)
    assert "- FAIL migrations: " in (repo / PACKET).read_text()
    assert word(repo) == "VERIFIED"
    assert "the migrations' proof as recorded (--prove)" in run(repo, "verify", WP_ID)[1]
    assert word(repo, WP_ID, "--prove") == "VERIFIED"
    flips_verdict_and_check(repo)
    at_once(repo)
    assert word(repo) == "VERIFIED"
    assert word(repo, WP_ID, "--prove") == "BROKEN"
    assert {"migration.replay-fails", "report.mismatch"} <= rules_of(repo, WP_ID, "--prove")


def test_a_proof_that_is_said_not_to_apply_is_broken(tmp_path: Path) -> None:
    config = '[spec]\npointer = "docs/SPEC_CURRENT.md"\n[migrations]\nengines = ["sqlite"]\n'
    scope = edited(PACKET_TEXT, "  - src/a.txt\n- OUT_OF_SCOPE", "  - migrations/\n- OUT_OF_SCOPE")
    change = {
        "migrations/0001_a.sql": "CREATE TABLE a (id INTEGER);\n",
        "migrations/0001_a.down.sql": "DROP TABLE a;\n",
    }
    repo = recorded(tmp_path / "r", {PACKET: scope, "gatekeeper.toml": config}, change)
    edit(repo, "verdict=FAIL", "verdict=PASS", commit=False)
    no_proof = "- NOT_APPLICABLE migrations: the change touches no migration\n"
    edit(repo, r"^- FAIL migrations.*\n(?:  - .*\n)*", no_proof, commit=False)
    at_once(repo)
    assert word(repo) == "BROKEN"
