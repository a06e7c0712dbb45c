"""Values: frozen dataclasses whose methods are shared, and pydantic takes them for what they are."""

import pickle
from dataclasses import field, fields, replace
from typing import Annotated, ClassVar

import pytest
from pydantic import TypeAdapter, ValidationError

from gatekeeper.model.value import Held, Through, Value


class Point(Value):
    x: int
    y: int = 0
    seen: list[int] = field(default_factory=list)
    shown: ClassVar[str] = "no field"


class Named(Value, kw_only=True):
    size: Annotated[int, Held("gt", 0)] = 1
    name: Annotated[str, Through(str.strip)]


def test_a_value_is_made_by_place_or_by_name_with_its_defaults() -> None:
    assert Point(1) == Point(x=1, y=0, seen=[])
    assert [each.name for each in fields(Point)] == ["x", "y", "seen"]
    assert Point(1).seen is not Point(1).seen


def test_values_that_are_made_often_are_what_the_first_ones_were() -> None:
    class Often(Value):
        x: int
        y: int = 0
        seen: list[int] = field(default_factory=list)

    class Above(Often, kw_only=True):
        z: int = 2
        w: int

    class Below(Above):
        v: int = 3

    points = [Often(1), *(Often(1, seen=[each]) for each in range(300)), Often(x=1)]
    assert points[0] == points[-1] != points[-2] == Often(1, 0, [299])
    assert points[-1].seen is not Often(1).seen
    with pytest.raises(TypeError):
        Often(1, 2, [], 4)  # type: ignore[call-arg]  # what is wrong is what is tried
    with pytest.raises(TypeError):
        Often(1, z=1)  # type: ignore[call-arg]  # as above
    above = [Above(1, w=4) for _ in range(300)]
    assert above[0] == above[-1] == Above(1, 0, [], z=2, w=4)
    assert repr(Below(1, 5, w=4)) == repr(Below(x=1, y=5, seen=[], z=2, w=4, v=3))


@pytest.mark.parametrize(
    ("given", "named"), [((), {}), ((1, 2, [], 4), {}), ((1,), {"z": 1}), ((), {"y": 1})], ids=str
)
def test_what_is_lacking_or_unknown_is_an_error(given: tuple[object, ...], named: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="Point lacks"):
        Point(*given, **named)  # type: ignore[arg-type]  # what is wrong is what is tried


def test_a_value_can_t_be_changed() -> None:
    point = Point(1)
    with pytest.raises(AttributeError, match="x can't be set"):
        point.x = 2  # type: ignore[misc]  # as above
    with pytest.raises(AttributeError, match="x can't be deleted"):
        del point.x
    assert point == Point(1)


def test_values_are_compared_by_their_fields_and_only_with_their_own_kind() -> None:
    assert Named(name="a") == Named(name="a", size=1) != Named(name="b")
    assert len({Named(name="a"), Named(name="a"), Named(name="b")}) == 2
    assert Point(1) != (1, 0, [])
    assert repr(Named(name="a")) == "Named(size=1, name='a')"


def test_a_copy_has_other_values_where_they_are_given() -> None:
    point = Point(1, 2)
    assert point.model_copy(update={"y": 3}) == replace(point, y=3) == Point(1, 3)
    assert point.model_copy() == point
    with pytest.raises(TypeError, match=r"doesn't know \['z'\]"):
        point.model_copy(update={"z": 3})


def test_a_value_goes_to_another_process() -> None:
    sent = pickle.dumps(Point(1, 2, [3]))
    assert pickle.loads(sent) == Point(1, 2, [3])  # noqa: S301 - our own


def test_pydantic_reads_a_value_and_holds_it_to_its_marks() -> None:
    adapter = TypeAdapter(Named)
    assert adapter.validate_python({"name": " a "}) == Named(name="a")
    with pytest.raises(ValidationError, match="greater than 0"):
        adapter.validate_python({"name": "a", "size": 0})
