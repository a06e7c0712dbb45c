"""Rules of the audits, as their own files tell them (``gatekeeper/audit/rules/``, one file a rule)."""

import tomllib
from pathlib import Path
from typing import Any

from gatekeeper.model.rules.rule import Rule

_FOLDER = Path(__file__).resolve().parents[2] / "audit" / "rules"


def _rule(data: dict[str, Any]) -> Rule:
    examples = [example for matcher in data["matcher"] for example in matcher["examples"]]
    bad = next(example for example in examples if example.get("found"))
    good = next(example for example in examples if not example.get("found"))
    named = [path for path in bad["files"] if any(found.partition(":")[0] == path for found in bad["found"])]
    return Rule(
        id=data["id"],
        title=data["title"],
        severity=data["severity"],
        what=data["what"],
        why=f"{data['why']} Source: {data['source']}.",
        bad=data.get("bad") or _shown(bad["files"], named),
        good=data.get("good") or _shown(good["files"], list(good["files"])),
        mend=data["mend"],
    )


def _shown(files: dict[str, str], paths: list[str]) -> str:
    return "\n\n".join(f"{path}:\n{files[path].strip()}" for path in paths)


AUDIT: tuple[Rule, ...] = tuple(
    _rule(tomllib.loads(file.read_text(encoding="utf-8"))) for file in sorted(_FOLDER.glob("*.toml"))
)
