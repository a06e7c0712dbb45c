"""The program as typer reads it: every command with its options, help, and what is wrong with a call."""

import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any, get_args

import typer

from gatekeeper import __version__
from gatekeeper.cli import common, ledger, migrations, runner
from gatekeeper.cli.commands import COMMANDS, command_of
from gatekeeper.cli.declared import Argument, Option
from gatekeeper.model.errors import ExitCode, UsageError

# The base of typer's usage errors: click's class in older versions of typer, in newer ones that of its own copy.
CallError: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


def run_parsed(words: Sequence[str], arguments: list[str] | None) -> Any:
    """Call what the words ask for; typer is given ``arguments``, None where it is to ask the system for them.

    Raises UsageError for a wrong call, KeyboardInterrupt for one that was broken off.
    """
    app = build_app()
    _narrow(app, next(iter(words), ""))
    try:
        outcome = typer.main.get_command(app).main(args=arguments, prog_name="gate", standalone_mode=False)
    except CallError as error:
        return _call_error(error)
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    # Newer versions of typer say so with an exit code alone.
    if outcome == ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    return outcome


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
    _register_callback(app)
    for name in COMMANDS:
        app.command(name)(_with_common(command_of(name)))
    group = typer.Typer(help="Lint, prove and run migrations.", no_args_is_help=True)
    group.command("prove")(_with_common(migrations.prove))
    group.command("lint")(_with_common(migrations.lint))
    for run in (runner.apply, runner.undo, runner.status, runner.new):
        group.command(run.__name__)(_with_common(run))
    app.add_typer(group, name="migrations")
    chain = typer.Typer(help="Look into the ledger, verify it, carry it elsewhere.", no_args_is_help=True)
    for name, part in {"status": ledger.status, "verify": ledger.verify, "export": ledger.export}.items():
        chain.command(name)(_with_common(part))
    chain.command("import")(_with_common(ledger.import_))
    app.add_typer(chain, name="ledger")
    return app


def _narrow(app: typer.Typer, name: str) -> None:
    """Leave of the program's commands the one of that name, if there is one: to prepare them all takes 20 ms."""
    commands = [command for command in app.registered_commands if command.name == name]
    groups = [group for group in app.registered_groups if group.name == name]
    if commands or groups:
        app.registered_commands, app.registered_groups = commands, groups


def _for_typer(parameter: inspect.Parameter) -> inspect.Parameter:
    """The parameter with typer's own declaration in place of ours."""
    annotation, declared = get_args(parameter.annotation)
    kind: Any = typer.Argument if isinstance(declared, Argument) else typer.Option
    made = kind(*declared.names, **declared.words)
    return parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[annotation, made])


def _with_signature(function: Callable[..., Any], declared: Sequence[inspect.Parameter]) -> None:
    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    signature = inspect.Signature([context, *map(_for_typer, declared)])
    function.__signature__ = signature  # type: ignore[attr-defined]  # typer reads a command's options from it
    function.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}


def _gathered(arguments: dict[str, Any]) -> common.Common:
    return common.Common(**{each.name: arguments.pop(each.name) for each in common.parameters()})


def _with_common(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the common options: ``command(common, …)`` gets them gathered as its first argument."""

    def wrapper(ctx: typer.Context, **arguments: Any) -> int:
        given = _gathered(arguments)
        earlier = ctx.find_root().obj
        return command(given.over(earlier) if isinstance(earlier, common.Common) else given, **arguments)

    own = list(inspect.signature(command).parameters.values())[1:]
    _with_signature(wrapper, [*own, *common.parameters()])
    wrapper.__name__ = command.__name__
    wrapper.__doc__ = command.__doc__
    return wrapper


def _register_callback(app: typer.Typer) -> None:
    """Let the program itself take the common options, and ``--version``."""

    def callback(ctx: typer.Context, **arguments: Any) -> None:
        ctx.obj = _gathered(arguments)

    shown = Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    version = inspect.Parameter(
        "version", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Annotated[bool, shown]
    )
    _with_signature(callback, [*common.parameters(), version])
    callback.__doc__ = "Prove a change against its plan: work packets, manifests, gates, migration proofs."
    app.callback()(callback)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"gate {__version__}")
        raise typer.Exit


def _call_error(error: Any) -> ExitCode:
    """Wrong usage is a UsageError; a call without a command is answered with the help."""
    message = error.format_message()
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stderr.write(f"{message}\n")
        return ExitCode.USAGE
    context = getattr(error, "ctx", None)
    raise UsageError(message, hint=f"{context.command_path if context else 'gate'} --help") from error
