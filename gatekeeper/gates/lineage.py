"""The ``lineage`` check: a ``-vN`` packet names every lower revision that exists (contract, Lineage)."""

from gatekeeper.gates.case import Case, Outcome, not_applicable, not_run
from gatekeeper.model.finding import Finding
from gatekeeper.packet.lookup import base_and_revision, ids_in, lower_revisions


def check_lineage(case: Case) -> Outcome:
    """Rule: packet.lineage."""
    if case.packet is None:
        return not_run("there is no packet to read the lineage from")
    base, _ = base_and_revision(case.wp_id)
    if base == case.wp_id:
        return not_applicable("the packet is no revision (-vN) of another")
    earlier = lower_revisions(case.wp_id, list(case.packet_ids))
    section = case.packet.section("LINEAGE_AUDIT")
    body = case.packet.body(section) if section else ()
    text = "\n".join(line.text for line in body if line.line not in case.packet.fenced)
    named = ids_in(text, earlier)
    missing = [wp_id for wp_id in earlier if wp_id not in named]
    findings = tuple(
        Finding(
            rule="packet.lineage",
            message=f"LINEAGE_AUDIT doesn't name {wp_id}, a lower revision that exists at head.",
            path=case.packet.path,
            line=section.start if section else None,
            hint=f"name {case.packet_ids[wp_id][0]} in LINEAGE_AUDIT and say what is preserved and what changed",
        )
        for wp_id in missing
    )
    return Outcome(findings)
