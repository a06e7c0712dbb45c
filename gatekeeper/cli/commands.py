"""The commands by name; each is a module of that name."""

from collections.abc import Callable
from importlib import import_module

_OF_PACKETS = ("new", "sign", "approve", "pre-work", "post-work", "evidence", "review", "verify", "check")
COMMANDS = (
    *(*_OF_PACKETS, "manifest", "status"),
    *("audit", "sha", "demo", "init", "doctor", "explain", "schema"),
)
"""Every command that is no group, in the order of the help."""


def command_of(name: str) -> Callable[..., int]:
    """The command of that name; only what is called for is loaded."""
    command: Callable[..., int] = import_module(f".{name.replace('-', '_')}", __package__).command
    return command
