"""How commands declare what they take; ``parser`` has typer read it, ``plainly`` reads simple calls itself.

Declared apart from typer, so that a command can be called without loading it.
"""

from typing import Any

_TOLD = frozenset({"help", "metavar", "show_default"})


class Declared:
    """A parameter's declaration: its names, and what else typer is told of it."""

    def __init__(self, *names: str, **words: Any) -> None:
        self.names = names
        self.words = words

    @property
    def is_plain(self) -> bool:
        """Whether what else is told is for the help alone."""
        return self.words.keys() <= _TOLD


class Option(Declared):
    """An option; without names its parameter's own, with dashes."""


class Argument(Declared):
    """An argument, by its place."""
