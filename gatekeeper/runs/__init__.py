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
    from gatekeeper.runs.evidencing import evidence, planned
    from gatekeeper.runs.gates import post_work, pre_work
    from gatekeeper.runs.linting import lint_migrations
    from gatekeeper.runs.manifests import ManifestMode, manifest
    from gatekeeper.runs.migrations import prove_migrations
    from gatekeeper.runs.reviewing import review
    from gatekeeper.runs.shas import shas_of
    from gatekeeper.runs.signing import sign, verify_signature
    from gatekeeper.runs.status import overview
    from gatekeeper.runs.timelines import timeline
    from gatekeeper.runs.verifying.all_packets import verify_all
    from gatekeeper.runs.verifying.asked import Ask, Which
    from gatekeeper.runs.verifying.run import verify

__all__ = [
    "Ask",
    "ManifestMode",
    "Which",
    "adopt",
    "approve",
    "audit",
    "check",
    "evidence",
    "examine",
    "lint_migrations",
    "manifest",
    "new_packet",
    "overview",
    "planned",
    "post_work",
    "pre_work",
    "prove_migrations",
    "review",
    "shas_of",
    "sign",
    "timeline",
    "verify",
    "verify_all",
    "verify_signature",
]
_MODULES = {
    "Ask": "verifying.asked",
    "ManifestMode": "manifests",
    "Which": "verifying.asked",
    "adopt": "adoption",
    "approve": "approving",
    "audit": "audits",
    "check": "checks",
    "evidence": "evidencing",
    "examine": "doctor",
    "lint_migrations": "linting",
    "manifest": "manifests",
    "new_packet": "create",
    "overview": "status",
    "planned": "evidencing",
    "post_work": "gates",
    "pre_work": "gates",
    "prove_migrations": "migrations",
    "review": "reviewing",
    "shas_of": "shas",
    "sign": "signing",
    "timeline": "timelines",
    "verify": "verifying.run",
    "verify_all": "verifying.all_packets",
    "verify_signature": "signing",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = found
    return found
