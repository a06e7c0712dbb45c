"""What a run works out once, though several packets are judged by it: change sets, proofs, lint."""

from gatekeeper.changes.diff import change_set
from gatekeeper.changes.repository import Repository
from gatekeeper.changes.selector import Endpoints
from gatekeeper.gates.case import Selection
from gatekeeper.gates.select import select
from gatekeeper.manifest.compute import compute
from gatekeeper.model.changes import ChangeSet
from gatekeeper.model.manifest import ManifestEntry
from gatekeeper.model.proof import LintResult, ProofResult
from gatekeeper.model.settings import Settings
from gatekeeper.runs.load import Progress


class Once:
    """One run's change sets by endpoints and its proofs by judged tree and settings, made when first asked for."""

    def __init__(self, repository: Repository, progress: Progress | None) -> None:
        self._repository = repository
        self._progress = progress
        self._changes: dict[Endpoints, ChangeSet] = {}
        self._selected: dict[tuple[Endpoints, tuple[str, ...]], tuple[Selection, tuple[ManifestEntry, ...]]] = {}
        self._proofs: dict[tuple[str, str], ProofResult] = {}
        self._lints: dict[tuple[str, str], LintResult] = {}

    def change_set(self, endpoints: Endpoints) -> ChangeSet:
        """What differs between the endpoints."""
        if endpoints not in self._changes:
            self._changes[endpoints] = change_set(self._repository, endpoints)
        return self._changes[endpoints]

    def selected(
        self, endpoints: Endpoints, own: tuple[str, ...], settings: Settings
    ) -> tuple[Selection, tuple[ManifestEntry, ...]]:
        """What of the change needs what, for the packet with these ``own`` paths, and its manifest entries."""
        key = (endpoints, own)
        if key not in self._selected:
            changed = self.change_set(endpoints)
            self._selected[key] = selected(changed, own, settings)
        return self._selected[key]

    def proof(self, tree: str, settings: Settings) -> ProofResult:
        """The proof of the migrations that the tree of that id holds."""
        key = (tree, repr((settings.migrations, settings.postgres)))
        if key not in self._proofs:
            # Loaded here, as below: most changes touch no migration, and it is a tenth of what a run loads.
            from gatekeeper.migrate.prove import prove  # noqa: PLC0415
            from gatekeeper.migrate.source import migration_files  # noqa: PLC0415

            files = migration_files(self._repository.tree(tree), settings.migrations)
            self._proofs[key] = prove(files, settings.migrations, settings.postgres, progress=self._progress)
        return self._proofs[key]

    def lint(self, tree: str, settings: Settings) -> LintResult:
        """The lint of the text of the migrations that the tree of that id holds."""
        key = (tree, repr(settings.migrations))
        if key not in self._lints:
            from gatekeeper.migrate.discover import discover  # noqa: PLC0415
            from gatekeeper.migrate.linting.run import lint_statements  # noqa: PLC0415
            from gatekeeper.migrate.source import migration_files  # noqa: PLC0415

            files = migration_files(self._repository.tree(tree), settings.migrations)
            self._lints[key] = lint_statements(discover(files, settings.migrations), settings.migrations)
        return self._lints[key]


def selected(
    change_set: ChangeSet, own: tuple[str, ...], settings: Settings
) -> tuple[Selection, tuple[ManifestEntry, ...]]:
    """What of a change needs what, and the entries of its manifest."""
    selection = select(change_set, own, settings.packets)
    kinds = settings.kinds
    return selection, compute(change_set, selection.governed, migration=kinds.migration, storage=kinds.storage)
