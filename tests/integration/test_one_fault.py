"""Under --check each single fault turns PASS into FAIL, with its rule and exit 1 (contract, sections 1 to 3)."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from application import PACKET, REFINEMENT, WP_ID, change, commit, gate, git, planned, rules, worked, write

Edit = Callable[[Path], None]


def packet_edit(pattern: str, replacement: str, count: int = 1) -> Edit:
    """Rewrite the packet's text; the pattern must be there."""

    def edit(repo: Path) -> None:
        text = (repo / PACKET).read_text()
        changed, found = re.subn(pattern, replacement, text, count=count, flags=re.MULTILINE)
        assert found, pattern
        assert changed != text
        (repo / PACKET).write_text(changed)

    return edit


def manifest_block(repo: Path, target: str) -> str:
    """The lines of one recorded entry."""
    text = (repo / PACKET).read_text()
    lines = r"(?:(?:- \*\*(?!Target)| +).*\n)+"
    found = re.search(rf"^- \*\*Target File\*\*: `{re.escape(target)}`\n{lines}", text, re.MULTILINE)
    assert found
    return found.group()


def one_digit(field: str) -> Edit:
    def edit(repo: Path) -> None:
        text = (repo / PACKET).read_text()
        at = text.index("- **Target File**: `migrations/0001_workspaces.sql`")
        at = text.index(f"**{field}**: `", at) + len(f"**{field}**: `")
        (repo / PACKET).write_text(text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :])

    return edit


def field_change(target: str, field: str, change: Callable[[int], int]) -> Edit:
    def edit(repo: Path) -> None:
        block = manifest_block(repo, target)
        changed = re.sub(rf"(\*\*{field}\*\*: )(-?\d+)", lambda m: m[1] + str(change(int(m[2]))), block)
        assert changed != block
        text = (repo / PACKET).read_text()
        (repo / PACKET).write_text(text.replace(block, changed))

    return edit


def without_entry(target: str) -> Edit:
    def edit(repo: Path) -> None:
        text = (repo / PACKET).read_text()
        (repo / PACKET).write_text(text.replace(manifest_block(repo, target), ""))

    return edit


def doubled(repo: Path) -> None:
    block = manifest_block(repo, "src/main.rs")
    text = (repo / PACKET).read_text()
    (repo / PACKET).write_text(text.replace(block, f"{block}\n{block}"))


def for_an_unchanged_file(repo: Path) -> None:
    block = manifest_block(repo, "src/main.rs")
    text = (repo / PACKET).read_text()
    stale = block.replace("`src/main.rs`", "`README.md`")
    (repo / PACKET).write_text(text.replace(block, f"{block}\n{stale}"))


def deleted_without_entry(repo: Path) -> None:
    (repo / "src/models.rs").unlink()
    without_entry("src/models.rs")(repo)


def new_file(repo: Path) -> None:
    write(repo, {"Cargo.lock": "# out of scope\n"})


def approval_in_a_fence(repo: Path) -> None:
    packet_edit(r"^SKELETON APPROVED$", "```\nSKELETON APPROVED\n```")(repo)


def approval_elsewhere(repo: Path) -> None:
    packet_edit(r"^SKELETON APPROVED$", "")(repo)
    packet_edit(r"^(## HYGIENE.*)$", r"\1\n\nSKELETON APPROVED")(repo)


FAULTS: dict[str, tuple[Edit, str]] = {
    "one digit in Pre": (one_digit("Pre-SHA1"), "manifest.pre-sha1"),
    "one digit in Post": (one_digit("Post-SHA1"), "manifest.post-sha1"),
    "delta off by one": (field_change("src/main.rs", "Line Delta", lambda n: n + 1), "manifest.line-delta"),
    "window one line short": (field_change("src/main.rs", "End", lambda n: n - 1), "manifest.window"),
    "window begins one line late": (field_change("src/main.rs", "Start", lambda n: n + 1), "manifest.window"),
    "entry removed": (without_entry("src/main.rs"), "manifest.missing"),
    "entry doubled": (doubled, "manifest.duplicate"),
    "entry for an unchanged file": (for_an_unchanged_file, "manifest.stale"),
    "gate unticked": (packet_edit(r"\[x\] pre_sha1_captured", "[ ] pre_sha1_captured"), "manifest.gate"),
    "field malformed": (packet_edit(r"^(- \*\*Line Delta\*\*: ).*$", r"\1some"), "manifest.malformed"),
    "file out of scope": (new_file, "scope.out-of-scope"),
    "IN_SCOPE_PATHS empty": (packet_edit(r"^(- IN_SCOPE_PATHS:.*\n)(?:  .*\n)+", r"\1"), "scope.empty"),
    "deleted file without entry": (deleted_without_entry, "manifest.missing"),
    "approval removed": (packet_edit(r"^SKELETON APPROVED$", ""), "phase.not-approved"),
    "approval in a fence": (approval_in_a_fence, "phase.not-approved"),
    "approval outside SKELETON": (approval_elsewhere, "phase.not-approved"),
    "no BOOTSTRAP": (packet_edit(r"^## BOOTSTRAP.*$", "## NOTES"), "phase.bootstrap-missing"),
    "no SKELETON": (packet_edit(r"^## SKELETON.*$", "## SKETCH"), "phase.skeleton-missing"),
    "a required value is a placeholder": (packet_edit(r"^(- RISK_TIER: ).*$", r"\1TBD"), "packet.placeholder"),
    "a required field is gone": (packet_edit(r"^- RISK_TIER:.*\n", ""), "packet.field-missing"),
    "status forbids": (packet_edit(r"(\*\*Status:\*\*) .*$", r"\1 Draft"), "packet.status"),
    "a file to open is gone": (
        packet_edit(r"^(- FILES_TO_OPEN:\n)", r"\1  - docs/NOWHERE.md\n"),
        "links.unresolved",
    ),
    "anchor names an unknown id": (
        packet_edit(r"^(- SPEC_ANCHOR: .*)$", r"\1 CX-NOT-THERE-9"),
        "refinement.anchor",
    ),
}


