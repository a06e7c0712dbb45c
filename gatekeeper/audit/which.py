"""The audits by name."""

from enum import StrEnum


class Which(StrEnum):
    """The audits that can be asked for; a project's own rules under other names run with ``all`` alone."""

    DAL = "dal"
    HYGIENE = "hygiene"
    ALL = "all"

    def takes(self, rule_id: str) -> bool:
        """Whether the rule of that id is one of these audits."""
        prefix = {Which.DAL: "CX-DBP-", Which.HYGIENE: "hygiene."}.get(self, "")
        return rule_id.startswith(prefix)
