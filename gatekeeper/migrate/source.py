"""Picking the migrations out of a tree without reading anything else."""

from gatekeeper.migrate.discover import takes_part
from gatekeeper.model.changes import LINK, SUBMODULE, TreeView
from gatekeeper.model.names import is_sql
from gatekeeper.model.proof import SourceFile
from gatekeeper.model.settings import MigrationSettings


def migration_files(tree: TreeView, settings: MigrationSettings) -> list[SourceFile]:
    """The SQL files of the tree under the configured paths, sorted; links and submodules are none."""
    return [
        SourceFile(path, tree.read(path))
        for path in tree.named(is_sql)
        if takes_part(path, settings) and tree.entries[path].mode not in {LINK, SUBMODULE}
    ]
