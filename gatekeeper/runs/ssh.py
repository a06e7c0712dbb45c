"""SSH signatures by the program ``ssh-keygen``, started from a list, with a time-out."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from gatekeeper.model.errors import NotRunError, RefusedError, UsageError

NAMESPACE = "gatekeeper"
"""What ``ssh-keygen -Y`` calls the namespace: a signature for another purpose doesn't count here."""

_SECONDS = 120
_MINUTE = 60


def ssh_sign(data: bytes, key: Path) -> bytes:
    """The armoured signature of these bytes by a private key, or by a public one whose other half an agent holds.

    Raises UsageError for a key that isn't there, NotRunError where the program is missing, RefusedError where it
    doesn't sign.
    """
    if not key.is_file():
        raise UsageError(
            f"There is no key {key}.", hint="name a private key, or a public key that the agent holds"
        )
    done = _run(["-Y", "sign", "-q", "-f", str(key), "-n", NAMESPACE], data)
    if done.returncode or not done.stdout.startswith(b"-----BEGIN SSH SIGNATURE-----"):
        raise RefusedError(
            f"ssh-keygen did not sign with {key}: {_said(done)}.",
            hint="a key with a passphrase needs a terminal, or an agent: ssh-add, then name the .pub file",
        )
    return done.stdout


def ssh_verify(data: bytes, signature: bytes, allowed: Path) -> str:
    """The principal of the allowed-signers file who signed these bytes.

    Raises UsageError for a file that isn't there, NotRunError where the program is missing, RefusedError where the
    signature is of nobody allowed, or of other bytes.
    """
    if not allowed.is_file():
        raise UsageError(
            f"There is no allowed-signers file {allowed}.", hint="write one line for each key: PRINCIPAL KEY"
        )
    with tempfile.TemporaryDirectory(prefix="gatekeeper-") as folder:
        file = Path(folder) / "signature"
        file.write_bytes(signature)
        known = ["-f", str(allowed), "-s", str(file)]
        found = _run(["-Y", "find-principals", *known], b"")
        principals = found.stdout.decode("utf-8", "replace").splitlines()
        if found.returncode or not principals:
            raise RefusedError(
                f"The SSH signature is by no key that {allowed} allows ({_said(found)}).",
                hint=f"add the signer's public key to {allowed}, or sign with another key",
            )
        done = _run(["-Y", "verify", "-n", NAMESPACE, "-I", principals[0], *known], data)
    if done.returncode:
        raise RefusedError(
            f"The SSH signature of {principals[0]} doesn't hold: {_said(done)}.", hint="have it signed again"
        )
    return principals[0]


def _run(arguments: list[str], data: bytes) -> "subprocess.CompletedProcess[bytes]":
    # Without a terminal of its own ssh-keygen would still find this process's and wait there for a passphrase.
    asking = sys.stdin is not None and sys.stdin.isatty()
    environment = {**os.environ, "LC_ALL": "C"} | ({} if asking else {"SSH_ASKPASS_REQUIRE": "never"})
    try:
        return subprocess.run(
            ["ssh-keygen", *arguments],
            input=data,
            capture_output=True,
            check=False,
            env=environment,
            timeout=_SECONDS if asking else _MINUTE,
            start_new_session=not asking,
        )
    except FileNotFoundError as error:
        raise NotRunError(
            "ssh-keygen is not installed, or not on the PATH.", hint="install OpenSSH 8.2 or newer"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise NotRunError(
            f"ssh-keygen gave no answer within {error.timeout:.0f} seconds.", hint="see what it waits for"
        ) from error


def _said(done: "subprocess.CompletedProcess[bytes]") -> str:
    lines = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
    return "; ".join(line.strip().rstrip(".") for line in lines) or f"exit code {done.returncode}"
