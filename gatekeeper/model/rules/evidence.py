"""Rules about evidence: what the commands of TEST_PLAN came to, and whether what is recorded of it stands."""

from gatekeeper.model.rules.rule import Rule

_AGAIN = "Run gate evidence WP-ID again; it appends a new run and leaves earlier ones as they are."
_FORGED = (
    "Put the block back as gate wrote it (git log -p shows it), or run gate evidence again. Never edit what "
    "stands between <!-- gate:... --> markers."
)

EVIDENCE: tuple[Rule, ...] = (
    Rule(
        id="evidence.missing",
        title="Nothing that TEST_PLAN asks for is recorded as run",
        severity="error",
        what="The packet holds no evidence: no block that gate evidence wrote.",
        why="That tests pass is a claim until something shows that they ran.",
        bad="an EVIDENCE section with the sentence 'all tests pass'",
        good="<!-- gate:evidence wp=WP-1-X run=1 change=... verdict=PASS --> and what follows it",
        mend="Run gate evidence WP-ID and commit the packet.",
    ),
    Rule(
        id="evidence.stale",
        title="The evidence is about another change",
        severity="error, a warning for evidence of another packet",
        what="The latest run was recorded for a change with another digest: files were changed since, or the "
        "packet was copied from another with its evidence in it.",
        why="Tests that passed before the last edit say nothing of it.",
        bad="gate evidence, then one more edit, then gate review",
        good="gate evidence after the last edit; a rebase or squash that leaves the change as it is changes "
        "nothing",
        mend=_AGAIN,
    ),
    Rule(
        id="evidence.failed",
        title="A command of TEST_PLAN failed",
        severity="error",
        what="The command's exit code isn't 0, or the closing lines of its test runner count failed tests.",
        why="A runner whose exit code is lost in a script or a pipe still says what failed.",
        bad="cargo test, exit code 101; pytest || true, with '2 failed' among its last lines",
        good="exit code 0, and nothing failed",
        mend="Mend what fails; the block's tail and the log say what it was. Then run gate evidence again.",
    ),
    Rule(
        id="evidence.timeout",
        title="A command of TEST_PLAN was stopped",
        severity="error",
        what="The command took longer than [evidence] timeout (or --timeout), or wrote more than 50 MB. It was "
        "ended with everything that it had started.",
        why="A command that has to be stopped shows nothing.",
        bad="npm run dev; pytest --pdb; yes",
        good="a command that ends by itself",
        mend="Let it end by itself (run tests once instead of watching), or raise [evidence] timeout.",
    ),
    Rule(
        id="evidence.no-tests",
        title="A test runner ran no test",
        severity="error",
        what="The closing lines of the test runner say that not one test ran: none was found, matched or "
        "selected, or all were skipped.",
        why="A filter that matches nothing passes, and is the most common way to believe in tests that don't "
        "exist.",
        bad="cargo test storge_conformance: running 0 tests, test result: ok",
        good="cargo test storage_conformance: 12 passed",
        mend="Mend the name, path or filter in TEST_PLAN's command, or what makes the tests skip themselves.",
    ),
    Rule(
        id="evidence.shell-builtin",
        title="A line of TEST_PLAN shows nothing by itself",
        severity="error, a warning for a command whose exit code is always 0",
        what="Each line of TEST_PLAN runs in a shell of its own. A line that only changes its own shell (cd, "
        "export, source, set, an assignment), or is true whatever happens (echo, :, true, || true), shows "
        "nothing. Lines of PowerShell aren't run by bash.",
        why="What such a line sets up is gone when the next line runs, which then tests something else.",
        bad="cd src\\ncargo test",
        good="cd src && cargo test",
        mend="Write what belongs together on one line (cd src && cargo test), or into a script of the repository.",
    ),
    Rule(
        id="evidence.not-started",
        title="A command of TEST_PLAN could not be run",
        severity="error",
        what="The shell found no such program (exit code 127), may not run it (126), or can't read the line.",
        why="What never ran shows nothing.",
        bad="just test, where just isn't installed",
        good="a command that exists wherever evidence is recorded",
        mend="Install the program, mend its name, or write the line so that it is a whole command.",
    ),
    Rule(
        id="evidence.log",
        title="A command's log is gone or isn't the recorded one",
        severity="error, a note for a log beside the ledger that isn't there",
        what="The SHA-256 of the kept log isn't the recorded one; or a log that the record places in the packet's "
        "evidence folder isn't there.",
        why="The record holds the last lines; the log is what they come from.",
        bad="the log edited afterwards, or left out of the commit",
        good="logs as gate wrote them, committed with the packet where [evidence] logs is packet",
        mend=f"Commit the logs with the packet. {_AGAIN}",
    ),
    Rule(
        id="evidence.plan",
        title="What was run isn't what TEST_PLAN holds",
        severity="error, a warning for a number that DONE_MEANS doesn't have",
        what="The recorded commands aren't those of the judged TEST_PLAN in their order; or TEST_PLAN holds none; "
        "or a comment # shows: names an item that DONE_MEANS doesn't have.",
        why="The plan was signed and approved, and what it asks for is what has to be shown.",
        bad="TEST_PLAN asks for cargo test, recorded is cargo check",
        good="every command of TEST_PLAN, in its order",
        mend=_AGAIN,
    ),
    Rule(
        id="evidence.uncovered",
        title="Nothing shows an item of DONE_MEANS",
        severity="warning",
        what="No command that passed is said to show this item of DONE_MEANS.",
        why="The items say when the work is done; each needs something that shows it, or a person who looked.",
        bad="- [ ] Replaying twice raises no error, and no command names it",
        good="cargo test replay  # shows: 1; or an item that quotes the command: `cargo test replay` passes",
        mend="End the command with # shows: N, quote the command in the item, or pass --shows 'N=COMMAND'.",
    ),
    Rule(
        id="evidence.citation",
        title="A cited place isn't there",
        severity="error",
        what="EVIDENCE, EVIDENCE_MAPPING or a report cites path:line, and at head (at base, for a deleted file) "
        "there is no such file, or it has fewer lines.",
        why="A citation that leads nowhere was made up, or is of another version of the code.",
        bad="`src/storage/tests.rs:513`, in a file of 90 lines",
        good="`src/storage/tests.rs:51`",
        mend="Mend the path (from the repository's root) or the line.",
    ),
    Rule(
        id="evidence.changed",
        title="What was run on isn't what is judged",
        severity="error, a warning for untracked files",
        what="The work tree differs from what is judged, so nothing was run; or the commands changed tracked "
        "files; or, as a warning, files that git doesn't track lay beside it.",
        why="Evidence about other files than those of the change is no evidence.",
        bad="gate evidence with edits that aren't staged; a formatter among the commands that rewrites the "
        "sources",
        good="stage or commit what you want judged; let formatters check (cargo fmt -- --check)",
        mend="Stage what belongs to the change (git add), restore the rest, then run gate evidence again.",
    ),
    Rule(
        id="evidence.forged",
        title="The evidence can't be true",
        severity="error",
        what="The record contradicts itself (a PASS over a failed command, counts that its own last lines deny, a "
        "missing run), its log, or the ledger, which holds the digest of what was recorded.",
        why="What gate evidence wrote is consistent; what isn't was written or edited by someone else.",
        bad="outcome and verdict changed from failed to passed, the exit code left as it was",
        good="the block as gate evidence wrote it",
        mend=_FORGED,
    ),
    Rule(
        id="evidence.unwitnessed",
        title="Only the packet vouches for the evidence",
        severity="note",
        what="The ledger of this repository knows nothing of the run: it was recorded elsewhere.",
        why="A ledger that knows of the run would tell if the record were edited; without it only git's history "
        "does.",
        bad="a fresh clone, whose ledger is empty",
        good="a ledger that the team shares ([ledger] url)",
        mend="Nothing, or run gate evidence again here.",
    ),
    Rule(
        id="evidence.left-running",
        title="A command left processes behind",
        severity="warning",
        what="When the command had ended, processes that it had started were still running. They were ended.",
        why="What goes on after the end may change what later commands see, and its outcome is in no record.",
        bad="server --daemon; npm run dev &",
        good="server & pid=$!; run-tests; kill $pid",
        mend="Let the command end what it starts.",
    ),
    Rule(
        id="evidence.rewritten",
        title="Committed evidence was changed or taken away",
        severity="error",
        what="A commit of the packet's history holds an evidence block that the packet at head doesn't hold, or "
        "holds differently.",
        why="Evidence is only ever added to: a run that failed is part of the story.",
        bad="the failed run 1 deleted, a passing run written in its place",
        good="run 1 as it was, and run 2 below it",
        mend=_FORGED,
    ),
)
