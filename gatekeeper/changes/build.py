"""Repositories made from nothing, for demonstrations and tests."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from gatekeeper.changes.git import Git
from gatekeeper.model.errors import UsageError

# Everything of a user's own configuration that would stop a commit or change a file is answered here.
_CONFIG = """\
[user]
\tname = gatekeeper demo
\temail = demo@gatekeeper.invalid
[commit]
\tgpgSign = false
[tag]
\tgpgSign = false
[core]
\tautocrlf = false
\teol = lf
\tattributesFile = {nothing}
\texcludesFile = {nothing}
\tfsmonitor = false
\thooksPath = {nothing}
[gc]
\tauto = 0
"""


class BuiltRepository:
    """A repository that this process made; ``path`` is its work tree. RepositoryError says why git failed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._git = Git(path, writes=True)

    @classmethod
    def create(cls, path: Path, branch: str = "main") -> Self:
        """Make an empty repository in a folder that is empty or doesn't exist yet; UsageError for any other."""
        path = Path(os.path.abspath(path))  # noqa: PTH100 - a link in the path stays as it was given
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise UsageError(f"{path} exists and is not an empty folder.", hint="name a new folder")
        path.mkdir(parents=True, exist_ok=True)
        built = cls(path)
        built._git.run("init", "--quiet", "--template=", f"--initial-branch={branch}", "--object-format=sha1")
        with (path / ".git" / "config").open("a", encoding="utf-8") as config:
            config.write(_CONFIG.format(nothing=os.devnull))
        return built

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write files into the work tree, folders made as needed; text as UTF-8, line ends as they are."""
        for name, content in files.items():
            file = self.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)

    def add(self, *paths: str) -> None:
        """Stage these paths, or everything, deletions included, where none is named."""
        self._git.run("add", "--all", *(("--", *paths) if paths else ()))

    def commit(self, message: str) -> str:
        """Commit what is staged and return the commit's id."""
        self._git.run("commit", "--quiet", "--no-verify", "--no-gpg-sign", f"--message={message}")
        return self._git.run("rev-parse", "--verify", "HEAD").out.decode("ascii").strip()

    def branch(self, name: str) -> None:
        """Make a branch at HEAD and go on there."""
        self._git.run("switch", "--quiet", "--create", name)
