"""What the verification of many packets knows of history: read once, and handed to every process."""

from dataclasses import dataclass

from gatekeeper.changes.ancestry import Ancestry
from gatekeeper.changes.recorded import FileHistory
from gatekeeper.changes.touching import Touching


@dataclass(frozen=True, slots=True)
class Past:
    """The commits up to HEAD, how packets came to be as they are, and which commits touch which files."""

    ancestry: Ancestry
    files: FileHistory
    touching: tuple[Touching, ...]
