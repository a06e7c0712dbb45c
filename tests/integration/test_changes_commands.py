"""Whole runs over odd trees: what a run writes passes its own check, wherever and however the change is read."""

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from application import comparable, gate
from cases import PACKET, PACKET_TEXT
from gitrepo import GitRepo, run_git
from small import WP_ID, edited, made, put

LINES = "".join(f"line {n}\n" for n in range(30))
NAMES = [
    "a b",
    " edges ",
    'quote"d',
    "'single'",
    "back\\slash",
    "new\nline",
    "tab\tbed",
    "carriage\rreturn",
    "bell\x07",
    "del\x7f",
    "-n",
    "--all",
    ":(glob)*",
    ":!x",
    "*",
    "[ab]",
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned",
    "Readme",
    "readme",
    "\u00e9",
    "e\u0301",
    "\u65e5\u672c/\U0001f600",
    "\u200b\u202e",
    "a: b",
    "<fill>",
    "TODO",
    "- [x] anchors_present",
    "<!-- gate:manifest -->",
    "<!-- /gate:manifest -->",
    "a -> b",
    "#x (new)",
    "x:10-80",
    "#",
    "```",
    "&amp;",
    "..x",
    "x..",
    "d/" * 60 + "deep",
]
if sys.platform == "linux":
    NAMES.append(os.fsdecode(b"latin-\xe9"))

Make = Callable[[Path], None]


def base() -> dict[str, str | bytes]:
    """The odd names, and what lies below ``kind/`` on main."""
    files: dict[str, str | bytes] = {name: f"{n}\n" * 9 for n, name in enumerate(NAMES)}
    files |= {f"kind/{n}": f"{n}\n{LINES}" for n in ("renamed", "edited", "mode", "both", "link", "gone")}
    files |= {"kind/folder/x": "x\n", "kind/empty": "", "kind/bin": b"\0\1", "kind/crlf": b"1\r\n2\r\n"}
    return files | {"kind/utf16": "1\n2\n".encode("utf-16"), "kind/open": "1\n2", "kind/Case": "case\n" * 9}


def change(repo: Path, first: int = 0) -> None:
    """A change of every kind, and of each odd name an edit, a deletion or a rename, which of them by ``first``."""
    for n, name in enumerate(NAMES, start=first):
        file = repo / name
        if n % 3 == 0:
            file.unlink()
        elif n % 3 == 1:
            file.write_bytes(file.read_bytes() + b"more\n")
        else:
            file.rename(file.with_name(f"{file.name} 2"))
    kind = repo / "kind"
    (kind / "renamed").rename(kind / "moved `x`")
    (kind / "edited").rename(kind / "moved\tand edited")
    put(kind, {"moved\tand edited": f"edited\n{LINES}one more\n", "both": f"both\n{LINES}+\n", "link": None})
    (kind / "mode").chmod(0o755)
    (kind / "both").chmod(0o755)
    (kind / "link").symlink_to("../../out of the repository")
    put(kind, {"gone": None, "folder/x": None, "empty": b"\0", "bin": "text now\n", "open": "1\n2\n"})
    (kind / "folder").rmdir()
    put(kind, {"folder": "a file\n", "crlf": b"1\n2\r\n3\r\n", "utf16": "1\n3\n".encode("utf-16"), "new": ""})
    (kind / "Case").rename(kind / "case")


