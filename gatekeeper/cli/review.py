"""``gate review WP-ID --pass|--fail``."""

import sys
from typing import Annotated

from gatekeeper.cli import selectors
from gatekeeper.cli.common import Common
from gatekeeper.cli.declared import Argument, Option
from gatekeeper.cli.show import show_run
from gatekeeper.cli.sign import Actor
from gatekeeper.model.errors import UsageError

NAME = "review"


def command(
    common: Common,
    wp_id: Annotated[str, Argument(metavar="WP-ID")],
    passed: Annotated[bool, Option("--pass", help="The work is as it should be.")] = False,
    failed: Annotated[bool, Option("--fail", help="It is not.")] = False,
    reason: Annotated[list[str] | None, Option("--reason", help="Why; may be repeated.", metavar="TEXT")] = None,
    finding: Annotated[
        list[str] | None, Option("--finding", help="What you found; may be repeated.", metavar="TEXT")
    ] = None,
    risk: Annotated[
        list[str] | None,
        Option("--risk", help="A risk, or what should be done next; may be repeated.", metavar="TEXT"),
    ] = None,
    edit: Annotated[bool, Option("--edit", help="Write your words in an editor, into the draft.")] = False,
    actor: Actor = None,
    rev: selectors.Rev = None,
    range_: selectors.Range = None,
    base: selectors.Base = None,
) -> int:
    """The validator's run on what is committed: post-work, evidence, citations; then the report."""
    if passed == failed:
        raise UsageError("A review passes or fails.", hint=f"gate review {wp_id} --pass, or --fail")
    if passed and not edit and not any(text.strip() for text in reason or ()):
        raise UsageError(
            "A PASS needs the validator's reason.", hint=f"gate review {wp_id} --pass --reason 'WHY', or --edit"
        )
    from gatekeeper import runs
    from gatekeeper.changes.selector import Selector
    from gatekeeper.cli.editor import Draft
    from gatekeeper.runs.actor import editor_of
    from gatekeeper.runs.reporting import Words

    selector = Selector.of(staged=False, worktree=False, rev=rev, range_=range_, base=base)
    draft = Draft(f"REVIEW-{wp_id}.md")
    try:
        with draft:
            reviewed = runs.review(
                common.root,
                wp_id,
                "PASS" if passed else "FAIL",
                words=Words(_lines(finding), _lines(risk), _lines(reason)),
                edit=(lambda text: draft.edited(text, editor_of(common.root))) if edit else None,
                selector=selector,
                config=common.config,
                actor=actor,
                progress=common.progress,
            )
            if reviewed.written:
                draft.done()
    finally:
        if draft.kept is not None:
            sys.stderr.write(f"gate: what you wrote is kept in {draft.kept}\n")
    code = show_run(common, reviewed.verdict)
    if reviewed.missed:
        sys.stderr.write(f"gate: the ledger missed this report: {' '.join(reviewed.missed.split())}\n")
    return code


def _lines(texts: list[str] | None) -> tuple[str, ...]:
    """Each line of each text: a report has one list item a line."""
    return tuple(line for text in texts or () for line in text.splitlines() if line.strip())
