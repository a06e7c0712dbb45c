"""Small histories of a packet in real repositories, in the notation of docs/authority.md."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from application import commit, gate, git
from cases import FILES, PACKET, PACKET_TEXT, REFINEMENT, REFINEMENT_TEXT, WP_ID, edited

APPROVED = "SKELETON APPROVED\n"
_IMPLEMENTATION = "## IMPLEMENTATION\n"
_PLAN = edited(PACKET_TEXT, f"{APPROVED}\n", "")
_PLAN = edited(_PLAN, "- The line is changed.", "- [ ] The line is changed.")
_PLAN = edited(_PLAN, "  - New features", "  - docs/SPEC_v1.md\n  - New features")

Edit = Callable[[Path], None]


def rewritten(path: str, old: str, new: str) -> Edit:
    """Replace the first ``old`` of a file, which must be there; ``{n}`` in ``new`` is a number not used before."""

    def edit(repo: Path) -> None:
        text = (repo / path).read_bytes().decode()
        assert old in text, (path, old)
        number = next(n for n in range(100) if "{n}" not in new or new.format(n=n) not in text)
        (repo / path).write_bytes(text.replace(old, new.format(n=number), 1).encode())

    return edit


def written(path: str, text: str) -> Edit:
    """Write a file."""

    def edit(repo: Path) -> None:
        (repo / path).parent.mkdir(parents=True, exist_ok=True)
        (repo / path).write_bytes(text.encode())

    return edit


def both(*edits: Edit) -> Edit:
    """One edit after the other."""

    def edit(repo: Path) -> None:
        for one in edits:
            one(repo)

    return edit


def with_other_bytes(path: str) -> Edit:
    """The same lines with other ends, and white space behind them."""

    def edit(repo: Path) -> None:
        data = (repo / path).read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b" \t\r\n")
        (repo / path).write_bytes(data)

    return edit


def blocks(repo: Path) -> None:
    """Let the gate write manifest and result for what is staged."""
    git(repo, "add", "-A")
    gate(repo, "post-work", WP_ID, "--write")


WAIVER = "- W-{n} | scope | src/b.txt | reason | maintainers | 2026-01-01 | none\n"
_EDITS: Mapping[str, Edit] = {
    "plan": both(written(PACKET, _PLAN), written(REFINEMENT, REFINEMENT_TEXT)),
    "approve": rewritten(PACKET, _IMPLEMENTATION, f"{APPROVED}\n{_IMPLEMENTATION}"),
    "disapprove": rewritten(PACKET, APPROVED, ""),
    "amended": rewritten(
        PACKET, _IMPLEMENTATION, f"SKELETON APPROVED (amended: reason {{n}})\n\n{_IMPLEMENTATION}"
    ),
    "work": rewritten("src/a.txt", "one\n", "one\nmore {n}\n"),
    "scope": rewritten(PACKET, "- IN_SCOPE_PATHS:\n", "- IN_SCOPE_PATHS:\n  - src/b.txt\n"),
    "unscope": rewritten(PACKET, "  - src/b.txt\n", ""),
    "swap": both(
        rewritten(PACKET, "  - docs/SPEC_v1.md\n", ""),
        rewritten(PACKET, "- OUT_OF_SCOPE:\n", "  - docs/SPEC_v1.md\n- OUT_OF_SCOPE:\n"),
    ),
    "waiver": rewritten(PACKET, "## WAIVERS GRANTED\n", f"## WAIVERS GRANTED\n{WAIVER}"),
    "test-plan": rewritten(PACKET, "### TEST_PLAN\n", "### TEST_PLAN\n- another command {n}\n"),
    "base": rewritten(PACKET, "- RISK_TIER: LOW\n", f"- RISK_TIER: LOW\n- MERGE_BASE_SHA: {'1' * 40}\n"),
    "refinement": rewritten(REFINEMENT, "CLEARLY_COVERS_VERDICT: PASS", "CLEARLY_COVERS_VERDICT: FAIL"),
    "touch": with_other_bytes(REFINEMENT),
    "tick": rewritten(PACKET, "- [ ] The line", "- [x] The line"),
    "notes": both(
        rewritten(PACKET, "**Status:** In Progress", "**Status:** In Progress (note {n})"),
        rewritten(PACKET, "## BOOTSTRAP\n", "## BOOTSTRAP\n- RISK_MAP: note {n}\n"),
        rewritten(PACKET, "- One line.\n", "- One line, note {n}.\n- One line.\n"),
    ),
    "blocks": blocks,
    "crlf": with_other_bytes(PACKET),
    "other": written("docs/other.md", "Nothing of this packet's.\n"),
}


class History:
    """A repository in which a history is built step by step; ``steps`` is the notation of docs/authority.md."""

    def __init__(self, repo: Path, *, strict: bool = True) -> None:
        self.repo = repo
        repo.mkdir(parents=True)
        git(repo, "init", "-q", "--template=", "-b", "main")
        files = {n: d for n, d in FILES.items() if d is not None and not n.startswith("packets/")}
        if strict:
            files["gatekeeper.toml"] = f"{files['gatekeeper.toml']!s}[authority]\nstrict = true\n"
        commit(repo, "The application", files)

    def build(self, steps: str) -> bool:
        """Make the history; a last step that is a plain commit is staged only, and then the answer is true.

        What stands before a bar is on main.
        """
        before, _, after = steps.rpartition("|")
        for step in _split(before):
            self.take(step)
        git(self.repo, "switch", "-q", "-c", "work")
        *earlier, last = _split(after)
        for step in earlier:
            self.take(step)
        if re.fullmatch(r"\(?[a-z+-]+\)?", last) and last.split("+")[0] not in _SPECIAL:
            self.stage(last.strip("()"))
            return True
        self.take(last)
        return False

    def take(self, step: str) -> None:
        """One step, committed."""
        kind, _, words = step.partition(":")
        special = _SPECIAL.get(kind) or _SPECIAL.get(step.split("+", maxsplit=1)[0])
        if special is None:
            self.stage(step)
            self.commit(step)
        else:
            special(self, words or step.partition("+")[2])

    def stage(self, words: str) -> None:
        """Do the words and stage what they changed."""
        for word in filter(None, words.split("+")):
            _EDITS[word](self.repo)
        git(self.repo, "add", "-A")

    def commit(self, message: str) -> None:
        """Commit what is staged."""
        git(self.repo, "commit", "-q", "-m", message or "merge")

    def on_main(self, words: str) -> None:
        """A commit on main."""
        git(self.repo, "switch", "-q", "main")
        self.take(words)
        git(self.repo, "switch", "-q", "work")

    def beside(self, words: str) -> None:
        """A commit on a branch that leaves before the last commit, and its merge."""
        git(self.repo, "switch", "-q", "-c", "side", "HEAD~1")
        self.take(words)
        git(self.repo, "switch", "-q", "work")
        git(self.repo, "merge", "-q", "--no-ff", "-m", "merge side", "side")

    def merge(self, words: str) -> None:
        """Main merged into the branch, with the words done in the merge commit itself."""
        git(self.repo, "merge", "-q", "--no-ff", "--no-commit", "main")
        self.stage(words)
        self.commit("merge main")

    def squash(self, _: str) -> None:
        """The branch as one commit on main."""
        git(self.repo, "switch", "-q", "main")
        git(self.repo, "merge", "-q", "--squash", "work")
        self.commit("squashed")

    def rebase(self, _: str) -> None:
        """The branch moved onto main's tip."""
        git(self.repo, "rebase", "-q", "main")


_SPECIAL: Mapping[str, Callable[[History, str], None]] = {
    "main": History.on_main,
    "side": History.beside,
    "merge": History.merge,
    "squash": History.squash,
    "rebase": History.rebase,
}
WORDS = frozenset(_EDITS) | frozenset(_SPECIAL)


def _split(steps: str) -> list[str]:
    return [step.strip() for step in steps.split(";") if step.strip()]
