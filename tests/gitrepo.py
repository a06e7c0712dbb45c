"""Real git repositories for tests, made with plain git processes and nothing of the code under test."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

_CLEAN = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "maintainers",
    "GIT_AUTHOR_EMAIL": "maintainers@example.invalid",
    "GIT_COMMITTER_NAME": "maintainers",
    "GIT_COMMITTER_EMAIL": "maintainers@example.invalid",
    "LC_ALL": "C",
}


def run_git(folder: Path, *arguments: str | bytes, stdin: bytes = b"", check: bool = True) -> bytes:
    """Git's output in a folder, with no user's configuration and no foreign ``GIT_`` variable."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**environment, **_CLEAN},
        input=stdin,
        capture_output=True,
        check=False,
    )
    if check and done.returncode:
        raise AssertionError(f"git {arguments}: {done.stderr.decode(errors='replace')}")
    return done.stdout


class GitRepo:
    """A repository at ``path``; names are ``str`` as the file system gives them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def init(cls, path: Path, *options: str, branch: str = "main") -> "GitRepo":
        """A new repository; ``options`` go to ``git init``."""
        path.mkdir(parents=True, exist_ok=True)
        run_git(path, "init", "--quiet", "--template=", f"--initial-branch={branch}", *options)
        return cls(path)

    @classmethod
    def clone(cls, source: Path, path: Path, *options: str) -> "GitRepo":
        """A clone over the file protocol, so that ``--depth`` and ``--filter`` count."""
        allow = ("-c", "protocol.file.allow=always")
        run_git(path.parent, *allow, "clone", "--quiet", *options, f"file://{source}", str(path))
        return cls(path)

    def git(self, *arguments: str | bytes, stdin: bytes = b"", check: bool = True) -> str:
        """Git's output as text, its last line break removed."""
        return os.fsdecode(run_git(self.path, *arguments, stdin=stdin, check=check)).removesuffix("\n")

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write files, folders made as needed."""
        for name, content in files.items():
            file = self.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)

    def stage(self, files: Mapping[str, str | bytes] | None = None) -> None:
        """Write files and stage everything."""
        self.write(files or {})
        self.git("add", "--all")

    def commit(self, files: Mapping[str, str | bytes] | None = None, message: str = "change") -> str:
        """Write files, stage everything, commit, and return the commit's id."""
        self.stage(files)
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.head()

    def head(self) -> str:
        """HEAD's commit id."""
        return self.git("rev-parse", "HEAD")
