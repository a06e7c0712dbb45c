"""Rules about the ledger: its file, its chain, and what is carried into it."""

from gatekeeper.model.rules.rule import Rule

_KEEP = (
    "Nothing is repaired, because what is repaired proves nothing. Keep the ledger as it is, save what is "
    "readable (gate ledger export --output FILE), and compare it with an export of an earlier day (gate ledger "
    "verify --against FILE)."
)

LEDGER: tuple[Rule, ...] = (
    Rule(
        id="ledger.digest",
        title="An event was changed after it was appended",
        severity="error",
        what="The event's digest is not the SHA-256 of what the event holds now.",
        why="The ledger tells who signed and who approved; an entry that can be edited tells nothing.",
        bad="event 12: the actor was overwritten in the database, the digest is the old one",
        good="event 12: its digest is that of its content (docs/ledger.md shows how to compute it)",
        mend=_KEEP,
    ),
    Rule(
        id="ledger.chain",
        title="An event follows one that is not in the ledger",
        severity="error",
        what="The event names the digest of the event before it, and no event of the ledger has that digest: the "
        "one before was replaced as a whole, with a digest that fits its new content.",
        why="That each event names the one before it is what makes a replaced event visible.",
        bad="event 12 was written anew together with its digest; event 13 still names the old one",
        good="event 13 names the digest of event 12",
        mend=_KEEP,
    ),
    Rule(
        id="ledger.gap",
        title="Events are missing",
        severity="error",
        what="The numbers of the events leave some out; or an import begins later than the ledger ends.",
        why="A number is never skipped when an event is appended, so a missing one was taken out.",
        bad="events 1 to 11, then 13",
        good="events 1 to 13",
        mend=f"Of an import: export the other ledger whole. Else: {_KEEP}",
    ),
    Rule(
        id="ledger.order",
        title="Events stand in another order than they were appended in",
        severity="error",
        what="An event stands at a number that its digest does not cover, and would be sound at another one; in "
        "an export, a line stands before the line it follows.",
        why="What was approved before it was changed, and what after, is told by the order alone.",
        bad="the numbers of events 12 and 13 were swapped",
        good="each event at its own number",
        mend=_KEEP,
    ),
    Rule(
        id="ledger.fork",
        title="The chain has two heads",
        severity="error",
        what="Two events follow the same one. The schema forbids it, so the rows came in past it.",
        why="Of two histories only one can be what happened, and the ledger can't say which.",
        bad="event 12 and another event 12 both name the digest of event 11",
        good="one event follows event 11",
        mend=_KEEP,
    ),
    Rule(
        id="ledger.tail",
        title="The ledger's end is missing",
        severity="error",
        what="An event that was in the ledger when its digest was noted (--tip), or when it was exported "
        "(--against), is not in it any more.",
        why="A chain whose last events were deleted is whole by itself; only what was noted elsewhere shows it.",
        bad="gate ledger verify --tip 32bee936..., on a ledger from which the last three events were deleted",
        good="the noted digest is that of an event of the chain",
        mend=_KEEP,
    ),
    Rule(
        id="ledger.diverges",
        title="An export and the ledger tell different histories",
        severity="error",
        what="An event of the file is not the one that the ledger holds under the same number; or the file's next "
        "event does not follow the ledger's last one.",
        why="An import appends to the chain and never merges two of them.",
        bad="gate ledger import of an export from another repository's ledger",
        good="an export of this ledger, or one that goes on where this ledger ends",
        mend="Import into an empty ledger (another repository, or [ledger] url), or keep the two apart.",
    ),
    Rule(
        id="ledger.unknown-kind",
        title="An event is of a kind that this gate does not know",
        severity="error",
        what="A newer gate has kinds of events that this one does not know, and wrote one.",
        why="What can't be read can't be judged; an unknown event might undo one that is known.",
        bad="an event of the kind revoked, read by a gate that knows none",
        good="signed, approved, gate-run, evidence, reviewed, superseded",
        mend="Update gatekeeper: python -m pip install --upgrade gatekeeper.",
    ),
    Rule(
        id="ledger.schema",
        title="The ledger's schema is newer than this gate",
        severity="error",
        what="The tracking table of the ledger's database holds a version that this gate does not ship.",
        why="What a newer schema means by a column isn't known here. So this gate reads, and appends nothing.",
        bad="the ledger is at 0003, this gate knows 0002",
        good="the newest gate of the team has migrated the ledger, and all others were updated",
        mend="Update gatekeeper: python -m pip install --upgrade gatekeeper.",
    ),
    Rule(
        id="ledger.damaged",
        title="The ledger's database is damaged",
        severity="error",
        what="SQLite can't read the file, or a part of it, or finds that its parts don't agree; or the file has "
        "no bytes, or is gone while the log beside it isn't.",
        why="Events in the damaged part can't be read, and an append might destroy more.",
        bad="a page of the file was overwritten",
        good="PRAGMA quick_check says ok",
        mend="Save what is readable: gate ledger export --output FILE names the events that are lost. Then put "
        "back a copy of the file, or move it away and import the export up to the first loss.",
    ),
    Rule(
        id="ledger.malformed",
        title="A line of an export is no event",
        severity="error",
        what="The line is no JSON object with just the fields of an event (docs/ledger.md).",
        why="A file that was cut off or edited is no copy of a ledger.",
        bad='{"seq": 12, "kind": "signed"',
        good="every line as gate ledger export wrote it",
        mend="Export the ledger again.",
    ),
    Rule(
        id="ledger.time",
        title="A clock went back",
        severity="note",
        what="An event has a time more than a minute before that of the event before it.",
        why="Times are what the writers' clocks said, and clocks are set back or differ; the order of the chain "
        "counts.",
        bad="event 12 at 10:05, event 13 at 09:05",
        good="times that never go back",
        mend="Look after the clocks; the chain itself is whole.",
    ),
)
