"""Random trees and edits: every field of every entry held against plain git commands and ``hashlib``."""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from changesets import HEAD, STAGED, WORKTREE, entries, read
from gitrepo import GitRepo, run_git
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatekeeper.model.manifest import ManifestEntry
from gatekeeper.model.names import decode

DIFF = ("diff", "--raw", "--no-abbrev", "-z", "-M50%", "--no-ext-diff", "--no-textconv")
PATCH = ("diff", "-U0", "-M50%", "--text", "--diff-algorithm=myers", "--indent-heuristic", "--submodule=short")

LINES = st.sampled_from(
    [b"a", b"b", b"", b"}", b"    return x", b"@@ -1 +1 @@", b"\r", b"diff --git a b", b"--- a"]
)
TEXTS = st.builds(
    lambda lines, end: b"\n".join(lines) + end,
    st.lists(LINES, max_size=30),
    st.sampled_from([b"\n", b""]),
)
CRLF = TEXTS.map(lambda text: text.replace(b"\n", b"\r\n"))
CONTENTS = st.one_of(TEXTS, TEXTS, TEXTS, CRLF, st.binary(max_size=40))
NAMES = st.sampled_from(
    ["a", "b c", "d", "d/e", "d/f", "\u00e9", "e\u0301", "-x", 'q"', "n\nl", "D", "*", "g/h/i"]
)
KINDS = ["file", "file", "file", "executable", "link", "submodule"]
FILES = st.tuples(st.sampled_from(KINDS), CONTENTS)


def possible(tree: dict[str, tuple[str, bytes]]) -> dict[str, tuple[str, bytes]]:
    """The tree without files that have others below them."""
    return {name: file for name, file in tree.items() if not any(other.startswith(f"{name}/") for other in tree)}


TREES = st.dictionaries(NAMES, FILES, max_size=6).map(possible)

# What happens to a file of the tree before: where it goes, and what is put before and behind its content.
MOVES = st.dictionaries(NAMES, st.tuples(NAMES, st.sampled_from([b"", b"", b"new\n"]), st.booleans()), max_size=4)


def fill(repo: GitRepo, tree: dict[str, tuple[str, bytes]]) -> None:
    """Make the work tree hold exactly this; a submodule is a repository of one commit, told by its content."""
    for path in repo.path.iterdir():
        if path.name != ".git":
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for name, (kind, content) in tree.items():
        file = repo.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        target = content.replace(b"\0", b"").replace(b"\n", b"_")
        if kind == "link" and target:
            file.symlink_to(os.fsdecode(target))
        elif kind == "submodule":
            GitRepo.init(file).commit({"x": content})
        else:
            file.write_bytes(content)
            file.chmod(0o755 if kind == "executable" else 0o644)


def moved(
    tree: dict[str, tuple[str, bytes]], moves: dict[str, tuple[str, bytes, bool]]
) -> dict[str, tuple[str, bytes]]:
    """The tree after the moves; a move to its own name is an edit, and a name that is taken is overwritten."""
    after = dict(tree)
    for name in tree.keys() & moves.keys():
        target, added, executable = moves[name]
        kind, content = after.pop(name, tree[name])
        after[target] = ("executable" if executable and kind == "file" else kind, added + content)
    return possible(after)


def blob(repo: GitRepo, mode: str, oid: str) -> bytes:
    return b"" if mode in {"000000", "160000"} else run_git(repo.path, "cat-file", "blob", oid)


def sha1(content: bytes, mode: str, oid: str) -> str:
    if mode == "000000":
        return "0" * 40
    return oid if mode == "160000" else hashlib.sha1(content, usedforsecurity=False).hexdigest()


