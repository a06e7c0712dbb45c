"""Put a verdict together from what a gate came to."""

from collections.abc import Mapping, Sequence

from gatekeeper import __version__
from gatekeeper.clock import Clock as Clock  # noqa: PLC0414 - handed on to those who make a verdict
from gatekeeper.gates.case import Case
from gatekeeper.gates.pipeline import Judgement
from gatekeeper.model.changes import ChangeSet
from gatekeeper.model.manifest import GATES, Explanation, ManifestEntry
from gatekeeper.model.names import for_output
from gatekeeper.model.summary import ChangeSetSummary, ManifestRow, WaiverUse
from gatekeeper.model.verdict import Verdict


def summary(
    change_set: ChangeSet, digest: str, files: int, explanations: tuple[Explanation, ...] = ()
) -> ChangeSetSummary:
    """The change set as JSON tells it."""
    return ChangeSetSummary(
        digest=digest,
        source=change_set.source,
        reason=change_set.reason,
        base=change_set.base,
        head=change_set.head,
        base_tree=change_set.base_tree,
        head_tree=change_set.head_tree,
        files=files,
        explanations=explanations,
    )


def manifest_rows(
    entries: Sequence[ManifestEntry], gates: Mapping[str, Mapping[str, bool | None]]
) -> tuple[ManifestRow, ...]:
    """The manifest as JSON tells it, sorted by path."""
    return tuple(_row(entry, gates.get(entry.path, {})) for entry in sorted(entries, key=lambda e: e.path))


def _row(entry: ManifestEntry, gates: Mapping[str, bool | None]) -> ManifestRow:
    change = entry.change
    return ManifestRow(
        target_file=for_output(entry.path),
        kind=entry.kind,
        change=str(change.change),
        start=entry.start,
        end=entry.end,
        line_delta=entry.line_delta,
        pre_sha1=entry.pre_sha1,
        post_sha1=entry.post_sha1,
        pre_blob=change.base.oid if change.base else None,
        post_blob=change.head.oid if change.head else None,
        post_sha256=entry.post_sha256,
        gates={str(gate): gates.get(gate) for gate in GATES} if gates else {},
        renamed_from=for_output(change.old_path) if change.old_path else None,
        mode=entry.mode,
        content=entry.content,
    )


def gate_verdict(
    case: Case,
    judgement: Judgement,
    clock: Clock,
    change_set: ChangeSetSummary | None = None,
    manifest: tuple[ManifestRow, ...] = (),
    *,
    gate: str | None = None,
) -> Verdict:
    """The verdict of a packet's gate, under another name where ``gate`` is one."""
    waivers = tuple(
        WaiverUse(
            id=waiver.id,
            rule=waiver.rule,
            paths=tuple(sorted(waiver.paths)),
            reason=waiver.reason,
            approver=waiver.approver,
            expires=waiver.expires,
            used=judgement.waived.get(waiver.id, 0),
        )
        for waiver in sorted(case.packet.waivers if case.packet else (), key=lambda w: w.id)
    )
    return Verdict(
        gate=gate or case.gate,
        wp_id=case.wp_id,
        packet=for_output(case.packet_path),
        status=judgement.status,
        exit_code=judgement.exit_code,
        tool_version=__version__,
        started_at=clock.started_at,
        duration_ms=clock.duration_ms,
        change_set=change_set,
        manifest=manifest,
        checks=judgement.checks,
        waivers=waivers,
        migrations=judgement.proof,
        packet_digest=(case.packet.sha256 or None) if case.packet else None,
    )
