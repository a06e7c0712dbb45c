"""Work packets on their way from ``gate new``: repositories with two people in two linked work trees."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from application import commit, git, run

WP_ID = "WP-7-Search"
PACKET = f"packets/{WP_ID}.md"
REFINEMENT = f"packets/refinements/{WP_ID}.md"
CODER = "Coder <coder@example.invalid>"
REVIEWER = "Reviewer <reviewer@example.invalid>"
FILES = {
    "gatekeeper.toml": '[spec]\npointer = "docs/SPEC_CURRENT.md"\n[authority]\nstrict = true\n',
    "docs/SPEC_CURRENT.md": "See Spec_v1.md.\n",
    "docs/Spec_v1.md": "# Spec\n\n## Search [CX-SEA-001]\nFinds what is asked for.\n",
    "src/search.txt": "one\n",
}
SEPARATE = FILES["gatekeeper.toml"] + "[ledger]\nseparate-duties = true\n"

_FILLED = {
    "<who asks for the work>": "maintainers",
    "<who does the work>": "coder",
    "<LOW, MEDIUM or HIGH>": "LOW",
    "<what will be different when this is done, in a sentence or two>": "Search finds more.",
    "<one path a line: a file, a folder/, a glob like src/**/*_test.py, or a planned window"
    " like src/main.rs:10-80>": "src/search.txt",
    "<what is true, and can be checked, when this is done>": "It finds.",
    "<the spec's file, the CX ids in it, and file.md:LINE; or remove this line>": "docs/Spec_v1.md CX-SEA-001",
    "<what to read before the first line is written>": "src/search.txt",
    "<types, functions, files and the order of the work; a person approves it with a line SKELETON APPROVED, "
    "committed alone>": "One function.",
    "<PASS or FAIL>": "PASS",
    "<NO where the verdict is PASS, YES where it is FAIL>": "NO",
    "<YES or NO>": "NO",
    "<the section, and its CX id>": "1 [CX-SEA-001]",
    "<first line of the window>": "3",
    "<last line of the window>": "4",
    "<words that stand within the window>": "Finds what is asked for.",
}
_SIGNING = ("<the signature of the refinement>", "<the reviewer's signature", "<the words of the approval>")


def filled(text: str) -> str:
    """A packet or refinement of ``gate new`` with everything filled but what signing fills."""
    for placeholder, value in _FILLED.items():
        text = text.replace(placeholder, value)
    return re.sub(r"<[^<>\n]+>", lambda found: found[0] if found[0].startswith(_SIGNING) else "written", text)


def fill(repo: Path, wp_id: str = WP_ID) -> None:
    """Fill packet and refinement in the work tree."""
    for path in (f"packets/{wp_id}.md", f"packets/refinements/{wp_id}.md"):
        file = repo / path
        file.write_bytes(filled(file.read_bytes().decode()).encode())


@contextmanager
def acting(person: str) -> Iterator[None]:
    """Act as that person, as git's own variables say it."""
    name, _, email = person.removesuffix(">").partition(" <")
    with pytest.MonkeyPatch.context() as patch:
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", name)
            patch.setenv(f"GIT_{role}_EMAIL", email)
        yield


@dataclass(frozen=True, slots=True)
class Call:
    """What a call of the command line came to."""

    code: int
    out: str
    err: str


def as_person(person: str, repo: Path, *arguments: str) -> Call:
    """Call the command line as that person."""
    with acting(person):
        return Call(*run(repo, *arguments))


def commit_as(person: str, repo: Path, message: str) -> str:
    """Commit everything as that person."""
    name, _, email = person.removesuffix(">").partition(" <")
    git(repo, "add", "-A")
    git(repo, "-c", "user.useConfigOnly=false", "commit", "-q", "-m", message, f"--author={name} <{email}>")
    return git(repo, "rev-parse", "HEAD").strip()


def drafted(repo: Path, wp_id: str = WP_ID, files: dict[str, str] | None = None) -> Path:
    """A repository on a branch ``work`` with a packet of ``gate new``, filled and committed by the coder."""
    repo.mkdir(parents=True)
    git(repo, "init", "-q", "--template=", "-b", "main")
    commit(repo, "Begin", {**FILES, **(files or {})})
    git(repo, "switch", "-q", "-c", "work")
    assert run(repo, "new", wp_id)[0] == 0
    fill(repo, wp_id)
    commit_as(CODER, repo, "Plan")
    return repo


def signed(repo: Path, wp_id: str = WP_ID, files: dict[str, str] | None = None) -> Path:
    """``drafted``, signed and committed by the coder."""
    drafted(repo, wp_id, files)
    call = as_person(CODER, repo, "sign", wp_id)
    assert call.code == 0, call.err
    commit_as(CODER, repo, "Sign")
    return repo
