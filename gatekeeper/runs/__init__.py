"""The library's face: load, judge, write. Nothing is printed here and no exit code is chosen.

Each function returns a value; what is wrong with the call itself is raised as a GateError.
"""

from gatekeeper.runs.adopt import adopt
from gatekeeper.runs.audit import audit
from gatekeeper.runs.check import check
from gatekeeper.runs.create import new_packet
from gatekeeper.runs.doctor import examine
from gatekeeper.runs.gates import post_work, pre_work
from gatekeeper.runs.manifest import Mode as ManifestMode
from gatekeeper.runs.manifest import manifest
from gatekeeper.runs.migrations import lint_migrations, prove_migrations
from gatekeeper.runs.shas import shas_of

__all__ = [
    "ManifestMode",
    "adopt",
    "audit",
    "check",
    "examine",
    "lint_migrations",
    "manifest",
    "new_packet",
    "post_work",
    "pre_work",
    "prove_migrations",
    "shas_of",
]
