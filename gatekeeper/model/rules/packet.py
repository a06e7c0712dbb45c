"""Rules of the packet: its structure, its phases, its waivers, what it points at."""

from gatekeeper.model.rules.rule import Rule

PACKET: tuple[Rule, ...] = (
    Rule(
        id="packet.missing",
        title="The packet is not on the judged side",
        severity="error",
        what="The packet stands in the work tree or in another commit, but not in the tree that is judged.",
        why="What is judged is what was staged or committed. A packet that only lies on one disk proves nothing "
        "to "
        "anybody else.",
        bad="packets/WP-7-Search.md is untracked; gate post-work WP-7-Search --rev HEAD",
        good="git add packets/WP-7-Search.md && git commit -m 'Plan WP-7-Search'",
        mend="Add the packet and commit it; where it is gone from the work tree, check it out again.",
    ),
    Rule(
        id="packet.ambiguous",
        title="Two files claim to be the packet",
        severity="error",
        what="Both WP-ID.md and WP-ID/packet.md are there.",
        why="Scope and approval must have one place. With two, nobody knows which of them was approved.",
        bad="packets/WP-7-Search.md and packets/WP-7-Search/packet.md",
        good="packets/WP-7-Search.md",
        mend="Keep one of the two files and remove the other.",
    ),
    Rule(
        id="packet.field-missing",
        title="A required field or section is missing",
        severity="error",
        what="A required value is absent or empty, or the packet's WP_ID is not the id of its file. Required "
        "are WP_ID "
        "(or TASK_ID), Status, RISK_TIER, What, IN_SCOPE_PATHS, TEST_PLAN, DONE_MEANS, BOOTSTRAP, SKELETON and "
        "VALIDATION.",
        why="These say what may change, when it is done and how that is tested. Without them there is nothing "
        "to hold "
        "the work against.",
        bad="## METADATA\n- WP_ID: WP-7-Search\n- **Status:** In Progress",
        good="## METADATA\n- WP_ID: WP-7-Search\n- **Status:** In Progress\n- RISK_TIER: MEDIUM",
        mend="Add the field or the section that the message names, and fill it.",
    ),
    Rule(
        id="packet.placeholder",
        title="A required value is still a placeholder",
        severity="error",
        what="A required value is, as a whole and outside code fences, <...>, {...}, TBD or TODO.",
        why="A template that was never filled in looks like a plan and is none.",
        bad="- RISK_TIER: <LOW, MEDIUM or HIGH>",
        good="- RISK_TIER: MEDIUM",
        mend="Write what is true in place of the placeholder.",
    ),
    Rule(
        id="packet.status",
        title="The packet's status does not allow this",
        severity="error",
        what="Pre-work wants the Status Ready for Dev or In Progress; post-work takes Done and Validated too.",
        why="A draft or a superseded packet must not be worked on by mistake.",
        bad="- **Status:** Draft",
        good="- **Status:** Ready for Dev",
        mend="Set Status to what is true of the packet. Case, hyphens and text behind it do not matter.",
    ),
    Rule(
        id="packet.unreadable",
        title="The packet is no text file",
        severity="error",
        what="The file is UTF-16, holds NUL bytes, or is a link or a submodule.",
        why="A packet is read by people, by git and by machines. What one of them cannot read cannot be approved.",
        bad="packets/WP-7-Search.md saved as UTF-16",
        good="packets/WP-7-Search.md saved as UTF-8, best plain ASCII",
        mend="Save the packet as a regular file of UTF-8 text.",
    ),
    Rule(
        id="packet.lineage",
        title="A revision does not name an earlier one",
        severity="error",
        what="The packet is a revision (-vN), and its LINEAGE_AUDIT leaves out a lower revision that exists.",
        why="A revision that forgets its predecessors silently drops what they demanded.",
        bad="WP-7-Search-v2, while packets/WP-7-Search.md exists:\n## LINEAGE_AUDIT\n- (none)",
        good="## LINEAGE_AUDIT\n- Prior packet: packets/WP-7-Search.md\n- Preserved: all of its DONE_MEANS",
        mend="Name each earlier revision in LINEAGE_AUDIT, with what is preserved and what changed. gate new "
        "does it.",
    ),
    Rule(
        id="packet.non-ascii",
        title="The packet holds characters beyond ASCII",
        severity="warning",
        what="A person wrote characters beyond ASCII into the packet; the line of the first is named.",
        why="Look-alike letters and invisible characters make two texts look the same that are not.",
        bad="a long dash or a curly quote, copied from a word processor",
        good="- What: Faster search - for everybody",
        mend="Write plain ASCII, or \\uXXXX escapes.",
    ),
    Rule(
        id="phase.bootstrap-missing",
        title="There is no BOOTSTRAP section",
        severity="error",
        what="The packet has no BOOTSTRAP heading outside code fences.",
        why="BOOTSTRAP names what to read and run before the first line is written. Work without it starts blind.",
        bad="## NOTES\n- FILES_TO_OPEN:\n  - src/search.rs",
        good="## BOOTSTRAP\n- FILES_TO_OPEN:\n  - src/search.rs",
        mend="Add the section BOOTSTRAP before SKELETON and fill it.",
    ),
    Rule(
        id="phase.skeleton-missing",
        title="There is no SKELETON section",
        severity="error",
        what="The packet has no SKELETON heading outside code fences.",
        why="The skeleton is what gets approved before the work. Without one there is nothing to approve.",
        bad="## BOOTSTRAP\n...\n## IMPLEMENTATION",
        good="## BOOTSTRAP\n...\n## SKELETON\n- One new type, Query; two functions\n## IMPLEMENTATION",
        mend="Add the section SKELETON between BOOTSTRAP and IMPLEMENTATION and write the plan into it.",
    ),
    Rule(
        id="phase.order",
        title="The phases stand in the wrong order",
        severity="error",
        what="The order is BOOTSTRAP, SKELETON, IMPLEMENTATION.",
        why="Reading, planning and building follow each other; a packet in another order was filled in "
        "afterwards.",
        bad="## SKELETON\n...\n## BOOTSTRAP",
        good="## BOOTSTRAP\n...\n## SKELETON\n...\n## IMPLEMENTATION",
        mend="Move the section that the message names.",
    ),
    Rule(
        id="phase.not-approved",
        title="The skeleton is not approved",
        severity="error",
        what="No line SKELETON APPROVED stands in the SKELETON section, outside code fences and before "
        "IMPLEMENTATION.",
        why="Approval is a fact of history: a line that a person committed before the work began.",
        bad="## SKELETON\n- One new type, Query\n\n## IMPLEMENTATION",
        good="## SKELETON\n- One new type, Query\n\nSKELETON APPROVED\n\n## IMPLEMENTATION",
        mend="Have the skeleton approved: the line SKELETON APPROVED in the SKELETON section, in a commit "
        "without work.",
    ),
    Rule(
        id="waiver.malformed",
        title="A waiver cannot be read",
        severity="error",
        what="A line of WAIVERS GRANTED has not the form ID | rule or prefix | paths | reason | approver | date "
        "| expiry.",
        why="A waiver is a record. One that leaves out who, what or until when is an excuse.",
        bad="- skip the scope check for Cargo.lock",
        good="- W1 | scope.out-of-scope | Cargo.lock | generated | maintainers | 2026-01-05 | 2026-03-01",
        mend="Write the line in that form, or NONE where nothing is waived.",
    ),
    Rule(
        id="waiver.expired",
        title="A waiver has expired",
        severity="error",
        what="The waiver's last day lies before the judged commit's date (before today for what is uncommitted).",
        why="A waiver buys time. Past its day, what it covered has to be mended or decided anew.",
        bad="- W1 | scope.out-of-scope | Cargo.lock | generated | maintainers | 2025-01-05 | 2025-02-01",
        good="- W1 | scope.out-of-scope | Cargo.lock | generated | maintainers | 2026-01-05 | 2026-03-01",
        mend="Mend what it waived and remove it, or have a new one approved.",
    ),
    Rule(
        id="waiver.unused",
        title="A waiver covers nothing",
        severity="warning",
        what="No finding needed the waiver, or it names a rule that cannot be waived (packet, phase, manifest, "
        "authority, waiver).",
        why="What nobody needs stays behind and one day covers something that nobody meant.",
        bad="- W1 | links.unresolved | docs/** | old | maintainers | 2026-01-05 | (all links resolve)",
        good="## WAIVERS GRANTED\n- NONE",
        mend="Remove the waiver.",
    ),
    Rule(
        id="waiver.unrecorded",
        title="A marker in source names no waiver",
        severity="error; a warning where another packet holds the waiver",
        what="A comment of a judged source holds WAIVER [ID]: reason, and the packet's WAIVERS GRANTED has no "
        "record of that id (for gate audit: no packet of the tree has).",
        why="A marker without its record is a permission that somebody gave to themselves.",
        bad="// WAIVER [W9]: just this once\n(WAIVERS GRANTED: NONE)",
        good="// WAIVER [W9]: until the port is done\n"
        "(WAIVERS GRANTED: - W9 | hygiene.unwrap | src/a.rs | the port | maintainers | 2026-01-05 | 2026-06-30)",
        mend="Mend the line and remove the marker, or have the waiver recorded and approved.",
    ),
    Rule(
        id="waiver.blanket",
        title="A waiver without limit",
        severity="warning",
        what="A waiver is for every path (**, *) or for every rule.",
        why="It covers the fault that it was granted for and each one that comes after.",
        bad="- W1 | hygiene | ** | old code | maintainers | 2026-01-05 | 2026-06-30",
        good="- W1 | hygiene.unwrap | src/port.rs | the port | maintainers | 2026-01-05 | 2026-06-30",
        mend="Name the rule and the files that the waiver is for.",
    ),
    Rule(
        id="checkpoint.uncommitted",
        title="The plan is not committed",
        severity="error",
        what="The packet or its refinement is untracked, staged or edited, and pre-work wants both committed.",
        why="Work starts from a plan that everybody can see and that cannot change unseen.",
        bad="git status: ?? packets/WP-7-Search.md",
        good="git add packets/WP-7-Search.md && git commit -m 'Plan WP-7-Search'",
        mend="Commit packet and refinement, without work, and run pre-work again.",
    ),
    Rule(
        id="links.unresolved",
        title="The packet points at nothing",
        severity="error",
        what="A path in FILES_TO_OPEN, REFINEMENT_FILE, AUTHORITY, a prior packet, a Target File or a Markdown "
        "link "
        "exists neither at head (for what was deleted: at base) nor in scope.",
        why="A reader who follows a dead link guesses what was meant.",
        bad="- FILES_TO_OPEN:\n  - src/serach.rs",
        good="- FILES_TO_OPEN:\n  - src/search.rs",
        mend="Mend the path, or add it to IN_SCOPE_PATHS if this packet makes the file.",
    ),
)
