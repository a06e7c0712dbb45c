"""Random trees and edits: every field of every entry held against plain git commands and ``hashlib``."""

import hashlib
import os
import re
import tempfile
from pathlib import Path

from gitrepo import GitRepo, run_git
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatekeeper.changes.diff import change_set
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Selector, resolve
from gatekeeper.manifest.compute import compute
from gatekeeper.model.manifest import ManifestEntry
from gatekeeper.model.names import decode

DIFF = ("diff", "--raw", "--no-abbrev", "-z", "-M50%", "--no-ext-diff", "--no-textconv")
PATCH = ("diff", "-U0", "-M50%", "--text", "--diff-algorithm=myers", "--indent-heuristic")

LINES = st.sampled_from(
    [b"a", b"b", b"", b"}", b"    return x", b"@@ -1 +1 @@", b"\r", b"diff --git a b", b"--- a"]
)
TEXTS = st.builds(
    lambda lines, end: b"\n".join(lines) + end,
    st.lists(LINES, max_size=30),
    st.sampled_from([b"\n", b""]),
)
CONTENTS = st.one_of(TEXTS, TEXTS, TEXTS, st.binary(max_size=40))
NAMES = st.sampled_from(["a", "b c", "d/e", "d/f", "\u00e9", "-x", 'q"', "n\nl", "D", "*", "g/h/i"])
FILES = st.tuples(st.sampled_from(["file", "file", "file", "executable", "link"]), CONTENTS)
TREES = st.dictionaries(NAMES, FILES, max_size=6)


def fill(repo: GitRepo, tree: dict[str, tuple[str, bytes]]) -> None:
    """Make the work tree hold exactly this."""
    for path in sorted(repo.path.rglob("*"), reverse=True):
        if ".git" not in path.relative_to(repo.path).parts:
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    for name, (kind, content) in tree.items():
        file = repo.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        target = content.replace(b"\0", b"").replace(b"\n", b"_")
        if kind == "link" and target:
            file.symlink_to(os.fsdecode(target))
        else:
            file.write_bytes(content)
            file.chmod(0o755 if kind == "executable" else 0o644)


def blob(repo: GitRepo, oid: str) -> bytes:
    return b"" if set(oid) == {"0"} else run_git(repo.path, "cat-file", "blob", oid)


def sha1(repo: GitRepo, oid: str) -> str:
    none = set(oid) == {"0"}
    return "0" * 40 if none else hashlib.sha1(blob(repo, oid), usedforsecurity=False).hexdigest()


def lines_of(repo: GitRepo, range_: tuple[str, str], paths: list[str]) -> tuple[int, int, int]:
    """Smallest line, largest line and delta, counted line by line in git's patch of these paths."""
    patch = run_git(repo.path, "--literal-pathspecs", *PATCH, *range_, "--", *paths)
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
    found: dict[str, tuple[object, ...]] = {}
    for facts in words:
        old_mode, new_mode, old, new, status = facts[1:].decode().split(" ")
        names = [decode(next(words)) for _ in range(2 if status[0] == "R" else 1)]
        binary = b"\0" in blob(repo, old) + blob(repo, new)
        both = "000000" not in (old_mode, new_mode)
        kind = {"A": "added", "D": "deleted", "R": "renamed", "T": "type"}.get(status[0], "modified")
        found[names[-1]] = (
            "mode" if kind == "modified" and old == new else kind,
            names[0] if len(names) == 2 else None,
            *((1, 1, 0) if binary else lines_of(repo, range_, names)),
            sha1(repo, old),
            sha1(repo, new),
            None if set(new) == {"0"} else hashlib.sha256(blob(repo, new)).hexdigest(),
            "binary" if binary else None,
            f"{old_mode} -> {new_mode}" if both and old_mode != new_mode else None,
            max(len(lines(side)) for side in (blob(repo, old), blob(repo, new))),
        )
    return found


def lines(content: bytes) -> list[bytes]:
    return content.removesuffix(b"\n").split(b"\n") if content else []


def computed(entries: tuple[ManifestEntry, ...]) -> dict[str, tuple[object, ...]]:
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
        for e in entries
    }


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=TREES, after=TREES, keep=st.sets(NAMES))
def test_every_field_of_every_entry_is_what_git_and_hashlib_say(
    before: dict[str, tuple[str, bytes]], after: dict[str, tuple[str, bytes]], keep: set[str]
) -> None:
    after = {**after, **{name: before[name] for name in keep & before.keys()}}
    with tempfile.TemporaryDirectory() as folder:
        repo = GitRepo.init(Path(folder) / "r")
        fill(repo, before)
        repo.commit()
        fill(repo, after)
        seen = {}
        for kind in ("worktree", "staged", "rev"):
            if kind == "staged":
                repo.stage()
            elif kind == "rev":
                repo.commit()
            selector = Selector.of(
                kind == "staged", kind == "worktree", "HEAD" if kind == "rev" else None, None, None
            )
            with Repository.open(repo.path) as repository:
                ends = resolve(
                    repository,
                    selector,
                    main="main",
                    recorded_base=lambda _: None,
                    others_changed=lambda *_: False,
                )
                changes = change_set(repository, ends)
            seen[kind] = computed(compute(changes, changes.changes, migration=[], storage=[]))
        assert seen["worktree"] == seen["staged"] == seen["rev"]
        assert seen["rev"] == expected(repo, ("HEAD~1", "HEAD"))
