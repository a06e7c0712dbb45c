"""The hygiene audit on real repositories: what the tree, the change and the packet make of it."""

from pathlib import Path
from typing import Any

import pytest
from application import change, commit, gate, git, planned, write
from cases import PACKET_TEXT, WP_ID, edited
from small import check_of, findings, made, put

PACKET = f"packets/{WP_ID}.md"
IN_SCOPE = edited(PACKET_TEXT, "  - src/a.txt\n- OUT", "  - src/\n- OUT")
UNWRAP = "pub fn first(names: &[u8]) -> u8 {\n    *names.first().unwrap()\n}\n"
KEY = "AKIA" + "Z" * 16
TODAY = "2026-01-01"


def repository(path: Path, files: dict[str, str | bytes]) -> Path:
    path.mkdir()
    git(path, "init", "-q", "-b", "main")
    commit(path, "First", {"README.md": "text\n", **files})
    return path


def found(verdict: dict[str, Any]) -> set[str]:
    """``rule path:line`` of each finding of the audit."""
    (check,) = [check for check in verdict["checks"] if check["id"] == "audit"]
    return {f"{f['rule']} {f['path']}" + (f":{f['line']}" if f["line"] else "") for f in check["findings"]}


def audit(repo: Path, *arguments: str) -> set[str]:
    return found(gate(repo, "audit", "hygiene", *arguments)[1])


