"""Checks that are no pattern: functions on a whole tree or a change, by the name that a rule's file uses."""

from collections.abc import Callable, Iterable

from gatekeeper.audit.found import Found
from gatekeeper.audit.litter import artefacts, ignore_files, untracked
from gatekeeper.audit.secrets import secrets
from gatekeeper.audit.sources import Sources
from gatekeeper.audit.trace import trace_fields
from gatekeeper.audit.untested import untested

Check = Callable[[Sources], Iterable[Found]]

CHECKS: dict[str, Check] = {
    "artefacts": artefacts,
    "ignore-files": ignore_files,
    "secrets": secrets,
    "trace-fields": trace_fields,
    "untested": untested,
    "untracked": untracked,
}
"""Every check by its name."""
