"""Packets whose proof is recorded and committed, for the tests of ``gate verify``."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from application import gate, git
from cases import PACKET
from small import WP_ID, committed, made

__all__ = ["PACKET", "WP_ID", "copied", "edit", "errors", "recorded", "rules_of", "word"]


def recorded(repo: Path, *arguments: Any, **options: Any) -> Path:
    """The small application; on ``work`` its change, and its manifest and result in a commit of their own."""
    made(repo, *arguments, **options)
    code, verdict, err = gate(repo, "post-work", WP_ID)
    assert code in {0, 1}, err
    assert verdict["change_set"]["files"]
    committed(repo, {})
    return repo


def copied(repo: Path, to: Path) -> Path:
    """Another repository just like that one."""
    shutil.copytree(repo, to, symlinks=True)
    return to


def word(repo: Path, *arguments: str) -> str | None:
    """What ``gate verify`` says of the packet in one word; the exit code has to be that word's."""
    code, verdict, err = gate(repo, "verify", *(arguments or (WP_ID,)))
    assert err == ""
    state = verdict["state"]
    assert code == {"BROKEN": 1, "STALE": 0, "VERIFIED": 0, None: 3}[state], (state, code, errors(verdict))
    assert isinstance(state, str | None)
    return state


def errors(verdict: Mapping[str, Any]) -> list[str]:
    """Each error as ``rule: message``."""
    return [
        f"{finding['rule']}: {finding['message']}"
        for check in verdict["checks"]
        for finding in check["findings"]
        if finding["severity"] == "error" and finding["waiver"] is None
    ]


def rules_of(repo: Path, *arguments: str) -> set[str]:
    """The rules of the errors that ``gate verify`` finds."""
    return {error.split(":")[0] for error in errors(gate(repo, "verify", *(arguments or (WP_ID,)))[1])}


def edit(repo: Path, pattern: str, new: str, *, path: str = PACKET, commit: bool = True) -> None:
    """Replace every match in a file, at least one, and commit that."""
    file = repo / path
    text, count = re.subn(pattern, new, file.read_text(), flags=re.MULTILINE)
    assert count, pattern
    file.write_text(text)
    if commit:
        git(repo, "commit", "-q", "-a", "-m", "edit")