def lines_of(repo: GitRepo, range_: tuple[str, str], paths: list[str], every: set[str]) -> tuple[int, int, int]:
    """Smallest line, largest line and delta, counted line by line in git's patch of these paths of ``every``."""
    # A path that became a folder would take in what lies below.
    below = {other for other in every for path in paths if other.startswith(f"{path}/")} - set(paths)
    specs = [f":(literal){path}" for path in paths] + [f":(exclude,literal){path}" for path in sorted(below)]
    patch = run_git(repo.path, *PATCH, *range_, "--", *specs)
    touched, delta, old, new = [], 0, 0, 0
    for line in patch.split(b"\n"):
        header = re.match(rb"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@", line)
        if line.startswith(b"diff --git"):
            old = new = -1
        elif header:
            old, new = int(header[1]), int(header[2])
        elif old >= 0 and line.startswith(b"-"):
            touched.append(old)
            old, delta = old + 1, delta - 1
        elif old >= 0 and line.startswith(b"+"):
            touched.append(new)
            new, delta = new + 1, delta + 1
    return (min(touched), max(touched), delta) if touched else (1, 1, 0)


def expected(repo: GitRepo, range_: tuple[str, str]) -> dict[str, tuple[object, ...]]:
    words = iter(run_git(repo.path, *DIFF, *range_).split(b"\0")[:-1])
    records: list[tuple[list[str], list[str]]] = []
    for facts in words:
        fields = facts[1:].decode().split(" ")
        records.append((fields, [decode(next(words)) for _ in range(2 if fields[4][0] == "R" else 1)]))
    every = {name for _, names in records for name in names}
    found: dict[str, tuple[object, ...]] = {}
    for (old_mode, new_mode, old, new, status), names in records:
        sides = blob(repo, old_mode, old), blob(repo, new_mode, new)
        binary = any(b"\0" in side for side in sides)
        submodule = "160000" in (old_mode, new_mode)
        both = "000000" not in (old_mode, new_mode)
        kind = {"A": "added", "D": "deleted", "R": "renamed", "T": "type"}.get(status[0], "modified")
        found[names[-1]] = (
            "mode" if kind == "modified" and old == new else kind,
            names[0] if len(names) == 2 else None,
            *((1, 1, 0) if binary else lines_of(repo, range_, names, every)),
            sha1(sides[0], old_mode, old),
            sha1(sides[1], new_mode, new),
            None if new_mode in {"000000", "160000"} else hashlib.sha256(sides[1]).hexdigest(),
            "submodule" if submodule else "binary" if binary else None,
            f"{old_mode} -> {new_mode}" if both and old_mode != new_mode else None,
            last_line(sides, old_mode, new_mode),
        )
    return found


def last_line(sides: tuple[bytes, bytes], *modes: str) -> int:
    """The number of the last line of the longer side, of one line where there are only submodules."""
    blobs = [side for side, mode in zip(sides, modes, strict=True) if mode not in {"000000", "160000"}]
    return max((len(side.removesuffix(b"\n").split(b"\n")) if side else 0 for side in blobs), default=1)


def computed(found: Iterable[ManifestEntry]) -> dict[str, tuple[object, ...]]:
    return {
        e.path: (
            e.change.change.value,
            e.change.old_path,
            e.start,
            e.end,
            e.line_delta,
            e.pre_sha1,
            e.post_sha1,
            e.post_sha256,
            e.content,
            e.mode,
            e.last_line,
        )
        for e in found
    }


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=TREES, after=TREES, moves=MOVES, keep=st.booleans())
def test_every_field_of_every_entry_is_what_git_and_hashlib_say(
    before: dict[str, tuple[str, bytes]],
    after: dict[str, tuple[str, bytes]],
    moves: dict[str, tuple[str, bytes, bool]],
    keep: bool,
) -> None:
    after = moved(before, moves) if keep else possible({**after, **moved(before, moves)})
    with tempfile.TemporaryDirectory() as folder:
        repo = GitRepo.init(Path(folder) / "r")
        fill(repo, before)
        repo.commit()
        fill(repo, after)
        seen = {"worktree": computed(entries(read(repo.path, WORKTREE)).values())}
        repo.stage()
        seen["staged"] = computed(entries(read(repo.path, STAGED)).values())
        repo.commit()
        seen["rev"] = computed(entries(read(repo.path, HEAD)).values())
        assert seen["worktree"] == seen["staged"] == seen["rev"]
        assert seen["rev"] == expected(repo, ("HEAD~1", "HEAD"))
