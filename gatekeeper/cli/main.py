"""The command line's entry: one funnel from errors to exit codes (contract, section 3)."""

import gc
import os
import sys
from pathlib import Path

from gatekeeper.cli.commands import COMMANDS, command_of
from gatekeeper.cli.plainly import plain_call
from gatekeeper.model.errors import ExitCode, GateError

_GARBAGE = 1_000_000
"""How many objects are made before garbage is looked for: in a short life that loads much it is better left."""


def main(arguments: list[str] | None = None) -> int:
    """Run ``gate`` and return its exit code; results have gone to stdout, all else to stderr."""
    if arguments is None:
        gc.set_threshold(_GARBAGE)
        # Validation here is nobody else's matter, and to look for pydantic's plugins takes time.
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        outcome = _run(arguments)
    except GateError as error:
        return _told(error.message, error.hint, error.exit_code)
    except KeyboardInterrupt:
        return _told("Interrupted.", None, ExitCode.INTERRUPTED)
    except BrokenPipeError:
        return ExitCode.FAIL  # nobody reads any more what is told
    except Exception as error:  # noqa: BLE001 - the funnel's last resort: one line, and a log to paste
        return _unexpected(error)
    finally:
        if arguments is None:
            gc.freeze()  # the process ends, and what is loaded needn't be looked through for garbage once more
    return int(outcome) if isinstance(outcome, int) else ExitCode.PASS


def _run(arguments: list[str] | None) -> object:
    """Call what is asked for; what isn't plainly right is typer's."""
    words = sys.argv[1:] if arguments is None else arguments
    call = plain_call(words, lambda name: command_of(name) if name in COMMANDS else None)
    if call is not None:
        return call()
    from gatekeeper.cli.parser import run_parsed

    return run_parsed(words, arguments)


def _told(message: str, hint: str | None, code: ExitCode) -> ExitCode:
    sys.stderr.write(f"gate: {message}\n")
    if hint:
        sys.stderr.write(f"      mend: {hint}\n")
    return code


def _unexpected(error: Exception) -> ExitCode:
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="gate-", suffix=".log", delete=False, encoding="utf-8") as log:
        traceback.print_exception(error, file=log)
    return _told(
        f"An unexpected {type(error).__name__} stopped the run; the log is at {Path(log.name)}.",
        "report it with that log",
        ExitCode.INTERNAL,
    )
