"""The command line's entry: one funnel from errors to exit codes (contract, section 3)."""

import gc
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

import typer

from gatekeeper.cli import (
    approve,
    audit,
    check,
    common,
    demo,
    doctor,
    evidence,
    explain,
    init,
    ledger,
    manifest,
    migrations,
    new,
    post_work,
    pre_work,
    review,
    runner,
    schema,
    sha,
    sign,
    status,
    verify,
)
from gatekeeper.model.errors import ExitCode, GateError

# The base of typer's usage errors: click's class in older versions of typer, in newer ones that of its own copy.
CallError: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


_GARBAGE = 200_000
"""How many objects are made before garbage is looked for: in a short life that loads much it is better left."""


def build_app() -> typer.Typer:
    """The whole program; plain help and plain errors halve the time that ``--help`` takes."""
    app = typer.Typer(
        name="gate",
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    common.register_callback(app)
    of_packets = (new, sign, approve, pre_work, post_work, evidence, review, verify, check, manifest, status)
    for module in (*of_packets, audit, sha, demo, init, doctor, explain, schema):
        app.command(module.NAME)(common.with_common(module.command))
    group = typer.Typer(help="Lint, prove and run migrations.", no_args_is_help=True)
    group.command("prove")(common.with_common(migrations.prove))
    group.command("lint")(common.with_common(migrations.lint))
    for run in (runner.apply, runner.undo, runner.status, runner.new):
        group.command(run.__name__)(common.with_common(run))
    app.add_typer(group, name="migrations")
    chain = typer.Typer(help="Look into the ledger, verify it, carry it elsewhere.", no_args_is_help=True)
    for name, part in {"status": ledger.status, "verify": ledger.verify, "export": ledger.export}.items():
        chain.command(name)(common.with_common(part))
    chain.command("import")(common.with_common(ledger.import_))
    app.add_typer(chain, name="ledger")
    return app


def main(arguments: list[str] | None = None) -> int:
    """Run ``gate`` and return its exit code; results have gone to stdout, all else to stderr."""
    if arguments is None:
        gc.set_threshold(_GARBAGE)
        # Validation here is nobody else's matter, and to look for pydantic's plugins takes time.
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    app = build_app()
    _narrow(app, next(iter(sys.argv[1:] if arguments is None else arguments), ""))
    command = typer.main.get_command(app)
    try:
        outcome = command.main(args=arguments, prog_name="gate", standalone_mode=False)
    except CallError as error:
        return _call_error(error)
    except GateError as error:
        return _told(error.message, error.hint, error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _told("Interrupted.", None, ExitCode.INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - the funnel's last resort: one line, and a log to paste
        return _unexpected(error)
    finally:
        if arguments is None:
            gc.freeze()  # the process ends, and what is loaded needn't be looked through for garbage once more
    return int(outcome) if isinstance(outcome, int) else ExitCode.PASS


def _narrow(app: typer.Typer, name: str) -> None:
    """Leave of the program's commands the one of that name, if there is one: to prepare them all takes 20 ms."""
    commands = [command for command in app.registered_commands if command.name == name]
    groups = [group for group in app.registered_groups if group.name == name]
    if commands or groups:
        app.registered_commands, app.registered_groups = commands, groups


def _call_error(error: Exception) -> ExitCode:
    """Wrong usage; a call without a command is answered with the help."""
    message = error.format_message() if isinstance(error, CallError) else str(error)
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stderr.write(f"{message}\n")
        return ExitCode.USAGE
    context = getattr(error, "ctx", None)
    return _told(message, f"{context.command_path if context else 'gate'} --help", ExitCode.USAGE)


def _told(message: str, hint: str | None, code: ExitCode) -> ExitCode:
    sys.stderr.write(f"gate: {message}\n")
    if hint:
        sys.stderr.write(f"      mend: {hint}\n")
    return code


def _unexpected(error: Exception) -> ExitCode:
    with tempfile.NamedTemporaryFile("w", prefix="gate-", suffix=".log", delete=False, encoding="utf-8") as log:
        traceback.print_exception(error, file=log)
    return _told(
        f"An unexpected {type(error).__name__} stopped the run; the log is at {Path(log.name)}.",
        "report it with that log",
        ExitCode.INTERNAL,
    )
