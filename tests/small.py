"""A small repository without migrations: a signed packet on main, a branch ``work`` with a change."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from application import commit, git
from cases import FILES, WP_ID, edited

Content = Mapping[str, str | bytes | None]

__all__ = ["WP_ID", "check_of", "committed", "edited", "findings", "made", "put"]


def put(repo: Path, files: Content) -> None:
    """Write files into the work tree; None removes one."""
    for name, content in files.items():
        file = repo / name
        if content is None:
            file.unlink()
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)


def committed(repo: Path, files: Content) -> str:
    """Write files and commit everything."""
    put(repo, files)
    return commit(repo, "change")


def made(repo: Path, base: Content | None = None, change: Content | None = None, *options: str) -> Path:
    """The small application with ``base`` over it on main; on ``work`` the change, of one line by default.

    ``options`` go to ``git init``.
    """
    repo.mkdir(parents=True)
    git(repo, "init", "-q", "--template=", "-b", "main", *options)
    committed(repo, {name: data for name, data in {**FILES, **(base or {})}.items() if data is not None})
    git(repo, "switch", "-q", "-c", "work")
    change = {"src/a.txt": "one\nTWO\nthree\n"} if change is None else change
    if change:
        committed(repo, change)
    return repo


def check_of(verdict: Mapping[str, Any], check: str) -> dict[str, Any]:
    """The one check of that id."""
    (found,) = [c for c in verdict["checks"] if c["id"] == check]
    return dict(found)


def findings(verdict: Mapping[str, Any], check: str) -> list[str]:
    """The rules that a check found, sorted, those that are no errors or waived marked."""
    found = check_of(verdict, check)["findings"]
    marks = [f["waiver"] or ("" if f["severity"] == "error" else f["severity"]) for f in found]
    return sorted(f["rule"] + (f" ({mark})" if mark else "") for f, mark in zip(found, marks, strict=True))
