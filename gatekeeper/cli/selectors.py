"""The options that name a change set (contract, section 2), shared by every command that takes one."""

from typing import Annotated

from gatekeeper.cli.declared import Option

Staged = Annotated[bool, Option("--staged", help="Judge HEAD to the index.")]
Worktree = Annotated[bool, Option("--worktree", help="Judge HEAD to the work tree, untracked files too.")]
Rev = Annotated[str | None, Option("--rev", help="Judge a commit against its first parent.", metavar="REV")]
Range = Annotated[str | None, Option("--range", help="Judge one commit against another.", metavar="A..B")]
Base = Annotated[str | None, Option("--base", help="Replace the base of any selection.", metavar="REV")]
