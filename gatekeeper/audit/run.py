"""Run the configured packs on a tree (contract, section 3, CX-DBP-VAL-010 to 014 and hygiene)."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from gatekeeper.audit.crew import examine_all
from gatekeeper.audit.examine import Examiner, Hit
from gatekeeper.audit.found import Found
from gatekeeper.audit.readiness import unready
from gatekeeper.audit.rule import (
    AuditRule,
    Bound,
    CheckMatcher,
    CodeMatcher,
    EnginesMatcher,
    MigrationsMatcher,
    SqlMatcher,
    TextMatcher,
    packs,
)
from gatekeeper.audit.rust_modules import RustModules
from gatekeeper.audit.scan import Readers, Scan
from gatekeeper.audit.shipped import shipped
from gatekeeper.audit.sources import Sources
from gatekeeper.audit.which import Which
from gatekeeper.model.errors import ConfigError
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.names import for_output
from gatekeeper.model.value import Value

Structure = Callable[[], Sequence[Finding]]
"""The structural lint's findings on all migrations."""


class AuditResult(Value):
    """What an audit came to: ``remarks`` say what did not run; ``applies`` is False where there was nothing to do.

    The findings are sorted; no waiver is applied. ``rules`` are the ids of the rules that ran.
    """

    findings: tuple[Finding, ...] = ()
    remarks: tuple[str, ...] = ()
    applies: bool = True
    rules: frozenset[str] = frozenset()


def audit(
    sources: Sources,
    *,
    structure: Structure,
    which: Which = Which.ALL,
    own: Sequence[AuditRule] = (),
    tests: bool = False,
    notes: bool = True,
) -> AuditResult:
    """Audit what is selected of the sources, and the whole set where a rule is about that.

    ``own`` are the project's rules, which run whatever packs are configured. With ``tests`` test code counts as
    any other. Raises ConfigError for a pack that there isn't.
    """
    names, both = sources.settings.audit.packs, len(set(sources.settings.migrations.engines)) > 1
    made = _Matchers(names, own, which, notes=notes, both=both) if own else _of_packs(names, which, notes, both)
    run = _Run(sources, made, structure, tests=tests or sources.settings.audit.tests)
    if not made.chosen:
        reason = (
            "no pack is configured" if not sources.settings.audit.packs else "no pack of this audit is configured"
        )
        return AuditResult(remarks=(reason,), applies=False)
    findings = sorted(set(run.findings()), key=Finding.sort_key)
    if not findings and not run.applied:
        reason = "the tree holds no source in a language of the configured packs, and no migration"
        return AuditResult(remarks=(reason,), applies=False)
    remarks = tuple(f"{rule} doesn't apply: {why}" for rule, why in sorted(run.idle.items()))
    return AuditResult(tuple(findings), remarks, rules=frozenset(bound.rule.id for bound in made.chosen))


class _Matchers:
    """What an audit looks for: of all ``chosen`` matchers, ``active`` ones look at single files, others not."""

    def __init__(
        self, names: Sequence[str], own: Sequence[AuditRule], which: Which, *, notes: bool, both: bool
    ) -> None:
        taken = (bound for bound in _chosen(names, own) if which.takes(bound.rule.id))
        self.chosen = [bound for bound in taken if notes or bound.severity is not Severity.NOTE]
        self.both = both
        self.active = [bound for bound in self.chosen if both or not isinstance(bound.matcher, SqlMatcher)]
        self.whole = [bound for bound in self.chosen if self._is_whole(bound.matcher)]
        self.readers = Readers(self.active)

    def _is_whole(self, matcher: object) -> bool:
        """Whether it is about the whole set or a change, or says why it has nothing to judge."""
        of_more = isinstance(matcher, MigrationsMatcher | EnginesMatcher | CheckMatcher)
        return of_more or (isinstance(matcher, SqlMatcher) and not self.both)


@lru_cache(maxsize=16)
def _of_packs(names: tuple[str, ...], which: Which, notes: bool, both: bool) -> _Matchers:
    """The matchers of shipped packs alone, which a run asks for once for every packet."""
    return _Matchers(names, (), which, notes=notes, both=both)


