"""One packet from ``gate new`` to its approval, by two people in two work trees; every shortcut is refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from application import git, run
from ledgers import DurableServer, durable_server

from gatekeeper.packet.parse import parse_packet, parse_refinement
from gatekeeper.packet.signed import signed_token
from gatekeeper.runs.tokens import token_name
from packets import (
    CODER,
    FILES,
    PACKET,
    REFINEMENT,
    REVIEWER,
    SEPARATE,
    WP_ID,
    as_person,
    commit_as,
    drafted,
    fill,
    filled,
    signed,
)


@pytest.fixture(scope="module")
def server() -> Iterator[DurableServer]:
    with durable_server() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def ledger(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The backend in force for a test."""
    if request.param == "postgres":
        running: DurableServer = request.getfixturevalue("server")
        monkeypatch.setenv("GATEKEEPER_LEDGER_URL", running.new_database("life"))
    return str(request.param)


def edit(repo: Path, path: str, old: str, new: str) -> None:
    """Replace text in a file of the work tree."""
    text = (repo / path).read_bytes().decode()
    assert old in text
    (repo / path).write_bytes(text.replace(old, new).encode())


def token_of(repo: Path, wp_id: str = WP_ID) -> str:
    """The token that packet and refinement carry."""
    packet = parse_packet("p", wp_id, (repo / f"packets/{wp_id}.md").read_bytes())
    token = signed_token(packet, parse_refinement("r", (repo / f"packets/refinements/{wp_id}.md").read_bytes()))
    assert token is not None
    return token


def test_one_packet_from_new_to_approval(ledger: str, tmp_path: Path) -> None:
    """Two people, two linked work trees, one ledger; and every refused shortcut with its message."""
    coder = tmp_path / "coder"
    coder.mkdir()
    git(coder, "init", "-q", "--template=", "-b", "main")
    for path, text in {**FILES, "gatekeeper.toml": SEPARATE}.items():
        (coder / path).parent.mkdir(exist_ok=True)
        (coder / path).write_text(text)
    commit_as(CODER, coder, "Begin")
    git(coder, "switch", "-q", "-c", "work")
    assert as_person(CODER, coder, "new", WP_ID).code == 0
    before = (coder / PACKET).read_bytes(), (coder / REFINEMENT).read_bytes()

    refused = as_person(CODER, coder, "sign", WP_ID)
    assert refused.code == 1
    assert "WP-7-Search can't be signed yet, for pre-work finds" in refused.err
    assert "refinement.mismatch packets/refinements/WP-7-Search.md" in refused.err
    assert before == ((coder / PACKET).read_bytes(), (coder / REFINEMENT).read_bytes())

    fill(coder)
    commit_as(CODER, coder, "Plan")
    too_early = as_person(REVIEWER, coder, "approve", WP_ID)
    assert too_early.code == 1
    assert "refinement.unsigned" in too_early.err

    assert as_person(CODER, coder, "sign", WP_ID).code == 0
    token = token_of(coder)
    commit_as(CODER, coder, "Sign")
    twice = as_person(CODER, coder, "sign", WP_ID)
    assert twice.code == 1
    assert f"WP-7-Search is signed already, with {token} by {CODER}." in twice.err

    own = as_person(CODER, coder, "approve", WP_ID, "--commit")
    assert own.code == 1
    assert f"{CODER} wrote {REFINEMENT} and can't approve it too: [ledger] separate-duties is true." in own.err

    reviewer = tmp_path / "reviewer"
    git(coder, "worktree", "add", "-q", "-b", "review", str(reviewer))
    edit(reviewer, PACKET, "Search finds more.", "Search finds everything.")
    commit_as(REVIEWER, reviewer, "Widen")
    widened = as_person(REVIEWER, reviewer, "approve", WP_ID, "--commit")
    assert widened.code == 1
    assert f"SCOPE changed since {WP_ID} was signed with {token} by {CODER}." in widened.err
    git(reviewer, "reset", "-q", "--hard", "work")

    assert as_person(REVIEWER, reviewer, "approve", WP_ID, "--commit").code == 0
    assert git(reviewer, "log", "-1", "--format=%an").strip() == "Reviewer"
    git(coder, "merge", "-q", "--ff-only", "review")
    again = as_person(REVIEWER, coder, "approve", WP_ID)
    assert again.code == 1
    assert f"{WP_ID} is approved already: {PACKET}:" in again.err
    assert as_person(CODER, coder, "pre-work", WP_ID).code == 0

    log = as_person(REVIEWER, reviewer, "status", "--log")
    assert f"signed with {token}" in log.out
    assert "approved: SKELETON APPROVED" in log.out
    assert as_person(REVIEWER, reviewer, "ledger", "verify").code == 0


