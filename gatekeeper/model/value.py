"""Frozen values that cost next to nothing to define, for what every command loads.

To define a frozen dataclass takes a millisecond and a model of pydantic two, for code is generated for each; a
command that is to answer in a few hundred can't afford a hundred of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, ClassVar, Self, dataclass_transform


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Value:
    """A class below this one is a frozen dataclass whose methods are shared instead of generated.

    Nothing is validated when one is made, as of any dataclass; where one is read from a file, or described by a
    schema, pydantic takes it for the dataclass that it is.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    _field_names: ClassVar[tuple[str, ...]] = ()
    _field_set: ClassVar[frozenset[str]] = frozenset()
    _field_defaults: ClassVar[Mapping[str, Any]] = {}
    _field_factories: ClassVar[Mapping[str, Callable[[], Any]]] = {}

    def __init_subclass__(cls, *, kw_only: bool = False) -> None:
        dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(cls)
        own = fields(cls)
        cls._field_names = tuple(each.name for each in own)
        cls._field_set = frozenset(cls._field_names)
        cls._field_defaults = {each.name: each.default for each in own if each.default is not MISSING}
        cls._field_factories = {
            each.name: each.default_factory for each in own if each.default_factory is not MISSING
        }

    def __init__(self, *given: Any, **named: Any) -> None:
        values = self.__dict__
        values.update(self._field_defaults)
        if given:
            values.update(zip(self._field_names, given, strict=False))
        values.update(named)
        for name, make in self._field_factories.items():
            if name not in values:
                values[name] = make()
        if values.keys() != self._field_set or len(given) > len(self._field_names):
            lacking, unknown = sorted(self._field_set - values.keys()), sorted(values.keys() - self._field_set)
            raise TypeError(f"{type(self).__name__} lacks {lacking}, doesn't know {unknown}")

    def _field_values(self) -> tuple[Any, ...]:
        return tuple([self.__dict__[name] for name in self._field_names])

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return self is other or self._field_values() == other._field_values()

    def __hash__(self) -> int:
        return hash(self._field_values())

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={self.__dict__[name]!r}" for name in self._field_names)
        return f"{type(self).__name__}({told})"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} can't be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} can't be deleted")

    def model_copy(self, *, update: Mapping[str, Any] | None = None) -> Self:
        """A copy with other values in some fields, by the name that pydantic's models have for it."""
        return type(self)(**{name: self.__dict__[name] for name in self._field_names} | dict(update or {}))


class Held:
    """What a field is held to where a file is read: a key of pydantic's core schema, within ``Annotated``."""

    def __init__(self, key: str, value: Any) -> None:
        self.key = key
        self.value = value

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return {**handler(source), self.key: self.value}


class Through:
    """A function that a field's value goes through where a file is read; it raises ValueError for a wrong one."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        called = {"type": "no-info", "function": self.function}
        return {"type": "function-after", "function": called, "schema": handler(source)}
