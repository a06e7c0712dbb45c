"""Tables of a file made into values without pydantic, as long as nothing in them is amiss.

To load pydantic takes a tenth of a second, and nearly every configuration is right. Here only what is plainly
right is taken; the rest is left to pydantic, whose word counts and whose errors people read.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Literal, TypeVar, get_args, get_origin

from gatekeeper.model.value import Held, Through, Value

T = TypeVar("T", bound=Value)


class NotPlainError(Exception):
    """There is something in the table that pydantic has to judge."""


def plain(kind: type[T], table: Any) -> T:
    """The value that a table, as parsed from a file, stands for; keys have dashes. Raises NotPlainError."""
    if type(table) is not dict:
        raise NotPlainError
    types = {each.name.replace("_", "-"): (each.name, each.type) for each in fields(kind)}
    if not table.keys() <= types.keys():
        raise NotPlainError
    values = {types[key][0]: _read(types[key][1], value) for key, value in table.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise NotPlainError from error


def _read(wanted: Any, value: Any) -> Any:
    if wanted in {str, int, bool}:
        if type(value) is not wanted:
            raise NotPlainError
        return value
    if isinstance(wanted, type) and issubclass(wanted, Value):
        return plain(wanted, value)
    origin, arguments = get_origin(wanted), get_args(wanted)
    if hasattr(wanted, "__metadata__"):
        return _marked(_read(arguments[0], value), arguments[1:])
    if origin is Literal and type(value) is str and value in arguments:
        return value
    if origin is tuple and type(value) is list and arguments[1:] == (...,):
        return tuple([_read(arguments[0], each) for each in value])
    if origin is dict and type(value) is dict and arguments[0] is str:
        return {key: _read(arguments[1], each) for key, each in value.items()}
    raise NotPlainError


def _marked(value: Any, marks: tuple[Any, ...]) -> Any:
    """The value as its marks leave it."""
    for mark in marks:
        if isinstance(mark, Through):
            try:
                value = mark.function(value)
            except ValueError as error:
                raise NotPlainError from error
        elif not (isinstance(mark, Held) and _holds(mark, value)):
            raise NotPlainError
    return value


def _holds(mark: Held, value: Any) -> bool:
    limits: Mapping[str, bool] = {"strict": True, "gt": mark.key == "gt" and value > mark.value}
    return limits.get(mark.key, False)
