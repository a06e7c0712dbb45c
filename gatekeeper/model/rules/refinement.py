"""Rules of the technical refinement and of the spec anchors."""

from gatekeeper.model.rules.rule import Rule

REFINEMENT: tuple[Rule, ...] = (
    Rule(
        id="refinement.missing",
        title="There is no refinement",
        severity="error",
        what="Neither REFINEMENT_FILE nor the refinements folder leads to a refinement of this packet.",
        why="The refinement holds the plan against the specification before work starts. Skipped, the gap between "
        "them is found by the customer.",
        bad="- REFINEMENT_FILE: packets/refinements/WP-7-Search.md (which does not exist)",
        good="packets/refinements/WP-7-Search.md, complete and signed",
        mend='Write and sign it (gate new makes one to fill), or set [packets] refinement = "off" for the '
        "project.",
    ),
    Rule(
        id="refinement.unreadable",
        title="The refinement is no text file",
        severity="error",
        what="The refinement is UTF-16 or holds NUL bytes.",
        why="What cannot be read cannot have been reviewed.",
        bad="packets/refinements/WP-7-Search.md saved as UTF-16",
        good="the same file saved as UTF-8, best plain ASCII",
        mend="Save the refinement as UTF-8 text.",
    ),
    Rule(
        id="refinement.unsigned",
        title="The refinement is not signed",
        severity="error",
        what="USER_REVIEW_STATUS is not APPROVED, or USER_SIGNATURE holds no signature.",
        why="Somebody other than the author has to have read it before work starts.",
        bad="- USER_REVIEW_STATUS: PENDING\n- USER_SIGNATURE: <signature>",
        good="- USER_REVIEW_STATUS: APPROVED\n- USER_SIGNATURE: maintainers050120260930",
        mend="Have the refinement reviewed; the reviewer sets both fields, and the packet carries the same "
        "signature.",
    ),
    Rule(
        id="refinement.mismatch",
        title="The refinement contradicts packet, spec or itself",
        severity="error",
        what="Its WP_ID or its signature is not the packet's, its spec is not the one that the pointer names, or "
        "CLEARLY_COVERS_VERDICT and ENRICHMENT_NEEDED are unfilled or contradict each other.",
        why="A refinement of another packet, or against another spec, says nothing about this work.",
        bad="- CLEARLY_COVERS_VERDICT: PASS\n- ENRICHMENT_NEEDED: YES",
        good="- CLEARLY_COVERS_VERDICT: PASS\n- ENRICHMENT_NEEDED: NO",
        mend="Correct the field that the message names, or refine against the current spec.",
    ),
    Rule(
        id="refinement.spec",
        title="The spec changed since the refinement",
        severity="warning",
        what="SPEC_TARGET_SHA1 is not the SHA1 of the spec's text (with LF line ends) as it is now.",
        why="A plan that was held against last month's spec may miss what was added since.",
        bad="- SPEC_TARGET_SHA1: (the SHA1 of last month's text)",
        good="- SPEC_TARGET_SHA1: (the SHA1 that the message names)",
        mend="Read what changed in the spec, adapt the refinement, then record the new SHA1.",
    ),
    Rule(
        id="refinement.anchor",
        title="A spec anchor does not hold",
        severity="error",
        what="A spec file does not exist, a CX id does not occur in it, a line lies past its end, or a token "
        "does not "
        "stand within its window of lines. It decides the gate anchors_present (C701-G01).",
        why="An anchor ties the work to the sentence that demands it. A loose one ties it to nothing.",
        bad="- CONTEXT_START_LINE: 34\n- CONTEXT_END_LINE: 38\n- CONTEXT_TOKEN: Search requirements (it stands "
        "at 51)",
        good="- CONTEXT_START_LINE: 50\n- CONTEXT_END_LINE: 54\n- CONTEXT_TOKEN: Search requirements",
        mend="Point the anchor at the spec's present text: file, CX id, window and token.",
    ),
)
