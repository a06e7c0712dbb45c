"""Calls that are plainly right, read from a command's own declaration without preparing typer's parser.

Typer loads pydantic and builds a validator for every option, given or not, which takes a tenth of a second. A call
that holds anything else than exactly named options with plain values is left to typer: help, mistakes,
abbreviations, what is repeated.
"""

import inspect
import os
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from functools import partial
from pathlib import Path
from types import UnionType
from typing import Any, NamedTuple, get_args, get_origin

from gatekeeper.cli import common
from gatekeeper.cli.declared import Argument, Declared

_COMPLETION = "_GATE_COMPLETE"
_EXPANDED = "*?[~$%"
"""What the parser expands on Windows, where shells don't."""


class NotPlainError(Exception):
    """Typer has to read the call."""


class _Asked(NamedTuple):
    name: str
    kind: Any
    declared: Declared


def plain_call(words: Sequence[str], find: Callable[[str], Callable[..., int] | None]) -> Callable[[], int] | None:
    """What to call for a call of the program; None where typer has to read it.

    ``find`` gives a command by its name, None where it isn't one.
    """
    if _COMPLETION in os.environ or (os.name == "nt" and any(set(_EXPANDED) & set(word) for word in words)):
        return None
    try:
        shared = common.parameters()
        before, rest = _read(shared, words, positional=False)
        command = find(rest[0]) if rest else None
        if command is None:
            return None
        own = list(inspect.signature(command).parameters.values())[1:]
        given, _ = _read([*own, *shared], rest[1:], positional=True)
    except NotPlainError:
        return None
    after = {parameter.name: given.pop(parameter.name) for parameter in shared}
    return partial(command, common.Common(**after).over(common.Common(**before)), **given)


def _read(
    parameters: Iterable[inspect.Parameter], words: Sequence[str], *, positional: bool
) -> tuple[dict[str, Any], Sequence[str]]:
    """The value of each parameter, and the words from the first on that is no option, unless it is a value too.

    Raises NotPlainError.
    """
    parameters = list(parameters)
    options, arguments = _declared(parameters)
    values: dict[str, Any] = {}
    at = 0
    while at < len(words):
        word, at = words[at], at + 1
        if not word.startswith("-"):
            if not positional:
                return _complete(parameters, values), words[at - 1 :]
            asked, text = (arguments.pop(0) if arguments else None), word
        else:
            flag, separate, text = word.partition("=")
            asked = options.get(flag)
            if asked is not None and asked.kind is not bool and not separate:
                text, at = (words[at] if at < len(words) else ""), at + 1
        if asked is None or asked.name in values or text.startswith("-"):
            raise NotPlainError
        values[asked.name] = _value(asked, text)
    return _complete(parameters, values), ()


def _complete(parameters: Iterable[inspect.Parameter], values: dict[str, Any]) -> dict[str, Any]:
    """The values, with the default of every parameter that has none."""
    whole = {each.name: values.get(each.name, each.default) for each in parameters}
    if inspect.Parameter.empty in whole.values():
        raise NotPlainError
    return whole


def _declared(parameters: Iterable[inspect.Parameter]) -> tuple[dict[str, _Asked], list[_Asked]]:
    """The options by each of their names, and the arguments in order."""
    options: dict[str, _Asked] = {}
    arguments = []
    for parameter in parameters:
        annotation, declared = get_args(parameter.annotation)
        kinds = [k for k in _alternatives(annotation) if k is not type(None)]
        asked = _Asked(parameter.name, kinds[0], declared)
        if isinstance(declared, Argument):
            arguments.append(asked)
        else:
            names = declared.names or (f"--{parameter.name.replace('_', '-')}",)
            options |= dict.fromkeys(names, asked)
    return options, arguments


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) is UnionType else (annotation,)


def _value(asked: _Asked, text: str) -> Any:
    """What the text stands for. Raises NotPlainError for one that typer would look at more closely."""
    if not asked.declared.is_plain or not isinstance(asked.kind, type) or not text.isprintable():
        raise NotPlainError
    if asked.kind is bool and not text:
        return True
    if asked.kind is bool or not text:
        raise NotPlainError
    if asked.kind in {str, Path}:
        return asked.kind(text)
    if issubclass(asked.kind, Enum) and text in {each.value for each in asked.kind}:
        return asked.kind(text)
    raise NotPlainError
