"""``gate sign WP-ID``."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from gatekeeper.cli.common import Common, Format
from gatekeeper.cli.declared import Argument, Option
from gatekeeper.model.errors import UsageError

if TYPE_CHECKING:  # as in show.py
    from gatekeeper.runs.signing import SignatureCheck, Signed

NAME = "sign"

Actor = Annotated[
    str | None,
    Option("--actor", help="Who acts (default: GATEKEEPER_ACTOR, else as git names you).", metavar="NAME"),
]


def command(
    common: Common,
    wp_id: Annotated[str, Argument(metavar="WP-ID")],
    actor: Actor = None,
    again: Annotated[
        bool, Option("--again", help="Sign what stands there now, in place of an earlier signature.")
    ] = False,
    ssh_key: Annotated[Path | None, Option("--ssh-key", help="Sign with this SSH key too.", metavar="KEY")] = None,
    allowed_signers: Annotated[
        Path | None,
        Option(
            "--allowed-signers",
            help="Whose keys count (default: git's gpg.ssh.allowedSignersFile).",
            metavar="FILE",
        ),
    ] = None,
    verify: Annotated[bool, Option("--verify", help="Write nothing: does the signature still stand?")] = False,
) -> int:
    """Sign a refinement that passes every check: its one-time token into refinement and packet."""
    common.offers(NAME, Format.TEXT, Format.JSON)
    from gatekeeper.runs.signing import sign, verify_signature

    if verify:
        if again or ssh_key is not None or actor is not None:
            raise UsageError("--verify signs nothing.", hint="leave --again, --ssh-key and --actor out")
        checked = verify_signature(common.root, wp_id, config=common.config, signers=allowed_signers)
        _emit(common, "gatekeeper/signature-check/v1", asdict(checked), _checked(checked))
        return 1 if checked.problems else 0
    signed = sign(
        common.root,
        wp_id,
        config=common.config,
        actor=actor,
        again=again,
        ssh_key=ssh_key,
        signers=allowed_signers,
    )
    common.tell(signed.warnings)
    _emit(common, "gatekeeper/sign/v1", asdict(signed), _lines(signed))
    return 0


def _emit(common: Common, schema: str, body: dict[str, object], lines: list[str]) -> None:
    if common.format is Format.JSON:
        common.emit(json.dumps({"schema": schema, **body}, indent=1) + "\n")
    else:
        common.emit("".join(f"{line}\n" for line in lines))


def _lines(signed: "Signed") -> list[str]:
    by_key = []
    if signed.statement:
        verified = f", verified as {signed.principal}" if signed.principal else ""
        by_key = [f"SSH signature: {signed.statement}.sig over {signed.statement}{verified}"]
    files = [signed.refinement, signed.packet]
    files += [signed.statement, f"{signed.statement}.sig"] if signed.statement else []
    return [
        f"Signed {signed.wp_id} as {signed.actor}",
        f"Token {signed.token} in {signed.refinement} and {signed.packet}",
        *by_key,
        f"Recorded as event {signed.seq} of the ledger",
        "",
        "Next: commit it by itself, then have the skeleton approved",
        f"  git add -- {' '.join(files)} && git commit",
        f"  gate approve {signed.wp_id} --commit",
    ]


def _checked(checked: "SignatureCheck") -> list[str]:
    signer = f" by {checked.signer}" if checked.signer else ""
    principal = [f"SSH signature of {checked.principal}"] if checked.principal else []
    known = [f"Compared with what the {checked.known} holds"] if checked.known else []
    outcome = "The signature doesn't stand" if checked.problems else "The signature stands"
    return [
        f"{checked.wp_id} is signed with {checked.token}{signer}",
        *principal,
        *known,
        *checked.problems,
        outcome,
    ]
