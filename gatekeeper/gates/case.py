"""What a gate judges, gathered as values, and what a check answers."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING

from gatekeeper.model.changes import ChangeSet, FileChange, TreeView
from gatekeeper.model.finding import Finding, Status
from gatekeeper.model.settings import Settings
from gatekeeper.model.value import Value

if TYPE_CHECKING:  # an audit without a packet needs none of these
    from gatekeeper.audit.sources import Sources
    from gatekeeper.manifest.explain import Known
    from gatekeeper.model.history import Step
    from gatekeeper.model.manifest import Explanation, Gate, ManifestEntry
    from gatekeeper.model.packet import Packet, Refinement
    from gatekeeper.model.proof import LintResult, ProofResult


class Selection(Value):
    """The changed files of a change set by what they need (contract, section 1, SCOPE).

    ``own`` are this packet, its refinement and its evidence; ``packet_files`` the other files of the packets and
    refinements folders; ``exempt`` match the configured globs; ``governed`` need scope and a manifest entry.
    """

    own: tuple[FileChange, ...] = ()
    packet_files: tuple[FileChange, ...] = ()
    exempt: tuple[FileChange, ...] = ()
    governed: tuple[FileChange, ...] = ()


class MainTip(Value):
    """The main branch as found: its name, its tip's tree, and whether it contains the judged head commit."""

    name: str
    tree: TreeView
    contains_head: bool


class Case(Value):
    """One packet and one change, ready to be judged.

    ``packet`` and ``refinement`` are None where there is none to read; their problems then say why. A refinement
    that the settings don't ask for counts as none.
    ``head`` is the judged tree; ``base`` None where there is no change set (pre-work). ``committed`` is HEAD's
    tree, None before the first commit. ``writing`` is true where the run will write the manifest that it computes.
    ``steps`` are the commits from base to head and the uncommitted state, None where a shallow clone lacks some.
    ``today`` judges waivers' expiry. ``prove`` runs the migration proof on the judged tree when called,
    ``lint`` the lint of its migrations' text, ``known_versions`` looks for other versions of changed files.
    ``notes`` False leaves out what can only be noted.
    """

    gate: str
    wp_id: str
    packet_path: str
    packet: "Packet | None"
    packet_problems: tuple[Finding, ...]
    refinement_path: str
    refinement: "Refinement | None"
    settings: Settings
    head: TreeView
    base: TreeView | None
    committed: TreeView | None
    today: dt.date
    packet_ids: Mapping[str, Sequence[str]] = field(default_factory=dict)
    change_set: ChangeSet | None = None
    selection: Selection = Selection()
    entries: "tuple[ManifestEntry, ...]" = ()
    main: MainTip | None = None
    writing: bool = False
    read_blob: Callable[[str], Iterable[bytes]] | None = None
    refinement_problems: tuple[Finding, ...] = ()
    prove: "Callable[[], ProofResult] | None" = None
    lint: "Callable[[], LintResult] | None" = None
    steps: "tuple[Step, ...] | None" = ()
    known_versions: "Known" = lambda _: ()
    notes: bool = True

    @cached_property
    def sources(self) -> "Sources | None":
        """What of the change audits read, each file once for all checks; None without a change set."""
        # Loaded here, for a gate that audits nothing needs none of it.
        from gatekeeper.audit.sources import Selection as Judged  # noqa: PLC0415
        from gatekeeper.audit.sources import Sources  # noqa: PLC0415

        if self.change_set is None:
            return None
        judged = Judged.of(self.change_set, lines=False)
        return Sources(self.head, self.settings, judged, base=self.base, change=self.change_set)


class Outcome(Value):
    """A check's answer. ``status`` None means: FAIL if any unwaived finding is an error, else PASS.

    ``gates`` holds what this check knows of the manifest's gates, by path; ``explanations`` what holds in this
    place alone, and so is no finding.
    """

    findings: tuple[Finding, ...] = ()
    status: Status | None = None
    reason: str | None = None
    gates: "Mapping[str, Mapping[Gate, bool]]" = field(default_factory=dict)
    proof: "ProofResult | None" = None
    explanations: "tuple[Explanation, ...]" = ()


def not_applicable(reason: str) -> Outcome:
    """The answer of a check that has nothing to judge here."""
    return Outcome(status=Status.NOT_APPLICABLE, reason=reason)


def not_run(reason: str) -> Outcome:
    """The answer of a check that should have run and could not."""
    return Outcome(status=Status.NOT_RUN, reason=reason)
