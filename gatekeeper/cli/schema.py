"""``gate schema``."""

import json
from typing import Annotated

from gatekeeper.cli.common import Common, Format
from gatekeeper.cli.declared import Argument
from gatekeeper.model.errors import UsageError

NAME = "schema"


def command(
    common: Common,
    name: Annotated[str | None, Argument(metavar="[NAME]", help="Which; without one, list them.")] = None,
) -> int:
    """Print the JSON Schema of what this tool prints or reads; without a name, list them."""
    common.offers(NAME, Format.TEXT, Format.JSON)
    from gatekeeper.cli.schemas import SCHEMAS, schema_of

    if name is None:
        common.emit(_listed(common))
        return 0
    if name not in SCHEMAS:
        from difflib import get_close_matches

        near = get_close_matches(name, SCHEMAS, n=1, cutoff=0.0)[0]
        raise UsageError(f"There is no schema {name!r}; the nearest is {near}.", hint=f"gate schema {near}")
    common.emit(json.dumps(schema_of(name), indent=1) + "\n")
    return 0


def _listed(common: Common) -> str:
    from gatekeeper.cli.schemas import SCHEMAS

    if common.format is Format.JSON:
        rows = [{"name": name, "title": each.title, "id": each.id} for name, each in SCHEMAS.items()]
        return json.dumps({"schema": "gatekeeper/schemas/v1", "schemas": rows}, indent=1) + "\n"
    width = max(map(len, SCHEMAS))
    return "".join(f"{name:<{width}}  {each.title}\n" for name, each in SCHEMAS.items())
