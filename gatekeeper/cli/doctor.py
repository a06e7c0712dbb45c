"""``gate doctor``."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from gatekeeper.cli.common import Common, Format

if TYPE_CHECKING:  # as in show.py
    from gatekeeper.runs.doctor import Diagnosis

NAME = "doctor"


def command(common: Common) -> int:
    """Try out git, Python and both engines; show the configuration in force and where each value comes from."""
    from gatekeeper.runs.doctor import examine

    common.offers(NAME, Format.TEXT, Format.JSON)
    found = examine(common.root, config=common.config, progress=common.progress)
    common.emit(_json(found) if common.format is Format.JSON else _text(found, common.detail))
    return found.exit_code


def _json(found: "Diagnosis") -> str:
    from gatekeeper import __version__

    body = {
        "schema": "gatekeeper/doctor/v1",
        "status": found.status,
        "exit_code": found.exit_code,
        "tool_version": __version__,
        "checks": [asdict(item) for item in found.items],
        "settings": [asdict(setting) for setting in found.settings],
    }
    return json.dumps(body, indent=1) + "\n"


def _text(found: "Diagnosis", detail: int) -> str:
    from gatekeeper.reports.plain import printable

    lines = []
    for item in found.items:
        if detail or item.status == "NOT_RUN":
            told = ": ".join(part for part in (item.value, item.reason) if part)
            lines.append(f"{item.status:<15} {item.title:<14} {told}")
    if detail:
        width = max(len(setting.key) for setting in found.settings)
        lines += ["", "Configuration in force"]
        lines += [
            f"  {setting.key:<{width}}  {json.dumps(setting.value, ensure_ascii=False)}  ({setting.origin})"
            for setting in found.settings
        ]
    closing = {"PASS": "Everything that is needed works.", "NOT_RUN": "Something that should run can't."}
    return "".join(f"{printable(line)}\n" for line in [*lines, "", closing[found.status]])
