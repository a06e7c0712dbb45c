"""Audits of plain files: the examples of rules, and trees that a test makes up."""

import difflib
from collections.abc import Collection, Mapping
from typing import Any

from cases import Files, settings

from gatekeeper.audit.load import with_examples
from gatekeeper.audit.rule import AuditRule, Example
from gatekeeper.audit.sources import EVERYTHING, Selection, Sources
from gatekeeper.audit.which import Which
from gatekeeper.gates.audit import outcome_of, run_audit
from gatekeeper.gates.case import Outcome
from gatekeeper.model.changes import REGULAR, ChangeKind, ChangeSet, FileChange, Hunk, Side

Content = Mapping[str, str | bytes | None]

SHIPPED = with_examples()
"""Every shipped rule with its examples."""

__all__ = ["SHIPPED", "audited", "changes_of", "places", "tried"]


def audited(
    files: Content,
    changed: Collection[str] | None = None,
    *,
    which: Which = Which.DAL,
    own: tuple[AuditRule, ...] = (),
    tests: bool = False,
    **tables: Any,
) -> Outcome:
    """The audit of a tree of files, of ``changed`` only where given; the settings' tables are those given."""
    selection = EVERYTHING if changed is None else Selection(dict.fromkeys(changed))
    sources = Sources(Files(files), settings(**tables), selection)
    return outcome_of(run_audit(sources, which=which, own=own, tests=tests))


def tried(rule: AuditRule, pack: str, example: Example) -> Outcome:
    """An example judged by its rule alone, the pack configured and every file a source."""
    audit = {"packs": [pack], "sources": ["**"], **example.settings.get("audit", {})}
    chosen = settings(**{**example.settings, "audit": audit})
    files: dict[str, str | bytes] = {**example.files, **{p: b"x" * size for p, size in example.sizes.items()}}
    base = None if example.base is None else Files(example.base)
    change = None if example.base is None else changes_of(example.base, files)
    selection = EVERYTHING if change is None else Selection.of(change, lines=False)
    sources = Sources(Files(files), chosen, selection, base=base, change=change)
    own = () if rule in SHIPPED else (rule,)
    found = run_audit(sources, own=own).findings
    return Outcome(tuple(finding for finding in found if finding.rule == rule.id))


def places(outcome: Outcome) -> list[str]:
    """Where the findings stand that aren't of what wasn't audited: ``path:line``, or ``path``; each once."""
    found = [finding for finding in outcome.findings if finding.severity != "note" or finding.hint]
    return sorted({f"{f.path}:{f.line}" if f.line else str(f.path) for f in found})


def changes_of(before: Mapping[str, str], after: Mapping[str, str | bytes]) -> ChangeSet:
    """What differs between two trees of files, with hunks."""
    changes = [
        _change(path, before.get(path), after.get(path))
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    ]
    return ChangeSet("range", "", None, None, "", "", tuple(changes))


def _change(path: str, old: str | None, new: str | bytes | None) -> FileChange:
    side = Side(REGULAR, "1" * 40)
    kind = ChangeKind.ADDED if old is None else ChangeKind.DELETED if new is None else ChangeKind.MODIFIED
    one = (old or "").splitlines()
    other = new.splitlines() if isinstance(new, str) else []
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    hunks = tuple(Hunk(a + 1, b - a, c + 1, d - c) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal")
    return FileChange(path, kind, None if old is None else side, None if new is None else side, None, hunks)
