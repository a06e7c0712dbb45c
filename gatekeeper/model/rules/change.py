"""Rules of the change: who may judge it, what it holds, where it may lie, who answers for it."""

from gatekeeper.model.rules.rule import Rule

_STRICT = "error where [authority] strict = true, else a warning"

CHANGE: tuple[Rule, ...] = (
    Rule(
        id="authority.mixed",
        title="The judge arrived together with the work",
        severity=_STRICT,
        what="One commit, or the uncommitted state, changes both a judging part (MERGE_BASE_SHA, SCOPE, WAIVERS "
        "GRANTED, QUALITY_GATE, the refinement, the approval line) and the work that it judges.",
        why="Who can widen the scope in the commit that needs it has no scope.",
        bad="one commit: IN_SCOPE_PATHS gains src/auth.rs, and src/auth.rs changes",
        good="a commit with the amended scope and SKELETON APPROVED (amended ...), then a commit with the work",
        mend="Split the commit: plan and approval first, the work after it. Before a squash, land the packet on "
        "main.",
    ),
    Rule(
        id="authority.changed",
        title="The plan changed after work began",
        severity=_STRICT,
        what="A judging part changed once there was work, without a new approval in the same commit. The "
        "message shows "
        "the difference.",
        why="A plan that follows the work is a description of it.",
        bad="plan, approval, work, then a commit that adds a waiver",
        good="plan, approval, work, then a commit that adds a waiver and the line SKELETON APPROVED (amended: "
        "why)",
        mend="Have the change approved: add a new line that begins SKELETON APPROVED (amended in that same "
        "commit.",
    ),
    Rule(
        id="authority.late",
        title="Work began before it was approved",
        severity=_STRICT,
        what="A commit with work precedes the commit that brought the approval.",
        why="Approval given to finished work is a signature under a fact.",
        bad="a commit with work, then a commit with SKELETON APPROVED",
        good="a commit with SKELETON APPROVED, then a commit with work",
        mend="Put the approval's commit before the work, or land the approved packet on main and rebase the "
        "work on it.",
    ),
    Rule(
        id="authority.configuration",
        title="The change was judged by its own configuration",
        severity="note",
        what="The base has no configuration, so the head's own judged the change.",
        why="Normally the base's configuration judges, so that a change cannot weaken its own gate. The first "
        "change "
        "that brings one has no other.",
        bad="gatekeeper.toml arrives in the same change as the work that it exempts",
        good="gatekeeper.toml is committed alone, on main, before the first packet",
        mend="Commit the configuration alone, on main; gate init says so too.",
    ),
    Rule(
        id="changes.empty",
        title="There is nothing to judge",
        severity="error",
        what="The change set between base and head holds no file.",
        why="A gate that passes on nothing proves nothing; mostly the work was not staged, or the wrong range "
        "named.",
        bad="gate post-work WP-7-Search, with all edits unstaged on an unchanged branch",
        good="git add src/search.rs && gate post-work WP-7-Search",
        mend="Stage the work, or name it with --rev, --range or --base.",
    ),
    Rule(
        id="changes.gone",
        title="The recorded change is nowhere in history",
        severity="error",
        what="A packet records a change digest, and no two commits of its history differ by that: the range is "
        "gone, or the record was edited.",
        why="A record of a change that nobody can look at proves nothing.",
        bad="the packet cherry-picked onto main without the work",
        good="the packet merged together with the work that it records",
        mend="Fetch or merge the branch that holds the work, or run gate post-work again.",
    ),
    Rule(
        id="changes.unmerged",
        title="The index holds a conflict",
        severity="error",
        what="A path of the index is unmerged.",
        why="Until a conflict is resolved nobody knows which content is meant.",
        bad="git status: UU src/search.rs",
        good="the conflict resolved, then git add src/search.rs",
        mend="Resolve the conflict and stage the file with git add.",
    ),
    Rule(
        id="changes.unstaged",
        title="Edits were left out of the judged change",
        severity="warning, or an error where nothing else changed",
        what="Tracked files have edits that are neither staged nor committed, while the index or HEAD is judged. "
        "Files that git was told to overlook (assume-unchanged, skip-worktree) count as well, if they are there.",
        why="What is judged should be what was tested. Edits left in the work tree were tested and will not land.",
        bad="git status:  M src/search.rs (not staged), then gate post-work WP-7-Search",
        good="git add src/search.rs && gate post-work WP-7-Search",
        mend="Stage the files with git add, or judge the work tree with --worktree. Where git overlooks them, git "
        "update-index --no-skip-worktree and --no-assume-unchanged show them again.",
    ),
    Rule(
        id="scope.empty",
        title="The scope names no path",
        severity="error",
        what="IN_SCOPE_PATHS holds no path: it is empty, or holds placeholders and prose only.",
        why="With an empty scope no change can be in scope, and an unbounded one is no plan.",
        bad="- IN_SCOPE_PATHS:\n- OUT_OF_SCOPE:",
        good="- IN_SCOPE_PATHS:\n  - src/search.rs\n  - tests/search/",
        mend="List the files, folders (dir/) or globs that this packet may change, one a line.",
    ),
    Rule(
        id="scope.malformed",
        title="A line of the scope is no path",
        severity="error",
        what="A line of IN_SCOPE_PATHS is absolute, leaves the repository, or has a window that is no range.",
        why="A path that names nothing silently allows nothing, or not what was meant.",
        bad="  - /home/me/project/src/search.rs:80-10",
        good="  - src/search.rs:10-80 (planned window)",
        mend="Write one path a line, relative to the repository: a file, a folder/, or a glob.",
    ),
    Rule(
        id="scope.out-of-scope",
        title="A file outside the scope was changed",
        severity="error",
        what="No path of IN_SCOPE_PATHS names the changed file.",
        why="A reviewer reads what the packet names. What comes along unnamed is reviewed by nobody.",
        bad="IN_SCOPE_PATHS: src/search.rs; the change also touches Cargo.toml",
        good="IN_SCOPE_PATHS: src/search.rs and Cargo.toml, committed before the work",
        mend="Take the file out of the change, or add it to IN_SCOPE_PATHS in a commit of its own, with approval.",
    ),
    Rule(
        id="scope.forbidden",
        title="A forbidden file was changed",
        severity="error",
        what="OUT_OF_SCOPE names the changed file as a path, or the file is another packet.",
        why="What was ruled out stays out, whatever a wide glob allows; and one packet must not rewrite "
        "another's plan.",
        bad="IN_SCOPE_PATHS: src/; OUT_OF_SCOPE: src/legacy/; the change touches src/legacy/old.rs",
        good="the same change without src/legacy/old.rs",
        mend="Take the file out of the change, or amend SCOPE in a commit of its own, with approval.",
    ),
    Rule(
        id="scope.window",
        title="Lines outside the planned window were removed",
        severity="error",
        what="IN_SCOPE_PATHS plans a window of old line numbers for the file, and the change removes lines "
        "outside it. "
        "It decides the gate window_matches_plan (C701-G02).",
        why="A planned window says how far the change reaches into a file that others rely on.",
        bad="  - src/main.rs:10-80, and the change rewrites line 120",
        good="  - src/main.rs:10-130, amended and approved before the change",
        mend="Keep to the planned lines, or amend the window in a commit of its own, with approval.",
    ),
    Rule(
        id="check.uncovered",
        title="No packet, or more than one, answers for a file",
        severity="error",
        what="A changed file of the range is named by the manifest of no packet, or of two.",
        why="Each change lands under exactly one plan; else the gate can be walked around by naming no packet.",
        bad="a range of commits that changes src/search.rs and touches or names no packet",
        good="the same range with WP-7-Search's manifest, which names src/search.rs",
        mend="Name the file in one packet's manifest (gate post-work WP-ID writes it), take it out of the "
        "change, or "
        "exempt its path under [packets] exempt.",
    ),
    Rule(
        id="check.empty",
        title="The range holds nothing to check",
        severity="note",
        what="No file differs between the two ends of the range, and no commit message names a packet.",
        why="An empty range passes, and says so, so that a range chosen by mistake is seen.",
        bad="gate check on a branch that has no commit of its own yet",
        good="gate check on a branch with the work committed",
        mend="If a change was expected, commit it, or name the range with --range, --rev or --base.",
    ),
    Rule(
        id="check.deleted",
        title="A packet was removed",
        severity="note",
        what="A packet that stands at the range's base is gone at its head, so it isn't judged.",
        why="Removing a packet removes the record of what was proven; a reader should see it.",
        bad="packets/WP-7-Search.md deleted together with other work",
        good="the packet kept, its Status set to what is true of it",
        mend="Keep the packet, or remove it in a change of its own.",
    ),
)
