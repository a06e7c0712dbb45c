"""What every command shares: the common options, the outputs, and the one funnel from errors to exit codes."""

import inspect
import os
import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any

from gatekeeper.cli.declared import Option
from gatekeeper.model.errors import UsageError
from gatekeeper.model.value import Value


class Format(StrEnum):
    """How a result can be shown (contract, section 3)."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    GITHUB = "github"


class Color(StrEnum):
    """When to colour text."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Common(Value):
    """The options that every command takes, before or after its name; None where one wasn't given."""

    repo: Path | None = None
    config: Path | None = None
    format: Format | None = None
    output: Path | None = None
    color: Color | None = None
    quiet: bool = False
    verbose: bool = False

    def over(self, earlier: "Common") -> "Common":
        """These options, where not given those that stood before the command's name."""
        return Common(
            repo=self.repo or earlier.repo,
            config=self.config or earlier.config,
            format=self.format or earlier.format,
            output=self.output or earlier.output,
            color=self.color or earlier.color,
            quiet=self.quiet or earlier.quiet,
            verbose=self.verbose or earlier.verbose,
        )

    @property
    def root(self) -> Path:
        """The repository to work in: ``--repo``, else the present directory."""
        if self.repo is None:
            return Path.cwd()
        if not self.repo.is_dir():
            raise UsageError(f"There is no folder {self.repo}.", hint="name a folder of a repository with --repo")
        return self.repo

    @property
    def detail(self) -> int:
        """0 for -q, 2 for -v, else 1."""
        return 0 if self.quiet else 2 if self.verbose else 1

    @property
    def colored(self) -> bool:
        """Whether text on stdout gets colours (https://no-color.org)."""
        color = self.color or Color.AUTO
        if self.output is not None or color is Color.NEVER:
            return False
        if color is Color.ALWAYS:
            return True
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def offers(self, name: str, *formats: Format) -> None:
        """Refuse a format that the command, which gives no verdict, doesn't have. Raises UsageError.

        Called before anything is done, so that a refused call has done nothing.
        """
        if self.format is not None and self.format not in formats:
            has = " and ".join(formats)
            raise UsageError(
                f"gate {name} has no format {self.format}, which is for verdicts; it has {has}.",
                hint=f"gate {name} --format {formats[-1]}",
            )

    def progress(self, line: str) -> None:
        """Tell on stderr what a long run is doing, where someone is watching."""
        if not self.quiet and (self.verbose or sys.stderr.isatty()):
            sys.stderr.write(f"{line}\n")

    def tell(self, warnings: Iterable[str]) -> None:
        """Say on stderr what a person should look at."""
        for warning in warnings:
            sys.stderr.write(f"gate: warning: {warning}\n")

    def emit(self, text: str) -> None:
        """Put a result where it belongs: stdout, or the file of ``--output``."""
        if self.output is None:
            with WritingOut():
                sys.stdout.write(text)
                sys.stdout.flush()
            return
        try:
            self.output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(
                f"{self.output} can't be written: {error.strerror}.", hint="name another file with --output"
            ) from error


class WritingOut:
    """A context to write to stdout in: a reader that wants no more ends it, a full disk is a UsageError."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, OSError):
            return False
        # Else Python would complain once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise UsageError(
                f"The result can't be written: {error.strerror}.", hint="name a file elsewhere with --output"
            ) from error
        return True


_OPTIONS: dict[str, Any] = {
    "repo": Annotated[Path | None, Option(help="The repository, or any folder in it.", metavar="DIR")],
    "config": Annotated[Path | None, Option(help="Read the configuration from this file alone.", metavar="FILE")],
    "format": Annotated[Format | None, Option(help="How to show the result.", show_default="text")],
    "output": Annotated[Path | None, Option(help="Write the result to this file.", metavar="FILE")],
    "color": Annotated[Color | None, Option(help="When to colour text.", show_default="auto")],
    "quiet": Annotated[bool, Option("--quiet", "-q", help="Show errors and the closing lines only.")],
    "verbose": Annotated[bool, Option("--verbose", "-v", help="Show the manifest too, and progress.")],
}
_DEFAULTS = {"quiet": False, "verbose": False}


def parameters() -> list[inspect.Parameter]:
    """The common options as parameters of a function."""
    return [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=_DEFAULTS.get(name), annotation=annotation)
        for name, annotation in _OPTIONS.items()
    ]