def test_a_token_is_for_one_packet_once(tmp_path: Path) -> None:
    """Signatures of one minute differ, also against history alone; a copied token is refused by name."""
    repo = signed(tmp_path / "app")
    first = token_of(repo)
    assert first.startswith("coder")
    run(repo, "new", "WP-8-Other")
    fill(repo, "WP-8-Other")
    assert as_person(CODER, repo, "sign", "WP-8-Other").code == 0
    assert token_of(repo, "WP-8-Other") != first
    for path in ("packets/WP-8-Other.md", "packets/refinements/WP-8-Other.md"):
        edit(repo, path, token_of(repo, "WP-8-Other") if "refine" not in path else _raw(repo, path), first)
    commit_as(CODER, repo, "Copy")
    copied = as_person(REVIEWER, repo, "approve", "WP-8-Other")
    assert copied.code == 1
    assert (
        f"WP-8-Other is signed with {first}, which stands in {PACKET} too: a token is for one packet" in copied.err
    )


def _raw(repo: Path, path: str) -> str:
    field = parse_refinement("r", (repo / path).read_bytes()).field("USER_SIGNATURE")
    assert field is not None
    return field.value


def test_a_token_of_history_is_not_used_again(tmp_path: Path) -> None:
    """Without the ledger, and with the file gone from the work tree, git's history still knows the token."""
    repo = signed(tmp_path / "app")
    first = token_of(repo)
    for file in (repo / ".git/gatekeeper").iterdir():
        file.unlink()
    git(repo, "switch", "-q", "main")
    run(repo, "new", "WP-8-Other")
    fill(repo, "WP-8-Other")
    assert as_person(CODER, repo, "sign", "WP-8-Other").code == 0
    assert token_of(repo, "WP-8-Other") != first


def test_signing_changes_its_fields_and_no_other_byte(tmp_path: Path) -> None:
    repo = drafted(tmp_path / "app")
    for path in (PACKET, REFINEMENT):
        data = (repo / path).read_bytes().replace(b"\n", b"\r\n")
        (repo / path).write_bytes(b"\xef\xbb\xbf" + data + b"\r\ncaf\xe9")
    before = {path: (repo / path).read_bytes().split(b"\r\n") for path in (PACKET, REFINEMENT)}
    assert as_person(CODER, repo, "sign", WP_ID).code == 0
    for path, old in before.items():
        new = (repo / path).read_bytes().split(b"\r\n")
        changed = [line.split(b":")[0] for line, was in zip(new, old, strict=True) if line != was]
        assert changed == (
            [b"- USER_SIGNATURE"]
            if path == PACKET
            else [b"- USER_REVIEW_STATUS", b"- USER_SIGNATURE", b"- USER_APPROVAL_EVIDENCE"]
        )


def test_either_both_files_are_signed_or_none(tmp_path: Path) -> None:
    """The packet can't be written, so the refinement that was written first is put back."""
    repo = drafted(tmp_path / "app")
    before = (repo / REFINEMENT).read_bytes()
    target = tmp_path / "elsewhere"
    target.mkdir()
    (repo / ".git/gatekeeper").write_text("in the way of the ledger")
    failed = as_person(CODER, repo, "sign", WP_ID)
    assert failed.code == 3
    assert (repo / REFINEMENT).read_bytes() == before
    assert git(repo, "status", "--porcelain") == ""


def test_signing_again_takes_a_change_and_the_word(tmp_path: Path) -> None:
    repo = signed(tmp_path / "app")
    first = token_of(repo)
    idle = as_person(CODER, repo, "sign", WP_ID, "--again")
    assert idle.code == 1
    assert "nothing changed since" in idle.err
    edit(repo, REFINEMENT, "### PRIMITIVES", "### PRIMITIVES\n- one more")
    told = as_person(CODER, repo, "sign", WP_ID)
    assert told.code == 1
    assert "Since it was signed, the refinement changed." in told.err
    assert as_person(CODER, repo, "sign", WP_ID, "--verify").code == 1
    assert as_person(CODER, repo, "sign", WP_ID, "--again").code == 0
    assert token_of(repo) != first
    assert as_person(CODER, repo, "sign", WP_ID, "--verify").code == 0


def test_what_was_signed_is_found_in_git_where_the_ledger_is_gone(tmp_path: Path) -> None:
    repo = signed(tmp_path / "app")
    for file in (repo / ".git/gatekeeper").iterdir():
        file.unlink()
    assert "Compared with what the git holds" not in as_person(REVIEWER, repo, "sign", WP_ID, "--verify").err
    edit(repo, PACKET, "It finds.", "It finds a lot.")
    checked = as_person(REVIEWER, repo, "sign", WP_ID, "--verify")
    assert checked.code == 1
    assert "Since it was signed, QUALITY_GATE changed." in checked.out
    commit_as(REVIEWER, repo, "Widen")
    refused = as_person(REVIEWER, repo, "approve", WP_ID)
    assert refused.code == 1
    assert "QUALITY_GATE changed since WP-7-Search was signed" in refused.err


