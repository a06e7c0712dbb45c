"""A verdict or a report as JSON, to the letter of the contract (section 3)."""

import json
from dataclasses import fields
from typing import Any

from gatekeeper.model.value import Value
from gatekeeper.model.verdict import Verdict


def render_json(value: Value) -> str:
    """The value as indented ASCII JSON with a newline at its end."""
    return json.dumps(table(value), indent=1, ensure_ascii=True) + "\n"


def _told(value: Any) -> Any:
    """What JSON holds for a value of a verdict; those that are pydantic's tell it themselves."""
    if isinstance(value, Value):
        return table(value)
    if isinstance(value, tuple):
        return [_told(each) for each in value]
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value


def table(value: Value) -> dict[str, Any]:
    """The fields of a value as JSON holds them, less those that it leaves out."""
    absent: frozenset[str] = getattr(value, "absent", frozenset())
    untold: frozenset[str] = getattr(value, "untold", frozenset())
    nothing: object = getattr(value, "nothing", None)
    if isinstance(value, Verdict) and value.gate == "verify":
        absent -= {"state"}
    named = {each.name: getattr(value, each.name) for each in fields(value) if each.name not in untold}
    told = {name: _told(each) for name, each in named.items() if each != nothing or name not in absent}
    return {"schema": told.pop("schema_"), **told} if "schema_" in told else told
