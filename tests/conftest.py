"""What every test shares: an environment of its own, and an empty repository."""

import os
from pathlib import Path

import pytest
from gitrepo import GitRepo


def pytest_configure() -> None:
    """Take out of the environment what would change what the tool does, before any fixture of any scope."""
    for name in list(os.environ):
        if name in {"CI", "NO_COLOR"} or name.startswith(("GIT_", "GATEKEEPER_")):
            del os.environ[name]


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    """An empty repository, on main, in a folder whose name has a space."""
    return GitRepo.init(tmp_path / "a repository")
