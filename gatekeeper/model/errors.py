"""The closed set of errors that rooms raise; the command line alone turns them into exit codes."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of every command (contract, section 3)."""

    PASS = 0
    FAIL = 1
    USAGE = 2
    NOT_RUN = 3
    INTERNAL = 70
    INTERRUPTED = 130


class GateError(Exception):
    """An error with a sentence for the reader and, where one exists, the mend.

    ``message`` is one or more whole sentences; ``hint`` names the command or edit that mends it.
    """

    exit_code: ExitCode = ExitCode.USAGE

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(GateError):
    """The call can't be carried out as given: a wrong id, selector, path or combination (exit 2)."""


class RefusedError(GateError):
    """What was asked for isn't due: the plan isn't ready to be signed, it was approved already (exit 1)."""

    exit_code = ExitCode.FAIL


class ConfigError(GateError):
    """The configuration is wrong: an unknown key, a wrong type, a file that is no TOML (exit 2)."""


class RepositoryError(GateError):
    """There is no repository here, or git refuses to answer for it (exit 2)."""


class NotRunError(GateError):
    """Something that should have run could not: main is missing, a server can't start (exit 3)."""

    exit_code = ExitCode.NOT_RUN


class LedgerError(GateError):
    """The ledger could not be read or written: locked, full, read-only, damaged, not reachable (exit 3).

    Nothing was appended when an append raises it.
    """

    exit_code = ExitCode.NOT_RUN
