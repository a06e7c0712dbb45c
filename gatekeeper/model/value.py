"""Frozen values that cost next to nothing to define, for what every command loads.

To define a frozen dataclass takes a millisecond and a model of pydantic two, for code is generated for each; a
command that is to answer in a few hundred can't afford a hundred of them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, ClassVar, Self, dataclass_transform

# A class that is made so often is worth a function of its own, which takes a tenth of a millisecond to define.
_OFTEN = 100


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
    _made: ClassVar[int] = 0

    def __init_subclass__(cls, *, kw_only: bool = False) -> None:
        dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(cls)
        own = fields(cls)
        cls._field_names = tuple(each.name for each in own)
        cls._field_set = frozenset(cls._field_names)
        cls._field_defaults = {each.name: each.default for each in own if each.default is not MISSING}
        cls._field_factories = {
            each.name: each.default_factory for each in own if each.default_factory is not MISSING
        }
        # A class below another one has fields of its own, and so never that one's own way to be made.
        cls._made = 0
        cls.__init__ = Value._first_made  # type: ignore[method-assign, assignment]  # every class has one of its own

    def _first_made(self, *given: Any, **named: Any) -> None:
        """Make one of the first of its class, and have the next ones made by a function of their own."""
        cls = type(self)
        cls._made += 1
        if cls._made == _OFTEN:
            cls.__init__ = _own_init(fields(cls))  # type: ignore[method-assign]  # what it does stays the same
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
        values = {name: self.__dict__[name] for name in self._field_names}
        values.update(update or {})
        if len(values) > len(self._field_names):
            raise TypeError(f"{type(self).__name__} doesn't know {sorted(values.keys() - self._field_set)}")
        copy = object.__new__(type(self))
        copy.__dict__.update(values)
        return copy


def _own_init(own: Iterable[Field[Any]]) -> Callable[..., None]:
    """An ``__init__`` with these fields for parameters, which takes a quarter of the time of the shared one."""
    names: dict[str, object] = {"_missing": MISSING}
    head, body = ["self"], ["_values = self.__dict__"]
    for each in sorted(own, key=lambda each: each.kw_only is True):
        name = each.name
        if each.kw_only and "*" not in head:
            head.append("*")
        value = name
        if each.default_factory is not MISSING:
            names[f"_make_{name}"] = each.default_factory
            head.append(f"{name}=_missing")
            value = f"_make_{name}() if {name} is _missing else {name}"
        elif each.default is not MISSING:
            names[f"_default_{name}"] = each.default
            head.append(f"{name}=_default_{name}")
        else:
            head.append(name)
        body.append(f"_values[{name!r}] = {value}")
    exec(f"def __init__({', '.join(head)}):\n " + "\n ".join(body), names)  # noqa: S102 - as dataclasses do it
    made: Callable[..., None] = names["__init__"]  # type: ignore[assignment]  # what was just defined
    return made


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
