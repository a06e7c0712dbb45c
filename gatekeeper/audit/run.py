"""Run the configured packs on a tree (contract, section 3, CX-DBP-VAL-010 to 014)."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from gatekeeper.audit.match import found_by
from gatekeeper.audit.rule import packs
from gatekeeper.audit.sources import Sources
from gatekeeper.model.changes import TreeView
from gatekeeper.model.finding import Finding
from gatekeeper.model.settings import Settings


@dataclass(frozen=True, slots=True)
class AuditResult:
    """What an audit came to: ``remarks`` say what did not run; ``applies`` is False where there was nothing to do.

    The findings are sorted; no waiver is applied.
    """

    findings: tuple[Finding, ...] = ()
    remarks: tuple[str, ...] = ()
    applies: bool = True


def audit(
    tree: TreeView,
    settings: Settings,
    *,
    structure: Callable[[], Sequence[Finding]],
    changed: Collection[str] | None = None,
) -> AuditResult:
    """Audit the tree: each source (of ``changed`` only where given), and the whole set where a rule is about that.

    ``structure`` gives the structural lint's findings on all migrations. Nothing is read from the work tree.
    """
    built = packs()
    sources = Sources(tree, settings, changed)
    chosen = [built[name] for name in dict.fromkeys(settings.audit.packs) if name in built]
    remarks = [*_not_built(settings, built)]
    if not chosen or not any(path.endswith((".rs", ".sql")) for path in sources.paths):
        reason = "no pack is configured" if not settings.audit.packs else "no pack that is configured is built"
        if chosen:
            reason = "the tree holds no source in a language of the configured packs, and no migration"
        return AuditResult(remarks=(reason, *remarks), applies=False)
    findings: set[Finding] = set()
    idle: dict[str, str] = {}
    for pack in chosen:
        for rule, matcher in pack.matchers:
            outcome = found_by(rule, matcher, sources, structure)
            findings.update(outcome.findings)
            if outcome.idle:
                idle[rule] = outcome.idle
    remarks += [f"{rule} doesn't apply: {why}" for rule, why in sorted(idle.items())]
    return AuditResult(tuple(sorted(findings, key=Finding.sort_key)), tuple(remarks))


def _not_built(settings: Settings, built: Collection[str]) -> list[str]:
    missing = [name for name in dict.fromkeys(settings.audit.packs) if name not in built]
    remarks = [f"pack {name} isn't built in this version and did not run" for name in missing]
    if settings.audit.rules:
        remarks.append("[audit] rules isn't built in this version; the project's own rules did not run")
    return remarks