def _chosen(packs_named: Sequence[str], own: Sequence[AuditRule]) -> list[Bound]:
    """The matchers of the configured packs, then those of the project's own that no configured pack holds."""
    built = packs((*shipped(), *own))
    names = dict.fromkeys(packs_named)
    for name in names:
        if name not in built:
            import difflib  # noqa: PLC0415 - for a mistake alone

            near = difflib.get_close_matches(name, built, n=1, cutoff=0.0)[0]
            raise ConfigError(
                f"[audit] packs names {name!r}, which there isn't; the nearest is {near!r}.",
                hint=f"packs = {sorted(built)}",
            )
    own_packs = dict.fromkeys(matcher.pack for rule in own for matcher in rule.matcher)
    chosen = [bound for name in names for bound in built[name]]
    rest = [bound for name in own_packs if name not in names for bound in built[name] if bound.rule in own]
    return [*chosen, *rest]


class _Run:
    """One audit; ``idle`` says why a rule has nothing to judge."""

    def __init__(self, sources: Sources, made: _Matchers, structure: Structure, *, tests: bool) -> None:
        self._sources = sources
        self._matchers = made.chosen
        self._of_more = made.whole
        self._structure = structure
        self._tests = tests
        self._modules = RustModules(sources)
        self._both = made.both
        self._active = made.active
        self._scan = Scan(sources, made.readers)
        self._applied = False
        self.idle: dict[str, str] = {}

    @property
    def applied(self) -> bool:
        """Whether anything had something to judge; it looks at every path."""
        return self._applied or self._scan.looked or Scan(self._sources, Readers(self._matchers)).looked

    def findings(self) -> Iterator[Finding]:
        """Everything that is found, in no particular order."""
        active, scan = self._active, self._scan
        noted: dict[tuple[str, int | None], Finding] = {}
        examiner = Examiner(active, tests=self._tests, kept=self._sources.parsed)
        hits = examine_all(examiner, scan.jobs(), read=len(scan.paths))
        for hit in (*hits, *scan.notes):
            bound = active[hit.at]
            if hit.note:
                known = noted.get((hit.path, hit.line))
                note = _finding(bound, hit, Severity.NOTE)
                noted[hit.path, hit.line] = min((note, known or note), key=Finding.sort_key)
            elif self._sources.selection.holds(hit.path, hit.line) and self._counts(bound, hit):
                yield _finding(bound, hit)
        yield from noted.values()
        # Checks come after: what they want to know of a file has been noticed when it was read.
        for bound in self._of_more:
            yield from self._whole(bound)

    def _counts(self, bound: Bound, hit: Hit) -> bool:
        """Whether the hit's code is of the kind that the matcher is about, test code or production."""
        test = hit.test or self._modules.is_test(hit.path)
        matcher = bound.matcher
        wanted = matcher.code if isinstance(matcher, CodeMatcher | TextMatcher) else "production"
        if wanted == "test":
            return test
        return wanted == "all" or self._tests or not test

    def _whole(self, bound: Bound) -> Iterator[Finding]:
        """What a matcher finds that is about the whole set or a change."""
        matcher = bound.matcher
        if isinstance(matcher, MigrationsMatcher):
            found = self._structure()
            self._applied = self._applied or bool(found)
            for finding in found:
                if finding.rule in matcher.rules:
                    yield finding.model_copy(update={"rule": bound.rule.id})
        elif isinstance(matcher, EnginesMatcher):
            unmet = unready(matcher, self._sources, self._modules) if self._both else None
            if unmet is None:
                why = "no storage code uses a database" if self._both else "only one engine is configured"
                self.idle.setdefault(bound.rule.id, why)
            else:
                self._applied = True
                yield from (_finding(bound, found) for found in unmet)
        elif isinstance(matcher, CheckMatcher):
            yield from self._checked(bound, matcher.check)
        elif isinstance(matcher, SqlMatcher) and not self._both:
            self.idle[bound.rule.id] = "only one engine is configured"

    def _checked(self, bound: Bound, name: str) -> Iterator[Finding]:
        from gatekeeper.audit.checks import CHECKS  # noqa: PLC0415 - some of the checks bring libraries along

        matcher = bound.matcher
        for found in CHECKS[name](self._sources):
            yield _finding(bound, found, matcher.severity)


def _finding(bound: Bound, hit: Hit | Found, severity: Severity | None = None) -> Finding:
    path = for_output(hit.path)
    place = f"{path}:{hit.line}" if hit.line is not None else path
    noted = severity is Severity.NOTE
    return Finding(
        rule=bound.rule.id,
        severity=severity or bound.severity,
        message=f"{place} {hit.says}.",
        path=path,
        line=hit.line,
        hint=None if noted else hit.mend or bound.rule.mend,
    )
