"""How much a finding weighs, apart from findings: processes that only look for them import nothing heavy."""

from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs; only errors fail a check."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
