"""The one commit that gate makes: of named files as they lie in the work tree, whatever else is staged."""

import os
from collections.abc import Sequence

from gatekeeper.changes.git import Git
from gatekeeper.changes.log import Person
from gatekeeper.changes.repository import Repository
from gatekeeper.model.errors import UsageError

# Who commits is the caller's to say; the funnel takes these away, because they must not change what is judged.
_IDENTITY = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")


def commit_only(repo: Repository, paths: Sequence[str], message: str, author: Person | None) -> str:
    """Commit these tracked files as they lie in the work tree, and nothing else; the new commit's id.

    Other staged and unstaged changes stay as they are. No hook runs, because hooks judge work and there is none;
    a signature is made where ``commit.gpgSign`` asks for one. ``author`` None is git's own idea of who that is.
    Raises UsageError, RepositoryError in git's own words.
    """
    if repo.root is None:
        raise UsageError("A bare repository has no work tree to commit from.", hint="leave --commit out")
    if repo.merge_heads:
        raise UsageError(
            "A merge is going on, and a commit now would be the merge's.", hint="finish the merge, then commit"
        )
    identity = {name: os.environ[name] for name in _IDENTITY if os.environ.get(name)}
    if author is not None and author.email:
        identity |= {"GIT_AUTHOR_NAME": author.name, "GIT_AUTHOR_EMAIL": author.email}
    # Without the private folder of objects that every question is asked with: this commit is to stay.
    git = Git(repo.root, writes=True)
    git.run("commit", "--quiet", "--no-verify", "-m", message, "--only", "--", *paths, environment=identity)
    return git.run("rev-parse", "--verify", "HEAD").out.decode("ascii").strip()


def allowed_signers(repo: Repository) -> str | None:
    """The file with which git itself verifies SSH signatures (``gpg.ssh.allowedSignersFile``), None if unset."""
    answer = repo.git.run("config", "--type=path", "--get", "gpg.ssh.allowedSignersFile", ok=(0, 1))
    return os.fsdecode(answer.out).removesuffix("\n") or None
