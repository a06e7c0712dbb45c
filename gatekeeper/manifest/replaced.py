"""What a writing run replaces, told before it is gone (contract, section 1, Manifest)."""

from collections.abc import Sequence

from gatekeeper.manifest import fields
from gatekeeper.manifest.fields import BlockField, is_placeholder, shown, target_of, written
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.manifest import ManifestEntry, RecordedEntry, RecordedValue
from gatekeeper.model.names import for_packet


def replaced(
    entries: Sequence[ManifestEntry], recorded: Sequence[RecordedEntry], *, packet_path: str
) -> tuple[Finding, ...]:
    """A note for each recorded value that the computed manifest replaces, sorted; at its line before the writing.

    Values that differ only in form (``+3``, upper-case digits) are not named, nor placeholders, which are no
    values. Blocks that go without a successor are named as such, under ``manifest.stale`` or
    ``manifest.duplicate``; a field's note has the rule by which a comparison judges that field.
    """
    notes: list[Finding] = []
    by_path = {entry.path: entry for entry in entries}
    seen: set[str] = set()
    for block in sorted(recorded, key=lambda block: block.line):
        path = target_of(block)
        if path is None:
            continue
        entry = by_path.get(path)
        if entry is None:
            message = f"The block of {for_packet(path)} is gone: the change needs no entry for this file."
            notes.append(_note("manifest.stale", message, packet_path, block.target_file.line))
        elif path in seen:
            message = f"The second block of {for_packet(path)} is gone."
            notes.append(_note("manifest.duplicate", message, packet_path, block.target_file.line))
        else:
            notes += _fields(entry, block, packet_path)
        seen.add(path)
    return tuple(sorted(notes, key=Finding.sort_key))


def _fields(entry: ManifestEntry, block: RecordedEntry, packet_path: str) -> list[Finding]:
    notes = []
    for field in (*fields.ALWAYS, *fields.WHERE_APPLICABLE):
        value = field.recorded(block)
        if value is not None and _is_other(field, value, entry):
            message = (
                f"{field.label} of {for_packet(entry.path)} was recorded as {shown(value.text)};"
                f" it is now {written(field.computed(entry))}."
            )
            notes.append(_note(field.rule, message, packet_path, value.line))
    return notes


def _is_other(field: BlockField, value: RecordedValue, entry: ManifestEntry) -> bool:
    text, computed = value.text.strip(), field.computed(entry)
    return not is_placeholder(text) and field.read(text) != computed and text != str(computed)


def _note(rule: str, message: str, packet_path: str, line: int) -> Finding:
    return Finding(rule=rule, severity=Severity.NOTE, message=message, path=packet_path, line=line)
