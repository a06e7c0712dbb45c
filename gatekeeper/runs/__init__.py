"""The library's face: load, judge, write. Nothing is printed here and no exit code is chosen.

Each function returns a value; what is wrong with the call itself is raised as a GateError.
"""

from gatekeeper.runs.gates import post_work, pre_work
from gatekeeper.runs.migrations import prove_migrations
from gatekeeper.runs.shas import shas_of

__all__ = ["post_work", "pre_work", "prove_migrations", "shas_of"]
