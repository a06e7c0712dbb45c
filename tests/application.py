"""A small application repository for tests: the demo's, driven with plain git, and the gate as a user calls it."""

import contextlib
import io
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gatekeeper import resources
from gatekeeper.cli.main import main

WP_ID = "WP-1-Migration-Framework"
PACKET = f"packets/{WP_ID}.md"
REFINEMENT = f"packets/refinements/{WP_ID}.md"

# What the contract names as free to differ between two verdicts on the same objects (section 3).
_FREE = {"started_at", "duration_ms", "cached"}


def layer(name: str) -> dict[str, bytes]:
    """A layer of the demo application: path to bytes."""
    folder = resources.templates() / "demo" / name
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def git(repo: Path, *arguments: str, data: bytes | None = None) -> str:
    """Plain git, with none of this machine's configuration."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "maintainers",
        "GIT_AUTHOR_EMAIL": "maintainers@example.invalid",
        "GIT_COMMITTER_NAME": "maintainers",
        "GIT_COMMITTER_EMAIL": "maintainers@example.invalid",
    }
    done = subprocess.run(
        ["git", *arguments], cwd=repo, env=environment, input=data, capture_output=True, check=False
    )
    assert done.returncode == 0, f"git {arguments}: {done.stderr.decode()}"
    return done.stdout.decode()


def write(repo: Path, files: Mapping[str, bytes | str]) -> None:
    """Write files into the work tree."""
    for name, content in files.items():
        file = repo / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)


def commit(repo: Path, message: str, files: Mapping[str, bytes | str] | None = None) -> str:
    """Write files, stage everything, commit; the commit's id."""
    write(repo, files or {})
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "--allow-empty", "-m", message)
    return git(repo, "rev-parse", "HEAD").strip()


def planned(repo: Path) -> Path:
    """The application with its signed and approved packet on main, and a branch for the work checked out."""
    repo.mkdir(parents=True)
    git(repo, "init", "-q", "-b", "main")
    commit(repo, "Application, packet and refinement", layer("base"))
    git(repo, "switch", "-q", "-c", "work")
    return repo


def change() -> dict[str, bytes]:
    """The whole change of 25 files: 9 ups modified, 9 downs added, 6 sources and a script modified."""
    return {**layer("change/1"), **layer("change/2")}


def worked(repo: Path) -> Path:
    """``planned`` with the whole change and the manifest that the gate wrote in one commit."""
    planned(repo)
    write(repo, change())
    git(repo, "add", "-A")
    code, verdict, _ = gate(repo, "post-work", WP_ID)
    assert code == 0, verdict
    commit(repo, "Migrations replay-safe and reversible")
    return repo


def run(repo: Path, *arguments: str) -> tuple[int, str, str]:
    """Call the command line in this process: exit code, stdout, stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["--repo", str(repo), *arguments])
    return code, out.getvalue(), err.getvalue()


def gate(repo: Path, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Call the command line for JSON: exit code, the verdict (empty where none was printed), stderr."""
    code, out, err = run(repo, *arguments, "--format", "json")
    return code, json.loads(out) if out else {}, err


def rules(verdict: Mapping[str, Any], severity: str = "error") -> set[str]:
    """The rules of a verdict's findings of that severity."""
    return {f["rule"] for check in verdict["checks"] for f in check["findings"] if f["severity"] == severity}


def comparable(verdict: Mapping[str, Any]) -> str:
    """The verdict without what the contract lets differ, as text to compare byte by byte."""

    def kept(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: kept(v) for k, v in value.items() if k not in _FREE}
        return [kept(item) for item in value] if isinstance(value, list) else value

    body = kept(dict(verdict))
    body["change_set"] = {name: body["change_set"][name] for name in ("digest", "files")}
    return json.dumps(body, indent=1)
