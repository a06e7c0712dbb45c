"""A small change that is ready for review: worked, proven, its evidence recorded, all of it committed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from application import gate, run
from cases import PACKET, PACKET_TEXT, WP_ID, edited
from small import committed, made

PLAN = "```bash\ntest -s src/a.txt # shows: 1\ngate post-work WP-1-Small\n```"
REVIEWABLE = edited(PACKET_TEXT, f"- gate post-work {WP_ID}", PLAN) + "\n## VALIDATION_REPORTS\n(Newest last.)\n"
VALIDATOR = "Validator <validator@example.invalid>"
PASS = ("--pass", "--reason", "It does what the packet says.")


def reviewable(repo: Path, base: Mapping[str, str | bytes | None] | None = None) -> Path:
    """The small application on ``work``, with everything in it that a PASS asks for."""
    made(repo, {PACKET: REVIEWABLE, **(base or {})})
    code, verdict, err = gate(repo, "post-work", WP_ID)
    assert code == 0, (verdict, err)
    committed(repo, {})
    code, out, err = run(repo, "evidence", WP_ID, "--yes")
    assert code == 0, (out, err)
    committed(repo, {})
    return repo


def review(repo: Path, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """``gate review`` by a validator: exit code, verdict, stderr."""
    return gate(repo, "review", WP_ID, "--actor", VALIDATOR, *arguments)


def events(repo: Path, kind: str) -> list[dict[str, Any]]:
    """The payloads of the ledger's events of that kind."""
    lines = [json.loads(line) for line in run(repo, "ledger", "export")[1].splitlines()]
    return [json.loads(line["payload"]) for line in lines if line["kind"] == kind]
