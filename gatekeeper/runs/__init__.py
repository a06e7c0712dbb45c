"""The library's face: load, judge, write. Nothing is printed here and no exit code is chosen.

Each function returns a value; what is wrong with the call itself is raised as a GateError. A function's module is
loaded when the function is first asked for, so that a command pays for what it uses. No module has a function's
name, because importing the module would put it in the function's place.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatekeeper.runs.adoption import adopt
    from gatekeeper.runs.approving import approve
    from gatekeeper.runs.audits import audit
    from gatekeeper.runs.checks import check
    from gatekeeper.runs.create import new_packet
    from gatekeeper.runs.doctor import examine
    from gatekeeper.runs.gates import post_work, pre_work
    from gatekeeper.runs.linting import lint_migrations
    from gatekeeper.runs.manifests import ManifestMode, manifest
    from gatekeeper.runs.migrations import prove_migrations
    from gatekeeper.runs.shas import shas_of
    from gatekeeper.runs.signing import sign, verify_signature
    from gatekeeper.runs.status import overview
    from gatekeeper.runs.timelines import timeline

__all__ = [
    "ManifestMode",
    "adopt",
    "approve",
    "audit",
    "check",
    "examine",
    "lint_migrations",
    "manifest",
    "new_packet",
    "overview",
    "post_work",
    "pre_work",
    "prove_migrations",
    "shas_of",
    "sign",
    "timeline",
    "verify_signature",
]
_MODULES = {
    "ManifestMode": "manifests",
    "adopt": "adoption",
    "approve": "approving",
    "audit": "audits",
    "check": "checks",
    "examine": "doctor",
    "lint_migrations": "linting",
    "manifest": "manifests",
    "new_packet": "create",
    "overview": "status",
    "post_work": "gates",
    "pre_work": "gates",
    "prove_migrations": "migrations",
    "shas_of": "shas",
    "sign": "signing",
    "timeline": "timelines",
    "verify_signature": "signing",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = found
    return found