def test_an_approval_commit_holds_the_line_alone(tmp_path: Path) -> None:
    """Whatever else is staged, unstaged or untracked stays as it was; on a detached head, in a subfolder too."""
    repo = signed(tmp_path / "app")
    git(repo, "switch", "-q", "--detach")
    (repo / "src/search.txt").write_text("staged\n")
    git(repo, "add", "-A")
    (repo / "src/search.txt").write_text("unstaged\n")
    (repo / "new.txt").write_text("untracked\n")
    before = git(repo, "status", "--porcelain")
    (repo / ".git/hooks").mkdir(exist_ok=True)
    hook = repo / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    assert as_person(REVIEWER, repo / "src", "approve", WP_ID, "--commit").code == 0
    assert git(repo, "status", "--porcelain") == before
    changed = git(repo, "show", "--format=", "-U0", "HEAD").splitlines()
    assert [line for line in changed if line.startswith(("+", "-")) and line[1:2] not in {"+", "-"}] == [
        "+SKELETON APPROVED",
        "+",
    ]


def test_an_amendment_takes_a_changed_plan_and_passes_authority(tmp_path: Path) -> None:
    repo = signed(tmp_path / "app")
    early = as_person(REVIEWER, repo, "approve", WP_ID, "--amended", "more")
    assert (early.code, "isn't approved yet" in early.err) == (1, True)
    assert as_person(REVIEWER, repo, "approve", WP_ID, "--commit").code == 0
    (repo / "src/search.txt").write_text("two\n")
    commit_as(CODER, repo, "Work")
    idle = as_person(REVIEWER, repo, "approve", WP_ID, "--amended", "more")
    assert (idle.code, "Nothing in the plan of WP-7-Search differs" in idle.err) == (1, True)
    edit(repo, PACKET, "  - src/search.txt\n- OUT", "  - src/search.txt\n  - src/more.txt\n- OUT")
    assert (
        as_person(REVIEWER, repo, "approve", WP_ID, "--amended", "the parser\nlives there", "--commit").code == 0
    )
    assert "+SKELETON APPROVED (amended: the parser lives there)" in git(repo, "show", "HEAD")
    (repo / "src/more.txt").write_text("two\n")
    commit_as(CODER, repo, "More work")
    call = as_person(CODER, repo, "post-work", WP_ID)
    assert "authority." not in call.out
    assert call.code == 0, call.out


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("- One function.", "", "has nothing in SKELETON that could be approved"),
        ("- One function.", "- <types>", "packet.placeholder"),
        ("- One function.", "```\nopen", "packet.field-missing"),
        ("## SKELETON\n", "## DESIGN\n", "phase.skeleton-missing"),
    ],
)
def test_what_is_no_skeleton_is_not_approved(tmp_path: Path, old: str, new: str, message: str) -> None:
    repo = signed(tmp_path / "app")
    edit(repo, PACKET, old, new)
    before = (repo / PACKET).read_bytes()
    refused = as_person(REVIEWER, repo, "approve", WP_ID)
    assert (refused.code, message in refused.err) == (1, True), refused.err
    assert (repo / PACKET).read_bytes() == before


def test_the_signer_may_not_approve_either_where_duties_are_separate(tmp_path: Path) -> None:
    repo = drafted(tmp_path / "app", files={"gatekeeper.toml": SEPARATE})
    assert as_person(REVIEWER, repo, "sign", WP_ID).code == 0
    commit_as(CODER, repo, "Sign")
    refused = as_person(REVIEWER, repo, "approve", WP_ID)
    assert (refused.code, f"{REVIEWER} signed {REFINEMENT}" in refused.err) == (1, True)
    lead = "Lead <lead@example.invalid>"
    assert as_person(REVIEWER, repo, "approve", WP_ID, "--actor", lead, "--commit").code == 0
    assert git(repo, "log", "-1", "--format=%an <%ae>").strip() == lead


def test_approving_a_revision_records_that_the_earlier_one_gave_way(tmp_path: Path) -> None:
    repo = signed(tmp_path / "app")
    run(repo, "new", f"{WP_ID}-v2")
    fill(repo, f"{WP_ID}-v2")
    assert as_person(CODER, repo, "sign", f"{WP_ID}-v2").code == 0
    commit_as(CODER, repo, "Second")
    call = as_person(REVIEWER, repo, "approve", f"{WP_ID}-v2")
    assert (call.code, f"It takes the place of {WP_ID}" in call.out) == (0, True)
    assert f"superseded by {WP_ID}-v2" in as_person(REVIEWER, repo, "status", "--log", WP_ID).out


@pytest.mark.parametrize(
    ("actor", "name"),
    [
        ("Lead Reviewer-1 <lead@example.invalid>", "leadreviewer1"),
        ("J\u00f6rg M\u00fcller-2 <j@example.invalid>", "jorgmuller2"),
        ("\u5c71\u7530 <yamada@example.invalid>", "yamada"),
        ("CI", "ci"),
    ],
)
def test_a_token_begins_with_the_actors_name_in_ascii(actor: str, name: str) -> None:
    assert token_name(actor) == name


def test_filled_leaves_to_signing_what_signing_fills() -> None:
    """The helper that the tests rest on leaves no placeholder but the signature's."""
    assert filled("- USER_SIGNATURE: <the signature of the refinement>\n- Why: <x>") == (
        "- USER_SIGNATURE: <the signature of the refinement>\n- Why: written"
    )