@pytest.fixture(scope="session")
def application(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One worked application, copied by each test."""
    return worked(tmp_path_factory.mktemp("worked") / "app")


@pytest.fixture
def repo(application: Path, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "-q", str(application), "app")
    git(tmp_path / "app", "branch", "-q", "main", "origin/main")
    return tmp_path / "app"


def test_the_change_without_a_fault_passes(repo: Path) -> None:
    code, verdict, _ = gate(repo, "post-work", WP_ID, "--check")
    assert (code, verdict["status"]) == (0, "PASS"), verdict


@pytest.mark.parametrize("name", FAULTS)
def test_a_single_fault_fails_with_its_rule(repo: Path, name: str) -> None:
    edit, rule = FAULTS[name]
    edit(repo)
    commit(repo, f"Fault: {name}")
    before = (repo / PACKET).read_bytes()
    code, verdict, _ = gate(repo, "post-work", WP_ID, "--check")
    assert code == 1
    assert verdict["status"] == "FAIL"
    assert rule in rules(verdict)
    assert (repo / PACKET).read_bytes() == before
    failed = [check for check in verdict["checks"] if check["status"] == "FAIL"]
    assert all(check["reason"] for check in failed)


# SQLite answers NULL to a division by zero, PostgreSQL an error: the second run fails on one engine only.
ONE_ENGINE = """
CREATE TABLE IF NOT EXISTS probe (id BIGINT NOT NULL PRIMARY KEY);
SELECT 1 / (1 - (SELECT COUNT(*) FROM probe));
INSERT INTO probe (id) VALUES (1) ON CONFLICT (id) DO NOTHING;
"""

MIGRATION_FAULTS: dict[str, tuple[dict[str, bytes | None], str, set[str | None]]] = {
    "fails on its second run on one engine only": (
        {
            "migrations/0009_work_indexes.sql": ONE_ENGINE.encode(),
            "migrations/0009_work_indexes.down.sql": b"DROP TABLE IF EXISTS probe;\n",
        },
        "migration.replay-fails",
        {"postgres"},
    ),
    "a missing down": ({"migrations/0009_work_indexes.down.sql": None}, "migration.missing-down", {None}),
    "a down that leaves a table": (
        {"migrations/0007_workflow_runs.down.sql": b"DROP TABLE IF EXISTS workflow_steps;\n"},
        "migration.trace",
        {"postgres", "sqlite"},
    ),
}


@pytest.mark.parametrize("name", MIGRATION_FAULTS)
def test_a_single_migration_fault_fails_with_its_rule(tmp_path: Path, name: str) -> None:
    overrides, rule, engines = MIGRATION_FAULTS[name]
    repo = planned(tmp_path / "app")
    files = {**change(), **{path: data for path, data in overrides.items() if data is not None}}
    write(repo, {path: data for path, data in files.items() if overrides.get(path, b"") is not None})
    git(repo, "add", "-A")
    code, verdict, _ = gate(repo, "post-work", WP_ID)
    assert code == 1
    assert (repo / PACKET).read_bytes().count(b"**Target File**") == len(verdict["manifest"])
    commit(repo, f"Fault: {name}")
    code, verdict, _ = gate(repo, "post-work", WP_ID, "--check")
    assert code == 1
    assert rule in rules(verdict)
    found = [f for c in verdict["checks"] for f in c["findings"] if f["rule"] == rule]
    assert {f["engine"] for f in found} == engines
    # A missing down is migration hygiene too, which the audit tells as CX-DBP-VAL-013.
    failed = {"migrations", "audit"} if rule == "migration.missing-down" else {"migrations"}
    assert {check["id"] for check in verdict["checks"] if check["status"] == "FAIL"} == failed


def test_pre_work_wants_packet_and_refinement_committed(tmp_path: Path) -> None:
    repo = planned(tmp_path / "app")
    assert gate(repo, "pre-work", WP_ID)[0] == 0
    for path in (PACKET, REFINEMENT):
        text = (repo / path).read_text()
        (repo / path).write_text(text + "\n")
        code, verdict, _ = gate(repo, "pre-work", WP_ID)
        assert code == 1
        assert rules(verdict) == {"checkpoint.uncommitted"}
        git(repo, "checkout", "-q", "--", path)
    git(repo, "rm", "-q", "--cached", PACKET)
    git(repo, "commit", "-q", "-m", "Packet untracked")
    code, verdict, _ = gate(repo, "pre-work", WP_ID)
    assert (code, rules(verdict)) == (1, {"checkpoint.uncommitted"})
