"""``gate new``: a packet and its refinement, with all that a machine can fill."""

import hashlib
import json
from pathlib import Path

import pytest
from adoption import PACKET, made
from application import commit, gate, git, rules, run, write

from gatekeeper.packet.parse import parse_packet

SPEC = "# Spec\r\n\r\n## Search [CX-SEA-001]\r\n"
FILES = {
    "gatekeeper.toml": '[spec]\npointer = "docs/SPEC_CURRENT.md"\n',
    "docs/SPEC_CURRENT.md": "See Spec_v1.md.\n",
    "docs/Spec_v1.md": SPEC,
}
ORDER = (
    "METADATA TECHNICAL_REFINEMENT SCOPE WAIVERS_GRANTED QUALITY_GATE AUTHORITY LINEAGE_AUDIT BOOTSTRAP SKELETON "
    "IMPLEMENTATION HYGIENE VALIDATION STATUS_HANDOFF EVIDENCE VALIDATION_REPORTS"
)
# What a person has to fill; everything else would be a fault of the template.
TO_FILL = {"packet.placeholder", "scope.empty", "refinement.unsigned", "refinement.mismatch", "refinement.anchor"}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return made(tmp_path / "app", FILES)


def test_a_packet_is_made_with_what_a_machine_knows(repo: Path) -> None:
    code, out, err = run(repo, "new", "WP-7-Search")
    assert (code, err) == (0, "")
    assert "packets/WP-7-Search.md" in out
    assert "gate pre-work WP-7-Search" in out
    data = (repo / "packets/WP-7-Search.md").read_bytes()
    assert data.isascii()
    packet = parse_packet("packets/WP-7-Search.md", "WP-7-Search", data)
    assert [s.name.replace(" ", "_") for s in packet.sections if s.level == 2] == ORDER.split()
    head = git(repo, "rev-parse", "HEAD").strip()
    for name, value in {
        "WP_ID": "WP-7-Search",
        "BASE_WP_ID": "WP-7-Search",
        "MERGE_BASE_SHA": head,
        "REFINEMENT_FILE": "packets/refinements/WP-7-Search.md",
        "SPEC_TARGET": "docs/SPEC_CURRENT.md",
    }.items():
        field = packet.field(name)
        assert field is not None
        assert field.value == value
    refinement = (repo / "packets/refinements/WP-7-Search.md").read_text()
    sha1 = hashlib.sha1(SPEC.replace("\r\n", "\n").encode(), usedforsecurity=False).hexdigest()
    assert "- SPEC_TARGET_RESOLVED: docs/SPEC_CURRENT.md -> Spec_v1.md\n" in refinement
    assert f"- SPEC_TARGET_SHA1: {sha1}\n" in refinement


def test_pre_work_wants_only_what_a_person_has_to_fill(repo: Path) -> None:
    run(repo, "new", "WP-7-Search")
    code, verdict, _ = gate(repo, "pre-work", "WP-7-Search")
    assert (code, rules(verdict)) == (1, {*TO_FILL, "checkpoint.uncommitted"})
    assert rules(verdict, "warning") == set()
    commit(repo, "Plan")
    assert rules(gate(repo, "pre-work", "WP-7-Search")[1]) == TO_FILL


def test_a_filled_packet_may_start(repo: Path) -> None:
    run(repo, "new", "WP-7-Search")
    packet, refinement = repo / "packets/WP-7-Search.md", repo / "packets/refinements/WP-7-Search.md"
    text = packet.read_text()
    text = text.replace("<LOW, MEDIUM or HIGH>", "LOW").replace(
        "<the signature of the refinement>", "maintainers1"
    )
    lines = [line.split("<")[0] + "src/" if "  - <one path" in line else line for line in text.splitlines()]
    packet.write_text("\n".join(line.replace("<", "(").replace(">", ")") for line in lines) + "\n")
    filled = {
        "STATUS: PENDING": "STATUS: APPROVED",
        "<the reviewer's signature, the same as in the packet>": "maintainers1",
        "VERDICT: <PASS or FAIL>": "VERDICT: PASS",
        "<NO where the verdict is PASS, YES where it is FAIL>": "NO",
        "<first line of the window>": "1",
        "<last line of the window>": "3",
        "<words that stand within the window>": "CX-SEA-001",
    }
    text = refinement.read_text()
    for old, new in filled.items():
        assert old in text
        text = text.replace(old, new)
    refinement.write_text(text)
    commit(repo, "Plan")
    code, verdict, _ = gate(repo, "pre-work", "WP-7-Search")
    assert (code, rules(verdict), rules(verdict, "warning")) == (0, set(), set())


def test_a_revision_names_its_forebears_and_supersedes_the_newest(repo: Path) -> None:
    write(repo, {f"packets/{name}.md": PACKET.format(name) for name in ("WP-7-Search", "WP-7-Search-v2")})
    write(repo, {"packets/WP-7-Search-other.md": PACKET.format("WP-7-Search-other")})
    old = b"\xef\xbb\xbf- WP_ID: WP-7-Search-v2\r\n- **Status:** Done \r\n\r\nodd \xff bytes"
    commit(repo, "Earlier", {"packets/WP-7-Search-v2.md": old})
    code, out, _ = run(repo, "new", "WP-7-Search-v3", "--format", "json")
    assert code == 0
    assert json.loads(out)["superseded"] == "packets/WP-7-Search-v2.md"
    new = old.replace(b"Done ", b"Superseded (by WP-7-Search-v3) ")
    assert (repo / "packets/WP-7-Search-v2.md").read_bytes() == new
    assert git(repo, "status", "--porcelain", "-uno").split() == ["M", "packets/WP-7-Search-v2.md"]
    text = (repo / "packets/WP-7-Search-v3.md").read_text()
    assert "- Prior packet: packets/WP-7-Search.md\n- Prior packet: packets/WP-7-Search-v2.md\n" in text
    assert "WP-7-Search-other" not in text
    assert "- BASE_WP_ID: WP-7-Search\n" in text
    commit(repo, "Plan")
    assert rules(gate(repo, "pre-work", "WP-7-Search-v3")[1]) == TO_FILL


