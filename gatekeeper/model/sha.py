"""The SHA1 values of a file, as ``gate sha`` tells them."""

from pydantic import BaseModel, ConfigDict


class FileShas(BaseModel):
    """SHA1 (hex) of a file's bytes as git stores them; None where that side has no such file.

    ``pre_sha1`` and ``post_sha1`` are the values that a manifest records; ``unstaged`` is true where the work
    tree holds edits that the index doesn't. ``renamed_from`` is the old name of a file that git takes for renamed,
    whose SHA1 at the base is then the one to record.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    path: str
    base: str | None
    index: str | None
    worktree: str | None
    pre_sha1: str
    post_sha1: str
    unstaged: bool
    renamed_from: str | None = None
