"""Who acts, as the ledger records it."""

import getpass
import os
from pathlib import Path

from gatekeeper.changes.repository import Repository
from gatekeeper.model.errors import RepositoryError, UsageError
from gatekeeper.model.names import decode

VARIABLE = "GATEKEEPER_ACTOR"
# The funnel to git takes these away, because they must not change what is judged; who acts is theirs to say.
_IDENTITY = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL")


def actor_of(repository: Repository, given: str | None = None) -> str:
    """``NAME <EMAIL>``: as given, else GATEKEEPER_ACTOR, else as git would name a commit's author.

    Where git knows no one, the name of the account.
    """
    named = (given or os.environ.get(VARIABLE, "")).strip()
    if named:
        return named
    chosen = {name: os.environ[name] for name in _IDENTITY if os.environ.get(name)}
    try:
        answer = repository.git.run("var", "GIT_AUTHOR_IDENT", environment=chosen)
    except RepositoryError:
        return account()
    # NAME <EMAIL> SECONDS ZONE
    return decode(answer.out).strip().rsplit(" ", 2)[0]


def account() -> str:
    """The name of the account that runs this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def editor_of(repo: Path) -> str:
    """The editor that git would start for whoever acts: a command for a shell. Raises UsageError without one."""
    chosen = {"GIT_EDITOR": os.environ["GIT_EDITOR"]} if os.environ.get("GIT_EDITOR") else {}
    with Repository.open(repo) as repository:
        try:
            found = decode(repository.git.run("var", "GIT_EDITOR", environment=chosen).out).strip()
        except RepositoryError:
            found = ""
    if not found:
        raise UsageError("git knows no editor to start here.", hint="set GIT_EDITOR or EDITOR")
    return found
