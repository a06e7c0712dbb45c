"""Cases for pure checks: trees and packets from plain text, nothing read from anywhere."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gatekeeper.gates.case import Case, Outcome
from gatekeeper.gates.select import own_paths, select
from gatekeeper.model.changes import REGULAR, ChangeKind, ChangeSet, FileChange, Hunk, PathTest, Side
from gatekeeper.model.plain import plain
from gatekeeper.model.settings import Settings
from gatekeeper.packet.lookup import packet_paths
from gatekeeper.packet.parse import parse_packet
from gatekeeper.packet.refinement import parse_refinement

WP_ID = "WP-1-Small"
PACKET = f"packets/{WP_ID}.md"
REFINEMENT = f"packets/refinements/{WP_ID}.md"
SIGNATURE = "maintainers010120261200"

PACKET_TEXT = f"""# Work Packet: {WP_ID}

## METADATA
- WP_ID: {WP_ID}
- **Status:** In Progress
- RISK_TIER: LOW
- USER_SIGNATURE: {SIGNATURE}

## TECHNICAL_REFINEMENT
- REFINEMENT_FILE: {REFINEMENT}

## SCOPE
- What: Change a line.
- IN_SCOPE_PATHS:
  - src/a.txt
- OUT_OF_SCOPE:
  - New features

## WAIVERS GRANTED
- NONE

## QUALITY_GATE
### TEST_PLAN
- gate post-work {WP_ID}

### DONE_MEANS
- The line is changed.

## AUTHORITY
- SPEC_ANCHOR: docs/SPEC_v1.md section 1 (CX-ONE-1), see docs/SPEC_v1.md:2

## LINEAGE_AUDIT
- First revision.

## BOOTSTRAP
- FILES_TO_OPEN:
  - src/a.txt

## SKELETON
- One line.

SKELETON APPROVED

## IMPLEMENTATION
- Done.

## VALIDATION

## EVIDENCE
(None yet.)
"""

REFINEMENT_TEXT = f"""## TECHNICAL_REFINEMENT

### METADATA
- WP_ID: {WP_ID}
- SPEC_TARGET_RESOLVED: docs/SPEC_CURRENT.md -> SPEC_v1.md
- SPEC_TARGET_SHA1: @SHA1@
- USER_REVIEW_STATUS: APPROVED
- USER_SIGNATURE: {SIGNATURE}

### CLEARLY_COVERS
- CLEARLY_COVERS_VERDICT: PASS
- ENRICHMENT_NEEDED: NO

### SPEC_ANCHORS
- SPEC_ANCHOR: docs/SPEC_v1.md 1 [CX-ONE-1]
- CONTEXT_START_LINE: 3
- CONTEXT_END_LINE: 4
- CONTEXT_TOKEN: the rule itself
"""

SPEC_TEXT = "# Spec\n\n## 1 Rule [CX-ONE-1]\nHere stands the rule itself.\n\n## 2 Later [CX-TWO-12]\n"

REFINEMENT_TEXT = REFINEMENT_TEXT.replace(
    "@SHA1@", hashlib.sha1(SPEC_TEXT.encode(), usedforsecurity=False).hexdigest()
)

FILES: dict[str, str | bytes | None] = {
    PACKET: PACKET_TEXT,
    REFINEMENT: REFINEMENT_TEXT,
    "docs/SPEC_CURRENT.md": "The current specification is `SPEC_v1.md`.\n",
    "docs/SPEC_v1.md": SPEC_TEXT,
    "gatekeeper.toml": '[spec]\npointer = "docs/SPEC_CURRENT.md"\n',
    "src/a.txt": "one\ntwo\nthree\n",
    "src/b.txt": "one\n",
}


def edited(text: str, old: str, new: str) -> str:
    """The text with its only ``old`` replaced."""
    assert text.count(old) == 1, (old, text.count(old))
    return text.replace(old, new)


class Files:
    """A tree of plain files: a ``TreeView``."""

    def __init__(self, files: Mapping[str, str | bytes | None]) -> None:
        self._data = {p: d.encode() if isinstance(d, str) else d for p, d in files.items() if d is not None}
        self.entries = {
            path: Side(REGULAR, hashlib.sha1(data, usedforsecurity=False).hexdigest())
            for path, data in self._data.items()
        }

    def read(self, path: str) -> bytes:
        return self._data[path]

    def read_each(self, paths: Iterable[str], limit: int) -> Iterator[tuple[str, bytes | None]]:
        for path in paths:
            yield path, self._data[path] if len(self._data[path]) <= limit else None

    def named(self, test: PathTest) -> Sequence[str]:
        return sorted(filter(test, self.entries))

    def is_folder(self, path: str) -> bool:
        return any(name.startswith(f"{path}/") for name in self._data)


def settings(**tables: Mapping[str, Any]) -> Settings:
    """The small application's settings, tables replaced by those given."""
    return plain(Settings, {"spec": {"pointer": "docs/SPEC_CURRENT.md"}, **tables})


def case(
    files: Mapping[str, str | bytes | None] | None = None,
    *,
    gate: str = "post-work",
    wp_id: str = WP_ID,
    **fields: Any,
) -> Case:
    """The small application's case; ``files`` go over its own, None removes one."""
    head = Files({**FILES, **(files or {})})
    chosen: Settings = fields.pop("settings", settings())
    folder = chosen.packets.dir
    packet_path = f"{folder}/{wp_id}.md"
    refinement_path = f"{chosen.packets.refinements}/{wp_id}.md"
    packet = parse_packet(packet_path, wp_id, head.read(packet_path)) if packet_path in head.entries else None
    wanted = refinement_path in head.entries and chosen.packets.refinement != "off"
    built = Case(
        gate=gate,
        wp_id=wp_id,
        packet_path=packet_path,
        packet=packet,
        packet_problems=(),
        refinement_path=refinement_path,
        refinement=parse_refinement(refinement_path, head.read(refinement_path)) if wanted else None,
        settings=chosen,
        head=head,
        base=None,
        committed=head,
        today=dt.date(2026, 1, 10),
        packet_ids=packet_paths(head.entries, folder),
    )
    return replace(built, **fields)


def with_changes(built: Case, base: Mapping[str, str | bytes | None], *changes: FileChange) -> Case:
    """The case with a change set; ``base`` are the base's files over the small application's own."""
    change_set = ChangeSet("range", "", None, None, "", "", tuple(sorted(changes, key=lambda c: c.path)))
    own = own_paths(built.wp_id, built.packet_path, built.refinement_path, built.settings.packets)
    selection = select(change_set, own, built.settings.packets)
    return replace(built, base=Files({**FILES, **base}), change_set=change_set, selection=selection)


def change(
    path: str, *hunks: tuple[int, int, int, int], old: str | None = None, kind: str = "modified"
) -> FileChange:
    """A changed file with its hunks."""
    side = Side(REGULAR, "1" * 40)
    return FileChange(
        path,
        ChangeKind.RENAMED if old else ChangeKind(kind),
        None if kind == "added" else side,
        None if kind == "deleted" else Side(REGULAR, "2" * 40),
        old,
        tuple(Hunk(*hunk) for hunk in hunks),
    )


def rules(outcome: Outcome) -> list[str]:
    """The rules of an outcome's findings, sorted, warnings marked."""
    return sorted(f.rule + ("" if f.severity == "error" else f" ({f.severity})") for f in outcome.findings)


def paths(outcome: Outcome, rule: str) -> Sequence[str | None]:
    """The paths at which a rule was found."""
    return [f.path for f in outcome.findings if f.rule == rule]