def test_a_forebear_without_a_status_is_told_of(repo: Path) -> None:
    commit(repo, "Earlier", {"packets/WP-7-Search.md": "# Nothing\n"})
    code, out, _ = run(repo, "new", "WP-7-Search-v2")
    assert code == 0
    assert "packets/WP-7-Search.md has no Status line that could be changed" in out
    assert (repo / "packets/WP-7-Search.md").read_text() == "# Nothing\n"


@pytest.mark.parametrize(
    ("there", "wanted", "says"),
    [
        (["WP-7-Search"], "WP-7-Search", "gate new WP-7-Search-v2"),
        (["WP-7-Search"], "WP-7-Search-v3", "gate new WP-7-Search-v2"),
        (["WP-7-Search"], "WP-7-Search-v1", "gate new WP-7-Search-v2"),
        (["WP-7-Search-v2"], "WP-7-Search", "gate new WP-7-Search-v3"),
        ([], "WP-7-Search-v2", "gate new WP-7-Search\n"),
        ([], "search", "WP- followed by"),
        ([], "../WP-7-Search", "WP- followed by"),
    ],
)
def test_an_id_that_is_not_the_next_is_refused(repo: Path, there: list[str], wanted: str, says: str) -> None:
    commit(repo, "There", {f"packets/{name}/packet.md": PACKET.format(name) for name in there})
    code, out, err = run(repo, "new", wanted)
    assert (code, out) == (2, "")
    assert says in err
    assert git(repo, "status", "--porcelain") == ""


def test_what_is_there_is_never_overwritten(repo: Path) -> None:
    refinement = "packets/refinements/WP-7-Search.md"
    commit(repo, "A refinement came first", {refinement: "mine\n"})
    code, out, _ = run(repo, "new", "WP-7-Search")
    assert code == 0
    assert f"Kept {refinement}" in out
    assert (repo / refinement).read_text() == "mine\n"


def test_a_repository_may_have_templates_of_its_own(repo: Path) -> None:
    own = "# {{ wp_id }} from {{ merge_base }}\n- Earlier: {{ prior | map(attribute='wp_id') | join(', ') }}\n"
    commit(repo, "Ours", {"packets/templates/packet.md.j2": own, "templates/refinement.md.j2": "not this one\n"})
    head = git(repo, "rev-parse", "HEAD").strip()
    assert run(repo, "new", "WP-7-Search")[0] == 0
    assert (repo / "packets/WP-7-Search.md").read_text() == f"# WP-7-Search from {head}\n- Earlier: \n"
    assert "TECHNICAL_REFINEMENT" in (repo / "packets/refinements/WP-7-Search.md").read_text()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ok\n{% if %}\n", "packets/templates/packet.md.j2:2 can't be used"),
        ("{{ nothing }}\n", "'nothing' is undefined"),
        ("{{ wp_id.__class__.__mro__[1].__subclasses__() }}\n", "unsafe"),
        ("{{ 1 // 0 }}\n", "can't be used"),
    ],
)
def test_a_template_that_does_not_work_writes_nothing(repo: Path, text: str, says: str) -> None:
    commit(repo, "Ours", {"packets/templates/packet.md.j2": text})
    code, _, err = run(repo, "new", "WP-7-Search")
    assert code == 2
    assert says in err
    assert git(repo, "status", "--porcelain") == ""


def test_refinements_may_be_off_or_lie_among_the_packets(repo: Path) -> None:
    commit(repo, "Off", {"gatekeeper.toml": '[packets]\nrefinement = "off"\n'})
    assert run(repo, "new", "WP-7-Search")[0] == 0
    assert not (repo / "packets/refinements").exists()
    commit(repo, "Plan")
    assert rules(gate(repo, "pre-work", "WP-7-Search")[1]) == {"packet.placeholder", "scope.empty"}
    commit(repo, "Together", {"gatekeeper.toml": '[packets]\ndir = "."\nrefinements = "."\n'})
    assert run(repo, "new", "WP-8-Sort")[0] == 0
    assert (repo / "WP-8-Sort.md").is_file()
    assert (repo / "WP-8-Sort.refinement.md").is_file()
    commit(repo, "Plan")
    assert rules(gate(repo, "pre-work", "WP-8-Sort")[1]) == TO_FILL - {"refinement.anchor"}


def test_without_a_commit_there_is_no_base(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--template=", "-b", "main")
    code, _, err = run(tmp_path, "new", "WP-7-Search")
    assert code == 2
    assert "There is no commit yet" in err


def test_nothing_is_written_through_a_link_that_leads_out(tmp_path: Path) -> None:
    repo = made(tmp_path / "app", {"a.txt": "a\n"})
    (tmp_path / "outside").mkdir()
    (repo / "packets").symlink_to(tmp_path / "outside")
    code, _, err = run(repo, "new", "WP-7-Search")
    assert code == 2
    assert "leads out of the repository" in err
    assert list((tmp_path / "outside").iterdir()) == []
