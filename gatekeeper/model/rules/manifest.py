"""Rules of the manifest: what the packet records of each changed file, against what git says."""

from gatekeeper.model.rules.rule import Rule

_WRITE = "Run gate post-work WP-ID, which writes the whole manifest; nobody needs to copy values."

MANIFEST: tuple[Rule, ...] = (
    Rule(
        id="manifest.missing",
        title="A changed file has no entry",
        severity="error",
        what="The change set changes the file, and VALIDATION holds no block for it. Deletions need one too.",
        why="The manifest is the list that a reviewer ticks off. What it leaves out was proven by nobody.",
        bad="two files changed, one block recorded",
        good="- **Target File**: `src/search.rs` ... and one more block for the other file",
        mend=_WRITE,
    ),
    Rule(
        id="manifest.stale",
        title="An entry names an unchanged file",
        severity="error; a note where a writing run removes the block",
        what="A block stands for a file that the change set leaves alone.",
        why="An entry that proves nothing hides which entries do.",
        bad="- **Target File**: `README.md`, while README.md is as it was",
        good="blocks for changed files only",
        mend="Remove the block. " + _WRITE,
    ),
    Rule(
        id="manifest.duplicate",
        title="A file has two entries",
        severity="error; a note where a writing run removes the block",
        what="Two blocks name the same Target File.",
        why="Two records of one fact can differ, and then neither is one.",
        bad="- **Target File**: `src/search.rs` ... twice",
        good="- **Target File**: `src/search.rs` ... once",
        mend="Remove one of the blocks. " + _WRITE,
    ),
    Rule(
        id="manifest.malformed",
        title="A recorded value cannot be read, or does not apply",
        severity="error; a note where a writing run replaces the value",
        what="A field of a block is missing, is no value of its kind, or is recorded where it does not apply "
        "(Mode, "
        "Content, Renamed From). It costs only itself: the rest of the block is compared.",
        why="A value that cannot be read cannot be compared, and must not count as equal.",
        bad="- **Line Delta**: some",
        good="- **Line Delta**: 32",
        mend=_WRITE,
    ),
    Rule(
        id="manifest.pre-sha1",
        title="The recorded Pre-SHA1 is wrong",
        severity="error; a note where a writing run replaces the value",
        what="Pre-SHA1 is not the SHA1 of the base's bytes as git stores them (forty zeros for an added file). It "
        "decides the gate pre_sha1_captured (C701-G05).",
        why="It says which version the work started from. Another value means another start.",
        bad="- **Pre-SHA1**: `5457f16c03f143699f85085563f2dbb8250f7669` (one digit off)",
        good="- **Pre-SHA1**: `5457f16c03f143699f85085563f2dbb8250f7668`",
        mend="See which version it is of, if it is a known one (gate manifest WP-ID --diff), and all sides "
        "(gate sha FILE). " + _WRITE,
    ),
    Rule(
        id="manifest.post-sha1",
        title="The recorded Post-SHA1 is wrong",
        severity="error; a note where a writing run replaces the value",
        what="Post-SHA1 is not the SHA1 of the head's bytes as git stores them (forty zeros for a deleted "
        "file). It "
        "decides the gate post_sha1_captured (C701-G05).",
        why="It says which content was proven. Another value means that something changed after the proof.",
        bad="a line edited after gate post-work wrote the manifest",
        good="the edit staged, and gate post-work run again",
        mend="See which version it is of, if it is a known one (gate manifest WP-ID --diff), and all sides "
        "(gate sha FILE). " + _WRITE,
    ),
    Rule(
        id="manifest.line-delta",
        title="The recorded Line Delta is wrong",
        severity="error; a note where a writing run replaces the value",
        what="Line Delta is not the number of lines added minus those deleted in the hunks of the diff. It "
        "decides the "
        "gate line_delta_equals_expected (C701-G05).",
        why="It is the cheapest sign that a file grew or shrank by more than was planned.",
        bad="- **Line Delta**: 31, where 40 lines came and 8 went",
        good="- **Line Delta**: 32",
        mend=_WRITE,
    ),
    Rule(
        id="manifest.window",
        title="A hunk lies outside the recorded window",
        severity="error; a note where a writing run replaces the value",
        what="Start and End do not enclose every line that the diff removes (old numbering) or adds (new "
        "numbering). It "
        "decides the gate rails_untouched_outside_window (C701-G04).",
        why="The window tells a reviewer where to look. A change outside it is not looked at.",
        bad="- **Start**: 1\n- **End**: 88, where a hunk reaches line 89",
        good="- **Start**: 1\n- **End**: 89",
        mend=_WRITE,
    ),
    Rule(
        id="manifest.window-wide",
        title="The recorded window ends past the file",
        severity="warning",
        what="End lies past the last line of both versions of the file.",
        why="A window of 1 to 99999 is true of every change and says nothing.",
        bad="- **Start**: 1\n- **End**: 99999",
        good="- **Start**: 1\n- **End**: 89",
        mend=_WRITE,
    ),
    Rule(
        id="manifest.gate",
        title="A gate of an entry is not proven or not ticked",
        severity="error",
        what="A recorded block leaves one of the ten gates unticked or out, the path is not canonical and "
        "openable "
        "(C701-G06), or main holds neither the version that the change starts from nor its result (C701-G08).",
        why="Each gate has a mechanical meaning. An open one says which proof is missing.",
        bad="  - [ ] pre_sha1_captured",
        good="  - [x] pre_sha1_captured",
        mend="Mend what the message names; where something else landed meanwhile, merge or rebase onto main. "
        + _WRITE,
    ),
    Rule(
        id="manifest.eol",
        title="A recorded hash is of other line ends",
        severity="warning",
        what="The value is the hash of the same lines with other line ends than git stores.",
        why="Hashed from the work tree, a file gives another value on each system; git's own bytes are the same "
        "everywhere.",
        bad="the SHA1 of src/search.rs with CRLF, while git stores LF",
        good="the SHA1 that the message names as what git stores",
        mend=_WRITE,
    ),
    Rule(
        id="manifest.pre-form",
        title="An added file's Pre-SHA1 has an old form",
        severity="warning",
        what="The file is added, and its Pre-SHA1 is the SHA1 of nothing or a copy of Post-SHA1.",
        why="Nothing has no hash. Forty zeros say so without doubt.",
        bad="- **Pre-SHA1**: `da39a3ee5e6b4b0d3255bfef95601890afd80709` (the SHA1 of nothing)",
        good="- **Pre-SHA1**: `0000000000000000000000000000000000000000`",
        mend=_WRITE,
    ),
)
