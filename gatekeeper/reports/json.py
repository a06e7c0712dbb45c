"""A verdict as JSON, to the letter of the contract (section 3)."""

import json

from gatekeeper.model.verdict import Verdict


def render_json(verdict: Verdict) -> str:
    """The verdict as indented ASCII JSON with a newline at its end."""
    return json.dumps(verdict.model_dump(mode="json"), indent=1, ensure_ascii=True) + "\n"