def test_an_error_fails_the_audit_and_a_warning_does_not(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", {"src/a.py": "def run():\n    print(1)\n"})
    code, verdict, _ = gate(repo, "audit", "hygiene")
    assert (code, found(verdict)) == (0, {"hygiene.print src/a.py:2"})
    write(repo, {"src/a.rs": UNWRAP})
    code, verdict, _ = gate(repo, "audit", "hygiene")
    assert (code, found(verdict)) == (1, {"hygiene.print src/a.py:2", "hygiene.unwrap src/a.rs:2"})
    assert "hygiene.unwrap src/a.rs:2" in found(gate(repo, "audit")[1])
    assert found(gate(repo, "audit", "dal")[1]) == set()


def test_the_same_tree_has_the_same_findings_as_work_tree_index_and_commit(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", {})
    write(repo, {"src/a.rs": UNWRAP, "src/x.pyc": b"\0", "config.toml": f'key = "{KEY}"\n', "Cargo.toml": ""})
    git(repo, "add", "-A")
    wanted = {
        "hygiene.unwrap src/a.rs:2",
        "hygiene.artefact src/x.pyc",
        "hygiene.secret config.toml:1",
        "hygiene.ignore-file Cargo.toml",
    }
    assert audit(repo) == wanted
    assert audit(repo, "--staged") == wanted
    git(repo, "commit", "-q", "-m", "All")
    assert audit(repo) == wanted
    assert audit(repo, "--rev", "HEAD") == wanted


@pytest.mark.parametrize("name", ["src/a.rs", ".env", "deploy/values.yaml", "docs/guide.md", "keys"])
def test_a_secret_is_found_in_any_file_but_tests_and_never_shown(tmp_path: Path, name: str) -> None:
    unread: dict[str, str | bytes] = {"tests/test_a.py": KEY, "data.bin": KEY.encode() + b"\0"}
    repo = repository(tmp_path / "r", {name: f'one\nkey = "{KEY}"\n', **unread})
    code, verdict, _ = gate(repo, "audit", "hygiene")
    assert (code, found(verdict)) == (1, {f"hygiene.secret {name}:2"})
    assert KEY not in str(verdict)


def test_a_key_is_found_at_the_end_of_a_long_line_and_after_a_word_that_only_hints(tmp_path: Path) -> None:
    long = "x = '" + "y" * 300_000 + f"' # aws {KEY}\n"
    repo = repository(tmp_path / "r", {"src/long.py": "# aws and ghp_ are only words\n" + long})
    assert "hygiene.secret src/long.py:2" in audit(repo)


def test_a_key_is_found_whatever_ends_its_lines(tmp_path: Path) -> None:
    lines = (
        "-----BEGIN " + "PRIVATE KEY-----",
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
        "-----END " + "PRIVATE KEY-----",
        "",
    )
    ends = {"lf.pem": "\n", "crlf.pem": "\r\n", "src/key.js": "\\n"}
    repo = repository(tmp_path / "r", {name: end.join(lines).encode() for name, end in ends.items()})
    assert audit(repo) == {f"hygiene.secret {name}:1" for name in ends}


def test_an_untracked_artefact_is_no_committed_one(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", {"src/a.txt": "text"})
    write(repo, {"node_modules/x/index.js": "1", "src/__pycache__/a.pyc": b"\0"})
    assert audit(repo) == set()
    git(repo, "add", "node_modules")
    assert audit(repo) == {"hygiene.artefact node_modules/x/index.js"}


def test_a_large_file_is_told_until_it_is_committed_or_ignored(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", {"src/a.txt": "text"})
    write(repo, {"dump.bin": b"\0" * (1024 * 1024 + 1)})
    assert audit(repo) == {"hygiene.large-file dump.bin"}
    write(repo, {".gitignore": "*.bin\n"})
    assert audit(repo) == set()
    git(repo, "add", "-f", "dump.bin")
    git(repo, "commit", "-q", "-m", "Dump")
    assert audit(repo) == set()
    assert audit(repo, "--rev", "HEAD") == {"hygiene.large-file dump.bin"}


def test_required_trace_fields_are_those_of_the_configuration(tmp_path: Path) -> None:
    table = '[audit]\ntrace = [{ paths = ["src/jobs/**"], fields = ["job_id"] }]\n'
    source = 'fn run() {\n    tracing::info!("ran");\n}\n'
    repo = repository(tmp_path / "r", {"src/jobs/a.rs": source, "src/b.rs": source})
    assert audit(repo) == set()
    write(repo, {"gatekeeper.toml": table})
    assert audit(repo) == {"hygiene.trace-field src/jobs/a.rs:2"}
    write(repo, {"gatekeeper.toml": table.replace("fields", "feilds")})
    code, _, err = gate(repo, "audit")
    assert (code, "audit.trace.fields" in err) == (2, True)


def test_changed_code_wants_a_test_near_it(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", {"src/old.py": "def old(): ...\n"})
    write(repo, {"src/names.py": "def first(): ...\n"})
    assert "hygiene.untested src/names.py:1" in audit(repo, "--changed", "--worktree")
    write(repo, {"tests/test_all.py": "from app import names\n\ndef test_first():\n    assert names.first()\n"})
    assert audit(repo, "--changed", "--worktree") == set()


def test_post_work_judges_the_changed_files_and_leaves_a_sane_project_alone(tmp_path: Path) -> None:
    main = 'fn main() { println!("1"); }\n'
    repo = made(tmp_path / "r", {PACKET: IN_SCOPE, "src/old.rs": UNWRAP}, {"src/main.rs": main})
    code, verdict, _ = gate(repo, "post-work", WP_ID)
    assert (code, findings(verdict, "audit")) == (0, [])
    put(repo, {"src/new.rs": UNWRAP})
    commit(repo, "New")
    code, verdict, _ = gate(repo, "post-work", WP_ID)
    assert (code, findings(verdict, "audit")) == (1, ["hygiene.untested (note)", "hygiene.unwrap"])


OLD = UNWRAP + "\npub fn second(names: &[u8]) -> u8 {\n    names.len() as u8\n}\n"


def of_line(verdict: dict[str, Any]) -> set[str]:
    """``severity rule path:line`` of each finding of the check but notes."""
    (check,) = [check for check in verdict["checks"] if check["id"] == "audit"]
    return {
        f"{f['severity']} {f['rule']} {f['path']}" + (f":{f['line']}" if f["line"] else "")
        for f in check["findings"]
        if f["severity"] != "note"
    }


def test_post_work_fails_on_what_the_change_wrote_and_warns_of_what_was_there(tmp_path: Path) -> None:
    touched = OLD.replace("names.len() as u8", "names.len() as u8 + 1")
    repo = made(tmp_path / "r", {PACKET: IN_SCOPE, "src/a.rs": OLD}, {"src/a.rs": touched})
    code, verdict, _ = gate(repo, "post-work", WP_ID)
    assert (code, of_line(verdict)) == (0, {"warning hygiene.unwrap src/a.rs:2"})
    (told,) = [f for check in verdict["checks"] for f in check["findings"] if f["rule"] == "hygiene.unwrap"]
    assert "The change leaves this line as it was" in told["message"]
    # A line that the change moves is as it was; the same text on a line of its own is new.
    put(repo, {"src/a.rs": "// Numbers.\n" + touched + UNWRAP.replace("first", "third")})
    commit(repo, "More")
    code, verdict, _ = gate(repo, "post-work", WP_ID)
    wanted = {"warning hygiene.unwrap src/a.rs:3", "error hygiene.unwrap src/a.rs:10"}
    assert (code, of_line(verdict)) == (1, wanted)
    (check,) = [check for check in verdict["checks"] if check["id"] == "audit"]
    assert check["reason"].startswith("hygiene.unwrap")


def test_an_old_fault_is_new_only_where_its_line_or_its_content_is(tmp_path: Path) -> None:
    key, nul = f'key = "{KEY}"\n', UNWRAP.encode()
    base: dict[str, str | bytes | None] = {
        PACKET: IN_SCOPE,
        "src/old.rs": UNWRAP,
        "src/k.toml": f"a = 1\n{key}",
        "src/nul.rs": nul,
        "src/one.pyc": b"\0one",
        "src/two.pyc": b"\0two",
        "src/sub/three.pyc": b"\0three" * 9,
    }
    repo = made(tmp_path / "r", base, {})
    git(repo, "mv", "src/old.rs", "src/new.rs")
    git(repo, "mv", "src/sub/three.pyc", "src/sub/four.pyc")
    git(repo, "update-index", "--chmod=+x", "src/two.pyc")
    put(
        repo,
        {
            "src/k.toml": f"a = 2\n{key}",
            "src/one.pyc": b"\0other",
            "src/l.toml": key,
            "src/nul.rs": nul + b"// \0",
        },
    )
    git(repo, "add", "src/k.toml", "src/one.pyc", "src/l.toml", "src/nul.rs")
    staged = gate(repo, "post-work", WP_ID, "--staged")[1]
    assert of_line(staged) == {
        "warning hygiene.unwrap src/new.rs:2",
        "warning hygiene.secret src/k.toml:2",
        "error hygiene.secret src/l.toml:1",
        "error hygiene.unwrap src/nul.rs:2",
        "error hygiene.artefact src/one.pyc",
        "warning hygiene.artefact src/two.pyc",
        "warning hygiene.artefact src/sub/four.pyc",
    }
    git(repo, "commit", "-q", "-m", "All")
    assert (
        check_of(gate(repo, "post-work", WP_ID, "--check")[1], "audit")["findings"]
        == (check_of(staged, "audit")["findings"])
    )


def test_the_rules_of_the_database_judge_whole_changed_files(tmp_path: Path) -> None:
    old = 'pub async fn a(p: &P) {\n    sqlx::query("SELECT 1").execute(p).await;\n}\n'
    base = {PACKET: IN_SCOPE, "src/a.rs": old}
    repo = made(tmp_path / "r", base, {"src/a.rs": f"{old}// More.\n"})
    code, verdict, _ = gate(repo, "post-work", WP_ID)
    assert (code, of_line(verdict)) == (1, {"error CX-DBP-VAL-010 src/a.rs:2"})


def test_the_demo_has_no_hygiene_error(tmp_path: Path) -> None:
    repo = planned(tmp_path / "app")
    write(repo, change())
    git(repo, "add", "-A")
    code, verdict, _ = gate(repo, "audit", "hygiene", "--staged", "--changed")
    assert (code, found(verdict)) == (0, set())


# Claims


def record(rule: str = "hygiene.unwrap", paths: str = "src/a.rs", expiry: str = "-", waiver: str = "W-1") -> str:
    return f"- {waiver} | {rule} | {paths} | a reason | maintainers | {TODAY} | {expiry}\n"


def claimed(tmp_path: Path, records: str, source: str) -> dict[str, list[str]]:
    """What post-work says of a change with this source, under these records: by check."""
    repo = made(tmp_path / "r", {PACKET: edited(IN_SCOPE, "- NONE\n", records)}, {"src/new.rs": source})
    verdict = gate(repo, "post-work", WP_ID)[1]
    audits = [f for f in findings(verdict, "audit") if "untested" not in f]
    return {"audit": audits, "waivers": findings(verdict, "waivers")}


MARKED = UNWRAP.replace("    *", "    // WAIVER [W-1]: until the port is done\n    *")
BESIDE = UNWRAP.replace(".unwrap()", ".unwrap() // WAIVER [W-1]: until the port is done")


@pytest.mark.parametrize("source", [MARKED, BESIDE])
def test_a_claim_with_its_record_relaxes_its_line(tmp_path: Path, source: str) -> None:
    assert claimed(tmp_path, record(), source) == {"audit": ["hygiene.unwrap (W-1)"], "waivers": []}


def test_a_claim_without_its_record_is_an_error(tmp_path: Path) -> None:
    told = claimed(tmp_path, "- NONE\n", MARKED)
    assert told == {"audit": ["hygiene.unwrap"], "waivers": ["waiver.unrecorded"]}


def test_a_claim_without_reason_or_id_is_malformed_and_relaxes_nothing(tmp_path: Path) -> None:
    source = MARKED.replace(": until the port is done", "") + "/* WAIVER []: all */\n"
    told = claimed(tmp_path, record(), source)
    assert told == {
        "audit": ["hygiene.unwrap"],
        "waivers": ["waiver.malformed", "waiver.malformed", "waiver.unused (warning)"],
    }


def test_a_claim_that_nothing_needs_is_unused(tmp_path: Path) -> None:
    source = MARKED + "// WAIVER [W-1]: and here\nfn other() {}\n"
    assert claimed(tmp_path, record(), source) == {
        "audit": ["hygiene.unwrap (W-1)"],
        "waivers": ["waiver.unused (warning)"],
    }


def test_a_claim_of_an_expired_waiver_is_expired(tmp_path: Path) -> None:
    told = claimed(tmp_path, record(expiry="2026-01-02"), MARKED)
    assert told == {"audit": ["hygiene.unwrap"], "waivers": ["waiver.expired", "waiver.expired"]}


def test_a_claim_of_another_packets_waiver_is_a_warning_and_relaxes_nothing(tmp_path: Path) -> None:
    other = edited(PACKET_TEXT.replace(WP_ID, "WP-2-Other"), "- NONE\n", record())
    base = {PACKET: IN_SCOPE, "packets/WP-2-Other.md": other}
    repo = made(tmp_path / "r", base, {"src/new.rs": MARKED})
    code, verdict, _ = gate(repo, "post-work", WP_ID)
    assert (code, findings(verdict, "waivers")) == (1, ["waiver.unrecorded (warning)"])
    assert "hygiene.unwrap" in findings(verdict, "audit")
    assert "waiver.unrecorded" not in str(gate(repo, "audit")[1])


def test_a_marker_in_a_string_or_in_prose_is_none(tmp_path: Path) -> None:
    source = 'const T: &str = "WAIVER [W-1]: x";\n'
    repo = repository(tmp_path / "r", {"src/a.rs": source, "docs/a.md": "WAIVER [W-1]: x\n"})
    assert audit(repo) == set()
    write(repo, {"src/b.py": "# WAIVER [W-1]: x\nx = 1\n"})
    code, verdict, _ = gate(repo, "audit")
    assert (code, found(verdict)) == (1, {"waiver.unrecorded src/b.py:1"})


@pytest.mark.parametrize(
    ("rule", "paths"), [("hygiene.unwrap", "**"), ("hygiene", "src/a.rs, **/*"), ("*", "src/")]
)
def test_a_waiver_without_limit_is_a_warning(tmp_path: Path, rule: str, paths: str) -> None:
    repo = made(tmp_path / "r", {PACKET: edited(IN_SCOPE, "- NONE\n", record(rule, paths))}, {})
    assert "waiver.blanket (warning)" in findings(gate(repo, "pre-work", WP_ID)[1], "waivers")
