"""The fields of a manifest block: how each is written and read, and where its two values are found."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from gatekeeper.model.manifest import ManifestEntry, RecordedEntry, RecordedValue
from gatekeeper.model.names import for_packet, from_packet

Value = str | int

_SHOWN = 120


def _sha1(text: str) -> str | None:
    # 64 digits are a commit id of a repository in the SHA-256 format, which a submodule may have; elsewhere they
    # can't equal what is computed, and are refused before they are compared.
    return text.lower() if re.fullmatch(r"[0-9a-fA-F]{40}", text) else None


def _line(text: str) -> int | None:
    # More digits than any file has lines would only feed the slow conversion of huge numbers.
    return (int(text) or None) if re.fullmatch(r"[0-9]{1,18}", text) else None


def _delta(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else None


def _name(text: str) -> str | None:
    try:
        return from_packet(text) or None
    except ValueError:
        return None


def _mode(text: str) -> str | None:
    found = re.fullmatch(r"([0-7]{6}) *-> *([0-7]{6})", text)
    return f"{found[1]} -> {found[2]}" if found else None


def _content(text: str) -> str | None:
    return text.lower() if text.lower() in {"binary", "submodule"} else None


@dataclass(frozen=True, slots=True)
class BlockField:
    """One field: its label, the rule for a wrong value, the form that is expected, and where the values are.

    ``read`` gives the value that a text stands for, None for a text of another form; ``computed`` gives None
    where the field doesn't apply.
    """

    label: str
    rule: str
    form: str
    read: Callable[[str], Value | None]
    recorded: Callable[[RecordedEntry], RecordedValue | None]
    computed: Callable[[ManifestEntry], Value | None]


START = BlockField(
    "Start", "manifest.window", "a whole number from 1 on", _line, lambda r: r.start, lambda e: e.start
)
END = BlockField("End", "manifest.window", START.form, _line, lambda r: r.end, lambda e: e.end)
DELTA = BlockField(
    "Line Delta",
    "manifest.line-delta",
    "a whole number, with a sign if it is negative",
    _delta,
    lambda r: r.line_delta,
    lambda e: e.line_delta,
)
PRE = BlockField(
    "Pre-SHA1", "manifest.pre-sha1", "40 hexadecimal digits", _sha1, lambda r: r.pre_sha1, lambda e: e.pre_sha1
)
POST = BlockField("Post-SHA1", "manifest.post-sha1", PRE.form, _sha1, lambda r: r.post_sha1, lambda e: e.post_sha1)
RENAMED_FROM = BlockField(
    "Renamed From",
    "manifest.malformed",
    "the old path",
    _name,
    lambda r: r.renamed_from,
    lambda e: e.change.old_path,
)
MODE = BlockField("Mode", "manifest.malformed", "OLD -> NEW", _mode, lambda r: r.mode, lambda e: e.mode)
CONTENT = BlockField(
    "Content", "manifest.malformed", "binary or submodule", _content, lambda r: r.content, lambda e: e.content
)

ALWAYS = (START, END, DELTA, PRE, POST)
WHERE_APPLICABLE = (RENAMED_FROM, MODE, CONTENT)


def target_of(recorded: RecordedEntry) -> str | None:
    """The path that a block is about; None for ``<…>``, nothing, or a C-quoted name that isn't one."""
    text = recorded.target_file.text
    # A file may be called TODO, so only the form that no path has counts as a placeholder here.
    return None if text.startswith("<") and text.endswith(">") else _name(text)


def is_placeholder(text: str) -> bool:
    """Whether a recorded text only holds the place of a value (contract, section 1, Required)."""
    text = text.strip()
    return not text or text in {"TBD", "TODO"} or (text[0], text[-1]) in {("<", ">"), ("{", "}")}


def shown(text: str) -> str:
    """A recorded text as a message quotes it: printable, and cut where it is very long."""
    plain = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return repr(plain if len(plain) <= _SHOWN else plain[:_SHOWN] + "...")


def written(value: Value | None) -> str:
    """A computed value as a packet writes it, names quoted where they must be."""
    return "nothing" if value is None else for_packet(value) if isinstance(value, str) else str(value)
