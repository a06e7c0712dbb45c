"""SSH signatures: made by ssh-keygen, verified against an allowed-signers file, void once something changed."""

import os
import subprocess
from pathlib import Path

import pytest
from application import git

from packets import CODER, PACKET, REFINEMENT, WP_ID, as_person, commit_as, drafted

STATEMENT = f"packets/evidence/{WP_ID}/signature.txt"


def key(folder: Path, name: str = "key", passphrase: str = "") -> Path:
    """A new key pair."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f", str(path)], check=True)
    return path


def allowing(file: Path, *keys: Path) -> Path:
    """An allowed-signers file in which these keys are the coder's."""
    file.write_text("".join(f"coder@example.invalid {k.with_suffix('.pub').read_text()}" for k in keys))
    return file


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return drafted(tmp_path / "app")


def test_a_signature_by_key_is_verified_and_names_what_changed(repo: Path, tmp_path: Path) -> None:
    own = key(tmp_path / "keys")
    allowed = allowing(tmp_path / "allowed", own)
    call = as_person(CODER, repo, "sign", WP_ID, "--ssh-key", str(own), "--allowed-signers", str(allowed))
    assert call.code == 0, call.err
    assert "verified as coder@example.invalid" in call.out
    by_hand = ["ssh-keygen", "-Y", "verify", "-f", str(allowed), "-I", "coder@example.invalid", "-n", "gatekeeper"]
    with (repo / STATEMENT).open("rb") as statement:
        subprocess.run([*by_hand, "-s", str(repo / f"{STATEMENT}.sig")], stdin=statement, check=True)
    commit_as(CODER, repo, "Sign")
    git(repo, "config", "gpg.ssh.allowedSignersFile", str(allowed))
    for file in (repo / ".git/gatekeeper").iterdir():
        file.unlink()
    sound = as_person(CODER, repo, "sign", WP_ID, "--verify")
    assert (sound.code, "SSH signature of coder@example.invalid" in sound.out) == (0, True), sound
    packet = (repo / PACKET).read_text()
    (repo / PACKET).write_text(packet.replace("Search finds more.", "Search finds all."))
    changed = as_person(CODER, repo, "sign", WP_ID, "--verify")
    assert (changed.code, "Since it was signed, SCOPE changed." in changed.out) == (1, True)


def test_a_statement_that_was_made_to_fit_doesn_t_verify(repo: Path, tmp_path: Path) -> None:
    """Whoever changes a part and its digest in the statement has the signature against them."""
    own = key(tmp_path / "keys")
    allowed = allowing(tmp_path / "allowed", own)
    names = ("--allowed-signers", str(allowed))
    assert as_person(CODER, repo, "sign", WP_ID, "--ssh-key", str(own), *names).code == 0
    said = (repo / STATEMENT).read_text()
    (repo / STATEMENT).write_text(said.replace("signer Coder", "signer Other"))
    forged = as_person(CODER, repo, "sign", WP_ID, "--verify", *names)
    assert (forged.code, "The SSH signature of coder@example.invalid doesn't hold" in forged.out) == (1, True)
    (repo / STATEMENT).write_text(said)
    (repo / f"{STATEMENT}.sig").unlink()
    gone = as_person(CODER, repo, "sign", WP_ID, "--verify", *names)
    assert (gone.code, "is signed by nobody" in gone.out) == (1, True)


def test_a_key_that_nobody_allows_signs_nothing(repo: Path, tmp_path: Path) -> None:
    own, other = key(tmp_path / "keys"), key(tmp_path / "keys", "other")
    allowed = allowing(tmp_path / "allowed", other)
    call = as_person(CODER, repo, "sign", WP_ID, "--ssh-key", str(own), "--allowed-signers", str(allowed))
    assert (call.code, "is by no key that" in call.err) == (1, True)
    assert git(repo, "status", "--porcelain") == ""
    assert "The ledger holds no event." in as_person(CODER, repo, "status", "--log").out


def test_without_allowed_signers_the_signature_stands_unverified(repo: Path, tmp_path: Path) -> None:
    call = as_person(CODER, repo, "sign", WP_ID, "--ssh-key", str(key(tmp_path / "keys")))
    assert (call.code, "was not verified" in call.err) == (0, True)
    verified = as_person(CODER, repo, "sign", WP_ID, "--verify")
    assert (verified.code, "no allowed-signers file is named" in verified.err) == (3, True)


@pytest.mark.parametrize(("passphrase", "message"), [("secret", "did not sign with"), (None, "There is no key")])
def test_a_key_that_can_t_sign_is_an_error_and_no_wait(
    repo: Path, tmp_path: Path, passphrase: str | None, message: str
) -> None:
    own = key(tmp_path / "keys", passphrase=passphrase) if passphrase else tmp_path / "none"
    call = as_person(CODER, repo, "sign", WP_ID, "--ssh-key", str(own))
    assert (call.code in {1, 2}, message in call.err) == (True, True), call.err
    assert git(repo, "status", "--porcelain") == ""


def test_a_missing_program_is_named(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = key(tmp_path / "keys")
    program = tmp_path / "bin"
    program.mkdir()
    (program / "git").symlink_to(subprocess.check_output(["which", "git"], text=True).strip())
    (program / "env").symlink_to("/usr/bin/env")
    monkeypatch.setenv("PATH", str(program))
    call = as_person(CODER, repo, "sign", WP_ID, "--ssh-key", str(own))
    assert (call.code, "ssh-keygen is not installed" in call.err) == (3, True), call.err


def test_what_changes_while_it_is_signed_is_not_signed(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody edits the refinement while the key's passphrase is asked for, say."""
    own = key(tmp_path / "keys")
    real = subprocess.check_output(["which", "ssh-keygen"], text=True).strip()
    program = tmp_path / "bin" / "ssh-keygen"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "- edited" >> "{repo / REFINEMENT}"\nexec {real} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    before = (repo / PACKET).read_bytes(), (repo / REFINEMENT).read_bytes() + b"- edited\n"
    call = as_person(CODER, repo, "sign", WP_ID, "--ssh-key", str(own))
    assert (call.code, "changed while it was being signed" in call.err) == (1, True), call
    assert ((repo / PACKET).read_bytes(), (repo / REFINEMENT).read_bytes()) == before
    assert "The ledger holds no event." in as_person(CODER, repo, "status", "--log").out


def test_a_later_signature_without_key_takes_the_statement_away(repo: Path, tmp_path: Path) -> None:
    assert as_person(CODER, repo, "sign", WP_ID, "--ssh-key", str(key(tmp_path / "keys"))).code == 0
    refinement = (repo / REFINEMENT).read_text()
    (repo / REFINEMENT).write_text(refinement.replace("### PRIMITIVES", "### PRIMITIVES\n- more"))
    assert as_person(CODER, repo, "sign", WP_ID, "--again").code == 0
    assert not (repo / STATEMENT).exists()
    assert as_person(CODER, repo, "sign", WP_ID, "--verify").code == 0
