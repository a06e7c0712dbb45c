"""The reference packet, whole, on a repository of its own shape (contract, section 1).

The packet and its refinement lie beside the project's root, in ``../shared/packets``, and are no part of it: where
that folder is absent this test steps aside. The repository around them is made here.
"""

from pathlib import Path

import pytest
from application import commit, gate, git, rules, write

PACKETS = Path(__file__).parents[3] / "shared" / "packets"
WP_ID = "WP-1-Migration-Framework-v2"
PACKET = f"docs/task_packets/{WP_ID}.md"
CORE = "src/backend/handshake_core"
SPEC = "Handshake_Master_Spec_v02.106.md"
NAMES = (
    "0001_init",
    "0002_create_ai_core_tables",
    "0003_add_is_pinned",
    "0004_mutation_traceability",
    "0005_add_canvas_traceability",
    "0006_expand_ai_job_model",
    "0007_workflow_persistence",
    "0008_expand_ai_job_model",
    "0009_add_block_classification",
)
SOURCES = (
    "storage/sqlite.rs",
    "storage/postgres.rs",
    "storage/mod.rs",
    "storage/tests.rs",
    "models.rs",
    "main.rs",
)
CONFIG = f"""
[packets]
dir = "docs/task_packets"
refinements = "docs/refinements"
exempt = ["docs/**"]
[spec]
pointer = "docs/SPEC_CURRENT.md"
[authority]
strict = true
[kinds]
migration = ["**/migrations/**"]
storage = ["**/storage/**"]
[migrations]
paths = ["{CORE}/migrations"]
"""

pytestmark = pytest.mark.skipif(
    not PACKETS.is_dir(), reason="the shared packets are not part of the project and not beside it here"
)


def spec() -> str:
    """A specification with the ids, windows and tokens that packet and refinement name, and filler between."""
    lines = ["filler"] * 20_750
    lines[3089] = "#### 2.3.12.4 Migration Framework Requirements [CX-DBP-022]"
    lines[3090] = "[CX-DBP-022A] [CX-DBP-022B]"
    lines[3124] = "3. **WP-1-Migration-Framework** [CX-DBP-030]"
    lines[20_700] = "- Migrations validated: forward and backward"
    return "\n".join(lines) + "\n"


def base() -> dict[str, bytes | str]:
    files: dict[str, bytes | str] = {
        "gatekeeper.toml": CONFIG,
        SPEC: spec(),
        "docs/SPEC_CURRENT.md": f"The current specification is {SPEC}.\n",
        PACKET: (PACKETS / f"{WP_ID}.md").read_bytes(),
        f"docs/refinements/{WP_ID}.md": (PACKETS / f"{WP_ID}.refinement.md").read_bytes(),
        "docs/task_packets/WP-1-Migration-Framework.md": "# The prior packet\n",
        "scripts/validation/validator-dal-audit.mjs": "check();\n",
    }
    for name in ("TASK_BOARD", "WP_TRACEABILITY_REGISTRY", "START_HERE", "MIGRATION_GUIDE"):
        files[f"docs/{name}.md"] = f"# {name}\n"
    files |= {
        f"{CORE}/migrations/{n}.sql": f"CREATE TABLE {n[5:]}_{n[:4]} (id TEXT PRIMARY KEY);\n" for n in NAMES
    }
    files |= {f"{CORE}/src/{name}": f"// {name}\npub fn nothing() {{}}\n" for name in SOURCES}
    return files


def work() -> dict[str, bytes | str]:
    """The 25 files of the packet's change."""
    files: dict[str, bytes | str] = {"scripts/validation/validator-dal-audit.mjs": "check();\ncheckDowns();\n"}
    for n in NAMES:
        table = f"{n[5:]}_{n[:4]}"
        files[f"{CORE}/migrations/{n}.sql"] = f"CREATE TABLE IF NOT EXISTS {table} (id TEXT PRIMARY KEY);\n"
        files[f"{CORE}/migrations/{n}.down.sql"] = f"DROP TABLE IF EXISTS {table};\n"
    for name in SOURCES:
        files[f"{CORE}/src/{name}"] = f"// {name}\npub fn nothing() {{}}\npub fn more() {{}}\n"
    return files


def test_the_reference_packet_passes_with_the_warnings_that_the_contract_names(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    git(repo, "init", "-q", "-b", "main")
    commit(repo, "The packet, signed and approved", base())
    git(repo, "switch", "-q", "-c", "work")
    code, verdict, _ = gate(repo, "pre-work", WP_ID)
    assert code == 0, verdict
    assert rules(verdict, "warning") == {"packet.non-ascii", "refinement.spec"}
    recorded = (repo / PACKET).read_text().count("**Target File**: `")

    write(repo, work())
    git(repo, "add", "-A")
    code, verdict, _ = gate(repo, "post-work", WP_ID)
    assert code == 0, verdict
    assert verdict["change_set"]["files"] == recorded == 25
    commit(repo, "The work")
    code, verdict, _ = gate(repo, "post-work", WP_ID, "--check")
    assert (code, verdict["status"]) == (0, "PASS"), verdict
    assert rules(verdict, "warning") == {"packet.non-ascii", "refinement.spec"}
    proven = {name for row in verdict["manifest"] for name, value in row["gates"].items() if value is True}
    assert len(proven) == 10
    assert all(value is True for row in verdict["manifest"] for value in row["gates"].values())
