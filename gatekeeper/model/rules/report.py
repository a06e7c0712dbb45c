"""Rules of what gates and validators recorded: results and reports against what is recomputed."""

from gatekeeper.model.rules.rule import Rule

_BACK = "Put the block back as gate wrote it (git log -p -- PACKET shows it), or have gate record it anew."

REPORT: tuple[Rule, ...] = (
    Rule(
        id="report.mismatch",
        title="What is recorded isn't what is true of the change",
        severity="error; a warning where an earlier version of gate says of itself that it ran fewer rules",
        what="A machine block isn't what its own data renders to, contradicts itself or another block, or records "
        "an outcome or a value that recomputing doesn't give.",
        why="A record that was edited proves nothing, whatever it says.",
        bad="- PASS scope, in the result of a change that leaves the scope",
        good="the block as gate post-work, gate evidence or gate review wrote it",
        mend=_BACK,
    ),
    Rule(
        id="report.verdict",
        title="A report passes what the gate fails",
        severity="error",
        what="The latest report of a validator says PASS, and a check of the gate, or the evidence that it rests "
        "on, fails.",
        why="No gate review writes such a PASS, so somebody else did.",
        bad="Verdict: PASS, over a change with a file out of scope",
        good="Verdict: FAIL, or the change mended, proven and reviewed again",
        mend="Review the change again: gate review WP-ID --pass or --fail.",
    ),
    Rule(
        id="report.stale",
        title="What is recorded isn't about what is there now",
        severity="warning; an error with --fresh; a note for each commit that touches the files",
        what="Files no longer have the content that the packet records, main moved on under a packet that isn't "
        "on it yet, or the latest report is about another change.",
        why="The record is true of its own time. Whether it is true of today is another question.",
        bad="a later commit that changes a file of the packet and has no packet of its own",
        good="a later change with a packet of its own",
        mend="Nothing, if the later change has its own packet; else run gate post-work, or gate review, again.",
    ),
    Rule(
        id="report.forged",
        title="A report isn't the one that the ledger knows",
        severity="error",
        what="The ledger of this repository holds the digest of this report, and the packet holds another text.",
        why="A report is only ever added to. One that changed after it was recorded isn't the validator's.",
        bad="the reason for a PASS rewritten a week later",
        good="the report as gate review wrote it, and a new one below it",
        mend=_BACK,
    ),
    Rule(
        id="report.rewritten",
        title="A committed report was changed or taken away",
        severity="error",
        what="A commit of the packet's history holds a report that the packet at head doesn't hold, or holds "
        "differently.",
        why="A FAIL that was mended is part of the story, and so stays.",
        bad="the report of a FAIL deleted, and a PASS in its place",
        good="both reports, the newer one last",
        mend=_BACK,
    ),
    Rule(
        id="report.unwitnessed",
        title="Only the packet vouches for the report",
        severity="note",
        what="The ledger of this repository knows nothing of the report: it was recorded elsewhere.",
        why="A ledger that knows of it would tell if it were edited; without it only git's history does.",
        bad="a fresh clone, whose ledger is empty",
        good="a ledger that the team shares ([ledger] url)",
        mend="Nothing.",
    ),
)