def sha1(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def nothing(_: Path) -> None:
    """No setting at all."""


def settings(*pairs: str, attributes: str = "") -> Make:
    def make(repo: Path) -> None:
        for pair in pairs:
            GitRepo(repo).git("config", *pair.split("=", 1))
        (repo / ".git" / "info").mkdir(exist_ok=True)
        (repo / ".git" / "info" / "attributes").write_text(attributes)

    return make


SETTINGS = {
    "plain": nothing,
    "quoting": settings("core.quotePath=false", "i18n.logOutputEncoding=latin1"),
    "display": settings(
        *("color.ui=always", "diff.noprefix=true", "diff.algorithm=patience", "diff.renames=false"),
        *("diff.external=false", "merge.renames=false", "diff.renameLimit=1", "log.showSignature=true"),
    ),
    "drivers": settings(
        *("diff.d.textconv=echo fooled", "diff.d.command=echo fooled", "diff.d.binary=true"),
        attributes="kind/* diff=d -text -diff\n* binary\n",
    ),
    "index": settings("core.splitIndex=true", "core.untrackedCache=true", "index.version=4"),
    "names": settings("core.precomposeUnicode=true", "core.protectNTFS=true", "core.protectHFS=true"),
}


def planned(path: Path, *options: str) -> Path:
    """The small application with the odd files on main, all of them in the packet's scope."""
    packet = edited(PACKET_TEXT, "  - src/a.txt\n- OUT", "  - **\n- OUT")
    return made(path, {PACKET: packet, **base()}, {}, *options)


def passes(repo: Path, *arguments: str) -> str:
    """What is comparable of a run that must pass with the whole change in its manifest."""
    code, verdict, err = gate(repo, "post-work", WP_ID, *arguments)
    assert code == 0, (arguments, verdict, err)
    assert verdict["change_set"]["files"] > len(NAMES)
    return comparable(verdict)


@pytest.mark.parametrize("setting", SETTINGS)
def test_what_a_run_writes_passes_wherever_the_change_is_read(tmp_path: Path, setting: str) -> None:
    repo = planned(tmp_path / "r")
    SETTINGS[setting](repo)
    change(repo, list(SETTINGS).index(setting))
    written = passes(repo, "--worktree")
    packet = (repo / PACKET).read_bytes()
    assert packet.isascii()
    GitRepo(repo).stage()
    seen = {"staged": passes(repo, "--staged"), "staged, checked": passes(repo, "--check")}
    assert (repo / PACKET).read_bytes() == packet
    commit = GitRepo(repo).commit()
    seen["committed"] = passes(repo, "--check")
    seen["by range from a subdirectory"] = passes(repo / "src", "--check", "--range", "main..work")
    GitRepo(repo).git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"), commit)
    seen["in a linked work tree"] = passes(tmp_path / "linked", "--check")
    run_git(tmp_path, "clone", "-q", "--bare", str(repo), "bare")
    seen["in a bare repository"] = passes(tmp_path / "bare", "--check", "--range", "main..work")
    assert seen == dict.fromkeys(seen, written)
    assert not (repo / "pwned").exists()


def test_the_sha256_format_records_the_same_manifest(tmp_path: Path) -> None:
    texts = []
    for name in ("sha1", "sha256"):
        repo = planned(tmp_path / name, f"--object-format={name}")
        change(repo)
        GitRepo(repo).stage()
        passes(repo)
        packet = (repo / PACKET).read_text()
        texts.append(packet[packet.index("- **Target File") : packet.index("<!-- /gate:manifest")])
        GitRepo(repo).commit()
        passes(repo, "--check")
    assert texts[0] == texts[1]


@pytest.mark.parametrize("length", [4000, 4096])
def test_a_path_of_thousands_of_bytes(tmp_path: Path, length: int) -> None:
    repo = planned(tmp_path / "r")
    git = GitRepo(repo)
    long = "/".join(["\u00e9" * 100] * 40)
    long = long.encode()[: length - 10].decode(errors="ignore").rstrip("/") + "/"
    long += "x" * (length - len(long.encode()))
    oid = git.git("hash-object", "-w", "--stdin", stdin=b"1\n2\n")
    git.git("update-index", "-z", "--index-info", stdin=f"100644 {oid}\t{long}\0".encode())
    # No work tree holds so long a name everywhere, so only index and commits are read.
    code, verdict, _ = gate(repo, "post-work", WP_ID)
    assert (code, [row["target_file"] for row in verdict["manifest"]]) == (0, [long])
    git.git("add", PACKET)
    git.git("commit", "-qm", "long")
    code, verdict, _ = gate(repo, "post-work", WP_ID, "--check")
    assert (code, [row["target_file"] for row in verdict["manifest"]]) == (0, [long])


def test_line_ends_and_filters_give_what_git_stores(tmp_path: Path) -> None:
    repo = planned(tmp_path / "r")
    git = GitRepo(repo)
    for pair in ("core.autocrlf=true", "filter.up.clean=tr a-z A-Z", "filter.up.required=true"):
        git.git("config", *pair.split("=", 1))
    attributes = "*.up filter=up\n*.u16 text working-tree-encoding=UTF-16LE\n*.crlf text eol=crlf\n*.id ident\n"
    (repo / ".git" / "info").mkdir(exist_ok=True)
    (repo / ".git" / "info" / "attributes").write_text(attributes)
    put(repo, {"a.up": "lower\n", "a.u16": "w\u00f6rd\n".encode("utf-16-le"), "a.id": "$Id: old $\n"})
    put(repo, {"a.crlf": b"1\r\n2\r\n", "auto": b"1\r\n2\r\n"})
    code, verdict, _ = gate(repo, "post-work", WP_ID, "--worktree")
    assert code == 0
    computed = {row["target_file"]: row for row in verdict["manifest"]}
    git.stage()
    assert gate(repo, "post-work", WP_ID, "--check")[:1] == (0,)
    for path, row in computed.items():
        stored = run_git(repo, "cat-file", "blob", f":{path}")
        assert (row["post_sha1"], row["line_delta"]) == (sha1(stored), stored.count(b"\n"))
    assert run_git(repo, "cat-file", "blob", ":a.up") == b"LOWER\n"
