"""The options that name a change set (contract, section 2), shared by every command that takes one."""

from typing import Annotated

import typer

Staged = Annotated[bool, typer.Option("--staged", help="Judge HEAD to the index.")]
Worktree = Annotated[bool, typer.Option("--worktree", help="Judge HEAD to the work tree, untracked files too.")]
Rev = Annotated[str | None, typer.Option("--rev", help="Judge a commit against its first parent.", metavar="REV")]
Range = Annotated[str | None, typer.Option("--range", help="Judge one commit against another.", metavar="A..B")]
Base = Annotated[str | None, typer.Option("--base", help="Replace the base of any selection.", metavar="REV")]
