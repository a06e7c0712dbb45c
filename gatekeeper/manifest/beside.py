"""A recorded manifest beside the computed one, field by field."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from gatekeeper.manifest import fields
from gatekeeper.manifest.fields import BlockField, target_of, written
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.manifest import Gate, ManifestEntry, RecordedEntry
from gatekeeper.model.manifest_report import BlockPair, FieldPair, Standing
from gatekeeper.model.names import for_output

_FIELDS = (*fields.ALWAYS, *fields.WHERE_APPLICABLE)
Gates = Mapping[str, Mapping[Gate, bool | None]]


def side_by_side(
    entries: Sequence[ManifestEntry],
    recorded: Sequence[RecordedEntry],
    *,
    gates: Gates,
    findings: Sequence[Finding],
    ignored: Callable[[str], bool],
) -> tuple[BlockPair, ...]:
    """Every recorded block in the order of the packet, then every entry without one, by path.

    ``gates`` are the computed ones by path; ``findings`` are those of the comparison, by whose lines a value is
    different; ``ignored`` tells of a path that its block isn't compared.
    """
    wrong = {finding.line for finding in findings if finding.severity is Severity.ERROR}
    by_path = {entry.path: entry for entry in entries}
    pairs: list[BlockPair] = []
    seen: set[str] = set()
    for block in sorted(recorded, key=lambda block: block.line):
        path = target_of(block)
        entry = by_path.get(path) if path is not None and path not in seen else None
        if path is None:
            pairs.append(_alone(block, block.target_file.text, Standing.MALFORMED))
        elif ignored(path):
            pairs.append(_alone(block, path, Standing.IGNORED))
        elif entry is not None:
            pairs.append(_compared(entry, block, gates.get(path, {}), wrong))
        else:
            pairs.append(_alone(block, path, Standing.DUPLICATE if path in seen else Standing.STALE))
        seen.add(path or "")
    absent = (entry for entry in sorted(entries, key=lambda entry: entry.path) if entry.path not in seen)
    return (*pairs, *(_missing(entry, gates.get(entry.path, {})) for entry in absent))


def _alone(block: RecordedEntry, name: str, standing: Standing) -> BlockPair:
    values = ((field, field.recorded(block)) for field in _FIELDS)
    rows = [_pair(field.label, value.text, None, standing, value.line) for field, value in values if value]
    return BlockPair(
        target_file=for_output(name), standing=standing, line=block.target_file.line, fields=tuple(rows)
    )


def _missing(entry: ManifestEntry, gates: Mapping[Gate, bool | None]) -> BlockPair:
    values = ((field, field.computed(entry)) for field in _FIELDS)
    rows = [
        _pair(field.label, None, written(value), Standing.MISSING, None)
        for field, value in values
        if value is not None
    ]
    rows += [_pair(gate.value, None, _tick(gates.get(gate)), Standing.MISSING, None) for gate in Gate]
    return BlockPair(target_file=for_output(entry.path), standing=Standing.MISSING, line=None, fields=tuple(rows))


def _compared(
    entry: ManifestEntry, block: RecordedEntry, gates: Mapping[Gate, bool | None], wrong: set[int | None]
) -> BlockPair:
    rows = [row for field in _FIELDS if (row := _field(field, entry, block, wrong))]
    rows += _ticks(block, gates)
    found = {row.standing for row in rows}
    worst = (standing for standing in (Standing.DIFFERENT, Standing.ACCEPTED) if standing in found)
    return BlockPair(
        target_file=for_output(entry.path),
        standing=next(worst, Standing.SAME),
        line=block.target_file.line,
        fields=tuple(rows),
    )


def _field(
    field: BlockField, entry: ManifestEntry, block: RecordedEntry, wrong: set[int | None]
) -> FieldPair | None:
    value, computed = field.recorded(block), field.computed(entry)
    told = None if computed is None else written(computed)
    if value is None:
        return None if told is None else _pair(field.label, None, told, Standing.DIFFERENT, None)
    if value.line in wrong:
        standing = Standing.DIFFERENT
    else:
        standing = Standing.SAME if field.read(value.text.strip()) == computed else Standing.ACCEPTED
    return _pair(field.label, value.text, told, standing, value.line)


def _ticks(block: RecordedEntry, gates: Mapping[Gate, bool | None]) -> Iterator[FieldPair]:
    """The ten gates; a tick behind which nothing stands proven is different, as is one that isn't there."""
    ticks = {(tick.name.split() or [""])[0].lower(): tick for tick in block.gates}
    for gate in Gate:
        tick = ticks.get(gate.value)
        recorded = None if tick is None else "[x]" if tick.ticked else "[ ]"
        standing = Standing.SAME if recorded == _tick(gates.get(gate))[:3] else Standing.DIFFERENT
        yield _pair(gate.value, recorded, _tick(gates.get(gate)), standing, tick.line if tick else None)


def _tick(proven: bool | None) -> str:
    return {True: "[x]", False: "[ ]", None: "[x] (not applicable)"}[proven]


def _pair(
    name: str, recorded: str | None, computed: str | None, standing: Standing, line: int | None
) -> FieldPair:
    return FieldPair(
        field=name,
        recorded=None if recorded is None else for_output(recorded),
        computed=computed,
        standing=standing,
        line=line,
    )
