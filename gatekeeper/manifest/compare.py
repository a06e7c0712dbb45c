"""Recorded manifest blocks held against computed entries (contract, section 1, Manifest)."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gatekeeper.manifest import fields, line_ends
from gatekeeper.manifest.explain import Known, Unmatched, origins
from gatekeeper.manifest.fields import BlockField, Value, shown, target_of, written
from gatekeeper.model.changes import BlobFacts, Side
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.manifest import GATES, Explanation, Gate, ManifestEntry, RecordedEntry, RecordedValue
from gatekeeper.model.names import for_output, for_packet

_MEND = "gate post-work, without --check, writes the computed manifest"
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_NOTHING = hashlib.sha1(b"", usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Comparison:
    """The findings, sorted, and which gates the recorded values prove, by path of the entry.

    ``gates`` holds pre_sha1_captured, post_sha1_captured, line_delta_equals_expected and
    rails_untouched_outside_window for every entry; all are false where no block stands for it. ``explanations``
    are what index, work tree and later commits tell of recorded hashes, which findings must not depend on.
    """

    findings: tuple[Finding, ...]
    gates: Mapping[str, Mapping[Gate, bool]]
    explanations: tuple[Explanation, ...] = ()


def compare(
    entries: Sequence[ManifestEntry],
    recorded: Sequence[RecordedEntry],
    *,
    packet_path: str,
    ignored: Callable[[str], bool],
    blobs: Callable[[str], Iterable[bytes]],
    facts: Mapping[str, BlobFacts],
    known: Known = lambda _: (),
) -> Comparison:
    """Hold what a packet records against what was computed.

    ``ignored`` tells of a path that its block is accepted and not compared; ``blobs`` gives a blob's bytes by its
    id, ``facts`` what is known of it, and ``known`` other versions of files; the first and the last are asked
    only to explain a hash that differs. A finding stands at the field's line in the packet; ``manifest.missing``
    alone, for which no line exists, at the changed file.

    ``manifest.malformed`` is a field that is missing, that can't be read, or, for Renamed From, Mode and Content,
    that says otherwise than the change does; it costs only itself.
    """
    found: list[Finding] = []
    by_path = {entry.path: entry for entry in entries}
    gates: dict[str, Mapping[Gate, bool]] = {path: dict.fromkeys(_GATES, False) for path in by_path}
    seen: dict[str, int] = {}
    unmatched: list[tuple[Unmatched, Finding]] = []
    for block in sorted(recorded, key=lambda block: block.line):
        path = target_of(block)
        if path is None:
            found.append(_unreadable_target(block, packet_path))
        elif ignored(path):
            continue
        elif path in seen:
            found.append(_duplicate(block, path, seen[path], packet_path))
        elif path not in by_path:
            seen[path] = block.line
            found.append(_stale(block, path, packet_path))
        else:
            seen[path] = block.line
            judge = _Block(by_path[path], block, packet_path, blobs)
            gates[path] = judge.judge()
            found += judge.findings
            unmatched += judge.unmatched
    found += [_missing(entry, packet_path) for entry in entries if entry.path not in seen]
    told, explanations = _told(unmatched, facts, known)
    findings = sorted((*found, *told), key=Finding.sort_key)
    return Comparison(tuple(findings), gates, explanations)


def _told(
    unmatched: Sequence[tuple[Unmatched, Finding]], facts: Mapping[str, BlobFacts], known: Known
) -> tuple[list[Finding], tuple[Explanation, ...]]:
    """The findings about hashes with their origins, and apart from them what holds in this place alone."""
    findings: list[Finding] = []
    explanations: list[Explanation] = []
    found = origins([hash_ for hash_, _ in unmatched], facts, known)
    for (_, finding), origin in zip(unmatched, found, strict=True):
        if origin is not None and origin.lasting:
            message = f"{finding.message} {origin.sentence}"
            findings.append(finding.model_copy(update={"message": message}))
            continue
        findings.append(finding)
        if origin is not None and finding.path is not None and finding.line is not None:
            explanations.append(Explanation(path=finding.path, line=finding.line, message=origin.sentence))
    return findings, tuple(explanations)


_ALL_TICKED = tuple((gate.value, True) for gate in GATES)
_GATES = (Gate.PRE, Gate.POST, Gate.DELTA, Gate.RAILS)
_NONE = (None,) * 6


def _is_as_computed(entry: ManifestEntry, block: RecordedEntry) -> bool:
    """Whether every value is recorded just as it is computed and every gate ticked, as nearly always."""
    numbers = (block.start, block.end, block.line_delta, block.pre_sha1, block.post_sha1)
    computed = (str(entry.start), str(entry.end), str(entry.line_delta), entry.pre_sha1, entry.post_sha1)
    rare = (block.renamed_from, block.mode, block.content, entry.change.old_path, entry.mode, entry.content)
    return (
        rare == _NONE
        and tuple([value and value.text for value in numbers]) == computed
        and tuple([tick[:2] for tick in block.gates]) == _ALL_TICKED
    )


def _unreadable_target(block: RecordedEntry, packet_path: str) -> Finding:
    value = block.target_file
    return Finding(
        rule="manifest.malformed",
        message=f"Target File is recorded as {shown(value.text)}: expected a path, C-quoted if need be.",
        path=packet_path,
        line=value.line,
        hint=_MEND,
    )


def _duplicate(block: RecordedEntry, path: str, first: int, packet_path: str) -> Finding:
    return Finding(
        rule="manifest.duplicate",
        message=f"{for_packet(path)} has a second block; the first stands at line {first}.",
        path=packet_path,
        line=block.target_file.line,
        hint="remove one of the blocks; " + _MEND,
    )


def _stale(block: RecordedEntry, path: str, packet_path: str) -> Finding:
    return Finding(
        rule="manifest.stale",
        message=f"{for_packet(path)} has a block, but the change set leaves this file alone.",
        path=packet_path,
        line=block.target_file.line,
        hint="remove the block; " + _MEND,
    )


def _missing(entry: ManifestEntry, packet_path: str) -> Finding:
    return Finding(
        rule="manifest.missing",
        message=f"{for_packet(entry.path)} is {_happened(entry)}, but {packet_path} has no block for it.",
        path=for_output(entry.path),
        hint=_MEND,
    )


def _happened(entry: ManifestEntry) -> str:
    words = {"mode": "changed in its mode", "type": "changed in its type"}
    return words.get(entry.change.change, entry.change.change.value)


class _Block:
    """One block against its entry; collects ``findings``, and ``unmatched`` hashes apart with theirs."""

    def __init__(
        self, entry: ManifestEntry, block: RecordedEntry, packet_path: str, blobs: Callable[[str], Iterable[bytes]]
    ) -> None:
        self.entry = entry
        self.block = block
        self.packet_path = packet_path
        self.blobs = blobs
        self.findings: list[Finding] = []
        self.unmatched: list[tuple[Unmatched, Finding]] = []

    def judge(self) -> dict[Gate, bool]:
        """Compare every field; the gates that the values prove."""
        if _is_as_computed(self.entry, self.block):
            return dict.fromkeys(_GATES, True)
        start = self._window(fields.START)
        end = self._window(fields.END)
        gates = {
            Gate.PRE: self._hash(fields.PRE, self.entry.change.base),
            Gate.POST: self._hash(fields.POST, self.entry.change.head),
            Gate.DELTA: self._delta(),
            Gate.RAILS: start and end,
        }
        for field in fields.WHERE_APPLICABLE:
            self._where_applicable(field)
        self._ticks()
        return gates

    def _add(self, rule: str, message: str, line: int, severity: Severity = Severity.ERROR) -> None:
        self.findings.append(
            Finding(rule=rule, severity=severity, message=message, path=self.packet_path, line=line, hint=_MEND)
        )

    def _differs(self, field: BlockField, value: RecordedValue, why: str = "computed is") -> None:
        computed = written(field.computed(self.entry))
        message = f"{field.label} of {self._name} is recorded as {shown(value.text)}, {why} {computed}."
        self._add(field.rule, message, value.line)

    @property
    def _name(self) -> str:
        return for_packet(self.entry.path)

    def _value(self, field: BlockField) -> tuple[RecordedValue, Value] | None:
        """The field as recorded and as read; None, with a finding, where it is missing or malformed."""
        recorded = field.recorded(self.block)
        if recorded is None:
            message = f"{field.label} of {self._name} is missing: expected {written(field.computed(self.entry))}."
            self._add("manifest.malformed", message, self.block.target_file.line)
            return None
        value = field.read(recorded.text.strip())
        if value is None:
            message = (
                f"{field.label} of {self._name} is recorded as {shown(recorded.text)}: expected {field.form}."
            )
            self._add("manifest.malformed", message, recorded.line)
            return None
        return recorded, value

    def _is_as_computed(self, field: BlockField) -> bool:
        """Whether a number or a hash is recorded just as it is computed, as nearly all are."""
        recorded = field.recorded(self.block)
        return recorded is not None and recorded.text == str(field.computed(self.entry))

    def _window(self, field: BlockField) -> bool:
        if self._is_as_computed(field):
            return True
        if (found := self._value(field)) is None:
            return False
        recorded, value = found
        number, entry = int(value), self.entry
        if number > entry.start if field is fields.START else number < entry.end:
            self._differs(field, recorded, "but a hunk reaches to line")
            return False
        last = max(entry.last_line, entry.end)
        if field is fields.END and number > last:
            message = (
                f"End of {self._name} is recorded as {number}, but neither version has more than {last} lines."
            )
            self._add("manifest.window-wide", message, recorded.line, Severity.WARNING)
        return True

    def _delta(self) -> bool:
        if self._is_as_computed(fields.DELTA):
            return True
        if (found := self._value(fields.DELTA)) is None:
            return False
        recorded, value = found
        if value != self.entry.line_delta:
            self._differs(fields.DELTA, recorded)
            return False
        return True

    def _hash(self, field: BlockField, side: Side | None) -> bool:
        if self._is_as_computed(field) or self._is_long_commit_id(field, side):
            return True
        if (found := self._value(field)) is None:
            self._look_for_origin(field)
            return False
        recorded, value = found
        computed = field.computed(self.entry)
        if value == computed:
            return True
        if field is fields.PRE and side is None and value in self._old_forms():
            message = f"Pre-SHA1 of {self._name}, which is added, is recorded as {value}: the form is {computed}."
            self._add("manifest.pre-form", message, recorded.line, Severity.WARNING)
            return True
        if value in self._with_other_line_ends(side):
            message = (
                f"{field.label} of {self._name} is recorded as {value}, the hash of the same lines with other line"
                f" ends; git stores {computed}."
            )
            self._add("manifest.eol", message, recorded.line, Severity.WARNING)
            return True
        self._differs(field, recorded)
        self._look_for_origin(field)
        return False

    def _look_for_origin(self, field: BlockField) -> None:
        """Set the finding just made apart, if what is recorded could be the hash of something."""
        unmatched = Unmatched(self.entry, self.block, field)
        if _HASH.fullmatch(unmatched.text):
            self.unmatched.append((unmatched, self.findings.pop()))

    def _is_long_commit_id(self, field: BlockField, side: Side | None) -> bool:
        """Whether a submodule's commit id of a repository in the SHA-256 format is recorded as it is."""
        recorded = field.recorded(self.block)
        if recorded is None or side is None or not side.is_submodule:
            return False
        return recorded.text.strip().lower() == side.oid

    def _old_forms(self) -> set[Value]:
        """What is written in place of forty zeros: the hash of nothing, or the Post-SHA1 once more."""
        forms: set[Value] = {_NOTHING, self.entry.post_sha1}
        post = self.block.post_sha1
        value = fields.POST.read(post.text.strip()) if post else None
        return forms if value is None else forms | {value}

    def _with_other_line_ends(self, side: Side | None) -> frozenset[str]:
        if side is None or side.is_submodule or self.entry.content is not None:
            return frozenset()
        return line_ends.sha1s(self.blobs(side.oid))

    def _where_applicable(self, field: BlockField) -> None:
        computed, recorded = field.computed(self.entry), field.recorded(self.block)
        if recorded is None and computed is None:
            return
        if recorded is not None and computed is None:
            message = (
                f"{field.label} of {self._name} is recorded as {shown(recorded.text)}, but doesn't apply here."
            )
            self._add(field.rule, message, recorded.line)
            return
        if (found := self._value(field)) is not None and found[1] != computed:
            self._differs(field, found[0])

    def _ticks(self) -> None:
        if tuple(tick[:2] for tick in self.block.gates) == _ALL_TICKED:
            return
        required = set(GATES)
        listed = set()
        for tick in self.block.gates:
            name = (tick.name.split() or [""])[0].lower()
            listed.add(name)
            if name in required and not tick.ticked:
                self._add("manifest.gate", f"The gate {name} of {self._name} is not ticked.", tick.line)
        if absent := [gate.value for gate in GATES if gate not in listed]:
            message = f"The block of {self._name} doesn't list {', '.join(absent)} under Gates Passed."
            self._add("manifest.gate", message, self.block.target_file.line)
